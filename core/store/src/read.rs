//! The open store and everything that only reads it.

use crate::place::Entered;
use crate::records::{Identity, KeptDraft, OutboxEntry, PendingLogin, ScopeCopy, SessionRecord};
use crate::sealing::{Cell, Sealer};
use crate::{StoreError, Write};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow};
use serde::de::DeserializeOwned;
use shenhai_protocol::{
    CmdId, DeviceId, HexHash, OrderId, ScopeId, SignedEnvelope, SignedReceipt, UnixMillis, UserId, WorkOrder,
};
use shenhai_sync::Row;
use zeroize::Zeroizing;

pub(crate) const SESSION: Cell<'static> = Cell {
    table: "meta",
    column: "value",
    row: ["session", "", ""],
};
pub(crate) const LOGIN: Cell<'static> = Cell {
    table: "meta",
    column: "value",
    row: ["login", "", ""],
};

const IDENTITY: &str = "SELECT device_id, user, secret, last_seq, last_hash, acked_seq, acked_hash FROM identities WHERE retired = 0";
const OUTBOX: &str = "SELECT cmd_id, order_id, seq, bytes, attempts, state, device_id, kind, created_at, hash, \
                      covered_by, server_time FROM outbox";

/// An open database.
pub struct Store {
    connection: Connection,
    sealer: Sealer,
    entered: Entered,
}

impl Drop for Store {
    fn drop(&mut self) {
        // The place can only be left once SQLite let go of its files.
        if let Ok(memory) = Connection::open_in_memory() {
            drop(std::mem::replace(&mut self.connection, memory));
        }
        self.entered.leave();
    }
}

impl Store {
    pub(crate) fn new(connection: Connection, sealer: Sealer, entered: Entered) -> Self {
        connection.set_prepared_statement_cache_capacity(64);
        Self {
            connection,
            sealer,
            entered,
        }
    }

    /// Do `work` in one transaction: all of it is on the disk when this returns, or none of it.
    ///
    /// # Errors
    /// What `work` or the commit failed with; then nothing was changed.
    pub fn write<T>(
        &mut self,
        work: impl FnOnce(&Write<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let tx = self.connection.transaction()?;
        let result = work(&Write {
            tx: &tx,
            sealer: &self.sealer,
        })?;
        tx.commit()?;
        Ok(result)
    }

    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut select = self
            .connection
            .prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(select.query_row([key], |row| row.get(0)).optional()?)
    }

    fn sealed_meta<T: DeserializeOwned>(&self, key: &str, cell: Cell<'_>) -> Result<Option<T>, StoreError> {
        self.meta(key)?
            .map(|sealed| self.sealer.open_json(cell, &sealed))
            .transpose()
    }

    /// The session, alive or ended by itself.
    ///
    /// # Errors
    /// When the database fails.
    pub fn session(&self) -> Result<Option<SessionRecord>, StoreError> {
        self.sealed_meta("session", SESSION)
    }

    /// The sign-in begun last.
    ///
    /// # Errors
    /// When the database fails.
    pub fn login(&self) -> Result<Option<PendingLogin>, StoreError> {
        self.sealed_meta("login", LOGIN)
    }

    /// Server time minus device time, as last learnt; 0 before.
    ///
    /// # Errors
    /// When the database fails.
    pub fn clock_offset(&self) -> Result<i64, StoreError> {
        let kept = self
            .meta("clock_offset")?
            .and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
        Ok(kept.map_or(0, i64::from_le_bytes))
    }

    /// Who is expected to sign in next: whoever did last.
    ///
    /// # Errors
    /// When the database fails.
    pub fn expected_user(&self) -> Result<Option<UserId>, StoreError> {
        Ok(self
            .meta("expected_user")?
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .map(UserId))
    }

    /// The key of a user on this installation.
    ///
    /// # Errors
    /// When the database fails.
    pub fn identity_of(&self, user: &UserId) -> Result<Option<Identity>, StoreError> {
        self.identity(&format!("{IDENTITY} AND user = ?1"), user.as_str())
    }

    /// The key nobody has signed in with yet.
    ///
    /// # Errors
    /// When the database fails.
    pub fn spare_identity(&self) -> Result<Option<Identity>, StoreError> {
        self.identity(&format!("{IDENTITY} AND user IS NULL AND ?1 = '' LIMIT 1"), "")
    }

    /// The key of a device id.
    ///
    /// # Errors
    /// When the database fails.
    pub fn identity_by_device(&self, device: &DeviceId) -> Result<Option<Identity>, StoreError> {
        self.identity(&format!("{IDENTITY} AND device_id = ?1"), device.as_str())
    }

    fn identity(&self, sql: &str, parameter: &str) -> Result<Option<Identity>, StoreError> {
        let mut select = self.connection.prepare_cached(sql)?;
        let found = select
            .query_row([parameter], |row| {
                let secret: Vec<u8> = row.get(2)?;
                let identity = Identity {
                    device_id: DeviceId(row.get(0)?),
                    user: row.get::<_, Option<String>>(1)?.map(UserId),
                    secret: Zeroizing::new([0; 32]),
                    last_seq: unsigned(row, 3)?,
                    last_hash: HexHash(row.get(4)?),
                    acked_seq: unsigned(row, 5)?,
                    acked_hash: HexHash(row.get(6)?),
                };
                Ok((identity, secret))
            })
            .optional()?;
        let Some((mut identity, sealed)) = found else {
            return Ok(None);
        };
        let cell = Cell {
            table: "identities",
            column: "secret",
            row: [identity.device_id.as_str(), "", ""],
        };
        let secret = self.sealer.open(cell, &sealed)?;
        if secret.len() != identity.secret.len() {
            return Err(StoreError::Row("identities"));
        }
        identity.secret.copy_from_slice(&secret);
        Ok(Some(identity))
    }

    /// How far the copy of each scope is.
    ///
    /// # Errors
    /// When the database fails.
    pub fn scopes(&self) -> Result<Vec<ScopeCopy>, StoreError> {
        let mut select = self
            .connection
            .prepare_cached("SELECT scope, epoch, cursor, complete FROM scopes ORDER BY scope")?;
        let copies = select.query_map([], |row| {
            Ok(ScopeCopy {
                scope: ScopeId(row.get(0)?),
                epoch: row.get(1)?,
                cursor: unsigned(row, 2)?,
                complete: row.get(3)?,
            })
        })?;
        Ok(copies.collect::<Result<_, _>>()?)
    }

    /// Every order of a scope, one after the other, in no particular order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn each_order(&self, scope: &ScopeId, mut visit: impl FnMut(WorkOrder)) -> Result<(), StoreError> {
        let mut select = self
            .connection
            .prepare_cached("SELECT id, doc FROM orders WHERE scope = ?1")?;
        let mut rows = select.query([scope.as_str()])?;
        while let Some(row) = rows.next()? {
            let id: String = row.get(0)?;
            let sealed: Vec<u8> = row.get(1)?;
            visit(self.sealer.open_json(order_cell(scope.as_str(), &id), &sealed)?);
        }
        Ok(())
    }

    /// One order as this scope shows it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn order(&self, scope: &ScopeId, id: &OrderId) -> Result<Option<WorkOrder>, StoreError> {
        let mut select = self
            .connection
            .prepare_cached("SELECT doc FROM orders WHERE scope = ?1 AND id = ?2")?;
        let sealed: Option<Vec<u8>> = select
            .query_row([scope.as_str(), id.as_str()], |row| row.get(0))
            .optional()?;
        sealed
            .map(|sealed| {
                self.sealer
                    .open_json(order_cell(scope.as_str(), id.as_str()), &sealed)
            })
            .transpose()
    }

    /// A user's drafts of one order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn drafts(&self, user: &UserId, order: &OrderId) -> Result<Vec<KeptDraft>, StoreError> {
        let mut select = self.connection.prepare_cached(
            "SELECT kind, saved_at, doc FROM drafts WHERE user = ?1 AND order_id = ?2 ORDER BY kind",
        )?;
        let mut rows = select.query([user.as_str(), order.as_str()])?;
        let mut drafts = Vec::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            let sealed: Vec<u8> = row.get(2)?;
            let plain = self.sealer.open(draft_cell(user, order, &name), &sealed)?;
            drafts.push(KeptDraft {
                order: order.clone(),
                kind: from_name(&name, "drafts")?,
                saved_at: UnixMillis(row.get(1)?),
                json: std::str::from_utf8(&plain)
                    .map_err(|_| StoreError::Row("drafts"))?
                    .to_owned(),
            });
        }
        Ok(drafts)
    }

    /// Which orders a user has drafts of.
    ///
    /// # Errors
    /// When the database fails.
    pub fn drafted_orders(&self, user: &UserId) -> Result<Vec<OrderId>, StoreError> {
        let mut select = self
            .connection
            .prepare_cached("SELECT DISTINCT order_id FROM drafts WHERE user = ?1")?;
        let orders = select.query_map([user.as_str()], |row| row.get(0).map(OrderId))?;
        Ok(orders.collect::<Result<_, _>>()?)
    }

    /// A user's outbox, receipted rows included, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn outbox(&self, user: &UserId) -> Result<Vec<OutboxEntry>, StoreError> {
        let mut select = self.connection.prepare_cached(&format!(
            "{OUTBOX} WHERE user = ?1 ORDER BY created_at, seq, cmd_id"
        ))?;
        let mut rows = select.query([user.as_str()])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(outbox_entry(row)?);
        }
        Ok(entries)
    }

    /// The exact bytes a command was signed as; `None` once discarded.
    ///
    /// # Errors
    /// When the database fails.
    pub fn envelope(&self, cmd_id: &CmdId) -> Result<Option<SignedEnvelope>, StoreError> {
        self.sealed_column("payload", cmd_id)
    }

    /// A command's verified receipt.
    ///
    /// # Errors
    /// When the database fails.
    pub fn receipt(&self, cmd_id: &CmdId) -> Result<Option<SignedReceipt>, StoreError> {
        self.sealed_column("receipt", cmd_id)
    }

    fn sealed_column<T: DeserializeOwned>(
        &self,
        column: &'static str,
        cmd_id: &CmdId,
    ) -> Result<Option<T>, StoreError> {
        let mut select = self
            .connection
            .prepare_cached(&format!("SELECT {column} FROM outbox WHERE cmd_id = ?1"))?;
        let sealed: Option<Option<Vec<u8>>> =
            select.query_row([cmd_id.as_str()], |row| row.get(0)).optional()?;
        sealed
            .flatten()
            .map(|sealed| self.sealer.open_json(outbox_cell(column, cmd_id), &sealed))
            .transpose()
    }
}

pub(crate) fn order_cell<'a>(scope: &'a str, id: &'a str) -> Cell<'a> {
    Cell {
        table: "orders",
        column: "doc",
        row: [scope, id, ""],
    }
}

pub(crate) fn draft_cell<'a>(user: &'a UserId, order: &'a OrderId, kind: &'a str) -> Cell<'a> {
    Cell {
        table: "drafts",
        column: "doc",
        row: [user.as_str(), order.as_str(), kind],
    }
}

pub(crate) fn outbox_cell<'a>(column: &'static str, cmd_id: &'a CmdId) -> Cell<'a> {
    Cell {
        table: "outbox",
        column,
        row: [cmd_id.as_str(), "", ""],
    }
}

fn outbox_entry(row: &SqlRow<'_>) -> Result<OutboxEntry, StoreError> {
    let state: String = row.get(5)?;
    let kind: String = row.get(7)?;
    Ok(OutboxEntry {
        row: Row {
            cmd_id: CmdId(row.get(0)?),
            order: OrderId(row.get(1)?),
            seq: row.get::<_, Option<i64>>(2)?.map(i64::unsigned_abs),
            bytes: usize::try_from(unsigned(row, 3)?).unwrap_or(usize::MAX),
            attempts: row.get(4)?,
            state: serde_json::from_str(&state).map_err(|_| StoreError::Row("outbox"))?,
        },
        device_id: DeviceId(row.get(6)?),
        kind: from_name(&kind, "outbox")?,
        created_at: UnixMillis(row.get(8)?),
        hash: HexHash(row.get(9)?),
        covered_by: row.get::<_, Option<i64>>(10)?.map(i64::unsigned_abs),
        server_time: row.get::<_, Option<i64>>(11)?.map(UnixMillis),
    })
}

/// SQLite's integers are signed; ours that count are not and stay below 2^63.
fn unsigned(row: &SqlRow<'_>, column: usize) -> Result<u64, rusqlite::Error> {
    row.get(column).map(i64::unsigned_abs)
}

/// The name of a value as on the wire, e.g. `contact`.
pub(crate) fn name_of<T: serde::Serialize>(value: &T, table: &'static str) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(StoreError::Row(table)),
    }
}

fn from_name<T: DeserializeOwned>(name: &str, table: &'static str) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).map_err(|_| StoreError::Row(table))
}
