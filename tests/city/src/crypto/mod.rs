//! EMULATORS of the city's cryptographic services: 签名验签服务 (DER and HTTP form), 可信密码服务 (JSON and `SOF_…`)
//! and what 安全认证网关 adds to a request.
//!
//! Real SM2, SM4 and X.509 under a CA named EMULATOR; every answer says `X-Provider: emulated`, and a gateway built
//! for production refuses it. The messages are read and written here by hand, without the gateway's code.

mod desk;
mod fault;
mod json;
mod sag;
mod sof;
mod svs;
mod tlv;

pub(crate) use desk::{Desk, Line};
use fault::{Mode, order_faults, show_log};
pub use sag::identity_headers;

use crate::server::Shared;
use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64ct::{Base64, Encoding};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// The gateway's id at the JSON and `SOF_…` services.
pub(crate) const APP_ID: &str = "shenhai-emulator";
/// Its secret there. Public: it protects an emulator.
pub(crate) const APP_SECRET: &str = "emulator-app-secret";
/// What releases the keys.
pub(crate) const KEY_PASSWORD: &str = "emulator-key-password";
/// Number of the receipt key at the signature service.
pub(crate) const KEY_INDEX: u32 = 1;
/// The label of the receipt key, and of its certificate.
pub(crate) const RECEIPT: &str = "receipt";
/// The label of the sealing key of the JSON service.
pub(crate) const SEALING: &str = "sealing";

/// Longer than any caller waits; ends when the caller hangs up.
const NEVER: Duration = Duration::from_secs(3600);

/// Which emulated service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CryptoService {
    /// 签名验签服务, messages in DER.
    SvsAsn1,
    /// 签名验签服务, key=value pairs.
    SvsHttp,
    /// 可信密码服务, JSON.
    Json,
    /// 可信密码服务, `SOF_…`.
    Sof,
}

impl CryptoService {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::SvsAsn1, Self::SvsHttp, Self::Json, Self::Sof];

    /// The table `[crypto]` with which a gateway uses this service of the emulators at `city_url`, whose CA's certificate
    /// is `authority` (PEM).
    #[must_use]
    pub fn table(self, city_url: &str, authority: &str) -> String {
        let (provider, form, path) = match self {
            Self::SvsAsn1 => ("signature_service", "asn1", "crypto"),
            Self::SvsHttp => ("signature_service", "http", "crypto"),
            Self::Json => ("crypto_service_json", "asn1", "crypto"),
            Self::Sof => ("crypto_service_sof", "asn1", "crypto"),
        };
        let mut table = format!(
            "[crypto]\nprovider = \"{provider}\"\nform = \"{form}\"\nurl = \"{city_url}/{path}\"\n\
             app_id = \"{APP_ID}\"\napp_secret = \"{APP_SECRET}\"\nauthorities = [\"\"\"\n{authority}\"\"\"]\n\
             [crypto.keys.receipt]\nindex = {KEY_INDEX}\nlabel = \"{RECEIPT}\"\npassword = \"{KEY_PASSWORD}\"\n"
        );
        if self == Self::Json {
            let _ = write!(
                table,
                "[crypto.keys.sealing]\nlabel = \"{SEALING}\"\npassword = \"{KEY_PASSWORD}\"\nkind = \"sealing\"\n"
            );
        }
        table
    }
}

/// What a service is asked, once it is read.
pub(crate) enum Wish {
    Certificate(String),
    Sign(Vec<u8>),
    Verify {
        certificate: Vec<u8>,
        message: Vec<u8>,
        signature: Vec<u8>,
    },
    Digest(Vec<u8>),
    Encrypt(Vec<u8>, Vec<u8>),
    Decrypt(Vec<u8>, Vec<u8>),
    Random(usize),
}

/// What it says to that, before it is written.
pub(crate) enum Word {
    Bytes(Vec<u8>),
    Verified(bool),
    UnknownKey,
    NotAuthentic,
    Refused,
}

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/crypto/svs", post(svs::asn1))
        .route("/crypto/ExportCert", post(svs::export_cert))
        .route("/crypto/SignData", post(svs::sign_data))
        .route("/crypto/VerifySignedData", post(svs::verify_signed_data))
        .route("/crypto/api/v1/{operation}", post(json::operation))
        .route("/crypto/sof", post(sof::execute))
        .route("/admin/crypto-faults", post(order_faults))
        .route("/admin/crypto-log", get(show_log))
        .route("/admin/crypto-authority", get(fault::authority))
}

/// Do what was wished, with the faults on order: `write` turns the word into a body.
pub(crate) async fn serve(
    city: &Shared,
    service: &'static str,
    content_type: &'static str,
    wish: Option<Wish>,
    write: impl FnOnce(&Option<Wish>, Word) -> Vec<u8>,
) -> Response {
    let mode = city.crypto.fault();
    let word = match &wish {
        _ if mode == Some(Mode::Refused) => Word::Refused,
        None => Word::Refused,
        Some(wish) => city.crypto.fulfil(wish, mode),
    };
    city.crypto.note((city.clock)(), service, &wish, &word, mode);
    let mut body = write(&wish, word);
    match mode {
        Some(Mode::Timeout) => tokio::time::sleep(NEVER).await,
        Some(Mode::Slow) => tokio::time::sleep(city.crypto.delay()).await,
        Some(Mode::Error500) => {
            return marked(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", b"fault".to_vec());
        }
        Some(Mode::Garbage) => body = b"<html>EMULATOR: a proxy's page</html>".to_vec(),
        Some(Mode::Truncated) => body.truncate(body.len() / 2),
        _ => {}
    }
    marked(StatusCode::OK, content_type, body)
}

/// An answer that says what it is.
pub(crate) fn marked(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response {
    let headers = [
        ("x-provider", "emulated"),
        (header::CONTENT_TYPE.as_str(), content_type),
    ];
    (status, headers, body).into_response()
}

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text).ok()
}

/// Whether the headers carry this app's id and its HMAC over `head` and the body.
pub(crate) fn signed_by_app(headers: &HeaderMap, head: &str, body: &[u8]) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signed = [head.as_bytes(), body].concat();
    text("x-app-id") == Some(APP_ID)
        && text("x-signature")
            .and_then(from_base64)
            .is_some_and(|tag| shenhai_crypto::verify_hmac_sm3(APP_SECRET.as_bytes(), &signed, &tag))
}
