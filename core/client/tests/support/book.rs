//! The fake gateway's log of receipts, with heads and proofs, and the ways to tamper with it.

use super::gateway::FakeGateway;
use shenhai_proof::{MemoryLog, consistency, root};
use shenhai_protocol::*;

/// The leaves of the log.
#[derive(Clone, Default)]
pub struct Book {
    leaves: Vec<String>,
    show_once: Option<(String, Vec<String>)>,
    bad_paths: usize,
}

impl Book {
    pub fn of(leaves: &[&str]) -> Self {
        Self {
            leaves: owned(leaves),
            show_once: None,
            bad_paths: 0,
        }
    }

    /// The next so many proofs are paths to nowhere.
    pub fn spoil_proofs(&mut self, times: usize) {
        self.bad_paths = times;
    }

    /// The next head speaks of this epoch and log instead; the proofs do not.
    pub fn show_once(&mut self, epoch: &str, leaves: &[&str]) {
        self.show_once = Some((epoch.to_owned(), owned(leaves)));
    }
}

fn owned(leaves: &[&str]) -> Vec<String> {
    leaves.iter().map(|leaf| (*leaf).to_owned()).collect()
}

fn tree(leaves: &[String]) -> MemoryLog {
    let mut log = MemoryLog::default();
    for leaf in leaves {
        log.append(leaf.as_bytes()).expect("appends");
    }
    log
}

impl FakeGateway {
    /// The log as it was with so many leaves, signed.
    pub(super) fn head_at(&mut self, query: &str, now: UnixMillis) -> Result<SignedHead, ErrorCode> {
        let size: usize = query
            .strip_prefix("size=")
            .and_then(|n| n.parse().ok())
            .ok_or(ErrorCode::Malformed)?;
        let book = self.book.as_ref().expect("the test wants a log");
        let leaves = book.leaves.get(..size).ok_or(ErrorCode::NotFound)?.to_vec();
        Ok(self.sign_head(self.epoch.clone(), &leaves, now))
    }

    /// The log as it now is, signed.
    pub fn signed_head(&mut self, now: UnixMillis) -> SignedHead {
        let book = self.book.as_mut().expect("the test wants a log");
        let present = || (self.epoch.clone(), book.leaves.clone());
        let (epoch, leaves) = book.show_once.take().unwrap_or_else(present);
        self.sign_head(epoch, &leaves, now)
    }

    fn sign_head(&mut self, epoch: String, leaves: &[String], now: UnixMillis) -> SignedHead {
        let size = leaves.len() as u64;
        let head = TreeHead {
            v: PROTOCOL_VERSION,
            class: DataClass::OrderClosing,
            epoch,
            size,
            root: HexHash(root(&tree(leaves), size).expect("a root").to_hex()),
            at: now,
        };
        let payload = serde_json::to_string(&head).expect("JSON");
        let text = SignedHead::signed_text(&payload);
        let sig = self.key.sign(text.as_bytes(), &mut self.rng).to_hex();
        SignedHead { payload, sig }
    }

    pub(super) fn consistency(&mut self, query: &str) -> Result<LogConsistency, ErrorCode> {
        let number = |name: &str| {
            let terms = query.split('&').filter_map(|term| term.split_once('='));
            let mut named = terms.filter(|(key, _)| *key == name);
            named.next().and_then(|(_, value)| value.parse::<u64>().ok())
        };
        let (from, to) = number("from").zip(number("to")).ok_or(ErrorCode::Malformed)?;
        let book = self.book.as_mut().expect("the test wants a log");
        let leaves = &book.leaves;
        if from > to || to > leaves.len() as u64 {
            return Err(ErrorCode::NotFound);
        }
        let path = consistency(&tree(leaves), from, to).expect("a proof");
        let mut path: Vec<HexHash> = path.iter().map(|hash| HexHash(hash.to_hex())).collect();
        if book.bad_paths > 0 {
            book.bad_paths -= 1;
            path.iter_mut().for_each(|hash| *hash = HexHash::zero());
        }
        Ok(LogConsistency { from, to, path })
    }
}
