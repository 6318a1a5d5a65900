//! Which scopes a record is in, until when, and how much of its personal data each sees: the rows of `sights.csv`.
//!
//! Not here: the masks, which are the product's by class.

use super::act::Given;
use super::refusal::Refusal;
use crate::calendar::{Calendar, ShanghaiDay};
use crate::clock::{self, instant, moved, moved_date};
use crate::record::{Record, View};
use shenhai_forms::rule::{Node, Scene, Variables};
use shenhai_forms::value::{Time, Value};
use shenhai_pack::Kind;
use shenhai_pack::law::{Anchor, Class, Moment, Scope, Sight, SightRow};
use std::collections::{BTreeMap, BTreeSet};

/// What a scope sees of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Showing {
    /// When the rows that let the scope see something may say otherwise, without anything happening to the record: it
    /// leaves, or less of it is seen. None: not before something happens.
    pub until: Option<Time>,
    /// Of classes without a row of their own.
    others: Sight,
    /// Of classes with one.
    own: BTreeMap<Class, Sight>,
}

impl Showing {
    /// How much is seen of facts of a class.
    #[must_use]
    pub fn sight(&self, class: Class) -> Sight {
        self.own.get(&class).copied().unwrap_or(self.others)
    }
}

/// The scopes a record is in at an instant: `person:…`, `unit:…`, `place:…`, or a name such as `bureau`.
///
/// # Errors
/// A rule of the sights that has no value.
pub fn scopes(record: &Record, kind: &Kind, given: &Given<'_>) -> Result<BTreeSet<String>, Refusal> {
    Ok(showings(record, kind, given)?.into_keys().collect())
}

/// The scopes a record is in at an instant, with what each sees.
///
/// # Errors
/// A rule of the sights that has no value.
pub fn showings(
    record: &Record,
    kind: &Kind,
    given: &Given<'_>,
) -> Result<BTreeMap<String, Showing>, Refusal> {
    let dues = clock::dues(record, kind, given.calendar)?;
    let mut showings: BTreeMap<String, Showing> = BTreeMap::new();
    let standing = standing(record, kind, given, &dues)?;
    for (row, until) in &standing {
        for scope in named_by(&row.scope, record, kind) {
            let showing = showings.entry(scope).or_insert(Showing {
                until: None,
                others: Sight::Absent,
                own: BTreeMap::new(),
            });
            showing.until = match (showing.until, *until) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            let sight = match row.class {
                None => &mut showing.others,
                Some(class) => showing.own.entry(class).or_insert(Sight::Absent),
            };
            *sight = row.sight.max(*sight);
        }
    }
    // A class with a row of its own that does not stand at present is not seen through the row of the others.
    for row in &kind.sights {
        let Some(class) = row.class else { continue };
        for scope in named_by(&row.scope, record, kind) {
            if let Some(showing) = showings.get_mut(&scope) {
                showing.own.entry(class).or_insert(Sight::Absent);
            }
        }
    }
    Ok(showings)
}

/// The scopes alone, with the dues at hand.
pub(crate) fn in_view(
    record: &Record,
    kind: &Kind,
    given: &Given<'_>,
    dues: &BTreeMap<String, Value>,
) -> Result<BTreeSet<String>, Refusal> {
    let standing = standing(record, kind, given, dues)?;
    let scopes = standing
        .iter()
        .flat_map(|(row, _)| named_by(&row.scope, record, kind));
    Ok(scopes.collect())
}

/// The rows that let somebody see something at present, with the instant until which they do.
fn standing<'k>(
    record: &Record,
    kind: &'k Kind,
    given: &Given<'_>,
    dues: &BTreeMap<String, Value>,
) -> Result<Vec<(&'k SightRow, Option<Time>)>, Refusal> {
    let view = View::new(record, dues);
    let variables = Variables::new();
    let scene = Scene {
        record: &view,
        form: None,
        row: None,
        variables: &variables,
        now: given.at,
    };
    let mut standing = Vec::new();
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
            standing.push((row, until));
        }
    }
    Ok(standing)
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

/// The scopes that a row names for a record.
fn named_by(scope: &Scope, record: &Record, kind: &Kind) -> Vec<String> {
    let (word, seat) = match scope {
        Scope::Named(name) => return vec![name.clone()],
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
    let parts = holders[from..].iter().map(|holder| match scope {
        Scope::Person(_) => &holder.person,
        Scope::Place(_) => &holder.place,
        _ => &holder.unit,
    });
    parts
        .filter_map(|part| match part {
            Value::Text(name) => Some(format!("{word}:{name}")),
            _ => None,
        })
        .collect()
}
