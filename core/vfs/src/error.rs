//! SQLite's result codes inside, and what was found wrong with a sealed file outside.

use rusqlite::ffi;
use std::ffi::c_int;
use thiserror::Error;

/// A SQLite result code other than `SQLITE_OK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) c_int);

pub(crate) type Io<T> = Result<T, Code>;

impl Code {
    pub(crate) const CORRUPT: Self = Self(ffi::SQLITE_CORRUPT);
    pub(crate) const CANNOT_OPEN: Self = Self(ffi::SQLITE_CANTOPEN);
    pub(crate) const READ: Self = Self(ffi::SQLITE_IOERR_READ);
    pub(crate) const WRITE: Self = Self(ffi::SQLITE_IOERR_WRITE);

    /// `code` as a result.
    pub(crate) fn check(code: c_int) -> Io<()> {
        if code == ffi::SQLITE_OK {
            Ok(())
        } else {
            Err(Self(code))
        }
    }
}

/// The first thing found wrong with a sealed database. SQLite itself only learns that it is corrupt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Fault {
    /// Nothing in the files opens with this key.
    #[error("the files are sealed with another key")]
    WrongKey,
    /// The page was not sealed with this key for this place, or changed since.
    #[error("page {0} is not authentic")]
    NotAuthentic(u32),
    /// The page is authentic and not the one written last: an older copy, or none.
    #[error("page {0} is an older one")]
    RolledBack(u32),
    /// The database has pages and the list of their versions is gone or unreadable.
    #[error("the list of page versions is missing")]
    NoLedger,
    /// A journal or WAL is shorter than what was already taken over from it, or changed while it was open.
    #[error("the journal was cut or changed")]
    Journal,
}
