//! A value that may be withheld: what a fact, a cell or an answer is.
//!
//! Not here: who may see a withheld value. Whoever folds knows commitments only, so that all come to the same.

use shenhai_crypto::{Digest32, Sm3Hasher};
use shenhai_forms::value::Value;

/// A value, or the commitment to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A value; absent and empty are one.
    Plain(Value),
    /// Personal data: nothing is known of it but that it is there.
    Committed(Digest32),
}

impl Item {
    /// Nothing.
    pub const ABSENT: Self = Self::Plain(Value::Absent);

    /// The value, unless it is withheld.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Plain(value) => Some(value),
            Self::Committed(_) => None,
        }
    }

    /// Whether there is one, withheld or not.
    #[must_use]
    pub fn is_there(&self) -> bool {
        *self != Self::ABSENT
    }
}

/// What stands in place of a personal datum: SM3(label ‖ 0x00 ‖ salt ‖ value), texts in UTF-8. The label is the
/// answer's name, in which there is no NUL, and the salt always has 16 bytes, so no two triples make the same bytes.
#[must_use]
pub fn commitment(label: &str, salt: &[u8; 16], value: &str) -> Digest32 {
    let mut hasher = Sm3Hasher::new();
    for part in [label.as_bytes(), &[0], salt, value.as_bytes()] {
        hasher.update(part);
    }
    hasher.finish()
}
