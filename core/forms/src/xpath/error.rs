//! Why a text is not an expression, and where.
//!
//! Not here: whether an expression makes sense.
//! Called by the lexer and the parser.

use super::{MAX_DEPTH, MAX_LENGTH, Span};
use thiserror::Error;

/// Why a text is not an expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{fault}")]
pub struct SyntaxError {
    /// What is wrong.
    pub fault: SyntaxFault,
    /// Where. At the end of the text it is empty.
    pub span: Span,
}

/// What can be wrong with the text of an expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SyntaxFault {
    /// Longer than [`MAX_LENGTH`].
    #[error("longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// Deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// Nothing but spaces.
    #[error("empty")]
    Empty,
    /// A character that begins nothing, such as a full-width bracket or a typographic quotation mark.
    #[error("the character {0:?} has no meaning here")]
    Character(char),
    /// A quotation mark without its partner.
    #[error("the text in quotes does not end")]
    OpenText,
    /// `${` without a name or without `}`.
    #[error("write ${{name}} with a name between the brackets")]
    OpenReference,
    /// `$` without a name.
    #[error("a name must follow $")]
    VariableName,
    /// Two operands side by side.
    #[error("an operator is missing before {0:?}")]
    OperatorMissing(String),
    /// An operand is expected and something else stands there.
    #[error("a value is missing before {0:?}")]
    OperandMissing(String),
    /// An operand is expected and the text ends.
    #[error("a value is missing at the end")]
    EndsEarly,
    /// A bracket is not closed, or another one is.
    #[error("{expected:?} is missing before {found:?}")]
    BracketMissing {
        /// The bracket.
        expected: char,
        /// What stands there; empty at the end of the text.
        found: String,
    },
    /// A closing bracket that opens nowhere, or a comma outside a function.
    #[error("{0:?} closes or divides nothing")]
    Stray(String),
    /// A step is expected after `/`, `::` or `@`.
    #[error("the path lacks a step")]
    StepMissing,
    /// An axis that forms do not use, or none at all.
    #[error("the axis {0:?} is not supported")]
    Axis(String),
    /// `comment()` or `processing-instruction()`.
    #[error("the node test {0}() is not supported")]
    NodeType(String),
}

impl SyntaxFault {
    pub(super) fn at(self, start: usize, end: usize) -> SyntaxError {
        SyntaxError {
            fault: self,
            span: Span::new(start, end),
        }
    }
}
