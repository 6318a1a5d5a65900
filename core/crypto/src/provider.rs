//! The one interface behind which all cryptography with kept keys happens.
//!
//! Not a key store and not a protocol: a caller names a key and never holds it. [`crate::SoftwareProvider`] is
//! one implementation; a platform's key store, the city's 签名验签服务 (GM/T 0029), a trusted cryptographic service
//! or a certified module is another. Called by the gateway and the client.

use crate::certificate::{Certificate, Usage, verify_chain_by};
use crate::digest::Digest32;
use crate::keys::PublicKey;
use crate::signature::Signature;
use crate::verdict::Verdict;
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// The name of a key that a provider keeps, e.g. `receipt`, `authority`, `device`. No key bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyRef(String);

impl KeyRef {
    /// The key called `name`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who did the work, for records and for the people who must judge them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The provider's own name, e.g. `software`.
    pub name: String,
    /// What it is.
    pub kind: ProviderKind,
    /// An emulator stands in for it: no result counts outside a test.
    pub emulated: bool,
    /// The number of its certificate (商用密码产品认证证书), `None` for what is not certified.
    pub certified: Option<String>,
}

/// What does the arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProviderKind {
    /// This crate, in the process' own memory.
    Software,
    /// The key store of the device's platform.
    Platform,
    /// 签名验签服务 (GB/T 38629, GM/T 0029).
    SignatureService,
    /// 可信密码服务.
    CryptoService,
    /// 安全认证网关.
    SecurityGateway,
}

/// Why a provider did not do what it was asked. Names no key bytes and no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProviderError {
    /// It keeps no key of this name.
    #[error("no key of this name")]
    UnknownKey,
    /// The key is not for this: a sealing key does not sign.
    #[error("the key is not for this use")]
    WrongUse,
    /// Not made with this key, or changed since.
    #[error("not authentic")]
    NotAuthentic,
    /// What was given is not of the form it must have.
    #[error("malformed")]
    Malformed,
    /// This provider cannot do this.
    #[error("not supported by this provider")]
    Unsupported,
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// Not reachable.
    #[error("not reachable")]
    Unavailable,
    /// It would not do it.
    #[error("refused by the provider")]
    Refused,
    /// Its answer could not be read.
    #[error("unreadable answer")]
    Garbled,
}

/// Somebody who keeps keys and works with them.
///
/// Every call may take as long as a network does; one that gives up answers [`ProviderError::Timeout`] or
/// [`Verdict::Indeterminate`], never success.
pub trait Provider: Send + Sync {
    /// Who this is.
    fn origin(&self) -> Origin;

    /// The key others verify `key`'s signatures with and encrypt to.
    ///
    /// # Errors
    /// [`ProviderError::UnknownKey`]; [`ProviderError::WrongUse`] for a sealing key.
    fn public_key(&self, key: &KeyRef) -> Result<PublicKey, ProviderError>;

    /// Sign `message` with `key` (SM2 over SM3, default identity).
    ///
    /// # Errors
    /// [`ProviderError`]
    fn sign(&self, key: &KeyRef, message: &[u8]) -> Result<Signature, ProviderError>;

    /// Check a signature over `message`.
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> Verdict;

    /// SM3 of `message`.
    ///
    /// # Errors
    /// [`ProviderError`], from a provider that is elsewhere.
    fn digest(&self, message: &[u8]) -> Result<Digest32, ProviderError>;

    /// Seal `plaintext` with the sealing key `key`, bound to `aad`.
    ///
    /// # Errors
    /// [`ProviderError`]
    fn seal(&self, key: &KeyRef, plaintext: &[u8], aad: &[u8]) -> Result<Vec<u8>, ProviderError>;

    /// Open what [`Self::seal`] made with the same key and `aad`.
    ///
    /// # Errors
    /// [`ProviderError::NotAuthentic`] for whatever was made otherwise or changed; [`ProviderError`]
    fn open(&self, key: &KeyRef, sealed: &[u8], aad: &[u8]) -> Result<Vec<u8>, ProviderError>;

    /// Wrap another key: sealed when `key` is a sealing key, encrypted to its public half when it is an SM2 key.
    ///
    /// # Errors
    /// [`ProviderError`]
    fn wrap(&self, key: &KeyRef, secret: &[u8]) -> Result<Vec<u8>, ProviderError>;

    /// The key that [`Self::wrap`] wrapped.
    ///
    /// # Errors
    /// [`ProviderError::NotAuthentic`] for whatever was made otherwise or changed; [`ProviderError`]
    fn unwrap(&self, key: &KeyRef, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProviderError>;

    /// Fill `bytes` from the provider's generator.
    ///
    /// # Errors
    /// [`ProviderError`], from a provider that is elsewhere.
    fn random(&self, bytes: &mut [u8]) -> Result<(), ProviderError>;

    /// Whether `chain`, leaf first, leads to one of `anchors` and its leaf is for `usage`, at a time in unix seconds.
    ///
    /// The rules are [`crate::verify_chain`]'s; each signature is checked by this provider.
    fn verify_certificate(
        &self,
        chain: &[Certificate],
        anchors: &[Certificate],
        usage: Usage,
        at_unix_seconds: i64,
    ) -> Verdict {
        verify_chain_by(
            chain,
            anchors,
            usage,
            at_unix_seconds,
            &|key, message, signature| self.verify(key, message, signature),
        )
    }
}
