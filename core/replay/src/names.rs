//! Names on the wire and names in a pack.

use shenhai_crypto::Digest32;
use shenhai_pack::PackRef;
use shenhai_pack::names::{KindId, Name, PackId};
use shenhai_protocol::{HexHash, Kind, LawRef};

/// A law as it is named on the wire.
#[must_use]
pub fn law_ref(law: &PackRef) -> LawRef {
    LawRef {
        id: law.id.as_str().into(),
        version: law.version.to_string(),
        sm3: HexHash(law.law.to_hex()),
    }
}

/// A law by its name on the wire; `None` where no pack is named so.
#[must_use]
pub fn pack_ref(law: &LawRef) -> Option<PackRef> {
    let version: u32 = law.version.parse().ok()?;
    // One spelling: `01` is not `1`.
    (version.to_string() == law.version).then_some(())?;
    Some(PackRef {
        id: PackId::parse(law.id.as_str())?,
        version,
        law: Digest32::from_hex(law.sm3.as_str())?,
    })
}

/// The pack and the kind that `pack.kind` names.
#[must_use]
pub fn split_kind(kind: &Kind) -> Option<(PackId, KindId)> {
    let (pack, kind) = kind.as_str().split_once('.')?;
    Some((PackId::parse(pack)?, KindId::parse(kind)?))
}
