//! The table `[crypto]` of the city's configuration: who signs and seals for this gateway.
//!
//! Not the connection to it (`provider`). Without the table the keys are the gateway's own, in software.

use super::security_gateway::ClientAuthority;
use serde::Deserialize;
use shenhai_crypto::Certificate;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;
use thiserror::Error;
use zeroize::Zeroizing;

const DEFAULT_TIMEOUT_MILLIS: u64 = 2_000;
/// One call holds the gateway's only writer: a minute of it would be an outage of its own.
const LONGEST_TIMEOUT_MILLIS: u64 = 10_000;

/// Hex digits of a pinned key: 128 bits at least, SM3 in full at most.
const PIN_DIGITS: std::ops::RangeInclusive<usize> = 32..=64;

/// Who does the cryptography with the gateway's own keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CryptoProvider {
    /// This process; not a certified module.
    #[default]
    Software,
    /// 签名验签服务, after GM/T 0029 and GB/T 38629.
    SignatureService,
    /// 可信密码服务 by JSON over HTTP, shaped after GM/T 0136.
    CryptoServiceJson,
    /// 可信密码服务 by the named operations of GM/T 0020 (`SOF_…`) over HTTP.
    CryptoServiceSof,
}

impl CryptoProvider {
    /// Its name in the configuration and in the gateway's records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::SignatureService => "signature_service",
            Self::CryptoServiceJson => "crypto_service_json",
            Self::CryptoServiceSof => "crypto_service_sof",
        }
    }
}

/// In which of its two forms a signature service is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageForm {
    /// `SVSRequest` and `SVSRespond` in DER.
    #[default]
    Asn1,
    /// `POST /SignData` with key=value pairs.
    Http,
}

/// A secret of the configuration: never printed, overwritten when dropped.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What a key kept by the service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceKeyKind {
    /// SM2, with a certificate.
    #[default]
    Signing,
    /// SM4, without one.
    Sealing,
}

/// Where a key of ours is found in the service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceKey {
    /// Its number (signature service).
    #[serde(default)]
    pub index: u32,
    /// Its name: container, key id or the identification of its certificate.
    #[serde(default)]
    pub label: String,
    /// What releases it (keyValue, PIN).
    #[serde(default)]
    pub password: Secret,
    /// What it does.
    #[serde(default)]
    pub kind: ServiceKeyKind,
    /// The public key that the service must show: at least the first 32 of the 64 hex digits of the SM3 of its point.
    /// Another key stops the start. May be left out only where [`CryptoConfig::authorities`] names who certifies it.
    #[serde(default)]
    pub fingerprint: Option<String>,
}

/// The table `[crypto]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CryptoConfig {
    /// Who.
    #[serde(default)]
    pub provider: CryptoProvider,
    /// Base address of the service, without a slash at the end.
    #[serde(default)]
    pub url: String,
    /// Our id there.
    #[serde(default)]
    pub app_id: String,
    /// Our secret there.
    #[serde(default)]
    pub app_secret: Secret,
    /// Of a signature service.
    #[serde(default)]
    pub form: MessageForm,
    /// Longest wait for one answer, milliseconds.
    #[serde(default = "default_timeout")]
    pub timeout_ms: u64,
    /// Who certifies the keys, PEM: a certificate that the service shows leads to one of them, or its key is pinned.
    #[serde(default)]
    pub authorities: Vec<ClientAuthority>,
    /// By the name under which the gateway knows a key: `receipt`, `authority`, …
    #[serde(default)]
    pub keys: BTreeMap<String, ServiceKey>,
    /// Paths that differ from the documented ones, by operation: `sign`, `verify`, …
    #[serde(default)]
    pub paths: BTreeMap<String, String>,
}

fn default_timeout() -> u64 {
    DEFAULT_TIMEOUT_MILLIS
}

impl Default for CryptoConfig {
    fn default() -> Self {
        Self {
            provider: CryptoProvider::Software,
            url: String::new(),
            app_id: String::new(),
            app_secret: Secret::default(),
            form: MessageForm::Asn1,
            timeout_ms: DEFAULT_TIMEOUT_MILLIS,
            authorities: Vec::new(),
            keys: BTreeMap::new(),
            paths: BTreeMap::new(),
        }
    }
}

/// What is wrong with the table `[crypto]`. Names fields, never values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CryptoConfigError {
    /// A service without what it needs.
    #[error("crypto.{0} is missing")]
    Missing(&'static str),
    /// The software provider takes no settings: one given would be silently without effect.
    #[error("crypto.{0} has no meaning with the software provider")]
    Meaningless(&'static str),
    /// Outside 1 … 10 000 ms.
    #[error("crypto.timeout_ms is not between 1 and {LONGEST_TIMEOUT_MILLIS}")]
    Timeout,
    /// Not a fingerprint: fewer than 128 bits can be met by trying.
    #[error("crypto.keys.{0}.fingerprint is not 32 to 64 hex digits (SM3 of the public key's point)")]
    Fingerprint(String),
    /// A key that whoever answers could put in the place of the service's.
    #[error(
        "crypto.keys.{0} needs its fingerprint, or crypto.authorities the certificate of who certifies it: \
         otherwise whoever answers would sign"
    )]
    Unpinned(String),
    /// An address at which anybody on the way could answer.
    #[error("crypto.url is neither https nor on loopback, without a name or password in it")]
    Insecure,
    /// A path for an operation that does not exist, or one that is no path.
    #[error("crypto.paths.{0} is no operation with a path that begins with a slash")]
    Path(String),
}

/// The operations whose paths can be set.
pub(crate) const OPERATIONS: [&str; 7] = [
    "certificate",
    "sign",
    "verify",
    "digest",
    "encrypt",
    "decrypt",
    "random",
];

impl CryptoConfig {
    /// Check what the shape alone does not say.
    ///
    /// # Errors
    /// The first [`CryptoConfigError`] found.
    pub fn check(&self) -> Result<(), CryptoConfigError> {
        if self.provider == CryptoProvider::Software {
            return self.check_software();
        }
        if self.url.is_empty() {
            return Err(CryptoConfigError::Missing("url"));
        }
        if self.app_id.is_empty() && self.provider != CryptoProvider::SignatureService {
            return Err(CryptoConfigError::Missing("app_id"));
        }
        if self.app_secret.text().is_empty() && self.provider != CryptoProvider::SignatureService {
            return Err(CryptoConfigError::Missing("app_secret"));
        }
        if self.keys.is_empty() {
            return Err(CryptoConfigError::Missing("keys"));
        }
        if !(1..=LONGEST_TIMEOUT_MILLIS).contains(&self.timeout_ms) {
            return Err(CryptoConfigError::Timeout);
        }
        if !is_safe(&self.url) {
            return Err(CryptoConfigError::Insecure);
        }
        for (name, key) in &self.keys {
            let wrong = |text: &String| {
                !PIN_DIGITS.contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_hexdigit())
            };
            match &key.fingerprint {
                Some(text) if wrong(text) => return Err(CryptoConfigError::Fingerprint(name.clone())),
                None if key.kind == ServiceKeyKind::Signing && self.authorities.is_empty() => {
                    return Err(CryptoConfigError::Unpinned(name.clone()));
                }
                _ => {}
            }
        }
        for (operation, path) in &self.paths {
            if !OPERATIONS.contains(&operation.as_str()) || !path.starts_with('/') {
                return Err(CryptoConfigError::Path(operation.clone()));
            }
        }
        Ok(())
    }

    fn check_software(&self) -> Result<(), CryptoConfigError> {
        let settings = [
            ("url", self.url.is_empty()),
            ("app_id", self.app_id.is_empty()),
            ("app_secret", self.app_secret.text().is_empty()),
            ("keys", self.keys.is_empty()),
            ("paths", self.paths.is_empty()),
            ("authorities", self.authorities.is_empty()),
        ];
        match settings.into_iter().find(|(_, empty)| !empty) {
            Some((name, _)) => Err(CryptoConfigError::Meaningless(name)),
            None => Ok(()),
        }
    }

    pub(crate) fn anchors(&self) -> Vec<Certificate> {
        let certificates = self.authorities.iter().map(ClientAuthority::certificate);
        certificates.cloned().collect()
    }

    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// The service has the gateway's keys: nobody on the way to it may be able to take its place.
fn is_safe(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else {
        return false;
    };
    let loopback = url.host_str().is_some_and(|host| {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare == "localhost" || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    });
    let bare = url.username().is_empty() && url.password().is_none();
    bare && (url.scheme() == "https" || url.scheme() == "http" && loopback)
}
