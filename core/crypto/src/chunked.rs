//! Sealed files: photos, audio and video in chunks of 64 KiB, each sealed by SM4-GCM under a key of the file's own.
//!
//! No I/O and no whole file in memory: the caller moves the bytes, this says which and whether they are genuine. Not
//! for small values (`seal`). Called by the store and the client for media on the device.
//!
//! A sealed file is a header of 8 bytes and the chunks one after another, each 29 bytes longer than its content. Every
//! chunk but the last is full. A chunk is bound to the file's id, to its number and to whether it is the last: cut,
//! reordered, doubled or taken from another file, it does not open. Each sealing draws a new nonce, so a chunk that is
//! sealed again after an interruption repeats none.

use crate::CryptoRng;
use crate::seal::{OpenError, SealingKey};
use std::fmt;
use std::ops::Range;
use thiserror::Error;

/// Bytes of content in every chunk but the last.
pub const CHUNK: usize = 64 * 1024;
/// Bytes before the first chunk.
pub const FILE_HEADER: usize = 8;
/// What a chunk has beside its content: version, nonce, tag.
const OVERHEAD: usize = 29;
const VERSION: u8 = 1;
/// "Shenhai sealed file", and the version.
const HEADER: [u8; FILE_HEADER] = [b'S', b'H', b'S', b'F', VERSION, 0, 0, 0];

const KEY_AAD: &[u8] = b"shenhai-file-key-v1";
const CHUNK_AAD: &[u8] = b"shenhai-file-chunk-v1";

/// Why a chunk was not sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ChunkError {
    /// Not as long as a chunk at this place is: full, or the last with 1 byte to a full chunk (0 in an empty file).
    #[error("not the length of a chunk at this place")]
    Length,
    /// The file does not begin like a sealed one.
    #[error("not a sealed file")]
    NotSealed,
    /// A format of another version of this product.
    #[error("unknown sealing version {0}")]
    UnknownVersion(u8),
    /// Of another file, another place or another key, or changed since.
    #[error("not authentic")]
    NotAuthentic,
}

impl From<OpenError> for ChunkError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Truncated => Self::Length,
            OpenError::UnknownVersion(version) => Self::UnknownVersion(version),
            OpenError::NotAuthentic => Self::NotAuthentic,
        }
    }
}

/// The key of one file. Overwritten when it is dropped and never printed; dropping its wrapped form erases the file.
#[derive(Clone)]
pub struct FileKey(SealingKey);

impl FileKey {
    /// A new key from the caller's generator.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self(SealingKey::generate(rng))
    }

    /// The key sealed under another, for the file called `file_id` only: 45 bytes.
    pub fn wrap<R: CryptoRng + ?Sized>(&self, under: &SealingKey, file_id: &[u8], rng: &mut R) -> Vec<u8> {
        under.seal(self.0.to_bytes().as_slice(), &bound(KEY_AAD, file_id), rng)
    }

    /// The key that [`Self::wrap`] wrapped for `file_id`.
    ///
    /// # Errors
    /// [`OpenError`]
    pub fn unwrap(under: &SealingKey, wrapped: &[u8], file_id: &[u8]) -> Result<Self, OpenError> {
        let bytes = zeroize::Zeroizing::new(under.open(wrapped, &bound(KEY_AAD, file_id))?);
        let bytes: &[u8; 16] = bytes.as_slice().try_into().map_err(|_| OpenError::NotAuthentic)?;
        Ok(Self(SealingKey::from_bytes(bytes)))
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(..)")
    }
}

/// Seals the chunks of one file, in any order.
#[derive(Debug)]
pub struct ChunkSealer {
    key: FileKey,
    bound: Vec<u8>,
}

impl ChunkSealer {
    /// For the file called `file_id`, any bytes that name one file only.
    #[must_use]
    pub fn new(key: &FileKey, file_id: &[u8]) -> Self {
        Self {
            key: key.clone(),
            bound: bound(CHUNK_AAD, file_id),
        }
    }

    /// What stands before the first chunk.
    #[must_use]
    pub fn header() -> [u8; FILE_HEADER] {
        HEADER
    }

    /// Seal chunk `index`, counted from 0.
    ///
    /// # Errors
    /// [`ChunkError::Length`] when `plain` is not as long as the chunk at this place is.
    pub fn seal_chunk<R: CryptoRng + ?Sized>(
        &self,
        index: u64,
        last: bool,
        plain: &[u8],
        rng: &mut R,
    ) -> Result<Vec<u8>, ChunkError> {
        check_length(index, last, plain.len())?;
        Ok(self.key.0.seal(plain, &placed(&self.bound, index, last), rng))
    }
}

/// Opens the chunks of one file, in any order.
#[derive(Debug)]
pub struct ChunkOpener {
    key: FileKey,
    bound: Vec<u8>,
}

impl ChunkOpener {
    /// For the file called `file_id`.
    #[must_use]
    pub fn new(key: &FileKey, file_id: &[u8]) -> Self {
        Self {
            key: key.clone(),
            bound: bound(CHUNK_AAD, file_id),
        }
    }

    /// Whether a file begins like one of this version; looks at the first [`FILE_HEADER`] bytes.
    ///
    /// # Errors
    /// [`ChunkError::NotSealed`], [`ChunkError::UnknownVersion`].
    pub fn check_header(bytes: &[u8]) -> Result<(), ChunkError> {
        match bytes.get(..FILE_HEADER) {
            Some(header) if *header == HEADER => Ok(()),
            Some(header) if header[..4] == HEADER[..4] && header[4] != VERSION => {
                Err(ChunkError::UnknownVersion(header[4]))
            }
            _ => Err(ChunkError::NotSealed),
        }
    }

    /// Open chunk `index`; `last` is whether the file ends with it.
    ///
    /// # Errors
    /// [`ChunkError`]; nothing of the content is given out before the tag was checked.
    pub fn open_chunk(&self, index: u64, last: bool, sealed: &[u8]) -> Result<Vec<u8>, ChunkError> {
        let content = (sealed.len()).checked_sub(OVERHEAD).ok_or(ChunkError::Length)?;
        check_length(index, last, content)?;
        Ok(self.key.0.open(sealed, &placed(&self.bound, index, last))?)
    }
}

/// Chunks of a file with `plain_len` bytes of content. An empty file has one, so that its end is sealed too.
#[must_use]
pub fn chunk_count(plain_len: u64) -> u64 {
    plain_len.div_ceil(CHUNK as u64).max(1)
}

/// Bytes of the sealed file, `None` beyond 2^64.
#[must_use]
pub fn sealed_len(plain_len: u64) -> Option<u64> {
    let overhead = chunk_count(plain_len).checked_mul(OVERHEAD as u64)?;
    plain_len.checked_add(overhead)?.checked_add(FILE_HEADER as u64)
}

/// Bytes of content of a sealed file of `sealed` bytes, `None` when no file has this length: it was cut.
#[must_use]
pub fn plain_len(sealed: u64) -> Option<u64> {
    let body = sealed.checked_sub(FILE_HEADER as u64)?;
    let chunks = body.div_ceil((CHUNK + OVERHEAD) as u64).max(1);
    let plain = body.checked_sub(chunks * OVERHEAD as u64)?;
    (sealed_len(plain) == Some(sealed)).then_some(plain)
}

/// Where chunk `index` stands in the sealed file of `plain_len` bytes of content, `None` behind the last.
#[must_use]
pub fn chunk_range(index: u64, plain_len: u64) -> Option<Range<u64>> {
    let end = sealed_len(plain_len)?;
    if index >= chunk_count(plain_len) {
        return None;
    }
    let start = FILE_HEADER as u64 + index * (CHUNK + OVERHEAD) as u64;
    Some(start..end.min(start + (CHUNK + OVERHEAD) as u64))
}

/// The chunk that holds content byte `offset`, and where in it: for seeking.
#[must_use]
pub fn chunk_at(offset: u64) -> (u64, usize) {
    let within = usize::try_from(offset % CHUNK as u64).expect("below 65536");
    (offset / CHUNK as u64, within)
}

/// Full chunks in the first `written` bytes of a sealed file: writing resumes with the chunk of this number.
#[must_use]
pub fn full_chunks(written: u64) -> u64 {
    written.saturating_sub(FILE_HEADER as u64) / (CHUNK + OVERHEAD) as u64
}

fn check_length(index: u64, last: bool, len: usize) -> Result<(), ChunkError> {
    let fits = match (last, index) {
        (false, _) => len == CHUNK,
        (true, 0) => len <= CHUNK,
        (true, _) => (1..=CHUNK).contains(&len),
    };
    if fits { Ok(()) } else { Err(ChunkError::Length) }
}

/// What something is and which file it belongs to. The domain's length is fixed, so no two pairs read alike.
fn bound(domain: &[u8], file_id: &[u8]) -> Vec<u8> {
    [domain, file_id].concat()
}

fn placed(bound: &[u8], index: u64, last: bool) -> Vec<u8> {
    // The trailing nine bytes are fixed: a longer file id cannot be taken for another place.
    [bound, &index.to_be_bytes(), &[u8::from(last)]].concat()
}
