//! The provider of this crate: keys in memory, arithmetic in software.
//!
//! Not a certified cryptographic module (商用密码产品). Made by the gateway and by the client at start.

use crate::digest::{Digest32, sm3};
use crate::encryption::EncryptionError;
use crate::keys::{PublicKey, SecretKey};
use crate::provider::{KeyRef, Origin, Provider, ProviderError, ProviderKind};
use crate::seal::{OpenError, SealingKey};
use crate::signature::Signature;
use crate::verdict::Verdict;
use rand_core::CryptoRng;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// Keeps a wrapped key from being opened as anything else that the same key seals.
const WRAP_AAD: &[u8] = b"shenhai-wrap-v1";

enum Kept {
    Signing(SecretKey),
    Sealing(SealingKey),
}

/// Keys in memory, overwritten when the provider is dropped.
pub struct SoftwareProvider {
    keys: BTreeMap<KeyRef, Kept>,
    rng: Mutex<Box<dyn CryptoRng + Send>>,
}

impl SoftwareProvider {
    /// A provider without keys that draws from `rng`.
    #[must_use]
    pub fn new(rng: impl CryptoRng + Send + 'static) -> Self {
        Self {
            keys: BTreeMap::new(),
            rng: Mutex::new(Box::new(rng)),
        }
    }

    /// Keep an SM2 key, in the place of any other of that name.
    pub fn add_signing_key(&mut self, name: KeyRef, key: SecretKey) {
        self.keys.insert(name, Kept::Signing(key));
    }

    /// Keep an SM4 key, in the place of any other of that name.
    pub fn add_sealing_key(&mut self, name: KeyRef, key: SealingKey) {
        self.keys.insert(name, Kept::Sealing(key));
    }

    fn kept(&self, key: &KeyRef) -> Result<&Kept, ProviderError> {
        self.keys.get(key).ok_or(ProviderError::UnknownKey)
    }

    fn signing(&self, key: &KeyRef) -> Result<&SecretKey, ProviderError> {
        match self.kept(key)? {
            Kept::Signing(key) => Ok(key),
            Kept::Sealing(_) => Err(ProviderError::WrongUse),
        }
    }

    fn sealing(&self, key: &KeyRef) -> Result<&SealingKey, ProviderError> {
        match self.kept(key)? {
            Kept::Sealing(key) => Ok(key),
            Kept::Signing(_) => Err(ProviderError::WrongUse),
        }
    }

    /// A thread that panicked while it drew leaves a generator that still draws.
    fn rng(&self) -> MutexGuard<'_, Box<dyn CryptoRng + Send>> {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Provider for SoftwareProvider {
    fn origin(&self) -> Origin {
        Origin {
            name: "software".to_owned(),
            kind: ProviderKind::Software,
            emulated: false,
            certified: None,
        }
    }

    fn public_key(&self, key: &KeyRef) -> Result<PublicKey, ProviderError> {
        Ok(self.signing(key)?.public().clone())
    }

    fn sign(&self, key: &KeyRef, message: &[u8]) -> Result<Signature, ProviderError> {
        Ok(self.signing(key)?.sign(message, &mut **self.rng()))
    }

    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> Verdict {
        key.verify(message, signature)
    }

    fn digest(&self, message: &[u8]) -> Result<Digest32, ProviderError> {
        Ok(sm3(message))
    }

    fn seal(&self, key: &KeyRef, plaintext: &[u8], aad: &[u8]) -> Result<Vec<u8>, ProviderError> {
        Ok(self.sealing(key)?.seal(plaintext, aad, &mut **self.rng()))
    }

    fn open(&self, key: &KeyRef, sealed: &[u8], aad: &[u8]) -> Result<Vec<u8>, ProviderError> {
        Ok(self.sealing(key)?.open(sealed, aad)?)
    }

    fn wrap(&self, key: &KeyRef, secret: &[u8]) -> Result<Vec<u8>, ProviderError> {
        let rng = &mut **self.rng();
        match self.kept(key)? {
            Kept::Sealing(key) => Ok(key.seal(secret, WRAP_AAD, rng)),
            Kept::Signing(key) => Ok(key.public().encrypt(secret, rng)?),
        }
    }

    fn unwrap(&self, key: &KeyRef, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        match self.kept(key)? {
            Kept::Sealing(key) => Ok(Zeroizing::new(key.open(wrapped, WRAP_AAD)?)),
            Kept::Signing(key) => Ok(key.decrypt(wrapped)?),
        }
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), ProviderError> {
        self.rng().fill_bytes(bytes);
        Ok(())
    }
}

impl fmt::Debug for SoftwareProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.keys.keys().map(KeyRef::name).collect();
        write!(f, "SoftwareProvider(keys {names:?})")
    }
}

impl From<OpenError> for ProviderError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Truncated | OpenError::UnknownVersion(_) => Self::Malformed,
            OpenError::NotAuthentic => Self::NotAuthentic,
        }
    }
}

impl From<EncryptionError> for ProviderError {
    fn from(error: EncryptionError) -> Self {
        match error {
            EncryptionError::Empty | EncryptionError::Oversized | EncryptionError::Truncated => {
                Self::Malformed
            }
            EncryptionError::NotAuthentic => Self::NotAuthentic,
        }
    }
}
