//! `cargo xtask bindings`: what each user interface links, generated or built from the Rust sources.

use crate::command::Invocation;
use crate::problem::Result;
use crate::progress::step;
use crate::suites::scenario;
use crate::{compile, wasm, workspace};
use std::path::Path;
use std::process::ExitCode;

/// `cargo xtask bindings`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Which; all when none is named.
    which: Vec<Binding>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Binding {
    /// TypeScript types of the rpc waist, committed in miniapp/ui/src/core/gen.
    Types,
    /// The core as WebAssembly.
    Web,
    /// The core as a native library with Kotlin sources, for the JVM of this machine.
    Kotlin,
    /// The core as a Node-API addon for this machine.
    Harmony,
}

/// Make the bindings asked for.
pub(crate) fn bindings(options: &Options) -> Result<ExitCode> {
    let wanted = |binding| options.which.is_empty() || options.which.contains(&binding);
    if wanted(Binding::Types) {
        step("generate the TypeScript types", || types(&types_dir()))?;
    }
    if wanted(Binding::Web) {
        wasm::build()?;
    }
    if wanted(Binding::Kotlin) {
        scenario::build_kotlin()?;
    }
    if wanted(Binding::Harmony) {
        scenario::build_harmony()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the committed types are.
pub(crate) fn types_dir() -> std::path::PathBuf {
    workspace::root().join("miniapp/ui/src/core/gen")
}

/// Write the TypeScript types of the waist into `dir`.
pub(crate) fn types(dir: &Path) -> Result<()> {
    Invocation::new(compile::program("shenhai-types")?)
        .args([dir])
        .run()
}
