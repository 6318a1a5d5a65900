//! Sealing of columns: JSON or bytes in, a blob out that opens only in its own table, row and column.

use crate::StoreError;
use rand_core::CryptoRng;
use serde::{Serialize, de::DeserializeOwned};
use shenhai_crypto::SealingKey;
use std::cell::RefCell;
use zeroize::Zeroizing;

/// The generator for nonces.
#[cfg(not(target_arch = "wasm32"))]
pub type StoreRng = Box<dyn CryptoRng + Send>;
/// The generator for nonces.
#[cfg(target_arch = "wasm32")]
pub type StoreRng = Box<dyn CryptoRng>;

/// Where a sealed value belongs.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'a> {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    /// Its key; empty strings fill up.
    pub(crate) row: [&'a str; 3],
}

impl Cell<'_> {
    fn aad(&self) -> Vec<u8> {
        let mut aad = Vec::with_capacity(96);
        for part in [self.table, self.column].iter().chain(&self.row) {
            // The length keeps ("a","bc") and ("ab","c") apart.
            aad.extend_from_slice(&(part.len() as u64).to_le_bytes());
            aad.extend_from_slice(part.as_bytes());
        }
        aad
    }
}

pub(crate) struct Sealer {
    key: SealingKey,
    rng: RefCell<StoreRng>,
}

impl Sealer {
    pub(crate) fn new(key: &[u8; 16], rng: StoreRng) -> Self {
        Self {
            key: SealingKey::from_bytes(key),
            rng: RefCell::new(rng),
        }
    }

    pub(crate) fn seal(&self, cell: Cell<'_>, plain: &[u8]) -> Vec<u8> {
        self.key.seal(plain, &cell.aad(), &mut **self.rng.borrow_mut())
    }

    pub(crate) fn open(&self, cell: Cell<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let plain = self
            .key
            .open(sealed, &cell.aad())
            .map_err(|_| StoreError::Row(cell.table))?;
        Ok(Zeroizing::new(plain))
    }

    pub(crate) fn seal_json<T: Serialize>(&self, cell: Cell<'_>, value: &T) -> Result<Vec<u8>, StoreError> {
        let plain = Zeroizing::new(serde_json::to_vec(value).map_err(|_| StoreError::Row(cell.table))?);
        Ok(self.seal(cell, &plain))
    }

    pub(crate) fn open_json<T: DeserializeOwned>(
        &self,
        cell: Cell<'_>,
        sealed: &[u8],
    ) -> Result<T, StoreError> {
        serde_json::from_slice(&self.open(cell, sealed)?).map_err(|_| StoreError::Row(cell.table))
    }
}
