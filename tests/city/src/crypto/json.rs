//! EMULATOR of 可信密码服务 by JSON over HTTP (GM/T 0136-shaped).

use super::{KEY_PASSWORD, Wish, Word, from_base64, marked, serve, signed_by_app, to_base64};
use crate::server::Shared;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// How far a request's time may lie from the present, milliseconds.
const SKEW_MILLIS: u64 = 300_000;
const RANDOM_MOST: u64 = 4096;

/// `POST /crypto/api/v1/{operation}`.
pub(crate) async fn operation(
    State(city): State<Arc<Shared>>,
    Path(operation): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let (time, nonce) = (text("x-timestamp"), text("x-nonce"));
    let fresh = time
        .parse()
        .is_ok_and(|at: i64| ((city.clock)() * 1000).abs_diff(at) <= SKEW_MILLIS);
    let head = format!("{}\n{time}\n{nonce}\n/api/v1/{operation}\n", text("x-app-id"));
    if !fresh || !signed_by_app(&headers, &head, &body) {
        return marked(
            StatusCode::UNAUTHORIZED,
            "application/json",
            b"{\"code\":40101}".to_vec(),
        );
    }
    let wish = serde_json::from_slice(&body)
        .ok()
        .and_then(|body| wish(&operation, &body));
    serve(&city, "json", "application/json", wish, answer).await
}

fn wish(operation: &str, body: &Value) -> Option<Wish> {
    let bytes = |name: &str| body[name].as_str().and_then(from_base64);
    let released = body["keyPassword"] == KEY_PASSWORD;
    Some(match operation {
        "certificate" => Wish::Certificate(body["keyId"].as_str()?.to_owned()),
        "sign" if released && body["algorithm"] == "SM2_SM3" => Wish::Sign(bytes("data")?),
        "verify" => Wish::Verify {
            certificate: bytes("certificate")?,
            message: bytes("data")?,
            signature: bytes("signature")?,
        },
        "digest" if body["algorithm"] == "SM3" => Wish::Digest(bytes("data")?),
        "encrypt" if released => Wish::Encrypt(bytes("plaintext")?, bytes("aad")?),
        "decrypt" if released => Wish::Decrypt(bytes("ciphertext")?, bytes("aad")?),
        "random" => {
            Wish::Random(usize::try_from(body["length"].as_u64().filter(|n| *n <= RANDOM_MOST)?).ok()?)
        }
        _ => return None,
    })
}

fn answer(wish: &Option<Wish>, word: Word) -> Vec<u8> {
    let name = match wish {
        Some(Wish::Certificate(_)) => "certificate",
        Some(Wish::Sign(_)) => "signature",
        Some(Wish::Digest(_)) => "digest",
        Some(Wish::Encrypt(..)) => "ciphertext",
        Some(Wish::Decrypt(..)) => "plaintext",
        Some(Wish::Random(_)) => "random",
        Some(Wish::Verify { .. }) | None => "result",
    };
    let (code, data) = match word {
        Word::Bytes(bytes) => (0, json!({name: to_base64(&bytes)})),
        Word::Verified(holds) => (0, json!({name: holds})),
        Word::UnknownKey => (40_401, Value::Null),
        Word::NotAuthentic => (40_001, Value::Null),
        Word::Refused => (40_301, Value::Null),
    };
    json!({"code": code, "message": "EMULATOR", "provider": "emulated", "data": data})
        .to_string()
        .into_bytes()
}
