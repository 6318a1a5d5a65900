//! The evidence of commands: envelope, receipt, place in the log, and the device's chain.
//!
//! Not the order they made and not the file they come in (`case`). Called by the client for the proof panel and by
//! `case` for an exported case.

use crate::finding::{Fault, Finding, Part};
use crate::log::{Head, check_inclusion, signature_holds};
use crate::receipt::Commits;
use crate::submission;
use crate::trust::{Signers, Standing};
use serde::{Deserialize, Serialize};
use shenhai_crypto::{PublicKey, device_id, sm3};
use shenhai_protocol::{
    DeviceId, Envelope, HexHash, LogInclusion, OrderId, Receipt, SignedEnvelope, SignedReceipt,
};
use std::collections::{BTreeMap, BTreeSet};

/// One command as it came, with what is to prove it.
#[derive(Debug, Clone, Copy)]
pub struct Exhibit<'a> {
    /// As the device signed it.
    pub envelope: &'a SignedEnvelope,
    /// As the gateway receipted it.
    pub receipt: &'a SignedReceipt,
    /// The device's key, 130 hex digits.
    pub device_key: &'a str,
    /// Where the receipt is in the log.
    pub inclusion: Option<&'a LogInclusion>,
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It holds.
    Valid,
    /// It does not.
    Invalid,
    /// Could not be checked, because what it rests on is missing or does not hold itself.
    Unchecked,
}

impl Status {
    pub(crate) fn of(holds: bool) -> Self {
        if holds { Self::Valid } else { Self::Invalid }
    }
}

/// A command after its checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// The command, where it can be read.
    pub envelope: Option<Envelope>,
    /// The receipt, where it can be read.
    pub receipt: Option<Receipt>,
    /// SM3 of the payload.
    pub hash: HexHash,
    /// The device's key, its signature, its chain, and the order the command is about.
    pub signature: Status,
    /// The gateway's signature, and that the receipt is this command's.
    pub receipted: Status,
    /// The place in the log.
    pub logged: Status,
    /// The certificate that binds the device's key to the person. Checked with a case only.
    pub certified: Status,
}

/// Check the commands of `order`, oldest first. `head` is one whose signature was checked; without one nothing is
/// said about the log, and a receipt from before its key was certified does not hold.
pub fn examine(
    order: &OrderId,
    gateway: &Signers,
    head: Option<&Head>,
    exhibits: &[Exhibit<'_>],
    findings: &mut Vec<Finding>,
) -> Vec<Examined> {
    let mut commits = Commits::of(gateway);
    let mut examined: Vec<Examined> = (1..)
        .zip(exhibits)
        .map(|(entry, exhibit)| examine_one(entry, order, &mut commits, head, exhibit, findings))
        .collect();
    check_places(exhibits, findings);
    check_chains(&mut examined, findings);
    examined
}

fn examine_one(
    entry: usize,
    order: &OrderId,
    commits: &mut Commits<'_>,
    head: Option<&Head>,
    exhibit: &Exhibit<'_>,
    findings: &mut Vec<Finding>,
) -> Examined {
    let payload = &exhibit.envelope.payload;
    let hash = HexHash(sm3(payload.as_bytes()).to_hex());
    let envelope = exhibit.envelope.open().ok();
    let receipt = exhibit.receipt.open().ok();
    let signed = commits.signed(exhibit.receipt);
    let seal = signed.is_some();
    let place = head.map(|head| match exhibit.inclusion {
        Some(proof) => check_inclusion(head, &exhibit.receipt.payload, proof),
        None => Err(Fault::Missing),
    });
    // Two witnesses for the receipt's text, the signature and the log: where only one fails, it is what was changed.
    let genuine = seal || place == Some(Ok(()));
    // A head that is in force takes over the receipts its log holds: those from before the key was certified.
    let standing = signed
        .zip(receipt.as_ref())
        .map(|(signed, receipt)| signed.standing(receipt.given.at));
    let in_force = match standing {
        None | Some(Standing::InForce) => true,
        Some(Standing::Before) => place == Some(Ok(())),
        Some(Standing::Expired) => false,
    };
    let author = author(exhibit, envelope.as_ref());
    let own = receipt.as_ref().is_some_and(|receipt| {
        receipt.hash == hash
            && envelope.as_ref().is_some_and(|envelope| {
                receipt.cmd_id == envelope.cmd_id
                    && receipt.device_id == envelope.device_id
                    && receipt.device_seq == envelope.device_seq
            })
    });
    let about_order = envelope.as_ref().is_some_and(|own| own.record.id == *order);
    let filled_in = envelope
        .as_ref()
        .map(|own| submission::check_named(own, exhibit.envelope.beside.submission.as_deref()));

    let mut found = |part, fault| findings.push(Finding::new(part, fault));
    if !genuine {
        found(Part::Receipt { entry }, Fault::Changed);
    } else if receipt.is_none() {
        found(Part::Receipt { entry }, Fault::Malformed);
    } else if !own && author == Author::Device {
        found(Part::Receipt { entry }, Fault::OtherCommand);
    } else {
        if !seal {
            found(Part::ReceiptSignature { entry }, Fault::Changed);
        } else if !in_force {
            found(Part::ReceiptSignature { entry }, Fault::NotInForce);
        }
        if let Some(Err(fault)) = place {
            found(Part::Inclusion { entry }, fault);
        }
    }
    match author {
        Author::Device if !about_order => found(Part::Payload { entry }, Fault::OtherOrder),
        Author::Device if filled_in.is_some_and(|checked| checked.is_err()) => {
            found(Part::Submission { entry }, Fault::Changed);
        }
        Author::Device => {}
        // The receipt knows the payload's hash and the device: what differs from it was changed.
        _ if !(genuine && own) => found(Part::Payload { entry }, Fault::Changed),
        Author::OtherKey => found(Part::DeviceKey { entry }, Fault::Changed),
        Author::Unknown => found(Part::Signature { entry }, Fault::Changed),
    }
    Examined {
        signature: Status::of(author == Author::Device && about_order && filled_in == Some(Ok(()))),
        receipted: Status::of(seal && in_force && own),
        logged: place.map_or(Status::Unchecked, |place| Status::of(place.is_ok())),
        certified: Status::Unchecked,
        envelope,
        receipt,
        hash,
    }
}

/// Who signed a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Author {
    /// The device it names.
    Device,
    /// The key is not that of the device it names, or not a key.
    OtherKey,
    /// The signature is not that key's.
    Unknown,
}

fn author(exhibit: &Exhibit<'_>, envelope: Option<&Envelope>) -> Author {
    let Some(envelope) = envelope else {
        return Author::Unknown;
    };
    match PublicKey::from_hex(exhibit.device_key) {
        Ok(key) if device_id(&key) == envelope.device_id.as_str() => {
            let signed = signature_holds(&key, &exhibit.envelope.payload, &exhibit.envelope.sig);
            if signed { Author::Device } else { Author::Unknown }
        }
        _ => Author::OtherKey,
    }
}

/// Each place of the log at most once, and in the log's order.
fn check_places(exhibits: &[Exhibit<'_>], findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    let mut last = None;
    for (entry, exhibit) in (1..).zip(exhibits) {
        let Some(index) = exhibit.inclusion.map(|proof| proof.index) else {
            continue;
        };
        if !seen.insert(index) {
            findings.push(Finding::new(Part::Entry { entry }, Fault::Repeated));
        } else if last.is_some_and(|last| last > index) {
            findings.push(Finding::new(Part::Entry { entry }, Fault::OutOfOrder));
        }
        last = Some(index);
    }
}

/// The commands of a device count up, and each names the one before where that one is here too. Between them may
/// lie commands on other orders, which are no part of this evidence.
fn check_chains(examined: &mut [Examined], findings: &mut Vec<Finding>) {
    let mut ends: BTreeMap<DeviceId, (u64, HexHash)> = BTreeMap::new();
    for (entry, one) in (1..).zip(examined) {
        let Some(envelope) = one.envelope.as_ref().filter(|_| one.signature == Status::Valid) else {
            continue;
        };
        let (seq, hash) = ends
            .get(&envelope.device_id)
            .cloned()
            .unwrap_or((0, HexHash::zero()));
        let follows = match envelope.device_seq.checked_sub(seq) {
            None | Some(0) => false,
            Some(1) => envelope.prev_hash == hash,
            Some(_) => true,
        };
        if !follows {
            findings.push(Finding::new(Part::Chain { entry }, Fault::Inconsistent));
            one.signature = Status::Invalid;
        }
        if let Some(envelope) = &one.envelope {
            ends.insert(
                envelope.device_id.clone(),
                (envelope.device_seq, one.hash.clone()),
            );
        }
    }
}
