//! What the architecture tests look at: the workspace's crates and its own files.
//!
//! Reads only; asks cargo and the file system, never a network. Called by the tests of this crate.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What holds nothing we wrote.
const NOT_OURS: [&str; 10] = [
    ".git",
    "target",
    "node_modules",
    ".venv",
    "dist",
    "data",
    "gen",
    "wasm",
    "__pycache__",
    "images",
];

/// The workspace's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// How one crate uses another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Linked into it, or into its build script.
    Linked,
    /// Only by its tests.
    Dev,
}

/// A crate of the workspace.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// What its manifest names, ours and others', whatever the target or feature.
    pub uses: Vec<(String, Use)>,
}

/// Every crate of the workspace, as cargo sees it.
///
/// # Panics
/// When cargo cannot read the workspace offline with the committed lock file.
#[must_use]
pub fn members() -> Vec<Member> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version=1",
            "--no-deps",
            "--offline",
            "--locked",
        ])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .map(member)
        .collect()
}

fn member(package: &Value) -> Member {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let manifest = PathBuf::from(text(&package["manifest_path"]));
    Member {
        name: text(&package["name"]),
        dir: manifest.parent().unwrap_or(&manifest).to_path_buf(),
        uses: package["dependencies"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|d| {
                (
                    text(&d["name"]),
                    if d["kind"] == "dev" { Use::Dev } else { Use::Linked },
                )
            })
            .collect(),
    }
}

/// Every text file that we wrote, with its content, below `dir`.
///
/// # Panics
/// When a folder cannot be read.
#[must_use]
pub fn files(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir)
            .expect("a folder of the workspace can be read")
            .flatten()
        {
            let path = entry.path();
            let name = entry.file_name();
            // In a second work tree `.git` is a file, and names a folder of this machine.
            if NOT_OURS.iter().any(|skipped| name == *skipped) {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                found.push((path, text));
            }
        }
    }
    found
}
