//! The packs of the demonstration: built and signed with keys made for the data folder, laid where the gateway looks.
//!
//! Not the hotline, which needs none yet. A pack that did not change is left as it lies.

use super::system::directory;
use crate::command::Invocation;
use crate::compile;
use crate::problem::{Problem, Result};
use crate::progress::say;
use crate::workspace;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Folders in the repository, and how far each pack has come in the demonstration.
const SHOWN: [(&str, &str); 2] = [("tests/packs/river", "active"), ("packs/water-ticket", "trial")];

/// Build and sign the packs, and name them in the configuration of the data folder.
pub(super) fn lay(data: &Path) -> Result<()> {
    let (keys, shelf) = (data.join("pack-keys"), data.join("packs"));
    let authority = keys.join("authority.pem");
    if !authority.is_file() {
        tool(&["sample-keys".as_ref(), keys.as_os_str()])?;
    }
    fs::create_dir_all(&shelf).map_err(|error| Problem::file(&shelf, &error))?;
    let mut table = format!(
        "\n[packs]\nfolder = \"{}\"\nauthorities = [\"\"\"{}\"\"\"]\n\n[packs.stage]\n",
        shelf.display(),
        workspace::read(&authority)?.trim()
    );
    for (source, stage) in SHOWN {
        let source = workspace::root().join(source);
        let built = build(&source, &keys, data)?;
        let (id, law) = named(&built)?;
        lay_down(&built, &shelf.join(format!("{id}-{}", &law[..12])))?;
        table.push_str(&format!("{id} = \"{stage}\"\n"));
    }
    let path = data.join("city.toml");
    OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(table.as_bytes()))
        .map_err(|error| Problem::file(&path, &error))?;
    say(format!(
        "packs are in {}, roles in {}",
        shelf.display(),
        directory().display()
    ));
    Ok(())
}

fn tool(args: &[&std::ffi::OsStr]) -> Result<()> {
    Invocation::new(compile::debug_dir().join("shenhai-pack"))
        .args(args)
        .run_quietly()
}

/// A copy of the pack, built and signed.
fn build(source: &Path, keys: &Path, data: &Path) -> Result<PathBuf> {
    let copy = data.join("pack-build");
    if copy.exists() {
        fs::remove_dir_all(&copy).map_err(|error| Problem::file(&copy, &error))?;
    }
    copy_all(source, &copy)?;
    let (author, approver) = (keys.join("author.key"), keys.join("approver.key"));
    tool(&[
        "build".as_ref(),
        copy.as_os_str(),
        "--author".as_ref(),
        author.as_os_str(),
        "--approver".as_ref(),
        approver.as_os_str(),
    ])?;
    Ok(copy)
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(|error| Problem::file(to, &error))?;
    let entries = fs::read_dir(from).map_err(|error| Problem::file(from, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Problem::file(from, &error))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_all(&path, &target)?;
        } else {
            fs::copy(&path, &target).map_err(|error| Problem::file(&path, &error))?;
        }
    }
    Ok(())
}

/// The pack's name and its law's digest, as its lock says.
fn named(built: &Path) -> Result<(String, String)> {
    let path = built.join("pack.lock");
    let lock = workspace::read(&path)?;
    let word = |line: &str| {
        let mut rest = lock.lines().filter_map(|text| text.strip_prefix(line));
        rest.find_map(|rest| rest.split(' ').next().map(str::to_owned))
    };
    word("pack ").zip(word("law ")).ok_or_else(|| {
        Problem::new(
            format!("{} names no pack or no law", path.display()),
            "build the pack again",
        )
    })
}

/// Rename a built pack into its place, unless it lies there with the same lock: then its signatures stay as they are too.
fn lay_down(built: &Path, place: &Path) -> Result<()> {
    let lock = |folder: &Path| fs::read(folder.join("pack.lock")).ok();
    if place.exists() {
        if lock(place) == lock(built) {
            return fs::remove_dir_all(built).map_err(|error| Problem::file(built, &error));
        }
        fs::remove_dir_all(place).map_err(|error| Problem::file(place, &error))?;
    }
    fs::rename(built, place).map_err(|error| Problem::file(place, &error))
}
