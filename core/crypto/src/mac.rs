//! HMAC-SM3 (GB/T 15852.2, RFC 2104 with SM3): what the upper platforms sign their orders with.
//!
//! Not a signature: both sides hold the same secret. Called by the gateway's adapters and the emulators.

use hmac::{Hmac, KeyInit, Mac};
use sm3::{Digest, Sm3};
use zeroize::Zeroizing;

fn keyed(key: &[u8]) -> Hmac<Sm3> {
    // RFC 2104 §2: a key longer than a block is replaced by its digest. Done here so that the keyed
    // state is always built from one zero-padded block, which is infallible.
    let mut block = Zeroizing::new([0_u8; 64]);
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sm3::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    Hmac::<Sm3>::new((&*block).into())
}

/// HMAC-SM3 of `bytes` under `key` of any length.
#[must_use]
pub fn hmac_sm3(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    keyed(key).chain_update(bytes).finalize().into_bytes().into()
}

/// Whether `tag` is the HMAC-SM3 of `bytes` under `key`; the comparison takes the same time wherever the
/// first difference lies. A tag of another length is never right.
#[must_use]
pub fn verify_hmac_sm3(key: &[u8], bytes: &[u8], tag: &[u8]) -> bool {
    keyed(key).chain_update(bytes).verify_slice(tag).is_ok()
}
