//! `cargo xtask verify`: the offline check of an exported case, by `shenhai-verify` of core/proof.

use crate::command::Invocation;
use crate::problem::Result;
use std::path::PathBuf;
use std::process::ExitCode;

/// `cargo xtask verify`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The exported case; its files are looked for beside it.
    bundle: PathBuf,
    /// The gateway's SM2 key, 130 hex digits, as learned from somewhere else than the bundle.
    #[arg(long, value_name = "HEX")]
    gateway_key: Option<String>,
}

/// Run the check where it was called, so that a relative path means what the caller means.
pub(crate) fn verify(options: &Options) -> Result<ExitCode> {
    let bundle = std::path::absolute(&options.bundle).unwrap_or_else(|_| options.bundle.clone());
    let mut invocation = Invocation::new("cargo")
        .args([
            "run",
            "--quiet",
            "-p",
            "shenhai-proof",
            "--bin",
            "shenhai-verify",
            "--",
        ])
        .args([bundle]);
    if let Some(key) = &options.gateway_key {
        invocation = invocation.args(["--gateway-key", key]);
    }
    let checked = invocation.tee()?;
    Ok(if checked.success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
