//! The one interface behind which signatures are made and checked.
//!
//! Not a key store and not a protocol. The gateway holds its receipt key, a client its device key, as a
//! [`Provider`]; a certified module, whose key never leaves it, or the city's 签名验签服务 (GM/T 0029) is another
//! implementation of the same three questions.

use crate::keys::{PublicKey, SecretKey};
use crate::signature::{Signature, Verdict};
use rand_core::CryptoRng;

/// Somebody who signs with one key of their own and checks the signatures of others.
pub trait Provider: Send + Sync {
    /// The key others verify this provider's signatures with.
    fn public_key(&self) -> &PublicKey;

    /// Sign `message` (SM2 over SM3, default identity).
    fn sign(&self, message: &[u8], rng: &mut dyn CryptoRng) -> Signature;

    /// Check a signature over `message`.
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> Verdict;
}

/// The implementation in this crate: the key in memory, the arithmetic in software.
#[derive(Debug)]
pub struct SoftwareProvider {
    key: SecretKey,
}

impl SoftwareProvider {
    /// A provider that signs with `key`.
    #[must_use]
    pub fn new(key: SecretKey) -> Self {
        Self { key }
    }
}

impl Provider for SoftwareProvider {
    fn public_key(&self) -> &PublicKey {
        self.key.public()
    }

    fn sign(&self, message: &[u8], rng: &mut dyn CryptoRng) -> Signature {
        self.key.sign(message, rng)
    }

    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> Verdict {
        key.verify(message, signature)
    }
}
