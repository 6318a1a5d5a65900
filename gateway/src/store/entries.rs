//! The gateway's own entries, and the records whose alarms are due.
//!
//! Not what an entry does (`crate::records`). Written in the transaction that changes the record.

use super::{Given, Key, RecordRow, Rows, Sealed, StoreError, Tx};
use rusqlite::{OptionalExtension, params};
use shenhai_protocol::{DataClass, HexHash, SignedReceipt, UnixMillis};

/// An entry to be stored.
pub(crate) struct NewEntry<'a> {
    pub(crate) id: &'a HexHash,
    /// The record whose history it belongs to.
    pub(crate) key: &'a Key,
    /// The command or entry that everything up to it follows from.
    pub(crate) chain: &'a str,
    /// Its text.
    pub(crate) payload: String,
}

impl Rows<'_> {
    pub(crate) fn has_entry(&self, id: &HexHash) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM entries WHERE id = ?1)";
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_row([id.as_str()], |row| row.get(0))?)
    }

    /// The own entries of a record whose commit was signed, oldest first: each as a receipt stands in its commit, with its leaf of
    /// the log.
    pub(crate) fn entries_of(&self, key: &Key) -> Result<Vec<(u64, SignedReceipt)>, StoreError> {
        let sql = "SELECT e.leaf, e.payload, e.commit_n, e.commit_index FROM entries e JOIN commits s ON s.n = e.commit_n
             WHERE e.key = ?1 AND s.sig IS NOT NULL ORDER BY e.n";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([key.as_str()], |row| {
            let given = Given {
                payload: row.get(1)?,
                commit: row.get(2)?,
                index: row.get(3)?,
            };
            Ok((row.get(0)?, given))
        })?;
        let mut entries = Vec::new();
        for row in rows {
            let (leaf, given): (u64, Given) = row?;
            let sealed: Sealed = self.sealed(given.commit)?.ok_or(StoreError::Document("commit"))?;
            entries.push((leaf, sealed.receipt(given)?));
        }
        Ok(entries)
    }

    /// Records of which an alarm that asks for an act is due, the longest due first.
    pub(crate) fn alarmed(&self, now: UnixMillis, limit: usize) -> Result<Vec<Key>, StoreError> {
        let sql = "SELECT key FROM records WHERE next_at <= ?1 ORDER BY next_at, key LIMIT ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map(params![now.0, limit], |row| Ok(Key::stored(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// When the next alarm goes off.
    pub(crate) fn next_alarm(&self) -> Result<Option<UnixMillis>, StoreError> {
        let sql = "SELECT min(next_at) FROM records WHERE next_at IS NOT NULL";
        let mut statement = self.conn.prepare_cached(sql)?;
        let next: Option<Option<i64>> = statement.query_row([], |row| row.get(0)).optional()?;
        Ok(next.flatten().map(UnixMillis))
    }
}

impl Tx<'_> {
    /// Store an entry, give it in this commit and put it into the log.
    pub(crate) fn insert_entry(&mut self, entry: NewEntry<'_>) -> Result<(), StoreError> {
        let leaf = self.append_leaf(DataClass::OrderClosing, &entry.payload)?;
        let given = self.give(entry.payload);
        let sql = "INSERT INTO entries (id, key, chain, payload, commit_n, commit_index, leaf)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        self.conn.prepare_cached(sql)?.execute(params![
            entry.id.as_str(),
            entry.key.as_str(),
            entry.chain,
            given.payload,
            given.commit,
            given.index,
            leaf
        ])?;
        Ok(())
    }

    /// Look at a record's alarms next at this instant.
    pub(crate) fn look_at(&mut self, row: &RecordRow, next: Option<UnixMillis>) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("UPDATE records SET next_at = ?2 WHERE key = ?1")?
            .execute(params![row.key.as_str(), next.map(|at| at.0)])?;
        Ok(())
    }
}
