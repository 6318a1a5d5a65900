//! 可信密码服务 by named operations: `SOF_SignData`, `SOF_VerifySignedData`, … of GM/T 0020, over HTTP.
//!
//! Not the JSON form (`json`). The names are the standard's; that they travel as `exec_name` and `exec_args` in
//! one POST is how services seen in public do it, see docs/city-interfaces.md.

use super::config::Secret;
use super::dialect::{Dialect, Question, Reply, from_base64, to_base64};
use super::transport::Ask;
use serde::Deserialize;
use serde_json::{Value, json};
use shenhai_crypto::{ProviderError, hmac_sm3};

const OK: &str = "0";
/// `SOR_…` codes as decimal text: a missing certificate or container, a signature that does not hold.
const NO_SUCH_KEY: &str = "184549393";
const DOES_NOT_HOLD: &str = "184549400";
const BUSY: &str = "184549377";

/// The `SOF_…` form.
pub(crate) struct SofService {
    pub(crate) app_id: String,
    pub(crate) app_secret: Secret,
    /// One path takes every operation.
    pub(crate) path: String,
}

#[derive(Deserialize)]
struct Answer {
    code: String,
    data: Option<Value>,
}

impl Dialect for SofService {
    fn ask(&self, question: &Question<'_>, now_unix_millis: i64) -> Result<Ask, ProviderError> {
        let (name, arguments) = match question {
            Question::Certificate { key } => {
                ("SOF_GetServerCertificate", json!({"containerName": key.label}))
            }
            Question::Sign { key, message } => (
                "SOF_SignData",
                json!({"containerName": key.label, "password": key.password.text(),
                    "inData": to_base64(message)}),
            ),
            Question::Verify {
                certificate,
                message,
                signature,
            } => (
                "SOF_VerifySignedData",
                json!({"base64EncodeCert": to_base64(certificate), "inData": to_base64(message),
                    "signValue": to_base64(signature)}),
            ),
            Question::Random { length } => ("SOF_GenRandom", json!({"len": length})),
            // SOF_EncryptData binds no associated data: a sealed row could be moved unnoticed.
            _ => return Err(ProviderError::Unsupported),
        };
        let body = json!({"exec_name": name, "exec_args": arguments})
            .to_string()
            .into_bytes();
        let signed = [format!("{}\n{now_unix_millis}\n", self.app_id).as_bytes(), &body].concat();
        let tag = hmac_sm3(self.app_secret.text().as_bytes(), &signed);
        Ok(Ask {
            path: self.path.clone(),
            content_type: "application/json",
            headers: vec![
                ("X-App-Id", self.app_id.clone()),
                ("X-Timestamp", now_unix_millis.to_string()),
                ("X-Signature", to_base64(&tag)),
            ],
            body,
        })
    }

    fn read(&self, question: &Question<'_>, body: &[u8]) -> Result<Reply, ProviderError> {
        read_answer(question, body)
    }
}

/// What an answer says to `question`.
pub(crate) fn read_answer(question: &Question<'_>, body: &[u8]) -> Result<Reply, ProviderError> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| ProviderError::Garbled)?;
    let checking = matches!(question, Question::Verify { .. });
    match answer.code.as_str() {
        OK => {}
        NO_SUCH_KEY => return Err(ProviderError::UnknownKey),
        DOES_NOT_HOLD if checking => return Ok(Reply::Verified(false)),
        BUSY => return Err(ProviderError::Unavailable),
        _ => return Err(ProviderError::Refused),
    }
    match (checking, answer.data) {
        (true, Some(Value::Bool(holds))) => Ok(Reply::Verified(holds)),
        // Services are seen that give the truth value as text.
        (true, Some(Value::String(text))) if text == "true" => Ok(Reply::Verified(true)),
        (true, Some(Value::String(text))) if text == "false" => Ok(Reply::Verified(false)),
        (false, Some(Value::String(text))) => from_base64(&text).map(Reply::bytes),
        _ => Err(ProviderError::Garbled),
    }
}
