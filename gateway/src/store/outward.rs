//! What accepted acts and entries cause beyond their records and was not carried out yet, and who holds whom as a link.
//!
//! Not what is to be done (`crate::records`): a document here. Stored in the transaction of its cause.

use super::{Key, Rows, StoreError, Tx};
use rusqlite::{OptionalExtension, params};
use shenhai_protocol::{Cause, HexHash};

/// One thing to be carried out.
#[derive(Debug, Clone)]
pub(crate) struct OutwardRow {
    /// Its number.
    pub(crate) n: i64,
    /// The record it is about: whose act asked for it, or who is told.
    pub(crate) key: Key,
    pub(crate) cause: Cause,
    /// The command or entry with which it began.
    pub(crate) chain: String,
    /// What.
    pub(crate) doc: String,
}

/// A record that holds another as a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) key: Key,
    /// The link's key.
    pub(crate) link: HexHash,
}

impl Rows<'_> {
    /// What was caused first and is not carried out.
    pub(crate) fn next_outward(&self) -> Result<Option<OutwardRow>, StoreError> {
        let sql = "SELECT n, key, cause, ordinal, depth, chain, doc FROM outward
             WHERE aside = 0 ORDER BY n LIMIT 1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let row = statement.query_row([], |row| {
            Ok(OutwardRow {
                n: row.get(0)?,
                key: Key::stored(row.get(1)?),
                cause: Cause {
                    entry: row.get(2)?,
                    ordinal: row.get(3)?,
                    depth: row.get(4)?,
                },
                chain: row.get(5)?,
                doc: row.get(6)?,
            })
        });
        Ok(row.optional()?)
    }

    /// Entries of one chain so far.
    pub(crate) fn chain_length(&self, chain: &str) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM entries WHERE chain = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_row([chain], |row| row.get(0))?)
    }

    /// Who holds a record as a link, in a fixed order.
    pub(crate) fn holders_of(&self, key: &Key) -> Result<Vec<Holder>, StoreError> {
        let sql = "SELECT holder, link FROM linked WHERE key = ?1 ORDER BY holder, link";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([key.as_str()], |row| {
            Ok(Holder {
                key: Key::stored(row.get(0)?),
                link: HexHash(row.get(1)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Store something to be carried out.
    pub(crate) fn insert_outward(
        &mut self,
        key: &Key,
        cause: &Cause,
        chain: &str,
        doc: &str,
    ) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO outward (key, cause, ordinal, depth, chain, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let row = params![key.as_str(), cause.entry, cause.ordinal, cause.depth, chain, doc];
        self.conn.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }

    /// It was carried out.
    pub(crate) fn delete_outward(&mut self, n: i64) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("DELETE FROM outward WHERE n = ?1")?
            .execute([n])?;
        Ok(())
    }

    /// It can never be carried out: out of the way of the others, and kept.
    pub(crate) fn put_outward_aside(&mut self, n: i64) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("UPDATE outward SET aside = 1 WHERE n = ?1")?
            .execute([n])?;
        Ok(())
    }

    /// A record is held as a link from now on.
    pub(crate) fn hold_link(&mut self, key: &Key, holder: &Holder) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO linked (key, holder, link) VALUES (?1, ?2, ?3)";
        let row = params![key.as_str(), holder.key.as_str(), holder.link.as_str()];
        self.conn.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }
}
