//! Power fails at every single change to the disk: no committed row is lost, and no page is called rolled back.

mod disk;

use disk::{Disk, Left, NAME};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rusqlite::Connection;
use shenhai_vfs::{Sealed, Trust};
use std::time::Duration;

const FILE: &str = "/crash.db";
const KEY: [u8; 16] = *b"0123456789abcdef";

/// One transaction each. Rows of 3,000 bytes fill overflow pages; deleting them makes free pages that are used again
/// without having been journalled, the one case where a page on the disk is nobody's.
const STEPS: &[&str] = &[
    "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT NOT NULL); CREATE INDEX body ON t (body)",
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12)
     INSERT INTO t SELECT i, hex(zeroblob(1500)) || i FROM n",
    "DELETE FROM t WHERE id % 3 <> 0",
    "UPDATE t SET body = body || 'changed' WHERE id > 5",
    "WITH RECURSIVE n (i) AS (SELECT 20 UNION ALL SELECT i + 1 FROM n WHERE i < 28)
     INSERT INTO t SELECT i, hex(zeroblob(1000)) || i FROM n",
    "DELETE FROM t WHERE id < 10",
];

fn attach(seed: u64) -> Sealed {
    let mut rng = StdRng::seed_from_u64(seed);
    Sealed::attach(Some(NAME), FILE, &KEY, &mut rng, Trust::Newest, Duration::ZERO).expect("attaches")
}

fn connect(sealed: &Sealed, mode: &str) -> rusqlite::Result<Connection> {
    let connection = sealed.connect()?;
    connection.pragma_update(None, "journal_mode", mode)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // So small that transactions spill into the files before they are committed and the WAL is taken over often.
    connection.pragma_update(None, "cache_size", 8)?;
    connection.pragma_update(None, "wal_autocheckpoint", 12)?;
    Ok(connection)
}

fn step(connection: &Connection, number: usize) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "BEGIN; {}; PRAGMA user_version = {}; COMMIT",
        STEPS[number],
        number + 1
    ))
}

fn content(connection: &Connection) -> rusqlite::Result<Vec<(i64, String)>> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(Vec::new());
    }
    let mut select = connection.prepare("SELECT id, body FROM t ORDER BY id")?;
    select
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// What plain SQLite holds after each number of steps.
fn expected() -> Vec<Vec<(i64, String)>> {
    let plain = Connection::open_in_memory().expect("memory");
    let mut all = vec![Vec::new()];
    for number in 0..STEPS.len() {
        step(&plain, number).expect("steps");
        all.push(content(&plain).expect("reads"));
    }
    all
}

/// Run until done or until the disk stops; how many steps were acknowledged.
fn run(mode: &str, seed: u64) -> usize {
    let sealed = attach(seed);
    let Ok(connection) = connect(&sealed, mode) else {
        return 0;
    };
    (0..STEPS.len())
        .take_while(|number| step(&connection, *number).is_ok())
        .count()
}

fn recovers(disk: &Disk, mode: &str, stop: u64, left: Left, expected: &[Vec<(i64, String)>]) {
    disk.reset(Some(stop));
    let acknowledged = run(mode, stop * 2);
    assert!(disk.stopped(), "{mode} {stop}: nothing was left to stop");
    disk.restart(left);
    let which = format!("{mode}, stopped at {stop}, {left:?} left, {acknowledged} steps acknowledged");
    for reopening in 0..2 {
        let sealed = attach(stop * 2 + 1 + reopening * 1_000_000);
        let connection =
            connect(&sealed, mode).unwrap_or_else(|e| panic!("{which}: {e} {:?}", sealed.fault()));
        let verdict: String = connection
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap_or_else(|e| panic!("{which}: {e} {:?}", sealed.fault()));
        assert_eq!(verdict, "ok", "{which}");
        let done: u32 = connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .expect("reads");
        let done = done as usize;
        assert!(
            reopening == 1 || done == acknowledged || done == acknowledged + 1,
            "{which}: {done} steps are there"
        );
        assert_eq!(content(&connection).expect("reads"), expected[done], "{which}");
        // Life goes on: the next steps find a sound database.
        for number in done..STEPS.len() {
            step(&connection, number)
                .unwrap_or_else(|e| panic!("{which}: step {number}: {e} {:?}", sealed.fault()));
        }
        assert_eq!(
            content(&connection).expect("reads"),
            expected[STEPS.len()],
            "{which}"
        );
        assert_eq!(sealed.fault(), None, "{which}");
    }
}

fn every_stop(mode: &str) {
    let disk = Disk::register();
    let expected = expected();
    disk.reset(None);
    assert_eq!(run(mode, 1), STEPS.len());
    let changes = disk.done();
    assert!(
        changes > 100,
        "the steps write enough to be interrupted: {changes}"
    );
    for stop in 1..=changes {
        let ways = [[Left::All, Left::Some(stop)], [Left::None, Left::Torn]];
        for left in ways[(stop % 2) as usize] {
            recovers(disk, mode, stop, left, &expected);
        }
    }
}

// One test: the disk is one for the program.
#[test]
fn no_committed_row_is_lost_and_no_page_is_called_rolled_back_wherever_power_fails() {
    every_stop("WAL");
    every_stop("TRUNCATE");
}
