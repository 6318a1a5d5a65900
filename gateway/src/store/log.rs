//! The Merkle log of receipts: its nodes, its size, and proofs read from them.
//!
//! Not the tree's rules (`shenhai_proof`) and not its signed heads (`crate::log`). Appended to when a command is
//! stored, in the same transaction: a receipt that was given is in the log, and nothing else is.

use super::{Rows, StoreError, Tx};
use rusqlite::{Connection, OptionalExtension, params};
use shenhai_crypto::Digest32;
use shenhai_proof::{Nodes, ProveError, append, leaf_hash};
use shenhai_protocol::{DataClass, HexHash};

/// The nodes of one log in the database.
struct Kept<'c> {
    conn: &'c Connection,
    class: DataClass,
}

impl Nodes for Kept<'_> {
    type Error = StoreError;

    fn node(&self, level: u32, index: u64) -> Result<Digest32, StoreError> {
        let sql = "SELECT hash FROM log_nodes WHERE class = ?1 AND level = ?2 AND idx = ?3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let hash: Option<[u8; 32]> = statement
            .query_row(params![self.class.name(), level, index], |row| row.get(0))
            .optional()?;
        hash.map(Digest32::from_bytes)
            .ok_or(StoreError::Document("log node"))
    }
}

impl Rows<'_> {
    /// Leaves of a log.
    pub(crate) fn log_size(&self, class: DataClass) -> Result<u64, StoreError> {
        size(self.conn, class)
    }

    /// Root over the first `size` leaves, which the log must have.
    pub(crate) fn log_root(&self, class: DataClass, size: u64) -> Result<HexHash, StoreError> {
        let root = shenhai_proof::root(&self.log(class), size)?;
        Ok(HexHash(root.to_hex()))
    }

    /// Audit path of a leaf in the log of `size` leaves; `None` where there is no such leaf.
    pub(crate) fn log_inclusion(
        &self,
        class: DataClass,
        index: u64,
        size: u64,
    ) -> Result<Option<Vec<HexHash>>, StoreError> {
        proven(shenhai_proof::inclusion(&self.log(class), index, size))
    }

    /// Consistency proof between two sizes; `None` where the log does not have them or they go backwards.
    pub(crate) fn log_consistency(
        &self,
        class: DataClass,
        from: u64,
        to: u64,
    ) -> Result<Option<Vec<HexHash>>, StoreError> {
        if to > self.log_size(class)? {
            return Ok(None);
        }
        proven(shenhai_proof::consistency(&self.log(class), from, to))
    }

    fn log(&self, class: DataClass) -> Kept<'_> {
        Kept {
            conn: self.conn,
            class,
        }
    }
}

impl Tx<'_> {
    /// Add a leaf; answers its index.
    pub(crate) fn append_leaf(&mut self, class: DataClass, content: &str) -> Result<u64, StoreError> {
        append_leaf(self.conn, class, content)
    }
}

fn proven(path: Result<Vec<Digest32>, ProveError<StoreError>>) -> Result<Option<Vec<HexHash>>, StoreError> {
    match path {
        Ok(path) => Ok(Some(path.iter().map(|hash| HexHash(hash.to_hex())).collect())),
        Err(ProveError::Range(_)) => Ok(None),
        Err(ProveError::Nodes(error)) => Err(error),
    }
}

fn size(conn: &Connection, class: DataClass) -> Result<u64, StoreError> {
    let mut statement = conn.prepare_cached("SELECT size FROM log_sizes WHERE class = ?1")?;
    let size = statement.query_row([class.name()], |row| row.get(0)).optional()?;
    Ok(size.unwrap_or(0))
}

fn append_leaf(conn: &Connection, class: DataClass, content: &str) -> Result<u64, StoreError> {
    let index = size(conn, class)?;
    let new = append(&Kept { conn, class }, index, leaf_hash(content.as_bytes()))?;
    let mut insert =
        conn.prepare_cached("INSERT INTO log_nodes (class, level, idx, hash) VALUES (?1, ?2, ?3, ?4)")?;
    for node in new {
        insert.execute(params![
            class.name(),
            node.level,
            node.index,
            node.hash.as_bytes()
        ])?;
    }
    let grow = match index {
        0 => "INSERT INTO log_sizes (class, size) VALUES (?1, 1)",
        _ => "UPDATE log_sizes SET size = size + 1 WHERE class = ?1",
    };
    conn.prepare_cached(grow)?.execute([class.name()])?;
    Ok(index)
}
