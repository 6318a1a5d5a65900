//! Reading a request's body: bounded, and JSON of a known shape.
//!
//! Not what the body means. Used by every endpoint that takes one.

use super::error::ApiError;
use axum::body::Body;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use shenhai_protocol::ErrorCode;

/// A body over its bound is read on to this many times the bound and thrown away: a client that is still
/// sending when the connection closes would see a reset instead of the answer.
const PATIENCE: usize = 8;

/// The body's bytes, at most `limit` of them.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Vec<u8>, ApiError> {
    let mut pieces = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut seen = 0_usize;
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| ApiError::new(ErrorCode::Malformed, "the body was cut"))?;
        seen += piece.len();
        if seen <= limit {
            bytes.extend_from_slice(&piece);
        } else if seen > limit.saturating_mul(PATIENCE) {
            break;
        }
    }
    if seen > limit {
        return Err(ApiError::new(ErrorCode::TooLarge, "the body is too large"));
    }
    Ok(bytes)
}

/// The body as JSON of a `T`.
pub(crate) async fn read_json<T: DeserializeOwned>(body: Body, limit: usize) -> Result<T, ApiError> {
    let bytes = read(body, limit).await?;
    serde_json::from_slice(&bytes)
        .map_err(|_| ApiError::new(ErrorCode::Malformed, "not the JSON this endpoint takes"))
}
