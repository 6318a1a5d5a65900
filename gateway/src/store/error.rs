//! Why the store did not do something.
//!
//! Rich enough to act on, free of stored values. Called by every part of the gateway that reads or writes.

use shenhai_crypto::ProviderError;
use std::sync::Arc;
use thiserror::Error;

/// Why the store did not do something. Cloned to every job of a commit that failed as a whole.
#[derive(Debug, Clone, Error)]
pub enum StoreError {
    /// The file system holds no more.
    #[error("no space left for the database")]
    Full,
    /// SQLite refused. Its messages name tables and columns, never values.
    #[error("database: {0}")]
    Database(Arc<rusqlite::Error>),
    /// A stored document is not what this version writes.
    #[error("a stored {0} cannot be read")]
    Document(&'static str),
    /// The database was written by a newer version.
    #[error("the database has schema {found}, this gateway knows up to {known}")]
    NewerSchema {
        /// In the file.
        found: usize,
        /// In this program.
        known: usize,
    },
    /// The database was written by a program of protocol 1, which nothing reads any more.
    #[error(
        "the database is of protocol 1, which this gateway does not read; start with an empty data directory"
    )]
    OlderProtocol,
    /// The gateway's key did not sign.
    #[error("signing: {0}")]
    Signing(#[from] ProviderError),
    /// A job panicked; nothing of it was kept.
    #[error("a write failed by a bug")]
    Panicked,
    /// The store is stopping.
    #[error("the store is stopping")]
    Stopped,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            _ => Self::Database(Arc::new(error)),
        }
    }
}
