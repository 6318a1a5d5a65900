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
    let (word, folder, signers) = match &options.task {
        Task::Check { folder } => ("check", folder, None),
        Task::Build {
            folder,
            author,
            approver,
        } => ("build", folder, author.as_deref().zip(approver.as_deref())),
        Task::SampleKeys { folder } => ("sample-keys", folder, None),
    };
    let mut invocation = Invocation::new(compile::program("shenhai-pack")?)
        .args([word])
        .args([absolute(folder)]);
    if let Some((author, approver)) = signers {
        invocation = invocation
            .args(["--author"])
            .args([absolute(author)])
            .args(["--approver"])
            .args([absolute(approver)]);
    }
    let ran = invocation.tee()?;
    // Its exit codes tell apart what is wrong and what could not be read.
    let code = ran.code.and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
