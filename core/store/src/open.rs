//! Opening: the right key, a sound file, the newest tables – or a clear refusal that changes nothing.

use crate::place::{Entered, enter};
use crate::sealing::{Cell, Sealer};
use crate::{Place, Store, StoreError, StoreRng, rescue, schema};
use rusqlite::{Connection, OptionalExtension};
use shenhai_protocol::UnixMillis;

const KEY_CHECK: Cell<'static> = Cell {
    table: "meta",
    column: "value",
    row: ["key_check", "", ""],
};

/// How the opening went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Survives the end of the process.
    pub durable: bool,
    /// The database was damaged: the name under which it was put aside, and how many rows were rescued.
    pub put_aside: Option<(String, usize)>,
}

impl Store {
    /// Open the database at `place`, making it where there is none.
    ///
    /// A damaged one is renamed, never deleted, and what can be read of keys, drafts and outbox is carried
    /// over. `now` only names the renamed file.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] and [`StoreError::Newer`] leave the file as it is; [`StoreError::Busy`] when
    /// somebody else has it open; [`StoreError::Unavailable`] when there is no such place.
    pub async fn open(
        place: &Place,
        key: &[u8; 16],
        rng: StoreRng,
        now: UnixMillis,
    ) -> Result<(Self, Opened), StoreError> {
        let entered = enter(place).await?;
        let sealer = Sealer::new(key, rng);
        let durable = entered.is_durable();
        match ready(&entered, &sealer) {
            Ok(connection) => Ok((
                Self::new(connection, sealer, entered),
                Opened {
                    durable,
                    put_aside: None,
                },
            )),
            Err(StoreError::Damaged) => {
                let (damaged, name) = entered.put_aside(now)?;
                let connection = ready(&entered, &sealer)?;
                let rescued = damaged.map_or(0, |damaged| rescue::carry_over(&damaged, &connection));
                let put_aside = Some((name, rescued));
                Ok((
                    Self::new(connection, sealer, entered),
                    Opened { durable, put_aside },
                ))
            }
            Err(error) => {
                entered.leave();
                Err(error)
            }
        }
    }
}

fn ready(entered: &Entered, sealer: &Sealer) -> Result<Connection, StoreError> {
    let mut connection = entered.connect()?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    let found = schema::version(&connection)?;
    if found > 0 {
        check_key(&connection, sealer)?;
        check_file(&connection)?;
    }
    schema::migrate(&mut connection, || sealer.seal(KEY_CHECK, b"shenhai"))?;
    Ok(connection)
}

fn check_key(connection: &Connection, sealer: &Sealer) -> Result<(), StoreError> {
    let sealed: Option<Vec<u8>> = connection
        .query_row("SELECT value FROM meta WHERE key = 'key_check'", [], |row| {
            row.get(0)
        })
        .optional()?;
    let sealed = sealed.ok_or(StoreError::Damaged)?;
    sealer
        .open(KEY_CHECK, &sealed)
        .map(drop)
        .map_err(|_| StoreError::WrongKey)
}

fn check_file(connection: &Connection) -> Result<(), StoreError> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(StoreError::Damaged)
    }
}
