//! `cargo xtask test`: every suite by name, its own output as it comes, and one plain total at the end.

mod cold;
mod count;
mod docs;
mod machines;
mod openapi;
mod pages;
mod rust;
pub(crate) mod scenario;

use crate::problem::{Problem, Result};
use crate::setup;
use count::Counts;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// `cargo xtask test`.
#[derive(Default, clap::Args)]
pub(crate) struct Options {
    /// Run only this suite (repeatable).
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Run only the suite `cold`: both commands of the README from nothing. Takes about an hour.
    #[arg(long, conflicts_with = "only")]
    cold: bool,
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

/// Suites that run only when they are named, by `--only` or by a flag of their own: too long for every change. Each
/// run that leaves them out says so.
const BY_FLAG: [Suite; 1] = [suite(
    "cold",
    "both commands of the README from a fresh clone and empty caches (--cold)",
    cold::cold,
)];

/// Cheap ones first: a formatting slip is known before the browser starts.
const SUITES: [Suite; 13] = [
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
        "full-disk",
        "gateway and client on a small disk that is filled to the last byte (root)",
        rust::full_disk,
    ),
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
        "openapi",
        "the OpenAPI document is valid and the gateway answers as it says (schemathesis)",
        openapi::openapi,
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
        for suite in SUITES.iter().chain(&BY_FLAG) {
            println!("{:16} {}", suite.name, suite.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = choose(options)?;
    setup::require_space(2000, "building and running the tests")?;
    let runs: Vec<Run> = chosen.iter().map(|suite| run_one(suite)).collect();
    Ok(summary(&runs))
}

/// What the options ask for: the named ones in their order, else all that run every time.
fn choose(options: &Options) -> Result<Vec<&'static Suite>> {
    let mut named: Vec<&str> = options.only.iter().map(String::as_str).collect();
    named.extend(options.cold.then_some("cold"));
    if named.is_empty() {
        return Ok(SUITES.iter().collect());
    }
    let known = || SUITES.iter().chain(&BY_FLAG);
    match named.iter().find(|name| known().all(|s| s.name != **name)) {
        Some(unknown) => Err(Problem::new(
            format!("there is no suite `{unknown}`"),
            "cargo xtask test --list names the suites",
        )),
        None => Ok(known().filter(|s| named.contains(&s.name)).collect()),
    }
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
    for suite in BY_FLAG
        .iter()
        .filter(|s| runs.iter().all(|run| run.name != s.name))
    {
        println!("not run: {} – {}", suite.name, suite.about);
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
    use super::{BY_FLAG, Options, SUITES, choose};

    #[test]
    fn every_suite_has_its_own_name() {
        let mut names: Vec<_> = SUITES.iter().chain(&BY_FLAG).map(|s| s.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SUITES.len() + BY_FLAG.len());
    }

    #[test]
    fn what_takes_an_hour_runs_only_when_it_is_asked_for() {
        let names = |options: &Options| -> Vec<&str> {
            let chosen = choose(options).expect("known suites");
            chosen.iter().map(|suite| suite.name).collect()
        };
        assert!(!names(&Options::default()).contains(&"cold"));
        let asked = Options {
            cold: true,
            ..Options::default()
        };
        assert_eq!(names(&asked), ["cold"]);
    }
}
