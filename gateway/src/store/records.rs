//! Records of packs as they now are, who holds them, what opens their commitments, and the counters of series.
//!
//! Not what a document says (`shenhai-flow`) and not the scopes' logs (`changes`). Called where records are prepared and
//! committed, and by pull.

use super::{Rows, StoreError, Tx};
use rusqlite::{OptionalExtension, Row, params};
use shenhai_protocol::{Disclosure, HexHash, Kind, OrderId, RecordRef, UnixMillis};
use std::collections::{BTreeMap, BTreeSet};

/// How the rows of all tables name an order or a record: an order by its id, a record of a pack as `KIND/ID`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn of_order(order: &OrderId) -> Self {
        Self(order.0.clone())
    }

    pub(crate) fn of_record(record: &RecordRef) -> Self {
        Self(format!("{}/{}", record.kind, record.id))
    }

    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The id, of an order.
    pub(crate) fn order(self) -> OrderId {
        OrderId(self.0)
    }

    /// The record; `None` for an order, whose id begins with a digit.
    pub(crate) fn record(&self) -> Option<RecordRef> {
        let (kind, id) = self.0.split_once('/')?;
        let kind = Kind(kind.to_owned());
        kind.is_well_formed().then(|| RecordRef {
            kind,
            id: OrderId(id.to_owned()),
        })
    }
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordRow {
    pub(crate) key: Key,
    pub(crate) rev: u64,
    /// SM3 over its law.
    pub(crate) law: String,
    /// As docs/record.md writes it.
    pub(crate) doc: String,
}

impl RecordRow {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            key: Key(row.get(0)?),
            rev: row.get(1)?,
            law: row.get(2)?,
            doc: row.get(3)?,
        })
    }
}

/// What is kept of a record besides its row.
#[derive(Debug)]
pub(crate) struct Keeping<'a> {
    pub(crate) row: &'a RecordRow,
    /// Something is still to be done.
    pub(crate) open: bool,
    /// When the next alarm that asks for an act goes off.
    pub(crate) next_at: Option<UnixMillis>,
    /// Who holds it, on whatever seat.
    pub(crate) persons: &'a BTreeSet<String>,
}

impl Rows<'_> {
    pub(crate) fn record_row(&self, key: &Key) -> Result<Option<RecordRow>, StoreError> {
        let sql = "SELECT key, rev, law, doc FROM records WHERE key = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_row([key.as_str()], RecordRow::read).optional()?)
    }

    /// How many open records somebody holds.
    pub(crate) fn load_of(&self, person: &str) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM seated WHERE person = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_row([person], |row| row.get(0))?)
    }

    /// What opens the commitments of a record, by commitment.
    pub(crate) fn opened(&self, key: &Key) -> Result<BTreeMap<HexHash, Disclosure>, StoreError> {
        let sql = "SELECT commitment, label, salt, value FROM opened WHERE key = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([key.as_str()], |row| {
            let disclosure = Disclosure {
                label: row.get(1)?,
                salt: row.get(2)?,
                value: row.get(3)?,
            };
            Ok((HexHash(row.get(0)?), disclosure))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The last number of a series, 0 before the first.
    pub(crate) fn last_of_series(&self, name: &str) -> Result<u64, StoreError> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT last FROM series WHERE name = ?1")?;
        let last = statement.query_row([name], |row| row.get(0)).optional()?;
        Ok(last.unwrap_or(0))
    }
}

impl Tx<'_> {
    /// Keep what a record came to.
    pub(crate) fn keep_record(&mut self, keeping: &Keeping<'_>) -> Result<(), StoreError> {
        let row = keeping.row;
        let next_at = keeping.next_at.map(|at| at.0);
        let update =
            "UPDATE records SET rev = ?2, law = ?3, open = ?4, next_at = ?5, doc = ?6 WHERE key = ?1";
        let values = params![row.key.as_str(), row.rev, row.law, keeping.open, next_at, row.doc];
        if self.conn.prepare_cached(update)?.execute(values)? == 0 {
            let named = row.key.record().ok_or(StoreError::Document("record"))?;
            let insert = "INSERT INTO records (key, kind, id, rev, law, open, next_at, doc)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            self.conn.prepare_cached(insert)?.execute(params![
                row.key.as_str(),
                named.kind.as_str(),
                named.id.as_str(),
                row.rev,
                row.law,
                keeping.open,
                next_at,
                row.doc
            ])?;
        }
        self.conn
            .prepare_cached("DELETE FROM seated WHERE key = ?1")?
            .execute([row.key.as_str()])?;
        for person in keeping.persons.iter().filter(|_| keeping.open) {
            self.conn
                .prepare_cached("INSERT INTO seated (key, person) VALUES (?1, ?2)")?
                .execute([row.key.as_str(), person])?;
        }
        Ok(())
    }

    /// Keep what opens commitments of a record.
    pub(crate) fn keep_opened(
        &mut self,
        key: &Key,
        opened: &BTreeMap<HexHash, Disclosure>,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO opened (key, commitment, label, salt, value) SELECT ?1, ?2, ?3, ?4, ?5
             WHERE NOT EXISTS (SELECT 1 FROM opened WHERE key = ?1 AND commitment = ?2)";
        for (commitment, one) in opened {
            let row = params![key.as_str(), commitment.as_str(), one.label, one.salt, one.value];
            self.conn.prepare_cached(sql)?.execute(row)?;
        }
        Ok(())
    }

    /// Forget what opens the commitments of a record, and what travelled beside the acts upon it.
    pub(crate) fn erase_opened(&mut self, key: &Key) -> Result<(), StoreError> {
        let beside =
            "DELETE FROM disclosures WHERE cmd_id IN (SELECT cmd_id FROM commands WHERE order_id = ?1)";
        for sql in ["DELETE FROM opened WHERE key = ?1", beside] {
            self.conn.prepare_cached(sql)?.execute([key.as_str()])?;
        }
        Ok(())
    }

    /// Use a number of a series up.
    pub(crate) fn use_number(&mut self, name: &str, number: u64) -> Result<(), StoreError> {
        let update = "UPDATE series SET last = ?2 WHERE name = ?1";
        if self.conn.prepare_cached(update)?.execute(params![name, number])? == 0 {
            self.conn
                .prepare_cached("INSERT INTO series (name, last) VALUES (?1, ?2)")?
                .execute(params![name, number])?;
        }
        Ok(())
    }
}
