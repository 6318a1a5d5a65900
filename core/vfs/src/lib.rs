//! SQLite files that nobody reads or rolls back unnoticed: a VFS between SQLite and the platform's own.
//!
//! Not here: tables, migrations and what to do about damage (`shenhai-store`, which alone calls this), and the key's
//! keeping. Format and reasons: `docs/adr/0006-sealed-pages.md`.
//!
//! Three kinds of file, all sealed with SM4-GCM under one key and random nonces:
//! - the database, page by page, nonce and tag in the bytes SQLite leaves free at each page's end ([`page`]);
//! - journal and WAL as a chained log of what SQLite wrote into them ([`journal`], [`log`]): no structure of
//!   theirs, no checksum over plain text, is left readable, and a torn end reads as never written;
//! - the ledger, which lists the version of every page ([`ledger`]): a page put back from an old copy is refused.

mod base;
mod connect;
mod database;
mod error;
mod extents;
mod journal;
mod ledger;
mod log;
mod page;
mod shim;

pub use connect::{AttachError, Sealed, erase, kind_of};
pub use database::Trust;
pub use error::Fault;
pub use page::FileKind;
