//! A database that came back from a backup: whether it is sound, and making it the present one.
//!
//! Not the files around it (`crate::restore`). Nothing here runs while a gateway serves.

use super::{StoreError, schema};
use rusqlite::{Connection, OpenFlags, config::DbConfig, params};
use shenhai_crypto::{Digest32, sm3};
use shenhai_proof::leaf_hash;
use shenhai_protocol::{DataClass, DeviceId, HexHash, UnixMillis};
use std::path::Path;

/// The most that is said about one kind of fault.
const EXAMPLES: usize = 5;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holdings {
    /// Orders.
    pub orders: u64,
    /// Receipted commands.
    pub commands: u64,
    /// Devices, revoked ones included.
    pub devices: u64,
    /// Devices that are revoked in it. Whatever was revoked later has to be revoked again.
    pub revoked: u64,
    /// The last thing the audit trail knows: what came later is not in it.
    pub newest: Option<UnixMillis>,
    /// The epoch it was made in.
    pub epoch: String,
}

/// A connection that changes nothing, not even by closing.
pub(crate) fn open_to_look(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(conn)
}

/// Bring an older schema to this version's.
pub(crate) fn open_to_restore(path: &Path) -> Result<Connection, StoreError> {
    let mut conn = schema::open(path)?;
    schema::migrate(&mut conn)?;
    Ok(conn)
}

/// Whether the tables are this version's; an older one's are brought up before they can be checked.
pub(crate) fn is_current(conn: &Connection) -> Result<bool, StoreError> {
    schema::is_current(conn)
}

/// What SQLite itself finds wrong with the file.
pub(crate) fn damage(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut faults = texts(conn, "PRAGMA integrity_check(5)", |row| row.get(0))?;
    faults.retain(|line: &String| line != "ok");
    let strays = texts(conn, "PRAGMA foreign_key_check", |row| {
        Ok(format!("a row of {} points nowhere", row.get::<_, String>(0)?))
    })?;
    faults.extend(strays.into_iter().take(EXAMPLES));
    Ok(faults)
}

/// Where the rows contradict one another: a copy that was not made at one moment, or was changed by hand.
pub(crate) fn contradictions(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut faults = texts(
        conn,
        "SELECT s.scope, s.head, count(c.n) FROM scopes s LEFT JOIN changes c ON c.scope = s.scope
         GROUP BY s.scope HAVING s.head <> count(c.n) OR s.head <> coalesce(max(c.n), 0)",
        |row| {
            let (scope, head, changes): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(format!("scope {scope} counts {head} changes and has {changes}"))
        },
    )?;
    faults.extend(texts(
        conn,
        "SELECT c.scope, c.order_id FROM changes c
         LEFT JOIN held h ON h.scope = c.scope AND h.order_id = c.order_id
         WHERE c.removed = (h.order_id IS NOT NULL) AND NOT EXISTS (
             SELECT 1 FROM changes later
             WHERE later.scope = c.scope AND later.order_id = c.order_id AND later.n > c.n)",
        |row| {
            let (scope, order): (String, String) = (row.get(0)?, row.get(1)?);
            Ok(format!("whether scope {scope} holds {order} is told in two ways"))
        },
    )?);
    faults.truncate(EXAMPLES);
    faults.extend(chains(conn)?);
    faults.extend(log(conn)?);
    Ok(faults)
}

/// Each device's last number and hash are those of its last command.
fn chains(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut select = conn.prepare(
        "SELECT d.id, d.last_seq, d.head_hash, count(c.n), coalesce(max(c.device_seq), 0),
             (SELECT payload FROM commands WHERE device_id = d.id AND device_seq = d.last_seq)
         FROM devices d LEFT JOIN commands c ON c.device_id = d.id GROUP BY d.id",
    )?;
    let mut rows = select.query([])?;
    let mut faults = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, last, head): (String, u64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (count, newest): (u64, u64) = (row.get(3)?, row.get(4)?);
        let payload: Option<String> = row.get(5)?;
        let expected = payload.map_or_else(HexHash::zero, |text| HexHash(sm3(text.as_bytes()).to_hex()));
        if (count, newest) != (last, last) || head != expected.as_str() {
            faults.push(format!("device {id} ends at command {last} and has {count}"));
        }
    }
    faults.truncate(EXAMPLES);
    Ok(faults)
}

/// Each receipt and own entry is the leaf of the log that it says, and the log has no other.
fn log(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let class = DataClass::OrderClosing.name();
    let mut select = conn.prepare(
        "SELECT c.name, c.text, c.leaf, l.hash, substr(s.leaves, c.commit_index * 32 + 1, 32) FROM (
             SELECT 'the receipt of command ' || n AS name, receipt AS text, leaf, commit_n, commit_index FROM commands
             UNION ALL SELECT 'own entry ' || n, payload, leaf, commit_n, commit_index FROM entries) c
         LEFT JOIN log_nodes l ON l.class = ?1 AND l.level = 0 AND l.idx = c.leaf
         LEFT JOIN commits s ON s.n = c.commit_n ORDER BY c.leaf",
    )?;
    let mut rows = select.query([class])?;
    let (mut faults, mut size) = (Vec::new(), 0_u64);
    while let Some(row) = rows.next()? {
        let (name, payload): (String, String) = (row.get(0)?, row.get(1)?);
        let (leaf, hash): (Option<u64>, Option<[u8; 32]>) = (row.get(2)?, row.get(3)?);
        let expected = leaf_hash(payload.as_bytes());
        if leaf != Some(size) || hash.map(Digest32::from_bytes) != Some(expected) {
            faults.push(format!("{name} is not leaf {size} of the log"));
        }
        let given: Option<Vec<u8>> = row.get(4)?;
        if given.as_deref() != Some(expected.as_bytes()) {
            faults.push(format!("{name} is not what its commit gave"));
        }
        faults.truncate(EXAMPLES);
        size += 1;
    }
    let counted: u64 = conn.query_row(
        "SELECT coalesce(max(size), 0) FROM log_sizes WHERE class = ?1",
        [class],
        |row| row.get(0),
    )?;
    if counted != size {
        faults.push(format!("the log counts {counted} texts and there are {size}"));
    }
    Ok(faults)
}

/// What is in it.
pub(crate) fn holdings(conn: &Connection) -> Result<Holdings, StoreError> {
    let count = |sql: &str| conn.query_row(sql, [], |row| row.get(0));
    let newest: Option<i64> = conn.query_row("SELECT max(at) FROM audit", [], |row| row.get(0))?;
    let epoch = texts(conn, "SELECT value FROM meta WHERE name = 'epoch'", |row| {
        row.get(0)
    })?;
    Ok(Holdings {
        orders: count("SELECT count(*) FROM orders")?,
        commands: count("SELECT count(*) FROM commands")?,
        devices: count("SELECT count(*) FROM devices")?,
        revoked: count("SELECT count(*) FROM devices WHERE revoked_at IS NOT NULL")?,
        newest: newest.map(UnixMillis),
        epoch: epoch.into_iter().next().unwrap_or_default(),
    })
}

/// Begin a new epoch: devices fetch everything anew and send again what the backup does not hold.
///
/// What a backup brings back to life and should stay dead ends with it: sessions that were signed out since, codes that
/// were used since.
pub(crate) fn begin_epoch(conn: &mut Connection, epoch: &str, now: UnixMillis) -> Result<(), StoreError> {
    let tx = conn.transaction()?;
    let former: Option<String> = tx
        .query_row("SELECT value FROM meta WHERE name = 'epoch'", [], |row| {
            row.get(0)
        })
        .map(Some)
        .or_else(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => Ok(None),
            error => Err(error),
        })?;
    tx.execute("DELETE FROM meta WHERE name = 'epoch'", [])?;
    tx.execute("INSERT INTO meta (name, value) VALUES ('epoch', ?1)", [epoch])?;
    tx.execute(
        "UPDATE sessions SET expires_at = ?1 WHERE expires_at > ?1",
        [now.0],
    )?;
    tx.execute("DELETE FROM invitations", [])?;
    tx.execute(
        "INSERT INTO audit (at, event, actor, device, subject) VALUES (?1, 'restored', 'operator', ?2, ?3)",
        params![
            now.0,
            DeviceId(String::new()).as_str(),
            former.unwrap_or_default()
        ],
    )?;
    tx.commit()?;
    Ok(())
}

/// A copy of the database as of one moment, made while a gateway may be serving.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let conn = open_to_look(from)?;
    conn.busy_timeout(std::time::Duration::from_secs(10))?;
    conn.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    Ok(())
}

fn texts<T>(
    conn: &Connection,
    sql: &str,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut select = conn.prepare(sql)?;
    let rows = select.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
