//! `POST /city/v1/hotline/{platform}/orders`: an upper platform hands an order down.
//!
//! Not what becomes of it (`crate::ingest`). The platform's HMAC over the raw bytes is checked before a single
//! byte of them is parsed. Interface: docs/city-interfaces.md.

use super::body::{self, PathText};
use super::error::{ApiError, status};
use crate::app::App;
use crate::config::PlatformConfig;
use crate::ingest::{Delivery, PlatformOrder, Taken};
use crate::keys::unhex;
use crate::store::StoreError;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use shenhai_crypto::verify_hmac_sm3;
use shenhai_protocol::{Channel, ErrorCode, OrderId, UnixMillis, limits};
use std::sync::Arc;

const TIMESTAMP_SLACK_SECONDS: i64 = 300;
/// Of HMAC-SM3.
const TAG_BYTES: usize = 32;

/// Answer to a platform.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlatformReply {
    /// 0, or the HTTP status.
    code: u16,
    /// `ok`, or the error code.
    #[schema(value_type = String)]
    message: serde_json::Value,
    /// Our id of the order.
    order_id: Option<String>,
    /// The order was known.
    duplicate: bool,
}

impl PlatformReply {
    fn taken(order: OrderId, duplicate: bool) -> Response {
        let reply = Self {
            code: 0,
            message: "ok".into(),
            order_id: Some(order.0),
            duplicate,
        };
        Json(reply).into_response()
    }

    fn refused(status: StatusCode, code: ErrorCode) -> Response {
        let reply = Self {
            code: status.as_u16(),
            message: serde_json::to_value(code).unwrap_or_default(),
            order_id: None,
            duplicate: false,
        };
        let mut response = (status, Json(reply)).into_response();
        if let Some(seconds) = ApiError::new(code, "").seconds() {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Take an order from an upper platform.
#[utoipa::path(post, path = "/city/v1/hotline/{platform}/orders", tag = "city",
    params(
        ("platform" = String, Path, description = "`12345`, `12319` or `110`"),
        ("X-Platform" = String, Header, description = "The same number"),
        ("X-Timestamp" = i64, Header, description = "Unix seconds, at most 300 s off"),
        ("X-Signature" = String, Header, description = "hex(HMAC-SM3(secret, timestamp + \"\\n\" + body))")),
    request_body(content = Object, description = "The order, as in docs/city-interfaces.md"),
    responses((status = 200, description = "Taken, now or before", body = PlatformReply), (status = "default", description = "Not done; `code` says why", body = PlatformReply)))]
pub(crate) async fn take_order(
    State(app): State<Arc<App>>,
    PathText(platform): PathText,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match take(&app, &platform, &headers, body).await {
        Ok(Taken::New(order)) => PlatformReply::taken(order, false),
        Ok(Taken::Duplicate(order)) => PlatformReply::taken(order, true),
        // `id_reused` is 422 to a device; a platform knows 409 for a number used twice.
        Ok(Taken::Conflict) => PlatformReply::refused(StatusCode::CONFLICT, ErrorCode::IdReused),
        Err(code) => PlatformReply::refused(status(code), code),
    }
}

async fn take(app: &Arc<App>, platform: &str, headers: &HeaderMap, body: Body) -> Result<Taken, ErrorCode> {
    let channel = Channel::from_number(platform).ok_or(ErrorCode::UnknownChannel)?;
    let config = app.city.platform(channel).ok_or(ErrorCode::UnknownChannel)?;
    let now = app.clock.now();
    // Whoever cannot name platform, time and a tag is not listened to.
    let claim = Claim::of(channel, headers, now)?;
    let bytes = body::read(body, limits::INGEST_BYTES)
        .await
        .map_err(|error| error.code)?;
    if !claim.holds(config, &bytes) {
        return Err(ErrorCode::BadSignature);
    }
    let order = PlatformOrder::parse(&bytes, now)?;
    let source = String::from_utf8(bytes).map_err(|_| ErrorCode::Malformed)?;
    let delivery = Delivery::prepare(channel, order, source, &app.directory)?;
    let taking = Arc::clone(app);
    let taken = app
        .store
        .write(move |tx| delivery.take(tx, &taking.directory, now))
        .await;
    taken.map_err(|error| match error {
        StoreError::Full => ErrorCode::StorageFull,
        StoreError::Stopped => ErrorCode::Overloaded,
        error => {
            tracing::error!(%error, channel = channel.number(), "an order could not be stored");
            ErrorCode::Internal
        }
    })
}

/// What a request's headers say of who sent it and when, before its body is there.
struct Claim<'h> {
    timestamp: &'h str,
    tag: Vec<u8>,
}

impl<'h> Claim<'h> {
    fn of(channel: Channel, headers: &'h HeaderMap, now: UnixMillis) -> Result<Self, ErrorCode> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(number), Some(timestamp), Some(signature)) =
            (text("x-platform"), text("x-timestamp"), text("x-signature"))
        else {
            return Err(ErrorCode::BadSignature);
        };
        let tag = unhex(signature)
            .filter(|tag| tag.len() == TAG_BYTES)
            .ok_or(ErrorCode::BadSignature)?;
        let at: i64 = timestamp.parse().map_err(|_| ErrorCode::BadSignature)?;
        if number != channel.number() {
            return Err(ErrorCode::BadSignature);
        }
        let off = now.0.div_euclid(1000).saturating_sub(at);
        if !(-TIMESTAMP_SLACK_SECONDS..=TIMESTAMP_SLACK_SECONDS).contains(&off) {
            return Err(ErrorCode::ClockOutOfRange);
        }
        Ok(Self { timestamp, tag })
    }

    /// Whether the platform's signature over the timestamp and the body holds.
    fn holds(&self, config: &PlatformConfig, body: &[u8]) -> bool {
        let mut signed = Vec::with_capacity(self.timestamp.len() + 1 + body.len());
        signed.extend_from_slice(self.timestamp.as_bytes());
        signed.push(b'\n');
        signed.extend_from_slice(body);
        verify_hmac_sm3(config.secret.as_bytes(), &signed, &self.tag)
    }
}
