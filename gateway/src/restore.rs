//! Backup and restore of a gateway's data, by its operator, from the command line.
//!
//! A restored backup knows less than the devices that went on since. Under its old epoch they would take it for a log
//! that forgot; with a new one they fetch everything anew and send again what it lacks (docs/protocol.md). Not here:
//! the rows (`store::restored`). Refuses to touch data that a gateway is serving.

use crate::clock::Clock;
use crate::server::{self, StartError};
use crate::store::{Holdings, StoreError, restored};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why data was not copied or not restored. Nothing was changed then.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// The folder cannot be used, or a gateway is using it.
    #[error("{0}")]
    Data(#[from] StartError),
    /// There is no database.
    #[error("there is no {}; copy the backup's files there first", .0.display())]
    Missing(PathBuf),
    /// The file to be made is there already.
    #[error("{} is there already; nothing was overwritten", .0.display())]
    Exists(PathBuf),
    /// The backup is not sound.
    #[error("the backup is not sound, nothing was changed:\n  {}", .0.join("\n  "))]
    Unsound(Vec<String>),
    /// The database cannot be read or written.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The copy could not be brought to the disk.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// What was found and done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the backup holds.
    pub holds: Holdings,
    /// The epoch that begins with it; `None` for a dry run.
    pub epoch: Option<String>,
    /// The schema is an earlier version's: not all could be checked, a real run brings it up first.
    pub older_schema: bool,
    /// The key file stands beside the database. Without it, or `--key-file`, the gateway's keys cannot be opened.
    pub key_beside: bool,
}

/// Check the database in `data` and begin a new epoch with it; `dry_run` only checks.
///
/// # Errors
/// [`RestoreError`]; nothing was changed then but the schema of an earlier version.
pub fn restore(data: &Path, dry_run: bool, clock: &Clock) -> Result<Restored, RestoreError> {
    let database = present(data)?;
    let _lock = server::lock_data_dir(data)?;
    let looked_at = restored::open_to_look(&database)?;
    refuse(restored::damage(&looked_at)?)?;
    let current = restored::is_current(&looked_at)?;
    if current {
        refuse(restored::contradictions(&looked_at)?)?;
    }
    let mut outcome = Restored {
        holds: restored::holdings(&looked_at)?,
        epoch: None,
        older_schema: !current,
        key_beside: data.join(server::KEY_FILE).is_file(),
    };
    drop(looked_at);
    if !dry_run {
        let mut conn = restored::open_to_restore(&database)?;
        if !current {
            refuse(restored::contradictions(&conn)?)?;
        }
        let epoch = uuid::Uuid::new_v4().to_string();
        restored::begin_epoch(&mut conn, &epoch, clock.now())?;
        outcome.epoch = Some(epoch);
    }
    Ok(outcome)
}

/// Write a copy of the database in `data`, as of one moment, to the new file `to`. A gateway may be serving.
///
/// # Errors
/// [`RestoreError`]; then `to` is not there, or not whole.
pub fn backup(data: &Path, to: &Path) -> Result<(), RestoreError> {
    let database = present(data)?;
    if to.exists() {
        return Err(RestoreError::Exists(to.to_owned()));
    }
    restored::copy(&database, to)?;
    let synced = server::owner_only(to, 0o600).and_then(|()| File::open(to)?.sync_all());
    synced.map_err(|source| RestoreError::File {
        path: to.to_owned(),
        source,
    })
}

fn present(data: &Path) -> Result<PathBuf, RestoreError> {
    let database = server::database_path(data);
    match database.is_file() {
        true => Ok(database),
        false => Err(RestoreError::Missing(database)),
    }
}

fn refuse(faults: Vec<String>) -> Result<(), RestoreError> {
    match faults.is_empty() {
        true => Ok(()),
        false => Err(RestoreError::Unsound(faults)),
    }
}
