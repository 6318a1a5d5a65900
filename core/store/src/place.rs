//! Where the database lies and how a damaged one is put aside.

use crate::StoreError;
use rusqlite::Connection;

/// Where the database lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In this directory, which is made when missing.
    #[cfg(not(target_arch = "wasm32"))]
    Directory(std::path::PathBuf),
    /// In the browser's origin-private file system, in a pool of this name. Only in a dedicated Worker.
    #[cfg(target_arch = "wasm32")]
    Opfs(String),
    /// Nowhere: gone when the process ends.
    Memory,
}

/// A place that was entered.
pub(crate) enum Entered {
    #[cfg(not(target_arch = "wasm32"))]
    Directory(std::path::PathBuf),
    #[cfg(target_arch = "wasm32")]
    Opfs {
        vfs: String,
        pool: sqlite_wasm_vfs::sahpool::OpfsSAHPoolUtil,
    },
    Memory,
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::enter;
#[cfg(target_arch = "wasm32")]
pub(crate) use web::enter;

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use super::{Connection, Entered, Place, StoreError};
    use shenhai_protocol::UnixMillis;
    use std::path::PathBuf;

    const FILE: &str = "shenhai.db";

    pub(crate) async fn enter(place: &Place) -> Result<Entered, StoreError> {
        match place {
            Place::Directory(directory) => {
                std::fs::create_dir_all(directory)
                    .map_err(|error| StoreError::Unavailable(error.kind().to_string()))?;
                Ok(Entered::Directory(directory.clone()))
            }
            Place::Memory => Ok(Entered::Memory),
        }
    }

    impl Entered {
        pub(crate) fn is_durable(&self) -> bool {
            matches!(self, Self::Directory(_))
        }

        pub(crate) fn connect(&self) -> Result<Connection, StoreError> {
            match self {
                Self::Directory(directory) => {
                    let connection = Connection::open(directory.join(FILE))?;
                    // Long enough for a core that is just closing, short enough to be told.
                    connection.busy_timeout(std::time::Duration::from_millis(300))?;
                    // One owner: a second core on the same chain would sign the same number twice.
                    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
                    connection.pragma_update(None, "journal_mode", "WAL")?;
                    Ok(connection)
                }
                Self::Memory => Ok(Connection::open_in_memory()?),
            }
        }

        /// Rename the damaged files, and open what they hold for reading.
        pub(crate) fn put_aside(&self, at: UnixMillis) -> Result<(Option<Connection>, String), StoreError> {
            let Self::Directory(directory) = self else {
                return Ok((None, "memory".to_owned()));
            };
            let name = format!("{FILE}.damaged-{}", at.0);
            for suffix in ["", "-wal"] {
                let from: PathBuf = directory.join(format!("{FILE}{suffix}"));
                if from.exists() {
                    std::fs::rename(&from, directory.join(format!("{name}{suffix}")))
                        .map_err(|error| StoreError::Unavailable(error.kind().to_string()))?;
                }
            }
            Ok((Connection::open(directory.join(&name)).ok(), name))
        }

        pub(crate) fn leave(&self) {}
    }
}

#[cfg(target_arch = "wasm32")]
mod web {
    use super::{Connection, Entered, Place, StoreError};
    use rusqlite::OpenFlags;
    use shenhai_protocol::UnixMillis;
    use sqlite_wasm_vfs::sahpool::{OpfsSAHError, OpfsSAHPoolCfgBuilder, OpfsSAHPoolUtil, install};

    const PREFIX: &str = "shenhai-";

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
        Ok(Entered::Opfs { vfs, pool })
    }

    fn refused(error: OpfsSAHError) -> StoreError {
        match &error {
            OpfsSAHError::Busy | OpfsSAHError::FilesInUse | OpfsSAHError::DirectoryInUse(_) => {
                StoreError::Busy
            }
            // Another tab or Worker holds the access handles.
            OpfsSAHError::Opfs { message, .. } if message.contains("NoModificationAllowedError") => {
                StoreError::Busy
            }
            _ => StoreError::Unavailable(error.to_string()),
        }
    }

    /// The pool has no rename: the database in use is the one with the highest number, damaged ones stay below.
    fn newest(pool: &OpfsSAHPoolUtil) -> Result<u64, StoreError> {
        use rsqlite_vfs::VfsFilesManager;
        let names = pool.names().map_err(refused)?;
        let number = |name: &String| {
            name.trim_start_matches('/')
                .strip_prefix(PREFIX)?
                .strip_suffix(".db")?
                .parse::<u64>()
                .ok()
        };
        Ok(names.iter().filter_map(number).max().unwrap_or(1))
    }

    impl Entered {
        pub(crate) fn is_durable(&self) -> bool {
            matches!(self, Self::Opfs { .. })
        }

        pub(crate) fn connect(&self) -> Result<Connection, StoreError> {
            match self {
                Self::Opfs { vfs, pool } => {
                    let connection = open(vfs, newest(pool)?)?;
                    // The pool has no shared memory, so no WAL. Truncating keeps the journal's slot.
                    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
                    connection.pragma_update(None, "journal_mode", "TRUNCATE")?;
                    Ok(connection)
                }
                Self::Memory => Ok(Connection::open_in_memory()?),
            }
        }

        /// Start the next number; the damaged one stays and is opened for reading.
        pub(crate) fn put_aside(&self, _at: UnixMillis) -> Result<(Option<Connection>, String), StoreError> {
            let Self::Opfs { vfs, pool } = self else {
                return Ok((None, "memory".to_owned()));
            };
            let damaged = newest(pool)?;
            // Creating it is what makes it the newest.
            open(vfs, damaged + 1)?.pragma_update(None, "user_version", 0)?;
            Ok((open(vfs, damaged).ok(), name(damaged)))
        }

        /// Release the access handles, so that another Worker may take over.
        pub(crate) fn leave(&self) {
            if let Self::Opfs { pool, .. } = self {
                // Fails only while a file is open; then the handles go with the Worker.
                let _ = pool.pause();
            }
        }
    }

    fn name(number: u64) -> String {
        format!("{PREFIX}{number}.db")
    }

    fn open(vfs: &str, number: u64) -> Result<Connection, StoreError> {
        Ok(Connection::open_with_flags_and_vfs(
            name(number),
            OpenFlags::default(),
            vfs,
        )?)
    }
}
