//! The tables, as numbered steps from an empty file.
//!
//! A step that has shipped is never changed; the next change is a new step. `user_version` counts them.
//!
//! Mistakes made so far, so that they are not made again: none yet.

use crate::StoreError;
use rusqlite::Connection;

/// The version this program writes.
pub const VERSION: i64 = STEPS.len() as i64;

const STEPS: &[&str] = &[
    // 1: the thread.
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL);
     CREATE TABLE identities (
        device_id TEXT PRIMARY KEY,
        user TEXT,
        secret BLOB NOT NULL,
        last_seq INTEGER NOT NULL,
        last_hash TEXT NOT NULL,
        acked_seq INTEGER NOT NULL,
        acked_hash TEXT NOT NULL,
        retired INTEGER NOT NULL DEFAULT 0
     );
     CREATE UNIQUE INDEX identity_of_user ON identities (user) WHERE retired = 0 AND user IS NOT NULL;
     CREATE TABLE scopes (
        scope TEXT PRIMARY KEY,
        epoch TEXT NOT NULL,
        cursor INTEGER NOT NULL,
        complete INTEGER NOT NULL
     );
     CREATE TABLE orders (
        scope TEXT NOT NULL,
        id TEXT NOT NULL,
        doc BLOB NOT NULL,
        PRIMARY KEY (scope, id)
     );
     CREATE TABLE drafts (
        user TEXT NOT NULL,
        order_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        saved_at INTEGER NOT NULL,
        doc BLOB NOT NULL,
        PRIMARY KEY (user, order_id, kind)
     );
     CREATE TABLE outbox (
        cmd_id TEXT PRIMARY KEY,
        user TEXT NOT NULL,
        device_id TEXT NOT NULL,
        seq INTEGER,
        order_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        hash TEXT NOT NULL,
        payload BLOB,
        receipt BLOB,
        covered_by INTEGER,
        server_time INTEGER
     );
     CREATE UNIQUE INDEX outbox_chain ON outbox (device_id, seq) WHERE seq IS NOT NULL;
     CREATE INDEX outbox_user ON outbox (user);",
];

/// Bring the database to [`VERSION`]. A new one gets `key_check` in the same transaction as its first tables: no
/// crash leaves a database whose key cannot be told.
pub(crate) fn migrate(
    connection: &mut Connection,
    key_check: impl Fn() -> Vec<u8>,
) -> Result<(), StoreError> {
    let found = version(connection)?;
    if found > VERSION {
        return Err(StoreError::Newer(found));
    }
    let from = usize::try_from(found).map_err(|_| StoreError::Damaged)?;
    for (number, step) in (1_i64..).zip(STEPS).skip(from) {
        let tx = connection.transaction()?;
        tx.execute_batch(step)?;
        if number == 1 {
            tx.execute(
                "INSERT INTO meta (key, value) VALUES ('key_check', ?1)",
                [key_check()],
            )?;
        }
        tx.pragma_update(None, "user_version", number)?;
        tx.commit()?;
    }
    Ok(())
}

pub(crate) fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}
