//! `cargo xtask test`: every suite by name, its own output as it comes, and one plain total at the end.

mod count;
mod docs;
mod machines;
mod pages;
mod rust;
pub(crate) mod scenario;

use crate::problem::{Problem, Result};
use crate::setup;
use count::Counts;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run only this suite (repeatable).
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Name the suites and what each checks.
    #[arg(long)]
    list: bool,
}

/// One suite.
struct Suite {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<Counts>,
}

const fn suite(name: &'static str, about: &'static str, run: fn() -> Result<Counts>) -> Suite {
    Suite { name, about, run }
}

/// Cheap ones first: a formatting slip is known before the browser starts.
const SUITES: [Suite; 11] = [
    suite("fmt", "rustfmt has nothing to change", rust::fmt),
    suite(
        "docs",
        "README commands exist, both languages match, links lead somewhere",
        docs::docs,
    ),
    suite(
        "deny",
        "licences, banned and duplicate crates (no advisories: they need a network)",
        rust::deny,
    ),
    suite(
        "clippy",
        "lints, for this machine and for WebAssembly",
        rust::clippy,
    ),
    suite("rust", "every Rust test of the workspace", rust::tests),
    suite(
        "sm4-machines",
        "the SM4 block function on aarch64 (qemu-user) and as WebAssembly (Node.js)",
        machines::block_function,
    ),
    suite(
        "types-current",
        "the committed TypeScript types are the ones Rust generates",
        rust::types_current,
    ),
    suite(
        "web-unit",
        "type check, lint and unit tests of the pages",
        pages::unit,
    ),
    suite(
        "scenario-kotlin",
        "the scenario through the Kotlin binding, on the JVM",
        scenario::kotlin,
    ),
    suite(
        "scenario-node",
        "the scenario through the Node-API binding, in Node.js",
        scenario::node,
    ),
    suite(
        "e2e",
        "the pages in Chromium against the real gateway and the emulated city",
        pages::end_to_end,
    ),
];

/// A suite that was run.
struct Run {
    name: &'static str,
    counts: Counts,
    took: Duration,
}

/// Run what was asked for and print the total.
pub(crate) fn test(options: &Options) -> Result<ExitCode> {
    if options.list {
        for suite in &SUITES {
            println!("{:16} {}", suite.name, suite.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(unknown) = options
        .only
        .iter()
        .find(|name| SUITES.iter().all(|s| s.name != **name))
    {
        return Err(Problem::new(
            format!("there is no suite `{unknown}`"),
            "cargo xtask test --list names the suites",
        ));
    }
    setup::require_space(2000, "building and running the tests")?;
    let chosen = SUITES
        .iter()
        .filter(|s| options.only.is_empty() || options.only.iter().any(|name| name == s.name));
    let runs: Vec<Run> = chosen.map(run_one).collect();
    Ok(summary(&runs))
}

fn run_one(suite: &Suite) -> Run {
    println!("\n=== {} – {}", suite.name, suite.about);
    let begun = Instant::now();
    let counts = (suite.run)().unwrap_or_else(|problem| {
        eprintln!("{problem}");
        Counts::failure()
    });
    Run {
        name: suite.name,
        counts,
        took: begun.elapsed(),
    }
}

fn summary(runs: &[Run]) -> ExitCode {
    println!(
        "\n{:16} {:>7} {:>7} {:>7} {:>9}",
        "suite", "passed", "failed", "skipped", "time"
    );
    for run in runs {
        let Counts {
            passed,
            failed,
            skipped,
            ..
        } = run.counts;
        println!(
            "{:16} {passed:>7} {failed:>7} {skipped:>7} {:>7.1} s",
            run.name,
            run.took.as_secs_f64()
        );
    }
    for run in runs {
        for reason in &run.counts.reasons {
            println!("skipped in {}: {reason}", run.name);
        }
    }
    let total = runs
        .iter()
        .fold(Counts::default(), |sum, run| sum.and(run.counts.clone()));
    println!(
        "{} passed, {} failed, {} skipped",
        total.passed, total.failed, total.skipped
    );
    // Nothing passed is no success either: a suite that silently ran no test must not look green.
    if total.failed == 0 && total.passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[cfg(test)]
mod tests {
    use super::SUITES;

    #[test]
    fn every_suite_has_its_own_name() {
        let mut names: Vec<_> = SUITES.iter().map(|s| s.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SUITES.len());
    }
}
