//! The verdict on a signed act upon a record, inside the writer: who may, in which scope, folded over the record as it is.
//!
//! No form is parsed here. Where the record stands as it did when the act was prepared, not even the fold runs again.

use super::act::Asking;
use super::ask::{self, Numbers};
use super::errand::Origin;
use super::keep::{Change, Ground, keep};
use super::prepare::{Prepared, Ready};
use crate::decide::Asker;
use crate::packs::Held;
use crate::store::{AuditEvent, Key, RecordRow, StoreError, Tx};
use shenhai_flow::Calendar;
use shenhai_flow::fold::{Asked, Forms, Given, Outward, Refusal};
use shenhai_flow::record::Record;
use shenhai_forms::value::{Time, Value};
use shenhai_pack::law::Origin as From;
use shenhai_pack::names::{AskId, KindId, Name};
use shenhai_protocol::{
    Asked as AskedFact, Envelope, ErrorCode, GivenFacts, LawRef, UnitId, UnixMillis, limits,
};
use shenhai_replay::code_of;
use std::collections::BTreeMap;

/// What an act came to.
pub(crate) struct Judged {
    /// The law it was judged by.
    pub(crate) law: LawRef,
    pub(crate) given: GivenFacts,
    pub(crate) outcome: Result<Done, Refused>,
}

/// It took effect.
pub(crate) struct Done {
    pub(crate) rev: u64,
    /// SM3 of the record's state text.
    pub(crate) after: String,
    /// The change number in every scope concerned.
    pub(crate) numbers: BTreeMap<String, u64>,
}

/// It had no effect.
pub(crate) struct Refused {
    pub(crate) code: ErrorCode,
    /// The cell of the law, in its author's terms.
    pub(crate) cell: Option<String>,
    /// Its author sees or saw the record, so that it belongs to its history.
    pub(crate) on_the_record: bool,
}

impl Refused {
    fn of_a_stranger(code: ErrorCode) -> Self {
        Self {
            code,
            cell: None,
            on_the_record: false,
        }
    }

    fn by(refusal: &Refusal) -> Self {
        Self {
            code: code_of(refusal.code),
            cell: refusal.cell.as_ref().map(ToString::to_string),
            on_the_record: true,
        }
    }
}

/// Judge an act and put it into effect.
pub(crate) fn judge(
    tx: &mut Tx<'_>,
    ground: &Ground,
    asker: &Asker,
    envelope: &Envelope,
    act: &Prepared,
) -> Result<Judged, StoreError> {
    let mut given = GivenFacts {
        at: ground.now,
        calendar: Calendar::standard().version().to_owned(),
        asked: BTreeMap::new(),
    };
    let row = tx.record_row(&act.key)?;
    let outcome = match admit(tx, ground, asker, envelope, act, row.as_ref())? {
        Err(refused) => Err(refused),
        Ok(ready) => take(tx, ground, asker, envelope, ready, row, &mut given)?,
    };
    Ok(Judged {
        law: envelope.law.clone(),
        given,
        outcome,
    })
}

/// Everything that is asked before the law is: time, scope, role, grant, whether the record is theirs to see. None of it is
/// the law's refusal, and none has one of its codes: whoever judges again has neither directory nor grants.
fn admit<'a>(
    tx: &Tx<'_>,
    ground: &Ground,
    asker: &Asker,
    envelope: &Envelope,
    act: &'a Prepared,
    row: Option<&RecordRow>,
) -> Result<Result<&'a Ready, Refused>, StoreError> {
    let stranger = |code| Ok(Err(Refused::of_a_stranger(code)));
    let (kind, scope) = (&envelope.record.kind, &envelope.scope);
    let age = ground.now.since(envelope.client_time);
    if !(-limits::CLOCK_AHEAD_MILLIS..=limits::CLOCK_BEHIND_MILLIS).contains(&age) {
        return stranger(ErrorCode::ClockOutOfRange);
    }
    if !asker.allows(scope, kind, &envelope.act) || !asker.user.roles.contains(&envelope.role) {
        return stranger(ErrorCode::ScopeDenied);
    }
    let shown = row.is_some() && tx.holders(&act.key)?.contains(scope);
    let ready = match &act.ready {
        Ok(ready) => ready,
        Err(code) => {
            // Without its law nobody can judge it again, so it is no part of the record's history.
            return Ok(Err(Refused {
                on_the_record: shown && *code != ErrorCode::LawChanged,
                ..Refused::of_a_stranger(*code)
            }));
        }
    };
    match row {
        None if envelope.base_rev > 0 => stranger(ErrorCode::OrderNotInScope),
        None if !ground.shelf.opens(&ready.held, ground.now) => stranger(ErrorCode::LawChanged),
        Some(row) if !shown && !opens(ready) => Ok(Err(left(tx, asker, envelope, row)?)),
        Some(_) if !shown => stranger(ErrorCode::Exists),
        _ => Ok(Ok(ready)),
    }
}

/// Whether an act is one that opens records and nothing else.
fn opens(ready: &Ready) -> bool {
    let (kind, act) = (
        ready.held.law.kind(&ready.kind),
        ready.asking.wording.what().name(),
    );
    let (Some(kind), Some(act)) = (kind, act) else {
        return false;
    };
    let mut rows = kind.rows_of(&act).peekable();
    rows.peek().is_some() && rows.all(|row| row.from == From::Nothing)
}

/// Why an act upon a record that its scope does not hold is refused. One that is not there and one that is somebody else's
/// look alike to the asker.
fn left(tx: &Tx<'_>, asker: &Asker, envelope: &Envelope, row: &RecordRow) -> Result<Refused, StoreError> {
    if !tx.was_in(&envelope.scope, &row.key)? {
        return Ok(Refused::of_a_stranger(ErrorCode::OrderNotInScope));
    }
    let record = read(row)?;
    let me = Value::text(asker.user.id.as_str());
    let holds = record.seats.values().flatten().any(|holder| holder.person == me);
    Ok(Refused {
        on_the_record: true,
        ..Refused::of_a_stranger(match holds {
            // It left because it was done long ago.
            true => ErrorCode::OrderNotInScope,
            false => ErrorCode::Reassigned,
        })
    })
}

fn take(
    tx: &mut Tx<'_>,
    ground: &Ground,
    asker: &Asker,
    envelope: &Envelope,
    ready: &Ready,
    row: Option<RecordRow>,
    given: &mut GivenFacts,
) -> Result<Result<Done, Refused>, StoreError> {
    let key = &Key::of_record(&envelope.record);
    let mut numbers = Numbers::new();
    given.asked = facts(&ready.asked);
    let present;
    let same = |folded: &&super::prepare::Folded| {
        folded.before.as_ref().map(|record| record.rev) == row.as_ref().map(|row| row.rev)
    };
    let (before, at, outcome) = match ready.folded.as_ref().filter(same) {
        Some(folded) => (folded.before.as_ref(), folded.at, folded.outcome.clone()),
        None => {
            present = row.as_ref().map(read).transpose()?;
            let before = present.as_ref();
            let Some(at) = ground.at(before) else {
                return Ok(Err(Refused::of_a_stranger(ErrorCode::ClockOutOfRange)));
            };
            let answering = Answering {
                held: &ready.held,
                kind: &ready.kind,
                asking: &ready.asking,
                asked: &ready.asked,
            };
            let outcome = match answer_all(tx, ground, &answering, before, at, &mut numbers)? {
                Answered::Refused(refusal) => Err(refusal),
                Answered::Nobody => {
                    given.at = UnixMillis(at.millis());
                    return Ok(Err(Refused {
                        on_the_record: row.is_some(),
                        ..Refused::of_a_stranger(ErrorCode::NotFound)
                    }));
                }
                Answered::All(asked) => {
                    given.asked = facts(&asked);
                    let given = Given {
                        at,
                        calendar: Calendar::standard(),
                        asked,
                    };
                    ready.asking.fold(&ready.held.law, before, &given)
                }
            };
            (before, at, outcome)
        }
    };
    given.at = UnixMillis(at.millis());
    let (after, outward) = match outcome {
        Ok(folded) => folded,
        Err(refusal) => return Ok(Err(Refused::by(&refusal))),
    };
    if let [Outward::Recorded { act }] = &outward[..] {
        let (actor, device) = (asker.user.id.as_str(), &asker.device);
        let event = match act.as_str() {
            "erase" => AuditEvent::Erased,
            _ => AuditEvent::CallerRevealed,
        };
        tx.record(event, ground.now, actor, device, key.as_str())?;
        if matches!(event, AuditEvent::Erased) {
            tx.erase_opened(key)?;
        } else {
            return Ok(Ok(Done {
                rev: after.rev,
                after: after.digest().to_hex(),
                numbers: BTreeMap::new(),
            }));
        }
    }
    let change = Change {
        lists: &ground.lists,
        held: &ready.held,
        before,
        after: &after,
        at,
        outward: &outward,
        origin: &Origin::of_command(envelope.cmd_id.as_str()),
        opened: &ready.opened,
    };
    match keep(tx, &change)? {
        // A rule of the sights or the alarms, which whoever judges again does not look at.
        Err(refusal) => Ok(Err(Refused {
            code: ErrorCode::Malformed,
            ..Refused::by(&refusal)
        })),
        Ok(kept) => {
            for (series, number) in &numbers {
                tx.use_number(series, *number)?;
            }
            Ok(Ok(Done {
                rev: after.rev,
                after: after.digest().to_hex(),
                numbers: kept,
            }))
        }
    }
}

/// What came of an act's questions.
pub(super) enum Answered {
    All(BTreeMap<AskId, Asked>),
    Refused(Refusal),
    /// Nobody and nothing answers to one of them.
    Nobody,
}

/// An act whose questions are to be answered.
pub(super) struct Answering<'a, F> {
    pub(super) held: &'a Held,
    pub(super) kind: &'a KindId,
    pub(super) asking: &'a Asking<F>,
    /// Answered before the law asks anything.
    pub(super) asked: &'a BTreeMap<AskId, Asked>,
}

/// Answers to all questions of an act, asked one after the other.
pub(super) fn answer_all<F: Forms>(
    tx: &Tx<'_>,
    ground: &Ground,
    act: &Answering<'_, F>,
    record: Option<&Record>,
    at: Time,
    numbers: &mut Numbers,
) -> Result<Answered, StoreError> {
    let law = &act.held.law;
    let kind = law.kind(act.kind).ok_or(StoreError::Document("law"))?;
    let mut given = Given {
        at,
        calendar: Calendar::standard(),
        asked: act.asked.clone(),
    };
    loop {
        let inquiry = match act.asking.inquiry(law, kind, record, &given) {
            Ok(Some(inquiry)) => inquiry,
            Ok(None) => return Ok(Answered::All(given.asked)),
            Err(refusal) => return Ok(Answered::Refused(refusal)),
        };
        let answer = ask::answer(tx, &ground.directory, act.held, kind, &inquiry, numbers)?;
        let Some(answer) = answer else {
            return Ok(Answered::Nobody);
        };
        given.asked.insert(inquiry.name, answer);
    }
}

pub(super) fn facts(asked: &BTreeMap<AskId, Asked>) -> BTreeMap<String, AskedFact> {
    let fact = |asked: &Asked| AskedFact {
        value: asked.value.clone(),
        unit: asked.unit.clone().map(UnitId),
    };
    asked
        .iter()
        .map(|(name, asked)| (name.to_string(), fact(asked)))
        .collect()
}

pub(crate) fn read(row: &RecordRow) -> Result<Record, StoreError> {
    Record::read(row.doc.as_bytes()).map_err(|_| StoreError::Document("record"))
}
