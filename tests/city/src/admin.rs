//! The emulators' own controls, for tests and the console page. Not part of any city interface.

use crate::faults::{Mode, Target};
use crate::hotline;
use crate::orders::{SampleOrders, Spread};
use crate::server::Shared;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Orders one call may push.
const PUSH_MOST: u32 = 5_000;
/// Feedback one answer lists.
const FEEDBACK_MOST: usize = 500;

/// `POST /admin/push`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Push {
    channel: String,
    count: u32,
    /// Chooses the row; a new one without it.
    seed: Option<u64>,
    /// Index of the first order in the row, so that a long row can be pushed in parts.
    #[serde(default)]
    first: u32,
    /// Accepted just now instead of over the last eight days.
    #[serde(default)]
    fresh: bool,
}

/// Make `count` orders and push them. The same seed gives the same orders for as long as the emulator runs.
pub(crate) async fn push(State(city): State<Arc<Shared>>, Json(asked): Json<Push>) -> Response {
    if !city.config.platforms.contains_key(&asked.channel) {
        return refusal("no such channel");
    }
    if asked.count > PUSH_MOST {
        return refusal("count is over 5000");
    }
    let spread = if asked.fresh {
        Spread::Fresh
    } else {
        Spread::Backlog
    };
    let (seed, base) = city.row_base(asked.seed);
    let row = SampleOrders {
        channel: asked.channel,
        seed,
        base,
        spread,
    };
    Json(hotline::push_row(&city, &row, asked.first, asked.count).await).into_response()
}

/// `POST /admin/push-order`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PushOrder {
    channel: String,
    order: Value,
}

/// Push exactly this order.
pub(crate) async fn push_order(State(city): State<Arc<Shared>>, Json(asked): Json<PushOrder>) -> Response {
    if !city.config.platforms.contains_key(&asked.channel) {
        return refusal("no such channel");
    }
    let answer = hotline::push(&city, &asked.channel, &asked.order).await;
    Json(json!({"status": answer.status, "body": answer.body})).into_response()
}

/// `POST /admin/login-code`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginCode {
    user: String,
}

/// A one-time code. Also for people this system does not know: the container knows more than we do.
pub(crate) async fn login_code(State(city): State<Arc<Shared>>, Json(asked): Json<LoginCode>) -> Response {
    match city.grants().issue_code(&asked.user, (city.clock)()) {
        Some(code) => Json(json!({"code": code})).into_response(),
        None => refusal("no random bytes"),
    }
}

/// `GET /admin/feedback`.
#[derive(Deserialize)]
pub(crate) struct FeedbackQuery {
    order_no: Option<String>,
}

/// Feedback received for one order, or the latest of all.
pub(crate) async fn feedback(
    State(city): State<Arc<Shared>>,
    Query(asked): Query<FeedbackQuery>,
) -> Response {
    let ledger = city.ledger();
    let found = ledger.feedback(asked.order_no.as_deref(), FEEDBACK_MOST);
    Json(json!({"feedback": found})).into_response()
}

/// `POST /admin/faults`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultOrder {
    target: Target,
    mode: Mode,
    count: u32,
}

/// Break the next answers of an endpoint.
pub(crate) async fn faults(State(city): State<Arc<Shared>>, Json(asked): Json<FaultOrder>) -> Response {
    city.faults.order(asked.target, asked.mode, asked.count);
    Json(json!({})).into_response()
}

fn refusal(message: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"message": message}))).into_response()
}
