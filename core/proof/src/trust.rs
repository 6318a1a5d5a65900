//! Whose signatures count as the gateway's, and since when; whose device a certificate names.
//!
//! Not the following of a chain (`shenhai_crypto::verify_chain`) and not revocation, which the case's record states.
//! Called when evidence is checked.

use crate::finding::Fault;
use crate::log::signature_holds;
use shenhai_crypto::{
    Certificate, CertificateFault, InvalidReason, PublicKey, Usage, Verdict as Validity, verify_chain,
};
use shenhai_protocol::{DeviceId, UnixMillis, UserId};

const SECOND_MILLIS: i64 = 1000;

/// The keys that count as the gateway's.
#[derive(Debug, Clone)]
pub struct Signers(Vec<Signer>);

#[derive(Debug, Clone)]
struct Signer {
    key: PublicKey,
    /// Unix seconds, both included. `None` for a key that is trusted by itself.
    term: Option<(i64, i64)>,
}

/// What a signature that holds is worth at its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A certificate of the key is in force.
    InForce,
    /// The key was certified later.
    Before,
    /// No certificate of the key is in force any more.
    Expired,
}

impl Signers {
    /// One key, trusted by itself: pinned at sign-in.
    #[must_use]
    pub fn pinned(key: &PublicKey) -> Self {
        let key = key.clone();
        Self(vec![Signer { key, term: None }])
    }

    /// With the keys of the gateway's earlier certificates that `authority`, pinned like the key, vouches for. Others
    /// count for nothing.
    #[must_use]
    pub fn and_certified(mut self, certificates: &[String], authority: &Certificate) -> Self {
        self.0
            .extend(Self::certified(certificates, authority, |_, _| {}).0);
        self
    }

    /// The keys of the gateway's certificates that `authority` vouches for; the others' faults are told with their
    /// place, from 1.
    pub(crate) fn certified(
        certificates: &[String],
        authority: &Certificate,
        mut found: impl FnMut(usize, Fault),
    ) -> Self {
        let mut signers = Vec::new();
        for (place, text) in (1..).zip(certificates) {
            match certified(text, authority) {
                Ok(signer) => signers.push(signer),
                Err(fault) => found(place, fault),
            }
        }
        Self(signers)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Which of the keys signed `text`.
    pub(crate) fn signed(&self, text: &str, signature: &str) -> Option<Signed<'_>> {
        let mut tried: Vec<&PublicKey> = Vec::new();
        let signer = self.0.iter().find(|signer| {
            if tried.contains(&&signer.key) {
                return false;
            }
            tried.push(&signer.key);
            signature_holds(&signer.key, text, signature)
        })?;
        Some(Signed {
            signers: self,
            key: &signer.key,
        })
    }
}

/// A signature that holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'a> {
    signers: &'a Signers,
    key: &'a PublicKey,
}

impl Signed<'_> {
    /// How its key stood at `at`.
    pub(crate) fn standing(self, at: UnixMillis) -> Standing {
        let at = seconds(at);
        let mut standing = Standing::Expired;
        for signer in self.signers.0.iter().filter(|signer| signer.key == *self.key) {
            match signer.term {
                None => return Standing::InForce,
                Some((from, to)) if (from..=to).contains(&at) => return Standing::InForce,
                Some((from, _)) if at < from => standing = Standing::Before,
                Some(_) => {}
            }
        }
        standing
    }
}

fn certified(text: &str, authority: &Certificate) -> Result<Signer, Fault> {
    let certificate = Certificate::from_base64(text).map_err(|_| Fault::Malformed)?;
    // At the first moment both are good: what is signed with the key has a time of its own.
    let from = certificate.not_before().max(authority.not_before());
    let to = certificate.not_after().min(authority.not_after());
    follow(&certificate, authority, Usage::Gateway, from)?;
    Ok(Signer {
        key: certificate.public_key().clone(),
        term: Some((from, to)),
    })
}

/// Whose device a certificate is to name, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder<'a> {
    pub(crate) device: &'a DeviceId,
    pub(crate) user: &'a UserId,
    pub(crate) key: &'a str,
    pub(crate) at: UnixMillis,
}

/// Check that `authority` certified the device's key, for this person, at that time.
pub(crate) fn check_device(text: &str, authority: &Certificate, holder: Holder<'_>) -> Result<(), Fault> {
    let certificate = Certificate::from_base64(text).map_err(|_| Fault::Malformed)?;
    follow(&certificate, authority, Usage::Device, seconds(holder.at))?;
    let subject = certificate.subject();
    let own = subject.common_name == holder.device.as_str()
        && subject.unit.as_deref() == Some(holder.user.as_str())
        && certificate.public_key().to_hex() == holder.key;
    if own { Ok(()) } else { Err(Fault::OtherHolder) }
}

fn follow(certificate: &Certificate, authority: &Certificate, usage: Usage, at: i64) -> Result<(), Fault> {
    let chain = std::slice::from_ref(certificate);
    match verify_chain(chain, std::slice::from_ref(authority), usage, at) {
        Validity::Valid => Ok(()),
        Validity::Invalid(InvalidReason::Certificate(fault)) => Err(match fault {
            CertificateFault::Expired | CertificateFault::NotYetValid => Fault::NotInForce,
            CertificateFault::UnknownIssuer => Fault::NotTrusted,
            CertificateFault::Malformed => Fault::Malformed,
            CertificateFault::WrongUsage | CertificateFault::ChainTooLong | CertificateFault::Revoked => {
                Fault::WrongUse
            }
            CertificateFault::BadSignature => Fault::BadSignature,
        }),
        Validity::Invalid(_) | Validity::Indeterminate(_) => Err(Fault::BadSignature),
    }
}

fn seconds(at: UnixMillis) -> i64 {
    at.0.div_euclid(SECOND_MILLIS)
}
