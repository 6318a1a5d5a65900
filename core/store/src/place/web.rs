//! A pool of files in the browser's origin-private file system.
//!
//! The pool has no rename. Databases are numbered: the one in use is the highest, or the next one when the highest is
//! damaged or of version 1.

use super::Place;
use crate::StoreError;
use crate::open::Keyed;
use rsqlite_vfs::VfsFilesManager;
use rusqlite::{Connection, OpenFlags};
use shenhai_protocol::UnixMillis;
use shenhai_vfs::{FileKind, Sealed, Trust};
use sqlite_wasm_vfs::sahpool::{OpfsSAHError, OpfsSAHPoolCfgBuilder, OpfsSAHPoolUtil, install};
use std::cell::Cell;
use std::time::Duration;

const PREFIX: &str = "shenhai-";
/// A database, its journal, its two ledgers; a new one beside it, before the old one goes.
const SLOTS: usize = 8;

/// A place that was entered.
pub(crate) enum Entered {
    Opfs {
        vfs: String,
        pool: OpfsSAHPoolUtil,
        number: Cell<u64>,
    },
    Memory,
}

pub(crate) async fn enter(place: &Place) -> Result<Entered, StoreError> {
    let Place::Opfs(name) = place else {
        return Ok(Entered::Memory);
    };
    let vfs = format!("opfs-{name}");
    let config = OpfsSAHPoolCfgBuilder::new()
        .vfs_name(&vfs)
        .directory(&format!(".{vfs}"))
        .build();
    let pool = install::<sqlite_wasm_rs::WasmOsCallback>(&config, false)
        .await
        .map_err(refused)?;
    // A store that was closed in this Worker left its pool paused.
    pool.resume().await.map_err(refused)?;
    let names = pool.names().map_err(refused)?;
    pool.ensure_capacity(names.len() + SLOTS).await.map_err(refused)?;
    let highest = names.iter().filter_map(|name| number(name)).max().unwrap_or(1);
    let plain = shenhai_vfs::kind_of(Some(&vfs), &file(highest))? == FileKind::Plain;
    Ok(Entered::Opfs {
        vfs,
        pool,
        number: Cell::new(if plain { highest + 1 } else { highest }),
    })
}

fn refused(error: OpfsSAHError) -> StoreError {
    refused_as(&error)
}

fn refused_as(error: &OpfsSAHError) -> StoreError {
    match error {
        OpfsSAHError::Busy | OpfsSAHError::FilesInUse | OpfsSAHError::DirectoryInUse(_) => StoreError::Busy,
        // The browser says so, or took only a part of what it was given, as a full disk does.
        OpfsSAHError::ShortIo { .. } => StoreError::Full,
        OpfsSAHError::Opfs { message, .. } if message.contains("QuotaExceededError") => StoreError::Full,
        OpfsSAHError::Cleanup { error, .. } => refused_as(error),
        // Another tab or Worker holds the access handles.
        OpfsSAHError::Opfs { message, .. } if message.contains("NoModificationAllowedError") => {
            StoreError::Busy
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}

fn file(number: u64) -> String {
    format!("{PREFIX}{number}.db")
}

fn number(name: &str) -> Option<u64> {
    name.trim_start_matches('/')
        .strip_prefix(PREFIX)?
        .strip_suffix(".db")?
        .parse()
        .ok()
}

impl Entered {
    pub(crate) fn is_durable(&self) -> bool {
        matches!(self, Self::Opfs { .. })
    }

    /// The database of version 1 below the one in use, if there is one.
    pub(crate) fn plain(&self) -> Result<Option<Connection>, StoreError> {
        let Self::Opfs { vfs, number, .. } = self else {
            return Ok(None);
        };
        let below = file(number.get().saturating_sub(1));
        if shenhai_vfs::kind_of(Some(vfs), &below)? != FileKind::Plain {
            return Ok(None);
        }
        let connection = Connection::open_with_flags_and_vfs(below, OpenFlags::default(), vfs.as_str())?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        Ok(Some(connection))
    }

    pub(crate) fn attach(&self, keyed: &Keyed<'_>, trust: Trust) -> Result<Option<Sealed>, StoreError> {
        match self {
            Self::Opfs { vfs, number, .. } => Ok(Some(attach(vfs, &file(number.get()), keyed, trust)?)),
            Self::Memory => Ok(None),
        }
    }

    pub(crate) fn attach_damaged(&self, keyed: &Keyed<'_>, name: &str) -> Result<Option<Sealed>, StoreError> {
        match self {
            Self::Opfs { vfs, .. } => Ok(Some(attach(vfs, name, keyed, Trust::Any)?)),
            Self::Memory => Ok(None),
        }
    }

    pub(crate) fn connect(&self, sealed: Option<&Sealed>) -> Result<Connection, StoreError> {
        let Some(sealed) = sealed else {
            return Ok(Connection::open_in_memory()?);
        };
        let connection = sealed.connect()?;
        // A WAL would need one more slot for no gain: nobody reads beside the writer. Truncating keeps the journal's.
        connection.pragma_update(None, "journal_mode", "TRUNCATE")?;
        Ok(connection)
    }

    /// Go on with the next number; the damaged one stays.
    pub(crate) fn put_aside(&self, _at: UnixMillis) -> Result<String, StoreError> {
        let Self::Opfs { number, .. } = self else {
            return Ok("memory".to_owned());
        };
        let damaged = number.get();
        number.set(damaged + 1);
        Ok(file(damaged))
    }

    /// It stays below the one in use.
    pub(crate) fn put_plain_aside(&self, _at: UnixMillis) -> Result<String, StoreError> {
        match self {
            Self::Opfs { number, .. } => Ok(file(number.get() - 1)),
            Self::Memory => Ok("memory".to_owned()),
        }
    }

    /// The copy is on the disk: remove what it was made from.
    pub(crate) fn erase_plain(&self) -> Result<(), StoreError> {
        match self {
            Self::Opfs { vfs, number, .. } => Ok(shenhai_vfs::erase(
                Some(vfs),
                &file(number.get().saturating_sub(1)),
            )?),
            Self::Memory => Ok(()),
        }
    }

    /// Remove every file of ours.
    pub(crate) fn erase(&self) -> Result<(), StoreError> {
        let Self::Opfs { vfs, pool, .. } = self else {
            return Ok(());
        };
        let mut erased = Ok(());
        for name in pool.names().map_err(refused)? {
            // Files beside a database go with it, or, should it be gone, by themselves.
            erased = erased.and(shenhai_vfs::erase(Some(vfs), &name).map_err(StoreError::from));
        }
        erased
    }

    /// Release the access handles, so that another Worker may take over.
    pub(crate) fn leave(&self) {
        if let Self::Opfs { pool, .. } = self {
            // Fails only while a file is open; then the handles go with the Worker.
            let _ = pool.pause();
        }
    }
}

fn attach(vfs: &str, name: &str, keyed: &Keyed<'_>, trust: Trust) -> Result<Sealed, StoreError> {
    Ok(Sealed::attach(
        Some(vfs),
        name,
        keyed.key,
        &mut **keyed.vault.rng(),
        trust,
        Duration::ZERO,
    )?)
}
