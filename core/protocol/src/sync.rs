//! Push, pull and wake: how commands go up and state comes down.

use crate::{
    ErrorCode, HexHash, LawRef, OrderId, RecordRef, ScopeId, SignedEnvelope, SignedHead, SignedReceipt,
    UnixMillis, WorkOrder,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `POST /v1/push`: commands of one device in `device_seq` order, at most [`crate::limits::PUSH_COMMANDS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PushRequest {
    /// The commands.
    pub commands: Vec<SignedEnvelope>,
}

/// Why the gateway went no further in a batch. Nothing from `index` on had any effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushStop {
    /// Position in the batch of the first command without a receipt.
    pub index: usize,
    /// Why.
    pub code: ErrorCode,
    /// With [`ErrorCode::SeqGap`]: the `device_seq` the gateway wants next.
    pub expected_seq: Option<u64>,
}

/// Answer to a push. The HTTP status is 200 when at least one receipt was given or nothing stopped the
/// batch, else the status of the stop's code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushReply {
    /// One per command, in order, up to the stop.
    pub receipts: Vec<SignedReceipt>,
    /// Where and why it stopped.
    pub stopped: Option<PushStop>,
    /// Now.
    pub server_time: UnixMillis,
}

/// A record as a scope shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HeldRecord {
    /// Which.
    pub record: RecordRef,
    /// How many entries have made it what it is.
    pub rev: u64,
    /// The law it stands under.
    pub law: LawRef,
    /// Its document, as docs/record.md says. Personal data stands in it as commitments.
    pub document: String,
    /// What the scope may see of the personal data.
    pub shown: Vec<Shown>,
    /// What the people and units on its seats and in its history are called, by their ids.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
}

/// One piece of a record's personal data, as far as a scope may see it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// What it opens or stands for: the commitment in the document, 64 hex digits.
    pub commitment: HexHash,
    /// Under which label it was committed to.
    pub label: String,
    /// The salt, 32 hex digits; absent where only a mask is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// The value in its type's spelling, or its mask.
    pub text: String,
}

impl std::fmt::Debug for Shown {
    // The text is what is kept from view.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

/// What happened to an order in a scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChangeKind {
    /// The order as it now is.
    Upsert {
        /// The order.
        order: Box<WorkOrder>,
    },
    /// It left the scope.
    Remove {
        /// Which.
        order_id: OrderId,
    },
    /// A record of a pack as it now is.
    Record {
        /// The record.
        record: Box<HeldRecord>,
    },
    /// A record of a pack left the scope.
    Gone {
        /// Which.
        record: RecordRef,
    },
}

/// One entry of a scope's change log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// Its number. An answer may leave out numbers whose order changed again later in the log.
    pub n: u64,
    /// What happened.
    #[serde(flatten)]
    pub kind: ChangeKind,
}

/// `GET /v1/pull?scope&cursor&epoch&limit`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PullReply {
    /// The log's epoch.
    pub epoch: String,
    /// The scope.
    pub scope: ScopeId,
    /// Ask with this cursor next.
    pub cursor: u64,
    /// The scope's last change number.
    pub head: u64,
    /// In order of `n`.
    pub changes: Vec<Change>,
    /// There is more after `cursor`.
    pub more: bool,
    /// Last `device_seq` of this device the gateway holds.
    pub device_seq: u64,
    /// Now.
    pub server_time: UnixMillis,
    /// The last head of the log of receipts, see `crate::SignedHead`. Missing where none could be signed just now.
    #[serde(default)]
    pub log: Option<SignedHead>,
}

/// `POST /v1/wake`: answer as soon as one of these scopes has a head beyond the cursor, or after the wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WakeRequest {
    /// Cursor per scope.
    pub cursors: BTreeMap<String, u64>,
    /// Longest wait, milliseconds, at most [`crate::limits::WAKE_MILLIS`].
    pub wait_ms: u64,
}

/// Answer to a wake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WakeReply {
    /// Scopes with something new and their heads; empty after a quiet wait.
    pub heads: BTreeMap<String, u64>,
    /// Now.
    pub server_time: UnixMillis,
}
