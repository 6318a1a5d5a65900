//! Proof of what was done: heads of the log of receipts, proofs about it, an order's evidence, an exported case.
//!
//! Not the hashing and not the checks (`shenhai-proof`). Sent by the gateway, checked by devices and by whoever
//! holds an exported case.
//!
//! Whatever is signed here begins with a line of its own (`shenhai-tree-head-v1`, `shenhai-case-v1`), so that none
//! can be taken for another.

use crate::forms::wire_enum;
use crate::{CmdId, DeviceId, HexHash, OrderId, SignedEnvelope, SignedReceipt, UnixMillis, WorkOrder};
use serde::{Deserialize, Serialize};

/// What an exported case calls itself.
pub const BUNDLE_FORMAT: &str = "shenhai-case";
/// Version of the exported case this crate reads and writes.
pub const BUNDLE_VERSION: u32 = 2;

wire_enum! {
    /// The three classes of data whose log is anchored outside. Each has a log of its own.
    DataClass {
        /// 工单办结: the receipts of all commands on work orders.
        OrderClosing,
        /// 核查证据
        InspectionEvidence,
        /// 评价记录
        Rating,
    }
}

impl DataClass {
    /// Its name on the wire and in the gateway's tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OrderClosing => "order_closing",
            Self::InspectionEvidence => "inspection_evidence",
            Self::Rating => "rating",
        }
    }
}

/// The signed content of a log's head: everything the log held at one moment, in one hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TreeHead {
    /// [`crate::PROTOCOL_VERSION`].
    pub v: u32,
    /// Which log.
    pub class: DataClass,
    /// The gateway's epoch: after a restored backup it is another, and so is the log.
    pub epoch: String,
    /// Leaves.
    pub size: u64,
    /// Root of the Merkle tree over them.
    pub root: HexHash,
    /// When it was signed.
    pub at: UnixMillis,
}

/// A head on the wire: the exact text, and the gateway's SM2 signature (`r‖s`, 128 hex digits) over
/// [`SignedHead::signed_text`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    /// JSON of a [`TreeHead`].
    pub payload: String,
    /// The signature.
    pub sig: String,
}

impl SignedHead {
    /// What is signed.
    #[must_use]
    pub fn signed_text(payload: &str) -> String {
        format!("shenhai-tree-head-v1\n{payload}")
    }

    /// Read the payload. Proves nothing: verify the signature first.
    ///
    /// # Errors
    /// When the payload is not the JSON of a [`TreeHead`].
    pub fn open(&self) -> Result<TreeHead, serde_json::Error> {
        serde_json::from_str(&self.payload)
    }
}

/// That a receipt is leaf `index` of the log of `size` leaves. The leaf is the receipt's payload text: its hash is
/// SM3(0x00 ‖ payload), a node's SM3(0x01 ‖ left ‖ right).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LogInclusion {
    /// From 0.
    pub index: u64,
    /// Of the head it leads to.
    pub size: u64,
    /// From the leaf's sibling up.
    pub path: Vec<HexHash>,
}

/// `GET /v1/log/consistency?from&to`: that the log of `to` leaves begins with the log of `from` leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LogConsistency {
    /// Leaves of the older log.
    pub from: u64,
    /// Leaves of the newer log.
    pub to: u64,
    /// The proof of RFC 9162 §2.1.4; empty for equal sizes and from 0.
    pub path: Vec<HexHash>,
}

/// One command of an order with what proves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProofEntry {
    /// The command as signed by the device.
    pub envelope: SignedEnvelope,
    /// The gateway's receipt.
    pub receipt: SignedReceipt,
    /// The device's SM2 key, 130 hex digits.
    pub device_key: String,
    /// What its owner calls it.
    pub device_name: String,
    /// The actor's name.
    pub actor_name: String,
    /// Where the receipt stands in the log.
    #[serde(default)]
    pub inclusion: Option<LogInclusion>,
}

/// `GET /v1/orders/{id}/proof`: every receipted command of an order, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderProof {
    /// The order.
    pub order_id: OrderId,
    /// The commands.
    pub entries: Vec<ProofEntry>,
    /// The gateway's SM2 key, 130 hex digits.
    pub gateway_key: String,
    /// Base64 of DER: the gateway's present certificate, then those of earlier keys that signed one of the receipts.
    #[serde(default)]
    pub gateway_certificates: Vec<String>,
    /// The head the entries' inclusions lead to.
    #[serde(default)]
    pub head: Option<SignedHead>,
}

/// A command of an exported case, as the case's record names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CaseCommand {
    /// Which.
    pub cmd_id: CmdId,
    /// SM3 of its payload.
    pub hash: HexHash,
    /// Who acted, by name.
    pub actor_name: String,
    /// SM3 of the text of the device's certificate that came with it; `None` where the device had none then.
    pub certificate: Option<HexHash>,
}

/// A device of an exported case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CaseDevice {
    /// Which.
    pub id: DeviceId,
    /// What its owner calls it.
    pub name: String,
    /// Since when its key no longer counts. What was receipted before stays good.
    pub revoked_at: Option<UnixMillis>,
}

/// A file that belongs to an exported case and travels beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// Its name, without a folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SM3 of its content.
    pub hash: HexHash,
}

/// That a head of the log was written into an outside chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AnchorRecord {
    /// The head that was written.
    pub head: SignedHead,
    /// What was written: SM3 of the head's payload.
    pub digest: HexHash,
    /// Which chain.
    pub chain: String,
    /// The chain's id of the transaction.
    pub transaction: String,
    /// When the chain took it.
    pub at: UnixMillis,
    /// That the case's head continues the log of this one.
    pub consistency: Vec<HexHash>,
}

/// The gateway's own statement about an exported case: what is not already signed command by command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CaseRecord {
    /// [`BUNDLE_VERSION`].
    pub v: u32,
    /// When it was exported.
    pub exported_at: UnixMillis,
    /// The order as known then, the caller masked.
    pub order: WorkOrder,
    /// Every receipted command of the order, oldest first.
    pub commands: Vec<CaseCommand>,
    /// The devices that signed them.
    pub devices: Vec<CaseDevice>,
    /// Files that belong to it.
    pub files: Vec<CaseFile>,
    /// Where the log was anchored, if it was.
    pub anchor: Option<AnchorRecord>,
    /// An emulator stood in for the service that signs this or one of the receipts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub emulated: bool,
}

/// The record on the wire: the exact text, and the gateway's SM2 signature over [`SignedCase::signed_text`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedCase {
    /// JSON of a [`CaseRecord`].
    pub payload: String,
    /// The signature.
    pub sig: String,
}

impl SignedCase {
    /// What is signed.
    #[must_use]
    pub fn signed_text(payload: &str) -> String {
        format!("shenhai-case-v1\n{payload}")
    }

    /// Read the payload. Proves nothing: verify the signature first.
    ///
    /// # Errors
    /// When the payload is not the JSON of a [`CaseRecord`].
    pub fn open(&self) -> Result<CaseRecord, serde_json::Error> {
        serde_json::from_str(&self.payload)
    }
}

/// A command of an exported case with what proves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CaseEntry {
    /// The command as signed by the device.
    pub envelope: SignedEnvelope,
    /// The gateway's receipt.
    pub receipt: SignedReceipt,
    /// The device's SM2 key, 130 hex digits; the device's id is made from it.
    pub device_key: String,
    /// The device's certificate in force then (`CN` = device id, `OU` = user id), base64 of DER; `None` for a device
    /// from before there were certificates.
    pub device_certificate: Option<String>,
    /// Where the receipt stands in the log.
    pub inclusion: LogInclusion,
}

/// `GET /v1/orders/{id}/bundle`, kept as a file `*.shenhai-case.json`: an order's whole evidence, to be checked
/// with nothing but the authority's certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CaseBundle {
    /// [`BUNDLE_FORMAT`].
    pub format: String,
    /// [`BUNDLE_VERSION`].
    pub v: u32,
    /// The authority's certificate, base64 of DER. Proves nothing by itself: it is compared with one that came
    /// another way.
    pub authority_certificate: String,
    /// The gateway's certificates, base64 of DER: the present one, then earlier ones that signed something here.
    pub gateway_certificates: Vec<String>,
    /// The gateway's statement.
    pub record: SignedCase,
    /// The commands, oldest first.
    pub entries: Vec<CaseEntry>,
    /// The head the entries' inclusions lead to.
    pub head: SignedHead,
}
