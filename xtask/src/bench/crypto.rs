//! The bench `crypto`: SM4 beside the table-based crate and beside Botan, SM2 beside Botan, a sealed database beside
//! a plain one, on one core.
//!
//! Ours comes from `tests/bench`, Botan's figures from `tests/bench/peer`, which compiles it once.

use super::{Better, Peer, Row};
use crate::command::Invocation;
use crate::problem::Result;
use crate::progress::{say, step};
use crate::{setup, workspace};
use serde_json::Value;

const MODES: [&str; 6] = [
    "ctr 4 KiB",
    "ctr 1 MiB",
    "ctr 16 MiB",
    "gcm 4 KiB",
    "gcm 1 MiB",
    "gcm 16 MiB",
];

/// All rows.
pub(super) fn measure() -> Result<Vec<Row>> {
    setup::require_space(3000, "compiling Botan, the peer of these measurements,")?;
    step("compile ours for speed", || {
        Invocation::new("cargo")
            .args([
                "build",
                "--quiet",
                "--release",
                "--package",
                "shenhai-bench",
                "--bins",
            ])
            .run()
    })?;
    say("the first time, the next step takes about ten minutes: Botan is compiled from source");
    step("compile Botan for speed", || {
        Invocation::new("cargo")
            .args(["build", "--quiet", "--release", "--locked"])
            .args(["--manifest-path", "tests/bench/peer/Cargo.toml", "--target-dir"])
            .args([workspace::target().join("bench-peer")])
            .run_quietly()
    })?;
    let release = workspace::target().join("release");
    let ours = step("measure ours", || {
        super::parse(&Invocation::new(release.join("shenhai-bench-crypto")).output()?)
    })?;
    let botan = step("measure Botan", || {
        let program = workspace::target().join("bench-peer/release/shenhai-bench-peer");
        super::parse(&Invocation::new(program).output()?)
    })?;
    let stored = step("measure the sealed database", || {
        let example = [
            "run",
            "--quiet",
            "--release",
            "--package",
            "shenhai-vfs",
            "--example",
            "sealed",
        ];
        super::parse(&Invocation::new("cargo").args(example).output()?)
    })?;
    let mut rows = rows(&ours, &botan)?;
    for (name, row) in [("insert", "sealed inserts, CPU"), ("scan", "sealed scans, CPU")] {
        rows.push(Row {
            bench: "crypto",
            row: row.to_owned(),
            ours: super::number(&stored, &format!("sealed {name}"))?,
            peer: Some(Peer {
                name: "plain",
                value: super::number(&stored, &format!("plain {name}"))?,
            }),
            unit: "ms",
            target: Some(2.5),
            better: Better::Lower,
        });
    }
    Ok(rows)
}

fn rows(ours: &Value, botan: &Value) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for mode in MODES {
        let speed = super::number(ours, mode)?;
        // The aim is set for GCM, which is what seals; CTR is shown beside it.
        let aim = mode.starts_with("gcm");
        rows.push(Row {
            bench: "crypto",
            row: format!("SM4-{mode}"),
            ours: speed,
            peer: Some(Peer {
                name: "Botan 3",
                value: super::number(botan, mode)?,
            }),
            unit: "MB/s",
            target: aim.then_some(0.8),
            better: Better::Higher,
        });
        rows.push(Row {
            bench: "crypto",
            row: format!("SM4-{mode}"),
            ours: speed,
            peer: Some(Peer {
                name: "sm4 crate",
                value: super::number(ours, &format!("table {mode}"))?,
            }),
            unit: "MB/s",
            target: aim.then_some(10.0),
            better: Better::Higher,
        });
    }
    for operation in ["sm2 sign", "sm2 verify"] {
        rows.push(Row {
            bench: "crypto",
            row: operation.to_owned(),
            ours: super::number(ours, operation)?,
            peer: Some(Peer {
                name: "Botan 3",
                value: super::number(botan, operation)?,
            }),
            unit: "µs",
            target: None,
            better: Better::Lower,
        });
    }
    Ok(rows)
}
