//! What somebody who keeps the newest head of a log makes of another head of it.
//!
//! Not keeping heads and not fetching proofs (`shenhai-client`). A head that comes late, signed before the kept one,
//! is no fork: it has to be a beginning of the kept log, as the kept one has to be of a newer.

use crate::finding::Fault;
use crate::log::{Head, check_growth};
use shenhai_protocol::HexHash;

/// A head beside the kept one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Of another log: another class of data, or another epoch. Nothing can be said.
    Other,
    /// The same log at the same moment.
    Same,
    /// Two roots for one size: nothing can prove that away.
    Forked,
    /// The log of `to` leaves has to begin with the log of `from` leaves: a proof is needed.
    Unproven {
        /// Leaves of the smaller.
        from: u64,
        /// Leaves of the larger.
        to: u64,
    },
}

/// Compare two heads whose signatures were checked.
#[must_use]
pub fn compare(kept: &Head, seen: &Head) -> Beside {
    if kept.head.class != seen.head.class || kept.head.epoch != seen.head.epoch {
        return Beside::Other;
    }
    let (smaller, larger) = in_order(kept, seen);
    let (from, to) = (smaller.head.size, larger.head.size);
    if from < to {
        Beside::Unproven { from, to }
    } else if smaller.same_root(larger) {
        Beside::Same
    } else {
        Beside::Forked
    }
}

/// Check the proof that [`Beside::Unproven`] asks for, whichever of the two is the larger.
///
/// # Errors
/// As [`check_growth`].
pub fn check_pair(kept: &Head, seen: &Head, path: &[HexHash]) -> Result<(), Fault> {
    let (smaller, larger) = in_order(kept, seen);
    check_growth(smaller, larger, path)
}

fn in_order<'a>(one: &'a Head, other: &'a Head) -> (&'a Head, &'a Head) {
    if one.head.size <= other.head.size {
        (one, other)
    } else {
        (other, one)
    }
}
