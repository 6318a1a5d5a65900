//! The answers of an act's form, and where they come from.
//!
//! Not here: how a form is drawn or checked. The fold only needs the verdict and the values, from whoever checked.

use super::act::Act;
use super::law::Law;
use super::refusal::{Code, Refusal};
use crate::record::{Item, Record};
use shenhai_forms::rule::Node;
use shenhai_forms::value::{Time, Value};
use shenhai_pack::law::{Act as Row, Form};
use shenhai_pack::names::FormId;
use std::collections::BTreeMap;

/// Answers by name, and the rows of repeats.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers {
    /// The answers.
    pub items: BTreeMap<String, Item>,
    /// The repeats.
    pub rows: BTreeMap<String, Vec<Answers>>,
}

impl Node for Answers {
    fn value(&self, name: &str) -> Option<&Value> {
        self.items.get(name)?.value()
    }

    fn has(&self, name: &str) -> bool {
        self.items.get(name).is_some_and(Item::is_there)
    }

    fn count(&self, name: &str) -> usize {
        self.rows.get(name).map_or(0, Vec::len)
    }

    fn child(&self, name: &str, nth: usize) -> Option<&dyn Node> {
        Some(self.rows.get(name)?.get(nth)?)
    }
}

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The answer, `repeat/nth/name` within a repeat, counted from 1; empty for the submission as a whole.
    pub answer: String,
    /// What, of the checker's closed list.
    pub code: String,
    /// The facts of the record that it was held against. If one of them changed after the author's last look, the act is
    /// refused for that.
    pub facts: Vec<String>,
}

/// What a form is asked for.
#[derive(Clone, Copy)]
pub struct FormRequest<'a> {
    /// The form.
    pub id: &'a FormId,
    /// Its sheet of answers.
    pub form: &'a Form,
    /// The law, with its code lists.
    pub law: &'a Law,
    /// The record as it stands; absent where the act opens it.
    pub record: Option<&'a Record>,
    /// When it was filled in, by the device's corrected time.
    pub filled: Time,
}

/// Whoever checks forms.
pub trait Forms {
    /// The answers, typed by the form's sheet; or what is wrong with them, never nothing.
    ///
    /// # Errors
    /// The issues.
    fn answers(&self, request: &FormRequest<'_>) -> Result<Answers, Vec<Issue>>;
}

/// A verdict that was reached before: by the step that prepares, or for an entry whose answers were never a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared(pub Result<Answers, Vec<Issue>>);

impl Forms for Prepared {
    fn answers(&self, _: &FormRequest<'_>) -> Result<Answers, Vec<Issue>> {
        self.0.clone()
    }
}

/// The answers of a row's form; none where it has no form.
pub(crate) fn of_row(
    record: Option<&Record>,
    act: &Act<'_>,
    law: &Law,
    row: &Row,
) -> Result<Answers, Refusal> {
    let Some(id) = &row.form else {
        return Ok(Answers::default());
    };
    let form = law.form(id).ok_or_else(|| Refusal::at(Code::Form, row))?;
    let request = FormRequest {
        id,
        form,
        law,
        record,
        filled: act.filled,
    };
    act.forms.answers(&request).map_err(|issues| {
        let mut changed: Vec<String> = issues
            .iter()
            .flat_map(|issue| &issue.facts)
            .filter(|name| {
                record.is_some_and(|record| {
                    let fact = record.facts.get(name.as_str());
                    fact.is_some_and(|fact| unseen(record, fact.rev, act))
                })
            })
            .cloned()
            .collect();
        changed.sort();
        changed.dedup();
        let code = if changed.is_empty() {
            Code::Form
        } else {
            Code::FactsChanged
        };
        Refusal {
            issues,
            ..Refusal::about(code, &row.place.at("form"), changed)
        }
    })
}

/// Whether a revision was made after the author's last look, by somebody else. An entry of the gateway's own has seen all.
pub(crate) fn unseen(record: &Record, rev: u64, act: &Act<'_>) -> bool {
    act.base_rev.is_some_and(|base| rev > base)
        && !act.device.is_some_and(|device| record.steps.is_by(rev, device))
}
