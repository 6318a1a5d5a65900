//! What a record will have become once this device's unsent acts are taken: they are folded over it in their order.
//!
//! An act that is refused here stays in the outbox as it is: what the gateway makes of it is the gateway's to say.

use crate::engine::Pending;
use crate::letter::Letter;
use shenhai_flow::Calendar;
use shenhai_flow::fold::{Act, Actor, Code, Given, JsonAnswers, Law, Refusal, apply};
use shenhai_flow::record::Record;
use shenhai_forms::value::Time;
use shenhai_pack::Formula;
use shenhai_pack::law::{Effect, Form};
use shenhai_pack::names::{ActId, FactId, Name};
use shenhai_proof::submission;
use shenhai_protocol::{Beside, Envelope, GivenFacts, UnixMillis};
use shenhai_replay::{Wording, disclosures, split_kind};
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
        let given = given(record, now);
        let facts = GivenFacts {
            at: UnixMillis(given.at.millis()),
            calendar: given.calendar.version().to_owned(),
            asked: BTreeMap::new(),
        };
        let submission = self.beside.submission.as_deref();
        let wording = Wording::of_command(self.envelope, submission, &facts).map_err(|_| Code::UnknownAct)?;
        let openings = disclosures(&self.beside.disclosures).map_err(|_| Code::Form)?;
        let forms = JsonAnswers::new(submission.unwrap_or("{}").as_bytes(), openings);
        let act = wording.act(&forms, &given);
        let act = Act {
            record: act.record.filter(|_| !self.nameless),
            ..act
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
    let kind = split_kind(&envelope.record.kind).and_then(|(_, kind)| law.kind(&kind));
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
