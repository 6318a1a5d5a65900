//! A pack's folder on a disk: its plain files, and what in it cannot be part of a pack.
//!
//! Follows no link and opens nothing but plain files. Which paths and sizes are allowed is the word of `shenhai-pack`, and
//! so is whether it is a pack at all. Called by the gateway for its folder of packs and by `shenhai-pack`.

use shenhai_pack::{FileError, PackFiles, limits};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Entries that are looked at before the rest is left unread: far above any pack, far below what would fill a memory.
const ENTRIES: usize = 8 * limits::FILES;

/// What a folder holds.
#[derive(Debug)]
pub struct Contents {
    /// What can be read as a pack.
    pub files: PackFiles,
    /// What cannot, each with its reason.
    pub refused: Vec<FileError>,
}

/// Read a folder.
///
/// # Errors
/// When the folder or one of its files cannot be read.
pub fn read(folder: &Path) -> io::Result<Contents> {
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
