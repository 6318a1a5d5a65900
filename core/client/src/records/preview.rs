//! What a record will have become once this device's unsent acts are taken: they are folded over it in their order.
//!
//! An act that is refused here stays in the outbox as it is: what the gateway makes of it is the gateway's to say.

use super::names::parts;
use crate::engine::Pending;
use crate::letter::Letter;
use shenhai_crypto::Digest32;
use shenhai_flow::Calendar;
use shenhai_flow::fold::{Act, Actor, Code, Disclosure, Given, JsonAnswers, Law, Refusal, What, apply};
use shenhai_flow::record::Record;
use shenhai_forms::value::Time;
use shenhai_pack::Formula;
use shenhai_pack::law::{Effect, Form};
use shenhai_pack::names::{ActId, FactId, Name};
use shenhai_proof::submission;
use shenhai_protocol::{Beside, Envelope};
use std::collections::{BTreeMap, BTreeSet};

/// A signed act with what travels beside it, as the fold wants it.
pub(super) struct Folding<'a> {
    pub(super) envelope: &'a Envelope,
    pub(super) beside: &'a Beside,
    /// The record it opens has no id yet.
    pub(super) nameless: bool,
}

impl Folding<'_> {
    /// The record after the act. Server time is `now`, but never before the record's last change.
    pub(super) fn fold(
        &self,
        record: Option<&Record>,
        law: &Law,
        by: &Actor,
        now: Time,
    ) -> Result<Record, Refusal> {
        let envelope = self.envelope;
        let (_, kind) = parts(&envelope.record.kind).ok_or(Code::UnknownKind)?;
        let what = What::Named(ActId::parse(envelope.act.as_str()).ok_or(Code::UnknownAct)?);
        let named = super::names::pack_ref(&envelope.law).ok_or(Code::LawChanged)?;
        let given = given(record, now);
        let submission = envelope.submission.as_ref();
        let submission = submission.and_then(|named| Digest32::from_hex(named.sm3.as_str()));
        let text = self.beside.submission.as_deref().unwrap_or("{}");
        let forms = JsonAnswers::new(text.as_bytes(), disclosures(self.beside));
        let act = Act {
            kind: &kind,
            record: (!self.nameless).then_some(envelope.record.id.as_str()),
            what: &what,
            law: &named,
            entry: envelope.cmd_id.as_str(),
            work: envelope.work.as_str(),
            device: Some(envelope.device_id.as_str()),
            base_rev: Some(envelope.base_rev),
            filled: Time::new(envelope.client_time.0).unwrap_or(given.at),
            submission,
            forms: &forms,
            given: &given,
        };
        apply(record, &act, by, law).map(|(record, _)| record)
    }
}

/// What the device can give: the time and the calendar. Questions have no answers before the commit.
pub(super) fn given(record: Option<&Record>, now: Time) -> Given<'static> {
    Given {
        at: record.map_or(now, |record| record.changed.max(now)),
        calendar: Calendar::standard(),
        asked: BTreeMap::new(),
    }
}

fn disclosures(beside: &Beside) -> Vec<Disclosure> {
    let one = |disclosure: &shenhai_protocol::Disclosure| {
        Some(Disclosure {
            label: disclosure.label.clone(),
            salt: salt(&disclosure.salt)?,
            value: disclosure.value.clone(),
        })
    };
    beside.disclosures.iter().filter_map(one).collect()
}

/// 16 bytes of 32 hex digits.
pub(super) fn salt(hex: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    if hex.len() != 32 || !hex.is_ascii() {
        return None;
    }
    for (nth, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * nth..2 * nth + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Whether an unsent act counts for what a record looks like: parked ones wait for the person.
pub(super) fn counts(pending: &Pending) -> bool {
    !pending.entry.row.state.is_parked()
}

/// Fold letters over a record, in their order. What the gateway has taken and the record holds already is refused, and
/// nothing changes.
pub(super) fn fold_all<'l>(
    received: Option<Record>,
    letters: impl Iterator<Item = &'l Letter>,
    law: &Law,
    actor: impl Fn(&Envelope) -> Option<Actor>,
    now: Time,
) -> (Option<Record>, BTreeSet<FactId>) {
    let mut record = received;
    let mut later = BTreeSet::new();
    for letter in letters {
        let (Some(beside), Some(by)) = (letter.filled_in(), actor(&letter.envelope)) else {
            continue;
        };
        let folding = Folding {
            envelope: &letter.envelope,
            beside,
            nameless: false,
        };
        let held = record.as_ref();
        // An act that opens the record is not done twice, and one it is not upon yet is not done at all.
        let seen = held.is_some_and(|record| {
            let mut heads = record.steps.heads.iter();
            heads.any(|head| head.entry == letter.envelope.cmd_id.as_str())
        });
        if seen {
            continue;
        }
        if let Ok(after) = folding.fold(held, law, &by, now) {
            later.extend(asked_facts(law, &letter.envelope));
            record = Some(after);
        }
    }
    (record, later)
}

/// Facts that an act sets from an answer to a question: only the commit knows them.
pub(super) fn asked_facts(law: &Law, envelope: &Envelope) -> Vec<FactId> {
    let kind = parts(&envelope.record.kind).and_then(|(_, kind)| law.kind(&kind));
    let act = ActId::parse(envelope.act.as_str());
    let (Some(kind), Some(act)) = (kind, act) else {
        return Vec::new();
    };
    let asks: BTreeSet<String> = kind
        .rows_of(&act)
        .flat_map(|row| &row.ask)
        .map(|ask| format!("${}", ask.name))
        .collect();
    let reads = |value: &Formula| {
        let mut words = value
            .text
            .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '$' | '_')));
        words.any(|word| asks.contains(word))
    };
    let set = kind.effects_of(&act).filter_map(|row| match &row.effect {
        Effect::Set { fact, value } if reads(value) => Some(fact.clone()),
        _ => None,
    });
    set.collect()
}

/// The classed answers of a form: those that are closed before they are signed. In a table by `table/name`.
pub(super) fn classed(form: &Form) -> Vec<String> {
    let mut labels = Vec::new();
    for answer in &form.answers {
        if answer.class.is_some() {
            labels.push(answer.name.to_string());
        }
        let columns = answer.columns.iter().filter(|column| column.class.is_some());
        labels.extend(columns.map(|column| format!("{}/{}", answer.name, column.name)));
    }
    labels
}

/// The answers of a signed act in full, by the sheet of its form.
pub(super) fn opened(
    form: Option<&Form>,
    envelope: &Envelope,
    beside: &Beside,
) -> Option<serde_json::Map<String, serde_json::Value>> {
    let labels = form.map(classed).unwrap_or_default();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let opened = submission::open(envelope, beside, &labels).ok()?;
    Some(opened.unwrap_or_default())
}
