//! Lists of records of packs, kept as SQL: rows follow their records in the same transaction, a new face gets its table
//! filled beside the old one, and what changes by itself is derived again before a list is read.
//!
//! Not the tables (`shenhai-index`) and not what stands in a row (`shenhai-view`). Read by `http::list`.

mod fill;
mod row;

pub(crate) use fill::{freshen, serve};

use crate::packs::Held;
use crate::store::{RecordRow, StoreError, Tx};
use shenhai_flow::record::Record;
use shenhai_forms::value::Time;
use shenhai_index::Index;
use shenhai_pack::face::IndexColumn;
use shenhai_pack::names::KindId;
use shenhai_protocol::Kind;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The table of one kind, by one face.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) index: Index,
    /// The newest version of its pack, whose face it shows.
    pub(crate) newest: Arc<Held>,
    kind: KindId,
    columns: Vec<IndexColumn>,
}

/// The tables of one kind.
#[derive(Debug, Clone, Default)]
struct Tables {
    /// That lists are read from.
    whole: Option<Arc<Listed>>,
    /// That is being filled.
    filling: Option<Arc<Listed>>,
}

/// The tables of all kinds. Changed inside the writer only, so that no record slips between two of them.
#[derive(Debug, Default)]
pub(crate) struct Lists(RwLock<BTreeMap<Kind, Tables>>);

impl Lists {
    /// What lists of a kind are read from; `None` until it is filled for the first time.
    pub(crate) fn of(&self, kind: &Kind) -> Option<Arc<Listed>> {
        let tables = self.0.read().unwrap_or_else(PoisonError::into_inner);
        tables.get(kind)?.whole.clone()
    }

    fn each(&self, kind: &Kind) -> Vec<Arc<Listed>> {
        let tables = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let tables = tables.get(kind).cloned().unwrap_or_default();
        tables.whole.into_iter().chain(tables.filling).collect()
    }

    fn change(&self, kind: &Kind, change: impl FnOnce(&mut Tables)) {
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        change(tables.entry(kind.clone()).or_default());
    }

    /// Put the rows of a record that changed. `held` is the law it stands under.
    pub(crate) fn follow(
        &self,
        tx: &mut Tx<'_>,
        row: &RecordRow,
        held: &Held,
        record: &Record,
        now: Time,
    ) -> Result<(), StoreError> {
        let Some(named) = row.key.record() else {
            return Ok(());
        };
        for listed in self.each(&named.kind) {
            row::put(tx, &listed, row, held, record, now)?;
        }
        Ok(())
    }
}
