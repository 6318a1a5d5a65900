//! A journal or WAL: whatever SQLite writes into it, kept as a log of sealed writes.
//!
//! Not here: what the bytes mean. SQLite's checksums, page numbers and its habit of going back to change a header are
//! all just writes. Called by `shim` for files of these two kinds.
//!
//! The first record is the log's number and its database's identity. Numbers rise from log to log. The ledger notes the
//! number in use and its length at each sync of the database, and the next number as soon as SQLite is done with a log:
//! putting an old copy back does nothing, and a copy that was cut is refused.

use crate::base::BaseFile;
use crate::database::{Database, LogFront};
use crate::error::{Code, Fault, Io};
use crate::extents::{Extents, Piece};
use crate::log::{Log, LogKind, RecordAt};
use crate::page::PAGE;
use std::ffi::c_int;

const WRITE: u8 = 1;
const TRUNCATE: u8 = 2;
const FRONT: usize = 9;

/// SQLite writes a frame as header and page, a journal entry as number, page and checksum. Writes that follow on one
/// another share a record until it holds that much: one seal for each page.
const ENOUGH: usize = 4 + PAGE + 4;

/// Both kinds begin with a header, a WAL's of 32 bytes, a journal's of a sector. Shorter writes at the beginning amend
/// one: a journal's count of pages (12 bytes), or zeros over it once it is spent (28).
const HEADER: usize = 32;

/// The file as SQLite sees it.
pub(crate) struct Journal {
    file: BaseFile,
    kind: LogKind,
    log: Option<Log>,
    number: u64,
    records: Vec<RecordAt>,
    extents: Extents,
    size: u64,
    pending: Vec<u8>,
    pending_at: u64,
}

impl Journal {
    /// Read what the file holds, as far as it is authentic and not spent.
    pub(crate) fn open(mut file: BaseFile, kind: LogKind, db: &mut Database) -> Io<Self> {
        let mut records = Vec::new();
        let mut extents = Extents::default();
        let mut size = 0;
        let mut front = None;
        let log = Log::scan(&mut file, kind, db.key(), |plain, at| {
            if front.is_none() {
                front = Some(LogFront::from_bytes(plain));
                return;
            }
            let Some((tag, offset, data)) = parts(plain) else {
                return;
            };
            if tag == TRUNCATE {
                extents.truncate(offset);
                size = offset;
            } else {
                extents.insert(offset, data.len() as u64, records.len());
                size = size.max(offset.saturating_add(data.len() as u64));
                records.push(at);
            }
        })?;
        let mut journal = Self {
            file,
            kind,
            log,
            number: front.map_or(0, |front| front.number()),
            records,
            extents,
            size,
            pending: Vec::new(),
            pending_at: 0,
        };
        let counts = match (&front, &journal.log) {
            (Some(front), Some(log)) => db.accept_log(front, log)?,
            _ => false,
        };
        if !counts {
            journal.forget();
        }
        Ok(journal)
    }

    /// Bytes SQLite wrote.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Read as much as there is, zeros behind it. Whether all of it was there.
    pub(crate) fn read(&mut self, db: &mut Database, at: u64, into: &mut [u8]) -> Io<bool> {
        self.flush(db)?;
        into.fill(0);
        let end = at.saturating_add(into.len() as u64);
        for (from, piece) in self.extents.within(at, end) {
            let data = self.piece(db, piece)?;
            let start = usize::try_from(from - at).map_err(|_| Code::READ)?;
            into[start..start + data.len()].copy_from_slice(&data);
        }
        Ok(end <= self.size)
    }

    fn piece(&mut self, db: &mut Database, piece: Piece) -> Io<Vec<u8>> {
        let (Some(log), Some(at)) = (&self.log, self.records.get(piece.record)) else {
            return Err(Code::READ);
        };
        let mut plain = match log.read(&mut self.file, db.key(), *at)? {
            Ok(plain) => plain,
            Err(fault) => return Err(db.found(fault)),
        };
        let from = usize::try_from(piece.skip).map_err(|_| Code::READ)? + FRONT;
        let to = usize::try_from(piece.len).map_err(|_| Code::READ)? + from;
        if plain.len() < to {
            return Err(db.found(Fault::Journal));
        }
        plain.truncate(to);
        plain.drain(..from);
        Ok(plain)
    }

    /// Keep a write; it is on the disk after [`Self::sync`].
    pub(crate) fn write(&mut self, db: &mut Database, at: u64, from: &[u8]) -> Io<()> {
        let begun_anew = at == 0 && from.len() >= HEADER;
        let ended = self.kind == LogKind::Journal && at == 0 && from.iter().all(|byte| *byte == 0);
        if self.log.is_some() && (begun_anew || ended) {
            // SQLite does either only when nothing in the file is needed any more.
            db.spend_logs()?;
            self.forget();
        }
        let follows = self.pending_at + self.pending.len() as u64 == at;
        if !self.pending.is_empty() && !follows {
            self.flush(db)?;
        }
        if self.pending.is_empty() {
            self.pending_at = at;
        }
        self.pending.extend_from_slice(from);
        self.size = self.size.max(at.saturating_add(from.len() as u64));
        if self.pending.len() >= ENOUGH {
            self.flush(db)?;
        }
        Ok(())
    }

    /// Cut the file.
    pub(crate) fn truncate(&mut self, db: &mut Database, size: u64) -> Io<()> {
        if size == 0 {
            if self.log.is_some() {
                db.spend_logs()?;
            }
            self.forget();
            return self.file.truncate(0);
        }
        self.flush(db)?;
        self.extents.truncate(size);
        self.size = size;
        self.append(db, TRUNCATE, size, &[]).map(drop)
    }

    /// Everything written is on the disk when this returns.
    pub(crate) fn sync(&mut self, db: &mut Database, flags: c_int) -> Io<()> {
        self.flush(db)?;
        self.file.sync(flags)?;
        if let Some(log) = &self.log {
            db.log_synced(self.number, log.len());
        }
        Ok(())
    }

    /// The platform's file.
    pub(crate) fn file(&mut self) -> &mut BaseFile {
        &mut self.file
    }

    /// Hand over what is held back, as closing does.
    pub(crate) fn flush(&mut self, db: &mut Database) -> Io<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let data = std::mem::take(&mut self.pending);
        let at = self.append(db, WRITE, self.pending_at, &data)?;
        self.extents
            .insert(self.pending_at, data.len() as u64, self.records.len());
        self.records.push(at);
        Ok(())
    }

    fn append(&mut self, db: &mut Database, tag: u8, offset: u64, data: &[u8]) -> Io<RecordAt> {
        let mut plain = Vec::with_capacity(FRONT + data.len());
        plain.push(tag);
        plain.extend_from_slice(&offset.to_le_bytes());
        plain.extend_from_slice(data);
        let mut log = match self.log.take() {
            Some(log) => log,
            None => {
                let (log, number) = db.begin_log(&mut self.file, self.kind)?;
                self.number = number;
                log
            }
        };
        let (key, rng) = db.key_and_rng();
        let written = log.append(&mut self.file, key, rng, &plain);
        self.log = Some(log);
        written
    }

    fn forget(&mut self) {
        self.log = None;
        self.records.clear();
        self.extents.clear();
        self.size = 0;
        self.pending.clear();
    }
}

fn parts(plain: &[u8]) -> Option<(u8, u64, &[u8])> {
    let (front, data) = plain.split_at_checked(FRONT)?;
    let offset = front[1..].try_into().map(u64::from_le_bytes).ok()?;
    Some((front[0], offset, data))
}
