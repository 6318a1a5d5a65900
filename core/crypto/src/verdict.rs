//! What a check found: valid, invalid and why, or not decided and why.
//!
//! Not the checks themselves. Answered by the keys, the certificates and every provider.

use crate::keys::{KeyError, PublicKey};
use crate::signature::{Signature, SignatureError};
use thiserror::Error;

/// Why a signature or a certificate does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidReason {
    /// The key is not one.
    #[error("public key: {0}")]
    Key(KeyError),
    /// The signature is not one.
    #[error("signature: {0}")]
    Signature(SignatureError),
    /// Both are well formed, and the signature is not the key's over this message.
    #[error("the signature is not this key's over this message")]
    Mismatch,
    /// The chain of certificates does not lead to somebody who is trusted.
    #[error("certificate: {0}")]
    Certificate(CertificateFault),
}

/// Why a chain of certificates does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CertificateFault {
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Its time has not begun.
    #[error("not yet valid")]
    NotYetValid,
    /// Nobody who is trusted issued it, or the next of the chain did not.
    #[error("unknown issuer")]
    UnknownIssuer,
    /// Issued for something else, or issued by somebody who may not issue.
    #[error("not issued for this use")]
    WrongUsage,
    /// The issuer did not sign these bytes.
    #[error("the issuer's signature does not match")]
    BadSignature,
    /// No certificate at all.
    #[error("malformed")]
    Malformed,
    /// More certificates than are followed, or than an issuer of the chain allows below itself.
    #[error("the chain is too long")]
    ChainTooLong,
    /// Withdrawn before its time. Never found by this crate, which keeps no list of them: said by whoever does.
    #[error("revoked")]
    Revoked,
}

/// Why nothing could be found out. Another try may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IndeterminateReason {
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// Not reachable.
    #[error("not reachable")]
    Unavailable,
    /// The provider does not know the key or certificate.
    #[error("key unknown to the provider")]
    UnknownKey,
    /// The provider would not do it.
    #[error("refused by the provider")]
    Refused,
    /// The answer could not be read.
    #[error("unreadable answer")]
    Garbled,
}

/// What a check found. Only [`Self::Valid`] counts: a time-out is not a yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The key's holder signed exactly this, or the chain holds.
    Valid,
    /// Disproven, and why.
    Invalid(InvalidReason),
    /// Neither proven nor disproven, and why.
    Indeterminate(IndeterminateReason),
}

impl Verdict {
    /// Whether the signature or the chain counts.
    #[must_use]
    pub fn is_valid(self) -> bool {
        self == Self::Valid
    }

    pub(crate) const fn fault(fault: CertificateFault) -> Self {
        Self::Invalid(InvalidReason::Certificate(fault))
    }
}

/// Check a signature given as it stands on the wire: key as 130, signature as 128 hex digits.
pub fn verify_hex(public_key: &str, message: &[u8], signature: &str) -> Verdict {
    let key = match PublicKey::from_hex(public_key) {
        Ok(key) => key,
        Err(error) => return Verdict::Invalid(InvalidReason::Key(error)),
    };
    match Signature::from_hex(signature) {
        Ok(signature) => key.verify(message, &signature),
        Err(error) => Verdict::Invalid(InvalidReason::Signature(error)),
    }
}
