//! The suites that cargo runs.

use super::count::{self, Counts};
use crate::command::{Invocation, which};
use crate::problem::Result;
use crate::progress::step;
use crate::setup::{self, WasmToolchain};
use crate::{bindings, stamp, wasm, workspace};

/// rustfmt has nothing to change.
pub(super) fn fmt() -> Result<Counts> {
    let transcript = Invocation::new("cargo").args(["fmt", "--all", "--check"]).tee()?;
    Ok(Counts::check(transcript.success))
}

/// Lints, with warnings as errors, for this machine and for the browser.
pub(super) fn clippy() -> Result<Counts> {
    let native = Invocation::new("cargo")
        .args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ])
        .tee()?;
    let counts = Counts::check(native.success);
    let web = match setup::wasm_toolchain()? {
        WasmToolchain::Debian { .. } => {
            Counts::skip("the distribution's compiler has no clippy for WebAssembly")
        }
        WasmToolchain::Rustup => {
            let transcript =
                wasm::for_module(Invocation::new("cargo"), "clippy", &setup::c_compiler_for_wasm()?)
                    .args(["--", "-D", "warnings"])
                    .tee()?;
            Counts::check(transcript.success)
        }
    };
    Ok(counts.and(web))
}

/// Licences, bans and sources of every crate of the lock file, those of other systems included.
pub(super) fn deny() -> Result<Counts> {
    let deny = setup::cargo_deny()?;
    // A build fetches what this machine compiles; the check reads the manifests of all.
    step("fetch the crates of the lock file", || {
        Invocation::new("cargo")
            .args(["fetch", "--quiet", "--locked"])
            .run()
    })?;
    let mut counts = Counts::default();
    for check in ["licenses", "bans", "sources"] {
        let transcript = Invocation::new(&deny)
            .args(["--offline", "--workspace", "--log-level", "error", "check", check])
            .tee()?;
        counts = counts.and(Counts::check(transcript.success));
    }
    Ok(counts)
}

/// Every Rust test: unit, integration and documentation.
pub(super) fn tests() -> Result<Counts> {
    setup::openssl()?;
    setup::peers()?;
    let transcript = Invocation::new("cargo")
        .args(["test", "--workspace", "--no-fail-fast"])
        .tee()?;
    Ok(count::cargo(&transcript.lines).with_exit(transcript.success))
}

/// Tests on a disk that is really full. Only root may mount one.
pub(super) fn full_disk() -> Result<Counts> {
    if !rustix::process::geteuid().is_root() {
        return Ok(Counts::skip("mounting a small disk needs root"));
    }
    let transcript = Invocation::new("cargo")
        .args(["test", "--workspace", "--test", "full_disk"])
        .tee()?;
    Ok(count::cargo(&transcript.lines).with_exit(transcript.success))
}

/// The committed TypeScript types are the generated ones.
pub(super) fn types_current() -> Result<Counts> {
    let committed = bindings::types_dir();
    let fresh = workspace::target().join("types-current");
    bindings::types(&fresh)?;
    let same = stamp::same_files(&committed, &fresh)?;
    if !same {
        println!(
            "the types in {} are not current; run: cargo xtask bindings types",
            committed.display()
        );
        if which("diff").is_some() {
            Invocation::new("diff")
                .args(["-ru"])
                .args([&committed, &fresh])
                .tee()?;
        }
    }
    Ok(Counts::check(same))
}
