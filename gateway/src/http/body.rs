//! Reading a request's body and path: bounded, of a known shape, and answered with a code where they are not.
//!
//! Not what they mean. Used by every endpoint that takes one.

use super::error::ApiError;
use super::pace::TooSlow;
use crate::app::App;
use axum::body::{Body, HttpBody};
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use shenhai_protocol::ErrorCode;
use std::error::Error;
use std::sync::Arc;

/// A body over its bound is read on to this many times the bound and thrown away: a client that is still
/// sending when the connection closes would see a reset instead of the answer.
const PATIENCE: usize = 8;

/// The body's bytes, at most `limit` of them.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Vec<u8>, ApiError> {
    let most = limit.saturating_mul(PATIENCE) as u64;
    // What says of itself that it is far too large is not read at all.
    if body.size_hint().lower() > most {
        return Err(too_large());
    }
    let mut pieces = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut seen = 0_usize;
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| unread(&error))?;
        seen += piece.len();
        if seen <= limit {
            bytes.extend_from_slice(&piece);
        } else if seen > limit.saturating_mul(PATIENCE) {
            break;
        }
    }
    if seen > limit {
        return Err(too_large());
    }
    Ok(bytes)
}

fn too_large() -> ApiError {
    ApiError::new(ErrorCode::TooLarge, "the body is too large")
}

/// A body that came too slowly may come in full another time; one that was cut has nobody left to be told.
fn unread(error: &axum::Error) -> ApiError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<TooSlow>() {
            return ApiError::new(ErrorCode::Overloaded, "the body came too slowly");
        }
        cause = error.source();
    }
    ApiError::new(ErrorCode::Malformed, "the body was cut")
}

/// The body as JSON of a `T`.
pub(crate) async fn read_json<T: DeserializeOwned>(body: Body, limit: usize) -> Result<T, ApiError> {
    let bytes = read(body, limit).await?;
    serde_json::from_slice(&bytes)
        .map_err(|_| ApiError::new(ErrorCode::Malformed, "not the JSON this endpoint takes"))
}

/// The one variable part of a path.
pub(crate) struct PathText(pub(crate) String);

impl FromRequestParts<Arc<App>> for PathText {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, app).await {
            Ok(Path(text)) => Ok(Self(text)),
            Err(_) => Err(ApiError::new(ErrorCode::Malformed, "the path is not UTF-8")),
        }
    }
}
