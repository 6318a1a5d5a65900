//! The bench `thread`: how one order travels, measured. Load and page times come from `tests/bench`.

use super::{Better, Row, number, parse};
use crate::command::Invocation;
use crate::problem::{Problem, Result};
use crate::progress::step;
use crate::run::{self, Ports, System};
use crate::{pages, setup, wasm, workspace};
use serde_json::Value;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Devices that push at the same time, each its own handler's.
const CONCURRENCY: usize = 32;
/// Enough for every handler to have some.
const ORDERS: u32 = 2400;

/// All rows. No target and no peer yet: these figures are the base of later ones.
pub(super) fn measure() -> Result<Vec<Row>> {
    let chromium = setup::chromium()?;
    let web = pages::build()?;
    setup::install_packages("tests/e2e")?;
    step("compile the gateway and the load generator for speed", || {
        Invocation::new("cargo")
            .args(["build", "--quiet", "--release", "--bins"])
            .args([
                "--package",
                "shenhai-bench",
                "--package",
                "shenhai-gateway",
                "--package",
                "shenhai-city",
            ])
            .run()
    })?;
    let release = workspace::target().join("release");
    let ports = Ports::any()?;
    let data = run::prepare(&workspace::target().join("bench-data"), true, &ports)?;
    let mut system = System::start(&release, ports, &data, &web)?;
    let served = serve(&mut system, &release, &chromium);
    system.stop();
    let (load, page) = served?;
    let module = wasm::out_dir().join("shenhai_web_bg.wasm");
    let (raw, brotli) = step("compress the WebAssembly", || sizes(&module))?;

    Ok(vec![
        row(
            "signed pushes",
            number(&load, "pushes_per_second")?,
            "1/s",
            Better::Higher,
        ),
        row("signed push p50", number(&load, "p50_ms")?, "ms", Better::Lower),
        row("signed push p99", number(&load, "p99_ms")?, "ms", Better::Lower),
        row(
            "page ready, cold cache",
            number(&page, "cold_ms")?,
            "ms",
            Better::Lower,
        ),
        row(
            "page ready, second visit",
            number(&page, "warm_ms")?,
            "ms",
            Better::Lower,
        ),
        row("WebAssembly raw", raw, "KB", Better::Lower),
        row("WebAssembly brotli", brotli, "KB", Better::Lower),
    ])
}

/// The measurements that need running servers: the page first, while no order was worked on.
fn serve(system: &mut System, release: &Path, chromium: &Path) -> Result<(Value, Value)> {
    let (gateway, city) = (system.ports.gateway_url(), system.ports.city_url());
    system.ready(&AtomicBool::new(false))?;
    step("push synthetic orders", || run::push(&city, ORDERS))?;
    let handlers: Vec<String> = run::handlers(&run::directory())?
        .into_iter()
        .take(CONCURRENCY)
        .collect();
    let page = step("open the page", || {
        let answer = Invocation::new("node")
            .args(["page-ready.mjs", &gateway])
            .env("SHENHAI_CHROMIUM", chromium)
            .dir(workspace::root().join("tests/bench"))
            .output()?;
        parse(&answer)
    })?;
    let load = step("push signed commands for at most 20 s", || {
        let answer = Invocation::new(release.join("shenhai-bench"))
            .args(["--gateway", &gateway, "--city", &city, "--seconds", "20"])
            .args(&handlers)
            .output()?;
        parse(&answer)
    })?;
    Ok((load, page))
}

fn row(name: &str, ours: f64, unit: &'static str, better: Better) -> Row {
    Row {
        bench: "thread",
        row: name.to_owned(),
        ours,
        peer: None,
        unit,
        target: None,
        better,
    }
}

/// Bytes as served, in units of 1000: raw, and with brotli at its highest level.
fn sizes(module: &Path) -> Result<(f64, f64)> {
    let script = "const {brotliCompressSync: b, constants: c} = require('zlib');\
                  const m = require('fs').readFileSync(process.argv[1]);\
                  console.log(m.length, b(m, {params: {[c.BROTLI_PARAM_QUALITY]: 11}}).length)";
    let answer = Invocation::new("node")
        .args(["-e", script])
        .args([module])
        .output()?;
    let mut figures = answer.split_whitespace().filter_map(|n| n.parse::<f64>().ok());
    match (figures.next(), figures.next()) {
        (Some(raw), Some(brotli)) => Ok((raw / 1000.0, brotli / 1000.0)),
        _ => Err(Problem::new(
            format!("node answered `{answer}`"),
            "check the Node.js installation",
        )),
    }
}
