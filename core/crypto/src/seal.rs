//! Sealing: SM4-GCM (GB/T 32907-2016, GB/T 17964-2021 §GCM, RFC 8998) for what rests on a device.
//!
//! Not here: the key's own keeping. Called by the store for callers' data and unsent work.
//!
//! A sealed blob is `01 ‖ nonce (12) ‖ cipher text ‖ tag (16)`. The nonce is random: below 2^32 blobs under one
//! key the chance of a repeat stays under 2^-32 (NIST SP 800-38D §8.3), and a device writes far fewer.

use crate::CryptoRng;
use aes_gcm::AesGcm;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use shenhai_sm4::Sm4;
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;
const HEADER: usize = 1 + NONCE;

type Sm4Gcm = AesGcm<Sm4, U12>;

/// Why a blob was not opened.
///
/// One answer for every cryptographic failure: a wrong key, other associated data and a changed byte look
/// alike, so that the answer tells an attacker nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OpenError {
    /// Shorter than an empty blob.
    #[error("truncated")]
    Truncated,
    /// A format of another version of this product.
    #[error("unknown sealing version {0}")]
    UnknownVersion(u8),
    /// Not sealed with this key and this associated data, or changed since.
    #[error("not authentic")]
    NotAuthentic,
}

/// An SM4 key for sealing. Its bytes are overwritten when it is dropped and never printed.
#[derive(Clone)]
pub struct SealingKey(Zeroizing<[u8; 16]>);

impl SealingKey {
    /// A new key from the caller's generator.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut bytes = Zeroizing::new([0_u8; 16]);
        rng.fill_bytes(bytes.as_mut());
        Self(bytes)
    }

    /// A key from its 16 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 16]) -> Self {
        Self(Zeroizing::new(*bytes))
    }

    /// The 16 bytes, overwritten when dropped.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 16]> {
        self.0.clone()
    }

    /// Seal `plaintext`, bound to `aad` (where it belongs, e.g. table and row), which is not stored.
    ///
    /// The result is 29 bytes longer than `plaintext`.
    pub fn seal<R: CryptoRng + ?Sized>(&self, plaintext: &[u8], aad: &[u8], rng: &mut R) -> Vec<u8> {
        let mut nonce = [0_u8; NONCE];
        rng.fill_bytes(&mut nonce);
        self.seal_with(plaintext, aad, nonce)
    }

    fn seal_with(&self, plaintext: &[u8], aad: &[u8], nonce: [u8; NONCE]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(HEADER + plaintext.len() + TAG);
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        let body = self
            .cipher()
            .encrypt(&nonce.into(), Payload { msg: plaintext, aad })
            .expect("GCM takes up to 64 GiB (SP 800-38D §5.2.1.1), more than a blob in memory has");
        sealed.extend_from_slice(&body);
        sealed
    }

    /// Open what [`Self::seal`] made with the same `aad`.
    ///
    /// # Errors
    /// [`OpenError`]; nothing of the plain text is given out before the tag was checked.
    pub fn open(&self, sealed: &[u8], aad: &[u8]) -> Result<Vec<u8>, OpenError> {
        match sealed.first() {
            None => return Err(OpenError::Truncated),
            Some(&VERSION) => {}
            Some(&other) => return Err(OpenError::UnknownVersion(other)),
        }
        if sealed.len() < HEADER + TAG {
            return Err(OpenError::Truncated);
        }
        let mut nonce = [0_u8; NONCE];
        nonce.copy_from_slice(&sealed[1..HEADER]);
        self.cipher()
            .decrypt(
                &nonce.into(),
                Payload {
                    msg: &sealed[HEADER..],
                    aad,
                },
            )
            .map_err(|_| OpenError::NotAuthentic)
    }

    fn cipher(&self) -> Sm4Gcm {
        Sm4Gcm::new(&(*self.0).into())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(..)")
    }
}
