//! One sealed database: its key, its ledger, and the rules by which a page is given out or refused.
//!
//! Not here: SQLite's calls (`shim`) and who may open it (`connect`). Shared by the database file, its journal and
//! its WAL.

use crate::base::{Base, BaseFile};
use crate::error::{Code, Fault, Io};
use crate::ledger::{Identity, Ledger, Mark, name};
use crate::log::{Log, LogKind};
use crate::page::{self, CLEAR, FileKind, NEVER, PAGE};
use rand::Rng;
use rand::rngs::StdRng;
use rusqlite::ffi;
use shenhai_crypto::PageKey;
use std::ffi::{CString, c_int};

/// How much a page must prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Authentic, and the version written last.
    Newest,
    /// Authentic, of whatever age: for rescuing what can be read of a damaged database.
    Any,
}

/// The first record of a journal or WAL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LogFront {
    number: u64,
    identity: Identity,
}

impl LogFront {
    /// `number (8) ‖ identity (16)`.
    fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&self.number.to_le_bytes());
        bytes[8..].copy_from_slice(&self.identity);
        bytes
    }

    /// Another length is of no log of ours: it reads as one that is spent.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let read = || {
            let (number, rest) = bytes.split_first_chunk()?;
            let identity = rest.try_into().ok()?;
            Some(Self {
                number: u64::from_le_bytes(*number),
                identity,
            })
        };
        read().unwrap_or_default()
    }

    /// Numbers rise from log to log.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

/// What the files of one database have in common.
pub(crate) struct Database {
    base: Base,
    path: CString,
    key: PageKey,
    rng: StdRng,
    trust: Trust,
    /// Read when the first lock is held: before that, somebody else may be writing it.
    ledger: Option<Ledger>,
    newest_log: u64,
    /// Of the journal or WAL with that number, the bytes that are on the disk.
    synced_log: (u64, u64),
    fault: Option<Fault>,
}

impl Database {
    pub(crate) fn new(base: Base, path: CString, key: PageKey, rng: StdRng, trust: Trust) -> Self {
        Self {
            base,
            path,
            key,
            rng,
            trust,
            ledger: None,
            newest_log: 0,
            synced_log: (0, 0),
            fault: None,
        }
    }

    pub(crate) fn key(&self) -> &PageKey {
        &self.key
    }

    pub(crate) fn key_and_rng(&mut self) -> (&PageKey, &mut StdRng) {
        (&self.key, &mut self.rng)
    }

    /// Of the database's life; `None` while nobody has it locked.
    pub(crate) fn identity(&self) -> Option<Identity> {
        self.ledger.as_ref().map(Ledger::identity)
    }

    pub(crate) fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// Note a fault, and what SQLite is told.
    pub(crate) fn found(&mut self, fault: Fault) -> Code {
        self.fault.get_or_insert(fault);
        match fault {
            Fault::WrongKey => Code(ffi::SQLITE_NOTADB),
            _ => Code::CORRUPT,
        }
    }

    /// Whether a journal or WAL still counts; numbers go on from the highest seen.
    ///
    /// One that is shorter than what pages were already taken over from was cut: played back it would show a state that
    /// nobody ever committed.
    pub(crate) fn accept_log(&mut self, front: &LogFront, log: &Log) -> Io<bool> {
        let Some(ledger) = self.ledger.as_mut() else {
            // Being rescued: whatever is authentic may help. SQLite never opens one of a sound database without a lock.
            return Ok(self.trust == Trust::Any);
        };
        if !ledger.is_present() && self.newest_log == 0 {
            // Its ledger was lost in a crash while the database was made: the journal names it.
            ledger.found(front.identity);
        }
        if ledger.identity() != front.identity {
            return Ok(false);
        }
        self.newest_log = self.newest_log.max(front.number);
        let Mark { floor, least } = ledger.mark();
        if front.number == floor && log.len() < least {
            return Err(self.found(Fault::Journal));
        }
        self.synced_log = (front.number, log.len());
        Ok(front.number >= floor)
    }

    /// A new log with the next number.
    pub(crate) fn begin_log(&mut self, file: &mut BaseFile, kind: LogKind) -> Io<(Log, u64)> {
        let number = self.newest_log + 1;
        let identity = self.ledger.as_ref().map_or([0; 16], Ledger::identity);
        let front = LogFront { number, identity }.to_bytes();
        let log = Log::begin(file, kind, &self.key, &mut self.rng, &front)?;
        self.newest_log = number;
        Ok((log, number))
    }

    /// So much of a journal or WAL is on the disk.
    pub(crate) fn log_synced(&mut self, number: u64, len: u64) {
        self.synced_log = (number, len);
    }

    /// SQLite needs no journal or WAL written until now: none of them counts any more, whatever is put back. Known to
    /// the disk when this returns, before SQLite cuts, overwrites or removes the file.
    pub(crate) fn spend_logs(&mut self) -> Io<()> {
        let floor = self.newest_log + 1;
        match self.ledger.as_mut() {
            Some(ledger) if self.newest_log > 0 => {
                ledger.raise(Mark { floor, least: 0 });
                ledger.keep(&self.key, &mut self.rng)
            }
            _ => Ok(()),
        }
    }

    /// Lock, and with the first lock read the ledger.
    pub(crate) fn lock(&mut self, file: &mut BaseFile, level: c_int) -> Io<()> {
        file.lock(level)?;
        if self.ledger.is_some() || self.trust == Trust::Any {
            return Ok(());
        }
        if let Err(code) = self.load(file) {
            self.ledger = None;
            file.unlock(ffi::SQLITE_LOCK_NONE)?;
            return Err(code);
        }
        Ok(())
    }

    /// Unlock; without any lock the ledger in memory is no longer the truth.
    pub(crate) fn unlock(&mut self, file: &mut BaseFile, level: c_int) -> Io<()> {
        if level == ffi::SQLITE_LOCK_NONE {
            let kept = self.keep();
            self.ledger = None;
            kept?;
        }
        file.unlock(level)
    }

    fn load(&mut self, file: &mut BaseFile) -> Io<()> {
        let mut ledger = Ledger::load(self.base, &self.path, &self.key)?;
        self.newest_log = self.newest_log.max(ledger.mark().floor);
        let present = ledger.is_present();
        if !present {
            let mut identity = Identity::default();
            self.rng.fill_bytes(&mut identity);
            ledger.found(identity);
        }
        self.ledger = Some(ledger);
        // With a readable ledger the key is right. Without one the database is new, lost its ledger in a crash while
        // it was made (then its journal opens), is damaged, or belongs to another key: then nothing opens.
        if present || file.size()? == 0 || self.anything_opens(file)? {
            return Ok(());
        }
        let mut header = [0; CLEAR];
        file.read(0, &mut header)?;
        if page::kind_of_header(&header) == FileKind::Sealed {
            return Err(self.found(Fault::WrongKey));
        }
        Ok(())
    }

    fn anything_opens(&mut self, file: &mut BaseFile) -> Io<bool> {
        let mut first = [0; PAGE];
        file.read(0, &mut first)?;
        if page::open(&self.key, 1, &mut first).is_some() {
            return Ok(true);
        }
        for (suffix, kind, flag) in [
            ("-journal", LogKind::Journal, ffi::SQLITE_OPEN_MAIN_JOURNAL),
            ("-wal", LogKind::Wal, ffi::SQLITE_OPEN_WAL),
        ] {
            let path = name(&self.path, suffix)?;
            if self.base.exists(&path)? {
                let mut side = self.base.open(&path, ffi::SQLITE_OPEN_READWRITE | flag)?;
                if Log::scan(&mut side, kind, &self.key, |_, _| ())?.is_some() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Read a page as SQLite wrote it. Whether it lies within the file.
    pub(crate) fn read_page(&mut self, file: &mut BaseFile, number: u32, into: &mut [u8; PAGE]) -> Io<bool> {
        let within = file.read(offset(number), into)?;
        let expected = match (&self.ledger, self.trust) {
            (Some(ledger), Trust::Newest) => Some((ledger.version(number), ledger.is_present())),
            (None, Trust::Newest) => return Err(Code::READ),
            (_, Trust::Any) => None,
        };
        match expected {
            // Not written, or a hole left by writing behind it: there is nothing to prove.
            Some((NEVER, _)) | None if into.iter().all(|byte| *byte == 0) => return Ok(within),
            Some((NEVER, false)) => return Err(self.found(Fault::NoLedger)),
            Some((version, _)) if version != page::version(into) => {
                let fault = match page::open(&self.key, number, into) {
                    Some(()) => Fault::RolledBack(number),
                    None => Fault::NotAuthentic(number),
                };
                return Err(self.found(fault));
            }
            _ => {}
        }
        match page::open(&self.key, number, into) {
            Some(()) => Ok(within),
            None => Err(self.found(Fault::NotAuthentic(number))),
        }
    }

    /// Read a part of page 1 before or without reading all of it, as SQLite does to learn the page size and whether the
    /// file changed. What is sealed reads as zeros.
    pub(crate) fn read_header(file: &mut BaseFile, at: usize, into: &mut [u8]) -> Io<bool> {
        let within = file.read(at as u64, into)?;
        let clear = CLEAR.saturating_sub(at).min(into.len());
        into[clear..].fill(0);
        Ok(within)
    }

    /// Seal and write a page.
    pub(crate) fn write_page(&mut self, file: &mut BaseFile, number: u32, plain: &[u8; PAGE]) -> Io<()> {
        if self.ledger.is_none() && self.trust == Trust::Newest {
            return Err(Code::WRITE);
        }
        if number == 1 && plain[20] != page::RESERVED {
            // SQLite would lay data where nonce and tag go.
            return Err(Code::WRITE);
        }
        let mut sealed = [0; PAGE];
        let version = page::seal(&self.key, &mut self.rng, number, plain, &mut sealed);
        // Noted even if the write fails: what then lies there is not to be trusted.
        if let Some(ledger) = self.ledger.as_mut() {
            ledger.set(number, version);
        }
        file.write(offset(number), &sealed)
    }

    /// Cut the database.
    pub(crate) fn truncate(&mut self, file: &mut BaseFile, size: u64) -> Io<()> {
        file.truncate(size)?;
        let pages = u32::try_from(size / PAGE as u64).unwrap_or(u32::MAX);
        if let Some(ledger) = self.ledger.as_mut() {
            ledger.cut(pages);
        }
        Ok(())
    }

    /// Versions first, pages second, and both before SQLite drops the journal or WAL it could repeat them from.
    pub(crate) fn sync(&mut self, file: &mut BaseFile, flags: c_int) -> Io<()> {
        self.keep()?;
        file.sync(flags)
    }

    fn keep(&mut self) -> Io<()> {
        let (floor, least) = self.synced_log;
        match self.ledger.as_mut() {
            Some(ledger) => {
                if ledger.changes_pages() && floor == self.newest_log {
                    ledger.raise(Mark { floor, least });
                }
                ledger.keep(&self.key, &mut self.rng)
            }
            None => Ok(()),
        }
    }

    /// The database file is closed.
    pub(crate) fn close(&mut self) -> Io<()> {
        let kept = self.keep();
        self.ledger = None;
        kept
    }
}

fn offset(number: u32) -> u64 {
    u64::from(number.saturating_sub(1)) * PAGE as u64
}
