//! Which scopes a record is in: who follows it, by the rows of `sights.csv`.
//!
//! Not here: how much each sees.

use super::act::Given;
use super::refusal::Refusal;
use crate::calendar::{Calendar, ShanghaiDay};
use crate::clock::{self, instant, moved, moved_date};
use crate::record::{Record, View};
use shenhai_forms::rule::{Node, Scene, Variables};
use shenhai_forms::value::{Time, Value};
use shenhai_pack::Kind;
use shenhai_pack::law::{Anchor, Moment, Scope, Sight};
use std::collections::{BTreeMap, BTreeSet};

/// The scopes a record is in at an instant: `person:…`, `unit:…`, `place:…`, or a name such as `bureau`.
///
/// # Errors
/// A rule of the sights that has no value.
pub fn scopes(record: &Record, kind: &Kind, given: &Given<'_>) -> Result<BTreeSet<String>, Refusal> {
    let dues = clock::dues(record, kind, given.calendar)?;
    in_view(record, kind, given, &dues)
}

/// The same with the dues at hand.
pub(crate) fn in_view(
    record: &Record,
    kind: &Kind,
    given: &Given<'_>,
    dues: &BTreeMap<String, Value>,
) -> Result<BTreeSet<String>, Refusal> {
    let view = View::new(record, dues);
    let variables = Variables::new();
    let scene = Scene {
        record: &view,
        form: None,
        row: None,
        variables: &variables,
        now: given.at,
    };
    let mut scopes = BTreeSet::new();
    for row in kind.sights.iter().filter(|row| row.sight != Sight::Absent) {
        if let Some(formula) = &row.guard {
            let rule = formula.rule();
            let holds = rule.map_or(Ok(false), |rule| rule.holds(&scene));
            if !holds.map_err(|refusal| Refusal::formula(formula, refusal))? {
                continue;
            }
        }
        let until = row.until.as_ref();
        let until = until.and_then(|until| moment(until, &view, given.calendar));
        if until.is_none_or(|until| given.at < until) {
            add(&mut scopes, &row.scope, record, kind);
        }
    }
    Ok(scopes)
}

/// The instant of a moment; none while what it starts from is absent. A day is over at its end.
#[must_use]
pub fn moment(moment: &Moment, view: &View<'_>, calendar: &Calendar) -> Option<Time> {
    let name = match &moment.anchor {
        Anchor::Fact(fact) => fact.to_string(),
        Anchor::Due(clock) => format!("{clock}.due"),
    };
    match (view.value(&name)?, moment.plus) {
        (Value::Time(at), None) => Some(*at),
        (Value::Time(at), Some(span)) => moved(*at, span, calendar),
        (Value::Date(date), span) => {
            let date = span.map_or(Some(*date), |span| moved_date(*date, span, calendar))?;
            instant(ShanghaiDay::of_date(date).next().at_minute(0))
        }
        _ => None,
    }
}

fn add(scopes: &mut BTreeSet<String>, scope: &Scope, record: &Record, kind: &Kind) {
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    let (word, seat) = match scope {
        Scope::Named(name) => {
            scopes.insert(name.clone());
            return;
        }
        Scope::Person(seat) => ("person", seat),
        Scope::Unit { seat, .. } => ("unit", seat),
        Scope::Place(seat) => ("place", seat),
    };
    let holders = record.seats.get(seat).map_or(&[][..], Vec::as_slice);
    let many = kind.seat(seat).is_some_and(|seat| seat.many);
    let everybody = many
        || matches!(
            scope,
            Scope::Unit {
                whole_stack: true,
                ..
            }
        );
    let from = match everybody {
        true => 0,
        false => holders.len().saturating_sub(1),
    };
    for holder in &holders[from..] {
        let part = match scope {
            Scope::Person(_) => &holder.person,
            Scope::Place(_) => &holder.place,
            _ => &holder.unit,
        };
        scopes.extend(text(part).map(|name| format!("{word}:{name}")));
    }
}
