//! Databases of version 1: their pages are readable, and only some columns are sealed, each in its own way.
//!
//! Nothing writes such a database any more. `open` copies one into a sealed database and erases it.

use crate::StoreError;
use crate::rescue::{Table, carry_over};
use crate::schema;
use crate::vault::Vault;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};
use shenhai_crypto::SealingKey;

/// The last version with readable pages.
const LAST: i64 = 1;
const KEY_CHECK: &str = "key_check";
/// In the copy's `meta`: the database it was made from was damaged and is kept.
const KEPT: &str = "plain_kept";

/// What opens the columns.
pub(crate) struct Columns {
    key: SealingKey,
}

impl Columns {
    pub(crate) fn new(key: &[u8; 16]) -> Self {
        Self {
            key: SealingKey::from_bytes(key),
        }
    }

    /// A row with its sealed columns opened; `None` when one does not open in its place.
    pub(crate) fn open_row(&self, table: &Table, mut row: Vec<Value>) -> Option<Vec<Value>> {
        let place: Vec<String> = row.iter().take(table.key).map(text).collect();
        if table.name == "meta" && !["session", "login"].contains(&place[0].as_str()) {
            return Some(row);
        }
        let names: Vec<&str> = table.columns.split(", ").collect();
        for column in table.sealed_once {
            let at = names.iter().position(|name| name == column)?;
            if let Value::Blob(sealed) = &row[at] {
                let plain = self.open(table.name, column, &place, sealed)?;
                row[at] = Value::Blob(plain);
            }
        }
        Some(row)
    }

    fn open(&self, table: &str, column: &str, place: &[String], sealed: &[u8]) -> Option<Vec<u8>> {
        let part = |at: usize| place.get(at).map_or("", String::as_str);
        let mut aad = Vec::with_capacity(96);
        for part in [table, column, part(0), part(1), part(2)] {
            aad.extend_from_slice(&(part.len() as u64).to_le_bytes());
            aad.extend_from_slice(part.as_bytes());
        }
        self.key.open(sealed, &aad).ok()
    }

    /// Whether the database is of a version this knows and was sealed with this key.
    fn check(&self, plain: &Connection) -> Result<(), StoreError> {
        let version = schema::version(plain)?;
        if version > LAST {
            return Err(StoreError::Newer(version));
        }
        let sealed: Option<Vec<u8>> = plain
            .query_row("SELECT value FROM meta WHERE key = ?1", [KEY_CHECK], |row| {
                row.get(0)
            })
            .optional()?;
        let sealed = sealed.ok_or(StoreError::Damaged)?;
        self.open("meta", "value", &[KEY_CHECK.to_owned()], &sealed)
            .map(drop)
            .ok_or(StoreError::WrongKey)
    }
}

/// Refuse a plain database of another key or a later version before anything is changed. One without any tables, or
/// damaged, is not refused.
pub(crate) fn check(plain: &Connection, columns: &Columns) -> Result<(), StoreError> {
    match columns.check(plain) {
        Err(error @ (StoreError::WrongKey | StoreError::Newer(_))) => Err(error),
        _ => Ok(()),
    }
}

/// Copy everything into `sealed`, tables and rows in one transaction. Whether all of it could be read, and how many
/// rows of what only this device has were copied.
pub(crate) fn copy(
    plain: &Connection,
    sealed: &mut Connection,
    columns: &Columns,
    vault: &Vault,
) -> Result<(bool, usize), StoreError> {
    let sound = columns.check(plain).is_ok() && crate::open::check_file(plain).is_ok();
    let tx = sealed.transaction()?;
    schema::migrate_within(&tx, vault)?;
    let copied = carry_over(plain, &tx, sound, Some(columns), vault);
    schema::scope_outbox(&tx)?;
    tx.execute("DELETE FROM meta WHERE key = ?1", [KEY_CHECK])?;
    if !sound {
        tx.execute("INSERT INTO meta (key, value) VALUES (?1, x'')", [KEPT])?;
    }
    tx.commit()?;
    Ok((sound, copied))
}

/// Whether `sealed` holds only what could be read of a damaged one.
pub(crate) fn is_kept(sealed: &Connection) -> Result<bool, StoreError> {
    Ok(sealed.query_row(
        "SELECT EXISTS (SELECT 1 FROM meta WHERE key = ?1)",
        [KEPT],
        |row| row.get(0),
    )?)
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        _ => String::new(),
    }
}
