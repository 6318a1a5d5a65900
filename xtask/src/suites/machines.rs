//! The block function on other machines than this one: aarch64 under qemu-user, WebAssembly in Node.js.
//!
//! Its tests on this machine are part of the suite `rust`. `SM4_BLOCKS` in the environment sets how many random blocks
//! each backend is given; without it few, because an emulated processor is slow.

use super::count::{self, Counts};
use crate::command::Invocation;
use crate::problem::Result;
use crate::setup;
use crate::workspace;

/// Random blocks per backend, unless `SM4_BLOCKS` says otherwise: 1,048,576 take minutes under qemu.
const FEW_BLOCKS: &str = "65536";

/// All of them; a machine that this one cannot play is skipped with the reason.
pub(super) fn block_function() -> Result<Counts> {
    let emulator = "qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu max";
    let arm = match setup::add_target("aarch64-unknown-linux-gnu").and_then(|()| setup::aarch64_emulator()) {
        Ok(()) => {
            let cargo = Invocation::new("cargo")
                .env(
                    "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
                    "aarch64-linux-gnu-gcc",
                )
                .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", emulator);
            run(cargo, "aarch64-unknown-linux-gnu")?
        }
        Err(why) => Counts::skip(format!("aarch64: {}", why.what())),
    };
    setup::node()?;
    let runner = workspace::root().join("tests/sm4/node-wasi.mjs");
    let web = match setup::add_target("wasm32-wasip1") {
        Ok(()) => {
            let node = format!("node --no-warnings {}", runner.display());
            let cargo = |flags: &str| {
                Invocation::new("cargo")
                    .env("CARGO_TARGET_WASM32_WASIP1_RUNNER", &node)
                    .env("CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS", flags)
            };
            let portable = run(cargo(""), "wasm32-wasip1")?;
            portable.and(run(cargo("-C target-feature=+simd128"), "wasm32-wasip1")?)
        }
        Err(why) => Counts::skip(format!("WebAssembly: {}", why.what())),
    };
    Ok(arm.and(web))
}

fn run(cargo: Invocation, target: &str) -> Result<Counts> {
    let blocks = std::env::var("SM4_BLOCKS").unwrap_or_else(|_| FEW_BLOCKS.to_owned());
    let transcript = cargo
        .env("SM4_BLOCKS", blocks)
        .args(["test", "--quiet", "--package", "shenhai-sm4", "--lib", "--tests"])
        .args(["--target", target])
        .tee()?;
    Ok(count::cargo(&transcript.lines).with_exit(transcript.success))
}
