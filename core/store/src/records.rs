//! What is kept, as the client sees it.

use serde::{Deserialize, Serialize};
use shenhai_protocol::{
    ActName, DeviceId, ErrorCode, FormKind, HeldRecord, HexHash, Kind, Matter, OrderId, RecordRef, ScopeId,
    UnixMillis, UserId, UserInfo, WorkOrder,
};
use shenhai_sync::Row;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// A device key and where its chain stands. Each user of an installation has one, so that chains never mix.
#[derive(Clone)]
pub struct Identity {
    /// Derived from the key.
    pub device_id: DeviceId,
    /// Whose it is; `None` until somebody signs in with it.
    pub user: Option<UserId>,
    /// SM2 secret key. Boxed: moving it would leave copies of the bytes behind.
    pub secret: Box<Zeroizing<[u8; 32]>>,
    /// Number of the last signed command, 0 for none.
    pub last_seq: u64,
    /// SM3 of its payload.
    pub last_hash: HexHash,
    /// Number of the last receipted command.
    pub acked_seq: u64,
    /// SM3 of its payload.
    pub acked_hash: HexHash,
}

/// The session, sealed as a whole.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Bearer token.
    pub token: String,
    /// When it ends.
    pub expires_at: UnixMillis,
    /// Who.
    pub user: UserInfo,
    /// What they may follow.
    pub scopes: Vec<ScopeId>,
    /// The gateway's key, pinned at sign-in; 130 hex digits.
    pub gateway_key: String,
    /// The key it is bound to.
    pub device_id: DeviceId,
    /// It ended by itself; the person works on offline.
    pub ended: Option<ErrorCode>,
}

/// A sign-in that was begun; survives the page's trip to the container and back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLogin {
    /// What has to come back with the code.
    pub state: String,
    /// When it was begun.
    pub begun_at: UnixMillis,
}

/// How far the copy of a scope is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeCopy {
    /// Which.
    pub scope: ScopeId,
    /// The log's epoch; empty before the first pull.
    pub epoch: String,
    /// Everything up to this change is here.
    pub cursor: u64,
    /// Once pulled to its end.
    pub complete: bool,
}

/// One page of a pull, to be taken over in one transaction.
#[derive(Debug, Clone)]
pub struct PageOfChanges {
    /// State of the copy after it.
    pub copy: ScopeCopy,
    /// Orders as they now are.
    pub upserts: Vec<WorkOrder>,
    /// Orders that left the scope.
    pub removes: Vec<OrderId>,
    /// Records of packs as they now are.
    pub records: Vec<HeldRecord>,
    /// Records of packs that left the scope.
    pub gone: Vec<RecordRef>,
}

/// A draft with its content still as the JSON the client gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDraft {
    /// Of which order.
    pub order: OrderId,
    /// Which form.
    pub kind: FormKind,
    /// When it was kept.
    pub saved_at: UnixMillis,
    /// JSON.
    pub json: String,
}

/// What was typed for an act, its content still as the JSON the client gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptActDraft {
    /// Of which kind the record is.
    pub kind: Kind,
    /// Which record; `None` for an act that opens one.
    pub id: Option<OrderId>,
    /// The act.
    pub act: ActName,
    /// When it was kept.
    pub saved_at: UnixMillis,
    /// JSON.
    pub json: String,
}

/// A pack as it is kept: exactly the files that came.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptPack {
    /// SM3 of its law, 64 hex digits.
    pub law: HexHash,
    /// SM3 of its face.
    pub face: HexHash,
    /// Text of every file by its path.
    pub files: BTreeMap<String, String>,
}

/// What remains of an order for the person's own unsent work on it, once the order itself has left the device: by what
/// the person knows it, and what its forms read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenOrder {
    /// 工单编号.
    pub source_no: String,
    /// 标题.
    pub title: String,
    /// 诉求类型.
    pub matter: Matter,
    /// 复核单.
    pub is_review: bool,
    /// 受理时间.
    pub received_at: UnixMillis,
}

/// A row of the outbox without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// What the machine moves.
    pub row: Row,
    /// Signed by which device.
    pub device_id: DeviceId,
    /// The scope in which its order was seen; changes of this scope cover it.
    pub scope: ScopeId,
    /// Of which kind the record is.
    pub record_kind: Kind,
    /// What it does.
    pub act: ActName,
    /// When it was made.
    pub created_at: UnixMillis,
    /// SM3 of its payload.
    pub hash: HexHash,
    /// Its effect is part of the state from this change number of its scope on; `None` before a receipt, and once that
    /// no longer matters.
    pub covered_by: Option<u64>,
    /// When the gateway took it.
    pub server_time: Option<UnixMillis>,
}
