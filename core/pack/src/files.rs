//! The files of a pack as the gateway, a phone, a browser and the checker all hold them: path and bytes.
//!
//! Not where they come from: whoever reads a folder, an archive or an answer puts them in here, and here is decided
//! which path may stand in a pack at all.

use crate::digest::is_covered;
use crate::finding::{Finding, Place};
use crate::limits;
use crate::problem::Problem;
use std::collections::BTreeMap;
use thiserror::Error;

/// Why a file cannot be part of a pack. Nothing of the pack is read then.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FileError {
    /// A path that another reader might take for another file: absolute, with `..`, hidden, with upper-case or other
    /// letters than `a-z 0-9 _ - .`, with a backslash, or too long.
    #[error("{0:?}: a path is lower-case a-z, 0-9, '_', '-' and '.', relative, without hidden parts")]
    Path(String),
    /// The path was there already.
    #[error("{0}: given twice")]
    Twice(String),
    /// Not a file: a link, a device, a socket.
    #[error("{0}: not a plain file")]
    NotAFile(String),
    /// Over [`limits::FILE_BYTES`].
    #[error("{0}: larger than {max} bytes", max = limits::FILE_BYTES)]
    TooLarge(String),
    /// Over [`limits::FILES`].
    #[error("more than {max} files", max = limits::FILES)]
    TooMany,
    /// Over [`limits::PACK_BYTES`].
    #[error("more than {max} bytes in all", max = limits::PACK_BYTES)]
    PackTooLarge,
}

impl FileError {
    /// The same for the author of the pack.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let (path, problem) = match self {
            Self::Path(path) => ("", Problem::UnsafePath { path: path.clone() }),
            Self::Twice(path) => (path.as_str(), Problem::PathTwice),
            Self::NotAFile(path) => (path.as_str(), Problem::NotAFile),
            Self::TooLarge(path) => (
                path.as_str(),
                Problem::FileTooLarge {
                    max: limits::FILE_BYTES,
                },
            ),
            Self::TooMany => ("", Problem::TooManyFiles { max: limits::FILES }),
            Self::PackTooLarge => (
                "",
                Problem::PackTooLarge {
                    max: limits::PACK_BYTES,
                },
            ),
        };
        Finding {
            place: Place::file(path),
            code: problem.code().to_owned(),
            text: problem.text(),
        }
    }
}

/// The files of one pack, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackFiles {
    files: BTreeMap<String, Vec<u8>>,
    bytes: usize,
}

impl PackFiles {
    /// No files yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Add a file. `path` is relative to the pack's folder, its parts separated by `/`.
    ///
    /// # Errors
    /// [`FileError`] says which rule the path or the size breaks.
    pub fn insert(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), FileError> {
        check_path(path)?;
        if bytes.len() > limits::FILE_BYTES {
            return Err(FileError::TooLarge(path.to_owned()));
        }
        if self.files.contains_key(path) {
            return Err(FileError::Twice(path.to_owned()));
        }
        if self.files.len() == limits::FILES {
            return Err(FileError::TooMany);
        }
        let total = self.bytes + bytes.len();
        if total > limits::PACK_BYTES {
            return Err(FileError::PackTooLarge);
        }
        self.bytes = total;
        self.files.insert(path.to_owned(), bytes);
        Ok(())
    }

    /// The bytes of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// Every file, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// The files that a root covers.
    pub(crate) fn covered(&self) -> Self {
        let mut covered = self.clone();
        covered.files.retain(|path, _| is_covered(path));
        covered.bytes = covered.files.values().map(Vec::len).sum();
        covered
    }

    /// Take a file out, for a pack with other contents.
    pub fn remove(&mut self, path: &str) -> Option<Vec<u8>> {
        let bytes = self.files.remove(path)?;
        self.bytes -= bytes.len();
        Some(bytes)
    }
}

/// Whether a path may name a file of a pack.
///
/// # Errors
/// [`FileError::Path`]
pub fn check_path(path: &str) -> Result<(), FileError> {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with('.')
            && part
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.'))
    };
    match path.len() <= limits::PATH_CHARS && path.split('/').all(plain) {
        true => Ok(()),
        false => Err(FileError::Path(path.chars().take(limits::PATH_CHARS).collect())),
    }
}
