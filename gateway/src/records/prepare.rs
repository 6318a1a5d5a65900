//! A signed act upon a record, as far as it can be taken outside the writer: digests checked, the form parsed, folded over
//! the record as it stands at this moment.
//!
//! Not its signature (`http::push`) and not the verdict (`commit`), which folds again only where the record has moved on.

use super::act::{Asking, Filled, forms_of};
use super::keep::Ground;
use crate::decide::Asker;
use crate::packs::Held;
use crate::store::{Key, Rows, StoreError};
use shenhai_crypto::Digest32;
use shenhai_flow::Calendar;
use shenhai_flow::fold::{
    Answers, Asked as AskedOf, Disclosure as Opening, Given, JsonAnswers, Outward, Refusal,
};
use shenhai_flow::record::{Item, Record, commitment};
use shenhai_forms::value::Time;
use shenhai_pack::names::{ActId, AskId, KindId, Name};
use shenhai_proof::submission::check_named;
use shenhai_protocol::{Actor, Asked, Beside, Disclosure, Envelope, ErrorCode, GivenFacts, HexHash, UserId};
use shenhai_replay::{Wording, disclosures, person};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The spine's act by which a seat gets another holder, and the answer that says whose unit they are of.
const REASSIGN: &str = "reassign";
const TO: &str = "to";

/// A signed act upon a record of a pack.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) key: Key,
    /// With its law, where this gateway has it; else why it is refused.
    pub(crate) ready: Result<Ready, ErrorCode>,
}

/// One whose law is known.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) held: Arc<Held>,
    pub(crate) kind: KindId,
    pub(crate) asking: Asking<Filled>,
    /// Answered before the law asks anything.
    pub(crate) asked: BTreeMap<AskId, AskedOf>,
    /// What opens the commitments of its answers.
    pub(crate) opened: BTreeMap<HexHash, Disclosure>,
    /// Folded over a revision (none: there was no such record), where nothing had to be asked.
    pub(crate) folded: Option<Folded>,
}

#[derive(Debug)]
pub(crate) struct Folded {
    pub(crate) before: Option<Record>,
    pub(crate) at: Time,
    pub(crate) outcome: Result<(Record, Vec<Outward>), Refusal>,
}

/// Prepare an act. Its signature was verified. `Err(code)`: its parts do not belong together, so it gets no receipt.
pub(crate) fn prepare(
    rows: &Rows<'_>,
    ground: &Ground,
    asker: &Asker,
    envelope: &Envelope,
    beside: &Beside,
) -> Result<Result<Prepared, ErrorCode>, StoreError> {
    let whole = check_named(envelope, beside.submission.as_deref()).is_ok()
        && envelope.submission.is_some() == beside.submission.is_some()
        && envelope.form.as_ref().is_none_or(|form| form.sm3 == envelope.law.sm3)
        // Files come with the step that stores them.
        && envelope.files.is_empty();
    if !whole {
        return Ok(Err(ErrorCode::Malformed));
    }
    let key = Key::of_record(&envelope.record);
    let held = ground.shelf.by_law(envelope.law.sm3.as_str());
    let Some(held) = held.filter(|held| held.law_ref() == envelope.law) else {
        let ready = Err(ErrorCode::LawChanged);
        return Ok(Ok(Prepared { key, ready }));
    };
    let mut ready = match ready(ground, held, asker, envelope, beside) {
        Ok(ready) => ready,
        Err(ErrorCode::Malformed) => return Ok(Err(ErrorCode::Malformed)),
        Err(code) => {
            return Ok(Ok(Prepared {
                key,
                ready: Err(code),
            }));
        }
    };
    let before = match rows.record_row(&key)? {
        None => None,
        Some(row) => Some(super::commit::read(&row)?),
    };
    ready.folded = fold_once(&ready, before, ground);
    Ok(Ok(Prepared {
        key,
        ready: Ok(ready),
    }))
}

fn fold_once(ready: &Ready, before: Option<Record>, ground: &Ground) -> Option<Folded> {
    let at = ground.at(before.as_ref())?;
    let given = Given {
        at,
        calendar: Calendar::standard(),
        asked: ready.asked.clone(),
    };
    let law = &ready.held.law;
    let kind = law.kind(&ready.kind)?;
    let asks = ready.asking.inquiry(law, kind, before.as_ref(), &given);
    if matches!(asks, Ok(Some(_))) {
        return None;
    }
    let outcome = ready.asking.fold(law, before.as_ref(), &given);
    Some(Folded { before, at, outcome })
}

fn ready(
    ground: &Ground,
    held: &Arc<Held>,
    asker: &Asker,
    envelope: &Envelope,
    beside: &Beside,
) -> Result<Ready, ErrorCode> {
    let (kind, law) = held.kind(&envelope.record.kind).ok_or(ErrorCode::Malformed)?;
    let act = ActId::parse(envelope.act.as_str()).ok_or(ErrorCode::Malformed)?;
    let openings = disclosures(&beside.disclosures).map_err(|_| ErrorCode::Malformed)?;
    let asked = match act.as_str() {
        REASSIGN => holder(ground, held, beside.submission.as_deref())?,
        _ => BTreeMap::new(),
    };
    let given = GivenFacts {
        at: ground.now,
        calendar: String::new(),
        asked,
    };
    let wording = Wording::of_command(envelope, beside.submission.as_deref(), &given)
        .map_err(|_| ErrorCode::Malformed)?;
    let filled = Time::new(envelope.client_time.0).ok_or(ErrorCode::Malformed)?;
    let forms = forms_of(law, &act);
    let named = envelope.form.as_ref();
    if named.is_some_and(|named| !forms.iter().any(|form| form.as_str() == named.id.as_str())) {
        return Err(ErrorCode::Malformed);
    }
    let text = beside.submission.as_deref().unwrap_or("{}").as_bytes();
    let answers = Filled::read(
        &JsonAnswers::new(text, openings.clone()),
        &forms,
        &held.law,
        filled,
    );
    if !all_opened(&answers, &openings) {
        return Err(ErrorCode::Malformed);
    }
    let by = Actor {
        id: asker.user.id.clone(),
        role: envelope.role.clone(),
        unit: asker.user.unit.clone(),
    };
    let by = person(&by, &envelope.scope).map_err(|_| ErrorCode::Malformed)?;
    let opened = beside.disclosures.iter().zip(&openings).map(|(one, opening)| {
        let commitment = commitment(&opening.label, &opening.salt, &opening.value);
        (HexHash(commitment.to_hex()), one.clone())
    });
    Ok(Ready {
        held: Arc::clone(held),
        kind,
        asking: Asking { wording, answers, by },
        asked: shenhai_replay::asked(&given.asked).map_err(|_| ErrorCode::Malformed)?,
        opened: opened.collect(),
        folded: None,
    })
}

/// Whether every commitment among the answers is opened: what is kept from view is kept by the gateway, not from it.
fn all_opened(answers: &Filled, openings: &[Opening]) -> bool {
    fn opened(answers: &Answers, by: &BTreeSet<Digest32>) -> bool {
        let mut items = answers.items.values();
        items.all(|item| !matches!(item, Item::Committed(digest) if !by.contains(digest)))
            && answers.rows.values().flatten().all(|row| opened(row, by))
    }
    let by = openings
        .iter()
        .map(|one| commitment(&one.label, &one.salt, &one.value))
        .collect();
    answers.good().all(|answers| opened(answers, &by))
}

/// Who is to get a seat: a person of the directory who has a role in the pack, with their unit.
fn holder(
    ground: &Ground,
    held: &Held,
    submission: Option<&str>,
) -> Result<BTreeMap<String, Asked>, ErrorCode> {
    let text = submission.ok_or(ErrorCode::Malformed)?;
    let answers: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| ErrorCode::Malformed)?;
    let person = answers.get("person").ok_or(ErrorCode::Malformed)?;
    let user = ground.directory.user(&UserId(person.clone())).filter(|user| {
        let mut roles = held.law.pack().manifest.roles.iter();
        roles.any(|role| user.roles.iter().any(|own| own.as_str() == role.as_str()))
    });
    // Not one of the law's refusals: whoever judges again has no directory.
    let user = user.ok_or(ErrorCode::UnknownUser)?;
    let to = Asked {
        value: user.id.0.clone(),
        unit: Some(user.unit.clone()),
    };
    Ok(BTreeMap::from([(TO.to_owned(), to)]))
}
