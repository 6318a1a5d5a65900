//! The gateway's own key, which signs receipts, and the random bytes it needs.
//!
//! Not the devices' keys (their public halves are rows of the store). Called when a receipt is made.

use getrandom::SysRng;
use rand_core::{Rng, UnwrapErr};
use shenhai_crypto::{Provider, SecretKey, SoftwareProvider, sm3};
use shenhai_protocol::SignedReceipt;
use std::fmt::Write;

/// Signs with the gateway's key. A certified module takes this place behind the same [`Provider`].
pub(crate) struct GatewayKey {
    provider: SoftwareProvider,
    public_hex: String,
}

impl GatewayKey {
    /// A key from 64 hex digits, as [`new_secret_hex`] makes them.
    pub(crate) fn from_secret_hex(hex: &str) -> Option<Self> {
        let bytes: [u8; 32] = unhex(hex)?.try_into().ok()?;
        let provider = SoftwareProvider::new(SecretKey::from_bytes(&bytes).ok()?);
        let public_hex = provider.public_key().to_hex();
        Some(Self { provider, public_hex })
    }

    /// 130 hex digits.
    pub(crate) fn public_hex(&self) -> &str {
        &self.public_hex
    }

    pub(crate) fn sign(&self, payload: String) -> SignedReceipt {
        let sig = self.sign_text(&payload);
        SignedReceipt { payload, sig }
    }

    /// The signature over `text`, 128 hex digits.
    pub(crate) fn sign_text(&self, text: &str) -> String {
        self.provider
            .sign(text.as_bytes(), &mut UnwrapErr(SysRng))
            .to_hex()
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
