//! The layout of one sealed page, and telling sealed files from plain ones.
//!
//! Not here: files, and which version of a page is the right one (`ledger`). Called by `database` and `connect`.
//!
//! A page of 4096 bytes is `cipher text (4064) ‖ nonce (12) ‖ tag (16) ‖ 0000`; SQLite leaves the last 32 bytes to us.
//! Page 1 keeps its first 32 bytes readable and authenticated: the platform tells by them that the file is a
//! SQLite database (iOS ends a suspended app that holds a lock on a file it does not know to be one), and they say
//! no more than page size, change counter and number of pages.

use rand::Rng;
use rand::rngs::StdRng;
use shenhai_crypto::PageKey;

/// Bytes of a page.
pub(crate) const PAGE: usize = 4096;
/// Bytes SQLite leaves to us at the end of each page.
pub(crate) const RESERVED: u8 = 32;
/// Readable bytes at the beginning of page 1.
pub(crate) const CLEAR: usize = 32;
const BODY: usize = PAGE - RESERVED as usize;
const NONCE_END: usize = BODY + PageKey::NONCE;
const TAG_END: usize = NONCE_END + PageKey::TAG;
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const DOMAIN: &[u8; 16] = b"shenhai page v1\0";

/// The first bytes of a page's nonce: what tells one writing of a page from another.
pub(crate) type Version = [u8; 8];
/// Of a page that was never written.
pub(crate) const NEVER: Version = [0; 8];

/// What a database file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// There is none, or it is empty.
    Missing,
    /// A SQLite database with readable pages.
    Plain,
    /// A sealed database.
    Sealed,
    /// Something else.
    Foreign,
}

/// Tell by the first [`CLEAR`] bytes.
pub(crate) fn kind_of_header(header: &[u8; CLEAR]) -> FileKind {
    if &header[..16] != MAGIC {
        FileKind::Foreign
    } else if header[20] == RESERVED {
        FileKind::Sealed
    } else {
        FileKind::Plain
    }
}

/// Seal `plain` (as SQLite wrote it) into `sealed`, with a new random nonce.
pub(crate) fn seal(
    key: &PageKey,
    rng: &mut StdRng,
    number: u32,
    plain: &[u8; PAGE],
    sealed: &mut [u8; PAGE],
) -> Version {
    let mut nonce = [0_u8; PageKey::NONCE];
    // An all-zero version means "never written"; a draw is one once in 2^64.
    while nonce[..8] == NEVER {
        rng.fill_bytes(&mut nonce);
    }
    *sealed = *plain;
    let (aad, clear) = associated(number, sealed);
    let tag = key.seal_in_place(&mut sealed[clear..BODY], &aad, &nonce);
    sealed[BODY..NONCE_END].copy_from_slice(&nonce);
    sealed[NONCE_END..TAG_END].copy_from_slice(&tag);
    sealed[TAG_END..].fill(0);
    version(sealed)
}

/// Open a page where it lies; `None` when it is not authentic.
pub(crate) fn open(key: &PageKey, number: u32, page: &mut [u8; PAGE]) -> Option<()> {
    let mut nonce = [0_u8; PageKey::NONCE];
    nonce.copy_from_slice(&page[BODY..NONCE_END]);
    let mut tag = [0_u8; PageKey::TAG];
    tag.copy_from_slice(&page[NONCE_END..TAG_END]);
    let (aad, clear) = associated(number, page);
    key.open_in_place(&mut page[clear..BODY], &aad, &nonce, &tag)
        .ok()?;
    page[BODY..].fill(0);
    Some(())
}

/// Which writing of the page this is.
pub(crate) fn version(sealed: &[u8; PAGE]) -> Version {
    let mut version = NEVER;
    version.copy_from_slice(&sealed[BODY..BODY + 8]);
    version
}

/// What the tag also covers, and how many bytes stay readable.
fn associated(number: u32, page: &[u8; PAGE]) -> (Vec<u8>, usize) {
    let mut aad = Vec::with_capacity(DOMAIN.len() + 4 + CLEAR);
    aad.extend_from_slice(DOMAIN);
    aad.extend_from_slice(&number.to_le_bytes());
    let clear = if number == 1 { CLEAR } else { 0 };
    aad.extend_from_slice(&page[..clear]);
    (aad, clear)
}
