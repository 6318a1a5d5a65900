//! EMULATOR of 安全认证网关: the headers it adds to a request of a client it authenticated.

use super::to_base64;
use shenhai_crypto::{Certificate, hmac_sm3};

/// The headers for `certificate`'s holder, signed with `secret` at `time` (Unix seconds) for one request.
#[must_use]
pub fn identity_headers(
    certificate: &Certificate,
    secret: &str,
    time: i64,
    method: &str,
    path: &str,
) -> [(&'static str, String); 5] {
    let (serial, shown) = (certificate.serial_hex(), certificate.to_base64());
    // A header holds ASCII; a name in Chinese travels as its UTF-8 in base64.
    let subject = to_base64(certificate.subject().common_name.as_bytes());
    let signed = format!("{time}\n{method}\n{path}\n{serial}\n{subject}\n{shown}");
    [
        (
            "X-SAG-Signature",
            to_base64(&hmac_sm3(secret.as_bytes(), signed.as_bytes())),
        ),
        ("X-SAG-Time", time.to_string()),
        ("X-SAG-Cert-Serial", serial),
        ("X-SAG-Cert-Subject", subject),
        ("X-SAG-Cert", shown),
    ]
}
