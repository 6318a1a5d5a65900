//! The files of a sealed database, as somebody else may have left them.
//!
//! Not what a crash leaves, which `core/vfs` tests. Called by the smoke tests and the libFuzzer wrappers.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rusqlite::Connection;
use shenhai_vfs::{Sealed, Trust};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

const KEY: [u8; 16] = *b"0123456789abcdef";
const NAME: &str = "kept.db";
/// The database, its journal ahead of it, the list of its pages' versions.
const ENDS: [&str; 3] = ["", "-wal", "-seal1"];
const ROWS: i64 = 12;

/// The three files while the last change is still in the journal.
static SOUND: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let sealed = attach(folder.path(), Trust::Newest);
    let connection = connect(&sealed).expect("a new database opens");
    connection
        .execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
        .expect("a table");
    fill(&connection, "word");
    connection
        .query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()))
        .expect("the journal is taken over");
    fill(&connection, "next");
    ENDS.map(|end| fs::read(folder.path().join(format!("{NAME}{end}"))).expect("the file is there"))
});

fn attach(folder: &Path, trust: Trust) -> Sealed {
    let path = folder.join(NAME);
    let path = path.to_str().expect("a temporary path is text");
    let mut rng = StdRng::from_seed([7; 32]);
    Sealed::attach(None, path, &KEY, &mut rng, trust, Duration::ZERO).expect("attaches")
}

fn connect(sealed: &Sealed) -> rusqlite::Result<Connection> {
    let connection = sealed.connect()?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Nothing here outlives the program: no power is lost.
    connection.pragma_update(None, "synchronous", "OFF")?;
    Ok(connection)
}

/// In one transaction: a journal that was cut between two holds one that was committed, and is no fault.
fn fill(connection: &Connection, word: &str) {
    connection.execute_batch("BEGIN").expect("begins");
    for id in 0..ROWS {
        connection
            .execute("INSERT OR REPLACE INTO t VALUES (?1, ?2)", (id, word.repeat(200)))
            .expect("a row");
    }
    connection.execute_batch("COMMIT").expect("commits");
}

/// The first byte chooses which file holds the rest, and what is trusted; the others are sound. Opening ends with all
/// rows of one moment or with an error.
pub fn sealed_database(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else {
        return;
    };
    let chosen = usize::from(*choice) % ENDS.len();
    let trust = match *choice < 128 {
        true => Trust::Newest,
        false => Trust::Any,
    };
    let folder = tempfile::tempdir().expect("a folder");
    for (at, (end, sound)) in ENDS.iter().zip(SOUND.iter()).enumerate() {
        let held = if at == chosen { bytes } else { sound };
        fs::write(folder.path().join(format!("{NAME}{end}")), held).expect("a file is written");
    }
    let sealed = attach(folder.path(), trust);
    let read = connect(&sealed).and_then(|connection| {
        let rows = "SELECT count(*), count(*) FILTER (WHERE body LIKE 'next%') FROM t";
        connection.query_row(rows, [], |row| Ok((row.get(0)?, row.get(1)?)))
    });
    if let (Ok((all, next)), Trust::Newest) = (read, trust) {
        let (all, next): (i64, i64) = (all, next);
        assert!(
            all == ROWS && (next == 0 || next == ROWS),
            "{all} rows, {next} of them new"
        );
    }
}

/// The sound files, each after the byte that chooses it.
#[must_use]
pub fn sound() -> Vec<Vec<u8>> {
    let chosen = (0_u8..).zip(SOUND.iter());
    chosen.map(|(at, file)| [&[at], &file[..]].concat()).collect()
}
