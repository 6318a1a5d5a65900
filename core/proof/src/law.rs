//! How a law is named by what is signed.

use shenhai_crypto::sm3;
use shenhai_protocol::{HexHash, LawRef};

/// The law of a pack whose text this is.
#[must_use]
pub fn law_of(pack: &str, version: &str, text: &str) -> LawRef {
    LawRef {
        id: pack.into(),
        version: version.to_owned(),
        sm3: HexHash(sm3(text.as_bytes()).to_hex()),
    }
}
