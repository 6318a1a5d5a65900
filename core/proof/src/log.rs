//! Signed heads of the log and what is proved against them.
//!
//! Not fetching or keeping them. Called when evidence is checked, and by a device that compares the log with the
//! head it kept.

use crate::finding::Fault;
use crate::path::{verify_consistency, verify_inclusion};
use crate::tree::leaf_hash;
use crate::trust::{Signers, Standing};
use shenhai_crypto::{Digest32, PublicKey, Signature};
use shenhai_protocol::{HexHash, LogInclusion, PROTOCOL_VERSION, SignedHead, TreeHead, limits};

/// A head whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// What was signed.
    pub head: TreeHead,
    root: Digest32,
}

impl Head {
    pub(crate) fn same_root(&self, other: &Self) -> bool {
        self.root == other.root
    }
}

/// Read a head whose signature was checked before it was kept. Proves nothing of any other.
///
/// # Errors
/// [`Fault::Malformed`] and [`Fault::UnsupportedVersion`].
pub fn read_head(signed: &SignedHead) -> Result<Head, Fault> {
    let head = signed.open().map_err(|_| Fault::Malformed)?;
    if head.v != PROTOCOL_VERSION {
        return Err(Fault::UnsupportedVersion);
    }
    let root = Digest32::from_hex(head.root.as_str()).ok_or(Fault::Malformed)?;
    Ok(Head { head, root })
}

/// Check that the gateway signed a head and read it.
///
/// # Errors
/// [`Fault::BadSignature`] before all else; then [`Fault::Malformed`], [`Fault::UnsupportedVersion`] and
/// [`Fault::NotInForce`].
pub fn open_head(signed: &SignedHead, gateway: &Signers) -> Result<Head, Fault> {
    let text = SignedHead::signed_text(&signed.payload);
    let signature = gateway.signed(&text, &signed.sig).ok_or(Fault::BadSignature)?;
    let head = read_head(signed)?;
    if signature.standing(head.head.at) != Standing::InForce {
        return Err(Fault::NotInForce);
    }
    Ok(head)
}

/// Check that `newer` continues the log of `older`. Heads of different epochs are different logs and not compared.
///
/// # Errors
/// [`Fault::OtherHead`] for heads of different logs, [`Fault::Malformed`] for a path that cannot be read,
/// [`Fault::LogForked`] where the log shrank or was rewritten.
pub fn check_growth(older: &Head, newer: &Head, path: &[HexHash]) -> Result<(), Fault> {
    if older.head.epoch != newer.head.epoch || older.head.class != newer.head.class {
        return Err(Fault::OtherHead);
    }
    let path = digests(path).ok_or(Fault::Malformed)?;
    verify_consistency(older.head.size, newer.head.size, &older.root, &newer.root, &path)
        .map_err(|_| Fault::LogForked)
}

/// Whether `content` is the leaf the proof says, under `head`.
pub(crate) fn check_inclusion(head: &Head, content: &str, proof: &LogInclusion) -> Result<(), Fault> {
    if proof.size != head.head.size {
        return Err(Fault::OtherHead);
    }
    let path = digests(&proof.path).ok_or(Fault::Malformed)?;
    let leaf = leaf_hash(content.as_bytes());
    verify_inclusion(&leaf, proof.index, proof.size, &path, &head.root).map_err(|_| Fault::Changed)
}

pub(crate) fn signature_holds(key: &PublicKey, text: &str, signature: &str) -> bool {
    Signature::from_hex(signature).is_ok_and(|signature| key.verify(text.as_bytes(), &signature).is_valid())
}

pub(crate) fn digests(path: &[HexHash]) -> Option<Vec<Digest32>> {
    if path.len() > limits::PROOF_HASHES {
        return None;
    }
    path.iter()
        .map(|hash| Digest32::from_hex(hash.as_str()))
        .collect()
}
