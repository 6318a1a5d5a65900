//! Formulas of the one language as a sheet holds them, and the small notations around them.
//!
//! Not the language (`shenhai-forms`). A formula knows where it stands, so that whatever is wrong inside is named with
//! its file, row and column.

use crate::finding::{Findings, Place};
use crate::names::Name;
use crate::problem::Problem;
use crate::sheet;
use shenhai_forms::filter::Filter;
use shenhai_forms::rule::{Rows, Rule};
use std::sync::OnceLock;

/// A formula: its text, and where it stands. Two are equal when they say the same in the same place.
#[derive(Debug, Clone)]
pub struct Formula {
    /// The text, trimmed, never empty.
    pub text: String,
    /// Where.
    pub place: Place,
    compiled: OnceLock<Compiled>,
}

/// A formula as it is evaluated.
#[derive(Debug, Clone)]
pub(crate) enum Compiled {
    /// One value.
    Rule(Box<Rule>),
    /// Rows: of `each` and `drop`.
    Rows(Box<Rows>),
    /// Which rows of a list.
    Filter(Box<Filter>),
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, &self.place) == (&other.text, &other.place)
    }
}

impl Eq for Formula {}

impl Formula {
    /// A formula; `None` where the text is blank.
    #[must_use]
    pub fn new(text: &str, place: Place) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self {
            text: text.to_owned(),
            place,
            compiled: OnceLock::new(),
        })
    }

    /// The checked rule. In a pack that was taken every formula that yields one value has it, but the series of a
    /// `number(…)`, which is a template.
    #[must_use]
    pub fn rule(&self) -> Option<&Rule> {
        match self.compiled.get() {
            Some(Compiled::Rule(rule)) => Some(rule),
            _ => None,
        }
    }

    /// The checked rows of an `each`, or those that a `drop` takes out.
    #[must_use]
    pub fn rows(&self) -> Option<&Rows> {
        match self.compiled.get() {
            Some(Compiled::Rows(rows)) => Some(rows),
            _ => None,
        }
    }

    /// The checked filter of a tab.
    #[must_use]
    pub fn filter(&self) -> Option<&Filter> {
        match self.compiled.get() {
            Some(Compiled::Filter(filter)) => Some(filter),
            _ => None,
        }
    }

    /// Keep what it was compiled to. An effect that is checked with several forms keeps the first: all say the same
    /// names.
    pub(crate) fn keep(&self, compiled: Compiled) {
        let _ = self.compiled.set(compiled);
    }

    /// The formula of a cell.
    pub(crate) fn of(row: &sheet::Row, column: &str) -> Option<Self> {
        Self::new(row.cell(column), row.at(column))
    }
}

/// `name = formula`, several of them separated by `;` or line breaks.
pub(crate) fn assignments<N: Name>(text: &str, place: &Place, findings: &mut Findings) -> Vec<(N, Formula)> {
    let mut all: Vec<(N, Formula)> = Vec::new();
    for part in split(text, &[';', '\n']) {
        let part = part.trim();
        if part.is_empty() {
            continue;
        }
        let formula = part
            .split_once('=')
            .and_then(|(name, formula)| Some((name.trim(), Formula::new(formula, place.clone())?)));
        let Some((name, formula)) = formula else {
            let text = part.chars().take(80).collect();
            findings.add(place, &Problem::NotAnAssignment { text });
            continue;
        };
        let Some(name) = sheet::name::<N>(name, place, findings) else {
            continue;
        };
        if all.iter().any(|(earlier, _)| *earlier == name) {
            findings.add(
                place,
                &Problem::NamedTwice {
                    name: name.to_string(),
                },
            );
        } else {
            all.push((name, formula));
        }
    }
    all
}

/// Split where a separator stands outside quotes.
pub(crate) fn split<'t>(text: &'t str, separators: &[char]) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let (mut from, mut quote) = (0, None);
    for (at, letter) in text.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if matches!(letter, '\'' | '"') => quote = Some(letter),
            None if separators.contains(&letter) => {
                parts.push(&text[from..at]);
                from = at + letter.len_utf8();
            }
            None => {}
        }
    }
    parts.push(&text[from..]);
    parts
}
