//! Handing a key to the VFS, opening a connection through it, and removing what belongs to a database.
//!
//! Not here: what the database holds. Called by `shenhai-store`.
#![allow(unsafe_code, reason = "registering a VFS and reserving bytes are C calls")]

use crate::base::{Base, BaseFile};
use crate::database::{Database, Trust};
use crate::error::{Code, Fault};
use crate::ledger::{SUFFIXES, name};
use crate::page::{self, CLEAR, FileKind, PAGE, RESERVED};
use crate::shim::{self, Shared, locked};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_core::CryptoRng;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, ffi};
use shenhai_crypto::PageKey;
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thiserror::Error;
use zeroize::Zeroizing;

/// Why a database was not made ready to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AttachError {
    /// Somebody has it open.
    #[error("the database is open")]
    Busy,
    /// There is no such platform VFS.
    #[error("no such VFS")]
    NoVfs,
    /// The platform refused the path, with SQLite's result code.
    #[error("the path was refused ({0})")]
    Refused(i32),
}

impl From<Code> for AttachError {
    fn from(code: Code) -> Self {
        match code.0 {
            ffi::SQLITE_BUSY => Self::Busy,
            code => Self::Refused(code),
        }
    }
}

/// The databases of this process that have their key, by full path.
static ATTACHED: LazyLock<Mutex<HashMap<CString, Shared>>> = LazyLock::new(Mutex::default);
/// Told when one of them is let go.
static DETACHED: Condvar = Condvar::new();

fn attached() -> MutexGuard<'static, HashMap<CString, Shared>> {
    ATTACHED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lookup(path: &CStr) -> Option<Shared> {
    attached().get(path).cloned()
}

/// A database that has its key. Drop it after its connections: a connection left over can no longer open a journal.
pub struct Sealed {
    path: CString,
    given: String,
    vfs: CString,
    shared: Shared,
    trust: Trust,
}

impl Sealed {
    /// Give the VFS the key of the database at `path`, which need not exist.
    ///
    /// `base` names the platform's VFS, `None` its default. `rng` seeds the generator of the nonces. When this process
    /// has the database attached already, up to `patience` is waited for it to be let go.
    ///
    /// # Errors
    /// [`AttachError`].
    pub fn attach(
        base: Option<&str>,
        path: &str,
        key: &[u8; 16],
        rng: &mut dyn CryptoRng,
        trust: Trust,
        patience: Duration,
    ) -> Result<Self, AttachError> {
        let (base, vfs) = registered(base)?;
        let full = base.full_path(&c_string(path)?)?;
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut());
        let database = Database::new(
            base,
            full.clone(),
            PageKey::new(key),
            StdRng::from_seed(*seed),
            trust,
        );
        let shared = Arc::new(Mutex::new(database));
        let mut all = attached();
        if !patience.is_zero() {
            let waited = DETACHED.wait_timeout_while(all, patience, |all| all.contains_key(&full));
            all = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if all.contains_key(&full) {
            return Err(AttachError::Busy);
        }
        all.insert(full.clone(), Arc::clone(&shared));
        Ok(Self {
            path: full,
            given: path.to_owned(),
            vfs,
            shared,
            trust,
        })
    }

    /// Open a connection: exclusive, temporary tables in memory, no memory mapping.
    ///
    /// # Errors
    /// What SQLite says; nothing is read yet but the header.
    pub fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags_and_vfs(&self.given, flags, self.vfs.as_c_str())?;
        connection.pragma_update(None, "page_size", PAGE as i64)?;
        reserve(&connection)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "mmap_size", 0)?;
        // One owner, and with it a WAL index on the heap: the VFS has no shared memory.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        if self.trust == Trust::Any {
            // What is being rescued stays as it was found, as far as SQLite can read it so.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        }
        Ok(connection)
    }

    /// Sixteen random bytes that name the database for its life: one made anew in its place has others. `None` until a
    /// connection read something.
    #[must_use]
    pub fn identity(&self) -> Option<[u8; 16]> {
        locked(&self.shared).identity()
    }

    /// The first thing found wrong since it was attached.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        locked(&self.shared).fault()
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        attached().remove(&self.path);
        DETACHED.notify_all();
    }
}

/// Have SQLite leave [`RESERVED`] bytes free on each page of a new database.
fn reserve(connection: &Connection) -> rusqlite::Result<()> {
    let mut bytes = i32::from(RESERVED);
    // SAFETY: the handle is open while `connection` is borrowed; this control takes a pointer to an integer.
    let code = unsafe {
        ffi::sqlite3_file_control(
            connection.handle(),
            c"main".as_ptr(),
            ffi::SQLITE_FCNTL_RESERVE_BYTES,
            (&raw mut bytes).cast(),
        )
    };
    if code == ffi::SQLITE_OK {
        Ok(())
    } else {
        Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
    }
}

/// The platform's VFS and the name of ours over it, which is registered when it is first asked for.
fn registered(base: Option<&str>) -> Result<(Base, CString), AttachError> {
    static REGISTERING: Mutex<()> = Mutex::new(());
    let _alone = REGISTERING.lock().unwrap_or_else(PoisonError::into_inner);
    let under = base.map(c_string).transpose()?;
    let found = Base::find(under.as_deref()).ok_or(AttachError::NoVfs)?;
    let ours = c_string(&format!("shenhai-sealed-{}", base.unwrap_or("default")))?;
    if Base::find(Some(&ours)).is_none() {
        // Never unregistered, so never freed: a connection may outlive everything else.
        let name: &'static CStr = Box::leak(ours.clone().into_boxed_c_str());
        // SAFETY: the structure and its name live for ever.
        Code::check(unsafe { ffi::sqlite3_vfs_register(shim::vfs(found, name, lookup), 0) })?;
    }
    Ok((found, ours))
}

fn c_string(text: &str) -> Result<CString, AttachError> {
    CString::new(text).map_err(|_| AttachError::Refused(ffi::SQLITE_CANTOPEN))
}

/// What the file at `path` is. Nobody may have it open for writing.
///
/// # Errors
/// [`AttachError`].
pub fn kind_of(base: Option<&str>, path: &str) -> Result<FileKind, AttachError> {
    let base = Base::find(base.map(c_string).transpose()?.as_deref()).ok_or(AttachError::NoVfs)?;
    let path = base.full_path(&c_string(path)?)?;
    if !base.exists(&path)? {
        return Ok(FileKind::Missing);
    }
    let mut file = base.open(&path, ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_MAIN_DB)?;
    if file.size()? == 0 {
        return Ok(FileKind::Missing);
    }
    let mut header = [0; CLEAR];
    file.read(0, &mut header)?;
    Ok(page::kind_of_header(&header))
}

/// Overwrite and remove a database and everything beside it.
///
/// Overwriting is a courtesy: flash keeps old blocks. What makes the data unreadable is that the key is gone.
///
/// # Errors
/// [`AttachError::Busy`] when somebody has it open, and nothing is removed; after another error, what could be removed is.
pub fn erase(base: Option<&str>, path: &str) -> Result<(), AttachError> {
    let base = Base::find(base.map(c_string).transpose()?.as_deref()).ok_or(AttachError::NoVfs)?;
    let path = base.full_path(&c_string(path)?)?;
    if attached().contains_key(&path) {
        return Err(AttachError::Busy);
    }
    let (mut result, _held) = if base.exists(&path)? {
        let mut file = locked_file(base, &path)?;
        let overwritten = overwrite(&mut file);
        // Where a file that is open cannot be removed (a browser's pool, Windows), the lock ends here; by now there is
        // nothing left to be read in it.
        let held = (file.characteristics() & ffi::SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN == 0).then_some(file);
        let removed = base.delete(&path).and(overwritten);
        (removed, held)
    } else {
        (Ok(()), None)
    };
    for suffix in ["-journal", "-wal", SUFFIXES[0], SUFFIXES[1]] {
        let erased = name(&path, suffix).and_then(|path| erase_file(base, &path));
        result = result.and(erased);
    }
    Ok(result?)
}

fn locked_file(base: Base, path: &CStr) -> Result<BaseFile, Code> {
    let mut file = base.open(path, ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_MAIN_DB)?;
    file.lock(ffi::SQLITE_LOCK_SHARED)?;
    file.lock(ffi::SQLITE_LOCK_EXCLUSIVE)?;
    Ok(file)
}

fn erase_file(base: Base, path: &CStr) -> Result<(), Code> {
    if !base.exists(path)? {
        return Ok(());
    }
    let mut file = base.open(path, ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_SUPER_JOURNAL)?;
    let overwritten = overwrite(&mut file);
    drop(file);
    base.delete(path).and(overwritten)
}

fn overwrite(file: &mut BaseFile) -> Result<(), Code> {
    let size = file.size()?;
    for at in (0..size).step_by(PAGE) {
        let len = usize::try_from(size - at).unwrap_or(PAGE).min(PAGE);
        file.write(at, &[0; PAGE][..len])?;
    }
    file.sync(ffi::SQLITE_SYNC_NORMAL)?;
    file.truncate(0)
}
