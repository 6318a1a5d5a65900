//! The tables, as numbered steps from an empty file.
//!
//! A step that has shipped is never changed; the next change is a new step. `user_version` counts them.
//!
//! Mistakes made so far, so that they are not made again: none yet.

use crate::StoreError;
use crate::vault::Vault;
use rusqlite::{Connection, Transaction};

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
    // 2: every page is sealed, so no column is any more; the key is told by the pages. Files of version 1 are not
    // brought here step by step, they are copied (`plain`).
    "DELETE FROM meta WHERE key = 'key_check';",
    // 3: secret keys are sealed in their column. A new table: in the old one's pages there is room, and in it may be
    // what once was a row. `migrate_within` fills the new one and drops the old.
    "DROP INDEX identity_of_user;
     ALTER TABLE identities RENAME TO identities_in_clear;
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
     CREATE UNIQUE INDEX identity_of_user ON identities (user) WHERE retired = 0 AND user IS NOT NULL;",
    // 4: an order may leave while there is unsent work on it. What that work needs of it is kept apart, so that the
    // order itself can go.
    "CREATE TABLE seen_orders (
        user TEXT NOT NULL,
        order_id TEXT NOT NULL,
        doc BLOB NOT NULL,
        PRIMARY KEY (user, order_id)
     );",
    // 5: what is done stays for thirty days, and nearly all of it says nothing about the state any more. Which rows do
    // is a column, so that reading them reads nothing else; and a row knows the scope whose changes cover it.
    "ALTER TABLE outbox ADD COLUMN scope TEXT NOT NULL DEFAULT '';
     ALTER TABLE outbox ADD COLUMN open INTEGER NOT NULL DEFAULT 1;
     DROP INDEX outbox_user;
     CREATE INDEX outbox_user ON outbox (user, created_at);
     CREATE INDEX outbox_open ON outbox (user, created_at) WHERE open = 1;",
    // 6: records of packs beside orders. Of what is in the outbox everything was an order's until then.
    "CREATE TABLE records (
        scope TEXT NOT NULL,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        rev INTEGER NOT NULL,
        law BLOB NOT NULL,
        doc BLOB NOT NULL,
        shown BLOB NOT NULL,
        names BLOB NOT NULL,
        PRIMARY KEY (scope, kind, id)
     );
     CREATE TABLE packs (
        law TEXT PRIMARY KEY,
        face TEXT NOT NULL,
        files BLOB NOT NULL
     );
     CREATE TABLE act_drafts (
        user TEXT NOT NULL,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        act TEXT NOT NULL,
        saved_at INTEGER NOT NULL,
        doc BLOB NOT NULL,
        PRIMARY KEY (user, kind, id, act)
     );
     ALTER TABLE outbox ADD COLUMN record_kind TEXT NOT NULL DEFAULT 'hotline.order';",
];

/// Rows of the outbox that say nothing about the state any more: done, and part of what was received.
pub(crate) const SETTLE: &str = "UPDATE outbox SET open = 0
     WHERE open = 1 AND state = '{\"state\":\"done\"}'
       AND (covered_by IS NULL
            OR covered_by <= (SELECT cursor FROM scopes WHERE scopes.scope = outbox.scope))";

/// In an outbox that knew no scopes all commands were a handler's.
const GIVE_SCOPES: &str = "UPDATE outbox SET scope = 'person:' || user WHERE scope = ''";

/// The first version whose secret keys are sealed.
const SEALED_SECRETS: i64 = 3;
/// The first version whose outbox knows scopes.
const SCOPED_OUTBOX: i64 = 5;

/// Bring the database to [`VERSION`], or change nothing.
pub(crate) fn migrate(connection: &mut Connection, vault: &Vault) -> Result<(), StoreError> {
    // What is removed on the way is overwritten.
    connection.pragma_update(None, "secure_delete", "ON")?;
    let tx = connection.transaction()?;
    migrate_within(&tx, vault)?;
    tx.commit()?;
    Ok(connection.pragma_update(None, "secure_delete", "OFF")?)
}

/// The same inside a transaction that does more.
pub(crate) fn migrate_within(tx: &Transaction<'_>, vault: &Vault) -> Result<(), StoreError> {
    let found = version(tx)?;
    if found > VERSION {
        return Err(StoreError::Newer(found));
    }
    let from = usize::try_from(found).map_err(|_| StoreError::Damaged)?;
    for step in STEPS.iter().skip(from) {
        tx.execute_batch(step)?;
    }
    if found < SEALED_SECRETS {
        seal_secrets(tx, vault)?;
    }
    if found < SCOPED_OUTBOX {
        scope_outbox(tx)?;
    }
    if found < VERSION {
        tx.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(())
}

/// The rows that step 3 put aside, with their secret keys sealed.
fn seal_secrets(tx: &Transaction<'_>, vault: &Vault) -> Result<(), StoreError> {
    let mut insert = tx.prepare(
        "INSERT INTO identities (device_id, user, secret, last_seq, last_hash, acked_seq, acked_hash, retired)
         SELECT device_id, user, ?2, last_seq, last_hash, acked_seq, acked_hash, retired
         FROM identities_in_clear WHERE device_id = ?1",
    )?;
    let mut select = tx.prepare("SELECT device_id, secret FROM identities_in_clear")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let device: String = row.get(0)?;
        let mut secret = row.get(1)?;
        vault.seal_clear(&device, &mut secret);
        insert.execute((&device, &secret))?;
    }
    drop(rows);
    drop((insert, select));
    Ok(tx.execute_batch("DROP TABLE identities_in_clear")?)
}

/// Give the rows of an outbox of before what step 5 added.
pub(crate) fn scope_outbox(connection: &Connection) -> Result<(), StoreError> {
    connection.execute(GIVE_SCOPES, [])?;
    connection.execute(SETTLE, [])?;
    Ok(())
}

pub(crate) fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}
