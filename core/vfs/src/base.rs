//! The platform's own VFS and its files, spoken to in Rust.
//!
//! Not sealed and not locked by us: bytes in, bytes out. Called by everything here that touches a file.
#![allow(unsafe_code, reason = "SQLite's VFS is a table of C functions")]

use crate::error::{Code, Io};
use rusqlite::ffi;
use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr::{self, NonNull};

/// A registered VFS that stays registered, or at least allocated, while the process lives.
#[derive(Clone, Copy)]
pub(crate) struct Base(NonNull<ffi::sqlite3_vfs>);

// SAFETY: SQLite itself calls a VFS from any thread; what the structure holds is constant after registration, except
// for the list pointer, which is never read here.
unsafe impl Send for Base {}
// SAFETY: as above.
unsafe impl Sync for Base {}

impl Base {
    /// The VFS of this name, or the default one.
    pub(crate) fn find(name: Option<&CStr>) -> Option<Self> {
        // SAFETY: `name` is null or a C string; SQLite initialises itself.
        let found = unsafe {
            ffi::sqlite3_initialize();
            ffi::sqlite3_vfs_find(name.map_or(ptr::null(), CStr::as_ptr))
        };
        NonNull::new(found).map(Self)
    }

    /// The structure itself, for the callbacks that are passed through.
    pub(crate) fn as_ptr(self) -> *mut ffi::sqlite3_vfs {
        self.0.as_ptr()
    }

    fn table(&self) -> &ffi::sqlite3_vfs {
        // SAFETY: registered structures stay allocated (see the type) and are not written to but for the list pointer.
        unsafe { self.0.as_ref() }
    }

    /// Bytes of one of its file structures.
    fn file_size(self) -> usize {
        usize::try_from(self.table().szOsFile).unwrap_or(0)
    }

    /// The longest path it takes.
    pub(crate) fn max_path(self) -> c_int {
        self.table().mxPathname
    }

    /// The path by which SQLite will ask for the file.
    pub(crate) fn full_path(self, path: &CStr) -> Io<CString> {
        let call = self.table().xFullPathname.ok_or(Code::CANNOT_OPEN)?;
        let room = self.max_path().saturating_add(1);
        let mut out = vec![0_u8; usize::try_from(room).unwrap_or(0)];
        // SAFETY: `out` has `room` bytes, which is what the VFS is told.
        Code::check(unsafe { call(self.as_ptr(), path.as_ptr(), room, out.as_mut_ptr().cast()) })?;
        CStr::from_bytes_until_nul(&out)
            .map(CStr::to_owned)
            .map_err(|_| Code::CANNOT_OPEN)
    }

    /// Whether the file exists.
    pub(crate) fn exists(self, path: &CStr) -> Io<bool> {
        let call = self.table().xAccess.ok_or(Code::READ)?;
        let mut found = 0;
        // SAFETY: a C string and a place for the answer.
        Code::check(unsafe {
            call(
                self.as_ptr(),
                path.as_ptr(),
                ffi::SQLITE_ACCESS_EXISTS,
                &raw mut found,
            )
        })?;
        Ok(found != 0)
    }

    /// Remove the file; no error when there is none.
    pub(crate) fn delete(self, path: &CStr) -> Io<()> {
        let call = self.table().xDelete.ok_or(Code::WRITE)?;
        // SAFETY: a C string.
        match unsafe { call(self.as_ptr(), path.as_ptr(), 1) } {
            ffi::SQLITE_OK | ffi::SQLITE_IOERR_DELETE_NOENT => Ok(()),
            code => Err(Code(code)),
        }
    }

    /// Whether the write that just failed did so because the file took only a part of it: SQLite's own VFSes call that a
    /// full disk, a browser's pool a failed write. Its words are all that tells one from the other.
    fn was_cut_short(self) -> bool {
        let Some(call) = self.table().xGetLastError else {
            return false;
        };
        let mut words = [0_u8; 256];
        // SAFETY: the length is the buffer's.
        unsafe { call(self.as_ptr(), 256, words.as_mut_ptr().cast()) };
        CStr::from_bytes_until_nul(&words)
            .ok()
            .and_then(|words| words.to_str().ok())
            .is_some_and(|words| words.starts_with("write file: expected "))
    }

    /// `code` of a call that writes.
    fn written(self, code: c_int) -> Io<()> {
        const DISK: [c_int; 2] = [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_CANTOPEN];
        if DISK.contains(&code) && self.was_cut_short() {
            return Err(Code(ffi::SQLITE_FULL));
        }
        Code::check(code)
    }

    /// Open a file of our own choice.
    pub(crate) fn open(self, path: &CStr, flags: c_int) -> Io<BaseFile> {
        // SQLite gives names with zeros around them, behind which it finds parameters; so do we.
        let mut name = vec![0_u8; 4];
        name.extend_from_slice(path.to_bytes());
        name.extend_from_slice(&[0; 4]);
        let name = name.into_boxed_slice();
        let start = name[4..].as_ptr().cast();
        // SAFETY: `start` is a C string that the file keeps alive beside itself.
        let (mut file, _) = unsafe { self.open_named(start, flags)? };
        file.name = Some(name);
        Ok(file)
    }

    /// Open a file for SQLite, and say how it was opened.
    ///
    /// # Safety
    /// `name` is null or a C string as SQLite gives to `xOpen`, valid until the file is dropped.
    pub(crate) unsafe fn open_named(self, name: *const c_char, flags: c_int) -> Io<(BaseFile, c_int)> {
        let call = self.table().xOpen.ok_or(Code::CANNOT_OPEN)?;
        let mut file = BaseFile {
            base: self,
            storage: vec![0_u64; self.file_size().div_ceil(8)].into_boxed_slice(),
            name: None,
        };
        let mut out = 0;
        // SAFETY: the storage is zeroed, aligned to 8 and as large as the VFS asked for; the rest is the caller's.
        let code = unsafe { call(self.as_ptr(), name, file.as_ptr(), flags, &raw mut out) };
        // On failure the file is closed on drop when the VFS set its methods, as SQLite's contract says.
        // Opening may make the file, which writes its name.
        self.written(code)?;
        Ok((file, out))
    }
}

/// An open file of the platform's VFS.
pub(crate) struct BaseFile {
    base: Base,
    storage: Box<[u64]>,
    name: Option<Box<[u8]>>,
}

// SAFETY: SQLite moves its connections, and with them such files, from thread to thread.
unsafe impl Send for BaseFile {}

impl BaseFile {
    fn as_ptr(&mut self) -> *mut ffi::sqlite3_file {
        self.storage.as_mut_ptr().cast()
    }

    fn methods(&self) -> Option<&ffi::sqlite3_io_methods> {
        let file: *const ffi::sqlite3_file = self.storage.as_ptr().cast();
        // SAFETY: the storage begins with the pointer to the methods: null, or valid while the file is open.
        unsafe { (*file).pMethods.as_ref() }
    }

    /// Read as much as there is; the rest of `into` becomes zero. Whether all of it was there.
    pub(crate) fn read(&mut self, at: u64, into: &mut [u8]) -> Io<bool> {
        let call = self.methods().and_then(|m| m.xRead).ok_or(Code::READ)?;
        let (len, at) = range(into.len(), at, Code::READ)?;
        // SAFETY: `into` has `len` bytes.
        match unsafe { call(self.as_ptr(), into.as_mut_ptr().cast(), len, at) } {
            ffi::SQLITE_OK => Ok(true),
            ffi::SQLITE_IOERR_SHORT_READ => Ok(false),
            code => Err(Code(code)),
        }
    }

    /// Write all of `from`.
    pub(crate) fn write(&mut self, at: u64, from: &[u8]) -> Io<()> {
        let call = self.methods().and_then(|m| m.xWrite).ok_or(Code::WRITE)?;
        let (len, at) = range(from.len(), at, Code::WRITE)?;
        // SAFETY: `from` has `len` bytes.
        let code = unsafe { call(self.as_ptr(), from.as_ptr().cast(), len, at) };
        self.base.written(code)
    }

    /// Make it `size` bytes long.
    pub(crate) fn truncate(&mut self, size: u64) -> Io<()> {
        let call = self.methods().and_then(|m| m.xTruncate).ok_or(Code::WRITE)?;
        let (_, size) = range(0, size, Code::WRITE)?;
        // SAFETY: plain numbers.
        Code::check(unsafe { call(self.as_ptr(), size) })
    }

    /// Bring what was written to the disk.
    pub(crate) fn sync(&mut self, flags: c_int) -> Io<()> {
        let call = self.methods().and_then(|m| m.xSync).ok_or(Code::WRITE)?;
        // SAFETY: plain numbers.
        Code::check(unsafe { call(self.as_ptr(), flags) })
    }

    /// Bytes in the file.
    pub(crate) fn size(&mut self) -> Io<u64> {
        let call = self.methods().and_then(|m| m.xFileSize).ok_or(Code::READ)?;
        let mut size = 0;
        // SAFETY: a place for the answer.
        Code::check(unsafe { call(self.as_ptr(), &raw mut size) })?;
        u64::try_from(size).map_err(|_| Code::READ)
    }

    /// SQLite's lock levels.
    pub(crate) fn lock(&mut self, level: c_int) -> Io<()> {
        let call = self.methods().and_then(|m| m.xLock).ok_or(Code::READ)?;
        // SAFETY: plain numbers.
        Code::check(unsafe { call(self.as_ptr(), level) })
    }

    /// SQLite's lock levels.
    pub(crate) fn unlock(&mut self, level: c_int) -> Io<()> {
        let call = self.methods().and_then(|m| m.xUnlock).ok_or(Code::READ)?;
        // SAFETY: plain numbers.
        Code::check(unsafe { call(self.as_ptr(), level) })
    }

    /// Whether anybody is about to write.
    pub(crate) fn reserved(&mut self) -> Io<bool> {
        let call = self
            .methods()
            .and_then(|m| m.xCheckReservedLock)
            .ok_or(Code::READ)?;
        let mut held = 0;
        // SAFETY: a place for the answer.
        Code::check(unsafe { call(self.as_ptr(), &raw mut held) })?;
        Ok(held != 0)
    }

    /// Whether somebody moved the file away under us.
    pub(crate) fn moved(&mut self) -> bool {
        let mut moved: c_int = 0;
        let Some(call) = self.methods().and_then(|m| m.xFileControl) else {
            return false;
        };
        // SAFETY: this control's argument is a pointer to an integer.
        let code = unsafe {
            call(
                self.as_ptr(),
                ffi::SQLITE_FCNTL_HAS_MOVED,
                (&raw mut moved).cast(),
            )
        };
        code == ffi::SQLITE_OK && moved != 0
    }

    /// The smallest unit a write may disturb.
    pub(crate) fn sector(&mut self) -> c_int {
        match self.methods().and_then(|m| m.xSectorSize) {
            // SAFETY: no arguments but the file.
            Some(call) => unsafe { call(self.as_ptr()) },
            None => 4096,
        }
    }

    /// What the disk promises.
    pub(crate) fn characteristics(&mut self) -> c_int {
        match self.methods().and_then(|m| m.xDeviceCharacteristics) {
            // SAFETY: no arguments but the file.
            Some(call) => unsafe { call(self.as_ptr()) },
            None => 0,
        }
    }
}

impl Drop for BaseFile {
    fn drop(&mut self) {
        if let Some(call) = self.methods().and_then(|m| m.xClose) {
            // SAFETY: open, and closed only here.
            unsafe { call(self.as_ptr()) };
        }
    }
}

fn range(len: usize, at: u64, refused: Code) -> Io<(c_int, i64)> {
    let len = c_int::try_from(len).map_err(|_| refused)?;
    let at = i64::try_from(at).map_err(|_| refused)?;
    Ok((len, at))
}
