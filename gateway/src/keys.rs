//! The gateway's keys by reference, the certificates that go with them, and the random bytes it needs.
//!
//! Not where the keys come from (`authority`) and not the devices' keys (their public halves are rows of the
//! store). Called whenever a receipt, a grant or a list is signed.

use getrandom::SysRng;
use rand_core::{Rng, UnwrapErr};
use shenhai_crypto::{Certificate, KeyRef, Provider, ProviderError, sm3};
use shenhai_protocol::{SignedGrant, SignedRevocations};
use std::fmt::Write;
use std::sync::{Arc, PoisonError, RwLock};

/// Who signs for the gateway, with which keys, certified how. The keys stay with the provider: a certified module
/// takes the place of the software behind the same names.
pub(crate) struct GatewayKeys {
    pub(crate) provider: Arc<dyn Provider>,
    /// Signs receipts, grants and lists; certified by `gateway_certificate`.
    pub(crate) receipt: KeyRef,
    /// Who issues certificates: the receipt key may be a service's, the authority the gateway's own.
    pub(crate) issuer: Arc<dyn Provider>,
    /// Issues certificates; certified by `authority_certificate`.
    pub(crate) authority: KeyRef,
    /// Renewed while the gateway runs, with the same key.
    pub(crate) gateway_certificate: RwLock<Arc<Certificate>>,
    /// The operator gave that certificate, and renews it.
    pub(crate) certificate_given: bool,
    pub(crate) authority_certificate: Certificate,
}

impl GatewayKeys {
    /// Of the key that signs.
    pub(crate) fn certificate(&self) -> Arc<Certificate> {
        let held = self.gateway_certificate.read();
        Arc::clone(&held.unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn renew(&self, certificate: Certificate) {
        let held = self.gateway_certificate.write();
        *held.unwrap_or_else(PoisonError::into_inner) = Arc::new(certificate);
    }

    /// An emulator signs, or certified who does: by its own word or by its name.
    pub(crate) fn emulated(&self) -> bool {
        let providers = [&self.provider, &self.issuer];
        providers.iter().any(|provider| provider.origin().emulated)
            || self.authority_certificate.names_an_emulator()
            || self.certificate().names_an_emulator()
    }

    /// The key receipts verify with, 130 hex digits.
    pub(crate) fn public_hex(&self) -> String {
        self.certificate().public_key().to_hex()
    }

    /// Serial number of the certificate whose key signs, hex.
    pub(crate) fn serial(&self) -> String {
        self.certificate().serial_hex()
    }

    pub(crate) fn sign_grant(&self, payload: String) -> Result<SignedGrant, ProviderError> {
        let sig = self.sign_text(&SignedGrant::signed_text(&payload))?;
        Ok(SignedGrant { payload, sig })
    }

    pub(crate) fn sign_revocations(&self, payload: String) -> Result<SignedRevocations, ProviderError> {
        let sig = self.sign_text(&SignedRevocations::signed_text(&payload))?;
        Ok(SignedRevocations { payload, sig })
    }

    /// The signature over `text`, 128 hex digits.
    ///
    /// # Errors
    /// The provider's, where the key is kept elsewhere.
    pub(crate) fn sign_text(&self, text: &str) -> Result<String, ProviderError> {
        Ok(self.provider.sign(&self.receipt, text.as_bytes())?.to_hex())
    }
}

/// Random bytes from the system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0_u8; N];
    UnwrapErr(SysRng).fill_bytes(&mut bytes);
    bytes
}

/// A new session token: 32 random bytes, 64 hex digits.
pub(crate) fn new_token() -> String {
    hex(&random::<32>())
}

/// What the store keeps of a token.
pub(crate) fn token_hash(token: &str) -> String {
    sm3(token.as_bytes()).to_hex()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The bytes of lower- or upper-case hex digits, `None` for other text.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}
