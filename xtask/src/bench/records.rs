//! The bench `records`: one act in the core, and the lists of a city beside those of a district and beside SQL written
//! by hand for one list.

use super::{Better, Peer, Row};
use crate::command::Invocation;
use crate::problem::Result;
use crate::progress::step;
use crate::workspace;
use serde_json::Value;

const LISTS: [(&str, &str); 3] = [
    ("list", "first page of a tab"),
    ("colour", "the same by colour"),
    ("search", "the same of a search"),
];

/// All rows.
pub(super) fn measure() -> Result<Vec<Row>> {
    step("compile for speed", || {
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
    let program = workspace::target().join("release/shenhai-bench-records");
    let figures = step("fold, fill 2,000 and 250,000 rows, read lists", || {
        super::parse(&Invocation::new(program).output()?)
    })?;
    rows(&figures)
}

fn rows(figures: &Value) -> Result<Vec<Row>> {
    let alone = |row: &str, key: &str, unit, target| -> Result<Row> {
        Ok(Row {
            bench: "records",
            row: row.to_owned(),
            ours: super::number(figures, key)?,
            peer: None,
            unit,
            target: Some(target),
            better: Better::Lower,
        })
    };
    let mut rows = vec![
        alone("one act in the core", "act", "µs", 50.0)?,
        alone("a record after 1,000 acts", "record bytes", "bytes", 16384.0)?,
    ];
    for (key, what) in LISTS {
        let many = super::number(figures, &format!("{key} many"))?;
        let beside = |row: String, name, value, target| Row {
            bench: "records",
            row,
            ours: many,
            peer: Some(Peer { name, value }),
            unit: "µs",
            target: Some(target),
            better: Better::Lower,
        };
        let few = super::number(figures, &format!("{key} few"))?;
        let plain = super::number(figures, &format!("{key} many plain"))?;
        rows.push(beside(format!("{what}, 250,000 rows"), "2,000 rows", few, 1.5));
        rows.push(beside(format!("{what}, 250,000 rows"), "plain SQL", plain, 1.5));
    }
    Ok(rows)
}
