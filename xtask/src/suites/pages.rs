//! The suites of the pages: unit tests, and the browser against the whole system.

use super::count::{self, Counts};
use crate::command::Invocation;
use crate::problem::{Problem, Result};
use crate::progress::step;
use crate::{compile, pages, setup, wasm, workspace};
use serde_json::Value;
use std::path::Path;

/// Starts gateway and city together for a test.
const STACK: &str = "shenhai-stack";

/// Type check, lint and unit tests.
pub(super) fn unit() -> Result<Counts> {
    setup::node()?;
    setup::install_packages("miniapp")?;
    // The pages import the module's generated declarations.
    wasm::build()?;
    let miniapp = workspace::root().join("miniapp");
    let check = Invocation::new("npm")
        .args(["run", "--silent", "check"])
        .dir(&miniapp)
        .tee()?;
    let report = workspace::target().join("web-unit.json");
    remove(&report)?;
    let tests = Invocation::new("npm")
        .args(["test", "--silent", "--", "--reporter=default", "--reporter=json"])
        .args([format!("--outputFile.json={}", report.display())])
        .dir(&miniapp)
        .tee()?;
    Ok(Counts::check(check.success).and(count::vitest(&json(&report)).with_exit(tests.success)))
}

/// Playwright's tests; screenshots are left in target/screenshots.
pub(super) fn end_to_end() -> Result<Counts> {
    let chromium = setup::chromium()?;
    let web = pages::build()?;
    setup::install_packages("tests/e2e")?;
    build_stack()?;
    let target = workspace::target();
    let report = target.join("e2e/report.json");
    remove(&report)?;
    let transcript = Invocation::new("npx")
        .args(["--no-install", "playwright", "test"])
        .env("SHENHAI_CHROMIUM", chromium)
        .env("SHENHAI_WEB", web)
        .env("SHENHAI_TARGET", &target)
        .env("SHENHAI_STACK", stack())
        .dir(workspace::root().join("tests/e2e"))
        .tee()?;
    println!("screenshots: {}", target.join("screenshots").display());
    Ok(count::playwright(&json(&report)).with_exit(transcript.success))
}

/// Where it is.
pub(super) fn stack() -> std::path::PathBuf {
    compile::debug_dir().join(STACK)
}

/// Compile it.
pub(super) fn build_stack() -> Result<()> {
    step("compile the gateway and the emulated city", || {
        compile::program(STACK).map(drop)
    })
}

/// An old report must not be counted as this run's.
fn remove(report: &Path) -> Result<()> {
    match std::fs::remove_file(report) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Problem::file(report, &error)),
        _ => Ok(()),
    }
}

/// The report, or nothing where the runner wrote none: `with_exit` makes a failure of that.
fn json(report: &Path) -> Value {
    std::fs::read_to_string(report)
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}
