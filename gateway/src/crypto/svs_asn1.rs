//! The signature service's messages in DER: `SVSRequest` and `SVSRespond` (GM/T 0029-2014, GB/T 38629-2020).
//!
//! Not the form-encoded messages (`svs_form`). The order of the fields follows the standard; which tags are
//! implicit is an assumption, see docs/city-interfaces.md.

use super::dialect::{Dialect, Question, Reply};
use super::svs_codes::{SM2_WITH_SM3, succeeded, verified};
use super::transport::Ask;
use der::asn1::{Any, GeneralizedTime, OctetString};
use der::{Choice, Decode, Encode, Sequence, Tag, Tagged};
use shenhai_crypto::ProviderError;
use std::time::Duration;

/// Check certificate by time, chain and revocation list (`verifyLevel`).
const VERIFY_EVERYTHING: u8 = 2;
/// `VerifySignedDataReq.type`: the certificate itself is given.
const BY_CERTIFICATE: u8 = 1;
/// Always written: left out as a default it could not be told from the type that follows, an INTEGER too.
const V1: u8 = 0;

#[derive(Sequence)]
struct SvsRequest {
    version: u8,
    req_type: u8,
    request: Request,
    req_time: GeneralizedTime,
}

#[derive(Choice)]
enum Request {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true")]
    ExportCert(ExportCertReq),
    #[asn1(context_specific = "3", tag_mode = "IMPLICIT", constructed = "true")]
    SignData(SignDataReq),
    #[asn1(context_specific = "4", tag_mode = "IMPLICIT", constructed = "true")]
    VerifySignedData(VerifySignedDataReq),
}

#[derive(Sequence)]
struct ExportCertReq {
    identification: OctetString,
}

#[derive(Sequence)]
struct SignDataReq {
    sign_method: u32,
    key_index: u32,
    key_value: OctetString,
    in_data_len: u32,
    in_data: OctetString,
}

#[derive(Sequence)]
struct VerifySignedDataReq {
    certificate_type: u8,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    certificate: Any,
    in_data_len: u32,
    in_data: OctetString,
    signature: OctetString,
    verify_level: u8,
}

#[derive(Sequence)]
struct SvsRespond {
    version: u8,
    resp_type: u8,
    respond: Respond,
    resp_time: GeneralizedTime,
}

#[derive(Choice)]
enum Respond {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true")]
    ExportCert(ValueResp),
    #[asn1(context_specific = "3", tag_mode = "IMPLICIT", constructed = "true")]
    SignData(ValueResp),
    #[asn1(context_specific = "4", tag_mode = "IMPLICIT", constructed = "true")]
    VerifySignedData(CodeResp),
}

/// `respValue` and, after a success, a certificate or a signature.
#[derive(Sequence)]
struct ValueResp {
    resp_value: u32,
    #[asn1(optional = "true")]
    value: Option<Any>,
}

#[derive(Sequence)]
struct CodeResp {
    resp_value: u32,
}

impl Respond {
    fn number(&self) -> u8 {
        match self {
            Self::ExportCert(_) => 0,
            Self::SignData(_) => 3,
            Self::VerifySignedData(_) => 4,
        }
    }
}

/// What an answer in DER holds: the type it names and its reply.
///
/// # Errors
/// `Garbled` for whatever is not one strict `SVSRespond` whose type and body agree; the service's own refusal.
pub(crate) fn read_respond(body: &[u8]) -> Result<(u8, Reply), ProviderError> {
    let message = SvsRespond::from_der(body).map_err(|_| ProviderError::Garbled)?;
    if message.version != V1 || message.resp_type != message.respond.number() {
        return Err(ProviderError::Garbled);
    }
    let reply = match message.respond {
        Respond::VerifySignedData(answer) => Reply::Verified(verified(answer.resp_value)?),
        Respond::ExportCert(answer) => {
            succeeded(answer.resp_value)?;
            let certificate = answer.value.filter(|value| value.tag() == Tag::Sequence);
            Reply::bytes(encoded(&certificate.ok_or(ProviderError::Garbled)?)?)
        }
        Respond::SignData(answer) => {
            succeeded(answer.resp_value)?;
            let value = answer.value.ok_or(ProviderError::Garbled)?;
            // The standard's text has an OCTET STRING; services are seen that put the SEQUENCE itself.
            match value.tag() {
                Tag::OctetString => Reply::bytes(value.value().to_vec()),
                Tag::Sequence => Reply::bytes(encoded(&value)?),
                _ => return Err(ProviderError::Garbled),
            }
        }
    };
    Ok((message.resp_type, reply))
}

fn encoded(value: &impl Encode) -> Result<Vec<u8>, ProviderError> {
    value.to_der().map_err(|_| ProviderError::Malformed)
}

fn octets(bytes: &[u8]) -> Result<OctetString, ProviderError> {
    OctetString::new(bytes).map_err(|_| ProviderError::Malformed)
}

fn length(bytes: &[u8]) -> Result<u32, ProviderError> {
    u32::try_from(bytes.len()).map_err(|_| ProviderError::Malformed)
}

/// The DER form.
pub(crate) struct SvsAsn1 {
    /// One path takes every message.
    pub(crate) path: String,
}

impl Dialect for SvsAsn1 {
    fn ask(&self, question: &Question<'_>, now_unix_millis: i64) -> Result<Ask, ProviderError> {
        let request = match question {
            Question::Certificate { key } => Request::ExportCert(ExportCertReq {
                identification: octets(key.label.as_bytes())?,
            }),
            Question::Sign { key, message } => Request::SignData(SignDataReq {
                sign_method: SM2_WITH_SM3,
                key_index: key.index,
                key_value: octets(key.password.text().as_bytes())?,
                in_data_len: length(message)?,
                in_data: octets(message)?,
            }),
            Question::Verify {
                certificate,
                message,
                signature,
            } => Request::VerifySignedData(VerifySignedDataReq {
                certificate_type: BY_CERTIFICATE,
                certificate: Any::from_der(certificate).map_err(|_| ProviderError::Malformed)?,
                in_data_len: length(message)?,
                in_data: octets(message)?,
                signature: octets(signature)?,
                verify_level: VERIFY_EVERYTHING,
            }),
            _ => return Err(ProviderError::Unsupported),
        };
        let seconds = u64::try_from(now_unix_millis / 1000).map_err(|_| ProviderError::Malformed)?;
        let message = SvsRequest {
            version: V1,
            req_type: number(&request),
            request,
            req_time: GeneralizedTime::from_unix_duration(Duration::from_secs(seconds))
                .map_err(|_| ProviderError::Malformed)?,
        };
        Ok(Ask {
            path: self.path.clone(),
            content_type: "application/octet-stream",
            headers: Vec::new(),
            body: encoded(&message)?,
        })
    }

    fn read(&self, question: &Question<'_>, body: &[u8]) -> Result<Reply, ProviderError> {
        let (kind, reply) = read_respond(body)?;
        let asked = match question {
            Question::Certificate { .. } => 0,
            Question::Sign { .. } => 3,
            _ => 4,
        };
        // An answer to another question is no answer.
        if kind == asked {
            Ok(reply)
        } else {
            Err(ProviderError::Garbled)
        }
    }
}

fn number(request: &Request) -> u8 {
    match request {
        Request::ExportCert(_) => 0,
        Request::SignData(_) => 3,
        Request::VerifySignedData(_) => 4,
    }
}
