//! The scenario through the bindings for Kotlin and HarmonyOS, and how those are built for this machine.

use super::count::{self, Counts};
use super::pages;
use crate::command::Invocation;
use crate::problem::Result;
use crate::progress::step;
use crate::{compile, setup, workspace};
use std::path::PathBuf;

fn kotlin_dir() -> PathBuf {
    workspace::root().join("tests/scenario/kotlin")
}

fn kotlin_sources() -> PathBuf {
    workspace::target().join("bindings/kotlin")
}

/// The native library, and the Kotlin sources that match it, under target/bindings/kotlin.
pub(crate) fn build_kotlin() -> Result<()> {
    step("compile the core for Kotlin and generate its sources", || {
        compile::libraries()?;
        Invocation::new(compile::program("shenhai-uniffi-bindgen")?)
            .args([
                compile::debug_dir().join("libshenhai_uniffi.so"),
                kotlin_sources(),
            ])
            .run()
    })
}

/// The Node-API addon, as target/bindings/harmony/shenhai.node.
pub(crate) fn build_harmony() -> Result<()> {
    step("compile the core as a Node-API addon", || {
        compile::libraries()?;
        let library = compile::debug_dir().join("libshenhai_harmony.so");
        let content =
            std::fs::read(&library).map_err(|error| crate::problem::Problem::file(&library, &error))?;
        workspace::write(&addon(), &content)
    })
}

fn addon() -> PathBuf {
    workspace::target().join("bindings/harmony/shenhai.node")
}

/// The scenario on the JVM.
pub(super) fn kotlin() -> Result<Counts> {
    let jdk = setup::jdk()?;
    pages::build_stack()?;
    build_kotlin()?;
    step("compile the scenario with Maven", || {
        Invocation::new(&jdk.maven)
            .args(["--batch-mode", "--no-transfer-progress", "--quiet", "package"])
            .dir(kotlin_dir())
            .run()
    })?;
    let transcript = Invocation::new(&jdk.java)
        .args([
            "-jar".as_ref(),
            workspace::target()
                .join("scenario/kotlin/scenario.jar")
                .as_os_str(),
        ])
        .env("SHENHAI_STACK", pages::stack())
        .env("SHENHAI_TARGET", workspace::target())
        .tee()?;
    Ok(count::tap(&transcript.lines).with_exit(transcript.success))
}

/// The scenario in Node.js.
pub(super) fn node() -> Result<Counts> {
    setup::node()?;
    pages::build_stack()?;
    build_harmony()?;
    let transcript = Invocation::new("node")
        .args(["run.mjs"])
        .env("SHENHAI_STACK", pages::stack())
        .env("SHENHAI_ADDON", addon())
        .dir(workspace::root().join("tests/scenario/node"))
        .tee()?;
    Ok(count::tap(&transcript.lines).with_exit(transcript.success))
}
