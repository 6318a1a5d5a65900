//! Where a native host keeps small secrets: what a shell implements, and files for hosts without a key store.
//!
//! Not here: what is kept and when. Implemented by the shells through the bindings; [`FileSecrets`] is for the
//! desktop and the scenarios.

use crate::host::KeepError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The platform's store of small secrets. Called on a thread that may wait.
pub trait SecretStore: Send + Sync {
    /// As [`crate::host::Host::store_key`].
    ///
    /// # Errors
    /// [`KeepError`]; the core then does not open.
    fn store_key(&self) -> Result<Zeroizing<[u8; 16]>, KeepError>;

    /// As [`crate::host::Host::keep`].
    ///
    /// # Errors
    /// [`KeepError`]; the old value is then still there.
    fn keep(&self, name: &str, value: Option<&[u8]>) -> Result<(), KeepError>;

    /// As [`crate::host::Host::kept`].
    ///
    /// # Errors
    /// [`KeepError`].
    fn kept(&self, name: &str) -> Result<Option<Vec<u8>>, KeepError>;
}

/// Longest secret read back. The core keeps less than 4 KiB under a name.
const SECRET_BYTES: u64 = 64 * 1024;
const STORE_KEY: &str = "store-key";

/// Secrets as files that only their owner may read, in a directory of their own.
///
/// A host without a key store has nothing better: whoever reads this directory and the data has both. A person's
/// PIN still stands between them.
pub struct FileSecrets {
    directory: PathBuf,
}

impl FileSecrets {
    /// Keep secrets in `directory`, which is made with the first.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    fn path(&self, name: &str) -> Result<PathBuf, KeepError> {
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        if plain {
            Ok(self.directory.join(name))
        } else {
            Err(KeepError::Refused)
        }
    }
}

impl SecretStore for FileSecrets {
    fn store_key(&self) -> Result<Zeroizing<[u8; 16]>, KeepError> {
        if let Some(kept) = self.kept(STORE_KEY)?.map(Zeroizing::new) {
            let key = <[u8; 16]>::try_from(kept.as_slice()).map_err(|_| KeepError::Damaged)?;
            return Ok(Zeroizing::new(key));
        }
        let mut key = Zeroizing::new([0; 16]);
        getrandom::fill(key.as_mut()).map_err(|_| KeepError::Unavailable)?;
        self.keep(STORE_KEY, Some(key.as_ref()))?;
        Ok(key)
    }

    fn keep(&self, name: &str, value: Option<&[u8]>) -> Result<(), KeepError> {
        let path = self.path(name)?;
        let done = match value {
            Some(value) => replace(&self.directory, &path, value),
            None => remove(&self.directory, &path),
        };
        done.map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => KeepError::Full,
            _ => KeepError::Unavailable,
        })
    }

    fn kept(&self, name: &str) -> Result<Option<Vec<u8>>, KeepError> {
        let file = match File::open(self.path(name)?) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(_) => return Err(KeepError::Unavailable),
        };
        let mut value = Vec::new();
        file.take(SECRET_BYTES)
            .read_to_end(&mut value)
            .map_err(|_| KeepError::Unavailable)?;
        Ok(Some(value))
    }
}

/// Write beside it, flush, rename over it, flush the directory: after a power cut there is the old or the new.
fn replace(directory: &Path, path: &Path, value: &[u8]) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let fresh = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&fresh)?;
    file.write_all(value)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    flush(directory)
}

fn remove(directory: &Path, path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => flush(directory),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn flush(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn flush(_directory: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_kept_for_its_owner_alone_and_replaced_as_a_whole() {
        let directory = tempfile::tempdir().expect("a directory");
        let secrets = FileSecrets::new(directory.path().join("secrets"));
        assert_eq!(secrets.kept("lock"), Ok(None));
        secrets.keep("lock", Some(b"first, and longer")).expect("kept");
        secrets.keep("lock", Some(b"second")).expect("kept");
        assert_eq!(secrets.kept("lock"), Ok(Some(b"second".to_vec())));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let kept = fs::metadata(directory.path().join("secrets/lock")).expect("a file");
            assert_eq!(kept.permissions().mode() & 0o777, 0o600);
        }
        secrets.keep("lock", None).expect("forgotten");
        secrets.keep("lock", None).expect("twice");
        assert_eq!(secrets.kept("lock"), Ok(None));
    }

    #[test]
    fn the_store_key_is_made_once_and_a_damaged_one_is_never_replaced() {
        let directory = tempfile::tempdir().expect("a directory");
        let secrets = FileSecrets::new(directory.path());
        let key = secrets.store_key().expect("made");
        assert_eq!(FileSecrets::new(directory.path()).store_key(), Ok(key));
        secrets.keep(STORE_KEY, Some(b"short")).expect("kept");
        assert_eq!(secrets.store_key(), Err(KeepError::Damaged));
        assert_eq!(secrets.kept(STORE_KEY), Ok(Some(b"short".to_vec())));
    }

    #[test]
    fn a_name_cannot_leave_the_directory() {
        let secrets = FileSecrets::new("nowhere");
        for name in ["", "../lock", "a/b", "lock.new", "锁"] {
            assert_eq!(secrets.keep(name, Some(b"x")), Err(KeepError::Refused), "{name}");
            assert_eq!(secrets.kept(name), Err(KeepError::Refused), "{name}");
        }
    }
}
