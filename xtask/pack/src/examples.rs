//! Running the examples of a pack: each act is folded, and what comes out is held against what its author wrote.
//!
//! Not the fold (core/flow) and not how an example is written (core/pack). Called by the check of a folder.

use shenhai_flow::Calendar;
use shenhai_flow::fold::{Act, Actor, Answers, Asked, Given, Law, Prepared, What, apply};
use shenhai_flow::record::{Item, Record, commitment};
use shenhai_forms::value::{Time, Value};
use shenhai_pack::examples::{ExampleActor, ExampleStep, Mismatch, Outcome};
use shenhai_pack::law::FactType;
use shenhai_pack::names::{FactId, Name};
use shenhai_pack::{Finding, Pack, PackRef};
use std::collections::{BTreeMap, BTreeSet};

/// What a personal datum shows in an example: that it is there.
const THERE: &str = "*";

/// Every step that does not come out as its author wrote.
pub(crate) fn run(pack: &Pack, reference: &PackRef) -> Vec<Finding> {
    let law = Law::new(pack.clone(), reference.clone());
    let mut found = Vec::new();
    for example in &pack.examples {
        let mut records = BTreeMap::new();
        for (number, step) in example.iter().enumerate() {
            let differs = self::step(&law, step, number, &mut records);
            found.extend(differs.into_iter().map(|mismatch| step.finding(mismatch)));
        }
    }
    found
}

fn step(
    law: &Law,
    step: &ExampleStep,
    number: usize,
    records: &mut BTreeMap<String, Record>,
) -> Vec<Mismatch> {
    let Some(at) = instant(&step.at) else {
        return vec![Mismatch::Instant];
    };
    let answers = match answers(law, step) {
        Ok(answers) => Prepared(Ok(answers)),
        Err(name) => return vec![Mismatch::Value(name)],
    };
    let given = Given {
        at,
        calendar: Calendar::standard(),
        asked: step
            .asked
            .iter()
            .map(|(name, text)| (name.clone(), asked(text)))
            .collect(),
    };
    let record = records.get(&step.record);
    let (entry, what) = (format!("{number}"), What::Named(step.act.clone()));
    let act = Act {
        kind: &step.kind,
        record: record.map(|record| record.id.as_str()),
        what: &what,
        law: law.reference(),
        entry: &entry,
        work: &entry,
        device: None,
        base_rev: None,
        filled: at,
        submission: None,
        forms: &answers,
        given: &given,
    };
    let folded = apply(record, &act, &actor(&step.by), law);
    let outcome = match &folded {
        Ok(_) => Outcome::Accepted,
        Err(refusal) => Outcome::Refused(refusal.code.word().to_owned()),
    };
    let mut differs = Vec::new();
    if outcome != step.outcome {
        let found = match outcome {
            Outcome::Accepted => "accepted".to_owned(),
            Outcome::Refused(code) => code,
        };
        differs.push(Mismatch::Outcome(found));
    }
    if let Ok((record, _)) = folded {
        records.insert(step.record.clone(), record);
    }
    differs.extend(
        records
            .get(&step.record)
            .map(|record| after(law, step, record))
            .unwrap_or_default(),
    );
    differs
}

/// Where the record stands and what is known of it, against what is expected.
fn after(law: &Law, step: &ExampleStep, record: &Record) -> Vec<Mismatch> {
    let mut differs = Vec::new();
    if step.state.as_ref().is_some_and(|state| *state != record.state) {
        differs.push(Mismatch::State(record.state.clone()));
    }
    for (name, expected) in &step.facts {
        let kind = law
            .kind(&step.kind)
            .and_then(|kind| kind.fact(name))
            .map(|fact| &fact.kind);
        let held = record.facts.get(name).map_or(&Item::ABSENT, |fact| &fact.item);
        let fits = match held {
            Item::Committed(_) => expected == THERE,
            Item::Plain(value) => match kind.and_then(|kind| read(kind, expected)) {
                Some(wanted) => *value == wanted,
                None => {
                    differs.push(Mismatch::Value(name.clone()));
                    continue;
                }
            },
        };
        if !fits {
            let found = held.value().map_or(THERE.to_owned(), ToString::to_string);
            differs.push(Mismatch::Fact(name.clone(), found));
        }
    }
    differs
}

/// The answers, by the types of the form; the name of the first that is none.
fn answers(law: &Law, step: &ExampleStep) -> Result<Answers, FactId> {
    let kind = law.kind(&step.kind);
    let forms: Vec<_> = kind
        .into_iter()
        .flat_map(|kind| kind.rows_of(&step.act))
        .filter_map(|row| law.form(row.form.as_ref()?))
        .collect();
    let mut answers = Answers::default();
    for (name, text) in &step.answers {
        let answer = forms
            .iter()
            .find_map(|form| form.answer(name))
            .ok_or_else(|| name.clone())?;
        let value = read(&answer.kind, text).ok_or_else(|| name.clone())?;
        let item = match answer.class {
            // Nobody draws a salt for an example: that it is there is all that is folded.
            Some(_) => Item::Committed(commitment(name.as_str(), &[0; 16], text)),
            None => Item::Plain(value),
        };
        answers.items.insert(name.to_string(), item);
    }
    Ok(answers)
}

/// A value as an author writes it: an instant like the column `at`, yes and no in words, the rest as sheets do.
fn read(kind: &FactType, text: &str) -> Option<Value> {
    match (kind, text) {
        (FactType::Time, text) if !text.is_empty() => instant(text).map(Value::Time),
        (FactType::Bool, "yes") => Some(Value::Bool(true)),
        (FactType::Bool, "no") => Some(Value::Bool(false)),
        (kind, text) => Value::read(&kind.value_type()?, text).ok(),
    }
}

fn instant(text: &str) -> Option<Time> {
    let (day, time) = text.split_once(' ')?;
    Time::read(&format!("{day}T{time}:00+08:00"))
}

fn asked(text: &str) -> Asked {
    let (value, unit) = text
        .split_once('@')
        .map_or((text, None), |(value, unit)| (value, Some(unit)));
    Asked {
        value: value.to_owned(),
        unit: unit.map(str::to_owned),
    }
}

fn actor(by: &ExampleActor) -> Actor {
    match by {
        ExampleActor::Adapter(name) => Actor::Adapter(name.clone()),
        ExampleActor::Device(place) => Actor::Device { place: place.clone() },
        ExampleActor::Person { role, user, unit } => Actor::Person {
            user: user.clone(),
            unit: unit.clone(),
            role: role.clone(),
            scopes: BTreeSet::from([
                format!("person:{user}"),
                format!("unit:{unit}"),
                "bureau".to_owned(),
            ]),
        },
    }
}
