//! One of the gateway's own entries: folded, written down and put into effect inside the writer, as a signed act is.
//!
//! Not why there is one (`alarms`, `carry`). What the law refuses is written down too, with its code; an entry that was written down
//! before is not written again.

use super::act::Asking;
use super::ask::Numbers;
use super::commit::{Answered, Answering, answer_all, facts, read};
use super::errand::Origin;
use super::keep::{Change, Ground, keep, key_of};
use crate::packs::Held;
use crate::store::{Key, NewEntry, StoreError, Tx};
use shenhai_crypto::sm3;
use shenhai_flow::Calendar;
use shenhai_flow::fold::{Act, Answers, Given, Outward, Prepared, Refusal, apply};
use shenhai_flow::record::Record;
use shenhai_forms::value::Time;
use shenhai_pack::names::Name;
use shenhai_protocol::{
    ActName, Cause, Disclosure, EntryBy, GivenFacts, HexHash, OrderId, OwnEntry, PROTOCOL_VERSION, RecordRef,
    UnixMillis, WorkId,
};
use shenhai_replay::{Wording, split_kind};
use std::collections::BTreeMap;

/// An entry before it is folded.
#[derive(Debug, Clone)]
pub(crate) struct Own {
    pub(crate) id: HexHash,
    pub(crate) record: RecordRef,
    pub(crate) work: WorkId,
    pub(crate) act: Option<ActName>,
    pub(crate) by: EntryBy,
    pub(crate) cause: Option<Cause>,
    /// The command or entry that everything up to it follows from.
    pub(crate) chain: String,
    /// Its answers, spelt.
    pub(crate) facts: serde_json::Map<String, serde_json::Value>,
    /// What opens the commitments among them.
    pub(crate) opened: BTreeMap<HexHash, Disclosure>,
}

/// What an entry came to.
#[derive(Debug)]
pub(crate) enum Came {
    /// It took effect.
    Accepted(Box<Record>),
    /// The law refuses it, with this code; it is written down.
    Refused(String),
    /// It was written down before.
    Repeated,
    /// It could not be judged, so there is none: nobody answers to a question, or no law is at hand.
    Unjudged(&'static str),
}

/// The id of what is told by these parts.
pub(crate) fn id_of(parts: &[&str]) -> HexHash {
    HexHash(sm3(parts.join("\n").as_bytes()).to_hex())
}

/// Fold an entry over its record as it is, and write it down.
pub(crate) fn enter(tx: &mut Tx<'_>, ground: &Ground, own: Own) -> Result<Came, StoreError> {
    if tx.has_entry(&own.id)? {
        return Ok(Came::Repeated);
    }
    let row = tx.record_row(&Key::of_record(&own.record))?;
    let held = match &row {
        Some(row) => ground.shelf.by_law(&row.law),
        None => split_kind(&own.record.kind)
            .and_then(|(pack, _)| ground.shelf.newest(pack.as_str()))
            .filter(|held| ground.shelf.opens(held, ground.now)),
    };
    let Some(held) = held.cloned() else {
        return Ok(Came::Unjudged("law_changed"));
    };
    let before = row.as_ref().map(read).transpose()?;
    let Some(at) = ground.at(before.as_ref()) else {
        return Ok(Came::Unjudged("clock_out_of_range"));
    };
    let mut entry = OwnEntry {
        v: PROTOCOL_VERSION,
        id: own.id,
        record: own.record,
        work: own.work,
        act: own.act,
        law: held.law_ref(),
        by: own.by,
        cause: own.cause,
        facts: own.facts,
        given: GivenFacts {
            at: UnixMillis(at.millis()),
            calendar: Calendar::standard().version().to_owned(),
            asked: BTreeMap::new(),
        },
        rev: None,
        refused: None,
        after: String::new(),
    };
    let mut numbers = Numbers::new();
    let folded = match fold(tx, ground, &held, &mut entry, before.as_ref(), at, &mut numbers)? {
        None => return Ok(Came::Unjudged("not_found")),
        Some(folded) => folded,
    };
    let came = match folded {
        Err(refusal) => {
            let code = refusal.code.word().to_owned();
            entry.refused = Some(code.clone());
            Came::Refused(code)
        }
        Ok((after, outward)) => {
            let origin = Origin {
                entry: entry.id.0.clone(),
                depth: entry.cause.as_ref().map_or(0, |cause| cause.depth),
                chain: own.chain.clone(),
            };
            let change = Change {
                lists: &ground.lists,
                held: &held,
                before: before.as_ref(),
                after: &after,
                at,
                outward: &outward,
                origin: &origin,
                opened: &own.opened,
            };
            // A rule of the sights or the alarms, which whoever judges again does not look at: it is no entry.
            if keep(tx, &change)?.is_err() {
                return Ok(Came::Unjudged("malformed"));
            }
            for (series, number) in &numbers {
                tx.use_number(series, *number)?;
            }
            entry.rev = Some(after.rev);
            entry.after = after.digest().to_hex();
            Came::Accepted(Box::new(after))
        }
    };
    let key = match &came {
        Came::Accepted(after) => key_of(&held, after),
        Came::Refused(_) | Came::Repeated | Came::Unjudged(_) => Key::of_record(&entry.record),
    };
    tx.insert_entry(NewEntry {
        id: &entry.id,
        key: &key,
        chain: &own.chain,
        payload: serde_json::to_string(&entry).map_err(|_| StoreError::Document("entry"))?,
    })?;
    Ok(came)
}

type Folded = Result<(Record, Vec<Outward>), Refusal>;

/// The fold, with the questions of the act answered; `None` where nobody answers to one.
fn fold(
    tx: &Tx<'_>,
    ground: &Ground,
    held: &Held,
    entry: &mut OwnEntry,
    before: Option<&Record>,
    at: Time,
    numbers: &mut Numbers,
) -> Result<Option<Folded>, StoreError> {
    let unreadable = || StoreError::Document("entry");
    let (wording, by) = Wording::of_entry(entry).map_err(|_| unreadable())?;
    let answers = Prepared(Ok(Answers::read_spelt(&entry.facts).ok_or_else(unreadable)?));
    let (_, kind) = split_kind(&entry.record.kind).ok_or_else(unreadable)?;
    let asking = Asking { wording, answers, by };
    let answering = Answering {
        held,
        kind: &kind,
        asking: &asking,
        asked: &BTreeMap::new(),
    };
    let asked = match answer_all(tx, ground, &answering, before, at, numbers)? {
        Answered::All(asked) => asked,
        Answered::Refused(refusal) => return Ok(Some(Err(refusal))),
        Answered::Nobody => return Ok(None),
    };
    entry.given.asked = facts(&asked);
    let given = Given {
        at,
        calendar: Calendar::standard(),
        asked,
    };
    let Some(law) = before.is_none().then_some(&held.law) else {
        return Ok(Some(asking.fold(&held.law, before, &given)));
    };
    // What is opened may be named by its own facts, which only the fold knows.
    let unnamed = Act {
        record: None,
        ..asking.wording.act(&asking.answers, &given)
    };
    let opened = apply(None, &unnamed, &asking.by, law);
    let Ok((record, _)) = &opened else {
        return Ok(Some(opened));
    };
    entry.record.id = OrderId(record.id.clone());
    let Some(there) = tx.record_row(&Key::of_record(&entry.record))? else {
        return Ok(Some(opened));
    };
    let there = read(&there)?;
    let again = Wording::of_entry(entry).map_err(|_| unreadable())?;
    let asking = Asking {
        wording: again.0,
        ..asking
    };
    Ok(Some(asking.fold(&held.law, Some(&there), &given)))
}
