//! SM2 signatures as text and as 64 bytes.
//!
//! Not here: making and checking, which belong to the keys, and the DER form (`der`). Called wherever `sig`
//! crosses the wire.

use std::fmt;
use thiserror::Error;

/// The order n of the recommended curve, GB/T 32918.5-2017, big-endian.
pub(crate) const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x72,
    0x03, 0xdf, 0x6b, 0x21, 0xc6, 0x05, 0x2b, 0x53, 0xbb, 0xf4, 0x09, 0x39, 0xd5, 0x41, 0x23,
];

/// One of the two numbers of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// r, the first 32 bytes.
    R,
    /// s, the last 32 bytes.
    S,
}

/// Why text is not a signature. Only one text stands for a signature: upper-case digits are refused too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// Not 128 digits.
    #[error("not 128 hex digits")]
    Length,
    /// Not lower-case hex digits.
    #[error("not lower-case hex")]
    NotHex,
    /// The number is 0.
    #[error("{0:?} is zero")]
    Zero(Component),
    /// The number is n or more.
    #[error("{0:?} is not below the order of the curve")]
    TooLarge(Component),
}

/// An SM2 signature with r and s in 1 … n − 1.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(sm2::dsa::Signature);

impl Signature {
    /// A signature from 128 lower-case hex digits `r‖s`.
    ///
    /// # Errors
    /// [`SignatureError`] says which rule the text breaks.
    pub fn from_hex(text: &str) -> Result<Self, SignatureError> {
        if text.len() != 128 {
            return Err(SignatureError::Length);
        }
        let mut bytes = [0_u8; 64];
        base16ct::lower::decode(text, &mut bytes).map_err(|_| SignatureError::NotHex)?;
        Self::from_bytes(&bytes)
    }

    /// A signature from its 64 bytes `r‖s`.
    ///
    /// # Errors
    /// [`SignatureError::Zero`] or [`SignatureError::TooLarge`].
    pub fn from_bytes(bytes: &[u8; 64]) -> Result<Self, SignatureError> {
        for (number, component) in [(&bytes[..32], Component::R), (&bytes[32..], Component::S)] {
            if number.iter().all(|byte| *byte == 0) {
                return Err(SignatureError::Zero(component));
            }
            if *number >= ORDER[..] {
                return Err(SignatureError::TooLarge(component));
            }
        }
        match sm2::dsa::Signature::from_slice(bytes) {
            Ok(inner) => Ok(Self(inner)),
            Err(_) => Err(SignatureError::TooLarge(Component::S)),
        }
    }

    /// The 64 bytes `r‖s`.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 64] {
        self.0.to_bytes().into()
    }

    /// The 128 lower-case hex digits `r‖s`.
    #[must_use]
    pub fn to_hex(&self) -> String {
        base16ct::lower::encode_string(&self.0.to_bytes())
    }

    pub(crate) fn from_inner(inner: sm2::dsa::Signature) -> Self {
        Self(inner)
    }

    pub(crate) fn inner(&self) -> &sm2::dsa::Signature {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", self.to_hex())
    }
}
