//! EMULATOR of 可信密码服务 by named operations (`SOF_…`, GM/T 0020) over HTTP.

use super::{KEY_PASSWORD, RECEIPT, Wish, Word, from_base64, marked, serve, signed_by_app, to_base64};
use crate::server::Shared;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// `POST /crypto/sof`.
pub(crate) async fn execute(State(city): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let head = format!("{}\n{}\n", text("x-app-id"), text("x-timestamp"));
    if !signed_by_app(&headers, &head, &body) {
        return marked(
            StatusCode::UNAUTHORIZED,
            "application/json",
            b"{\"code\":\"1\"}".to_vec(),
        );
    }
    let wish = serde_json::from_slice(&body).ok().and_then(|body| wish(&body));
    serve(&city, "sof", "application/json", wish, |_, word| answer(word)).await
}

fn wish(body: &Value) -> Option<Wish> {
    let arguments = &body["exec_args"];
    let bytes = |name: &str| arguments[name].as_str().and_then(from_base64);
    match body["exec_name"].as_str()? {
        "SOF_GetServerCertificate" => {
            Some(Wish::Certificate(arguments["containerName"].as_str()?.to_owned()))
        }
        "SOF_SignData" => {
            let right = arguments["containerName"] == RECEIPT && arguments["password"] == KEY_PASSWORD;
            right.then(|| bytes("inData").map(Wish::Sign))?
        }
        "SOF_VerifySignedData" => Some(Wish::Verify {
            certificate: bytes("base64EncodeCert")?,
            message: bytes("inData")?,
            signature: bytes("signValue")?,
        }),
        "SOF_GenRandom" => Some(Wish::Random(
            usize::try_from(arguments["len"].as_u64()?).ok()?.min(4096),
        )),
        _ => None,
    }
}

fn answer(word: Word) -> Vec<u8> {
    // SOR_… of GM/T 0020, decimal: 0x0B000011, 0x0B000018, 0x0B000002.
    let (code, data) = match word {
        Word::Bytes(bytes) => ("0", json!(to_base64(&bytes))),
        Word::Verified(true) => ("0", json!(true)),
        Word::Verified(false) => ("184549400", Value::Null),
        Word::UnknownKey => ("184549393", Value::Null),
        Word::NotAuthentic | Word::Refused => ("184549378", Value::Null),
    };
    json!({"code": code, "msg": "EMULATOR", "provider": "emulated", "data": data})
        .to_string()
        .into_bytes()
}
