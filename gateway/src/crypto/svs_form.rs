//! The signature service's messages over plain HTTP: `POST /SignData` with key=value pairs, `respValue` back.
//!
//! Not the DER messages (`svs_asn1`). After the HTTP annex of GM/T 0029-2014; bytes travel as base64.

use super::dialect::{Dialect, Question, Reply, from_base64, to_base64};
use super::svs_codes::{SM2_WITH_SM3, succeeded, verified};
use super::transport::Ask;
use form_urlencoded::Serializer;
use shenhai_crypto::ProviderError;
use std::collections::BTreeMap;

/// Pairs an answer may hold.
const PAIRS: usize = 16;

/// The HTTP form.
pub(crate) struct SvsForm {
    /// By operation.
    pub(crate) paths: BTreeMap<&'static str, String>,
}

impl Dialect for SvsForm {
    fn ask(&self, question: &Question<'_>, _now: i64) -> Result<Ask, ProviderError> {
        let mut form = Serializer::new(String::new());
        match question {
            Question::Certificate { key } => {
                form.append_pair("identification", &key.label);
            }
            Question::Sign { key, message } => {
                form.append_pair("signMethod", &SM2_WITH_SM3.to_string())
                    .append_pair("keyIndex", &key.index.to_string())
                    .append_pair("keyValue", key.password.text())
                    .append_pair("inDataLen", &message.len().to_string())
                    .append_pair("inData", &to_base64(message));
            }
            Question::Verify {
                certificate,
                message,
                signature,
            } => {
                form.append_pair("type", "1")
                    .append_pair("cert", &to_base64(certificate))
                    .append_pair("inDataLen", &message.len().to_string())
                    .append_pair("inData", &to_base64(message))
                    .append_pair("signature", &to_base64(signature))
                    .append_pair("verifyLevel", "2");
            }
            _ => return Err(ProviderError::Unsupported),
        }
        let path = self.paths.get(question.operation());
        Ok(Ask {
            path: path.ok_or(ProviderError::Unsupported)?.clone(),
            content_type: "application/x-www-form-urlencoded",
            headers: Vec::new(),
            body: form.finish().into_bytes(),
        })
    }

    fn read(&self, question: &Question<'_>, body: &[u8]) -> Result<Reply, ProviderError> {
        let pairs = read_pairs(body)?;
        let value = |name: &str| pairs.get(name).ok_or(ProviderError::Garbled);
        let code: u32 = value("respValue")?.parse().map_err(|_| ProviderError::Garbled)?;
        match question {
            Question::Verify { .. } => verified(code).map(Reply::Verified),
            Question::Certificate { .. } => {
                succeeded(code)?;
                from_base64(value("cert")?).map(Reply::bytes)
            }
            _ => {
                succeeded(code)?;
                from_base64(value("signature")?).map(Reply::bytes)
            }
        }
    }
}

/// The pairs of an answer; each name once.
pub(crate) fn read_pairs(body: &[u8]) -> Result<BTreeMap<String, String>, ProviderError> {
    let body = std::str::from_utf8(body).map_err(|_| ProviderError::Garbled)?;
    let body = body.trim_end();
    // A pair without its sign is where an answer was cut.
    if body.split('&').any(|pair| !pair.contains('=')) {
        return Err(ProviderError::Garbled);
    }
    let mut pairs = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body.as_bytes()) {
        if pairs.len() == PAIRS || pairs.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(ProviderError::Garbled);
        }
    }
    Ok(pairs)
}
