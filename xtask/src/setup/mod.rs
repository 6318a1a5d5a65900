//! What this machine needs, found or installed: each thing only when it is missing.
//!
//! Nothing here builds the product. Called by every task before it uses a tool, and by `cargo xtask setup`
//! for all of them at once.

mod apt;
mod browser;
mod java;
mod node;
mod openssl;
mod peers;
mod python;
mod rust;
mod schemathesis;

pub(crate) use browser::chromium;
pub(crate) use java::jdk;
pub(crate) use node::{install_packages, node, node_tool_dir};
pub(crate) use openssl::openssl;
pub(crate) use peers::peers;
pub(crate) use rust::{
    WasmToolchain, aarch64_emulator, add_target, c_compiler_for_wasm, cargo_cyclonedx, cargo_deny,
    wasm_toolchain,
};
pub(crate) use schemathesis::schemathesis;

use crate::problem::{Problem, Result};
use crate::progress::say;
use crate::workspace;

/// `cargo xtask setup`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only what `cargo xtask run` needs: no browser, no JDK.
    #[arg(long)]
    run_only: bool,
}

/// Install everything missing and say what was found.
pub(crate) fn setup(options: &Options) -> Result<()> {
    say(format!(
        "tools of this project are kept in {}",
        workspace::cache()?.display()
    ));
    wasm_toolchain()?;
    c_compiler_for_wasm()?;
    node()?;
    node_tool_dir()?;
    install_packages("miniapp")?;
    if !options.run_only {
        install_packages("tests/e2e")?;
        chromium()?;
        jdk()?;
        openssl()?;
        peers()?;
        schemathesis()?;
    }
    say("everything needed is here");
    Ok(())
}

/// Refuse to start what would fill the disk: a half-written build is worse than an early word.
pub(crate) fn require_space(need_mib: u64, what: &str) -> Result<()> {
    let target = workspace::target();
    let Some(free) = workspace::free_bytes(&target) else {
        return Ok(());
    };
    let free_mib = free / (1024 * 1024);
    if free_mib >= need_mib {
        return Ok(());
    }
    Err(Problem::new(
        format!("{what} needs about {need_mib} MiB in {}, but only {free_mib} MiB are free", target.display()),
        "free some space, or point CARGO_TARGET_DIR at a larger disk, and start again",
    )
    .zh(format!("磁盘空间不足：需要约 {need_mib} MiB，剩余 {free_mib} MiB；请清理磁盘，或用 CARGO_TARGET_DIR 指向更大的磁盘后重试")))
}
