//! The platforms' signature: HMAC-SM3 over the timestamp and the body, in both directions.

use axum::http::HeaderMap;
use shenhai_crypto::{hmac_sm3, verify_hmac_sm3};
use std::fmt::Write as _;

/// How far a signature's timestamp may lie from the present, seconds.
pub const MAX_SKEW_SECONDS: i64 = 300;

/// The `X-Signature` of `body` sent at `timestamp` (Unix seconds): 64 lower-case hex digits.
#[must_use]
pub fn sign(secret: &str, timestamp: i64, body: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in hmac_sm3(secret.as_bytes(), &signed_bytes(timestamp, body)) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Whether the headers carry `platform` and a fresh, right signature of `body`; the reason when not.
pub(crate) fn check(
    headers: &HeaderMap,
    platform: &str,
    secret: &str,
    now: i64,
    body: &[u8],
) -> Result<(), &'static str> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if header("x-platform") != Some(platform) {
        return Err("X-Platform does not name this platform");
    }
    check_tag(headers, secret, now, body)
}

/// Whether the headers carry a fresh, right signature of `body`; the reason when not.
pub(crate) fn check_tag(
    headers: &HeaderMap,
    secret: &str,
    now: i64,
    body: &[u8],
) -> Result<(), &'static str> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let timestamp: i64 = header("x-timestamp")
        .and_then(|text| text.parse().ok())
        .ok_or("X-Timestamp is not a number")?;
    if now.abs_diff(timestamp) > MAX_SKEW_SECONDS.unsigned_abs() {
        return Err("X-Timestamp is too far from the present");
    }
    let tag = header("x-signature")
        .and_then(from_hex)
        .ok_or("X-Signature is not hex")?;
    if verify_hmac_sm3(secret.as_bytes(), &signed_bytes(timestamp, body), &tag) {
        Ok(())
    } else {
        Err("X-Signature does not verify")
    }
}

fn signed_bytes(timestamp: i64, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{timestamp}\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}
