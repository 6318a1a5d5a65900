//! The gateway's own key, which signs receipts, and the random bytes it needs.
//!
//! Not the devices' keys (their public halves are rows of the store). Called when a receipt is made.

use getrandom::SysRng;
use rand_core::{Rng, UnwrapErr};
use shenhai_crypto::{KeyRef, Provider, ProviderError, SecretKey, SoftwareProvider, sm3};
use shenhai_protocol::SignedReceipt;
use std::fmt::Write;
use std::sync::Arc;

/// The name of the key that signs receipts.
pub(crate) const RECEIPT_KEY: &str = "receipt";

/// Signs with the gateway's key. A certified module takes this place behind the same [`Provider`].
pub(crate) struct GatewayKey {
    provider: Arc<dyn Provider>,
    key: KeyRef,
    public_hex: String,
}

impl GatewayKey {
    /// A key from 64 hex digits, as [`new_secret_hex`] makes them.
    pub(crate) fn from_secret_hex(hex: &str) -> Option<Self> {
        let bytes: [u8; 32] = unhex(hex)?.try_into().ok()?;
        let key = KeyRef::new(RECEIPT_KEY);
        let mut provider = SoftwareProvider::new(UnwrapErr(SysRng));
        provider.add_signing_key(key.clone(), SecretKey::from_bytes(&bytes).ok()?);
        Self::kept_by(Arc::new(provider), key).ok()
    }

    /// A key that `provider` keeps as `key`.
    pub(crate) fn kept_by(provider: Arc<dyn Provider>, key: KeyRef) -> Result<Self, ProviderError> {
        let public_hex = provider.public_key(&key)?.to_hex();
        Ok(Self {
            provider,
            key,
            public_hex,
        })
    }

    /// 130 hex digits.
    pub(crate) fn public_hex(&self) -> &str {
        &self.public_hex
    }

    /// The receipt of `payload`.
    ///
    /// # Errors
    /// The provider's, where the key is kept elsewhere.
    pub(crate) fn sign(&self, payload: String) -> Result<SignedReceipt, ProviderError> {
        let sig = self.sign_text(&payload)?;
        Ok(SignedReceipt { payload, sig })
    }

    /// The signature over `text`, 128 hex digits.
    ///
    /// # Errors
    /// The provider's, where the key is kept elsewhere.
    pub(crate) fn sign_text(&self, text: &str) -> Result<String, ProviderError> {
        Ok(self.provider.sign(&self.key, text.as_bytes())?.to_hex())
    }
}

/// A new secret key, 64 hex digits.
pub(crate) fn new_secret_hex() -> String {
    hex(SecretKey::generate(&mut UnwrapErr(SysRng)).to_bytes().as_slice())
}

/// A new session token: 32 random bytes, 64 hex digits.
pub(crate) fn new_token() -> String {
    let mut bytes = [0_u8; 32];
    UnwrapErr(SysRng).fill_bytes(&mut bytes);
    hex(&bytes)
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
