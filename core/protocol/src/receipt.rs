//! Receipts: what became of a command, and the one signature per commit that stands for all of them.

use crate::{
    CmdId, DeviceId, ErrorCode, HexHash, LawRef, RecordRef, RoleName, UnitId, UnixMillis, UserId, WorkId,
    forms::wire_enum,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

wire_enum! {
    /// What became of a command.
    Verdict {
        /// It took effect.
        Accepted,
        /// It had no effect; the code says why.
        Refused,
    }
}

/// Who acted, as the gateway knew them at that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Actor {
    /// Their id.
    pub id: UserId,
    /// The role they acted in.
    pub role: RoleName,
    /// Their unit.
    pub unit: UnitId,
}

/// What a decision stands on besides the record and the act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GivenFacts {
    /// When the gateway took it; never before what it took of the record earlier.
    pub at: UnixMillis,
    /// The calendar in force.
    pub calendar: String,
    /// Answers to the act's questions, by name.
    pub asked: BTreeMap<String, Asked>,
}

/// The answer to a question of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// A person, a unit or a number.
    pub value: String,
    /// Of a person, the unit they belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
}

/// The content of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// [`crate::PROTOCOL_VERSION`].
    pub v: u32,
    /// Which command.
    pub cmd_id: CmdId,
    /// Which piece of work.
    pub work: WorkId,
    /// Which device.
    pub device_id: DeviceId,
    /// Its place in the device's chain.
    pub device_seq: u64,
    /// SM3 of the command's payload.
    pub hash: HexHash,
    /// Upon which record.
    pub record: RecordRef,
    /// Who acted, as the gateway knew them.
    pub by: Actor,
    /// By which law it was judged.
    pub law: LawRef,
    /// What became of it.
    pub verdict: Verdict,
    /// Why it was refused.
    pub code: Option<ErrorCode>,
    /// Where in the law it was refused, in an author's terms: file, row.
    pub cell: Option<String>,
    /// The record's revision after the command, where it took effect.
    pub rev: Option<u64>,
    /// What the gateway added to it.
    pub given: GivenFacts,
    /// SM3 of the record's state text after the command; empty while there is none.
    pub after: String,
    /// The change number it got in each scope it touched that the actor may follow.
    pub changes: BTreeMap<String, u64>,
    /// An emulator stood in for the service that signs: the receipt proves nothing outside a test.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub emulated: bool,
}

/// What the gateway signs of one commit: everything it gave in it, in one hash. So a signer that needs 200 ms costs
/// each of a commit's commands that long once, and the next commit nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// [`crate::PROTOCOL_VERSION`].
    pub v: u32,
    /// The gateway's epoch.
    pub epoch: String,
    /// Counts the epoch's commits that gave something.
    pub n: u64,
    /// How many texts were given in it.
    pub size: u64,
    /// Root of the Merkle tree over them, in the order in which they were given: a text's hash is SM3(0x00 ‖ text), a
    /// node's SM3(0x01 ‖ left ‖ right).
    pub root: HexHash,
    /// When it was signed.
    pub at: UnixMillis,
}

/// A commit on the wire: the exact text, and the gateway's SM2 signature (`r‖s`, 128 hex digits) over
/// [`SignedCommit::signed_text`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedCommit {
    /// JSON of a [`Commit`].
    pub payload: String,
    /// The signature.
    pub sig: String,
}

impl SignedCommit {
    /// What is signed. The first line keeps a commit from being taken for another signed text.
    #[must_use]
    pub fn signed_text(payload: &str) -> String {
        format!("shenhai-commit-v1\n{payload}")
    }

    /// Read the payload. Proves nothing: verify the signature first.
    ///
    /// # Errors
    /// When the payload is not the JSON of a [`Commit`].
    pub fn open(&self) -> Result<Commit, serde_json::Error> {
        serde_json::from_str(&self.payload)
    }
}

/// A receipt on the wire: its exact text, its place in its commit, and the commit. The same command always gets the
/// same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedReceipt {
    /// JSON of a [`Receipt`].
    pub payload: String,
    /// Its place among the commit's texts, from 0.
    pub index: u64,
    /// From the text's sibling up to the commit's root.
    pub path: Vec<HexHash>,
    /// The commit that gave it.
    pub commit: SignedCommit,
}

impl SignedReceipt {
    /// Read the payload. Proves nothing: check its place and its commit's signature first.
    ///
    /// # Errors
    /// When the payload is not the JSON of a [`Receipt`].
    pub fn open(&self) -> Result<Receipt, serde_json::Error> {
        serde_json::from_str(&self.payload)
    }
}
