//! What a rule is evaluated over: a record, perhaps the answers of an act's form, perhaps a row, some variables, an
//! instant. And why it may have no value.
//!
//! Not here: how a record or a submission is kept; whoever keeps one implements [`Node`].
//! Called by the evaluator; implemented by the fold and by whoever keeps an index.

use crate::decimal::DecimalError;
use crate::value::{Time, Value};
use std::collections::BTreeMap;
use thiserror::Error;

/// Values and rows by name: a record, a row, a group of answers.
pub trait Node {
    /// The value of a name; none and [`Value::Absent`] are the same. Of a type other than the schema's it is
    /// [`Refusal::WrongType`].
    fn value(&self, name: &str) -> Option<&Value>;

    /// Whether there is a value, for names whose value may not be read.
    fn has(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| !value.is_absent())
    }

    /// How many rows of a name there are; of a group, one or none.
    fn count(&self, name: &str) -> usize;

    /// One of the rows, counted from 0, or the group.
    fn child(&self, name: &str, nth: usize) -> Option<&dyn Node>;
}

/// A record: a node whose names are its facts, `state`, `category` …, `CLOCK.due` and its like, and whose rows are its
/// tables, its seats by name with `person`, `unit` and `place`, and `link`.
pub trait Record: Node {
    /// How often an act was done, or how many were; the whole history and not only the heads that are kept.
    fn steps(&self, act: Option<&str>) -> u64 {
        let _ = act;
        0
    }

    /// The last time an act was done: `at` (time), `by`, `role` and `unit` (text).
    fn last_step(&self, act: &str) -> Option<&dyn Node> {
        let _ = act;
        None
    }
}

/// Variables by name without `$`. What is missing is absent.
pub type Variables = BTreeMap<String, Value>;

/// What a rule is evaluated over.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The record.
    pub record: &'a dyn Record,
    /// The answers of the act's form.
    pub form: Option<&'a dyn Node>,
    /// The row that `each` is at.
    pub row: Option<&'a dyn Node>,
    /// The variables.
    pub variables: &'a Variables,
    /// What `now()` is.
    pub now: Time,
}

/// Why a rule has no value. The act is refused with it; none of these is a matter of luck or of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A number or a number of rows is too large.
    #[error("too large a number")]
    Overflow,
    /// More digits after the point than can be kept.
    #[error("too many digits after the point")]
    Digits,
    /// Divided by zero.
    #[error("divided by zero")]
    DivisionByZero,
    /// A day or an instant outside the years 1 to 9999.
    #[error("a day outside the calendar")]
    Calendar,
    /// A text longer than [`crate::value::MAX_TEXT`] bytes.
    #[error("too long a text")]
    TooLong,
    /// More rows than the schema allows.
    #[error("more rows than there may be")]
    TooManyRows,
    /// A value of another type than the schema's: whoever keeps the record broke his word.
    #[error("a value of another type")]
    WrongType,
    /// It took longer than its bound, which cannot be.
    #[error("more work than was allowed")]
    Fuel,
}

impl Refusal {
    /// The code that a refused act carries.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Overflow => "overflow",
            Self::Digits => "digits",
            Self::DivisionByZero => "division_by_zero",
            Self::Calendar => "calendar",
            Self::TooLong => "text_too_long",
            Self::TooManyRows => "too_many_rows",
            Self::WrongType => "wrong_type",
            Self::Fuel => "fuel",
        }
    }
}

impl From<DecimalError> for Refusal {
    fn from(error: DecimalError) -> Self {
        match error {
            DecimalError::DivisionByZero => Self::DivisionByZero,
            DecimalError::DigitsLost => Self::Digits,
            DecimalError::Overflow | DecimalError::Malformed => Self::Overflow,
        }
    }
}

/// A node of plain maps: answers that were read, a row in memory, a record in a test.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    /// The values.
    pub values: BTreeMap<String, Value>,
    /// The rows and groups.
    pub rows: BTreeMap<String, Vec<Self>>,
}

impl Node for Tree {
    fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    fn count(&self, name: &str) -> usize {
        self.rows.get(name).map_or(0, Vec::len)
    }

    fn child(&self, name: &str, nth: usize) -> Option<&dyn Node> {
        Some(self.rows.get(name)?.get(nth)?)
    }
}

impl Record for Tree {}
