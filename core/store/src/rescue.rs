//! What can still be read of one database is carried over to another: keys, drafts, the outbox.
//!
//! Of a damaged one orders are not: the gateway has them. Called by `open` for damaged files, which are kept beside the
//! new one, and by `plain` for those of version 1, of which everything is carried over.

use crate::plain::Columns;
use crate::vault::Vault;
use rusqlite::{Connection, Row, Statement, params_from_iter, types::Value};

/// A table that is carried over.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// Its columns in every version, the key first.
    pub(crate) columns: &'static str,
    /// Those that earlier versions do not have.
    added: &'static str,
    /// How many columns are the key.
    pub(crate) key: usize,
    /// Columns that version 1 sealed one by one.
    pub(crate) sealed_once: &'static [&'static str],
}

/// Only of the present version: an older file cannot be damaged and migrated at once.
const ONLY_HERE: &[Table] = &[
    Table {
        name: "meta",
        columns: "key, value",
        added: "",
        key: 1,
        sealed_once: &["value"],
    },
    Table {
        name: "identities",
        columns: "device_id, user, secret, last_seq, last_hash, acked_seq, acked_hash, retired",
        added: "",
        key: 1,
        sealed_once: &["secret"],
    },
    Table {
        name: "drafts",
        columns: "user, order_id, kind, saved_at, doc",
        added: "",
        key: 3,
        sealed_once: &["doc"],
    },
    Table {
        name: "act_drafts",
        columns: "user, kind, id, act, saved_at, doc",
        added: "",
        key: 4,
        sealed_once: &[],
    },
    Table {
        name: "seen_orders",
        columns: "user, order_id, doc",
        added: "",
        key: 2,
        sealed_once: &[],
    },
    Table {
        name: "outbox",
        columns: "cmd_id, user, device_id, seq, order_id, kind, created_at, state, attempts, bytes, hash, payload, \
                  receipt, covered_by, server_time",
        added: ", scope, open, record_kind",
        key: 1,
        sealed_once: &["payload", "receipt"],
    },
];

const FROM_THE_GATEWAY: &[Table] = &[
    Table {
        name: "scopes",
        columns: "scope, epoch, cursor, complete",
        added: "",
        key: 1,
        sealed_once: &[],
    },
    Table {
        name: "orders",
        columns: "scope, id, doc",
        added: "",
        key: 2,
        sealed_once: &["doc"],
    },
];

/// Row numbers are tried this far beyond a page that cannot be read, in steps that double.
const FAR: i64 = 1 << 20;

/// Copy what can be read of keys, drafts and outbox, and of the gateway's copies too where they are wanted whole; says
/// how many rows of the former were saved. `columns` opens rows of version 1; `vault` seals secret keys that lie in clear.
pub(crate) fn carry_over(
    from: &Connection,
    to: &Connection,
    gateways_too: bool,
    columns: Option<&Columns>,
    vault: &Vault,
) -> usize {
    if gateways_too {
        for table in FROM_THE_GATEWAY {
            carry_table(from, to, table, columns, vault);
        }
    }
    ONLY_HERE
        .iter()
        .map(|table| carry_table(from, to, table, columns, vault))
        .sum()
}

fn carry_table(
    from: &Connection,
    to: &Connection,
    table: &Table,
    columns: Option<&Columns>,
    vault: &Vault,
) -> usize {
    let mut all = format!("{}{}", table.columns, table.added);
    if from
        .prepare(&format!("SELECT {all} FROM {}", table.name))
        .is_err()
    {
        table.columns.clone_into(&mut all);
    }
    let width = all.split(", ").count();
    let marks = vec!["?"; width].join(", ");
    // A row the new database already has stays as it is.
    let insert = format!("INSERT OR IGNORE INTO {} ({all}) VALUES ({marks})", table.name);
    let mut saved = 0;
    each_readable(from, table, &all, width, |row| {
        let row = match columns {
            Some(columns) => columns.open_row(table, row),
            None => Some(row),
        };
        let row = row.map(|row| sealed(table, row, vault));
        if let Some(row) = row
            && matches!(to.execute(&insert, params_from_iter(&row)), Ok(1))
        {
            saved += 1;
        }
    });
    saved
}

/// The row with its secret key, if it has one, sealed.
fn sealed(table: &Table, mut row: Vec<Value>, vault: &Vault) -> Vec<Value> {
    if table.name == "identities"
        && let [Value::Text(device), _, Value::Blob(secret), ..] = row.as_mut_slice()
    {
        vault.seal_clear(device, secret);
    }
    row
}

/// Every row that can be read, in the order of the table's own tree; where a page of it cannot be read, go on behind.
fn each_readable(
    from: &Connection,
    table: &Table,
    columns: &str,
    width: usize,
    mut visit: impl FnMut(Vec<Value>),
) {
    let select = format!(
        "SELECT rowid, {columns} FROM {} NOT INDEXED WHERE rowid > ?1 ORDER BY rowid",
        table.name
    );
    let Ok(mut select) = from.prepare(&select) else {
        return;
    };
    let mut last = i64::MIN;
    let mut skip = 0;
    while skip <= FAR {
        let before = last;
        if read_on(
            &mut select,
            last.saturating_add(skip),
            width,
            &mut last,
            &mut visit,
        ) {
            return;
        }
        // From the beginning row numbers are small; from a row read, the next unread page is close behind.
        skip = match (last == before, skip) {
            (false, _) => 1,
            (true, 0) if last == i64::MIN => {
                last = 0;
                1
            }
            (true, skip) => (skip * 2).max(1),
        };
    }
}

/// Read behind row `after` until the end (true) or what cannot be read (false).
fn read_on(
    select: &mut Statement<'_>,
    after: i64,
    width: usize,
    last: &mut i64,
    visit: &mut impl FnMut(Vec<Value>),
) -> bool {
    let Ok(rows) = select.query_map([after], |row| Ok((row.get::<_, i64>(0)?, values(row, width)?))) else {
        return false;
    };
    for row in rows {
        let Ok((number, values)) = row else {
            return false;
        };
        *last = number;
        visit(values);
    }
    true
}

fn values(row: &Row<'_>, width: usize) -> Result<Vec<Value>, rusqlite::Error> {
    (1..=width).map(|column| row.get(column)).collect()
}
