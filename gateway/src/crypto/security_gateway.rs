//! 安全认证网关: whom it authenticated by TLCP, as the application behind it sees it.
//!
//! Not TLCP itself, which ends there. The security gateway adds headers to each request; they count only from its own
//! addresses and with its signature, and a request without them does not reach a session. Names of the headers
//! are assumptions, see docs/city-interfaces.md.

use super::config::Secret;
use axum::http::{HeaderMap, Method};
use base64ct::{Base64, Encoding};
use serde::Deserialize;
use shenhai_crypto::{Certificate, Usage, device_id, verify_hmac_sm3};
use shenhai_protocol::{DeviceId, UserId};
use std::net::IpAddr;
use thiserror::Error;

const TIME: &str = "x-sag-time";
const SERIAL: &str = "x-sag-cert-serial";
const SUBJECT: &str = "x-sag-cert-subject";
const CERTIFICATE: &str = "x-sag-cert";
const SIGNATURE: &str = "x-sag-signature";
/// How far the signature's time may lie from the present.
const SKEW_SECONDS: i64 = 60;
/// Longest certificate in a header, base64.
const CERTIFICATE_BYTES: usize = 8 * 1024;

/// The table `[security_gateway]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityGatewayConfig {
    /// Its addresses. A request from elsewhere is refused.
    pub peers: Vec<IpAddr>,
    /// With which it signs what it adds (HMAC-SM3).
    pub secret: Secret,
}

/// Why a request does not count as one of the security gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SecurityGatewayError {
    /// Not from one of its addresses.
    #[error("not from the security gateway")]
    Peer,
    /// It added no identity, or the client had no certificate.
    #[error("no identity of the security gateway")]
    Missing,
    /// The signature does not hold or is of another time.
    #[error("the identity is not signed by the security gateway")]
    NotAuthentic,
    /// The certificate does not read, or is not the one the headers name.
    #[error("the identity's certificate does not read")]
    Certificate,
}

/// Whom the security gateway authenticated.
#[derive(Debug, Clone)]
pub(crate) struct Identity(Certificate);

impl Identity {
    /// Whether this identity may use a session of `user` on `device`: a device's certificate must be that
    /// device's, a person's must name that user. Other certificates are for neither.
    pub(crate) fn is_of(&self, user: &UserId, device: &DeviceId) -> bool {
        match self.0.usage() {
            Usage::Device => device_id(self.0.public_key()) == device.as_str(),
            Usage::Person => self.0.subject().common_name == user.as_str(),
            _ => false,
        }
    }
}

/// The identity of a request.
///
/// # Errors
/// [`SecurityGatewayError`] for a request that is not one of the security gateway.
pub(crate) fn identity(
    config: &SecurityGatewayConfig,
    peer: IpAddr,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    now_unix_seconds: i64,
) -> Result<Identity, SecurityGatewayError> {
    if !config.peers.contains(&peer.to_canonical()) {
        return Err(SecurityGatewayError::Peer);
    }
    let header = |name: &str| {
        // A name given twice is an attempt to let two readers see two values.
        let mut values = headers.get_all(name).iter();
        match (values.next().map(|value| value.to_str()), values.next()) {
            (Some(Ok(text)), None) => Ok(text),
            (None, _) => Err(SecurityGatewayError::Missing),
            _ => Err(SecurityGatewayError::NotAuthentic),
        }
    };
    let (time, serial, subject) = (header(TIME)?, header(SERIAL)?, header(SUBJECT)?);
    let (shown, signature) = (header(CERTIFICATE)?, header(SIGNATURE)?);
    let at: i64 = time.parse().map_err(|_| SecurityGatewayError::NotAuthentic)?;
    if now_unix_seconds.abs_diff(at) > SKEW_SECONDS.unsigned_abs() || shown.len() > CERTIFICATE_BYTES {
        return Err(SecurityGatewayError::NotAuthentic);
    }
    let signed = format!("{time}\n{method}\n{path}\n{serial}\n{subject}\n{shown}");
    let tag = Base64::decode_vec(signature).map_err(|_| SecurityGatewayError::NotAuthentic)?;
    if !verify_hmac_sm3(config.secret.text().as_bytes(), signed.as_bytes(), &tag) {
        return Err(SecurityGatewayError::NotAuthentic);
    }
    let certificate = Certificate::from_base64(shown).map_err(|_| SecurityGatewayError::Certificate)?;
    if certificate.serial_hex() != serial.to_ascii_lowercase() {
        return Err(SecurityGatewayError::Certificate);
    }
    Ok(Identity(certificate))
}
