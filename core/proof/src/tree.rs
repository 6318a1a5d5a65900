//! The Merkle tree of RFC 6962 §2.1 / RFC 9162 §2.1 with SM3: hashes of leaves and nodes, roots, audit paths,
//! consistency proofs – from nodes somebody keeps.
//!
//! Not where the nodes rest (the gateway's tables, a vector in tests) and not the check of a proof (`path`).
//! Called by the gateway when it appends a receipt or answers with a proof.
//!
//! Nodes are named by level and index: level 0 are the leaves' hashes, node `i` of level `l` covers the leaves
//! `i·2^l … (i+1)·2^l − 1`. Only complete nodes are kept; they never change, so a proof about any older size
//! reads O(log n) of them.

use shenhai_crypto::{Digest32, Sm3Hasher, sm3};

/// Levels above which no tree of this program grows: 2^48 receipts.
pub const MAX_LEVEL: u32 = 48;

/// Hash of a leaf: SM3(0x00 ‖ content).
#[must_use]
pub fn leaf_hash(content: &[u8]) -> Digest32 {
    let mut hasher = Sm3Hasher::new();
    hasher.update(&[0]);
    hasher.update(content);
    hasher.finish()
}

/// Hash of a node: SM3(0x01 ‖ left ‖ right).
#[must_use]
pub fn node_hash(left: &Digest32, right: &Digest32) -> Digest32 {
    let mut hasher = Sm3Hasher::new();
    hasher.update(&[1]);
    hasher.update(left.as_bytes());
    hasher.update(right.as_bytes());
    hasher.finish()
}

/// Root of the empty tree: SM3 of nothing.
#[must_use]
pub fn empty_root() -> Digest32 {
    sm3(b"")
}

/// Complete nodes as somebody keeps them.
pub trait Nodes {
    /// Why a node cannot be read.
    type Error;

    /// The complete node at `level` and `index`.
    ///
    /// # Errors
    /// Whatever keeps it from being read, its absence included.
    fn node(&self, level: u32, index: u64) -> Result<Digest32, Self::Error>;
}

/// A node to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewNode {
    /// Level, 0 for a leaf.
    pub level: u32,
    /// Index within the level.
    pub index: u64,
    /// Its hash.
    pub hash: Digest32,
}

/// The nodes that become complete when `leaf` follows `size` leaves: the leaf itself and a node above it for each
/// 1 at the end of `size` in binary. Reads as many nodes as it completes, fewer than two leaves' worth on average.
///
/// # Errors
/// When a node cannot be read.
pub fn append<N: Nodes>(nodes: &N, size: u64, leaf: Digest32) -> Result<Vec<NewNode>, N::Error> {
    let mut new = vec![NewNode {
        level: 0,
        index: size,
        hash: leaf,
    }];
    let (mut level, mut index, mut hash) = (0, size, leaf);
    while index & 1 == 1 && level < MAX_LEVEL {
        hash = node_hash(&nodes.node(level, index - 1)?, &hash);
        level += 1;
        index >>= 1;
        new.push(NewNode { level, index, hash });
    }
    Ok(new)
}

/// Root of the tree of the first `size` leaves.
///
/// # Errors
/// When a node cannot be read.
pub fn root<N: Nodes>(nodes: &N, size: u64) -> Result<Digest32, N::Error> {
    match size {
        0 => Ok(empty_root()),
        size => subtree(nodes, 0, size),
    }
}

/// Why there is no such proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// The leaf lies outside the tree.
    #[error("leaf {index} is not in a tree of {size}")]
    NoSuchLeaf {
        /// Of the leaf.
        index: u64,
        /// Of the tree.
        size: u64,
    },
    /// The older tree is the larger one.
    #[error("a tree of {from} is not older than one of {to}")]
    NotOlder {
        /// Size asked from.
        from: u64,
        /// Size asked to.
        to: u64,
    },
}

/// Why a proof could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProveError<E> {
    /// There is no such proof.
    Range(RangeError),
    /// A node cannot be read.
    Nodes(E),
}

/// The audit path PATH(index, D\[size\]) of RFC 6962 §2.1.1, from the leaf's sibling up.
///
/// # Errors
/// [`RangeError::NoSuchLeaf`], or a node that cannot be read.
pub fn inclusion<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Digest32>, ProveError<N::Error>> {
    if index >= size {
        return Err(ProveError::Range(RangeError::NoSuchLeaf { index, size }));
    }
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let split = start + split(end - start);
        if index < split {
            path.push(subtree(nodes, split, end).map_err(ProveError::Nodes)?);
            end = split;
        } else {
            path.push(subtree(nodes, start, split).map_err(ProveError::Nodes)?);
            start = split;
        }
    }
    path.reverse();
    Ok(path)
}

/// The consistency proof PROOF(from, D\[to\]) of RFC 6962 §2.1.2. Empty for `from` = 0 and for equal sizes.
///
/// # Errors
/// [`RangeError::NotOlder`], or a node that cannot be read.
pub fn consistency<N: Nodes>(nodes: &N, from: u64, to: u64) -> Result<Vec<Digest32>, ProveError<N::Error>> {
    if from > to {
        return Err(ProveError::Range(RangeError::NotOlder { from, to }));
    }
    if from == 0 || from == to {
        return Ok(Vec::new());
    }
    // SUBPROOF(m, D[n], b): walk down to the subtree that ends where the older tree ended, keeping what lies beside
    // the way. `whole` says that this subtree is the older tree itself, whose root the verifier has.
    let (mut start, mut end, mut whole) = (0, to, true);
    let mut path = Vec::new();
    while from != end {
        let split = start + split(end - start);
        if from <= split {
            path.push(subtree(nodes, split, end).map_err(ProveError::Nodes)?);
            end = split;
        } else {
            path.push(subtree(nodes, start, split).map_err(ProveError::Nodes)?);
            start = split;
            whole = false;
        }
    }
    if !whole {
        path.push(subtree(nodes, start, end).map_err(ProveError::Nodes)?);
    }
    path.reverse();
    Ok(path)
}

/// Hash over the leaves `start … end − 1`, where `start` is a multiple of the power of two the range needs, as every
/// range of the two walks above is.
fn subtree<N: Nodes>(nodes: &N, start: u64, end: u64) -> Result<Digest32, N::Error> {
    let width = end - start;
    if width.is_power_of_two() {
        let level = width.trailing_zeros();
        return nodes.node(level, start >> level);
    }
    // From the ragged right edge leftwards: the complete nodes of descending size, folded from the last.
    let mut at = end;
    let mut rest = width;
    let mut hash: Option<Digest32> = None;
    while rest > 0 {
        let level = rest.trailing_zeros();
        at -= 1 << level;
        let left = nodes.node(level, at >> level)?;
        hash = Some(hash.map_or(left, |right| node_hash(&left, &right)));
        rest &= rest - 1;
    }
    Ok(hash.unwrap_or_else(empty_root))
}

/// The largest power of two below `width`, which is at least 2.
fn split(width: u64) -> u64 {
    1 << (u64::BITS - 1 - (width - 1).leading_zeros())
}

/// A log held in memory: every complete node, level by level.
#[derive(Debug, Clone, Default)]
pub struct MemoryLog {
    levels: Vec<Vec<Digest32>>,
}

/// A node that no log of this size has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no node {index} at level {level}")]
pub struct NoNode {
    /// Level asked for.
    pub level: u32,
    /// Index asked for.
    pub index: u64,
}

impl Nodes for MemoryLog {
    type Error = NoNode;

    fn node(&self, level: u32, index: u64) -> Result<Digest32, NoNode> {
        let found = self
            .levels
            .get(level as usize)
            .and_then(|nodes| nodes.get(usize::try_from(index).ok()?));
        found.copied().ok_or(NoNode { level, index })
    }
}

impl MemoryLog {
    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Add a leaf.
    ///
    /// # Errors
    /// Never for a log made by this function alone.
    pub fn append(&mut self, content: &[u8]) -> Result<(), NoNode> {
        self.append_hash(leaf_hash(content))
    }

    /// Add a leaf whose hash is known.
    ///
    /// # Errors
    /// Never for a log made by this function alone.
    pub fn append_hash(&mut self, leaf: Digest32) -> Result<(), NoNode> {
        for new in append(self, self.size(), leaf)? {
            let level = new.level as usize;
            if self.levels.len() <= level {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(new.hash);
        }
        Ok(())
    }
}
