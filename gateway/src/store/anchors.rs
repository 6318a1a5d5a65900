//! Heads on their way to the outside chain, and what became of them.
//!
//! Not the sending (`crate::anchor`). Filled and emptied by the anchor's worker; read when a case is exported.

use super::{Rows, StoreError, Tx};
use rusqlite::{OptionalExtension, params};
use shenhai_protocol::{DataClass, SignedHead, UnixMillis};

/// A head to be anchored.
#[derive(Debug, Clone)]
pub(crate) struct WaitingAnchor {
    pub(crate) class: DataClass,
    pub(crate) size: u64,
    pub(crate) head: SignedHead,
    pub(crate) attempts: u32,
    pub(crate) next_at: UnixMillis,
}

/// An anchored head.
#[derive(Debug, Clone)]
pub(crate) struct Anchored {
    pub(crate) size: u64,
    pub(crate) head: SignedHead,
    pub(crate) chain: String,
    pub(crate) transaction: String,
    pub(crate) at: UnixMillis,
}

impl Rows<'_> {
    /// The head of a log that waits, if one does: at most one at a time, so that none overtakes an older one.
    pub(crate) fn waiting_anchor(
        &self,
        class: DataClass,
        epoch: &str,
    ) -> Result<Option<WaitingAnchor>, StoreError> {
        let sql = "SELECT size, payload, sig, attempts, next_at FROM anchors
             WHERE class = ?1 AND epoch = ?2 AND anchored_at IS NULL ORDER BY size LIMIT 1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let row = statement.query_row(params![class.name(), epoch], |row| {
            Ok(WaitingAnchor {
                class,
                size: row.get(0)?,
                head: SignedHead {
                    payload: row.get(1)?,
                    sig: row.get(2)?,
                },
                attempts: row.get(3)?,
                next_at: UnixMillis(row.get(4)?),
            })
        });
        Ok(row.optional()?)
    }

    /// The last anchored head of a log with at most `size` leaves.
    pub(crate) fn last_anchor(
        &self,
        class: DataClass,
        epoch: &str,
        size: u64,
    ) -> Result<Option<Anchored>, StoreError> {
        let sql = "SELECT size, payload, sig, chain, transaction_id, anchored_at FROM anchors
             WHERE class = ?1 AND epoch = ?2 AND size <= ?3 AND anchored_at IS NOT NULL
             ORDER BY size DESC LIMIT 1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let row = statement.query_row(params![class.name(), epoch, size], |row| {
            Ok(Anchored {
                size: row.get(0)?,
                head: SignedHead {
                    payload: row.get(1)?,
                    sig: row.get(2)?,
                },
                chain: row.get(3)?,
                transaction: row.get(4)?,
                at: UnixMillis(row.get(5)?),
            })
        });
        Ok(row.optional()?)
    }
}

impl Tx<'_> {
    pub(crate) fn queue_anchor(&mut self, epoch: &str, waiting: &WaitingAnchor) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO anchors (class, epoch, size, payload, sig, attempts, next_at)
             VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)";
        self.conn.prepare_cached(sql)?.execute(params![
            waiting.class.name(),
            epoch,
            waiting.size,
            waiting.head.payload,
            waiting.head.sig,
            waiting.next_at.0,
        ])?;
        Ok(())
    }

    pub(crate) fn anchor_taken(
        &mut self,
        epoch: &str,
        class: DataClass,
        anchored: &Anchored,
    ) -> Result<(), StoreError> {
        let sql =
            "UPDATE anchors SET attempts = attempts + 1, chain = ?4, transaction_id = ?5, anchored_at = ?6
             WHERE class = ?1 AND epoch = ?2 AND size = ?3 AND anchored_at IS NULL";
        self.conn.prepare_cached(sql)?.execute(params![
            class.name(),
            epoch,
            anchored.size,
            anchored.chain,
            anchored.transaction,
            anchored.at.0,
        ])?;
        Ok(())
    }

    pub(crate) fn anchor_failed(
        &mut self,
        epoch: &str,
        class: DataClass,
        size: u64,
        next_at: UnixMillis,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE anchors SET attempts = attempts + 1, next_at = ?4
             WHERE class = ?1 AND epoch = ?2 AND size = ?3 AND anchored_at IS NULL";
        self.conn
            .prepare_cached(sql)?
            .execute(params![class.name(), epoch, size, next_at.0])?;
        Ok(())
    }
}
