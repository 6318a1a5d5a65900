//! What the gateway alone reads: platforms' orders, the container's answers, key files, codes for enrolment.
//!
//! Not what becomes of it, which the gateway's own tests hold over HTTP. Called by the smoke tests and the libFuzzer
//! wrappers.

use shenhai_gateway::readers;
use shenhai_protocol::{
    Channel, ENROLMENT_ALPHABET, ENROLMENT_CODE_CHARS, ErrorCode, Invitation, UnixMillis,
    read_enrolment_code, show_enrolment_code,
};
use std::time::Duration;

/// 2026-11-23 10:00:00 in Shanghai.
const NOW: UnixMillis = UnixMillis(1_795_399_200_000);

/// A platform's order: an id of the channel's and the platform's number, or one of three codes.
pub fn ingest_order(data: &[u8]) {
    for (channel, number) in [
        (Channel::H12345, "12345"),
        (Channel::H12319, "12319"),
        (Channel::H110, "110"),
    ] {
        match readers::order(channel, data, NOW) {
            Ok(id) => {
                let own = id.as_str().strip_prefix(number);
                let given = own
                    .and_then(|rest| rest.strip_prefix('-'))
                    .expect("number and hyphen");
                assert!((1..=64).contains(&given.len()), "{id}");
                assert!(
                    given
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')),
                    "{id}"
                );
            }
            Err(code) => assert!(
                matches!(
                    code,
                    ErrorCode::Malformed | ErrorCode::FormInvalid | ErrorCode::ClockOutOfRange
                ),
                "{code:?}"
            ),
        }
    }
}

/// The container's answers: nobody without an id, no token for longer than a day, and one of two codes else.
pub fn container_answers(data: &[u8]) {
    match readers::container_token(data) {
        Ok((_, life)) => assert!(life <= Duration::from_secs(24 * 3600)),
        Err(code) => assert_eq!(code, ErrorCode::UpstreamUnavailable),
    }
    match readers::container_user(data) {
        Ok(user) => assert!(user.is_none_or(|user| !user.as_str().is_empty())),
        Err(code) => assert!(
            matches!(code, ErrorCode::BadLoginCode | ErrorCode::UpstreamUnavailable),
            "{code:?}"
        ),
    }
}

/// Hex digits and key files: two digits a byte, nothing but digits, the same bytes whichever case.
pub fn key_texts(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bytes = readers::unhex(&text);
    assert_eq!(bytes.is_some(), text.len().is_multiple_of(2) && digits(&text));
    if let Some(bytes) = bytes {
        let written: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(written, text.to_lowercase());
    }
    let inner = text.trim();
    let is_key = inner.len() == 32 && digits(inner);
    assert_eq!(readers::sealing_key(&text).is_some(), is_key);
}

/// One-time codes and QR texts: what is taken is shown and read as the same.
pub fn enrolment_code(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(code) = read_enrolment_code(&text) {
        assert_eq!(code.len(), ENROLMENT_CODE_CHARS);
        assert!(code.bytes().all(|byte| ENROLMENT_ALPHABET.contains(&byte)));
        let shown = show_enrolment_code(&code);
        assert_eq!(read_enrolment_code(&shown), Some(code));
    }
    if let Some((code, fingerprint)) = Invitation::read_qr_text(&text) {
        assert_eq!(fingerprint.len(), 32);
        let again = Invitation::qr_text_of(&code, &fingerprint);
        assert_eq!(Invitation::read_qr_text(&again), Some((code, fingerprint)));
    }
}
