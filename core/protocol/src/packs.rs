//! Packs on their way to devices: what there is, and one by its content.
//!
//! Not what stands in them (`shenhai-pack`): a device checks every digest and signature itself.

use crate::forms::wire_enum;
use crate::{HexHash, Kind, LawRef};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

wire_enum! {
    /// How far a pack has come in its life.
    PackStage {
        /// Tried out: its messages go nowhere.
        Trial,
        /// In force.
        Active,
        /// Records go on, none is opened any more.
        Closing,
        /// Kept for the records that stand under it.
        Retired,
    }
}

/// A pack that the asker's grant has to do with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PackOffer {
    /// Its law: what new records stand under.
    pub law: LawRef,
    /// SM3 over its face.
    pub face: HexHash,
    /// How far it has come.
    pub stage: PackStage,
    /// Its kinds that the asker's grant names.
    pub kinds: Vec<Kind>,
}

/// `GET /v1/packs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PackList {
    /// The newest version of each pack, by name.
    pub packs: Vec<PackOffer>,
}

/// `GET /v1/packs/{sm3}`: the newest folder with that law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PackFolder {
    /// Text of every file by its path: law, face, lock and signatures.
    pub files: BTreeMap<String, String>,
}
