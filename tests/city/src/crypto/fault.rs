//! The controls of the emulated cryptographic services: faults on order, the log, the CA's certificate.

use crate::server::Shared;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// How an answer is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// None within any caller's patience.
    Timeout,
    /// Right, after `delay_ms`.
    Slow,
    /// HTTP 500.
    Error500,
    /// 200 with a proxy's page.
    Garbage,
    /// The first half of the right body.
    Truncated,
    /// Well formed, made with another key.
    WrongSignature,
    /// Well formed, of another key.
    WrongCertificate,
    /// A refusal in the service's own words.
    Refused,
}

/// `POST /admin/crypto-faults`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultOrder {
    pub(crate) mode: Mode,
    pub(crate) count: u32,
    #[serde(default)]
    pub(crate) delay_ms: u64,
}

/// Break the next answers of the cryptographic services.
pub(crate) async fn order_faults(
    State(city): State<Arc<Shared>>,
    Json(order): Json<FaultOrder>,
) -> Json<Value> {
    city.crypto.order(order);
    Json(json!({}))
}

/// `GET /admin/crypto-log`: the requests, newest first.
pub(crate) async fn show_log(State(city): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({"requests": city.crypto.lines()}))
}

/// `GET /admin/crypto-authority`: the CA's certificate, PEM.
pub(crate) async fn authority(State(city): State<Arc<Shared>>) -> String {
    city.crypto.authority().to_pem()
}
