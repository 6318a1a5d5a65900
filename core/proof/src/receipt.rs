//! The check that the gateway gave a receipt: its place in its commit, and the commit's signature.
//!
//! Not whether it speaks of the right command (`evidence`, and the client's driver). Called wherever receipts come from
//! outside.

use crate::log::digests;
use crate::path::verify_inclusion;
use crate::tree::leaf_hash;
use crate::trust::{Signed, Signers};
use shenhai_crypto::Digest32;
use shenhai_protocol::{Commit, PROTOCOL_VERSION, SignedCommit, SignedReceipt};

/// Checks receipts against their commits. Receipts of one commit follow one another, so its signature is checked once.
#[derive(Debug)]
pub struct Commits<'a> {
    signers: &'a Signers,
    last: Option<(SignedCommit, Option<Opened<'a>>)>,
}

/// A commit whose signature holds.
#[derive(Debug, Clone)]
struct Opened<'a> {
    signed: Signed<'a>,
    commit: Commit,
    root: Digest32,
}

impl<'a> Commits<'a> {
    /// Of this gateway.
    #[must_use]
    pub fn of(signers: &'a Signers) -> Self {
        Self { signers, last: None }
    }

    /// Whether the gateway gave exactly this receipt.
    #[must_use]
    pub fn gave(&mut self, receipt: &SignedReceipt) -> bool {
        self.signed(receipt).is_some()
    }

    /// Who signed the commit that gave the receipt; `None` where it did not, or where the signature does not hold.
    pub(crate) fn signed(&mut self, receipt: &SignedReceipt) -> Option<Signed<'a>> {
        if self
            .last
            .as_ref()
            .is_none_or(|(known, _)| *known != receipt.commit)
        {
            let opened = open(&receipt.commit, self.signers);
            self.last = Some((receipt.commit.clone(), opened));
        }
        let (_, opened) = self.last.as_ref()?;
        let opened = opened.as_ref()?;
        let path = digests(&receipt.path)?;
        let leaf = leaf_hash(receipt.payload.as_bytes());
        let place = verify_inclusion(&leaf, receipt.index, opened.commit.size, &path, &opened.root);
        place.is_ok().then_some(opened.signed)
    }
}

fn open<'a>(signed: &SignedCommit, signers: &'a Signers) -> Option<Opened<'a>> {
    let text = SignedCommit::signed_text(&signed.payload);
    let signature = signers.signed(&text, &signed.sig)?;
    let commit = signed.open().ok()?;
    if commit.v != PROTOCOL_VERSION {
        return None;
    }
    let root = Digest32::from_hex(commit.root.as_str())?;
    Some(Opened {
        signed: signature,
        commit,
        root,
    })
}
