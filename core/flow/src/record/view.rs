//! A record as rules read it: its facts by name, what every record has, its clocks, seats, tables and links.
//!
//! Not here: any decision. Made anew for each step of a fold, so that each effect sees what the last one did.

use super::{Item, Record};
use shenhai_forms::rule::{Node, Record as RuleRecord, Tree};
use shenhai_forms::value::Value;
use std::collections::BTreeMap;

/// A record and the dues of its clocks, by the names that rules say.
#[derive(Debug)]
pub struct View<'r> {
    record: &'r Record,
    /// `CLOCK.due` and its like.
    clocks: &'r BTreeMap<String, Value>,
    id: Value,
    state: Value,
    category: Value,
    came_from: Value,
    opened: Value,
    changed: Value,
    closed: Value,
    links: Vec<Tree>,
}

impl<'r> View<'r> {
    /// The view of a record whose clocks stand so: see [`crate::clock::dues`].
    #[must_use]
    pub fn new(record: &'r Record, clocks: &'r BTreeMap<String, Value>) -> Self {
        Self {
            record,
            clocks,
            id: Value::text(record.id.as_str()),
            state: Value::text(record.state.to_string()),
            category: Value::text(record.category.word()),
            came_from: record
                .came_from
                .as_ref()
                .map_or(Value::Absent, |state| Value::text(state.to_string())),
            opened: Value::Time(record.opened),
            changed: Value::Time(record.changed),
            closed: record.closed.map_or(Value::Absent, Value::Time),
            links: record.links.iter().map(link).collect(),
        }
    }
}

fn link(link: &super::Link) -> Tree {
    let mut values: BTreeMap<String, Value> = link
        .gives
        .iter()
        .map(|(name, value)| (name.to_string(), value.clone()))
        .collect();
    // Until it has reported, what was asked for counts as open.
    let open = link.category.is_none_or(|category| category.is_open());
    let own = [
        ("as", Value::text(link.name.to_string())),
        ("id", link.id.as_deref().map_or(Value::Absent, Value::text)),
        (
            "category",
            link.category
                .map_or(Value::Absent, |category| Value::text(category.word())),
        ),
        ("open", Value::Bool(open)),
    ];
    values.extend(own.map(|(name, value)| (name.to_owned(), value)));
    Tree {
        values,
        rows: BTreeMap::new(),
    }
}

impl Node for View<'_> {
    fn value(&self, name: &str) -> Option<&Value> {
        match name {
            "id" => Some(&self.id),
            "state" => Some(&self.state),
            "category" => Some(&self.category),
            "came_from" => Some(&self.came_from),
            "opened_at" => Some(&self.opened),
            "changed_at" => Some(&self.changed),
            "closed_at" => Some(&self.closed),
            name if name.contains('.') => self.clocks.get(name),
            name => self.record.facts.get(name)?.item.value(),
        }
    }

    fn has(&self, name: &str) -> bool {
        match self.record.facts.get(name) {
            Some(fact) => Item::is_there(&fact.item),
            None => self.value(name).is_some_and(|value| !value.is_absent()),
        }
    }

    fn count(&self, name: &str) -> usize {
        if name == "link" {
            return self.links.len();
        }
        let seats = self.record.seats.get(name).map(Vec::len);
        let rows = || self.record.tables.get(name).map(Vec::len);
        seats.or_else(rows).unwrap_or(0)
    }

    fn child(&self, name: &str, nth: usize) -> Option<&dyn Node> {
        if name == "link" {
            return Some(self.links.get(nth)?);
        }
        if let Some(holders) = self.record.seats.get(name) {
            return Some(holders.get(nth)?);
        }
        Some(self.record.tables.get(name)?.get(nth)?)
    }
}

impl RuleRecord for View<'_> {
    fn steps(&self, act: Option<&str>) -> u64 {
        match act {
            None => self.record.steps.count,
            Some(act) => self.record.steps.acts.get(act).map_or(0, |step| step.count),
        }
    }

    fn last_step(&self, act: &str) -> Option<&dyn Node> {
        Some(self.record.steps.acts.get(act)?)
    }
}
