//! What each commit gave, and the one signature over it.
//!
//! A commit is durable before it is signed; what it gave is answered once the signature is durable too. Not the
//! signing (`crate::seal`). The writer tells of each commit; whoever answers a device asks here.

use super::{Rows, StoreError, Tx};
use rusqlite::{Connection, OptionalExtension, params};
use shenhai_crypto::Digest32;
use shenhai_proof::{MemoryLog, ProveError, inclusion, leaf_hash, root};
use shenhai_protocol::{HexHash, SignedCommit, SignedReceipt};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Signed commits kept in memory: those whose devices are about to be answered.
const RECENT: usize = 64;
/// Bytes of a leaf's hash.
const LEAF: usize = 32;

/// A text that was given in a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) payload: String,
    pub(crate) commit: u64,
    pub(crate) index: u64,
}

/// A commit that is to be signed.
#[derive(Debug, Clone)]
pub(crate) struct Unsealed {
    pub(crate) n: u64,
    pub(crate) leaves: Vec<Digest32>,
}

impl Unsealed {
    pub(super) fn insert(&self, conn: &Connection) -> Result<(), StoreError> {
        let leaves: Vec<u8> = self.leaves.iter().flat_map(|leaf| *leaf.as_bytes()).collect();
        let sql = "INSERT INTO commits (n, leaves) VALUES (?1, ?2)";
        conn.prepare_cached(sql)?.execute(params![self.n, leaves])?;
        Ok(())
    }

    /// The tree over what was given.
    pub(crate) fn tree(&self) -> Result<MemoryLog, StoreError> {
        tree(&self.leaves)
    }
}

/// A signed commit.
#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    commit: SignedCommit,
    signed_by: String,
    tree: MemoryLog,
}

impl Sealed {
    pub(crate) fn new(commit: SignedCommit, signed_by: String, tree: MemoryLog) -> Self {
        Self {
            commit,
            signed_by,
            tree,
        }
    }

    /// What was given, with its path.
    pub(crate) fn receipt(&self, given: Given) -> Result<SignedReceipt, StoreError> {
        let path = inclusion(&self.tree, given.index, self.tree.size()).map_err(|error| match error {
            ProveError::Range(_) | ProveError::Nodes(_) => StoreError::Document("commit"),
        })?;
        Ok(SignedReceipt {
            payload: given.payload,
            index: given.index,
            path: path.iter().map(|hash| HexHash(hash.to_hex())).collect(),
            commit: self.commit.clone(),
        })
    }

    /// Serial number of the certificate whose key signed.
    pub(crate) fn signed_by(&self) -> &str {
        &self.signed_by
    }
}

/// Root over a commit's texts.
pub(crate) fn root_of(tree: &MemoryLog) -> Result<HexHash, StoreError> {
    let root = root(tree, tree.size()).map_err(|_| StoreError::Document("commit"))?;
    Ok(HexHash(root.to_hex()))
}

fn tree(leaves: &[Digest32]) -> Result<MemoryLog, StoreError> {
    let mut tree = MemoryLog::default();
    for leaf in leaves {
        tree.append_hash(*leaf)
            .map_err(|_| StoreError::Document("commit"))?;
    }
    Ok(tree)
}

fn leaves_of(bytes: &[u8]) -> Result<Vec<Digest32>, StoreError> {
    let (leaves, rest) = bytes.as_chunks::<LEAF>();
    if leaves.is_empty() || !rest.is_empty() {
        return Err(StoreError::Document("commit"));
    }
    Ok(leaves.iter().copied().map(Digest32::from_bytes).collect())
}

/// Commits between their durability and their answer.
#[derive(Debug)]
pub(crate) struct Seals {
    state: Mutex<State>,
    /// Moves with every commit that comes or is signed.
    moved: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    waiting: BTreeMap<u64, Arc<Unsealed>>,
    recent: BTreeMap<u64, Arc<Sealed>>,
}

impl Default for Seals {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            moved: watch::Sender::new(0),
        }
    }
}

impl Seals {
    /// A commit became durable.
    pub(super) fn await_signature(&self, unsealed: Unsealed) {
        self.with(|state| state.waiting.insert(unsealed.n, Arc::new(unsealed)));
        self.tell();
    }

    /// Its signature became durable.
    pub(crate) fn sealed(&self, n: u64, sealed: Arc<Sealed>) {
        self.with(|state| {
            state.waiting.remove(&n);
            state.recent.insert(n, sealed);
            while state.recent.len() > RECENT {
                state.recent.pop_first();
            }
        });
        self.tell();
    }

    /// Everything that waits for a signature, oldest first.
    pub(crate) fn waiting(&self) -> Vec<Arc<Unsealed>> {
        self.with(|state| state.waiting.values().cloned().collect())
    }

    pub(crate) fn is_waiting(&self, n: u64) -> bool {
        self.with(|state| state.waiting.contains_key(&n))
    }

    /// A commit that was signed a moment ago.
    pub(crate) fn recent(&self, n: u64) -> Option<Arc<Sealed>> {
        self.with(|state| state.recent.get(&n).cloned())
    }

    pub(crate) fn follow(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    fn tell(&self) {
        self.moved.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Rows<'_> {
    /// The number of the commit under way.
    pub(super) fn next_commit(&self) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(max(n), 0) + 1 FROM commits";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// A signed commit; `None` where its signature is still awaited.
    pub(crate) fn sealed(&self, n: u64) -> Result<Option<Sealed>, StoreError> {
        let sql = "SELECT payload, sig, signed_by, leaves FROM commits WHERE n = ?1 AND sig IS NOT NULL";
        let mut statement = self.conn.prepare_cached(sql)?;
        let row: Option<(String, String, String, Vec<u8>)> = statement
            .query_row([n], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let Some((payload, sig, signed_by, leaves)) = row else {
            return Ok(None);
        };
        let commit = SignedCommit { payload, sig };
        let tree = tree(&leaves_of(&leaves)?)?;
        Ok(Some(Sealed::new(commit, signed_by, tree)))
    }

    /// Commits that a gateway before this one did not come to sign.
    pub(super) fn unsealed(&self) -> Result<Vec<Unsealed>, StoreError> {
        let sql = "SELECT n, leaves FROM commits WHERE sig IS NULL ORDER BY n";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut unsealed = Vec::new();
        while let Some(row) = rows.next()? {
            let leaves: Vec<u8> = row.get(1)?;
            unsealed.push(Unsealed {
                n: row.get(0)?,
                leaves: leaves_of(&leaves)?,
            });
        }
        Ok(unsealed)
    }
}

impl Tx<'_> {
    /// Give a text in this commit.
    pub(super) fn give(&mut self, payload: String) -> Given {
        let index = (self.before + self.given.len()) as u64;
        self.given.push(leaf_hash(payload.as_bytes()));
        Given {
            payload,
            commit: self.commit,
            index,
        }
    }

    /// Keep a commit's signature. The first one stays: what was answered is answered the same again.
    pub(crate) fn seal_commit(&mut self, n: u64, sealed: &Sealed) -> Result<(), StoreError> {
        let sql = "UPDATE commits SET payload = ?2, sig = ?3, signed_by = ?4 WHERE n = ?1 AND sig IS NULL";
        self.conn.prepare_cached(sql)?.execute(params![
            n,
            sealed.commit.payload,
            sealed.commit.sig,
            sealed.signed_by
        ])?;
        Ok(())
    }
}
