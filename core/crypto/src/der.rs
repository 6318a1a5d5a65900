//! SM2 signatures in DER, `SEQUENCE { r INTEGER, s INTEGER }` (GM/T 0009 §7.3): the form of certificates, of
//! 签名验签服务 and of OpenSSL. Exactly one DER text stands for a signature.
//!
//! Not BER: what DER forbids is refused, each with its own reason. Called by the certificates and by the
//! gateway's adapters.

use crate::signature::{Component, Signature, SignatureError};
use der::asn1::UintRef;
use der::{Decode, Encode, ErrorKind, Sequence};
use thiserror::Error;

/// Two header bytes, and twice two more with at most 33 bytes of number.
const LONGEST: usize = 72;

/// Why bytes are not the DER of what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DerError {
    /// They end too soon.
    #[error("truncated")]
    Truncated,
    /// More bytes than such a value can have.
    #[error("oversized")]
    Oversized,
    /// A length or a number that is not in its one form: with a byte that it does not need, or with none.
    #[error("not in its shortest form")]
    NonMinimal,
    /// A length left open, which only BER knows.
    #[error("indefinite length")]
    IndefiniteLength,
    /// A number below zero.
    #[error("negative number")]
    Negative,
    /// Bytes after the value.
    #[error("trailing bytes")]
    Trailing,
    /// Another kind of value.
    #[error("unexpected tag")]
    UnexpectedTag,
    /// Of the right form, with numbers that no signature has.
    #[error("{0}")]
    OutOfRange(SignatureError),
    /// Of another form.
    #[error("malformed")]
    Malformed,
}

impl DerError {
    pub(crate) fn of(error: der::Error) -> Self {
        match error.kind() {
            ErrorKind::Incomplete { .. } => Self::Truncated,
            ErrorKind::IndefiniteLength => Self::IndefiniteLength,
            // `der` says `Length` of a header whose own length has a byte too many.
            ErrorKind::Noncanonical { .. }
            | ErrorKind::Overlength
            | ErrorKind::Length {
                tag: der::Tag::Sequence | der::Tag::Integer,
            } => Self::NonMinimal,
            ErrorKind::TrailingData { .. } => Self::Trailing,
            ErrorKind::TagUnexpected { .. } | ErrorKind::TagUnknown { .. } | ErrorKind::TagNumberInvalid => {
                Self::UnexpectedTag
            }
            ErrorKind::Value {
                tag: der::Tag::Integer,
            } => Self::Negative,
            _ => Self::Malformed,
        }
    }
}

#[derive(Sequence)]
struct Numbers<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

impl Signature {
    /// A signature from its DER.
    ///
    /// # Errors
    /// [`DerError`] says which rule the bytes break.
    pub fn from_der(bytes: &[u8]) -> Result<Self, DerError> {
        if bytes.len() > LONGEST {
            return Err(DerError::Oversized);
        }
        let numbers = Numbers::from_der(bytes).map_err(DerError::of)?;
        let mut fixed = [0_u8; 64];
        let (r, s) = fixed.split_at_mut(32);
        for (out, number, component) in [(r, numbers.r, Component::R), (s, numbers.s, Component::S)] {
            let digits = number.as_bytes();
            let at = (out.len())
                .checked_sub(digits.len())
                .ok_or(DerError::OutOfRange(SignatureError::TooLarge(component)))?;
            out[at..].copy_from_slice(digits);
        }
        Self::from_bytes(&fixed).map_err(DerError::OutOfRange)
    }

    /// Its DER, at most 72 bytes.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let fixed = self.to_bytes();
        UintRef::new(&fixed[..32])
            .and_then(|r| {
                Numbers {
                    r,
                    s: UintRef::new(&fixed[32..])?,
                }
                .to_der()
            })
            .expect("two numbers of 32 bytes are far below DER's limits")
    }
}
