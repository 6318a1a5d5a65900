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
    cut: bool,
}

struct Active {
    slot: usize,
    file: BaseFile,
    log: Log,
    first_len: u64,
}

#[derive(Default)]
struct Table {
    epoch: u64,
    /// Journals and WALs with a lower number are spent.
    floor: u64,
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
            cut: false,
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

    /// Journals and WALs with a lower number are spent.
    pub(crate) fn floor(&self) -> u64 {
        self.table.floor
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
            self.cut = true;
        }
    }

    /// Bring what changed to the disk. `floor` is the number of the newest journal or WAL.
    pub(crate) fn keep(&mut self, key: &PageKey, rng: &mut StdRng, floor: u64) -> Io<()> {
        if self.changed.is_empty() && !self.cut {
            return Ok(());
        }
        self.table.floor = floor;
        match &mut self.active {
            Some(active) if active.log.len() <= 2 * active.first_len + SLACK => {
                let change = self.table.change_bytes(&self.changed);
                active.log.append(&mut active.file, key, rng, &change)?;
                active.file.sync(ffi::SQLITE_SYNC_NORMAL)?;
            }
            _ => self.begin(key, rng)?,
        }
        self.changed.clear();
        self.cut = false;
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

impl Table {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + self.versions.len() * 8);
        bytes.extend_from_slice(&self.epoch.to_le_bytes());
        bytes.extend_from_slice(&self.floor.to_le_bytes());
        self.versions
            .iter()
            .for_each(|version| bytes.extend_from_slice(version));
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (epoch, rest) = bytes.split_first_chunk()?;
        let (floor, rest) = rest.split_first_chunk()?;
        Some(Self {
            epoch: u64::from_le_bytes(*epoch),
            floor: u64::from_le_bytes(*floor),
            versions: rest.as_chunks().0.to_vec(),
        })
    }

    /// `floor (8) ‖ pages (4)`, then `page (4) ‖ version (8)` for each page written.
    fn change_bytes(&self, changed: &BTreeSet<u32>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(12 + changed.len() * 12);
        bytes.extend_from_slice(&self.floor.to_le_bytes());
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
        let Some((floor, rest)) = bytes.split_first_chunk() else {
            return;
        };
        let Some((pages, rest)) = rest.split_first_chunk() else {
            return;
        };
        self.floor = u64::from_le_bytes(*floor);
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
