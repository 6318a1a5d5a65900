//! A directory of the platform's file system.

use super::Place;
use crate::StoreError;
use crate::open::Keyed;
use rusqlite::Connection;
use shenhai_protocol::UnixMillis;
use shenhai_vfs::{FileKind, Sealed, Trust};
use std::path::{Path, PathBuf};
use std::time::Duration;

const FILE: &str = "shenhai.db";
/// Where a database of version 1, which had the same name, waits until it is copied.
const PLAIN: &str = "shenhai-1.db";
/// What a database may have beside it.
const BESIDE: [&str; 5] = ["-wal", "-journal", "-seal1", "-seal2", ""];
/// Long enough for a core that is just closing, short enough to be told.
const PATIENCE: Duration = Duration::from_millis(300);

/// A place that was entered.
pub(crate) enum Entered {
    Directory(PathBuf),
    Memory,
}

pub(crate) async fn enter(place: &Place) -> Result<Entered, StoreError> {
    match place {
        Place::Directory(directory) => {
            std::fs::create_dir_all(directory).map_err(|error| unavailable(&error))?;
            Ok(Entered::Directory(directory.clone()))
        }
        Place::Memory => Ok(Entered::Memory),
    }
}

impl Entered {
    pub(crate) fn is_durable(&self) -> bool {
        matches!(self, Self::Directory(_))
    }

    /// The database of version 1, moved out of the way, if there is one.
    pub(crate) fn plain(&self) -> Result<Option<Connection>, StoreError> {
        let Self::Directory(directory) = self else {
            return Ok(None);
        };
        let plain = directory.join(PLAIN);
        if shenhai_vfs::kind_of(None, text(&directory.join(FILE))?)? == FileKind::Plain {
            move_all(directory, FILE, PLAIN)?;
        }
        if !plain.exists() {
            return Ok(None);
        }
        let connection = Connection::open(plain)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        Ok(Some(connection))
    }

    pub(crate) fn attach(&self, keyed: &mut Keyed<'_>, trust: Trust) -> Result<Option<Sealed>, StoreError> {
        match self {
            Self::Directory(directory) => Ok(Some(attach(&directory.join(FILE), keyed, trust)?)),
            Self::Memory => Ok(None),
        }
    }

    pub(crate) fn attach_damaged(
        &self,
        keyed: &mut Keyed<'_>,
        name: &str,
    ) -> Result<Option<Sealed>, StoreError> {
        match self {
            Self::Directory(directory) => Ok(Some(attach(&directory.join(name), keyed, Trust::Any)?)),
            Self::Memory => Ok(None),
        }
    }

    pub(crate) fn connect(&self, sealed: Option<&Sealed>) -> Result<Connection, StoreError> {
        let Some(sealed) = sealed else {
            return Ok(Connection::open_in_memory()?);
        };
        let connection = sealed.connect()?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        Ok(connection)
    }

    /// Rename the damaged files.
    pub(crate) fn put_aside(&self, at: UnixMillis) -> Result<String, StoreError> {
        self.rename(FILE, at)
    }

    /// Rename the files of a damaged database of version 1.
    pub(crate) fn put_plain_aside(&self, at: UnixMillis) -> Result<String, StoreError> {
        self.rename(PLAIN, at)
    }

    fn rename(&self, from: &str, at: UnixMillis) -> Result<String, StoreError> {
        let name = format!("{from}.damaged-{}", at.0);
        if let Self::Directory(directory) = self {
            move_all(directory, from, &name)?;
        }
        Ok(name)
    }

    /// The copy is on the disk: remove what it was made from.
    pub(crate) fn erase_plain(&self) -> Result<(), StoreError> {
        match self {
            Self::Directory(directory) => erase_file(directory, PLAIN),
            Self::Memory => Ok(()),
        }
    }

    /// Remove every file of ours.
    pub(crate) fn erase(&self) -> Result<(), StoreError> {
        let Self::Directory(directory) = self else {
            return Ok(());
        };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(|error| unavailable(&error))? {
            let name = entry.map_err(|error| unavailable(&error))?.file_name();
            names.extend(name.into_string());
        }
        // The one that may be in use first: if it is, nothing is touched. Files beside a database go with it, or,
        // should it be gone, by themselves.
        erase_file(directory, FILE)?;
        let mut erased = Ok(());
        names.retain(|name| name.starts_with(FILE) || name.starts_with(PLAIN));
        for name in &names {
            erased = erased.and(erase_file(directory, name));
        }
        erased
    }

    pub(crate) fn leave(&self) {}
}

fn attach(path: &Path, keyed: &mut Keyed<'_>, trust: Trust) -> Result<Sealed, StoreError> {
    Ok(Sealed::attach(
        None,
        text(path)?,
        keyed.key,
        keyed.rng,
        trust,
        PATIENCE,
    )?)
}

fn erase_file(directory: &Path, name: &str) -> Result<(), StoreError> {
    Ok(shenhai_vfs::erase(None, text(&directory.join(name))?)?)
}

/// Rename a database, itself last: until then the next opening finds it under its old name and goes on.
fn move_all(directory: &Path, from: &str, to: &str) -> Result<(), StoreError> {
    for suffix in BESIDE {
        let old = directory.join(format!("{from}{suffix}"));
        if old.exists() {
            std::fs::rename(old, directory.join(format!("{to}{suffix}")))
                .map_err(|error| unavailable(&error))?;
        }
    }
    Ok(())
}

fn text(path: &Path) -> Result<&str, StoreError> {
    path.to_str()
        .ok_or_else(|| StoreError::Unavailable("the path is not Unicode".to_owned()))
}

fn unavailable(error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(error.kind().to_string())
}
