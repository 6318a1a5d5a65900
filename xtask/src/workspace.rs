//! Where things are: the workspace, its target directory, the tool cache, and the versions pinned in Cargo.toml.

use crate::problem::{Problem, Result};
use std::path::{Path, PathBuf};

/// The workspace's root: the folder above this crate's.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Cargo's target directory.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Where tools of this project are installed: `$SHENHAI_CACHE`, else `~/.cache/shenhai`.
pub(crate) fn cache() -> Result<PathBuf> {
    let dir = match (std::env::var_os("SHENHAI_CACHE"), std::env::var_os("HOME")) {
        (Some(dir), _) => PathBuf::from(dir),
        (None, Some(home)) => PathBuf::from(home).join(".cache/shenhai"),
        (None, None) => {
            return Err(Problem::new(
                "neither SHENHAI_CACHE nor HOME is set",
                "set SHENHAI_CACHE to a folder in which tools may be installed",
            ));
        }
    };
    std::fs::create_dir_all(&dir).map_err(|error| Problem::file(&dir, &error))?;
    Ok(dir)
}

/// The folders of the workspace's crates, relative to the root.
pub(crate) fn members() -> Result<Vec<String>> {
    let manifest = manifest()?;
    let members = manifest
        .get("workspace")
        .and_then(|w| w.get("members"))
        .and_then(|m| m.as_array());
    Ok(members
        .into_iter()
        .flatten()
        .filter_map(|member| member.as_str().map(str::to_owned))
        .collect())
}

fn manifest() -> Result<toml::Table> {
    let path = root().join("Cargo.toml");
    read(&path)?
        .parse()
        .map_err(|error| Problem::new(format!("{}: {error}", path.display()), "repair the manifest"))
}

/// A text file's content.
pub(crate) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| Problem::file(path, &error))
}

/// Write a file, making its folder first.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(|error| Problem::file(dir, &error))?;
    }
    std::fs::write(path, content).map_err(|error| Problem::file(path, &error))
}

/// Bytes free for this user on the file system that holds `path` (or its nearest existing parent).
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    let existing = path.ancestors().find(|p| p.exists())?;
    let stat = rustix::fs::statvfs(existing).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}
