//! Skipping work whose inputs did not change: a hash of the input files, kept beside the output.
//!
//! The hash guards against repeating work, not against anybody's ill will: `DefaultHasher` is enough, and a
//! compiler that changes it only causes one more build.

use crate::problem::{Problem, Result};
use crate::workspace;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// Hash of names and contents of all files under `paths`, folders named in `except` left out.
pub(crate) fn of(paths: &[PathBuf], except: &[&str]) -> Result<String> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, except, &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        std::fs::read(&file)
            .map_err(|error| Problem::file(&file, &error))?
            .hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn collect(path: &Path, except: &[&str], files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_file() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(|error| Problem::file(path, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Problem::file(path, &error))?;
        if !except.iter().any(|name| entry.file_name() == *name) {
            collect(&entry.path(), except, files)?;
        }
    }
    Ok(())
}

/// Do `work` unless `output` exists and was made from inputs with the same `hash`. Says whether it worked.
pub(crate) fn unless_current(output: &Path, hash: &str, work: impl FnOnce() -> Result<()>) -> Result<bool> {
    let stamp = stamp_path(output);
    let known = std::fs::read_to_string(&stamp).unwrap_or_default();
    if output.exists() && known == hash {
        return Ok(false);
    }
    // An interrupted build must not look finished.
    let _ = std::fs::remove_file(&stamp);
    work()?;
    workspace::write(&stamp, hash.as_bytes())?;
    Ok(true)
}

/// Stamps live under the target directory: `miniapp/dist` → `target/stamps/miniapp.dist`.
fn stamp_path(output: &Path) -> PathBuf {
    let name = output
        .strip_prefix(workspace::root())
        .unwrap_or(output)
        .to_string_lossy()
        .replace('/', ".");
    workspace::target().join("stamps").join(name)
}

/// Whether two folders hold the same files with the same contents.
pub(crate) fn same_files(one: &Path, other: &Path) -> Result<bool> {
    let read = |dir: &Path| -> Result<Vec<(PathBuf, Vec<u8>)>> {
        let mut files = Vec::new();
        collect(dir, &[], &mut files)?;
        files.sort();
        files
            .into_iter()
            .map(|file| {
                let content = std::fs::read(&file).map_err(|error| Problem::file(&file, &error))?;
                Ok((file.strip_prefix(dir).unwrap_or(&file).to_path_buf(), content))
            })
            .collect()
    };
    Ok(read(one)? == read(other)?)
}
