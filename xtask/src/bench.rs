//! `cargo xtask bench`: the frame of all measurements. A bench gives rows; a row is ours against a peer, or
//! against a target, and says which way is better.

mod crypto;
mod records;
mod thread;

use crate::problem::{Problem, Result};
use serde_json::{Value, json};
use std::process::ExitCode;

/// `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Which; without it the benches are listed.
    name: Option<String>,
    /// One JSON object per line instead of a table.
    #[arg(long)]
    json: bool,
}

struct Bench {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<Vec<Row>>,
}

const BENCHES: [Bench; 3] = [
    Bench {
        name: "crypto",
        about: "SM4 and SM2 beside Botan and the table-based crate, on one core",
        run: crypto::measure,
    },
    Bench {
        name: "records",
        about: "an act in the core; lists of 250,000 records beside 2,000 and beside plain SQL",
        run: records::measure,
    },
    Bench {
        name: "thread",
        about: "signed pushes through the gateway, time until the page shows orders, size of the WebAssembly",
        run: thread::measure,
    },
];

/// Which way a figure should go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Better {
    Lower,
    Higher,
}

/// Somebody else's figure for the same work.
#[derive(Debug, Clone, PartialEq)]
struct Peer {
    name: &'static str,
    value: f64,
}

/// One measured figure.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    bench: &'static str,
    row: String,
    ours: f64,
    peer: Option<Peer>,
    unit: &'static str,
    /// With a peer: the ratio ours/peer to reach. Without: the figure to reach.
    target: Option<f64>,
    better: Better,
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        self.peer.as_ref().map(|peer| self.ours / peer.value)
    }

    fn met(&self) -> Option<bool> {
        let value = self.ratio().unwrap_or(self.ours);
        self.target.map(|target| match self.better {
            Better::Lower => value <= target,
            Better::Higher => value >= target,
        })
    }

    fn json(&self) -> Value {
        json!({
            "bench": self.bench,
            "row": self.row,
            "ours": self.ours,
            "peer": self.peer.as_ref().map(|peer| peer.value),
            "peer_name": self.peer.as_ref().map(|peer| peer.name),
            "unit": self.unit,
            "ratio": self.ratio(),
            "target": self.target,
            "better": match self.better {
                Better::Lower => "lower",
                Better::Higher => "higher",
            },
            "met": self.met(),
        })
    }
}

/// Run one bench and print its rows.
pub(crate) fn bench(options: &Options) -> Result<ExitCode> {
    let Some(name) = &options.name else {
        for bench in &BENCHES {
            println!("{:10} {}", bench.name, bench.about);
        }
        return Ok(ExitCode::SUCCESS);
    };
    let bench = BENCHES.iter().find(|bench| bench.name == name).ok_or_else(|| {
        Problem::new(
            format!("there is no bench `{name}`"),
            "cargo xtask bench without a name lists them",
        )
    })?;
    if options.json {
        crate::progress::to_stderr();
    }
    let rows = (bench.run)()?;
    if options.json {
        for row in &rows {
            println!("{}", row.json());
        }
    } else {
        table(&rows);
    }
    let missed = rows.iter().any(|row| row.met() == Some(false));
    Ok(if missed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn table(rows: &[Row]) {
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| format!("{v:.3}"));
    println!(
        "{:8} {:28} {:>12} {:>12} {:10} {:>8} {:>10} {:8} {:6} met",
        "bench", "row", "ours", "peer", "", "ratio", "target", "unit", "better"
    );
    for row in rows {
        println!(
            "{:8} {:28} {:>12} {:>12} {:10} {:>8} {:>10} {:8} {:6} {}",
            row.bench,
            row.row,
            number(Some(row.ours)),
            number(row.peer.as_ref().map(|peer| peer.value)),
            row.peer.as_ref().map_or("", |peer| peer.name),
            number(row.ratio()),
            number(row.target),
            row.unit,
            match row.better {
                Better::Lower => "lower",
                Better::Higher => "higher",
            },
            row.met().map_or("–", |met| if met { "yes" } else { "NO" }),
        );
    }
}

/// The last line of a program's output, as JSON.
fn parse(output: &str) -> Result<Value> {
    let line = output.lines().last().unwrap_or_default();
    serde_json::from_str(line).map_err(|error| {
        Problem::new(
            format!("a measurement answered `{line}`: {error}"),
            "run it again; if it stays, it is a defect",
        )
    })
}

fn number(json: &Value, key: &str) -> Result<f64> {
    json[key].as_f64().ok_or_else(|| {
        Problem::new(
            format!("a measurement gave no {key}: {json}"),
            "this is a defect of tests/bench",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ours: f64, peer: Option<f64>, target: f64, better: Better) -> Row {
        let peer = peer.map(|value| Peer { name: "other", value });
        Row {
            bench: "b",
            row: "r".to_owned(),
            ours,
            peer,
            unit: "ms",
            target: Some(target),
            better,
        }
    }

    #[test]
    fn with_a_peer_the_target_is_a_ratio() {
        assert_eq!(row(50.0, Some(100.0), 0.6, Better::Lower).met(), Some(true));
        assert_eq!(row(70.0, Some(100.0), 0.6, Better::Lower).met(), Some(false));
    }

    #[test]
    fn without_a_peer_the_target_is_the_figure() {
        assert_eq!(row(300.0, None, 250.0, Better::Higher).met(), Some(true));
        let json = row(300.0, None, 250.0, Better::Higher).json();
        assert_eq!(json["peer"], Value::Null);
        assert_eq!(json["met"], true);
    }
}
