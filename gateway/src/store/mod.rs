//! The gateway's memory: one SQLite file, one writer, several readers. All SQL of the gateway is in this folder.
//!
//! Not decisions: what a row means is for the callers. Called by the endpoints, the ingest and the feedback
//! worker through [`Store::write`] (inside the shared commit) and [`Store::read`] (one snapshot).

mod anchors;
mod changes;
mod commands;
mod devices;
mod entries;
mod error;
mod feedback;
mod heads;
mod lists;
mod log;
mod orders;
mod outward;
mod packs;
mod people;
mod records;
pub(crate) mod restored;
mod schema;
mod seals;
mod space;
mod writer;

pub(crate) use anchors::{Anchored, WaitingAnchor};
pub(crate) use changes::{Logged, Showing};
pub(crate) use commands::{StoredCommand, TakenCommand};
pub(crate) use devices::{CertificateKind, CertificateRow, InvitationRow, ListedDevice};
pub(crate) use entries::NewEntry;
pub use error::StoreError;
pub(crate) use feedback::WaitingFeedback;
pub(crate) use heads::Heads;
pub(crate) use lists::within;
pub(crate) use orders::NewOrder;
pub(crate) use outward::{Holder, OutwardRow};
pub(crate) use packs::PackRow;
pub(crate) use people::{AuditEvent, DeviceRow, SessionRow};
pub(crate) use records::{Keeping, Key, RecordRow};
pub use restored::Holdings;
pub(crate) use seals::{Given, Sealed, Seals, Unsealed, root_of};
pub(crate) use writer::WRITER;
pub use writer::WriterStats;

use rusqlite::{Connection, OptionalExtension, params};
use shenhai_crypto::Digest32;
use shenhai_protocol::ScopeId;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};

/// Connections that read at the same time. More only wait on the same two or four cores.
const READERS: usize = 8;

/// The open database.
pub(crate) struct Store {
    // `None` once stopped. Taken only for reading while jobs are handed in.
    writer: RwLock<Option<writer::Writer>>,
    readers: Readers,
    heads: Arc<Heads>,
    seals: Arc<Seals>,
    space: space::Space,
}

/// A view of the rows as of one moment.
pub(crate) struct Rows<'c> {
    conn: &'c Connection,
}

impl<'c> Rows<'c> {
    fn new(conn: &'c Connection) -> Self {
        Self { conn }
    }

    /// A fact about the database.
    pub(crate) fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT value FROM meta WHERE name = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }
}

/// The rows, to be changed.
pub(crate) struct Tx<'c> {
    rows: Rows<'c>,
    touched: BTreeMap<ScopeId, u64>,
    /// The commit under way, and how many texts were given in it before.
    commit: u64,
    before: usize,
    /// Hashes of what this job gives.
    given: Vec<Digest32>,
}

impl<'c> Tx<'c> {
    fn new(rows: Rows<'c>, commit: u64, before: usize) -> Self {
        Self {
            rows,
            touched: BTreeMap::new(),
            commit,
            before,
            given: Vec::new(),
        }
    }

    /// The new heads, and the hashes of what was given.
    fn into_outcome(self) -> (BTreeMap<ScopeId, u64>, Vec<Digest32>) {
        (self.touched, self.given)
    }

    /// Set down a fact about the database that is not set yet.
    pub(crate) fn insert_meta(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        let mut statement = self
            .conn
            .prepare_cached("INSERT INTO meta (name, value) VALUES (?1, ?2)")?;
        statement.execute(params![name, value])?;
        Ok(())
    }

    /// Set down a fact about the database, whatever it was before.
    pub(crate) fn set_meta(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("DELETE FROM meta WHERE name = ?1")?
            .execute([name])?;
        self.insert_meta(name, value)
    }
}

impl<'c> Deref for Tx<'c> {
    type Target = Rows<'c>;

    fn deref(&self) -> &Rows<'c> {
        &self.rows
    }
}

impl Store {
    /// Open or make the database at `path` and start its writer.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut conn = schema::open(path)?;
        schema::migrate(&mut conn)?;
        let heads = Arc::new(Heads::default());
        for (scope, head) in Rows::new(&conn).all_heads()? {
            heads.publish(&scope, head);
        }
        let seals = Arc::new(Seals::default());
        for unsealed in Rows::new(&conn).unsealed()? {
            seals.await_signature(unsealed);
        }
        let writer = writer::Writer::start(conn, Arc::clone(&heads), Arc::clone(&seals));
        let writer = writer.map_err(|_| StoreError::Stopped)?;
        Ok(Self {
            writer: RwLock::new(Some(writer)),
            readers: Readers::new(path.to_owned()),
            heads,
            seals,
            space: space::Space::beside(path),
        })
    }

    /// Run `work` inside the next commit; answers after that commit is on the disk. When `work` fails, nothing
    /// of it is kept.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let answer = {
            let writer = self.writer.read().unwrap_or_else(PoisonError::into_inner);
            writer.as_ref().ok_or(StoreError::Stopped)?.submit(work)
        };
        let outcome = answer.await.unwrap_or(Err(StoreError::Stopped));
        self.space.learn(&outcome);
        outcome
    }

    /// Look at one snapshot of the rows. Blocks the calling thread.
    pub(crate) fn read_blocking<T>(
        &self,
        look: impl FnOnce(&Rows<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let reader = self.readers.take()?;
        let snapshot = reader.unchecked_transaction()?;
        look(&Rows::new(&snapshot))
    }

    /// Look at one snapshot of the rows, away from the async threads.
    pub(crate) async fn read<T, F>(self: &Arc<Self>, look: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Rows<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let store = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || store.read_blocking(look)).await;
        done.unwrap_or(Err(StoreError::Panicked))
    }

    pub(crate) fn heads(&self) -> &Heads {
        &self.heads
    }

    /// What was given and what is signed of it.
    pub(crate) fn seals(&self) -> &Arc<Seals> {
        &self.seals
    }

    pub(crate) fn stats(&self) -> WriterStats {
        let writer = self.writer.read().unwrap_or_else(PoisonError::into_inner);
        writer.as_ref().map(writer::Writer::stats).unwrap_or_default()
    }

    /// Commit what waits and close. Later writes answer [`StoreError::Stopped`]. Blocks.
    pub(crate) fn stop_blocking(&self) {
        let writer = self.writer.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            writer.stop();
        }
    }
}

/// A bounded pool of reading connections, opened when first needed.
struct Readers {
    path: PathBuf,
    idle: Mutex<Pool>,
    returned: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Connection>,
    open: usize,
}

impl Readers {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Mutex::default(),
            returned: Condvar::new(),
        }
    }

    fn take(&self) -> Result<Reader<'_>, StoreError> {
        let mut pool = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(conn) = pool.idle.pop() {
                return Ok(self.lend(conn));
            }
            if pool.open < READERS {
                let conn = schema::open(&self.path)?;
                conn.pragma_update(None, "query_only", "ON")?;
                pool.open += 1;
                return Ok(self.lend(conn));
            }
            pool = self.returned.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lend(&self, conn: Connection) -> Reader<'_> {
        Reader {
            pool: self,
            conn: Some(conn),
        }
    }
}

/// A lent connection. It goes back however the reading ends: one lost to each panic would leave none after eight.
struct Reader<'p> {
    pool: &'p Readers,
    /// There until it is dropped.
    conn: Option<Connection>,
}

impl Deref for Reader<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.conn.as_ref().expect("it is taken only where it is dropped")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let mut pool = self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        pool.idle.extend(self.conn.take());
        self.pool.returned.notify_one();
    }
}

fn document<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Document(what))
}

fn to_document<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Document(what))
}

/// The wire name of an enumerated value, as stored in a column.
fn wire_name<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(StoreError::Document("enumerated value")),
    }
}

#[cfg(test)]
mod tests;
