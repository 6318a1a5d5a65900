//! Writing in a pack's folder: each file whole or not at all.
//!
//! Not the reading, which the gateway does alike (core/folder).

use std::fs;
use std::io;
use std::path::Path;

/// Write a file of the folder, whole or not at all.
pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let beside = folder.join(format!(".{name}.new"));
    fs::write(&beside, bytes)?;
    fs::rename(&beside, folder.join(name))
}

/// Take a file out of the folder, if it is there.
pub(crate) fn remove(folder: &Path, name: &str) -> io::Result<()> {
    match fs::remove_file(folder.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
