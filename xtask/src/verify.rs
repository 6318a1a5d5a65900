//! `cargo xtask verify`: the offline check of an exported case, by `shenhai-verify` of core/proof.

use crate::command::Invocation;
use crate::compile;
use crate::problem::Result;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// `cargo xtask verify`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The exported case; its files are looked for beside it.
    bundle: PathBuf,
    /// The authority's certificate as it came from somewhere else than the bundle.
    #[arg(long, value_name = "CA.pem")]
    authority: Option<PathBuf>,
}

/// Run the check where it was called, so that a relative path means what the caller means.
pub(crate) fn verify(options: &Options) -> Result<ExitCode> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut invocation =
        Invocation::new(compile::program("shenhai-verify")?).args([absolute(&options.bundle)]);
    if let Some(authority) = &options.authority {
        invocation = invocation.args(["--authority"]).args([absolute(authority)]);
    }
    let checked = invocation.tee()?;
    // Its exit codes tell apart what was changed, what could not be read, and what rests on nobody outside the bundle.
    let code = checked.code.and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
