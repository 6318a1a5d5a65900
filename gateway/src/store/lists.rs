//! The tables of lists, inside the gateway's own transactions and snapshots.
//!
//! Not what a row is made of (`crate::lists`).

use super::{Key, RecordRow, Rows, StoreError, Tx};
use rusqlite::params;
use shenhai_forms::value::Time;
use shenhai_index::{Counted, Index, IndexError, Key as After, Page, Query, Row, Within};
use shenhai_pack::Pack;
use shenhai_pack::names::KindId;
use shenhai_protocol::{Kind, ScopeId};

impl From<IndexError> for StoreError {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::Sql(error) => error.into(),
            _ => Self::Document("list"),
        }
    }
}

/// Only what is in one of these scopes.
pub(crate) fn within(scopes: &[ScopeId]) -> Within {
    Within {
        table: "held".to_owned(),
        scope: "scope".to_owned(),
        record: "order_id".to_owned(),
        scopes: scopes.iter().map(|scope| scope.0.clone()).collect(),
    }
}

impl Rows<'_> {
    pub(crate) fn list_page(
        &self,
        index: &Index,
        query: &Query<'_>,
        after: Option<&After>,
        limit: u32,
    ) -> Result<Page, IndexError> {
        index.page(self.conn, query, after, limit)
    }

    pub(crate) fn list_count(
        &self,
        index: &Index,
        query: &Query<'_>,
        most: u32,
    ) -> Result<Counted, IndexError> {
        index.count(self.conn, query, most)
    }

    pub(crate) fn list_is_whole(&self, index: &Index) -> Result<bool, StoreError> {
        Ok(index.is_whole(self.conn)?)
    }

    pub(crate) fn list_filled_to(&self, index: &Index) -> Result<String, StoreError> {
        Ok(index.filled_to(self.conn)?)
    }

    pub(crate) fn stale_list_rows(
        &self,
        index: &Index,
        now: Time,
        limit: u32,
    ) -> Result<Vec<Key>, StoreError> {
        let ids = index.stale(self.conn, now, limit)?;
        Ok(ids.into_iter().map(Key::stored).collect())
    }

    /// Records of a kind after a key, in the order of their keys.
    pub(crate) fn records_of_kind(
        &self,
        kind: &Kind,
        after: &str,
        limit: u32,
    ) -> Result<Vec<RecordRow>, StoreError> {
        let sql = "SELECT key, rev, law, doc FROM records WHERE key > ?1 AND key >= ?2 AND key < ?3
             ORDER BY key LIMIT ?4";
        let (from, to) = (format!("{kind}/"), format!("{kind}0"));
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map(params![after, from, to, limit], RecordRow::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    pub(crate) fn open_list(&mut self, pack: &Pack, kind: &str, id: &KindId) -> Result<Index, StoreError> {
        Ok(Index::open(self.conn, pack, kind, id)?)
    }

    pub(crate) fn note_list_filled(&mut self, index: &Index, key: &str) -> Result<(), StoreError> {
        Ok(index.note_filled(self.conn, key)?)
    }

    pub(crate) fn take_list(&mut self, index: &Index) -> Result<(), StoreError> {
        Ok(index.take(self.conn)?)
    }

    pub(crate) fn put_list_row(&mut self, index: &Index, row: &Row<'_>) -> Result<(), StoreError> {
        index.put(self.conn, row)?;
        Ok(())
    }

    pub(crate) fn remove_list_row(&mut self, index: &Index, key: &Key) -> Result<(), StoreError> {
        Ok(index.remove(self.conn, key.as_str())?)
    }
}
