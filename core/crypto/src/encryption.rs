//! SM2 public-key encryption (GB/T 32918.4-2016 with SM3): as `C1‖C3‖C2`, and as the `SM2Cipher` of GM/T 0009 §7.2.
//!
//! For keys and other short secrets: wrapping them for the holder of a key. Bulk data is sealed (`seal`,
//! `chunked`). Called by the software provider and by the gateway's adapters.

use crate::CryptoRng;
use crate::keys::{PublicKey, SecretKey};
use sm2::pke::{DecryptingKey, EncryptingKey};
use thiserror::Error;
use zeroize::Zeroizing;

/// Longest plain text: far more than a secret needs.
pub const LONGEST_PLAINTEXT: usize = 4096;
/// C1 (uncompressed point) and C3 (SM3).
const OVERHEAD: usize = 65 + 32;
/// The headers of `SM2Cipher` and the zero bytes that keep two numbers positive.
const DER_OVERHEAD: usize = 32;

/// Why nothing was encrypted or decrypted.
///
/// One answer for every cryptographic failure: a point beside the curve, another key and a changed byte look
/// alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EncryptionError {
    /// An empty plain text, which the standard's key derivation cannot mask.
    #[error("empty")]
    Empty,
    /// More than [`LONGEST_PLAINTEXT`].
    #[error("oversized")]
    Oversized,
    /// Fewer bytes than the shortest cipher text.
    #[error("truncated")]
    Truncated,
    /// Not encrypted for this key, or changed since, or of another form.
    #[error("not authentic")]
    NotAuthentic,
}

impl PublicKey {
    /// Encrypt `plaintext` for the holder of this key, as `C1‖C3‖C2` with C1 uncompressed: 97 bytes longer.
    ///
    /// # Errors
    /// [`EncryptionError::Empty`], [`EncryptionError::Oversized`].
    pub fn encrypt<R: CryptoRng + ?Sized>(
        &self,
        plaintext: &[u8],
        mut rng: &mut R,
    ) -> Result<Vec<u8>, EncryptionError> {
        check_plaintext(plaintext)?;
        self.encrypting()
            .encrypt(&mut rng, plaintext)
            .map_err(|_| EncryptionError::NotAuthentic)
    }

    /// The same as DER `SEQUENCE { x INTEGER, y INTEGER, C3 OCTET STRING, C2 OCTET STRING }`.
    ///
    /// # Errors
    /// [`EncryptionError::Empty`], [`EncryptionError::Oversized`].
    pub fn encrypt_der<R: CryptoRng + ?Sized>(
        &self,
        plaintext: &[u8],
        mut rng: &mut R,
    ) -> Result<Vec<u8>, EncryptionError> {
        check_plaintext(plaintext)?;
        self.encrypting()
            .encrypt_der(&mut rng, plaintext)
            .map_err(|_| EncryptionError::NotAuthentic)
    }

    fn encrypting(&self) -> EncryptingKey {
        EncryptingKey::new(self.point())
    }
}

impl SecretKey {
    /// Decrypt `C1‖C3‖C2`.
    ///
    /// # Errors
    /// [`EncryptionError`]; nothing of the plain text is given out unless C3 matches.
    pub fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, EncryptionError> {
        if ciphertext.len() <= OVERHEAD {
            return Err(EncryptionError::Truncated);
        }
        if ciphertext.len() > OVERHEAD + LONGEST_PLAINTEXT {
            return Err(EncryptionError::Oversized);
        }
        // One form only: a compressed C1 would be a second text for the same message.
        if ciphertext[0] != 4 {
            return Err(EncryptionError::NotAuthentic);
        }
        self.decrypting()
            .decrypt(ciphertext)
            .map(Zeroizing::new)
            .map_err(|_| EncryptionError::NotAuthentic)
    }

    /// Decrypt the `SM2Cipher` of GM/T 0009.
    ///
    /// # Errors
    /// [`EncryptionError`]; nothing of the plain text is given out unless C3 matches.
    pub fn decrypt_der(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, EncryptionError> {
        if ciphertext.len() > OVERHEAD + DER_OVERHEAD + LONGEST_PLAINTEXT {
            return Err(EncryptionError::Oversized);
        }
        let plaintext = self
            .decrypting()
            .decrypt_der(ciphertext)
            .map(Zeroizing::new)
            .map_err(|_| EncryptionError::NotAuthentic)?;
        if plaintext.is_empty() {
            return Err(EncryptionError::Truncated);
        }
        Ok(plaintext)
    }

    fn decrypting(&self) -> DecryptingKey {
        DecryptingKey::new(self.scalar().clone())
    }
}

fn check_plaintext(plaintext: &[u8]) -> Result<(), EncryptionError> {
    match plaintext.len() {
        0 => Err(EncryptionError::Empty),
        1..=LONGEST_PLAINTEXT => Ok(()),
        _ => Err(EncryptionError::Oversized),
    }
}
