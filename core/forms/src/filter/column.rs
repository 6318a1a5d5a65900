//! How a column of an index keeps a value. No column is ever NULL, so that `not(…)` is the opposite of what it stands
//! before.
//!
//! Not here: which columns there are.
//! Called by whoever fills an index, and by the compiler of filters.

use crate::value::{Type, Value};

/// What stands in a column, or is bound to a parameter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stored {
    /// Of `INTEGER` columns.
    Integer(i64),
    /// Of `TEXT` columns.
    Text(String),
}

/// An absent number: smaller than every other, so that a condition on greater ones needs no second one.
pub(super) const NO_NUMBER: i64 = i64::MIN;

/// An absent day or instant: later than every other.
pub(super) const NO_MOMENT: i64 = i64::MAX;

/// The type of a column, as `CREATE TABLE` says it. The collation is SQLite's own, `BINARY`, and must stay so.
#[must_use]
pub const fn declaration(kind: &Type) -> &'static str {
    match kind {
        Type::Text | Type::Code(_) | Type::Codes(_) | Type::Point(_) | Type::File => "TEXT NOT NULL",
        Type::Int | Type::Decimal { .. } | Type::Bool | Type::Date | Type::Time => "INTEGER NOT NULL",
    }
}

/// A value as a column of type `kind` keeps it: a text as it is, a set of codes between spaces with one more at either
/// end, a number as its digits with the column's digits after the point, yes as 1, a day as days and an instant as
/// milliseconds since 1970. None when the value is of another type or its digits do not fit.
#[must_use]
pub fn stored(kind: &Type, value: &Value) -> Option<Stored> {
    if !value.is_of(kind) {
        return None;
    }
    Some(match (kind, value) {
        (Type::Codes(_), Value::Codes(codes)) if !codes.is_empty() => Stored::Text(format!(" {value} ")),
        (Type::Text | Type::Code(_) | Type::Codes(_) | Type::Point(_) | Type::File, value) => {
            Stored::Text(value.to_string())
        }
        (Type::Int, Value::Number(number)) => Stored::Integer(number.scaled(0)?),
        (Type::Decimal { scale }, Value::Number(number)) => Stored::Integer(number.scaled(*scale)?),
        (Type::Int | Type::Decimal { .. }, _) => Stored::Integer(NO_NUMBER),
        (Type::Bool, value) => Stored::Integer(i64::from(*value == Value::Bool(true))),
        (_, Value::Date(day)) => Stored::Integer(day.since_1970()),
        (_, Value::Time(time)) => Stored::Integer(time.millis()),
        (Type::Date | Type::Time, _) => Stored::Integer(NO_MOMENT),
    })
}
