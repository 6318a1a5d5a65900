//! From a checked expression to a condition that SQL can say.
//!
//! Not here: the SQL.
//! Called by [`super::Filter`] once, when a filter is checked.

use super::Lowered;
use crate::finding::{Problem, type_name};
use crate::rule::{Base, Comparison, Ir, Kind, Place, truth};
use crate::value::{Type, Value};

/// A condition on a row.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Always(bool),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// Whether two conditions are alike, or not.
    Alike {
        alike: bool,
        both: Box<[Condition; 2]>,
    },
    /// A column of yes and no.
    Flag(Column),
    Compare {
        how: Comparison,
        kind: Kind,
        left: Operand,
        right: Operand,
    },
    /// A code that is one of these.
    OneOf {
        code: Operand,
        codes: Vec<String>,
    },
    /// A column of several codes with this one among them.
    Ticked {
        codes: Column,
        code: Operand,
    },
    StartsWith {
        text: Operand,
        prefix: Operand,
    },
    Has(Column),
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Type,
}

#[derive(Debug, Clone)]
pub(super) enum Operand {
    Column(Column),
    Const(Value),
    Variable(String),
}

pub(super) fn condition(ir: &Ir) -> Lowered<Condition> {
    Ok(match ir {
        Ir::Const(value) => Condition::Always(truth(value)),
        Ir::And(of) => Condition::All(of.iter().map(condition).collect::<Lowered<_>>()?),
        Ir::Or(of) => Condition::Any(of.iter().map(condition).collect::<Lowered<_>>()?),
        Ir::Not(of) => Condition::Not(Box::new(condition(of)?)),
        Ir::Value(place) => Condition::Flag(column(place)?),
        Ir::Has(place) => Condition::Has(column(place)?),
        Ir::Compare {
            how,
            kind: Kind::Truth,
            left,
            right,
        } => Condition::Alike {
            alike: *how == Comparison::Equal,
            both: Box::new([condition(left)?, condition(right)?]),
        },
        Ir::Compare {
            how,
            kind,
            left,
            right,
        } => {
            let (left, right) = (operand(left)?, operand(right)?);
            same_digits(&left, &right)?;
            Condition::Compare {
                how: *how,
                kind: *kind,
                left,
                right,
            }
        }
        Ir::Selected { codes, code } => match &**codes {
            Ir::Split(words) => match operand(words)? {
                Operand::Const(words) => Condition::OneOf {
                    code: operand(code)?,
                    codes: words
                        .to_string()
                        .split_ascii_whitespace()
                        .map(str::to_owned)
                        .collect(),
                },
                _ => return Err(Problem::NeedsLiteral),
            },
            Ir::Value(place) => Condition::Ticked {
                codes: column(place)?,
                code: operand(code)?,
            },
            _ => return Err(Problem::NeedsLiteral),
        },
        Ir::StartsWith(both) => {
            let [text, prefix] = &**both;
            let (text, prefix) = (operand(text)?, operand(prefix)?);
            if matches!(prefix, Operand::Column(_)) {
                // Only a prefix that is known before makes a range of the index.
                return Err(Problem::NeedsLiteral);
            }
            Condition::StartsWith { text, prefix }
        }
        _ => return Err(not_here()),
    })
}

fn operand(ir: &Ir) -> Lowered<Operand> {
    Ok(match ir {
        Ir::Const(value) => Operand::Const(value.clone()),
        Ir::Variable { name, .. } => Operand::Variable(name.clone()),
        Ir::Value(place) => Operand::Column(column(place)?),
        _ => return Err(not_here()),
    })
}

fn column(place: &Place) -> Lowered<Column> {
    match (&place.base, place.hops.as_slice(), &place.leaf) {
        (Base::Context { .. }, [], Some(leaf)) => Ok(Column {
            name: leaf.name.clone(),
            kind: leaf.kind.clone(),
        }),
        _ => Err(not_here()),
    }
}

/// Two columns of numbers are compared by their digits, which therefore must mean the same.
fn same_digits(left: &Operand, right: &Operand) -> Lowered<()> {
    let digits = |kind: &Type| match kind {
        Type::Int => Some(0),
        Type::Decimal { scale } => Some(*scale),
        _ => None,
    };
    match (left, right) {
        (Operand::Column(left), Operand::Column(right)) if digits(&left.kind) != digits(&right.kind) => {
            Err(Problem::Mixed {
                left: type_name(&left.kind),
                right: type_name(&right.kind),
            })
        }
        _ => Ok(()),
    }
}

/// Rows and their like, which an index does not have.
fn not_here() -> Problem {
    Problem::NotHere("路径".to_owned())
}
