//! EMULATOR of 签名验签服务: `SVSRequest`/`SVSRespond` in DER, and key=value pairs over HTTP.

use super::tlv::{Elements, element, number};
use super::{KEY_INDEX, KEY_PASSWORD, Wish, Word, from_base64, serve, to_base64};
use crate::server::Shared;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use chrono::DateTime;
use std::collections::HashMap;
use std::sync::Arc;

const OCTET_STRING: u8 = 0x04;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// `[0]`, constructed; the CHOICE's alternatives follow on.
const CONTEXT: u8 = 0xa0;
const SM3_SM2: u64 = 0x20201;

const SUCCESS: u32 = 0;
const ERROR_CERT_ID: u32 = 0x0400_0001;
const ERROR_INVALID_SIGNATURE: u32 = 0x0400_000c;
const ERROR_REFUSED: u32 = 0x0400_0006;

/// `POST /crypto/svs`.
pub(crate) async fn asn1(State(city): State<Arc<Shared>>, body: Bytes) -> Response {
    let now = (city.clock)();
    serve(
        &city,
        "svs-asn1",
        "application/octet-stream",
        request(&body),
        |wish, word| respond(wish, word, now),
    )
    .await
}

fn request(body: &[u8]) -> Option<Wish> {
    let mut outer = Elements(body);
    let mut message = Elements(outer.content(SEQUENCE)?);
    if !outer.0.is_empty() {
        return None;
    }
    let _version = message.number().filter(|version| *version == 0)?;
    let kind = message.number()?;
    let (tag, content) = message.next()?;
    message.content(GENERALIZED_TIME)?;
    if u64::from(tag) != u64::from(CONTEXT) + kind || !message.0.is_empty() {
        return None;
    }
    let mut fields = Elements(content);
    match kind {
        0 => Some(Wish::Certificate(
            String::from_utf8(fields.content(OCTET_STRING)?.to_vec()).ok()?,
        )),
        3 => {
            let (method, index) = (fields.number()?, fields.number()?);
            let (password, length) = (fields.content(OCTET_STRING)?, fields.number()?);
            let data = fields.content(OCTET_STRING)?;
            let right =
                method == SM3_SM2 && index == u64::from(KEY_INDEX) && password == KEY_PASSWORD.as_bytes();
            (right && length == data.len() as u64).then(|| Wish::Sign(data.to_vec()))
        }
        4 => {
            let _kind_of_certificate = fields.number().filter(|kind| *kind == 1)?;
            let certificate = fields.content(CONTEXT)?.to_vec();
            let length = fields.number()?;
            let message = fields.content(OCTET_STRING)?.to_vec();
            let signature = fields.content(OCTET_STRING)?.to_vec();
            (length == message.len() as u64).then_some(Wish::Verify {
                certificate,
                message,
                signature,
            })
        }
        _ => None,
    }
}

fn respond(wish: &Option<Wish>, word: Word, now: i64) -> Vec<u8> {
    let kind: u8 = match wish {
        Some(Wish::Certificate(_)) => 0,
        Some(Wish::Verify { .. }) => 4,
        _ => 3,
    };
    let (code, bytes) = outcome(word);
    let value = match (kind, bytes) {
        (_, None) => Vec::new(),
        (0, Some(certificate)) => certificate,
        (_, Some(signature)) => element(OCTET_STRING, &signature),
    };
    let time = DateTime::from_timestamp(now, 0)
        .map(|time| time.format("%Y%m%d%H%M%SZ").to_string())
        .unwrap_or_default();
    let fields = [number(code), value].concat();
    let message = [
        number(0),
        number(u32::from(kind)),
        element(CONTEXT + kind, &fields),
        element(GENERALIZED_TIME, time.as_bytes()),
    ];
    element(SEQUENCE, &message.concat())
}

fn outcome(word: Word) -> (u32, Option<Vec<u8>>) {
    match word {
        Word::Bytes(bytes) => (SUCCESS, Some(bytes)),
        Word::Verified(true) => (SUCCESS, None),
        Word::Verified(false) => (ERROR_INVALID_SIGNATURE, None),
        Word::UnknownKey => (ERROR_CERT_ID, None),
        Word::NotAuthentic | Word::Refused => (ERROR_REFUSED, None),
    }
}

/// `POST /crypto/ExportCert`.
pub(crate) async fn export_cert(State(city): State<Arc<Shared>>, body: Bytes) -> Response {
    let wish = pairs(&body).and_then(|form| Some(Wish::Certificate(form.get("identification")?.clone())));
    form(&city, wish, "cert").await
}

/// `POST /crypto/SignData`.
pub(crate) async fn sign_data(State(city): State<Arc<Shared>>, body: Bytes) -> Response {
    let wish = pairs(&body).and_then(|form| {
        let data = from_base64(form.get("inData")?)?;
        let right = form.get("signMethod")?.parse() == Ok(SM3_SM2)
            && form.get("keyIndex")?.parse() == Ok(KEY_INDEX)
            && form.get("keyValue")? == KEY_PASSWORD
            && form.get("inDataLen")?.parse() == Ok(data.len());
        right.then_some(Wish::Sign(data))
    });
    form(&city, wish, "signature").await
}

/// `POST /crypto/VerifySignedData`.
pub(crate) async fn verify_signed_data(State(city): State<Arc<Shared>>, body: Bytes) -> Response {
    let wish = pairs(&body).and_then(|form| {
        Some(Wish::Verify {
            certificate: from_base64(form.get("cert")?)?,
            message: from_base64(form.get("inData")?)?,
            signature: from_base64(form.get("signature")?)?,
        })
    });
    form(&city, wish, "signature").await
}

async fn form(city: &Shared, wish: Option<Wish>, name: &str) -> Response {
    serve(
        city,
        "svs-http",
        "application/x-www-form-urlencoded",
        wish,
        |_, word| {
            let (code, bytes) = outcome(word);
            let mut answer = form_urlencoded::Serializer::new(format!("respValue={code}"));
            if let Some(bytes) = bytes {
                answer.append_pair(name, &to_base64(&bytes));
            }
            answer.append_pair("provider", "emulated").finish().into_bytes()
        },
    )
    .await
}

fn pairs(body: &[u8]) -> Option<HashMap<String, String>> {
    let pairs = form_urlencoded::parse(body);
    Some(
        pairs
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect(),
    )
}
