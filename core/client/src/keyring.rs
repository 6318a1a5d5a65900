//! The small record that holds the key of everything on this device, and what it takes to open it.
//!
//! The database key is made once, at random. It rests in the platform's store of secrets, sealed under the key the
//! platform keeps for this installation and, where the person set a PIN, inside that under a key made from the PIN:
//! then both are needed. Setting, changing or clearing a PIN wraps the same key anew; the database is never
//! encrypted again for it. Destroying this record destroys the data.
//!
//! Not here: counting attempts and opening the database (`lock`). Everything here is a function of its arguments.

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use shenhai_crypto::{PIN_BYTES, PinError, PinLock, PinParams, SealingKey};
use shenhai_protocol::LeaseRules;
use zeroize::Zeroizing;

/// Under which name the record is kept by the platform.
pub(crate) const RECORD: &str = "lock";
/// Under which name the database key itself is kept for unlocking by biometrics, sealed under the platform's key.
/// The platform hands it out only after it recognised the person.
pub(crate) const BIOMETRIC: &str = "bio";
/// Under which name the database's anchor is kept.
pub(crate) const ANCHOR: &str = "anchor";

/// What binds a sealed record to its purpose.
const RECORD_AAD: &[u8] = b"shenhai-lock-v1";
const BIOMETRIC_AAD: &[u8] = b"shenhai-bio-v1";
/// The record's first version.
const VERSION: u32 = 1;
/// The key of the database. Boxed: moving it through futures would leave copies of the bytes behind.
pub(crate) type StoreKey = Box<Zeroizing<[u8; 16]>>;

/// What a PIN has to satisfy and what happens to a wrong one. Of the last signed-in person's grant; kept outside of
/// the database because it is needed while that is shut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LockRules {
    pub(crate) attempts: u32,
    pub(crate) digits: u32,
    pub(crate) after_minutes: u32,
    pub(crate) required: bool,
}

impl Default for LockRules {
    /// Before anybody signed in.
    fn default() -> Self {
        Self {
            attempts: 5,
            digits: 6,
            after_minutes: 5,
            required: false,
        }
    }
}

impl From<&LeaseRules> for LockRules {
    fn from(rules: &LeaseRules) -> Self {
        Self {
            // Without a single attempt the data could never be opened.
            attempts: rules.pin_attempts.max(1),
            digits: rules.pin_digits,
            after_minutes: rules.lock_after_minutes,
            required: rules.pin_required,
        }
    }
}

impl LockRules {
    /// Whether these digits may be a PIN.
    pub(crate) fn allow(&self, pin: &str) -> bool {
        let fewest = usize::try_from(self.digits).unwrap_or(usize::MAX);
        pin.len() >= fewest && PIN_BYTES.contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit())
    }
}

/// How the database key lies in the record.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wrapped {
    /// As it is.
    Platform(Zeroizing<Vec<u8>>),
    /// Under a key made from the PIN.
    Pin(Vec<u8>),
    /// Destroyed.
    Erased,
}

/// The record.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    v: u32,
    key: Wrapped,
    /// Wrong PINs in a row; counted before the PIN is tried.
    pub(crate) wrong: u32,
    pub(crate) rules: LockRules,
    /// The platform keeps the key under biometric protection too.
    pub(crate) biometric: bool,
}

/// The record cannot be opened with the platform's key, or is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record of keys belongs to another key")]
pub(crate) struct Unreadable;

impl KeyRecord {
    /// A new database key, without a PIN.
    pub(crate) fn fresh(rng: &mut dyn CryptoRng) -> (Self, StoreKey) {
        let mut key = StoreKey::default();
        rng.fill_bytes(key.as_mut_slice());
        (Self::of(Wrapped::Platform(Zeroizing::new(key.to_vec()))), key)
    }

    /// What is left after the key was destroyed.
    pub(crate) fn erased() -> Self {
        Self::of(Wrapped::Erased)
    }

    fn of(key: Wrapped) -> Self {
        Self {
            v: VERSION,
            key,
            wrong: 0,
            rules: LockRules::default(),
            biometric: false,
        }
    }

    pub(crate) fn is_erased(&self) -> bool {
        self.key == Wrapped::Erased
    }

    pub(crate) fn has_pin(&self) -> bool {
        matches!(self.key, Wrapped::Pin(_))
    }

    /// Wrong PINs left before the key is destroyed.
    pub(crate) fn attempts_left(&self) -> u32 {
        self.rules.attempts.saturating_sub(self.wrong)
    }

    /// As bytes for the platform's store.
    pub(crate) fn seal(&self, platform: &[u8; 16], rng: &mut dyn CryptoRng) -> Vec<u8> {
        // Texts, numbers and bytes always have a JSON form.
        let plain = Zeroizing::new(serde_json::to_vec(self).unwrap_or_default());
        SealingKey::from_bytes(platform).seal(&plain, RECORD_AAD, rng)
    }

    /// The other way.
    pub(crate) fn unseal(platform: &[u8; 16], sealed: &[u8]) -> Result<Self, Unreadable> {
        let plain = SealingKey::from_bytes(platform)
            .open(sealed, RECORD_AAD)
            .map_err(|_| Unreadable)?;
        let record: Self = serde_json::from_slice(&Zeroizing::new(plain)).map_err(|_| Unreadable)?;
        if record.v == VERSION {
            Ok(record)
        } else {
            Err(Unreadable)
        }
    }

    /// The database key, where no PIN stands before it.
    pub(crate) fn key(&self) -> Option<StoreKey> {
        match &self.key {
            Wrapped::Platform(bytes) => whole(bytes),
            Wrapped::Pin(_) | Wrapped::Erased => None,
        }
    }

    /// The database key by its PIN; `None` when that is not the PIN. Takes a tenth of a second or more.
    pub(crate) fn key_by_pin(&self, pin: &str) -> Option<StoreKey> {
        match &self.key {
            Wrapped::Pin(lock) => PinLock::from_bytes(lock).ok()?.open(pin).ok().map(Box::new),
            Wrapped::Platform(_) | Wrapped::Erased => None,
        }
    }

    /// Put a PIN before the key.
    pub(crate) fn set_pin(
        &mut self,
        pin: &str,
        key: &StoreKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), PinError> {
        let lock = PinLock::create(pin, key, PinParams::default(), rng)?;
        self.key = Wrapped::Pin(lock.to_bytes().to_vec());
        self.wrong = 0;
        Ok(())
    }

    /// Do without one.
    pub(crate) fn clear_pin(&mut self, key: &StoreKey) {
        self.key = Wrapped::Platform(Zeroizing::new(key.to_vec()));
        self.wrong = 0;
        self.biometric = false;
    }
}

/// The database key for the platform to keep under biometric protection.
pub(crate) fn seal_biometric(key: &StoreKey, platform: &[u8; 16], rng: &mut dyn CryptoRng) -> Vec<u8> {
    SealingKey::from_bytes(platform).seal(key.as_slice(), BIOMETRIC_AAD, rng)
}

/// The other way.
pub(crate) fn unseal_biometric(sealed: &[u8], platform: &[u8; 16]) -> Option<StoreKey> {
    let plain = SealingKey::from_bytes(platform)
        .open(sealed, BIOMETRIC_AAD)
        .ok()?;
    whole(&Zeroizing::new(plain))
}

fn whole(bytes: &[u8]) -> Option<StoreKey> {
    let mut key = StoreKey::default();
    (bytes.len() == key.len()).then(|| key.copy_from_slice(bytes))?;
    Some(key)
}

/// How long the next try has to wait after so many wrong ones, milliseconds.
///
/// Counted by a clock that people cannot set; after a restart the whole pause begins anew.
pub(crate) fn pause_after(wrong: u32) -> u64 {
    match wrong {
        0 | 1 => 0,
        2 => 5_000,
        3 => 30_000,
        4..=9 => 60_000,
        _ => 300_000,
    }
}
