//! A record as a scope sees it: its document, and of its personal data what the law's sights let it see.
//!
//! Not the masks (`shenhai_flow::masking`) and not who holds a scope. Called by pull.

use super::keep::Ground;
use crate::directory::Directory;
use crate::store::{RecordRow, Rows, StoreError};
use shenhai_crypto::Digest32;
use shenhai_flow::Calendar;
use shenhai_flow::fold::{Given, showings};
use shenhai_flow::masking::mask;
use shenhai_flow::record::{Item, Record};
use shenhai_forms::value::Value;
use shenhai_pack::Kind;
use shenhai_pack::law::{Class, Sight};
use shenhai_protocol::{HeldRecord, HexHash, ScopeId, Shown};
use std::collections::{BTreeMap, BTreeSet};

/// A record as a scope sees it; `None` where its law is not at hand.
pub(crate) fn held(
    rows: &Rows<'_>,
    ground: &Ground,
    row: RecordRow,
    scope: &ScopeId,
) -> Result<Option<HeldRecord>, StoreError> {
    let (Some(held), Some(named)) = (ground.shelf.by_law(&row.law), row.key.record()) else {
        return Ok(None);
    };
    let record = super::commit::read(&row)?;
    let kind = held.law.kind(&record.kind).ok_or(StoreError::Document("law"))?;
    let committed = committed(&record, kind);
    let shown = match committed.is_empty() {
        true => Vec::new(),
        false => shown(rows, ground, &row, &record, kind, scope, &committed)?,
    };
    Ok(Some(HeldRecord {
        record: named,
        rev: row.rev,
        law: held.law_ref(),
        names: names(&ground.directory, &record),
        document: row.doc,
        shown,
    }))
}

fn shown(
    rows: &Rows<'_>,
    ground: &Ground,
    row: &RecordRow,
    record: &Record,
    kind: &Kind,
    scope: &ScopeId,
    committed: &BTreeMap<Digest32, BTreeSet<Class>>,
) -> Result<Vec<Shown>, StoreError> {
    let Some(at) = ground.at(Some(record)) else {
        return Ok(Vec::new());
    };
    let given = Given {
        at,
        calendar: Calendar::standard(),
        asked: BTreeMap::new(),
    };
    // A rule without a value shows nothing.
    let showing = showings(record, kind, &given)
        .ok()
        .and_then(|mut all| all.remove(scope.as_str()));
    let Some(showing) = showing else {
        return Ok(Vec::new());
    };
    let opened = rows.opened(&row.key)?;
    let mut shown = Vec::new();
    for (digest, classes) in committed {
        let commitment = HexHash(digest.to_hex());
        let Some(one) = opened.get(&commitment) else {
            continue;
        };
        // Of what stands in the record under several classes the narrowest sight counts.
        let least = classes.iter().min_by_key(|class| showing.sight(**class));
        let Some(class) = least.copied() else { continue };
        let (salt, text) = match showing.sight(class) {
            Sight::Absent => continue,
            Sight::Masked => (None, mask(class, &one.value)),
            Sight::Full => (Some(one.salt.clone()), one.value.clone()),
        };
        shown.push(Shown {
            commitment,
            label: one.label.clone(),
            salt,
            text,
        });
    }
    Ok(shown)
}

/// What the people and units on a record's seats and in its history are called, as far as the directory knows.
fn names(directory: &Directory, record: &Record) -> BTreeMap<String, String> {
    let seats = record.seats.values().flatten();
    let seats = seats.flat_map(|holder| [&holder.person, &holder.unit]);
    let steps = record.steps.acts.values().flat_map(|step| [&step.by, &step.unit]);
    let ids = seats.chain(steps).filter_map(|value| match value {
        Value::Text(id) => Some(id),
        _ => None,
    });
    let named = ids.filter_map(|id| Some((id.clone(), directory.name_of(id)?.to_owned())));
    named.collect()
}

/// The commitments of a record, with the classes of the facts and cells in which each stands.
fn committed(record: &Record, kind: &Kind) -> BTreeMap<Digest32, BTreeSet<Class>> {
    let mut found: BTreeMap<Digest32, BTreeSet<Class>> = BTreeMap::new();
    let mut note = |item: &Item, class: Option<Class>| {
        if let (Item::Committed(digest), Some(class)) = (item, class) {
            found.entry(*digest).or_default().insert(class);
        }
    };
    for (name, fact) in &record.facts {
        note(&fact.item, kind.fact(name).and_then(|fact| fact.class));
    }
    for (table, rows) in &record.tables {
        let law = kind.fact(table);
        for (column, item) in rows.iter().flat_map(|row| &row.cells) {
            note(
                item,
                law.and_then(|law| law.column(column))
                    .and_then(|column| column.class),
            );
        }
    }
    found
}
