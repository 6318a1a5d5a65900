//! The types of expressions on their way through the checker: those of values, and four that only expressions have.
//!
//! Not here: what becomes of an expression of the wrong type.
//! Called by the checker.

use crate::finding::type_name;
use crate::value::{Datum, Type};
use crate::xpath::Span;

/// The type of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ty {
    /// Something is wrong with it and has been said; it fits everywhere, so that nothing is said twice.
    Unknown,
    /// `''`, which is the absent value of every type.
    Absent,
    /// One of these texts, each written out: codes, where codes are wanted.
    Literal(Vec<(String, Span)>),
    Text,
    Code(String),
    Codes(String),
    /// With at most so many digits after the point.
    Number(u32),
    Bool,
    Date,
    Time,
    /// A length of time, kept as a number of milliseconds.
    Duration,
    Point(Datum),
    File,
}

impl Ty {
    pub(crate) fn of(kind: &Type) -> Self {
        match kind {
            Type::Text => Self::Text,
            Type::Code(list) => Self::Code(list.clone()),
            Type::Codes(list) => Self::Codes(list.clone()),
            Type::Int => Self::Number(0),
            Type::Decimal { scale } => Self::Number(u32::from(*scale)),
            Type::Bool => Self::Bool,
            Type::Date => Self::Date,
            Type::Time => Self::Time,
            Type::Point(datum) => Self::Point(*datum),
            Type::File => Self::File,
        }
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Literal(_) | Self::Absent)
    }

    /// What authors call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Unknown => "未知".to_owned(),
            Self::Absent => "空值".to_owned(),
            Self::Literal(_) | Self::Text => type_name(&Type::Text),
            Self::Code(list) => type_name(&Type::Code(list.clone())),
            Self::Codes(list) => type_name(&Type::Codes(list.clone())),
            Self::Number(0) => type_name(&Type::Int),
            Self::Number(scale) => {
                let scale = u8::try_from(*scale).unwrap_or(u8::MAX);
                type_name(&Type::Decimal { scale })
            }
            Self::Bool => type_name(&Type::Bool),
            Self::Date => type_name(&Type::Date),
            Self::Time => type_name(&Type::Time),
            Self::Duration => "时长".to_owned(),
            Self::Point(datum) => type_name(&Type::Point(*datum)),
            Self::File => type_name(&Type::File),
        }
    }
}
