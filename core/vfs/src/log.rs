//! A chained log of sealed records in one file: append, and read back up to the first record that is not ours.
//!
//! What the records mean is the caller's (`journal`, `ledger`).
//!
//! `magic (8) ‖ id (16) ‖ 0 (8)`, then records `length (4) ‖ nonce (12) ‖ cipher text ‖ tag (16)`. A record's tag covers
//! the log's kind and id, its length and the tag before it: a record of another log, out of order, or from before
//! the log was shortened and went on, ends the log where it stands. So does a torn one, which is why a crash in the
//! middle of a write needs no repair.

use crate::base::BaseFile;
use crate::error::{Code, Fault, Io};
use rand::Rng;
use rand::rngs::StdRng;
use shenhai_crypto::PageKey;

const MAGIC: &[u8; 8] = b"shsealg1";
const HEADER: usize = 32;
const BEFORE: usize = 4 + PageKey::NONCE;
const AROUND: usize = BEFORE + PageKey::TAG;

/// What a log stands for; a log of one kind is none of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogKind {
    Ledger = 1,
    Journal = 2,
    Wal = 3,
}

/// Where a record lies and what it is chained to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordAt {
    at: u64,
    len: u32,
    chain: [u8; 16],
}

/// The end of a log.
#[derive(Debug)]
pub(crate) struct Log {
    kind: LogKind,
    id: [u8; 16],
    chain: [u8; 16],
    end: u64,
}

impl Log {
    /// Begin a new log over whatever the file held. Nothing of it counts until the first record is complete.
    pub(crate) fn begin(
        file: &mut BaseFile,
        kind: LogKind,
        key: &PageKey,
        rng: &mut StdRng,
        first: &[u8],
    ) -> Io<Self> {
        let mut header = [0_u8; HEADER];
        header[..8].copy_from_slice(MAGIC);
        rng.fill_bytes(&mut header[8..24]);
        let mut log = Self::from_header(kind, &header);
        let mut bytes = header.to_vec();
        let (record, chain) = log.sealed(key, rng, first)?;
        bytes.extend_from_slice(&record);
        file.write(0, &bytes)?;
        log.end = bytes.len() as u64;
        log.chain = chain;
        Ok(log)
    }

    fn from_header(kind: LogKind, header: &[u8; HEADER]) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(&header[8..24]);
        Self {
            kind,
            id,
            chain: [0; 16],
            end: HEADER as u64,
        }
    }

    /// Read a log, giving each record to `visit`. `None` when the file holds no log of this kind and key.
    pub(crate) fn scan(
        file: &mut BaseFile,
        kind: LogKind,
        key: &PageKey,
        mut visit: impl FnMut(&[u8], RecordAt),
    ) -> Io<Option<Self>> {
        let size = file.size()?;
        let mut header = [0_u8; HEADER];
        if size < HEADER as u64 || !file.read(0, &mut header)? || &header[..8] != MAGIC {
            return Ok(None);
        }
        let mut log = Self::from_header(kind, &header);
        while let Some(at) = log.next(file, size)? {
            let Some((plain, chain)) = log.open(file, key, at)? else {
                break;
            };
            visit(&plain, at);
            log.chain = chain;
            log.end = at.at + AROUND as u64 + u64::from(at.len);
        }
        Ok((log.end > HEADER as u64).then_some(log))
    }

    /// Where the next record would lie, if the file is long enough for the length it claims.
    fn next(&self, file: &mut BaseFile, size: u64) -> Io<Option<RecordAt>> {
        let left = size.saturating_sub(self.end);
        if left < AROUND as u64 {
            return Ok(None);
        }
        let mut len = [0_u8; 4];
        file.read(self.end, &mut len)?;
        let len = u32::from_le_bytes(len);
        Ok((u64::from(len) <= left - AROUND as u64).then_some(RecordAt {
            at: self.end,
            len,
            chain: self.chain,
        }))
    }

    /// Add a record; it counts once the file is synced.
    pub(crate) fn append(
        &mut self,
        file: &mut BaseFile,
        key: &PageKey,
        rng: &mut StdRng,
        plain: &[u8],
    ) -> Io<RecordAt> {
        let (record, chain) = self.sealed(key, rng, plain)?;
        let at = RecordAt {
            at: self.end,
            len: length(plain)?,
            chain: self.chain,
        };
        file.write(self.end, &record)?;
        self.end += record.len() as u64;
        self.chain = chain;
        Ok(at)
    }

    /// Read a record again.
    pub(crate) fn read(
        &self,
        file: &mut BaseFile,
        key: &PageKey,
        at: RecordAt,
    ) -> Io<Result<Vec<u8>, Fault>> {
        Ok(self
            .open(file, key, at)?
            .map(|(plain, _)| plain)
            .ok_or(Fault::Journal))
    }

    /// Bytes of the file that belong to the log.
    pub(crate) fn len(&self) -> u64 {
        self.end
    }

    fn sealed(&self, key: &PageKey, rng: &mut StdRng, plain: &[u8]) -> Io<(Vec<u8>, [u8; 16])> {
        let len = length(plain)?;
        let mut nonce = [0_u8; PageKey::NONCE];
        rng.fill_bytes(&mut nonce);
        let mut record = Vec::with_capacity(plain.len() + AROUND);
        record.extend_from_slice(&len.to_le_bytes());
        record.extend_from_slice(&nonce);
        record.extend_from_slice(plain);
        let tag = key.seal_in_place(&mut record[BEFORE..], &self.aad(len, &self.chain), &nonce);
        record.extend_from_slice(&tag);
        Ok((record, tag))
    }

    fn open(&self, file: &mut BaseFile, key: &PageKey, at: RecordAt) -> Io<Option<(Vec<u8>, [u8; 16])>> {
        let mut record = vec![0_u8; at.len as usize + AROUND];
        file.read(at.at, &mut record)?;
        let mut nonce = [0_u8; PageKey::NONCE];
        nonce.copy_from_slice(&record[4..BEFORE]);
        let mut tag = [0_u8; PageKey::TAG];
        tag.copy_from_slice(&record[BEFORE + at.len as usize..]);
        let mut plain = record;
        plain.truncate(BEFORE + at.len as usize);
        plain.drain(..BEFORE);
        let opened = key.open_in_place(&mut plain, &self.aad(at.len, &at.chain), &nonce, &tag);
        Ok(opened.is_ok().then_some((plain, tag)))
    }

    fn aad(&self, len: u32, chain: &[u8; 16]) -> Vec<u8> {
        let mut aad = b"shenhai log v1\0".to_vec();
        aad.push(self.kind as u8);
        aad.extend_from_slice(&self.id);
        aad.extend_from_slice(chain);
        aad.extend_from_slice(&len.to_le_bytes());
        aad
    }
}

fn length(plain: &[u8]) -> Io<u32> {
    u32::try_from(plain.len()).map_err(|_| Code::WRITE)
}
