//! What can go wrong with the database.

use rusqlite::ErrorCode as Sqlite;
use shenhai_vfs::AttachError;
use thiserror::Error;

/// Why the store could not do something.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database was sealed with another key. It was left as it is.
    #[error("the database belongs to another key")]
    WrongKey,
    /// A later version of this product wrote it. It was left as it is.
    #[error("the database has version {0}, this program knows up to {known}", known = crate::VERSION)]
    Newer(i64),
    /// Somebody else has it open.
    #[error("the database is in use by another process or tab")]
    Busy,
    /// There is no place to keep it.
    #[error("no durable storage: {0}")]
    Unavailable(String),
    /// The file is damaged.
    #[error("the database is damaged")]
    Damaged,
    /// The disk or the quota is full.
    #[error("no space left")]
    Full,
    /// A row does not have the form this program writes, e.g. after it was tampered with.
    #[error("unreadable row in {0}")]
    Row(&'static str),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// Anything else SQLite reports.
    #[error("sqlite: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(Sqlite::DatabaseCorrupt | Sqlite::NotADatabase) => Self::Damaged,
            Some(Sqlite::DatabaseBusy | Sqlite::DatabaseLocked) => Self::Busy,
            Some(Sqlite::DiskFull) => Self::Full,
            _ => Self::Sqlite(error),
        }
    }
}

impl From<AttachError> for StoreError {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::Busy => Self::Busy,
            AttachError::NoVfs | AttachError::Refused(_) => Self::Unavailable(error.to_string()),
        }
    }
}
