//! The ledger: which version of each page is the one written last.
//!
//! Not here: what a mismatch means for the caller. Called by `database`.
//!
//! A log (see `log`) whose first record is a whole table and whose others are what changed between two syncs of the
//! database. When the changes outgrow the table, a new log with a higher epoch is begun in the other of two files and
//! brought to the disk before the old one is emptied. Of two readable ones the higher epoch counts.

use crate::base::{Base, BaseFile};
use crate::error::{Code, Io};
use crate::log::{Log, LogKind};
use crate::page::{NEVER, Version};
use rand::rngs::StdRng;
use rusqlite::ffi;
use shenhai_crypto::PageKey;
use std::collections::BTreeSet;
use std::ffi::{CStr, CString};

/// Ends of the two files' names, after the database's.
pub(crate) const SUFFIXES: [&str; 2] = ["-seal1", "-seal2"];
/// Changes up to this many bytes are kept before the table is written anew, however small it is.
const SLACK: u64 = 64 * 1024;
const FLAGS: i32 = ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE | ffi::SQLITE_OPEN_SUPER_JOURNAL;

/// The table in memory and the file it is kept in.
pub(crate) struct Ledger {
    base: Base,
    names: [CString; 2],
    active: Option<Active>,
    table: Table,
    changed: BTreeSet<u32>,
    /// Something else than pages changed.
    moved: bool,
}

struct Active {
    slot: usize,
    file: BaseFile,
    log: Log,
    first_len: u64,
}

/// Sixteen random bytes that a database keeps for its life: what its journals and WALs name.
pub(crate) type Identity = [u8; 16];

/// Which journals and WALs count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Mark {
    /// Those with a lower number are spent.
    pub(crate) floor: u64,
    /// So much of the one with this number was on the disk when pages were taken over from it: a shorter one was cut.
    pub(crate) least: u64,
}

#[derive(Default)]
struct Table {
    epoch: u64,
    mark: Mark,
    identity: Identity,
    versions: Vec<Version>,
}

impl Ledger {
    /// Read the ledger beside the database at `path`; an empty one where none is readable.
    pub(crate) fn load(base: Base, path: &CStr, key: &PageKey) -> Io<Self> {
        let names = [name(path, SUFFIXES[0])?, name(path, SUFFIXES[1])?];
        let mut ledger = Self {
            base,
            names,
            active: None,
            table: Table::default(),
            changed: BTreeSet::new(),
            moved: false,
        };
        for slot in 0..2 {
            ledger.take(slot, key)?;
        }
        Ok(ledger)
    }

    fn take(&mut self, slot: usize, key: &PageKey) -> Io<()> {
        if !self.base.exists(&self.names[slot])? {
            return Ok(());
        }
        let mut file = self.base.open(&self.names[slot], FLAGS)?;
        let mut table: Option<Table> = None;
        let mut first_len = 0;
        let log = Log::scan(&mut file, LogKind::Ledger, key, |plain, _| match &mut table {
            None => {
                first_len = plain.len() as u64;
                table = Table::from_bytes(plain);
            }
            Some(table) => table.change(plain),
        })?;
        if let (Some(log), Some(table)) = (log, table)
            && (self.active.is_none() || table.epoch > self.table.epoch)
        {
            self.table = table;
            self.active = Some(Active {
                slot,
                file,
                log,
                first_len,
            });
        }
        Ok(())
    }

    /// Whether any file of it could be read.
    pub(crate) fn is_present(&self) -> bool {
        self.active.is_some()
    }

    /// Which journals and WALs count.
    pub(crate) fn mark(&self) -> Mark {
        self.table.mark
    }

    /// Whose ledger it is.
    pub(crate) fn identity(&self) -> Identity {
        self.table.identity
    }

    /// Give a database that has no ledger its identity.
    pub(crate) fn found(&mut self, identity: Identity) {
        self.table.identity = identity;
    }

    /// The version a page must have; [`NEVER`] when it was not written yet.
    pub(crate) fn version(&self, page: u32) -> Version {
        index(page).map_or(NEVER, |at| self.table.versions.get(at).copied().unwrap_or(NEVER))
    }

    /// The page was written.
    pub(crate) fn set(&mut self, page: u32, version: Version) {
        let Some(at) = index(page) else {
            return;
        };
        if self.table.versions.len() <= at {
            self.table.versions.resize(at + 1, NEVER);
        }
        self.table.versions[at] = version;
        self.changed.insert(page);
    }

    /// The database was cut to this many pages.
    pub(crate) fn cut(&mut self, pages: u32) {
        let pages = pages as usize;
        if self.table.versions.len() > pages {
            self.table.versions.truncate(pages);
            self.changed.retain(|page| *page as usize <= pages);
            self.moved = true;
        }
    }

    /// Whether pages were written since it was kept.
    pub(crate) fn changes_pages(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Fewer journals and WALs count than before; known to the disk after [`Self::keep`].
    pub(crate) fn raise(&mut self, mark: Mark) {
        if mark > self.table.mark {
            self.table.mark = mark;
            self.moved = true;
        }
    }

    /// Bring what changed to the disk.
    pub(crate) fn keep(&mut self, key: &PageKey, rng: &mut StdRng) -> Io<()> {
        if self.changed.is_empty() && !self.moved {
            return Ok(());
        }
        match &mut self.active {
            Some(active) if active.log.len() <= 2 * active.first_len + SLACK => {
                let change = self.table.change_bytes(&self.changed);
                active.log.append(&mut active.file, key, rng, &change)?;
                active.file.sync(ffi::SQLITE_SYNC_NORMAL)?;
            }
            _ => self.begin(key, rng)?,
        }
        self.changed.clear();
        self.moved = false;
        Ok(())
    }

    fn begin(&mut self, key: &PageKey, rng: &mut StdRng) -> Io<()> {
        let slot = self.active.as_ref().map_or(0, |old| 1 - old.slot);
        self.table.epoch += 1;
        let first = self.table.to_bytes();
        let mut file = self.base.open(&self.names[slot], FLAGS)?;
        let log = Log::begin(&mut file, LogKind::Ledger, key, rng, &first)?;
        file.sync(ffi::SQLITE_SYNC_NORMAL)?;
        let new = Active {
            slot,
            file,
            log,
            first_len: first.len() as u64,
        };
        if let Some(mut old) = self.active.replace(new) {
            old.file.truncate(0)?;
        }
        Ok(())
    }
}

impl Mark {
    /// `floor (8) ‖ least (8)`.
    fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.least) << 64 | u128::from(self.floor)).to_le_bytes()
    }

    fn from_bytes(bytes: &[u8; 16]) -> Self {
        let both = u128::from_le_bytes(*bytes);
        Self {
            floor: both as u64,
            least: (both >> 64) as u64,
        }
    }
}

impl Table {
    /// `epoch (8) ‖ mark (16) ‖ identity (16)`, then the version (8) of each page.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(40 + self.versions.len() * 8);
        bytes.extend_from_slice(&self.epoch.to_le_bytes());
        bytes.extend_from_slice(&self.mark.to_bytes());
        bytes.extend_from_slice(&self.identity);
        self.versions
            .iter()
            .for_each(|version| bytes.extend_from_slice(version));
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (epoch, rest) = bytes.split_first_chunk()?;
        let (mark, rest) = rest.split_first_chunk()?;
        let (identity, rest) = rest.split_first_chunk()?;
        Some(Self {
            epoch: u64::from_le_bytes(*epoch),
            mark: Mark::from_bytes(mark),
            identity: *identity,
            versions: rest.as_chunks().0.to_vec(),
        })
    }

    /// `mark (16) ‖ pages (4)`, then `page (4) ‖ version (8)` for each page written.
    fn change_bytes(&self, changed: &BTreeSet<u32>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(20 + changed.len() * 12);
        bytes.extend_from_slice(&self.mark.to_bytes());
        let pages = u32::try_from(self.versions.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&pages.to_le_bytes());
        for page in changed {
            let version = index(*page).and_then(|at| self.versions.get(at));
            bytes.extend_from_slice(&page.to_le_bytes());
            bytes.extend_from_slice(version.unwrap_or(&NEVER));
        }
        bytes
    }

    fn change(&mut self, bytes: &[u8]) {
        let Some((mark, rest)) = bytes.split_first_chunk() else {
            return;
        };
        let Some((pages, rest)) = rest.split_first_chunk() else {
            return;
        };
        self.mark = Mark::from_bytes(mark);
        self.versions.resize(u32::from_le_bytes(*pages) as usize, NEVER);
        for entry in rest.as_chunks::<12>().0 {
            let mut page = [0; 4];
            page.copy_from_slice(&entry[..4]);
            let at = index(u32::from_le_bytes(page)).unwrap_or(usize::MAX);
            if let Some(version) = self.versions.get_mut(at) {
                version.copy_from_slice(&entry[4..]);
            }
        }
    }
}

fn index(page: u32) -> Option<usize> {
    usize::try_from(page.checked_sub(1)?).ok()
}

/// `path` with `suffix` behind it.
pub(crate) fn name(path: &CStr, suffix: &str) -> Io<CString> {
    let mut name = path.to_bytes().to_vec();
    name.extend_from_slice(suffix.as_bytes());
    CString::new(name).map_err(|_| Code::CANNOT_OPEN)
}
