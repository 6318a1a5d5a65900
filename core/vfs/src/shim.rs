//! The VFS as SQLite calls it: pointers in, pointers checked, and on to the safe code.
//!
//! No rule of ours is decided here. Registered by `connect`, called by SQLite.
//!
//! Methods of version 1: no shared memory (the WAL index stays on the heap, which exclusive locking makes possible)
//! and no memory mapping. Temporary files of any kind are kept in memory.
#![allow(unsafe_code, reason = "SQLite's VFS is a table of C functions")]

use crate::base::{Base, BaseFile};
use crate::database::Database;
use crate::error::{Code, Io};
use crate::journal::Journal;
use crate::log::LogKind;
use crate::page::PAGE;
use rusqlite::ffi;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A database's state, shared by its files.
pub(crate) type Shared = Arc<Mutex<Database>>;

/// What SQLite allocates for each file.
#[repr(C)]
struct Handle {
    methods: *const ffi::sqlite3_io_methods,
    file: *mut File,
}

enum File {
    Main(Shared, BaseFile),
    Side(Shared, Journal),
    Temporary(Vec<u8>),
}

/// Lock a database; a panic elsewhere does not make its state worse than a crash would.
pub(crate) fn locked(shared: &Shared) -> MutexGuard<'_, Database> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who knows the databases that may be opened, by the path SQLite gives.
pub(crate) type Lookup = fn(&CStr) -> Option<Shared>;

struct AppData {
    base: Base,
    lookup: Lookup,
}

/// The structure to register over `base`; it and its name live for ever.
pub(crate) fn vfs(base: Base, name: &'static CStr, lookup: Lookup) -> *mut ffi::sqlite3_vfs {
    let app = Box::leak(Box::new(AppData { base, lookup }));
    // SAFETY: all fields of the structure may be null or zero.
    let mut vfs: ffi::sqlite3_vfs = unsafe { std::mem::zeroed() };
    vfs.iVersion = 1;
    vfs.szOsFile = c_int::try_from(size_of::<Handle>()).unwrap_or(c_int::MAX);
    vfs.mxPathname = base.max_path();
    vfs.zName = name.as_ptr();
    vfs.pAppData = ptr::from_mut(app).cast();
    vfs.xOpen = Some(open);
    vfs.xDelete = Some(delete);
    vfs.xAccess = Some(access);
    vfs.xFullPathname = Some(full_path);
    vfs.xRandomness = Some(randomness);
    vfs.xSleep = Some(sleep);
    vfs.xCurrentTime = Some(current_time);
    vfs.xGetLastError = Some(last_error);
    Box::into_raw(Box::new(vfs))
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

fn code(result: Io<()>) -> c_int {
    result.map_or_else(|Code(code)| code, |()| ffi::SQLITE_OK)
}

/// # Safety
/// `vfs` is a structure made by [`vfs`].
unsafe fn app<'a>(vfs: *mut ffi::sqlite3_vfs) -> &'a AppData {
    // SAFETY: made from a leaked `AppData`, which nobody changes.
    unsafe { &*(*vfs).pAppData.cast::<AppData>() }
}

/// # Safety
/// `file` was opened by [`open`] and is not closed; SQLite makes one call at a time for a file.
unsafe fn file<'a>(file: *mut ffi::sqlite3_file) -> &'a mut File {
    // SAFETY: `open` set the pointer from a box that `close` alone frees.
    unsafe { &mut *(*file.cast::<Handle>()).file }
}

/// # Safety
/// As for [`app`]; `name` is null or as SQLite gives it; `handle` has room for a [`Handle`]; `out` is null or valid.
unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    handle: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let handle = handle.cast::<Handle>();
    // SAFETY: room for a handle. Without methods SQLite does not close a file that failed to open.
    unsafe { (*handle).methods = ptr::null() };
    // SAFETY: the caller's promises.
    match unsafe { open_file(app(vfs), name, flags) } {
        Ok((opened, how)) => {
            // SAFETY: room for a handle, and for the answer where one is wanted.
            unsafe {
                (*handle).file = Box::into_raw(Box::new(opened));
                (*handle).methods = &raw const METHODS;
                if !out.is_null() {
                    *out = how;
                }
            }
            ffi::SQLITE_OK
        }
        Err(Code(code)) => code,
    }
}

/// # Safety
/// `name` is null or as SQLite gives it to `xOpen`.
unsafe fn open_file(app: &AppData, name: *const c_char, flags: c_int) -> Io<(File, c_int)> {
    const TEMPORARY: c_int = ffi::SQLITE_OPEN_TEMP_DB
        | ffi::SQLITE_OPEN_TEMP_JOURNAL
        | ffi::SQLITE_OPEN_TRANSIENT_DB
        | ffi::SQLITE_OPEN_SUBJOURNAL;
    if flags & TEMPORARY != 0 {
        return Ok((File::Temporary(Vec::new()), flags));
    }
    if name.is_null() {
        return Err(Code::CANNOT_OPEN);
    }
    // SAFETY: not null, so a C string.
    let path = unsafe { CStr::from_ptr(name) };
    let (suffix, kind) = if flags & ffi::SQLITE_OPEN_MAIN_DB != 0 {
        ("", None)
    } else if flags & ffi::SQLITE_OPEN_MAIN_JOURNAL != 0 {
        ("-journal", Some(LogKind::Journal))
    } else if flags & ffi::SQLITE_OPEN_WAL != 0 {
        ("-wal", Some(LogKind::Wal))
    } else {
        return Err(Code::CANNOT_OPEN);
    };
    let own = path
        .to_bytes()
        .strip_suffix(suffix.as_bytes())
        .and_then(|own| std::ffi::CString::new(own).ok())
        .ok_or(Code::CANNOT_OPEN)?;
    let shared = (app.lookup)(&own).ok_or(Code::CANNOT_OPEN)?;
    // SAFETY: SQLite keeps the name until it closed the file.
    let (file, how) = unsafe { app.base.open_named(name, flags)? };
    let opened = match kind {
        None => File::Main(shared, file),
        Some(kind) => {
            let journal = Journal::open(file, kind, &mut locked(&shared))?;
            File::Side(shared, journal)
        }
    };
    Ok((opened, how))
}

/// # Safety
/// As for [`file`], once.
unsafe extern "C" fn close(handle: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: from `Box::into_raw` in `open`; SQLite closes once.
    let file = unsafe { Box::from_raw((*handle.cast::<Handle>()).file) };
    code(match *file {
        File::Main(shared, file) => {
            let kept = locked(&shared).close();
            drop(file);
            kept
        }
        File::Side(shared, mut journal) => journal.flush(&mut locked(&shared)),
        File::Temporary(_) => Ok(()),
    })
}

/// # Safety
/// As for [`file`]; `into` has `len` bytes.
unsafe extern "C" fn read(
    handle: *mut ffi::sqlite3_file,
    into: *mut c_void,
    len: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    let (Ok(len), Ok(at)) = (usize::try_from(len), u64::try_from(at)) else {
        return ffi::SQLITE_IOERR_READ;
    };
    // SAFETY: the caller's promise.
    let into = unsafe { slice::from_raw_parts_mut(into.cast::<u8>(), len) };
    // SAFETY: the caller's promise.
    let whole = match unsafe { file(handle) } {
        File::Main(shared, file) => read_main(shared, file, at, into),
        File::Side(shared, journal) => journal.read(&mut locked(shared), at, into),
        File::Temporary(bytes) => Ok(read_memory(bytes, at, into)),
    };
    match whole {
        Ok(true) => ffi::SQLITE_OK,
        Ok(false) => ffi::SQLITE_IOERR_SHORT_READ,
        Err(Code(code)) => code,
    }
}

fn read_main(shared: &Shared, file: &mut BaseFile, at: u64, into: &mut [u8]) -> Io<bool> {
    if at < 100 && into.len() <= 100 {
        return Database::read_header(file, usize::try_from(at).unwrap_or(0), into);
    }
    match (page_number(at), <&mut [u8; PAGE]>::try_from(into)) {
        (Some(number), Ok(page)) => locked(shared).read_page(file, number, page),
        // Only a forged page size makes SQLite ask for this.
        _ => Err(Code::CORRUPT),
    }
}

fn page_number(at: u64) -> Option<u32> {
    let page = PAGE as u64;
    at.is_multiple_of(page)
        .then(|| u32::try_from(at / page + 1).ok())
        .flatten()
}

fn read_memory(bytes: &[u8], at: u64, into: &mut [u8]) -> bool {
    let there = usize::try_from(at)
        .ok()
        .and_then(|at| bytes.get(at..))
        .unwrap_or_default();
    let count = there.len().min(into.len());
    into[..count].copy_from_slice(&there[..count]);
    into[count..].fill(0);
    count == into.len()
}

/// # Safety
/// As for [`file`]; `from` has `len` bytes.
unsafe extern "C" fn write(
    handle: *mut ffi::sqlite3_file,
    from: *const c_void,
    len: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    let (Ok(len), Ok(at)) = (usize::try_from(len), u64::try_from(at)) else {
        return ffi::SQLITE_IOERR_WRITE;
    };
    // SAFETY: the caller's promise.
    let from = unsafe { slice::from_raw_parts(from.cast::<u8>(), len) };
    // SAFETY: the caller's promise.
    code(match unsafe { file(handle) } {
        File::Main(shared, file) => match (page_number(at), <&[u8; PAGE]>::try_from(from)) {
            (Some(number), Ok(page)) => locked(shared).write_page(file, number, page),
            _ => Err(Code::WRITE),
        },
        File::Side(shared, journal) => journal.write(&mut locked(shared), at, from),
        File::Temporary(bytes) => write_memory(bytes, at, from),
    })
}

fn write_memory(bytes: &mut Vec<u8>, at: u64, from: &[u8]) -> Io<()> {
    let at = usize::try_from(at).map_err(|_| Code(ffi::SQLITE_FULL))?;
    let end = at.checked_add(from.len()).ok_or(Code(ffi::SQLITE_FULL))?;
    if bytes.len() < end {
        bytes
            .try_reserve(end - bytes.len())
            .map_err(|_| Code(ffi::SQLITE_NOMEM))?;
        bytes.resize(end, 0);
    }
    bytes[at..end].copy_from_slice(from);
    Ok(())
}

/// # Safety
/// As for [`file`].
unsafe extern "C" fn truncate(handle: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    let size = u64::try_from(size).unwrap_or(0);
    // SAFETY: the caller's promise.
    code(match unsafe { file(handle) } {
        File::Main(shared, file) => locked(shared).truncate(file, size),
        File::Side(shared, journal) => journal.truncate(&mut locked(shared), size),
        File::Temporary(bytes) => {
            bytes.truncate(usize::try_from(size).unwrap_or(usize::MAX));
            Ok(())
        }
    })
}

/// # Safety
/// As for [`file`].
unsafe extern "C" fn sync(handle: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: the caller's promise.
    code(match unsafe { file(handle) } {
        File::Main(shared, file) => locked(shared).sync(file, flags),
        File::Side(shared, journal) => journal.sync(&mut locked(shared), flags),
        File::Temporary(_) => Ok(()),
    })
}

/// # Safety
/// As for [`file`]; `out` is valid.
unsafe extern "C" fn file_size(handle: *mut ffi::sqlite3_file, out: *mut ffi::sqlite3_int64) -> c_int {
    // SAFETY: the caller's promise.
    let size = match unsafe { file(handle) } {
        File::Main(_, file) => file.size(),
        File::Side(_, journal) => Ok(journal.size()),
        File::Temporary(bytes) => Ok(bytes.len() as u64),
    };
    code(size.map(|size| {
        // SAFETY: the caller's promise.
        unsafe { *out = ffi::sqlite3_int64::try_from(size).unwrap_or(ffi::sqlite3_int64::MAX) };
    }))
}

/// # Safety
/// As for [`file`].
unsafe extern "C" fn lock(handle: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: the caller's promise.
    code(match unsafe { file(handle) } {
        File::Main(shared, file) => locked(shared).lock(file, level),
        File::Side(..) | File::Temporary(_) => Ok(()),
    })
}

/// # Safety
/// As for [`file`].
unsafe extern "C" fn unlock(handle: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: the caller's promise.
    code(match unsafe { file(handle) } {
        File::Main(shared, file) => locked(shared).unlock(file, level),
        File::Side(..) | File::Temporary(_) => Ok(()),
    })
}

/// # Safety
/// As for [`file`]; `out` is valid.
unsafe extern "C" fn check_reserved(handle: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    let held = match unsafe { file(handle) } {
        File::Main(_, file) => file.reserved(),
        File::Side(..) | File::Temporary(_) => Ok(false),
    };
    code(held.map(|held| {
        // SAFETY: the caller's promise.
        unsafe { *out = c_int::from(held) };
    }))
}

/// Hints and switches of the platform's files (memory mapping, chunked growth, atomic batches) would go past the
/// sealing: none is passed on but the question whether the file was moved.
///
/// # Safety
/// As for [`file`]; `argument` is what `operation` asks for.
unsafe extern "C" fn control(
    handle: *mut ffi::sqlite3_file,
    operation: c_int,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: the caller's promise.
    match unsafe { file(handle) } {
        File::Main(_, file) if operation == ffi::SQLITE_FCNTL_HAS_MOVED => {
            // SAFETY: this control's argument is a pointer to an integer.
            unsafe { *argument.cast::<c_int>() = c_int::from(file.moved()) };
            ffi::SQLITE_OK
        }
        _ => ffi::SQLITE_NOTFOUND,
    }
}

/// # Safety
/// As for [`file`].
unsafe extern "C" fn sector(handle: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: the caller's promise.
    match unsafe { file(handle) } {
        File::Main(_, file) => file.sector(),
        File::Side(_, journal) => journal.file().sector(),
        File::Temporary(_) => 512,
    }
}

/// # Safety
/// As for [`file`].
unsafe extern "C" fn characteristics(handle: *mut ffi::sqlite3_file) -> c_int {
    // Whatever the disk promises about atomic, appended or ordered writes is not true of our logs.
    const KEPT: c_int = ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE | ffi::SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN;
    // SAFETY: the caller's promise.
    KEPT & match unsafe { file(handle) } {
        File::Main(_, file) => file.characteristics(),
        File::Side(_, journal) => journal.file().characteristics(),
        File::Temporary(_) => 0,
    }
}

/// # Safety
/// As for [`app`]; `name` is as SQLite gives it; the rest is passed through.
unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    if !name.is_null() {
        // SAFETY: not null, so a C string.
        let path = unsafe { CStr::from_ptr(name) };
        // SAFETY: the caller's promise.
        if let Err(Code(code)) = spend(unsafe { app(vfs) }, path) {
            return code;
        }
    }
    // SAFETY: the caller's promises, handed on.
    unsafe {
        let base = app(vfs).base.as_ptr();
        (*base)
            .xDelete
            .map_or(ffi::SQLITE_IOERR_DELETE, |call| call(base, name, sync))
    }
}

/// A journal or WAL about to be removed no longer counts, should somebody put it back.
fn spend(app: &AppData, path: &CStr) -> Io<()> {
    let owner = ["-journal", "-wal"]
        .iter()
        .find_map(|suffix| path.to_bytes().strip_suffix(suffix.as_bytes()))
        .and_then(|own| std::ffi::CString::new(own).ok())
        .and_then(|own| (app.lookup)(&own));
    owner.map_or(Ok(()), |shared| locked(&shared).spend_logs())
}

/// # Safety
/// As for [`app`]; the rest is passed through.
unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: the caller's promises, handed on.
    unsafe {
        let base = app(vfs).base.as_ptr();
        (*base)
            .xAccess
            .map_or(ffi::SQLITE_IOERR_ACCESS, |call| call(base, name, flags, out))
    }
}

/// # Safety
/// As for [`app`]; the rest is passed through.
unsafe extern "C" fn full_path(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: the caller's promises, handed on.
    unsafe {
        let base = app(vfs).base.as_ptr();
        (*base)
            .xFullPathname
            .map_or(ffi::SQLITE_CANTOPEN, |call| call(base, name, room, out))
    }
}

/// # Safety
/// As for [`app`]; the rest is passed through.
unsafe extern "C" fn randomness(vfs: *mut ffi::sqlite3_vfs, len: c_int, out: *mut c_char) -> c_int {
    // SAFETY: the caller's promises, handed on.
    unsafe {
        let base = app(vfs).base.as_ptr();
        (*base).xRandomness.map_or(0, |call| call(base, len, out))
    }
}

/// # Safety
/// As for [`app`]; the rest is passed through.
unsafe extern "C" fn sleep(vfs: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    // SAFETY: the caller's promises, handed on.
    unsafe {
        let base = app(vfs).base.as_ptr();
        (*base).xSleep.map_or(0, |call| call(base, micros))
    }
}

/// # Safety
/// As for [`app`]; the rest is passed through.
unsafe extern "C" fn current_time(vfs: *mut ffi::sqlite3_vfs, out: *mut f64) -> c_int {
    // SAFETY: the caller's promises, handed on.
    unsafe {
        let base = app(vfs).base.as_ptr();
        (*base)
            .xCurrentTime
            .map_or(ffi::SQLITE_ERROR, |call| call(base, out))
    }
}

/// # Safety
/// As for [`app`]; the rest is passed through.
unsafe extern "C" fn last_error(vfs: *mut ffi::sqlite3_vfs, len: c_int, out: *mut c_char) -> c_int {
    // SAFETY: the caller's promises, handed on.
    unsafe {
        let base = app(vfs).base.as_ptr();
        (*base).xGetLastError.map_or(0, |call| call(base, len, out))
    }
}
