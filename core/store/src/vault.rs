//! The secret keys of devices, sealed once more inside the sealed database.
//!
//! SQLite and what lies between it and us copy what they read and free it as it is: pages, rows, parameters. What must
//! not outlive the store in memory is therefore opened here alone, into buffers that are overwritten. Called by `read`
//! and `write`, and by `schema` and `rescue` for rows that earlier versions kept in clear.

use crate::{StoreError, StoreRng};
use shenhai_crypto::{SealingKey, hmac_sm3};
use std::cell::{RefCell, RefMut};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of an SM2 secret key.
const SECRET: usize = 32;
/// What the vault's own key is derived for.
const PURPOSE: &[u8] = b"shenhai-identity-v1";

/// A secret key in memory. Boxed: moving it would leave copies of the bytes behind.
pub(crate) type Secret = Box<Zeroizing<[u8; SECRET]>>;

/// Seals secret keys under a key derived from the database's, each bound to its device.
pub(crate) struct Vault {
    key: Box<SealingKey>,
    rng: RefCell<StoreRng>,
}

impl Vault {
    pub(crate) fn new(database_key: &[u8; 16], rng: StoreRng) -> Self {
        let derived = Zeroizing::new(hmac_sm3(database_key, PURPOSE));
        let mut key = Zeroizing::new([0; 16]);
        key.copy_from_slice(&derived[..16]);
        Self {
            key: Box::new(SealingKey::from_bytes(&key)),
            rng: RefCell::new(rng),
        }
    }

    /// The generator of nonces.
    pub(crate) fn rng(&self) -> RefMut<'_, StoreRng> {
        self.rng.borrow_mut()
    }

    /// A secret key as the column `identities.secret` holds it.
    pub(crate) fn seal(&self, device: &str, secret: &[u8]) -> Vec<u8> {
        self.key.seal(secret, device.as_bytes(), &mut **self.rng())
    }

    /// The other way.
    pub(crate) fn open(&self, device: &str, sealed: &[u8]) -> Result<Secret, StoreError> {
        let unreadable = |_| StoreError::Row("identities");
        let plain = self.key.open(sealed, device.as_bytes()).map_err(unreadable)?;
        let plain = Zeroizing::new(plain);
        let mut secret = Secret::default();
        if plain.len() != secret.len() {
            return Err(StoreError::Row("identities"));
        }
        secret.copy_from_slice(&plain);
        Ok(secret)
    }

    /// Seal what versions 1 and 2 kept in clear; a column that is sealed already stays. `column` is overwritten.
    pub(crate) fn seal_clear(&self, device: &str, column: &mut Vec<u8>) {
        if column.len() == SECRET {
            let sealed = self.seal(device, column);
            column.zeroize();
            *column = sealed;
        }
    }
}
