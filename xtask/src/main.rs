//! `cargo xtask`: every step between a fresh clone and a running, tested, measured system.
//!
//! It is not part of the product and holds no rule of it. Developers, `.ci/run` and the README call it.
//!
//! Printing to the terminal is this program's job, so the workspace's print lints do not apply here.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod bindings;
mod command;
mod compile;
mod pack;
mod pages;
mod problem;
mod progress;
mod run;
mod sbom;
mod setup;
mod stamp;
mod suites;
mod verify;
mod wasm;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Sets up, builds, runs, tests and measures Shenhai.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    version,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Start the gateway, the emulated city and the pages on loopback, with synthetic sample data.
    Run(run::Options),
    /// Run every test suite, or one of them.
    Test(suites::Options),
    /// Measure. Each row is ours against a peer, or against a target.
    Bench(bench::Options),
    /// Generate or build what the user interfaces link: types, web, kotlin, harmony (all when none is named).
    Bindings(bindings::Options),
    /// Check or build a service pack.
    Pack(pack::Options),
    /// Build the pages into miniapp/dist.
    Pages,
    /// List what a delivery is made of (CycloneDX), into target/sbom.
    Sbom,
    /// Check an exported case (*.shenhai-case.json) offline and name what was changed.
    Verify(verify::Options),
    /// Install what is missing on this machine and say what was found.
    Setup(setup::Options),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Run(options) => run::run(&options),
        Task::Test(options) => suites::test(&options),
        Task::Bench(options) => bench::bench(&options),
        Task::Bindings(options) => bindings::bindings(&options),
        Task::Pack(options) => pack::pack(&options),
        Task::Pages => pages::build().map(|_| ExitCode::SUCCESS),
        Task::Sbom => sbom::sbom().map(|_| ExitCode::SUCCESS),
        Task::Verify(options) => verify::verify(&options),
        Task::Setup(options) => setup::setup(&options).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|problem| {
        eprintln!("\n{problem}");
        ExitCode::FAILURE
    })
}
