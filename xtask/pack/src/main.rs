//! `shenhai-pack`: a service pack in a folder – checked, built, signed.
//!
//! Not the checks (core/pack). Says one line per finding in the author's language. Exit code 1 when one is an error, 2
//! when something could not be read or written. Run by `cargo xtask pack`.

mod examples;

use clap::{Parser, Subcommand};
use shenhai_pack::{Finding, Level, Pack, PackFiles, PackRef, Roots, check, check_together};
use shenhai_pack_tool::{Signers, make_samples, write_built};
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Checks, builds and signs a service pack.
#[derive(Parser)]
#[command(name = "shenhai-pack", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
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

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Check { folder, beside } => check_beside(&folder, &beside),
        Task::Build {
            folder,
            author,
            approver,
        } => {
            let signers = author.zip(approver);
            build(
                &folder,
                signers.map(|(author, approver)| Signers { author, approver }),
            )
        }
        Task::SampleKeys { folder } => make_samples(&folder).map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(text) => {
            // Where not even standard error can be written, the exit code says it.
            let _ = writeln!(io::stderr(), "shenhai-pack: {text}");
            ExitCode::from(2)
        }
    }
}

/// A folder that was read and checked.
struct Read {
    files: PackFiles,
    /// Absent where a finding is an error.
    pack: Option<Pack>,
}

/// Read and check a folder, and say what was found.
fn read(path: &Path) -> Result<Read, String> {
    let contents = shenhai_folder::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let checked = check(&contents.files);
    let roots = Roots::of(&contents.files);
    let outcomes = checked.pack.as_ref().map(|pack| {
        let reference = PackRef {
            id: pack.manifest.id.clone(),
            version: pack.manifest.version,
            law: roots.law,
        };
        examples::run(pack, &reference)
    });
    let refused: Vec<_> = contents
        .refused
        .iter()
        .map(shenhai_pack::FileError::finding)
        .collect();
    let mut findings: Vec<&Finding> = refused
        .iter()
        .chain(&checked.findings)
        .chain(outcomes.iter().flatten())
        .collect();
    // What stops the pack first; within that, by place.
    findings.sort_by_key(|finding| finding.level());
    for finding in &findings {
        say(finding)?;
    }
    let count = |level| findings.iter().filter(|finding| finding.level() == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    let pack = checked.pack.filter(|_| errors == 0);
    match &pack {
        None => say(format_args!("错误 {errors} 处，提醒 {warnings} 处"))?,
        Some(pack) => {
            let (id, version) = (&pack.manifest.id, pack.manifest.version);
            let Roots { law, face } = roots;
            say(format_args!("{id} 第 {version} 版：没有错误，提醒 {warnings} 处"))?;
            say(format_args!("法则 {law}"))?;
            say(format_args!("界面 {face}"))?;
        }
    }
    Ok(Read {
        files: contents.files,
        pack,
    })
}

/// Check a pack, and what it and others promise each other.
fn check_beside(path: &Path, beside: &[PathBuf]) -> Result<bool, String> {
    let Some(pack) = read(path)?.pack else {
        return Ok(false);
    };
    let mut packs = vec![pack];
    for other in beside {
        match read(other)?.pack {
            Some(other) => packs.push(other),
            None => return Ok(false),
        }
    }
    let found = check_together(&packs.iter().collect::<Vec<_>>());
    for finding in &found {
        say(finding)?;
    }
    Ok(found.is_empty())
}

fn build(path: &Path, signers: Option<Signers>) -> Result<bool, String> {
    let read = read(path)?;
    let Some(pack) = read.pack else {
        return Ok(false);
    };
    for name in write_built(path, &read.files, &pack, signers.as_ref())? {
        say(format_args!("已写入 {name}"))?;
    }
    Ok(true)
}

/// One line. Cells and names are whatever their author wrote; a control character among them could forge a line.
fn say(line: impl Display) -> Result<(), String> {
    let mut shown = String::new();
    for letter in line.to_string().chars() {
        match letter.is_control() {
            true => shown.extend(letter.escape_unicode()),
            false => shown.push(letter),
        }
    }
    writeln!(io::stdout(), "{shown}").map_err(|error| error.to_string())
}
