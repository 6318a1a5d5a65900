//! The device's database: orders as received, drafts as typed, commands as signed, keys and the session.
//!
//! Not here: what any of it means for the person (`shenhai-client`) and when a command moves on
//! (`shenhai-sync`). Called by `shenhai-client` alone, under its lock; no call waits for anything but the disk.
//!
//! Everything that says something about a citizen, a handler's work or a secret is sealed (SM4-GCM, bound to
//! its table, row and column) before SQLite sees it. In clear are ids, times, numbers and states – what is
//! needed to keep order. Every commit is on the disk before its call returns (`synchronous=FULL`).

mod error;
mod open;
mod place;
mod read;
mod records;
mod rescue;
mod schema;
mod sealing;
mod write;

pub use error::StoreError;
pub use open::Opened;
pub use place::Place;
pub use read::Store;
pub use records::{Identity, KeptDraft, OutboxEntry, PageOfChanges, PendingLogin, ScopeCopy, SessionRecord};
pub use schema::VERSION;
pub use sealing::StoreRng;
pub use write::Write;
