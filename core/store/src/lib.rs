//! The device's database: orders, records and packs as received, drafts as typed, commands as signed, keys and the session.
//!
//! Not here: what any of it means for the person (`shenhai-client`) and when a command moves on
//! (`shenhai-sync`). Called by `shenhai-client` alone, under its lock; no call waits for anything but the disk.
//!
//! In the files everything is sealed, page by page (`shenhai-vfs`). In the tables nothing is, so that SQLite may search
//! them, but for the devices' secret keys (`vault`), which must not lie about in SQLite's memory. Every commit is on the
//! disk before its call returns (`synchronous=FULL`).

mod error;
mod heads;
mod held;
mod open;
mod place;
mod plain;
mod read;
mod records;
mod rescue;
mod schema;
mod trust;
mod vault;
mod write;

pub use error::StoreError;
pub use heads::KeptHead;
pub use open::{Anchor, Keys, Opened, RolledBack, StoreRng};
pub use place::Place;
pub use read::{Store, Tally};
pub use records::{
    Identity, KeptActDraft, KeptDraft, KeptPack, OutboxEntry, PageOfChanges, PendingLogin, ScopeCopy,
    SeenOrder, SessionRecord,
};
pub use schema::VERSION;
pub use shenhai_vfs::Fault;
pub use trust::TrustRecord;
pub use write::Write;
