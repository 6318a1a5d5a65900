//! Sealing in place: SM4-GCM over a buffer that stays where it is, nonce and tag kept by the caller.
//!
//! Not the blob format of `seal`: no header, no version. Called by the sealed database files, whose pages have
//! room for nonce and tag at their end.

use crate::OpenError;
use aes_gcm::AesGcm;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, KeyInit};
use shenhai_sm4::Batched;
use shenhai_sm4::cipher::consts::U127;
use std::fmt;
use zeroize::Zeroize;

/// A page of 4096 bytes less nonce, tag and four zeros is 254 blocks: two batches and nothing over.
type PageCipher = AesGcm<Batched<U127>, U12>;

/// An SM4 key with its round keys worked out, for many buffers. Overwritten when dropped and never printed.
// Boxed: a moved value leaves its bytes behind, a moved box does not.
pub struct PageKey(Box<PageCipher>);

impl PageKey {
    /// Bytes of a nonce.
    pub const NONCE: usize = 12;
    /// Bytes of a tag.
    pub const TAG: usize = 16;

    /// The key of these 16 bytes.
    #[must_use]
    pub fn new(key: &[u8; 16]) -> Self {
        let expanded = Self(expand(key));
        scrub_stack();
        expanded
    }

    /// Seal `buffer` where it lies, bound to `aad`, and give its tag.
    ///
    /// A nonce must never be used twice with the same key: draw it at random for each call.
    #[must_use]
    pub fn seal_in_place(&self, buffer: &mut [u8], aad: &[u8], nonce: &[u8; 12]) -> [u8; 16] {
        self.0
            .encrypt_inout_detached(&(*nonce).into(), aad, buffer.into())
            .expect("GCM takes up to 64 GiB (SP 800-38D §5.2.1.1), more than a buffer in memory has")
            .into()
    }

    /// Open what [`Self::seal_in_place`] sealed with the same `aad` and `nonce`.
    ///
    /// # Errors
    /// [`OpenError::NotAuthentic`]; the buffer then still holds the cipher text.
    pub fn open_in_place(
        &self,
        buffer: &mut [u8],
        aad: &[u8],
        nonce: &[u8; 12],
        tag: &[u8; 16],
    ) -> Result<(), OpenError> {
        self.0
            .decrypt_inout_detached(&(*nonce).into(), aad, buffer.into(), &(*tag).into())
            .map_err(|_| OpenError::NotAuthentic)
    }
}

impl fmt::Debug for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageKey(..)")
    }
}

#[inline(never)]
fn expand(key: &[u8; 16]) -> Box<PageCipher> {
    Box::new(PageCipher::new(key.into()))
}

/// The key schedule was worked out on the stack before it was boxed. Overwrite where it lay.
#[inline(never)]
fn scrub_stack() {
    let mut below = [0_u8; 4096];
    below.zeroize();
}
