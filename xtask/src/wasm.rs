//! The core as WebAssembly: cargo, then wasm-bindgen, then wasm-opt, into `miniapp/ui/src/core/wasm`.

use crate::command::Invocation;
use crate::problem::{Problem, Result};
use crate::progress::{say, step};
use crate::setup::{self, WasmToolchain};
use crate::{compile, stamp, workspace};
use std::path::{Path, PathBuf};

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "wasm";

/// Writes the JavaScript beside the module.
pub(crate) const GENERATOR: &str = "shenhai-wasm-bindgen";

/// What every browser since 2023 understands: Chromium 91, Firefox 89, Safari and iOS 16.4, which came last, with
/// `simd128`. `--all-features` would let the optimiser use proposals that they do not.
const WASM_FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// Where the page's build finds the module and its JavaScript.
pub(crate) fn out_dir() -> PathBuf {
    workspace::root().join("miniapp/ui/src/core/wasm")
}

/// Build it, unless the compiled module is the same as last time.
pub(crate) fn build() -> Result<()> {
    let toolchain = setup::wasm_toolchain()?;
    let clang = setup::c_compiler_for_wasm()?;
    let tools = setup::node_tool_dir()?;
    let module = step("compile the core to WebAssembly", || compile(&toolchain, &clang))?;
    let hash = stamp::of(std::slice::from_ref(&module), &[])?;
    let built = stamp::unless_current(&out_dir(), &hash, || {
        step("wasm-bindgen", || {
            Invocation::new(compile::program(GENERATOR)?)
                .args([module, out_dir()])
                .run_quietly()
        })?;
        step("wasm-opt -Oz", || optimise(&tools))
    })?;
    if !built {
        say("the WebAssembly is current");
    }
    Ok(())
}

fn compile(toolchain: &WasmToolchain, clang: &Path) -> Result<PathBuf> {
    let cargo = match toolchain {
        WasmToolchain::Rustup => Invocation::new("cargo"),
        WasmToolchain::Debian { linker } => Invocation::new("/usr/bin/cargo")
            .env("RUSTC", "/usr/bin/rustc")
            // The distribution ships no compiled standard library for this target; building it needs
            // unstable cargo flags, which a stable compiler accepts only with this.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
            .without_env("RUSTUP_TOOLCHAIN")
            .args(["-Z", "build-std=std,panic_abort"]),
    };
    for_module(cargo, "build", clang).run().map_err(|problem| {
        problem
            .advise("the lines above say why; SHENHAI_WASM_TOOLCHAIN=rustup|debian chooses another compiler")
            .zh("编译失败：原因见上方输出；可用 SHENHAI_WASM_TOOLCHAIN=rustup|debian 换用另一编译器")
    })?;
    Ok(workspace::target()
        .join(TARGET)
        .join(PROFILE)
        .join("shenhai_web.wasm"))
}

/// `cargo COMMAND` for the module. Whatever else looks at its crates does so with the same profile and flags, so that
/// what their build scripts make, SQLite's C above all, is made once.
pub(crate) fn for_module(cargo: Invocation, command: &str, clang: &Path) -> Invocation {
    cargo
        .env("CC_wasm32_unknown_unknown", clang)
        // The constant-time block function is fast with it and slow without.
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
            "-C target-feature=+simd128",
        )
        .args([command, "--quiet", "--package", "shenhai-web"])
        .args(["--profile", PROFILE, "--target", TARGET])
}

fn optimise(tools: &Path) -> Result<()> {
    let module = out_dir().join("shenhai_web_bg.wasm");
    let smaller = module.with_extension("wasm.opt");
    Invocation::new("node")
        .args([tools.join("node_modules/binaryen/bin/wasm-opt")])
        .args(["-Oz"])
        .args(WASM_FEATURES)
        .args([module.as_os_str(), "-o".as_ref(), smaller.as_os_str()])
        .run_quietly()?;
    std::fs::rename(&smaller, &module).map_err(|error| Problem::file(&module, &error))
}
