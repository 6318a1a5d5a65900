//! Opening: the right key, a sound file, the newest tables – or a clear refusal that changes nothing.

use crate::place::{Entered, enter};
use crate::plain::{self, Columns};
use crate::vault::Vault;
use crate::{Place, Store, StoreError, rescue, schema};
use rand_core::CryptoRng;
use rusqlite::Connection;
use shenhai_protocol::UnixMillis;
use shenhai_vfs::{Fault, Sealed, Trust};

/// The generator that seeds nonces.
#[cfg(not(target_arch = "wasm32"))]
pub type StoreRng = Box<dyn CryptoRng + Send>;
/// The generator that seeds nonces.
#[cfg(target_arch = "wasm32")]
pub type StoreRng = Box<dyn CryptoRng>;

/// How the opening went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Survives the end of the process.
    pub durable: bool,
    /// The database was damaged: the name under which it was put aside, and how many rows were rescued.
    pub put_aside: Option<(String, usize)>,
    /// What was wrong with the pages of the one put aside, where it was not SQLite that found it damaged.
    pub fault: Option<Fault>,
    /// Which database this is and how far it is: what to keep outside.
    pub anchor: Anchor,
    /// The files are older than what was kept outside. They were opened all the same: there may be unsent work.
    pub rolled_back: Option<RolledBack>,
}

/// Which database, and how many transactions were ever committed in it. Kept where the files are not, it tells when all
/// of them were put back from an old copy, or another database in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// The database's own; zeros in memory.
    pub identity: [u8; 16],
    /// Transactions.
    pub generation: u64,
}

impl Anchor {
    /// Bytes of an anchor that is kept.
    pub const BYTES: usize = 24;

    /// `identity ‖ generation`, little-endian.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..16].copy_from_slice(&self.identity);
        bytes[16..].copy_from_slice(&self.generation.to_le_bytes());
        bytes
    }

    /// What [`Anchor::to_bytes`] made; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (identity, rest) = bytes.split_first_chunk()?;
        Some(Self {
            identity: *identity,
            generation: u64::from_le_bytes(rest.try_into().ok()?),
        })
    }

    /// Whether a database found so is not the one that was `kept` last, or is an older copy of it.
    fn is_behind(self, kept: Self) -> bool {
        self.identity != kept.identity || self.generation < kept.generation
    }
}

/// The database is not the one seen before, or is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolledBack {
    /// What was kept outside.
    pub anchored: Anchor,
    /// What was found.
    pub found: Anchor,
}

/// The keys a store is opened with.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    /// Of the files' pages.
    pub pages: &'a [u8; 16],
    /// What version 1, whose pages were readable, sealed columns with.
    pub columns: &'a [u8; 16],
}

/// An open connection and, where there are files, their key's holder.
pub(crate) struct Ready {
    pub(crate) connection: Connection,
    pub(crate) sealed: Option<Sealed>,
}

/// What is needed to open files.
pub(crate) struct Keyed<'a> {
    pub(crate) key: &'a [u8; 16],
    columns: &'a [u8; 16],
    pub(crate) vault: &'a Vault,
}

impl Store {
    /// Open the database at `place`, making it where there is none.
    ///
    /// A damaged one is renamed, never deleted, and what can be read of keys, drafts and outbox is carried
    /// over. One of version 1 is taken over whole and erased. `now` only names the renamed file. `rng` seeds the generator of the nonces.
    /// `anchor` is what was last kept where the files are not; see [`Store::anchor`].
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] and [`StoreError::Newer`] leave the file as it is; [`StoreError::Busy`] when
    /// somebody else has it open; [`StoreError::Unavailable`] when there is no such place.
    pub async fn open(
        place: &Place,
        keys: Keys<'_>,
        rng: StoreRng,
        now: UnixMillis,
        anchor: Option<Anchor>,
    ) -> Result<(Self, Opened), StoreError> {
        let entered = enter(place).await?;
        let durable = entered.is_durable();
        let vault = Vault::new(keys.pages, rng);
        let keyed = Keyed {
            key: keys.pages,
            columns: keys.columns,
            vault: &vault,
        };
        let (ready, put_aside, fault) = match sound(&entered, &keyed, now) {
            Ok(found) => found,
            Err(error) => {
                entered.leave();
                return Err(error);
            }
        };
        let store = Self::new(ready.connection, ready.sealed, entered, vault)?;
        let found = store.anchor();
        // What was put aside is told as such, and what took its place is another database.
        let kept = anchor.filter(|_| put_aside.is_none());
        let opened = Opened {
            durable,
            put_aside,
            fault,
            anchor: found,
            rolled_back: kept
                .filter(|anchored| found.is_behind(*anchored))
                .map(|anchored| RolledBack { anchored, found }),
        };
        Ok((store, opened))
    }

    /// Destroy everything the store keeps at `place`, damaged databases put aside included. It must not be open.
    ///
    /// What makes this final is that the caller also destroys the key: flash keeps overwritten blocks for a while.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when it is open; what could be removed is removed whatever else fails.
    pub async fn erase(place: &Place) -> Result<(), StoreError> {
        let entered = enter(place).await?;
        let erased = entered.erase();
        entered.leave();
        erased
    }
}

type Found = (Ready, Option<(String, usize)>, Option<Fault>);

/// A database in order: the one there is, or a new one beside the damaged one.
fn sound(entered: &Entered, keyed: &Keyed<'_>, now: UnixMillis) -> Result<Found, StoreError> {
    let columns = Columns::new(keyed.columns);
    let plain = entered.plain()?;
    if let Some(plain) = &plain {
        plain::check(plain, &columns)?;
    }
    let mut fault = None;
    let (mut ready, mut put_aside) = match ready(entered, keyed, &mut fault) {
        Ok(ready) => (ready, None),
        Err(StoreError::Damaged) => {
            let name = entered.put_aside(now)?;
            let mut fresh = ready_new(entered, keyed)?;
            let rescued = rescued(entered, keyed, &name, &mut fresh)?;
            (fresh, Some((name, rescued)))
        }
        Err(error) => return Err(error),
    };
    if let Some(plain) = plain {
        let moved = take_in(
            entered,
            plain,
            &mut ready.connection,
            (&columns, keyed.vault),
            now,
        )?;
        put_aside = put_aside.or(moved);
    }
    schema::migrate(&mut ready.connection, keyed.vault)?;
    Ok((ready, put_aside, fault))
}

/// Copy a database of version 1, unless that was done, and erase it – or, if it is damaged, keep it and say so.
fn take_in(
    entered: &Entered,
    plain: Connection,
    sealed: &mut Connection,
    (columns, vault): (&Columns, &Vault),
    now: UnixMillis,
) -> Result<Option<(String, usize)>, StoreError> {
    let done = schema::version(sealed)? > 0;
    let (whole, copied) = if done {
        (!plain::is_kept(sealed)?, 0)
    } else {
        plain::copy(&plain, sealed, columns, vault)?
    };
    drop(plain);
    if whole {
        entered.erase_plain()?;
    } else if !done {
        return Ok(Some((entered.put_plain_aside(now)?, copied)));
    }
    Ok(None)
}

/// Connect and look at everything once.
fn ready(entered: &Entered, keyed: &Keyed<'_>, fault: &mut Option<Fault>) -> Result<Ready, StoreError> {
    let sealed = entered.attach(keyed, Trust::Newest)?;
    let opened = entered.connect(sealed.as_ref()).and_then(look);
    let found = sealed.as_ref().and_then(Sealed::fault);
    match opened {
        Ok(connection) => Ok(Ready { connection, sealed }),
        Err(_) if found == Some(Fault::WrongKey) => Err(StoreError::WrongKey),
        Err(_) if found.is_some() => {
            *fault = found;
            Err(StoreError::Damaged)
        }
        Err(error) => Err(error),
    }
}

fn ready_new(entered: &Entered, keyed: &Keyed<'_>) -> Result<Ready, StoreError> {
    let mut connection = ready(entered, keyed, &mut None)?;
    schema::migrate(&mut connection.connection, keyed.vault)?;
    Ok(connection)
}

fn look(connection: Connection) -> Result<Connection, StoreError> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    let found = schema::version(&connection)?;
    if found > crate::VERSION {
        return Err(StoreError::Newer(found));
    }
    if found > 0 {
        check_file(&connection)?;
    }
    Ok(connection)
}

/// Carry over what can be read of the damaged database; pages may be of any age.
fn rescued(entered: &Entered, keyed: &Keyed<'_>, name: &str, fresh: &mut Ready) -> Result<usize, StoreError> {
    let Some(damaged) = entered.attach_damaged(keyed, name)? else {
        return Ok(0);
    };
    let Ok(from) = damaged.connect() else {
        return Ok(0);
    };
    let tx = fresh.connection.transaction()?;
    let rescued = rescue::carry_over(&from, &tx, false, None, keyed.vault);
    schema::scope_outbox(&tx)?;
    tx.commit()?;
    Ok(rescued)
}

/// Whether SQLite finds its own structures in order; every page is read.
pub(crate) fn check_file(connection: &Connection) -> Result<(), StoreError> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(StoreError::Damaged)
    }
}
