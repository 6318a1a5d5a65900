//! A disk in memory that stops in the middle of things: a VFS to put under the sealed one.
//!
//! Every write, truncation, sync and deletion is counted. After a chosen one nothing works any more, as after a loss of
//! power, and what then lies on the disk is chosen too: see [`Left`].
#![allow(unsafe_code, reason = "SQLite's VFS is a table of C functions")]
#![allow(dead_code, reason = "each test program uses its part")]

use rusqlite::ffi;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a crash leaves of the writes that were not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// All of them.
    All,
    /// None.
    None,
    /// All, of the last one half.
    Torn,
    /// Some, in no order, as this number decides.
    Some(u64),
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

#[derive(Default, Clone)]
struct File {
    synced: Vec<u8>,
    since: Vec<Change>,
    now: Vec<u8>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, File>,
    done: u64,
    stop_after: Option<u64>,
    stopped: bool,
}

/// The disk; one for each test program.
pub(crate) struct Disk(Mutex<State>);

pub(crate) const NAME: &str = "stopping-disk";
static DISK: Disk = Disk(Mutex::new(State {
    files: BTreeMap::new(),
    done: 0,
    stop_after: None,
    stopped: false,
}));

impl Disk {
    /// Register it once.
    pub(crate) fn register() -> &'static Self {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(register);
        &DISK
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An empty disk that stops after so many changes.
    pub(crate) fn reset(&self, stop_after: Option<u64>) {
        *self.state() = State {
            stop_after,
            ..State::default()
        };
    }

    /// Changes so far.
    pub(crate) fn done(&self) -> u64 {
        self.state().done
    }

    /// Whether it stopped.
    pub(crate) fn stopped(&self) -> bool {
        self.state().stopped
    }

    /// Start again with what a crash left.
    pub(crate) fn restart(&self, left: Left) {
        let mut state = self.state();
        for file in state.files.values_mut() {
            let bytes = file.left(left);
            *file = File {
                synced: bytes.clone(),
                since: Vec::new(),
                now: bytes,
            };
        }
        state.stop_after = None;
        state.stopped = false;
    }

    /// All bytes of all files.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let state = self.state();
        state.files.values().flat_map(|file| file.now.clone()).collect()
    }

    /// A file's bytes; empty when there is none.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        self.state()
            .files
            .get(name)
            .map(|file| file.now.clone())
            .unwrap_or_default()
    }

    /// Put a file there.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let file = File {
            synced: bytes.to_vec(),
            since: Vec::new(),
            now: bytes.to_vec(),
        };
        self.state().files.insert(name.to_owned(), file);
    }

    /// Take a file away.
    pub(crate) fn remove(&self, name: &str) {
        self.state().files.remove(name);
    }

    /// The names of all files.
    pub(crate) fn names(&self) -> Vec<String> {
        self.state().files.keys().cloned().collect()
    }
}

impl File {
    fn left(&self, left: Left) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        let last = self.since.len().wrapping_sub(1);
        for (at, change) in self.since.iter().enumerate() {
            let kept = match left {
                Left::All | Left::Torn => true,
                Left::None => false,
                // Any fixed scattering will do.
                Left::Some(seed) => {
                    (at as u64 + 1).wrapping_mul(seed | 1).wrapping_mul(0x9E37_79B9) >> 17 & 1 == 1
                }
            };
            match change {
                Change::Write(at_byte, data) if kept && left == Left::Torn && at == last => {
                    apply(
                        &mut bytes,
                        &Change::Write(*at_byte, data[..data.len() / 2].to_vec()),
                    );
                }
                change if kept => apply(&mut bytes, change),
                _ => {}
            }
        }
        bytes
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(at, data) => {
            let end = at + data.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*at..end].copy_from_slice(data);
        }
        Change::Truncate(size) => bytes.resize(*size, 0),
    }
}

impl State {
    /// Count a change; false when the disk has stopped before it or stops with it.
    fn count(&mut self) -> bool {
        if self.stopped {
            return false;
        }
        self.done += 1;
        self.stopped = self.stop_after == Some(self.done);
        true
    }

    fn change(&mut self, name: &str, change: Change) -> c_int {
        if !self.count() {
            return ffi::SQLITE_IOERR;
        }
        let file = self.files.entry(name.to_owned()).or_default();
        apply(&mut file.now, &change);
        file.since.push(change);
        self.answer()
    }

    fn answer(&self) -> c_int {
        if self.stopped {
            ffi::SQLITE_IOERR
        } else {
            ffi::SQLITE_OK
        }
    }
}

#[repr(C)]
struct Handle {
    methods: *const ffi::sqlite3_io_methods,
    name: *mut String,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(lock),
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

fn register() {
    // SAFETY: the default VFS exists; the structure is a copy of it with our functions and lives for ever.
    unsafe {
        ffi::sqlite3_initialize();
        let default = ffi::sqlite3_vfs_find(std::ptr::null());
        let mut vfs = *default;
        vfs.iVersion = 1;
        vfs.szOsFile = size_of::<Handle>() as c_int;
        vfs.pNext = std::ptr::null_mut();
        vfs.zName = CString::new(NAME).expect("a name").into_raw();
        vfs.xOpen = Some(open);
        vfs.xDelete = Some(delete);
        vfs.xAccess = Some(access);
        vfs.xFullPathname = Some(full_path);
        ffi::sqlite3_vfs_register(Box::into_raw(Box::new(vfs)), 0);
    }
}

/// # Safety
/// `name` is a C string.
unsafe fn text(name: *const c_char) -> String {
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

/// # Safety
/// An open file of this VFS.
unsafe fn name<'a>(file: *mut ffi::sqlite3_file) -> &'a String {
    // SAFETY: set by `open`.
    unsafe { &*(*file.cast::<Handle>()).name }
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's contract for `xOpen`.
    unsafe {
        let handle = file.cast::<Handle>();
        (*handle).methods = std::ptr::null();
        let path = text(path);
        let mut state = DISK.state();
        if state.stopped || (flags & ffi::SQLITE_OPEN_CREATE == 0 && !state.files.contains_key(&path)) {
            return ffi::SQLITE_CANTOPEN;
        }
        state.files.entry(path.clone()).or_default();
        (*handle).name = Box::into_raw(Box::new(path));
        (*handle).methods = &raw const METHODS;
        if !out.is_null() {
            *out = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: from `open`, closed once.
    drop(unsafe { Box::from_raw((*file.cast::<Handle>()).name) });
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, into: *mut c_void, len: c_int, at: i64) -> c_int {
    // SAFETY: SQLite's contract for `xRead`.
    let (name, into) = unsafe {
        (
            name(file),
            std::slice::from_raw_parts_mut(into.cast::<u8>(), len as usize),
        )
    };
    let state = DISK.state();
    if state.stopped {
        return ffi::SQLITE_IOERR_READ;
    }
    let there = state
        .files
        .get(name)
        .and_then(|file| file.now.get(at as usize..))
        .unwrap_or_default();
    let count = there.len().min(into.len());
    into[..count].copy_from_slice(&there[..count]);
    into[count..].fill(0);
    if count == into.len() {
        ffi::SQLITE_OK
    } else {
        ffi::SQLITE_IOERR_SHORT_READ
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, len: c_int, at: i64) -> c_int {
    // SAFETY: SQLite's contract for `xWrite`.
    let (name, from) = unsafe {
        (
            name(file),
            std::slice::from_raw_parts(from.cast::<u8>(), len as usize),
        )
    };
    DISK.state()
        .change(name, Change::Write(at as usize, from.to_vec()))
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: an open file.
    let name = unsafe { name(file) };
    DISK.state().change(name, Change::Truncate(size as usize))
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: an open file.
    let name = unsafe { name(file) };
    let mut state = DISK.state();
    if !state.count() || state.stopped {
        return ffi::SQLITE_IOERR_FSYNC;
    }
    if let Some(file) = state.files.get_mut(name) {
        file.synced = file.now.clone();
        file.since.clear();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn size(file: *mut ffi::sqlite3_file, out: *mut i64) -> c_int {
    // SAFETY: SQLite's contract for `xFileSize`.
    unsafe {
        *out = DISK
            .state()
            .files
            .get(name(file))
            .map_or(0, |file| file.now.len() as i64)
    };
    ffi::SQLITE_OK
}

unsafe extern "C" fn lock(_: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved(_: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: SQLite's contract.
    unsafe { *out = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector(_: *mut ffi::sqlite3_file) -> c_int {
    512
}

unsafe extern "C" fn characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    0
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, path: *const c_char, _: c_int) -> c_int {
    // SAFETY: a C string.
    let path = unsafe { text(path) };
    let mut state = DISK.state();
    if !state.count() {
        return ffi::SQLITE_IOERR_DELETE;
    }
    state.files.remove(&path);
    state.answer()
}

unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    _: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's contract for `xAccess`.
    unsafe { *out = c_int::from(DISK.state().files.contains_key(&text(path))) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_path(
    _: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite's contract for `xFullPathname`.
    unsafe {
        let len = CStr::from_ptr(path).to_bytes_with_nul().len();
        if len > room as usize {
            return ffi::SQLITE_CANTOPEN;
        }
        std::ptr::copy_nonoverlapping(path, out, len);
    }
    ffi::SQLITE_OK
}
