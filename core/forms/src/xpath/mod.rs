//! The syntax: XPath 1.0 with names as ODK writes them, as a tree and back as text.
//!
//! Not here: what a name or a function means; that depends on the level and is decided by the checkers.
//! Called by the checkers of this crate and by whoever reads an expression out of a sheet.

mod ast;
mod display;
mod error;
mod lexer;
mod parser;

pub use ast::{Axis, Expr, ExprKind, Name, Operator, Path, Span, Start, Step, Test};
pub use error::{SyntaxError, SyntaxFault};
pub use parser::parse;

/// Longest expression, in bytes.
pub const MAX_LENGTH: usize = 4096;

/// Most levels of a tree, the root and the leaves counted. Whatever walks a tree may recurse this deep.
pub const MAX_DEPTH: usize = 32;
