//! A pack's folder on a disk: its plain files, and what in it cannot be part of a pack.
//!
//! Follows no link and opens nothing but plain files. Which paths and sizes are allowed is the library's word.

use shenhai_pack::{FileError, PackFiles, limits};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Entries that are looked at before the rest is left unread: far above any pack, far below what would fill a memory.
const ENTRIES: usize = 8 * limits::FILES;

/// What a folder holds.
pub(crate) struct Contents {
    /// What can be read as a pack.
    pub(crate) files: PackFiles,
    /// What cannot, each with its reason.
    pub(crate) refused: Vec<FileError>,
}

/// Read a folder.
pub(crate) fn read(folder: &Path) -> io::Result<Contents> {
    let mut contents = Contents {
        files: PackFiles::new(),
        refused: Vec::new(),
    };
    let mut left = ENTRIES;
    walk(folder, "", &mut left, &mut contents)?;
    Ok(contents)
}

fn walk(folder: &Path, prefix: &str, left: &mut usize, contents: &mut Contents) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if *left == 0 {
            contents.refused.push(FileError::TooMany);
            return Ok(());
        }
        *left -= 1;
        let name = entry.file_name();
        let path = format!("{prefix}{}", name.to_string_lossy());
        // The kind of the entry itself, not of what a link leads to.
        let kind = entry.file_type()?;
        if name.to_str().is_none() || shenhai_pack::check_path(&path).is_err() {
            contents.refused.push(FileError::Path(path));
        } else if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), left, contents)?;
        } else if kind.is_file() {
            let mut bytes = Vec::new();
            // One byte over the bound is enough to see that it is too large.
            let most = limits::FILE_BYTES as u64 + 1;
            File::open(entry.path())?.take(most).read_to_end(&mut bytes)?;
            contents.refused.extend(contents.files.insert(&path, bytes).err());
        } else {
            contents.refused.push(FileError::NotAFile(path));
        }
    }
    Ok(())
}

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
