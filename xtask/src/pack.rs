//! `cargo xtask pack`: check and build a service pack, by `shenhai-pack` of xtask/pack.

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
        /// Another pack that it asks something of, or that asks of it; may be given several times.
        #[arg(long, value_name = "DIR")]
        beside: Vec<PathBuf>,
    },
    /// Check a pack, write its pack.lock, and its pack.sig where both keys are given.
    Build {
        /// The pack's folder.
        folder: PathBuf,
        /// Who wrote it: a key file.
        #[arg(long, value_name = "KEY", requires = "approver")]
        author: Option<PathBuf>,
        /// Who approved it: the key file of somebody else.
        #[arg(long, value_name = "KEY", requires = "author")]
        approver: Option<PathBuf>,
    },
    /// Make an authority, an author and an approver for demonstrations and tests.
    SampleKeys {
        /// Where to; nothing that is there is replaced.
        folder: PathBuf,
    },
}

/// Run it where it was called, so that a relative path means what the caller means.
pub(crate) fn pack(options: &Options) -> Result<ExitCode> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (word, folder) = match &options.task {
        Task::Check { folder, .. } => ("check", folder),
        Task::Build { folder, .. } => ("build", folder),
        Task::SampleKeys { folder } => ("sample-keys", folder),
    };
    let named: Vec<(&str, &PathBuf)> = match &options.task {
        Task::Check { beside, .. } => beside.iter().map(|other| ("--beside", other)).collect(),
        Task::Build { author, approver, .. } => {
            let author = author.iter().map(|key| ("--author", key));
            author
                .chain(approver.iter().map(|key| ("--approver", key)))
                .collect()
        }
        Task::SampleKeys { .. } => Vec::new(),
    };
    let mut invocation = Invocation::new(compile::program("shenhai-pack")?)
        .args([word])
        .args([absolute(folder)]);
    for (name, path) in named {
        invocation = invocation.args([name]).args([absolute(path)]);
    }
    let ran = invocation.tee()?;
    // Its exit codes tell apart what is wrong and what could not be read.
    let code = ran.code.and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
