//! How much processor time sealing costs: inserts in transactions of 100 rows, and scans that find nothing in the
//! cache, of a sealed and of a plain database, in milliseconds. `cargo run --release -p shenhai-vfs --example sealed`.
#![allow(clippy::print_stdout, reason = "a report on the terminal")]

use rand::SeedableRng;
use rand::rngs::StdRng;
use rusqlite::{Connection, Result};
use shenhai_vfs::{Sealed, Trust};
use std::time::Duration;

const ROWS: i64 = 20_000;
const SCANS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let plain_path = directory.path().join("plain.db");
    let sealed_path = directory.path().join("sealed.db");
    let path = sealed_path.to_str().ok_or("the path is not Unicode")?;
    let mut rng = StdRng::seed_from_u64(1);
    let patience = Duration::ZERO;
    let sealed = Sealed::attach(None, path, b"0123456789abcdef", &mut rng, Trust::Newest, patience)?;
    let mut plain = Connection::open(plain_path)?;
    plain.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    let plain = measured(&mut plain)?;
    let sealed = measured(&mut sealed.connect()?)?;
    println!(
        "{{\"plain insert\":{:.2},\"plain scan\":{:.2},\"sealed insert\":{:.2},\"sealed scan\":{:.2}}}",
        plain.0, plain.1, sealed.0, sealed.1
    );
    Ok(())
}

/// Milliseconds for inserting and for scanning.
fn measured(connection: &mut Connection) -> Result<(f64, f64), Box<dyn std::error::Error>> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection
        .execute_batch("CREATE TABLE orders (scope TEXT, id TEXT, doc BLOB, PRIMARY KEY (scope, id));")?;
    let doc = "{\"title\":\"路灯不亮\",\"content\":\"小区北门路灯连续三天不亮，居民夜间出行不便\"}".repeat(8);
    let begin = processor_millis()?;
    for first in (0..ROWS).step_by(100) {
        let tx = connection.transaction()?;
        {
            let mut insert = tx.prepare_cached("INSERT INTO orders VALUES ('person:wang', ?1, ?2)")?;
            for row in first..first + 100 {
                insert.execute((format!("{row:032x}"), doc.as_bytes()))?;
            }
        }
        tx.commit()?;
    }
    let inserted = processor_millis()?;
    for _ in 0..SCANS {
        let bytes: i64 = connection.query_row(
            "SELECT sum(length(doc)) FROM orders WHERE instr(doc, x'00') = 0",
            [],
            |row| row.get(0),
        )?;
        assert!(bytes > ROWS * 500, "all rows were read");
    }
    Ok((inserted - begin, processor_millis()? - inserted))
}

/// What the scheduler has given this thread, in milliseconds.
fn processor_millis() -> Result<f64, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanos / 1e6)
}
