//! Proof of what was done: the Merkle log of receipts, and the check of an order's evidence.
//!
//! Not here: keys and signatures (`shenhai-crypto`), the wire types (`shenhai-protocol`), files and networks – this
//! crate does no I/O. Called by the gateway (making proofs), the client and `cargo xtask verify` (checking them
//! with the same code).

mod case;
mod evidence;
mod finding;
mod law;
mod log;
mod path;
mod receipt;
pub mod submission;
mod tree;
mod trust;
mod watch;

pub use case::{CaseReport, check_case, check_files, read_case};
pub use evidence::{Examined, Exhibit, Status, examine};
pub use finding::{Fault, Finding, Part};
pub use law::law_of;
pub use log::{Head, check_growth, open_head, read_head};
pub use path::{PathError, verify_consistency, verify_inclusion};
pub use receipt::Commits;
pub use tree::{
    MAX_LEVEL, MemoryLog, NewNode, NoNode, Nodes, ProveError, RangeError, append, consistency, empty_root,
    inclusion, leaf_hash, node_hash, root,
};
pub use trust::Signers;
pub use watch::{Beside, check_pair, compare};
