//! Node.js, npm and what npm installs, always from a committed lock file.

use super::apt;
use crate::command::{Invocation, which};
use crate::problem::{Problem, Result};
use crate::progress::{say, step};
use crate::{stamp, workspace};
use std::path::PathBuf;

const OLDEST_NODE: u32 = 20;

/// Node.js 20 or newer, with npm.
pub(crate) fn node() -> Result<()> {
    if let Some(version) = node_version()
        && which("npm").is_some()
    {
        if major(&version) >= OLDEST_NODE {
            say(format!("Node.js {version}"));
            return Ok(());
        }
        return Err(too_old(&version));
    }
    apt::install(&["nodejs", "npm"], "Node.js")?;
    match node_version() {
        Some(version) if major(&version) >= OLDEST_NODE => Ok(()),
        Some(version) => Err(too_old(&version)),
        None => Err(Problem::new(
            "node is still missing",
            "install Node.js 20 or newer",
        )),
    }
}

fn node_version() -> Option<String> {
    let text = Invocation::new("node").args(["--version"]).output().ok()?;
    Some(text.trim().trim_start_matches('v').to_owned())
}

fn major(version: &str) -> u32 {
    version
        .split('.')
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0)
}

fn too_old(version: &str) -> Problem {
    Problem::new(
        format!("Node.js {version} is too old"),
        format!("install Node.js {OLDEST_NODE} or newer and put it first on the PATH"),
    )
    .zh(format!(
        "Node.js {version} 版本过低，请安装 {OLDEST_NODE} 或更新版本"
    ))
}

/// `npm ci` in a folder of the workspace, unless its node_modules was installed from this very lock file.
pub(crate) fn install_packages(folder: &str) -> Result<()> {
    let dir = workspace::root().join(folder);
    let hash = stamp::of(&[dir.join("package-lock.json")], &[])?;
    let installed = stamp::unless_current(&dir.join("node_modules"), &hash, || {
        step(format!("npm ci in {folder}"), || npm_ci(&dir))
    })?;
    if !installed {
        say(format!("npm packages of {folder} are installed"));
    }
    Ok(())
}

/// The folder with binaryen, as pinned in `xtask/tools/package-lock.json`.
pub(crate) fn node_tool_dir() -> Result<PathBuf> {
    let source = workspace::root().join("xtask/tools");
    let files = ["package.json", "package-lock.json"].map(|name| source.join(name));
    // The lock's own hash names the folder, so two checkouts with different locks do not disturb each other.
    let hash = stamp::of(&files, &[])?;
    let dir = workspace::cache()?.join(format!("node-tools-{hash}"));
    let complete = dir.join(".complete");
    if complete.is_file() {
        return Ok(dir);
    }
    step("install binaryen from npm", || {
        for file in &files {
            let name = file.file_name().unwrap_or_default();
            workspace::write(&dir.join(name), workspace::read(file)?.as_bytes())?;
        }
        npm_ci(&dir)?;
        workspace::write(&complete, b"")
    })?;
    Ok(dir)
}

fn npm_ci(dir: &std::path::Path) -> Result<()> {
    Invocation::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"])
        // Browsers come from the distribution; a package must not fetch its own.
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
        .dir(dir)
        .run_quietly()
        .map_err(|problem| {
            problem
                .advise("if the lock file is out of step with package.json, commit a new one; else check that the npm registry answers (npm ping), or point `npm config set registry` at a mirror")
                .zh("npm 安装失败：请检查 npm 软件源能否访问，或用 npm config set registry 指定镜像后重试")
        })
}
