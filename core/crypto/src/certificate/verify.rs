//! Following a chain of certificates to somebody who is trusted (RFC 5280 §6, as far as this product needs it).
//!
//! Not revocation: the gateway and the device keep the list of who was withdrawn. Called wherever a certificate
//! arrives from outside.

use super::{Certificate, Usage};
use crate::keys::PublicKey;
use crate::signature::Signature;
use crate::verdict::{CertificateFault, Verdict};

/// Most certificates of a chain, the leaf counted.
pub const LONGEST_CHAIN: usize = 4;

/// Checks one signature.
type Check<'a> = &'a dyn Fn(&PublicKey, &[u8], &Signature) -> Verdict;

/// Whether `chain`, leaf first, leads to one of `anchors`, and its leaf is for `usage`, at `at` (unix seconds).
///
/// Every certificate must name the next as its issuer (name, and key identifier where both have one), be signed by its
/// key and be within its time; every issuer must be an [`Usage::Authority`] and allow as many authorities below it as
/// there are. An anchor is trusted as it stands, within its time; the chain may end with it or just below it.
pub fn verify_chain(chain: &[Certificate], anchors: &[Certificate], usage: Usage, at: i64) -> Verdict {
    verify_chain_by(chain, anchors, usage, at, &PublicKey::verify)
}

/// [`verify_chain`] with signatures checked by somebody else, whose indecision is passed on.
pub(crate) fn verify_chain_by(
    chain: &[Certificate],
    anchors: &[Certificate],
    usage: Usage,
    at: i64,
    check: Check<'_>,
) -> Verdict {
    let Some(leaf) = chain.first() else {
        return Verdict::fault(CertificateFault::Malformed);
    };
    if chain.len() > LONGEST_CHAIN {
        return Verdict::fault(CertificateFault::ChainTooLong);
    }
    if leaf.usage() != usage {
        return Verdict::fault(CertificateFault::WrongUsage);
    }
    for (depth, certificate) in chain.iter().enumerate() {
        if anchors.contains(certificate) {
            return in_time(certificate, at);
        }
        let links = match chain.get(depth + 1) {
            Some(next) => link(certificate, next, depth, check),
            None => return to_anchor(certificate, anchors, depth, at, check),
        };
        let links = links.and_then_check(|| in_time(certificate, at));
        if !links.is_valid() {
            return links;
        }
    }
    Verdict::fault(CertificateFault::UnknownIssuer)
}

/// The last of the chain, issued by an anchor. Several may have one name, as while an authority changes its key: one
/// that holds is enough, and else the fault of the one that came nearest counts.
fn to_anchor(
    certificate: &Certificate,
    anchors: &[Certificate],
    depth: usize,
    at: i64,
    check: Check<'_>,
) -> Verdict {
    let mut found = Verdict::fault(CertificateFault::UnknownIssuer);
    for anchor in anchors.iter().filter(|anchor| names(certificate, anchor)) {
        found = link(certificate, anchor, depth, check)
            .and_then_check(|| in_time(certificate, at))
            .and_then_check(|| in_time(anchor, at));
        if found.is_valid() {
            break;
        }
    }
    found
}

/// Whether `issuer` issued `certificate`, with `depth` certificates below this one.
fn link(certificate: &Certificate, issuer: &Certificate, depth: usize, check: Check<'_>) -> Verdict {
    if !names(certificate, issuer) {
        return Verdict::fault(CertificateFault::UnknownIssuer);
    }
    if issuer.usage() != Usage::Authority {
        return Verdict::fault(CertificateFault::WrongUsage);
    }
    // The leaf is not counted: with the leaf at depth 0, `depth` authorities stand between it and the issuer.
    if issuer
        .parts
        .path_len
        .is_some_and(|most| depth > usize::from(most))
    {
        return Verdict::fault(CertificateFault::ChainTooLong);
    }
    match check(
        issuer.public_key(),
        certificate.signed(),
        &certificate.parts.signature,
    ) {
        Verdict::Invalid(_) => Verdict::fault(CertificateFault::BadSignature),
        other => other,
    }
}

/// Names are compared byte by byte, as GB/T 20518 and every CA that copies its name write them.
fn names(certificate: &Certificate, issuer: &Certificate) -> bool {
    let (below, above) = (&certificate.parts, &issuer.parts);
    let same_key = match (&below.issuer_key_id, &above.key_id) {
        (Some(named), Some(own)) => named == own,
        _ => true,
    };
    below.issuer_name == above.subject_name && same_key
}

fn in_time(certificate: &Certificate, at: i64) -> Verdict {
    if at < certificate.not_before() {
        return Verdict::fault(CertificateFault::NotYetValid);
    }
    if at > certificate.not_after() {
        return Verdict::fault(CertificateFault::Expired);
    }
    Verdict::Valid
}

impl Verdict {
    /// The next question, asked only after a yes.
    fn and_then_check(self, next: impl FnOnce() -> Verdict) -> Verdict {
        if self.is_valid() { next() } else { self }
    }
}
