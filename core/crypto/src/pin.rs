//! A PIN that guards a key: PBKDF2-HMAC-SM3 (RFC 8018 with GB/T 32905) stretches it, SM4-GCM wraps the key with the result.
//!
//! Not the attempt limit, which the client keeps: six digits have a million values, so whoever copies this record can
//! try them all in a day or so. It belongs into the platform's own key store and delays there; it is no safe by itself.
//! Called by the client's lock.
//!
//! A record is `"SHPL" ‖ 01 (version) ‖ 01 (PBKDF2-HMAC-SM3) ‖ iterations (4, big-endian) ‖ salt (16) ‖ sealed key (45)`.
//! Everything before the sealed key is bound to it, so that no parameter can be changed.

use crate::CryptoRng;
use crate::seal::SealingKey;
use sm3::Sm3;
use std::fmt;
use std::ops::RangeInclusive;
use thiserror::Error;
use zeroize::Zeroizing;

/// Bytes of a record.
pub const PIN_RECORD: usize = HEAD + 45;
/// Bytes of a PIN in UTF-8. How many digits a role needs is the client's rule; this only keeps nonsense out.
pub const PIN_BYTES: RangeInclusive<usize> = 4..=64;
/// Iterations that are accepted. The upper end keeps a forged record from holding a device for more than seconds.
pub const PIN_ITERATIONS: RangeInclusive<u32> = 1_000..=2_000_000;

const MAGIC: &[u8; 6] = b"SHPL\x01\x01";
const SALT: usize = 16;
const HEAD: usize = MAGIC.len() + 4 + SALT;

/// How hard a PIN is to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinParams {
    /// Rounds of PBKDF2, within [`PIN_ITERATIONS`].
    pub iterations: u32,
}

impl Default for PinParams {
    /// 200,000 rounds: about a tenth of a second on a desktop (measured: 95 ms in a release build).
    fn default() -> Self {
        Self { iterations: 200_000 }
    }
}

/// Why a PIN guards or opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PinError {
    /// A PIN outside of [`PIN_BYTES`].
    #[error("length of the PIN")]
    PinLength,
    /// Outside of [`PIN_ITERATIONS`].
    #[error("number of iterations")]
    Iterations,
    /// Not [`PIN_RECORD`] bytes.
    #[error("not the length of a PIN record")]
    Length,
    /// Not a record of this version.
    #[error("not a PIN record of this version")]
    UnknownVersion,
    /// Another PIN, or a changed record: which of them cannot be told.
    #[error("wrong PIN")]
    WrongPin,
}

/// A key of 16 bytes behind a PIN.
#[derive(Clone, PartialEq, Eq)]
pub struct PinLock([u8; PIN_RECORD]);

impl PinLock {
    /// Put `secret` behind `pin`. Takes as long as [`Self::open`].
    ///
    /// # Errors
    /// [`PinError::PinLength`], [`PinError::Iterations`].
    pub fn create<R: CryptoRng + ?Sized>(
        pin: &str,
        secret: &[u8; 16],
        params: PinParams,
        rng: &mut R,
    ) -> Result<Self, PinError> {
        check(pin, params.iterations)?;
        let mut record = [0_u8; PIN_RECORD];
        let (head, wrapped) = record.split_at_mut(HEAD);
        head[..MAGIC.len()].copy_from_slice(MAGIC);
        head[MAGIC.len()..HEAD - SALT].copy_from_slice(&params.iterations.to_be_bytes());
        rng.fill_bytes(&mut head[HEAD - SALT..]);
        let sealed = stretched(pin, head, params.iterations).seal(secret, head, rng);
        wrapped.copy_from_slice(&sealed);
        Ok(Self(record))
    }

    /// A record from its bytes.
    ///
    /// # Errors
    /// [`PinError::Length`], [`PinError::UnknownVersion`], [`PinError::Iterations`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PinError> {
        let record: [u8; PIN_RECORD] = bytes.try_into().map_err(|_| PinError::Length)?;
        if !record.starts_with(MAGIC) {
            return Err(PinError::UnknownVersion);
        }
        let lock = Self(record);
        if PIN_ITERATIONS.contains(&lock.iterations()) {
            Ok(lock)
        } else {
            Err(PinError::Iterations)
        }
    }

    /// The record's bytes. They are as secret as the PIN is short.
    #[must_use]
    pub fn to_bytes(&self) -> &[u8; PIN_RECORD] {
        &self.0
    }

    /// The parameters it was made with.
    #[must_use]
    pub fn params(&self) -> PinParams {
        PinParams {
            iterations: self.iterations(),
        }
    }

    /// The key behind the PIN. Takes time on purpose: about half a microsecond for each iteration on a desktop.
    ///
    /// # Errors
    /// [`PinError::WrongPin`], [`PinError::PinLength`].
    pub fn open(&self, pin: &str) -> Result<Zeroizing<[u8; 16]>, PinError> {
        check(pin, self.iterations())?;
        let (head, wrapped) = self.0.split_at(HEAD);
        let secret = stretched(pin, head, self.iterations())
            .open(wrapped, head)
            .map(Zeroizing::new)
            .map_err(|_| PinError::WrongPin)?;
        let secret: &[u8; 16] = secret.as_slice().try_into().map_err(|_| PinError::WrongPin)?;
        Ok(Zeroizing::new(*secret))
    }

    fn iterations(&self) -> u32 {
        let mut bytes = [0_u8; 4];
        bytes.copy_from_slice(&self.0[MAGIC.len()..HEAD - SALT]);
        u32::from_be_bytes(bytes)
    }
}

impl fmt::Debug for PinLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PinLock({} iterations)", self.iterations())
    }
}

fn check(pin: &str, iterations: u32) -> Result<(), PinError> {
    if !PIN_BYTES.contains(&pin.len()) {
        return Err(PinError::PinLength);
    }
    if !PIN_ITERATIONS.contains(&iterations) {
        return Err(PinError::Iterations);
    }
    Ok(())
}

fn stretched(pin: &str, head: &[u8], iterations: u32) -> SealingKey {
    let mut key = Zeroizing::new([0_u8; 16]);
    pbkdf2_hmac_sm3(pin.as_bytes(), &head[HEAD - SALT..], iterations, key.as_mut());
    SealingKey::from_bytes(&key)
}

/// PBKDF2 with HMAC-SM3 (RFC 8018 §5.2). Fills `out`; `iterations` must not be 0.
pub fn pbkdf2_hmac_sm3(password: &[u8], salt: &[u8], iterations: u32, out: &mut [u8]) {
    pbkdf2::pbkdf2_hmac::<Sm3>(password, salt, iterations, out);
}
