//! EMULATOR of an outside chain: takes digests, each into a block that holds the hash of the block before.
//!
//! Not a chain anybody else keeps: it lives in this process's memory. Interface: docs/city-interfaces.md. Called by the
//! gateway's anchoring.

use crate::faults::{Fault, Target};
use crate::server::Shared;
use crate::signature;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shenhai_crypto::sm3;
use std::sync::Arc;

const NAME: &str = "EMULATOR 样例链";
const DIGEST_DIGITS: usize = 64;
/// A run that anchors once a minute for two months stays below it.
const BLOCKS_MOST: usize = 100_000;

/// `POST /anchors`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Question {
    data_class: DataClass,
    digest: String,
}

/// The classes of data the chain takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum DataClass {
    /// 工单办结
    OrderClosing,
    /// 核查证据
    InspectionEvidence,
    /// 评价记录
    Rating,
}

/// One digest in the chain. Its hash is the transaction's id.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    height: usize,
    previous: String,
    data_class: DataClass,
    digest: String,
    /// Unix milliseconds.
    time: i64,
    hash: String,
}

/// Every block, the oldest first.
#[derive(Default)]
pub(crate) struct Chain(Vec<Block>);

impl Chain {
    /// The block of a digest; a digest that is in the chain keeps its block. `None` when the chain is full.
    fn take(&mut self, question: Question, time: i64) -> Option<Block> {
        let Question { data_class, digest } = question;
        let known = |block: &&Block| block.digest == digest && block.data_class == data_class;
        if let Some(block) = self.0.iter().find(known) {
            return Some(block.clone());
        }
        if self.0.len() >= BLOCKS_MOST {
            return None;
        }
        let height = self.0.len();
        let start = || "0".repeat(DIGEST_DIGITS);
        let previous = self.0.last().map_or_else(start, |block| block.hash.clone());
        let content = json!([height, previous, data_class, digest, time]).to_string();
        let block = Block {
            height,
            previous,
            data_class,
            digest,
            time,
            hash: sm3(content.as_bytes()).to_hex(),
        };
        self.0.push(block.clone());
        Some(block)
    }
}

/// Write a digest into the chain.
pub(crate) async fn anchor(State(city): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let mut answer = answer(&city, &headers, &body);
    // A gateway built for production refuses whoever says this.
    let mark = HeaderValue::from_static("emulated");
    answer.headers_mut().insert("x-provider", mark);
    answer
}

fn answer(city: &Shared, headers: &HeaderMap, body: &[u8]) -> Response {
    let Some(config) = &city.config.anchor else {
        return refusal(StatusCode::NOT_FOUND, "no chain is configured");
    };
    let now = (city.clock)();
    if let Err(reason) = signature::check_tag(headers, &config.secret, now, body) {
        return refusal(StatusCode::UNAUTHORIZED, reason);
    }
    let Ok(question) = serde_json::from_slice::<Question>(body) else {
        return refusal(StatusCode::BAD_REQUEST, "not the JSON of an anchor");
    };
    let hex = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
    if question.digest.len() != DIGEST_DIGITS || !question.digest.bytes().all(hex) {
        return refusal(StatusCode::BAD_REQUEST, "not a digest of 64 hex digits");
    }
    let afterwards = match city.faults.take(Target::Anchor) {
        Some(Fault::Refuse) => return refusal(StatusCode::OK, "refused on order"),
        Some(Fault::Instead(answer)) => return answer,
        Some(Fault::Afterwards(answer)) => Some(answer),
        None => None,
    };
    let Some(block) = city.chain().take(question, now.saturating_mul(1000)) else {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "the chain is full");
    };
    let answer = json!({"code": 0, "digest": block.digest, "chain": NAME,
        "transactionId": block.hash, "time": block.time});
    afterwards.unwrap_or_else(|| Json(answer).into_response())
}

/// Everybody may read a chain.
pub(crate) async fn blocks(State(city): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({"chain": NAME, "provider": "emulated", "blocks": city.chain().0}))
}

fn refusal(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"code": 1, "message": message}))).into_response()
}
