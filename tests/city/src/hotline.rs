//! The platforms' side of the hotline interface: pushing orders, taking feedback.

use crate::delivery::Answer;
use crate::faults::{Fault, Target};
use crate::ledger::{Feedback, Kept, Outcome, Pushed};
use crate::orders::{Order, SampleOrders};
use crate::server::Shared;
use crate::signature;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Orders a platform pushes at the same time.
const AT_ONCE: usize = 8;

/// How a batch of pushes ended.
#[derive(Debug, Default, Serialize)]
pub(crate) struct PushReport {
    pub(crate) pushed: u32,
    pub(crate) duplicates: u32,
    pub(crate) failed: u32,
    /// Numbers of the orders, in the row's order.
    pub(crate) order_nos: Vec<String>,
}

/// Push `count` orders of a row from `first` on, several at a time.
pub(crate) async fn push_row(city: &Shared, row: &SampleOrders, first: u32, count: u32) -> PushReport {
    let orders: Vec<Order> = (first..first.saturating_add(count))
        .map(|index| row.order(index))
        .collect();
    let mut report = PushReport {
        order_nos: orders.iter().map(|order| order.order_no.clone()).collect(),
        ..PushReport::default()
    };
    let mut outcomes = futures_util::stream::iter(orders)
        .map(|order| async move {
            let order = serde_json::to_value(&order).unwrap_or_default();
            outcome(&push(city, &row.channel, &order).await)
        })
        .buffer_unordered(AT_ONCE);
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Outcome::Taken => report.pushed += 1,
            Outcome::Duplicate => report.duplicates += 1,
            Outcome::Failed(_) => report.failed += 1,
        }
    }
    report
}

/// Push exactly this order. Status 0 when the platform has no such channel or the gateway never answered.
pub(crate) async fn push(city: &Shared, channel: &str, order: &Value) -> Answer {
    let Some(platform) = city.config.platforms.get(channel) else {
        return Answer {
            status: 0,
            body: Value::Null,
        };
    };
    let body = order.to_string().into_bytes();
    let answer = city.sender.send(channel, platform, &city.clock, body).await;
    let text = |field: &str| {
        order
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    city.ledger().note_push(Pushed {
        channel: channel.to_owned(),
        order_no: text("orderNo"),
        title: text("title"),
        at: (city.clock)(),
        outcome: outcome(&answer),
    });
    answer
}

fn outcome(answer: &Answer) -> Outcome {
    match (
        answer.status,
        answer.body.get("duplicate").and_then(Value::as_bool),
    ) {
        (200, Some(true)) => Outcome::Duplicate,
        (200, Some(false)) => Outcome::Taken,
        (status, _) => Outcome::Failed(status),
    }
}

/// `POST /hotline/{platform}/feedback`.
pub(crate) async fn feedback(
    State(city): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(platform) = city.config.platforms.get(&name) else {
        return refusal(StatusCode::NOT_FOUND, "no such platform");
    };
    if let Err(reason) = signature::check(&headers, &name, &platform.secret, (city.clock)(), &body) {
        return refusal(StatusCode::UNAUTHORIZED, reason);
    }
    let Ok(feedback) = serde_json::from_slice::<Feedback>(&body) else {
        return refusal(StatusCode::BAD_REQUEST, "not the JSON of a feedback");
    };
    let afterwards = match city.faults.take(Target::Feedback) {
        Some(Fault::Refuse) => return refusal(StatusCode::OK, "refused on order"),
        Some(Fault::Instead(answer)) => return answer,
        Some(Fault::Afterwards(answer)) => Some(answer),
        None => None,
    };
    if city.ledger().keep_feedback(&name, feedback, (city.clock)()) == Kept::Conflict {
        return refusal(StatusCode::CONFLICT, "feedbackId was used for other content");
    }
    afterwards.unwrap_or_else(|| Json(json!({"code": 0})).into_response())
}

/// A refusal; `code` is never 0 whatever the HTTP status.
fn refusal(status: StatusCode, message: &str) -> Response {
    let code = if status == StatusCode::OK {
        1
    } else {
        status.as_u16()
    };
    (status, Json(json!({"code": code, "message": message}))).into_response()
}
