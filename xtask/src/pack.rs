//! `cargo xtask pack`: check and build a service pack, by `shenhai-pack` of core/pack.

use crate::command::Invocation;
use crate::compile;
use crate::problem::Result;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// `cargo xtask pack`.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    task: Task,
}

#[derive(clap::Subcommand)]
enum Task {
    /// Name everything that is wrong with a pack, at once.
    Check {
        /// The pack's folder.
        folder: PathBuf,
    },
    /// Check a pack and write its pack.lock.
    Build {
        /// The pack's folder.
        folder: PathBuf,
    },
}

/// Run it where it was called, so that a relative path means what the caller means.
pub(crate) fn pack(options: &Options) -> Result<ExitCode> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (word, folder) = match &options.task {
        Task::Check { folder } => ("check", folder),
        Task::Build { folder } => ("build", folder),
    };
    let ran = Invocation::new(compile::program("shenhai-pack")?)
        .args([word])
        .args([absolute(folder)])
        .tee()?;
    // Its exit codes tell apart what is wrong and what could not be read.
    let code = ran.code.and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
