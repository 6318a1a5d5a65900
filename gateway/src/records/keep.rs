//! Keeping what an act came to: the record's row, the scopes' logs, what opens its commitments, what is to be carried out.
//!
//! Not the fold. Called inside the writer for signed acts and for the gateway's own entries alike.

use super::errand::{self, Origin};
use crate::app::App;
use crate::directory::Directory;
use crate::lists::Lists;
use crate::packs::{Held, Shelf};
use crate::store::{Keeping, Key, RecordRow, Showing, StoreError, Tx};
use shenhai_flow::fold::{Given, Outward, Refusal, showings};
use shenhai_flow::record::Record;
use shenhai_flow::{Calendar, clock};
use shenhai_forms::value::{Time, Value};
use shenhai_protocol::{Disclosure, HexHash, OrderId, RecordRef, ScopeId, UnixMillis};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What every decision about records stands on besides the rows.
pub(crate) struct Ground {
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) directory: Directory,
    pub(crate) lists: Arc<Lists>,
    pub(crate) now: UnixMillis,
}

impl Ground {
    pub(crate) fn of(app: &App, now: UnixMillis) -> Self {
        Self {
            shelf: app.packs.shelf(),
            directory: app.directory.clone(),
            lists: Arc::clone(&app.lists),
            now,
        }
    }

    /// The instant of an act upon a record: it never falls within one. `None` outside the calendar.
    pub(crate) fn at(&self, record: Option<&Record>) -> Option<Time> {
        let now = Time::new(self.now.0)?;
        Some(record.map_or(now, |record| now.max(record.changed)))
    }
}

/// What a record came to.
pub(crate) struct Change<'a> {
    /// The lists that follow it.
    pub(crate) lists: &'a Lists,
    pub(crate) held: &'a Held,
    pub(crate) before: Option<&'a Record>,
    pub(crate) after: &'a Record,
    pub(crate) at: Time,
    /// What it causes beyond it.
    pub(crate) outward: &'a [Outward],
    /// The command or entry that changed it.
    pub(crate) origin: &'a Origin,
    /// What opens commitments that came with it.
    pub(crate) opened: &'a BTreeMap<HexHash, Disclosure>,
}

/// Keep a change; answers the change number in every scope concerned. A rule of the law that has no value refuses it, and nothing is written then.
pub(crate) fn keep(
    tx: &mut Tx<'_>,
    change: &Change<'_>,
) -> Result<Result<BTreeMap<String, u64>, Refusal>, StoreError> {
    let (held, after) = (change.held, change.after);
    let kind = held.law.kind(&after.kind).ok_or(StoreError::Document("law"))?;
    let calendar = Calendar::standard();
    let shown = match shown_in(held, after, change.at) {
        Ok(shown) => shown,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let alarms = match clock::alarms(after, kind, calendar) {
        Ok(alarms) => alarms,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    let next = alarms.into_iter().find(|alarm| alarm.act.is_some());
    let row = RecordRow {
        key: key_of(held, after),
        rev: after.rev,
        law: after.law.law.to_hex(),
        doc: after.document(),
    };
    tx.keep_record(&Keeping {
        row: &row,
        open: after.category.is_open(),
        next_at: next.map(|alarm| UnixMillis(alarm.at.millis())),
        persons: &persons(after),
    })?;
    tx.keep_opened(&row.key, change.opened)?;
    change.lists.follow(tx, &row, held, after, change.at)?;
    errand::note(tx, held, change.before, after, change.outward, change.origin)?;
    tx.log_showings(&row.key, row.rev, &shown).map(Ok)
}

/// Ask anew which scopes show a record, because time has passed and nothing else has happened.
pub(crate) fn show_anew(tx: &mut Tx<'_>, ground: &Ground, row: &RecordRow) -> Result<(), StoreError> {
    let Some(held) = ground.shelf.by_law(&row.law) else {
        return Ok(());
    };
    let record = super::commit::read(row)?;
    let shown = ground.at(Some(&record)).map(|at| shown_in(held, &record, at));
    match shown {
        Some(Ok(shown)) => tx.log_showings(&row.key, row.rev, &shown).map(|_| ()),
        // A rule without a value shows nothing to anybody.
        Some(Err(_)) | None => tx.log_showings(&row.key, row.rev, &[]).map(|_| ()),
    }
}

/// The scopes that show a record, sorted, with the instant at which each is to be asked anew.
fn shown_in(held: &Held, record: &Record, at: Time) -> Result<Vec<Showing>, Refusal> {
    let Some(kind) = held.law.kind(&record.kind) else {
        return Ok(Vec::new());
    };
    let given = Given {
        at,
        calendar: Calendar::standard(),
        asked: BTreeMap::new(),
    };
    let shown = showings(record, kind, &given)?.into_iter();
    let shown = shown.map(|(scope, showing)| Showing {
        scope: ScopeId(scope),
        until: showing.until.map(|until| UnixMillis(until.millis())),
    });
    Ok(shown.collect())
}

/// Everybody on a seat.
fn persons(record: &Record) -> BTreeSet<String> {
    let holders = record.seats.values().flatten();
    let persons = holders.filter_map(|holder| match &holder.person {
        Value::Text(person) => Some(person.clone()),
        _ => None,
    });
    persons.collect()
}

pub(crate) fn key_of(held: &Held, record: &Record) -> Key {
    Key::of_record(&RecordRef {
        kind: held.wire(&record.kind),
        id: OrderId(record.id.clone()),
    })
}
