//! 可信密码服务 by JSON over HTTP, shaped after GM/T 0136: one path per operation, each request signed with
//! HMAC-SM3.
//!
//! Not the `SOF_…` operations (`sof`). Names of paths, headers and fields are assumptions, see
//! docs/city-interfaces.md.

use super::config::{Secret, ServiceKey};
use super::dialect::{Dialect, Question, Reply, from_base64, to_base64};
use super::transport::Ask;
use serde::Deserialize;
use serde_json::{Value, json};
use shenhai_crypto::{ProviderError, hmac_sm3};
use std::collections::BTreeMap;

const OK: i64 = 0;
const UNKNOWN_KEY: i64 = 40_401;
const NOT_AUTHENTIC: i64 = 40_001;
const BUSY: i64 = 50_301;

/// The JSON form.
pub(crate) struct JsonService {
    pub(crate) app_id: String,
    pub(crate) app_secret: Secret,
    /// By operation.
    pub(crate) paths: BTreeMap<&'static str, String>,
}

#[derive(Deserialize)]
struct Answer {
    code: i64,
    data: Option<Data>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    certificate: Option<String>,
    signature: Option<String>,
    digest: Option<String>,
    ciphertext: Option<String>,
    plaintext: Option<String>,
    random: Option<String>,
    result: Option<bool>,
}

impl Dialect for JsonService {
    fn ask(&self, question: &Question<'_>, now_unix_millis: i64) -> Result<Ask, ProviderError> {
        let path = self
            .paths
            .get(question.operation())
            .ok_or(ProviderError::Unsupported)?;
        let body = body(question).to_string().into_bytes();
        let mut nonce = [0_u8; 16];
        getrandom::fill(&mut nonce).map_err(|_| ProviderError::Unavailable)?;
        let nonce = crate::keys::hex(&nonce);
        let head = format!("{}\n{now_unix_millis}\n{nonce}\n{path}\n", self.app_id);
        let signed = [head.as_bytes(), &body].concat();
        let tag = hmac_sm3(self.app_secret.text().as_bytes(), &signed);
        Ok(Ask {
            path: path.clone(),
            content_type: "application/json",
            headers: vec![
                ("X-App-Id", self.app_id.clone()),
                ("X-Timestamp", now_unix_millis.to_string()),
                ("X-Nonce", nonce),
                ("X-Signature", to_base64(&tag)),
            ],
            body,
        })
    }

    fn read(&self, question: &Question<'_>, body: &[u8]) -> Result<Reply, ProviderError> {
        read_answer(question, body)
    }
}

fn body(question: &Question<'_>) -> Value {
    let with_key = |key: &ServiceKey, algorithm: &str, fields: Value| {
        let mut body =
            json!({"keyId": key.label, "keyPassword": key.password.text(), "algorithm": algorithm});
        if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
            body.extend(fields);
        }
        body
    };
    match question {
        Question::Certificate { key } => json!({"keyId": key.label}),
        Question::Sign { key, message } => with_key(key, "SM2_SM3", json!({"data": to_base64(message)})),
        Question::Verify {
            certificate,
            message,
            signature,
        } => json!({"algorithm": "SM2_SM3", "certificate": to_base64(certificate),
            "data": to_base64(message), "signature": to_base64(signature)}),
        Question::Digest { message } => json!({"algorithm": "SM3", "data": to_base64(message)}),
        Question::Encrypt { key, plaintext, aad } => with_key(
            key,
            "SM4_GCM",
            json!({"plaintext": to_base64(plaintext), "aad": to_base64(aad)}),
        ),
        Question::Decrypt { key, sealed, aad } => with_key(
            key,
            "SM4_GCM",
            json!({"ciphertext": to_base64(sealed), "aad": to_base64(aad)}),
        ),
        Question::Random { length } => json!({"length": length}),
    }
}

/// What an answer says to `question`.
pub(crate) fn read_answer(question: &Question<'_>, body: &[u8]) -> Result<Reply, ProviderError> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| ProviderError::Garbled)?;
    match answer.code {
        OK => {}
        UNKNOWN_KEY => return Err(ProviderError::UnknownKey),
        NOT_AUTHENTIC => return Err(ProviderError::NotAuthentic),
        BUSY => return Err(ProviderError::Unavailable),
        _ => return Err(ProviderError::Refused),
    }
    let data = answer.data.unwrap_or_default();
    let text = match question {
        Question::Verify { .. } => {
            return data.result.map(Reply::Verified).ok_or(ProviderError::Garbled);
        }
        Question::Certificate { .. } => data.certificate,
        Question::Sign { .. } => data.signature,
        Question::Digest { .. } => data.digest,
        Question::Encrypt { .. } => data.ciphertext,
        Question::Decrypt { .. } => data.plaintext,
        Question::Random { .. } => data.random,
    };
    from_base64(&text.ok_or(ProviderError::Garbled)?).map(Reply::bytes)
}
