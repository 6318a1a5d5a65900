//! A checked expression: every name found, every type known, every literal read.
//!
//! Not here: spans and findings; what stands here has none.
//! Made by the checker, walked by the evaluator and by the compiler of filters. At most as high as the tree it comes
//! from and two levels a node, so walking it may recurse.

use crate::decimal::Rounding;
use crate::schema::CodeList;
use crate::value::{Type, Value};
use crate::xpath::Operator;
use std::sync::Arc;

#[derive(Debug, Clone)]
pub(crate) enum Ir {
    Const(Value),
    Variable {
        name: String,
        kind: Type,
    },
    Now,
    /// One value of the record, the answers or a row.
    Value(Place),
    /// Whether there is such a value or row.
    Has(Place),
    Count(Place),
    Sum(Place),
    /// The value of a column in the last row.
    Last(Place),
    /// The least or the greatest of a column.
    Extreme {
        greatest: bool,
        of: Place,
    },
    /// The least or the greatest of some values.
    Pick {
        greatest: bool,
        of: Vec<Ir>,
    },
    /// How often an act was done, or how many were.
    Steps(Option<String>),
    /// What is known of the last time an act was done.
    LastStep {
        act: String,
        column: &'static str,
    },
    And(Vec<Ir>),
    Or(Vec<Ir>),
    Not(Box<Ir>),
    Compare {
        how: Comparison,
        kind: Kind,
        left: Box<Ir>,
        right: Box<Ir>,
    },
    Arithmetic {
        first: Box<Ir>,
        rest: Vec<(Operator, Ir)>,
    },
    Negate(Box<Ir>),
    Absolute(Box<Ir>),
    Quotient {
        over: Box<Ir>,
        by: Box<Ir>,
        scale: u8,
        rounding: Rounding,
    },
    Round {
        of: Box<Ir>,
        scale: u8,
        rounding: Rounding,
    },
    If(Box<[Ir; 3]>),
    /// The first that is there.
    Coalesce(Vec<Ir>),
    Concat(Vec<Ir>),
    /// The spelling of a value.
    Spelling(Box<Ir>),
    /// The codes between the spaces of a text.
    Split(Box<Ir>),
    Selected {
        codes: Box<Ir>,
        code: Box<Ir>,
    },
    CountSelected(Box<Ir>),
    StartsWith(Box<[Ir; 2]>),
    Contains(Box<[Ir; 2]>),
    Length(Box<Ir>),
    LookUp {
        list: Arc<CodeList>,
        code: Box<Ir>,
        column: String,
    },
    /// The day of an instant.
    DateOf(Box<Ir>),
    /// So many times a unit, in milliseconds.
    Span {
        of: Box<Ir>,
        millis: u32,
    },
    AddMonths(Box<[Ir; 2]>),
    FormatDate {
        of: Box<Ir>,
        pattern: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(crate) const fn of(operator: Operator) -> Option<Self> {
        Some(match operator {
            Operator::Equal => Self::Equal,
            Operator::NotEqual => Self::NotEqual,
            Operator::Less => Self::Less,
            Operator::LessOrEqual => Self::LessOrEqual,
            Operator::Greater => Self::Greater,
            Operator::GreaterOrEqual => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    /// Whether it holds of two values that compare so.
    pub(crate) const fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }

    /// The same with the sides changed.
    pub(crate) const fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}

/// How two values are compared, and what an absent one is then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// By code point; absent is the empty text.
    Text,
    /// By value; an absent number is neither smaller nor larger than any other.
    Number,
    /// Days and instants; an absent one is later than every other.
    Moment,
    /// Yes and no; absent is no.
    Truth,
    /// Equal or not: codes, sets of codes, places, files.
    Same,
}

/// Where values or rows stand.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) base: Base,
    pub(crate) hops: Vec<Hop>,
    /// The value at the end; without one the place is of rows.
    pub(crate) leaf: Option<Leaf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    /// The node the expression or predicate is about, or one of those above it.
    Context { up: usize },
    /// The row of an effect's `each`.
    Row,
}

#[derive(Debug, Clone)]
pub(crate) enum Hop {
    Into(String),
    Each { name: String, most: u32, only: Vec<Ir> },
}

#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) name: String,
    pub(crate) kind: Type,
}

impl Place {
    /// The names on the way when there is nothing else; `true` when they start at `each`'s row.
    pub(crate) fn plain_names(&self) -> Option<(bool, Vec<&str>)> {
        let mut names = Vec::new();
        for hop in &self.hops {
            match hop {
                Hop::Into(name) => names.push(name.as_str()),
                Hop::Each { .. } => return None,
            }
        }
        names.push(self.leaf.as_ref()?.name.as_str());
        Some((self.base == Base::Row, names))
    }
}
