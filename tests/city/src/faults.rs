//! Faults on order: the next answers of an endpoint are broken in a chosen way.

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Whose answers are broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// Feedback to a platform.
    Feedback,
    /// `gettoken`.
    Token,
    /// `getuserinfo`.
    Userinfo,
    /// The outside chain.
    Anchor,
}

/// How an answer is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// HTTP 500; the request had no effect.
    Error500,
    /// 200 with a proxy's page; the request had no effect.
    Html,
    /// The request takes effect and the answer is cut in the middle.
    DropAck,
    /// A well-formed refusal; the request had no effect.
    Refuse,
}

/// What an endpoint does about this call.
pub(crate) enum Fault {
    /// Answer this and do nothing.
    Instead(Response),
    /// Refuse in the endpoint's own words and do nothing.
    Refuse,
    /// Do as asked, then answer this.
    Afterwards(Response),
}

impl From<Mode> for Fault {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Error500 => {
                let body = axum::Json(serde_json::json!({"code": 500, "message": "fault on order"}));
                Self::Instead((StatusCode::INTERNAL_SERVER_ERROR, body).into_response())
            }
            Mode::Html => {
                let page = "<html><body>EMULATOR: a proxy's page</body></html>";
                Self::Instead(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
            }
            Mode::DropAck => Self::Afterwards(cut_answer()),
            Mode::Refuse => Self::Refuse,
        }
    }
}

/// An answer whose body breaks off: the server closes the connection when the body's stream fails.
fn cut_answer() -> Response {
    let cut = std::io::Error::new(std::io::ErrorKind::ConnectionAborted, "fault on order");
    let body = futures_util::stream::iter([Ok(Bytes::from_static(b"{")), Err(cut)]);
    (
        [(header::CONTENT_TYPE, "application/json")],
        Body::from_stream(body),
    )
        .into_response()
}

/// The faults still to come, per endpoint.
#[derive(Default)]
pub(crate) struct Faults {
    pending: Mutex<BTreeMap<Target, (Mode, u32)>>,
}

impl Faults {
    /// Break the next `count` answers; replaces what was ordered for the target before.
    pub(crate) fn order(&self, target: Target, mode: Mode, count: u32) {
        let mut pending = self
            .pending
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        pending.insert(target, (mode, count));
    }

    /// How this answer of the target is to be broken, if at all.
    pub(crate) fn take(&self, target: Target) -> Option<Fault> {
        let mut pending = self
            .pending
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let (mode, left) = pending.get_mut(&target)?;
        *left = left.checked_sub(1)?;
        Some((*mode).into())
    }
}
