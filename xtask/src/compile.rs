//! Our own programs and libraries for this machine, compiled so that nothing is compiled twice.
//!
//! Every call selects the whole workspace and then names what it wants of it. Cargo chooses the features of a
//! dependency for the packages selected: a call for one package alone would compile the dependencies again, with
//! other features, for every set of packages that some suite asks for. Called by whatever runs one of our programs.

use crate::command::Invocation;
use crate::problem::Result;
use crate::workspace;
use std::path::PathBuf;

/// What `cargo xtask run` starts: the servers, and the handlers of the demonstration.
pub(crate) const DEMONSTRATION: [&str; 4] = [
    "shenhai-gateway",
    "shenhai-city",
    "shenhai-sample",
    "shenhai-pack",
];

/// Compile programs of the workspace.
pub(crate) fn programs(names: &[&str]) -> Result<()> {
    building(&[])
        .args(names.iter().flat_map(|name| ["--bin", name]))
        .run()
        .map_err(explain)
}

/// Compile one program and say where it is.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    programs(&[name])?;
    Ok(debug_dir().join(name))
}

/// Compile the workspace's libraries, the native ones of the bindings among them.
pub(crate) fn libraries() -> Result<()> {
    building(&["--lib"]).run().map_err(explain)
}

/// Where programs and libraries of a development build are.
pub(crate) fn debug_dir() -> PathBuf {
    workspace::target().join("debug")
}

fn building(flags: &[&str]) -> Invocation {
    Invocation::new("cargo")
        .args(["build", "--quiet", "--workspace"])
        .args(flags)
}

fn explain(problem: crate::problem::Problem) -> crate::problem::Problem {
    problem
        .advise("the lines above say why")
        .zh("编译失败：原因见上方输出")
}
