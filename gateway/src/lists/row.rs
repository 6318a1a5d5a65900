//! The row of one record.

use super::Listed;
use crate::packs::Held;
use crate::store::{RecordRow, StoreError, Tx};
use shenhai_flow::Calendar;
use shenhai_flow::record::Record;
use shenhai_forms::value::Time;
use shenhai_index::Row;
use shenhai_view::{Around, Look, Names, Openings, haystack, index_row};
use std::collections::BTreeSet;

/// Derive the row of a record and put it. A record of a kind its own law no longer knows has none.
pub(super) fn put(
    tx: &mut Tx<'_>,
    listed: &Listed,
    row: &RecordRow,
    held: &Held,
    record: &Record,
    now: Time,
) -> Result<(), StoreError> {
    let face = &listed.newest.law.pack().face;
    // Nothing of what a row shows is withheld from anybody in the scope.
    let around = Around {
        law: &held.law,
        face,
        calendar: Calendar::standard(),
        now,
        names: &Names::new(),
        openings: &Openings::default(),
        masked: true,
        later: &BTreeSet::new(),
    };
    let Some(look) = Look::new(record, around) else {
        return Ok(());
    };
    let derived = index_row(&look, &listed.columns);
    let lists = face.lists.iter().filter(|list| list.kind == listed.kind);
    let texts: Vec<String> = lists.map(|list| haystack(&look, list)).collect();
    let lines: BTreeSet<&str> = texts.iter().flat_map(|text| text.split('\n')).collect();
    let lines: Vec<&str> = lines.into_iter().collect();
    tx.put_list_row(
        &listed.index,
        &Row {
            id: row.key.as_str(),
            values: &derived.values.values,
            next_at: derived.next_at,
            texts: &lines.join("\n"),
        },
    )
}
