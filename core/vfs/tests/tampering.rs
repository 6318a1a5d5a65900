//! What lies on the disk tells nothing, and nothing older than the newest is taken for it.

mod disk;

use disk::{Disk, NAME};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rusqlite::Connection;
use shenhai_vfs::{Fault, FileKind, Sealed, Trust};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const FILE: &str = "/kept.db";
const KEY: [u8; 16] = *b"0123456789abcdef";
const PAGE: usize = 4096;

/// The disk is one for the program, so one test at a time.
fn disk() -> (&'static Disk, MutexGuard<'static, ()>) {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let disk = Disk::register();
    disk.reset(None);
    (disk, turn)
}

fn attach(key: &[u8; 16], trust: Trust) -> Sealed {
    static SEED: AtomicU64 = AtomicU64::new(0);
    let mut rng = StdRng::seed_from_u64(SEED.fetch_add(1, Ordering::Relaxed));
    Sealed::attach(Some(NAME), FILE, key, &mut rng, trust, Duration::ZERO).expect("attaches")
}

fn connect(sealed: &Sealed, mode: &str) -> rusqlite::Result<Connection> {
    let connection = sealed.connect()?;
    connection.pragma_update(None, "journal_mode", mode)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", 8)?;
    Ok(connection)
}

/// Rows of about half a page; `word` is in each of them.
fn fill(connection: &Connection, word: &str, rows: i64) {
    let filled = connection.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
         INSERT OR REPLACE INTO t SELECT i, ?1 || hex(zeroblob(1000)) FROM n",
        (word, rows),
    );
    assert_eq!(filled.expect("fills") as i64, rows);
}

fn make(mode: &str, word: &str) {
    let sealed = attach(&KEY, Trust::Newest);
    let connection = connect(&sealed, mode).expect("opens");
    connection
        .execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
        .expect("makes");
    fill(&connection, word, 30);
}

/// How many rows begin with `word`, or what was found wrong.
fn count(mode: &str, word: &str) -> Result<i64, Option<Fault>> {
    let sealed = attach(&KEY, Trust::Newest);
    connect(&sealed, mode)
        .and_then(|connection| {
            connection.query_row(
                "SELECT count(*) FROM t WHERE body LIKE ?1 || '%'",
                [word],
                |row| row.get(0),
            )
        })
        .map_err(|_| sealed.fault())
}

/// All files as they are.
fn files(disk: &Disk) -> Vec<(String, Vec<u8>)> {
    let read = |name: String| (name.clone(), disk.read(&name));
    disk.names().into_iter().map(read).collect()
}

fn put_back(disk: &Disk, files: &[(String, Vec<u8>)]) {
    for (name, bytes) in files {
        disk.write(name, bytes);
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn no_file_shows_a_word_of_what_was_written_not_even_in_the_middle_of_a_transaction() {
    for mode in ["WAL", "TRUNCATE"] {
        let (disk, _turn) = disk();
        make(mode, "GEHEIM");
        let sealed = attach(&KEY, Trust::Newest);
        let connection = connect(&sealed, mode).expect("opens");
        connection.execute_batch("BEGIN").expect("begins");
        fill(&connection, "ANDERS", 400);
        connection
            .execute_batch("CREATE TEMP TABLE aside AS SELECT * FROM t; UPDATE t SET body = body || 'NOCH'")
            .expect("changes");
        let side = if mode == "WAL" { "-wal" } else { "-journal" };
        assert!(
            disk.read(&format!("{FILE}{side}")).len() > 5 * PAGE,
            "{mode}: it spilled"
        );
        let names: Vec<String> = disk.names();
        assert!(
            names.iter().all(|name| name.starts_with(FILE)),
            "no temporary file: {names:?}"
        );
        let bytes = disk.bytes();
        assert!(find(&bytes, b"SQLite format 3\0"), "the search itself works");
        for word in [&b"GEHEIM"[..], b"ANDERS", b"NOCH", b"00000000", b"CREATE TABLE"] {
            assert!(!find(&bytes, word), "{mode}: {}", String::from_utf8_lossy(word));
        }
    }
}

#[test]
fn equal_pages_look_different_each_time_they_are_written() {
    let (disk, _turn) = disk();
    make("TRUNCATE", "same");
    let before = disk.read(FILE);
    let sealed = attach(&KEY, Trust::Newest);
    let connection = connect(&sealed, "TRUNCATE").expect("opens");
    fill(&connection, "else", 30);
    fill(&connection, "same", 30);
    drop(connection);
    let after = disk.read(FILE);
    assert_eq!(before.len(), after.len());
    let pages = before.chunks(PAGE).zip(after.chunks(PAGE));
    let changed: Vec<_> = pages.filter(|(old, new)| old != new).collect();
    assert!(changed.len() > 10);
    for (old, new) in changed {
        // Of 4,064 random bytes about 16 agree by chance; more than 64 never do.
        let agree = old[32..4064]
            .iter()
            .zip(&new[32..4064])
            .filter(|(a, b)| a == b)
            .count();
        assert!(agree < 64, "{agree} bytes agree");
    }
}

#[test]
fn one_page_put_back_from_an_old_copy_is_refused() {
    let (disk, _turn) = disk();
    make("WAL", "old");
    let old = disk.read(FILE);
    let sealed = attach(&KEY, Trust::Newest);
    let connection = connect(&sealed, "WAL").expect("opens");
    fill(&connection, "new", 30);
    drop((connection, sealed));
    assert_eq!(count("WAL", "new"), Ok(30));
    let mut mixed = disk.read(FILE);
    let third = 2 * PAGE..3 * PAGE;
    assert_ne!(mixed[third.clone()], old[third.clone()]);
    mixed[third.clone()].copy_from_slice(&old[third]);
    disk.write(FILE, &mixed);
    assert_eq!(count("WAL", "new"), Err(Some(Fault::RolledBack(3))));
}

#[test]
fn the_whole_database_file_put_back_without_its_ledger_is_refused() {
    let (disk, _turn) = disk();
    make("TRUNCATE", "old");
    let old = disk.read(FILE);
    let sealed = attach(&KEY, Trust::Newest);
    fill(&connect(&sealed, "TRUNCATE").expect("opens"), "new", 30);
    drop(sealed);
    disk.write(FILE, &old);
    assert!(matches!(
        count("TRUNCATE", "old"),
        Err(Some(Fault::RolledBack(_)))
    ));
}

#[test]
fn a_spent_journal_put_back_does_nothing() {
    let (disk, _turn) = disk();
    make("TRUNCATE", "first");
    let sealed = attach(&KEY, Trust::Newest);
    let connection = connect(&sealed, "TRUNCATE").expect("opens");
    connection.execute_batch("BEGIN").expect("begins");
    fill(&connection, "second", 30);
    let journal = disk.read(&format!("{FILE}-journal"));
    assert!(
        journal.len() > 5 * PAGE,
        "it would bring all of the first content back"
    );
    connection.execute_batch("COMMIT").expect("commits");
    fill(&connection, "third", 30);
    drop((connection, sealed));
    disk.write(&format!("{FILE}-journal"), &journal);
    assert_eq!(count("TRUNCATE", "third"), Ok(30));
}

#[test]
fn a_spent_wal_put_back_does_nothing() {
    let (disk, _turn) = disk();
    make("WAL", "first");
    let wal = format!("{FILE}-wal");
    let sealed = attach(&KEY, Trust::Newest);
    let connection = connect(&sealed, "WAL").expect("opens");
    fill(&connection, "second", 30);
    let old = disk.read(&wal);
    assert!(old.len() > 5 * PAGE);
    for word in ["third", "fourth"] {
        connection
            .query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()))
            .expect("takes over");
        fill(&connection, word, 30);
    }
    drop((connection, sealed));
    disk.write(&wal, &old);
    assert_eq!(count("WAL", "fourth"), Ok(30));
}

/// How many rows begin with each of two words, in a database that SQLite finds whole; or what was found wrong.
fn counts(mode: &str, words: [&str; 2]) -> Result<[i64; 2], Option<Fault>> {
    let counted = words.map(|word| count(mode, word));
    let [first, second] = counted;
    Ok([first?, second?])
}

#[test]
fn the_last_journal_put_back_after_its_transaction_ended_does_nothing() {
    // Removed, cut to nothing, or overwritten with zeros: SQLite's three ways to be done with it. And the power may
    // fail right after.
    for mode in ["TRUNCATE", "DELETE", "PERSIST"] {
        for (end, expected) in [("COMMIT", [0, 30]), ("ROLLBACK", [30, 0])] {
            let (disk, _turn) = disk();
            make(mode, "first");
            let sealed = attach(&KEY, Trust::Newest);
            let connection = connect(&sealed, mode).expect("opens");
            connection.execute_batch("BEGIN").expect("begins");
            fill(&connection, "second", 30);
            let journal = disk.read(&format!("{FILE}-journal"));
            assert!(journal.len() > 5 * PAGE);
            connection.execute_batch(end).expect("ends");
            let ended = files(disk);
            drop((connection, sealed));
            let closed = files(disk);
            for left in [ended, closed] {
                put_back(disk, &left);
                disk.write(&format!("{FILE}-journal"), &journal);
                assert_eq!(counts(mode, ["first", "second"]), Ok(expected), "{mode} {end}");
            }
        }
    }
}

#[test]
fn the_last_wal_put_back_whole_or_cut_does_nothing() {
    for begun_anew in [false, true] {
        let (disk, _turn) = disk();
        make("WAL", "first");
        let wal = format!("{FILE}-wal");
        let sealed = attach(&KEY, Trust::Newest);
        let connection = connect(&sealed, "WAL").expect("opens");
        fill(&connection, "second", 15);
        let cut = disk.read(&wal);
        fill(&connection, "second", 30);
        let whole = disk.read(&wal);
        assert!(whole.len() > cut.len());
        if begun_anew {
            connection
                .query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()))
                .expect("takes over");
            fill(&connection, "third", 30);
        }
        drop((connection, sealed));
        let expected = if begun_anew { [0, 30] } else { [30, 0] };
        for old in [&cut, &whole] {
            disk.write(&wal, old);
            assert_eq!(counts("WAL", ["second", "third"]), Ok(expected));
        }
    }
}

#[test]
fn a_wal_cut_to_before_what_was_taken_over_from_it_is_refused() {
    let (disk, _turn) = disk();
    make("WAL", "first");
    let wal = format!("{FILE}-wal");
    let sealed = attach(&KEY, Trust::Newest);
    let connection = connect(&sealed, "WAL").expect("opens");
    fill(&connection, "second", 15);
    let cut = disk.read(&wal);
    fill(&connection, "second", 30);
    connection
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        .expect("takes over");
    let left = files(disk);
    drop((connection, sealed));
    // As a loss of power leaves them, but for the WAL, in which the second transaction is missing.
    put_back(disk, &left);
    disk.write(&wal, &cut);
    assert_eq!(count("WAL", "second"), Err(Some(Fault::Journal)));
    put_back(disk, &left);
    assert_eq!(count("WAL", "second"), Ok(30));
}

#[test]
fn the_wal_of_another_database_with_the_same_key_does_nothing() {
    let (disk, _turn) = disk();
    let wal = format!("{FILE}-wal");
    // The other one lived longer: its logs have higher numbers.
    make("WAL", "other");
    let sealed = attach(&KEY, Trust::Newest);
    let connection = connect(&sealed, "WAL").expect("opens");
    for word in ["foreign", "strange", "foreign"] {
        fill(&connection, word, 30);
        connection
            .query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()))
            .expect("takes over");
    }
    fill(&connection, "foreign", 30);
    let foreign = disk.read(&wal);
    drop((connection, sealed));
    disk.reset(None);
    make("WAL", "own");
    disk.write(&wal, &foreign);
    assert_eq!(counts("WAL", ["own", "foreign"]), Ok([30, 0]));
}

#[test]
fn an_old_ledger_or_none_is_noticed() {
    let (disk, _turn) = disk();
    make("WAL", "old");
    let ledger = format!("{FILE}-seal1");
    let old = disk.read(&ledger);
    let sealed = attach(&KEY, Trust::Newest);
    fill(&connect(&sealed, "WAL").expect("opens"), "new", 30);
    drop(sealed);
    let newest = disk.read(&ledger);
    assert!(newest.len() > old.len());
    disk.write(&ledger, &old);
    assert!(matches!(count("WAL", "new"), Err(Some(Fault::RolledBack(_)))));
    disk.remove(&ledger);
    assert_eq!(count("WAL", "new"), Err(Some(Fault::NoLedger)));
    disk.write(&ledger, &newest);
    assert_eq!(count("WAL", "new"), Ok(30));
}

#[test]
fn a_changed_bit_is_noticed_wherever_it_is_in_a_page() {
    let (disk, _turn) = disk();
    make("WAL", "word");
    let sound = disk.read(FILE);
    // Page size, change counter, body, nonce, tag.
    for at in [16, 24, 100, 4063, 4064, 4075, 4076, 4091, PAGE + 7] {
        let mut changed = sound.clone();
        changed[at] ^= 1;
        disk.write(FILE, &changed);
        let found = count("WAL", "word");
        assert!(found.is_err(), "byte {at}: {found:?}");
    }
    disk.write(FILE, &sound);
    assert_eq!(count("WAL", "word"), Ok(30));
}

#[test]
fn another_key_opens_nothing_and_changes_nothing() {
    let (disk, _turn) = disk();
    for mode in ["WAL", "TRUNCATE"] {
        disk.reset(None);
        make(mode, "word");
        let before = disk.bytes();
        let sealed = attach(b"another key 1234", Trust::Newest);
        assert!(
            connect(&sealed, mode)
                .and_then(|c| c.query_row("SELECT * FROM t", [], |_| Ok(())))
                .is_err()
        );
        assert_eq!(sealed.fault(), Some(Fault::WrongKey));
        drop(sealed);
        assert_eq!(disk.bytes(), before);
        assert_eq!(count(mode, "word"), Ok(30));
    }
}

#[test]
fn rescue_reads_authentic_pages_of_any_age_and_no_others() {
    let (disk, _turn) = disk();
    make("WAL", "old");
    let mut bytes = disk.read(FILE);
    let last = bytes.len() - PAGE;
    bytes[last..].fill(0xFF);
    disk.write(FILE, &bytes);
    disk.remove(&format!("{FILE}-seal1"));
    let sealed = attach(&KEY, Trust::Any);
    let connection = connect(&sealed, "WAL").expect("opens");
    let mut select = connection.prepare("SELECT body FROM t").expect("prepares");
    let rows: Vec<rusqlite::Result<String>> =
        select.query_map([], |row| row.get(0)).expect("reads").collect();
    assert!(rows.len() > 20);
    assert!(
        rows[..rows.len() - 1]
            .iter()
            .all(|row| row.as_ref().is_ok_and(|body| body.starts_with("old")))
    );
    assert!(rows[rows.len() - 1].is_err(), "the destroyed page");
}

#[test]
fn a_sealed_database_is_told_from_a_plain_one() {
    let (disk, _turn) = disk();
    let kind = || shenhai_vfs::kind_of(Some(NAME), FILE).expect("reads");
    assert_eq!(kind(), FileKind::Missing);
    make("WAL", "word");
    assert_eq!(kind(), FileKind::Sealed);
    let directory = tempfile::tempdir().expect("a directory");
    let plain = directory.path().join("plain.db");
    Connection::open(&plain)
        .and_then(|c| c.execute_batch("CREATE TABLE t (id)"))
        .expect("makes");
    disk.write(FILE, &std::fs::read(plain).expect("reads"));
    assert_eq!(kind(), FileKind::Plain);
    disk.write(FILE, &[0xA5; 8192]);
    assert_eq!(kind(), FileKind::Foreign);
}

#[test]
fn erasing_leaves_no_file() {
    let (disk, _turn) = disk();
    make("WAL", "word");
    shenhai_vfs::erase(Some(NAME), FILE).expect("erases");
    assert_eq!(disk.names(), Vec::<String>::new());
}

#[test]
fn the_ledger_is_written_anew_when_its_changes_outgrow_it() {
    let (disk, _turn) = disk();
    make("TRUNCATE", "word");
    let sealed = attach(&KEY, Trust::Newest);
    let connection = connect(&sealed, "TRUNCATE").expect("opens");
    for _ in 0..200 {
        fill(&connection, "now", 30);
        fill(&connection, "again", 30);
    }
    drop((connection, sealed));
    assert!(
        disk.names().contains(&format!("{FILE}-seal2")),
        "the other file took over"
    );
    let length: usize = ["-seal1", "-seal2"]
        .iter()
        .map(|end| disk.read(&format!("{FILE}{end}")).len())
        .sum();
    assert!(length < 100_000, "{length} bytes for 17 pages");
    assert_eq!(count("TRUNCATE", "again"), Ok(30));
}

#[test]
fn whatever_bytes_the_files_hold_opening_ends_with_rows_or_a_clear_error() {
    let (disk, _turn) = disk();
    make("WAL", "word");
    // A WAL and a journal that count, as a crash leaves them.
    let sealed = attach(&KEY, Trust::Newest);
    let connection = connect(&sealed, "WAL").expect("opens");
    fill(&connection, "next", 30);
    let files = files(disk);
    drop((connection, sealed));
    assert!(
        files
            .iter()
            .any(|(name, bytes)| name.ends_with("-wal") && bytes.len() > PAGE)
    );
    let mut random = StdRng::seed_from_u64(6);
    for round in 0..300 {
        put_back(disk, &files);
        let (name, bytes) = &files[round % files.len()];
        disk.write(name, &mutated(bytes, &mut random));
        for trust in [Trust::Newest, Trust::Any] {
            let sealed = attach(&KEY, trust);
            let read = connect(&sealed, "WAL").and_then(|connection| {
                connection.query_row(
                    "SELECT count(*), count(*) FILTER (WHERE body LIKE 'next%') FROM t",
                    [],
                    |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
                )
            });
            if let (Ok((all, next)), Trust::Newest) = (read, trust) {
                assert!(
                    all == 30 && (next == 0 || next == 30),
                    "{name}: {all} rows, {next} of them new"
                );
            }
        }
    }
}

/// Bytes changed, cut, repeated or replaced.
fn mutated(bytes: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = random.next_u32() as usize % bytes.len().max(1);
    match random.next_u32() % 5 {
        0 => bytes.truncate(at),
        1 => bytes.iter_mut().skip(at).take(3).for_each(|byte| *byte ^= 0x81),
        2 => bytes.extend_from_within(at..),
        3 => random.fill_bytes(&mut bytes[at..]),
        _ => bytes.rotate_left(at),
    }
    bytes
}
