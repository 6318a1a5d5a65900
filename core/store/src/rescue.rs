//! What can still be read of a damaged database is carried over to the new one: keys, drafts, the outbox.
//!
//! Orders are not: the gateway has them. The damaged file itself is kept beside the new one.

use rusqlite::{Connection, Row, params_from_iter, types::Value};

/// Table, columns. Only of the present version: an older file cannot be damaged and migrated at once.
const CARRIED: &[(&str, &str)] = &[
    ("meta", "key, value"),
    (
        "identities",
        "device_id, user, secret, last_seq, last_hash, acked_seq, acked_hash, retired",
    ),
    ("drafts", "user, order_id, kind, saved_at, doc"),
    (
        "outbox",
        "cmd_id, user, device_id, seq, order_id, kind, created_at, state, attempts, bytes, hash, payload, receipt, \
         covered_by, server_time",
    ),
];

/// Copy row by row until the damage stops it; says how many rows were saved.
pub(crate) fn carry_over(damaged: &Connection, fresh: &Connection) -> usize {
    CARRIED
        .iter()
        .map(|(table, columns)| carry_table(damaged, fresh, table, columns))
        .sum()
}

fn carry_table(damaged: &Connection, fresh: &Connection, table: &str, columns: &str) -> usize {
    let Ok(mut select) = damaged.prepare(&format!("SELECT {columns} FROM {table}")) else {
        return 0;
    };
    let width = select.column_count();
    let marks = vec!["?"; width].join(", ");
    // A row the fresh database already has (the key check) stays as it is.
    let insert = format!("INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})");
    let Ok(rows) = select.query_map([], |row| values(row, width)) else {
        return 0;
    };
    rows.map_while(Result::ok)
        .filter(|row| matches!(fresh.execute(&insert, params_from_iter(row)), Ok(1)))
        .count()
}

fn values(row: &Row<'_>, width: usize) -> Result<Vec<Value>, rusqlite::Error> {
    (0..width).map(|column| row.get(column)).collect()
}
