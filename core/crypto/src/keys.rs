//! SM2 keys (GB/T 32918.1-2016, the recommended curve of GB/T 32918.5-2017) and the names derived from them.
//!
//! Not here: where a secret key rests. A shell wraps its bytes with the platform's key store.
//! Called by the client (device key) and the gateway (receipt key, enrolled device keys).

use crate::signature::{ORDER, Signature};
use crate::verdict::{InvalidReason, Verdict};
use crate::{CryptoRng, sm3};
use sm2::dsa::signature::{RandomizedSigner, Verifier};
use sm2::dsa::{SigningKey, VerifyingKey};
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// The signer's identity that enters every signature, GB/T 32918.2 and GM/T 0009 §10.
pub(crate) const DEFAULT_ID: &str = "1234567812345678";

/// Why bytes are not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not the number of bytes or hex digits of a key.
    #[error("wrong length")]
    Length,
    /// Not lower-case hex digits.
    #[error("not lower-case hex")]
    NotHex,
    /// A public key that does not begin with `04`.
    #[error("not an uncompressed point")]
    NotUncompressed,
    /// A public key that is not a point of the curve.
    #[error("not on the curve")]
    NotOnCurve,
    /// A signer's identity of 8192 bytes or more, which no signature can name (GB/T 32918.2 §5.5).
    #[error("identity too long")]
    Identity,
    /// A secret key outside 1 … n − 2.
    #[error("secret key out of range")]
    OutOfRange,
}

/// An SM2 secret key. Its bytes are overwritten when it is dropped and never printed.
pub struct SecretKey {
    // The scalar is kept here and not as a `SigningKey`, which does not overwrite its memory.
    scalar: sm2::SecretKey,
    public: PublicKey,
}

impl SecretKey {
    /// A new key from the caller's generator.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        loop {
            // GB/T 32918.1 §6.1: draw until the value lies in 1 … n − 2. A draw fails once in 2^32.
            rng.fill_bytes(bytes.as_mut());
            if let Ok(key) = Self::from_bytes(&bytes) {
                return key;
            }
        }
    }

    /// A key from its 32 big-endian bytes.
    ///
    /// # Errors
    /// [`KeyError::OutOfRange`] outside 1 … n − 2.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        // d = n − 1 is below n, but 1 + d then has no inverse and no signature exists.
        if bytes[..31] == ORDER[..31] && bytes[31] == ORDER[31] - 1 {
            return Err(KeyError::OutOfRange);
        }
        let scalar = sm2::SecretKey::from_slice(bytes).map_err(|_| KeyError::OutOfRange)?;
        let verifying =
            VerifyingKey::new(DEFAULT_ID, scalar.public_key()).map_err(|_| KeyError::OutOfRange)?;
        Ok(Self {
            scalar,
            public: PublicKey { verifying },
        })
    }

    /// The 32 big-endian bytes, overwritten when dropped.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.scalar.to_bytes().into())
    }

    /// The key others verify with.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Sign `message` (GB/T 32918.2-2016 §6 with SM3 and the default identity).
    ///
    /// The per-signature secret comes from RFC 6979 over the key, the message and the generator's bytes: a
    /// weak generator does not reveal the key.
    pub fn sign<R: CryptoRng + ?Sized>(&self, message: &[u8], rng: &mut R) -> Signature {
        self.signed(DEFAULT_ID, message, rng)
    }

    /// Sign `message` as the signer named `id`, for counterparts that do not use the default identity.
    ///
    /// # Errors
    /// [`KeyError::Identity`] when `id` is longer than its 16-bit length in bits can say.
    pub fn sign_with_id<R: CryptoRng + ?Sized>(
        &self,
        id: &str,
        message: &[u8],
        rng: &mut R,
    ) -> Result<Signature, KeyError> {
        check_id(id)?;
        Ok(self.signed(id, message, rng))
    }

    fn signed<R: CryptoRng + ?Sized>(&self, id: &str, message: &[u8], rng: &mut R) -> Signature {
        loop {
            // §6.1 steps A3, A5, A6: a zero r, s or r + k means a new k. Chance about 2^-255.
            let signed =
                SigningKey::new(id, &self.scalar).and_then(|key| key.try_sign_with_rng(rng, message));
            if let Ok(signature) = signed {
                return Signature::from_inner(signature);
            }
        }
    }

    pub(crate) fn scalar(&self) -> &sm2::SecretKey {
        &self.scalar
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", fingerprint(&self.public))
    }
}

/// An SM2 public key, known to be a point of the curve.
#[derive(Clone)]
pub struct PublicKey {
    verifying: VerifyingKey,
}

impl PublicKey {
    /// A key from the 130 lower-case hex digits of `04‖x‖y`.
    ///
    /// # Errors
    /// [`KeyError`] says which rule the text breaks.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        if text.len() != 130 {
            return Err(KeyError::Length);
        }
        let mut bytes = [0_u8; 65];
        base16ct::lower::decode(text, &mut bytes).map_err(|_| KeyError::NotHex)?;
        Self::from_sec1(&bytes)
    }

    /// A key from the 65 bytes `04‖x‖y` (GB/T 32918.1 §4.2.9, SEC 1 §2.3.3).
    ///
    /// # Errors
    /// [`KeyError::Length`], [`KeyError::NotUncompressed`], [`KeyError::NotOnCurve`].
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, KeyError> {
        match bytes.first() {
            Some(4) if bytes.len() == 65 => {}
            Some(4) | None => return Err(KeyError::Length),
            Some(_) => return Err(KeyError::NotUncompressed),
        }
        let verifying = VerifyingKey::from_sec1_bytes(DEFAULT_ID, bytes).map_err(|_| KeyError::NotOnCurve)?;
        Ok(Self { verifying })
    }

    /// The 65 bytes `04‖x‖y`.
    #[must_use]
    pub fn to_sec1(&self) -> Box<[u8]> {
        self.verifying.to_sec1_bytes()
    }

    /// The 130 lower-case hex digits of `04‖x‖y`.
    #[must_use]
    pub fn to_hex(&self) -> String {
        base16ct::lower::encode_string(&self.to_sec1())
    }

    /// Check a signature over `message` (GB/T 32918.2-2016 §7 with SM3 and the default identity).
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Verdict {
        verdict(&self.verifying, message, signature)
    }

    /// Check a signature made under the identity `id`. An identity too long to exist has signed nothing.
    pub fn verify_with_id(&self, id: &str, message: &[u8], signature: &Signature) -> Verdict {
        let named = check_id(id)
            .and_then(|()| VerifyingKey::new(id, (&self.verifying).into()).map_err(|_| KeyError::Identity));
        match named {
            Ok(key) => verdict(&key, message, signature),
            Err(error) => Verdict::Invalid(InvalidReason::Key(error)),
        }
    }

    pub(crate) fn point(&self) -> sm2::PublicKey {
        (&self.verifying).into()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.verifying.as_affine() == other.verifying.as_affine()
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.to_hex())
    }
}

fn verdict(key: &VerifyingKey, message: &[u8], signature: &Signature) -> Verdict {
    match key.verify(message, signature.inner()) {
        Ok(()) => Verdict::Valid,
        Err(_) => Verdict::Invalid(InvalidReason::Mismatch),
    }
}

/// The identity's length in bits is written in two bytes.
fn check_id(id: &str) -> Result<(), KeyError> {
    if id.len() < 8192 {
        Ok(())
    } else {
        Err(KeyError::Identity)
    }
}

/// The id of the device that holds `key`: the first 16 bytes of SM3 over `04‖x‖y`, 32 hex digits.
#[must_use]
pub fn device_id(key: &PublicKey) -> String {
    base16ct::lower::encode_string(&sm3(&key.to_sec1()).as_bytes()[..16])
}

/// What a person compares by eye: the first 16 hex digits of SM3 over `04‖x‖y`.
#[must_use]
pub fn fingerprint(key: &PublicKey) -> String {
    base16ct::lower::encode_string(&sm3(&key.to_sec1()).as_bytes()[..8])
}
