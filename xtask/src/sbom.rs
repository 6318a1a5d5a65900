//! `cargo xtask sbom`: the software bill of materials of what is delivered, in CycloneDX JSON.
//!
//! Not a check: `cargo xtask test --only deny` judges licences and sources. Called when a release is made, and by
//! whoever has to answer which versions are inside.

use crate::command::Invocation;
use crate::problem::{Problem, Result};
use crate::progress::{say, step};
use crate::{setup, workspace};
use std::path::{Path, PathBuf};

/// The crates a delivery consists of; what they are made of is found from there.
const DELIVERED: [&str; 4] = ["bindings/harmony", "bindings/uniffi", "bindings/web", "gateway"];
/// The tool writes one file of this name beside every crate's manifest.
const MADE: &str = "shenhai-sbom";

/// Write one file per delivered crate and one for the pages into `target/sbom`.
pub(crate) fn sbom() -> Result<PathBuf> {
    let out = workspace::target().join("sbom");
    let tool = setup::cargo_cyclonedx()?;
    step("list what the crates are made of", || {
        // `all`: what a phone or a browser links is not what this machine would.
        let listed = Invocation::new(tool)
            .args(["cyclonedx", "--format", "json", "--quiet", "--target", "all"])
            .args(["--override-filename", MADE])
            .run_quietly();
        collect(&out).and(listed)
    })?;
    setup::node()?;
    setup::install_packages("miniapp")?;
    let pages = step("list what the pages are made of", || {
        Invocation::new("npm")
            .args(["sbom", "--sbom-format", "cyclonedx", "--omit", "dev"])
            .args(["--loglevel", "error"])
            .dir(workspace::root().join("miniapp"))
            .output()
    })?;
    workspace::write(&out.join("miniapp.cdx.json"), pages.as_bytes())?;
    say(format!("the lists are in {}", out.display()));
    Ok(out)
}

/// Keep the delivered crates' files and leave none among the sources.
fn collect(out: &Path) -> Result<()> {
    let root = workspace::root();
    for member in workspace::members()? {
        let made = root.join(&member).join(format!("{MADE}.json"));
        if !made.is_file() {
            continue;
        }
        if DELIVERED.contains(&member.as_str()) {
            let kept = out.join(format!("{}.cdx.json", member.replace('/', "-")));
            workspace::write(&kept, workspace::read(&made)?.as_bytes())?;
        }
        std::fs::remove_file(&made).map_err(|error| {
            Problem::new(
                format!("cannot remove {}: {error}", made.display()),
                "remove it by hand: it is a copy",
            )
        })?;
    }
    Ok(())
}
