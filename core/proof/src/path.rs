//! The check of audit paths and consistency proofs (RFC 9162 §2.1.3.2 and §2.1.4.2), with SM3.
//!
//! Not their making (`tree`). Called wherever a proof came from outside: on devices and when a case is checked.

use crate::tree::{empty_root, node_hash};
use shenhai_crypto::Digest32;
use thiserror::Error;

/// Why an audit path or a consistency proof does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PathError {
    /// The leaf lies outside the tree.
    #[error("the leaf is not inside the tree")]
    OutOfRange,
    /// The older tree is the larger one: the log shrank.
    #[error("the log shrank")]
    Shrunk,
    /// Fewer hashes than the shape of the tree asks for.
    #[error("the path is too short")]
    TooShort,
    /// More hashes than the shape of the tree asks for.
    #[error("the path is too long")]
    TooLong,
    /// The path leads to another root than the older tree's.
    #[error("the path does not lead to the older root")]
    OtherOldRoot,
    /// The path leads to another root.
    #[error("the path does not lead to the root")]
    OtherRoot,
}

/// Check that the leaf with this hash is number `index` (from 0) of the tree of `size` leaves with this root.
///
/// # Errors
/// [`PathError`] says what is wrong.
pub fn verify_inclusion(
    leaf: &Digest32,
    index: u64,
    size: u64,
    path: &[Digest32],
    root: &Digest32,
) -> Result<(), PathError> {
    if index >= size {
        return Err(PathError::OutOfRange);
    }
    let (mut at, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return Err(PathError::TooLong);
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            climb_to_right_child(&mut at, &mut last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    match last {
        0 if hash == *root => Ok(()),
        0 => Err(PathError::OtherRoot),
        _ => Err(PathError::TooShort),
    }
}

/// Check that the tree of `to` leaves with root `new` begins with the tree of `from` leaves with root `old`.
///
/// # Errors
/// [`PathError`] says what is wrong.
pub fn verify_consistency(
    from: u64,
    to: u64,
    old: &Digest32,
    new: &Digest32,
    path: &[Digest32],
) -> Result<(), PathError> {
    if from > to {
        return Err(PathError::Shrunk);
    }
    if from == 0 || from == to {
        // Nothing to prove but the roots themselves.
        let expected = if from == 0 { empty_root() } else { *new };
        return match (path.is_empty(), *old == expected) {
            (false, _) => Err(PathError::TooLong),
            (true, false) => Err(PathError::OtherOldRoot),
            (true, true) => Ok(()),
        };
    }
    // Where the older tree is complete, its root is the first hash of the proof and not sent.
    let (first, rest) = if from.is_power_of_two() {
        (*old, path)
    } else {
        let (first, rest) = path.split_first().ok_or(PathError::TooShort)?;
        (*first, rest)
    };
    let (mut at, mut last) = (from - 1, to - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in rest {
        if last == 0 {
            return Err(PathError::TooLong);
        }
        if at & 1 == 1 || at == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            climb_to_right_child(&mut at, &mut last);
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(PathError::TooShort);
    }
    if old_hash != *old {
        return Err(PathError::OtherOldRoot);
    }
    if new_hash != *new {
        return Err(PathError::OtherRoot);
    }
    Ok(())
}

/// At the right edge a node without a sibling stands for its parents, up to the first that is a right child.
fn climb_to_right_child(at: &mut u64, last: &mut u64) {
    while *at & 1 == 0 && *at != 0 {
        *at >>= 1;
        *last >>= 1;
    }
}
