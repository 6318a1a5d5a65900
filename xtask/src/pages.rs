//! The pages: `miniapp` built into `miniapp/dist`, with the core as WebAssembly inside.

use crate::command::Invocation;
use crate::problem::Result;
use crate::progress::{say, step};
use crate::{setup, stamp, wasm, workspace};
use std::path::PathBuf;

/// Build them unless nothing they are made from has changed. Gives the folder with the built pages.
pub(crate) fn build() -> Result<PathBuf> {
    setup::node()?;
    setup::install_packages("miniapp")?;
    wasm::build()?;
    let sources = workspace::root().join("miniapp");
    let dist = sources.join("dist");
    let hash = stamp::of(std::slice::from_ref(&sources), &["node_modules", "dist"])?;
    let built = stamp::unless_current(&dist, &hash, || {
        step("build the pages", || {
            Invocation::new("npm")
                .args(["run", "--silent", "build"])
                .dir(&sources)
                .run_quietly()
        })
    })?;
    if !built {
        say("the pages are current");
    }
    Ok(dist)
}
