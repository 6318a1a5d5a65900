//! 安全认证网关: whom it authenticated by TLCP, as the application behind it sees it.
//!
//! Not TLCP itself, which ends there. The security gateway adds headers to each request; they count only from its own
//! addresses and with its signature, and a request without them does not reach a session. Names of the headers
//! are assumptions, see docs/city-interfaces.md.

use super::config::Secret;
use crate::outbound::EMULATED_ALLOWED;
use axum::http::{HeaderMap, Method};
use base64ct::{Base64, Encoding};
use serde::Deserialize;
use shenhai_crypto::{Certificate, Usage, device_id, verify_chain, verify_hmac_sm3};
use shenhai_protocol::{DeviceId, UserId};
use std::net::IpAddr;
use thiserror::Error;

const TIME: &str = "x-sag-time";
const SERIAL: &str = "x-sag-cert-serial";
const SUBJECT: &str = "x-sag-cert-subject";
const CERTIFICATE: &str = "x-sag-cert";
const SIGNATURE: &str = "x-sag-signature";
const NO_AUTHORITY: &str = "not the certificate of an authority in PEM";
const EMULATOR: &str = "an emulator's authority, and this gateway was built for production";
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
    /// Who issues the certificates of its clients.
    pub authorities: Vec<ClientAuthority>,
}

/// An authority whose certificates the security gateway accepts: PEM in the configuration.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct ClientAuthority(Certificate);

impl TryFrom<String> for ClientAuthority {
    type Error = &'static str;

    fn try_from(pem: String) -> Result<Self, Self::Error> {
        match Certificate::from_pem(&pem) {
            Ok(certificate) if certificate.usage() != Usage::Authority => Err(NO_AUTHORITY),
            Ok(certificate) if certificate.names_an_emulator() && !EMULATED_ALLOWED => Err(EMULATOR),
            Ok(certificate) => Ok(Self(certificate)),
            Err(_) => Err(NO_AUTHORITY),
        }
    }
}

impl ClientAuthority {
    pub(crate) fn certificate(&self) -> &Certificate {
        &self.0
    }
}

/// Why a request does not count as one of the security gateway, or not as one of its session's holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{}", self.text())]
pub enum SecurityGatewayError {
    /// Not from one of its addresses.
    Peer,
    /// It added no identity, or the client had no certificate.
    Missing,
    /// A header stands there twice.
    Repeated,
    /// The signature is of another time.
    Stale,
    /// The signature does not hold.
    NotAuthentic,
    /// The certificate does not read, or is not the one the headers name.
    Certificate,
    /// No configured authority vouches for the certificate at this time.
    Untrusted,
    /// The certificate is another device's or person's.
    Stranger,
}

impl SecurityGatewayError {
    /// Says nothing of what was sent.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Peer => "not from the security gateway",
            Self::Missing => "no identity of the security gateway",
            Self::Repeated => "a header of the security gateway stands there twice",
            Self::Stale => "the identity was signed at another time",
            Self::NotAuthentic => "the identity is not signed by the security gateway",
            Self::Certificate => "the identity's certificate does not read",
            Self::Untrusted => "no known authority vouches for the identity's certificate",
            Self::Stranger => "the security gateway authenticated somebody else",
        }
    }
}

/// Whom the security gateway authenticated.
#[derive(Debug, Clone)]
pub(crate) struct Identity(Certificate);

impl Identity {
    /// The certificate's serial number.
    pub(crate) fn serial(&self) -> String {
        self.0.serial_hex()
    }

    /// Whether this identity may speak for `device`, whoever uses it: a device's certificate for that device alone.
    pub(crate) fn may_be(&self, device: &DeviceId) -> bool {
        match self.0.usage() {
            Usage::Device => device_id(self.0.public_key()) == device.as_str(),
            Usage::Person => true,
            _ => false,
        }
    }

    /// Whether this identity may use a session of `user` on `device`: a device's certificate must be that
    /// device's, a person's must name that user. Other certificates are for neither.
    pub(crate) fn is_of(&self, user: &UserId, device: &DeviceId) -> bool {
        let names = self.0.usage() != Usage::Person || self.0.subject().common_name == user.as_str();
        names && self.may_be(device)
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
            (Some(_), Some(_)) => Err(SecurityGatewayError::Repeated),
            (Some(Err(_)), None) => Err(SecurityGatewayError::NotAuthentic),
        }
    };
    let (time, serial, subject) = (header(TIME)?, header(SERIAL)?, header(SUBJECT)?);
    let (shown, signature) = (header(CERTIFICATE)?, header(SIGNATURE)?);
    let at: i64 = time.parse().map_err(|_| SecurityGatewayError::NotAuthentic)?;
    if now_unix_seconds.abs_diff(at) > SKEW_SECONDS.unsigned_abs() {
        return Err(SecurityGatewayError::Stale);
    }
    if shown.len() > CERTIFICATE_BYTES {
        return Err(SecurityGatewayError::Certificate);
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
    let anchors: Vec<_> = config.authorities.iter().map(|known| known.0.clone()).collect();
    let chain = std::slice::from_ref(&certificate);
    if !verify_chain(chain, &anchors, certificate.usage(), now_unix_seconds).is_valid() {
        return Err(SecurityGatewayError::Untrusted);
    }
    Ok(Identity(certificate))
}
