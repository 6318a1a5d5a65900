//! The open store and everything that only reads it.

use crate::place::Entered;
use crate::records::{Identity, KeptDraft, OutboxEntry, PendingLogin, ScopeCopy, SeenOrder, SessionRecord};
use crate::vault::Vault;
use crate::{Anchor, StoreError, Write};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, ToSql};
use serde::de::DeserializeOwned;
use shenhai_protocol::{
    ActName, CmdId, DeviceId, HexHash, Kind, OrderId, ScopeId, SignedEnvelope, SignedReceipt, UnixMillis,
    UserId, WorkOrder,
};
use shenhai_sync::Row;
use shenhai_vfs::{Fault, Sealed};
use std::cell::Cell;

const IDENTITY: &str = "SELECT device_id, user, secret, last_seq, last_hash, acked_seq, acked_hash FROM identities WHERE retired = 0";
const OUTBOX: &str = "SELECT cmd_id, order_id, seq, bytes, attempts, state, device_id, kind, created_at, hash, \
                      covered_by, server_time, scope, record_kind FROM outbox";
/// Written as the index `outbox_open` is, so that no other row is read.
const OPEN: &str = "WHERE user = ?1 AND open = 1 ORDER BY created_at, seq, cmd_id";

/// What was read of the database so far; only differences mean something. For tests and benches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Orders made of their documents.
    pub orders_decoded: u64,
    /// Documents of packs' records that were read.
    pub records_read: u64,
    /// Times rows of the outbox were asked for.
    pub outbox_reads: u64,
    /// Rows that came.
    pub outbox_rows: u64,
}

/// An open database.
pub struct Store {
    pub(crate) connection: Connection,
    /// The key's holder, where there are files.
    sealed: Option<Sealed>,
    entered: Entered,
    vault: Vault,
    identity: [u8; 16],
    generation: u64,
    tally: Cell<Tally>,
}

impl Drop for Store {
    fn drop(&mut self) {
        // The place can only be left once SQLite let go of its files.
        if let Ok(memory) = Connection::open_in_memory() {
            drop(std::mem::replace(&mut self.connection, memory));
        }
        self.sealed = None;
        self.entered.leave();
    }
}

impl Store {
    pub(crate) fn new(
        connection: Connection,
        sealed: Option<Sealed>,
        entered: Entered,
        vault: Vault,
    ) -> Result<Self, StoreError> {
        connection.set_prepared_statement_cache_capacity(64);
        let mut store = Self {
            connection,
            sealed,
            entered,
            vault,
            identity: [0; 16],
            generation: 0,
            tally: Cell::default(),
        };
        store.generation = store.number("generation")?.map_or(0, u64::from_le_bytes);
        // Known once something was read.
        store.identity = store
            .sealed
            .as_ref()
            .and_then(Sealed::identity)
            .unwrap_or_default();
        Ok(store)
    }

    /// Which database this is and how far it is, to be kept outside.
    #[must_use]
    pub fn anchor(&self) -> Anchor {
        Anchor {
            identity: self.identity,
            generation: self.generation,
        }
    }

    /// What was read so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally.get()
    }

    fn decoded_order(&self) {
        let tally = self.tally.get();
        self.tally.set(Tally {
            orders_decoded: tally.orders_decoded + 1,
            ..tally
        });
    }

    pub(crate) fn read_record(&self) {
        let tally = self.tally.get();
        self.tally.set(Tally {
            records_read: tally.records_read + 1,
            ..tally
        });
    }

    /// What was found wrong with the files since they were opened.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.sealed.as_ref().and_then(Sealed::fault)
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
        let write = Write {
            tx: &tx,
            vault: &self.vault,
        };
        let result = work(&write)?;
        let generation = self.generation + 1;
        write.set_generation(generation)?;
        tx.commit()?;
        self.generation = generation;
        Ok(result)
    }

    pub(crate) fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut select = self
            .connection
            .prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(select.query_row([key], |row| row.get(0)).optional()?)
    }

    pub(crate) fn number(&self, key: &str) -> Result<Option<[u8; 8]>, StoreError> {
        Ok(self.meta(key)?.and_then(|bytes| bytes.try_into().ok()))
    }

    pub(crate) fn json_meta<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        self.meta(key)?.map(|json| from_json(&json, "meta")).transpose()
    }

    /// The session, alive or ended by itself.
    ///
    /// # Errors
    /// When the database fails.
    pub fn session(&self) -> Result<Option<SessionRecord>, StoreError> {
        self.json_meta("session")
    }

    /// The sign-ins begun and not finished, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn logins(&self) -> Result<Vec<PendingLogin>, StoreError> {
        Ok(self.json_meta("logins")?.unwrap_or_default())
    }

    /// Server time minus device time, as last learnt; 0 before.
    ///
    /// # Errors
    /// When the database fails.
    pub fn clock_offset(&self) -> Result<i64, StoreError> {
        Ok(self.number("clock_offset")?.map_or(0, i64::from_le_bytes))
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
        let mut rows = select.query([parameter])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let device_id = DeviceId(row.get(0)?);
        let sealed = row
            .get_ref(2)?
            .as_blob()
            .map_err(|_| StoreError::Row("identities"))?;
        Ok(Some(Identity {
            user: row.get::<_, Option<String>>(1)?.map(UserId),
            secret: self.vault.open(device_id.as_str(), sealed)?,
            device_id,
            last_seq: unsigned(row, 3)?,
            last_hash: HexHash(row.get(4)?),
            acked_seq: unsigned(row, 5)?,
            acked_hash: HexHash(row.get(6)?),
        }))
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
            .prepare_cached("SELECT doc FROM orders WHERE scope = ?1")?;
        let mut rows = select.query([scope.as_str()])?;
        while let Some(row) = rows.next()? {
            let json = row.get_ref(0)?.as_blob().map_err(|_| StoreError::Row("orders"))?;
            self.decoded_order();
            visit(from_json(json, "orders")?);
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
        let json: Option<Vec<u8>> = select
            .query_row([scope.as_str(), id.as_str()], |row| row.get(0))
            .optional()?;
        let Some(json) = json else { return Ok(None) };
        self.decoded_order();
        from_json(&json, "orders").map(Some)
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
            let json: Vec<u8> = row.get(2)?;
            drafts.push(KeptDraft {
                order: order.clone(),
                kind: from_name(&name, "drafts")?,
                saved_at: UnixMillis(row.get(1)?),
                json: String::from_utf8(json).map_err(|_| StoreError::Row("drafts"))?,
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

    /// What is kept of an order beside the user's own unsent work on it; `None` where there is no such work.
    ///
    /// # Errors
    /// When the database fails.
    pub fn seen_order(&self, user: &UserId, id: &OrderId) -> Result<Option<SeenOrder>, StoreError> {
        let mut select = self
            .connection
            .prepare_cached("SELECT doc FROM seen_orders WHERE user = ?1 AND order_id = ?2")?;
        let json: Option<Vec<u8>> = select
            .query_row([user.as_str(), id.as_str()], |row| row.get(0))
            .optional()?;
        json.map(|json| from_json(&json, "seen_orders")).transpose()
    }

    /// A user's outbox, receipted rows included, oldest first. Thirty days of them: for what starts or begins anew.
    ///
    /// # Errors
    /// When the database fails.
    pub fn outbox(&self, user: &UserId) -> Result<Vec<OutboxEntry>, StoreError> {
        self.entries(
            &format!("{OUTBOX} WHERE user = ?1 ORDER BY created_at, seq, cmd_id"),
            &[&user.as_str()],
        )
    }

    /// The rows of a user's outbox that say something about the state: not done, or done and not yet part of what was
    /// received. Oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn open_outbox(&self, user: &UserId) -> Result<Vec<OutboxEntry>, StoreError> {
        self.entries(&format!("{OUTBOX} {OPEN}"), &[&user.as_str()])
    }

    /// What a user did so to records of a kind, or to one of them, after one instant and before another, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn signed_between(
        &self,
        user: &UserId,
        kind: &Kind,
        id: Option<&OrderId>,
        act: &ActName,
        after: UnixMillis,
        before: UnixMillis,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        self.entries(
            &format!(
                "{OUTBOX} WHERE user = ?1 AND created_at > ?4 AND created_at < ?5 AND record_kind = ?2 AND kind = ?3
                   AND (?6 IS NULL OR order_id = ?6)
                 ORDER BY created_at, seq, cmd_id"
            ),
            &[
                &user.as_str(),
                &kind.as_str(),
                &act.as_str(),
                &after.0,
                &before.0,
                &id.map(OrderId::as_str),
            ],
        )
    }

    fn entries(&self, sql: &str, parameters: &[&dyn ToSql]) -> Result<Vec<OutboxEntry>, StoreError> {
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query(parameters)?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(outbox_entry(row)?);
        }
        let tally = self.tally.get();
        self.tally.set(Tally {
            outbox_reads: tally.outbox_reads + 1,
            outbox_rows: tally.outbox_rows + entries.len() as u64,
            ..tally
        });
        Ok(entries)
    }

    /// The exact bytes a command was signed as; `None` once discarded.
    ///
    /// # Errors
    /// When the database fails.
    pub fn envelope(&self, cmd_id: &CmdId) -> Result<Option<SignedEnvelope>, StoreError> {
        self.json_column("payload", cmd_id)
    }

    /// A command's verified receipt.
    ///
    /// # Errors
    /// When the database fails.
    pub fn receipt(&self, cmd_id: &CmdId) -> Result<Option<SignedReceipt>, StoreError> {
        self.json_column("receipt", cmd_id)
    }

    fn json_column<T: DeserializeOwned>(
        &self,
        column: &'static str,
        cmd_id: &CmdId,
    ) -> Result<Option<T>, StoreError> {
        let mut select = self
            .connection
            .prepare_cached(&format!("SELECT {column} FROM outbox WHERE cmd_id = ?1"))?;
        let json: Option<Option<Vec<u8>>> =
            select.query_row([cmd_id.as_str()], |row| row.get(0)).optional()?;
        json.flatten().map(|json| from_json(&json, "outbox")).transpose()
    }
}

fn outbox_entry(row: &SqlRow<'_>) -> Result<OutboxEntry, StoreError> {
    let state: String = row.get(5)?;
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
        act: ActName(row.get(7)?),
        created_at: UnixMillis(row.get(8)?),
        hash: HexHash(row.get(9)?),
        covered_by: row.get::<_, Option<i64>>(10)?.map(i64::unsigned_abs),
        server_time: row.get::<_, Option<i64>>(11)?.map(UnixMillis),
        scope: ScopeId(row.get(12)?),
        record_kind: Kind(row.get(13)?),
    })
}

/// SQLite's integers are signed; ours that count are not and stay below 2^63.
pub(crate) fn unsigned(row: &SqlRow<'_>, column: usize) -> Result<u64, rusqlite::Error> {
    row.get(column).map(i64::unsigned_abs)
}

/// The name of a value as on the wire, e.g. `contact`.
pub(crate) fn name_of<T: serde::Serialize>(value: &T, table: &'static str) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(StoreError::Row(table)),
    }
}

/// A value as JSON, as `doc`, `payload` and `receipt` columns and some values of `meta` hold it.
pub(crate) fn to_json<T: serde::Serialize>(value: &T, table: &'static str) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|_| StoreError::Row(table))
}

pub(crate) fn from_json<T: DeserializeOwned>(json: &[u8], table: &'static str) -> Result<T, StoreError> {
    serde_json::from_slice(json).map_err(|_| StoreError::Row(table))
}

fn from_name<T: DeserializeOwned>(name: &str, table: &'static str) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).map_err(|_| StoreError::Row(table))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{SETTLE, migrate};
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    /// How SQLite goes about a statement.
    fn plan(sql: &str) -> String {
        let mut connection = Connection::open_in_memory().expect("opens");
        let vault = Vault::new(&[1; 16], Box::new(StdRng::seed_from_u64(1)));
        migrate(&mut connection, &vault).expect("migrates");
        let mut explain = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .expect("prepares");
        let parameters = vec!["x"; explain.parameter_count()];
        let steps = explain
            .query_map(rusqlite::params_from_iter(parameters), |row| {
                row.get::<_, String>(3)
            })
            .expect("explains");
        steps
            .map(|step| step.expect("a step"))
            .collect::<Vec<_>>()
            .join("; ")
    }

    #[test]
    fn what_is_open_is_found_without_reading_what_is_done() {
        let plan_of_reading = plan(&format!("{OUTBOX} {OPEN}"));
        assert!(
            plan_of_reading.starts_with("SEARCH outbox USING INDEX outbox_open (user=?)"),
            "{plan_of_reading}"
        );
        let plan_of_settling = plan(SETTLE);
        assert!(plan_of_settling.contains("outbox_open"), "{plan_of_settling}");
    }
}
