//! The waist: every request a user interface can make and the shape of every answer.
//!
//! Only types. `crate::dispatch` carries the requests out; the TypeScript twin of this file is generated
//! into `miniapp/ui/src/core/gen` by `cargo xtask bindings`.

mod facts;
mod records;
mod trust;
mod views;
#[cfg(feature = "ts")]
pub use facts::MethodTypes;
pub use facts::{Facts, Needs};
pub use records::*;
pub use trust::*;
pub use views::*;

use facts::rpc_methods;
use serde::{Deserialize, Serialize};
use shenhai_protocol::{
    CmdId, ContactForm, ErrorCode, FormIssue, FormKind, OrderId, ReplyForm, ReturnForm, UserId,
};

// `impersonal`: shows no order, no draft and no content of a command. `repeatable`: `draft.save` and `network.hint` say a
// whole value, so saying it twice leaves the same; what signs or removes something is answered `core_restarted` instead,
// and the page looks at the state and asks the person.
rpc_methods! {
    /// Who is signed in, and how safe unsent work is on this device.
    SessionStatus "session.status" (Empty) -> SessionStatus [answered_locked repeatable];
    /// Where to send the browser to sign in. Remembers `state` until `session.sign_in`.
    SessionBegin "session.begin" (BeginParams) -> BeginReply [impersonal];
    /// Trade the container's one-time code for a session. `unauthenticated` when another person than the last one
    /// signed in on this device: begin once more, then the right key is offered.
    SessionSignIn "session.sign_in" (SignInParams) -> SessionStatus [impersonal];
    /// End the session. Unsent work stays, sealed; received orders are removed.
    SessionSignOut "session.sign_out" (Empty) -> SessionStatus [impersonal];

    /// One page of the signed-in user's orders, most urgent first.
    OrdersList "orders.list" (ListParams) -> OrderList [repeatable];
    /// One order with drafts, unsent commands and what may be done next.
    OrdersGet "orders.get" (OrderParams) -> OrderDetail [repeatable];
    /// 签收.
    OrdersAccept "orders.accept" (OrderParams) -> OrderDetail;
    /// 先行联系. Refused with `form_invalid` and the issues when the form breaks a rule; the draft is kept.
    OrdersContact "orders.contact" (SubmitParams<ContactForm>) -> OrderDetail;
    /// 办结. As `orders.contact`.
    OrdersReply "orders.reply" (SubmitParams<ReplyForm>) -> OrderDetail;
    /// 退单. As `orders.contact`.
    OrdersReturn "orders.return" (SubmitParams<ReturnForm>) -> OrderDetail;
    /// The caller's name and phone in full. Every call is recorded as a signed command.
    OrdersReveal "orders.reveal" (OrderParams) -> RevealedCaller;
    /// 改派: give the order to another handler. For reviewers. `form_invalid` when it is theirs already or the reason is too
    /// long; what the gateway decides shows in the order and the outbox.
    OrdersReassign "orders.reassign" (ReassignParams) -> OrderDetail;
    /// Fetch an order's signed commands and receipts and verify them on this device.
    OrdersProof "orders.proof" (OrderParams) -> ProofReport [repeatable];
    /// Export an order's whole evidence as one file. For reviewers; checked on this device first.
    OrdersBundle "orders.bundle" (OrderParams) -> BundleFile [repeatable];

    /// The packs the person can work with: their lists, and what can be opened.
    RecordsPacks "records.packs" (Empty) -> PacksView [repeatable];
    /// One page of a list. `not_found` where the pack or the list is not here.
    RecordsList "records.list" (RecordListParams) -> RecordList [repeatable];
    /// One record, unsent acts of this device included, with what may be done next.
    RecordsGet "records.get" (RecordKey) -> RecordDetail [repeatable];
    /// The questions of an act's form, with what was typed before.
    FormOpen "form.open" (ActKey) -> FormView [repeatable];
    /// What is wrong with the answers so far, and whether the act would be taken.
    RecordsCheck "records.check" (ActParams) -> ActReport [repeatable];
    /// Keep what has been typed so far. Called after every change.
    RecordsSave "records.save" (ActParams) -> DraftSaved [repeatable];
    /// Throw away what was typed.
    RecordsDiscard "records.discard" (ActKey) -> DraftSaved;
    /// Sign an act and queue it. Refused as the gateway would refuse it now; what was typed is kept then, and
    /// `records.check` says what is wrong.
    RecordsAct "records.act" (ActParams) -> ActDone;
    /// Take a parked act back, to be filled in anew. `wrong_state` when it is not parked.
    RecordsMend "records.mend" (MendParams) -> ActMended;

    /// Whom a reviewer may give orders to, and how much each has to do. Asks the gateway.
    PeopleList "people.list" (Empty) -> shenhai_protocol::PeopleList [repeatable];

    /// Keep what has been typed so far. Called after every change.
    DraftSave "draft.save" (DraftParams) -> DraftSaved [repeatable];
    /// Throw a draft away.
    DraftDiscard "draft.discard" (DraftKey) -> DraftSaved;
    /// What a form asks, offers and still wants as it is answered, without submitting it.
    FormCheck "form.check" (DraftParams) -> FormReport [repeatable];

    /// Commands that are not done: waiting, in trouble or parked; and drafts of orders that left. Without their content
    /// once the lease ended.
    OutboxList "outbox.list" (Empty) -> OutboxList [impersonal repeatable];
    /// Sign a parked command's content anew and queue it again. `form_invalid` with the issues when its form breaks a
    /// rule by now: then it has to be mended.
    OutboxRetry "outbox.retry" (CommandParams) -> OutboxList;
    /// Take a parked command back into the draft of its form, to be mended and submitted again. `wrong_state` when
    /// nothing was typed into it or the order cannot be handled so any more.
    OutboxMend "outbox.mend" (MendParams) -> MendReply;
    /// Give a parked command up. Its content is gone afterwards.
    OutboxDiscard "outbox.discard" (CommandParams) -> OutboxList;

    /// Whether the data on this device is open. While it is not, every call but these and `session.status` is
    /// answered `locked` or `erased`.
    LockStatus "lock.status" (Empty) -> LockStatus [answered_locked repeatable];
    /// A person touched the page: what the lock counts from. A user interface tells it for every
    /// touch and key, some seconds apart; without effect while the data is shut.
    LockTouch "lock.touch" (Empty) -> LockStatus [answered_locked counts_as_use repeatable];
    /// Set or change the PIN. `form_invalid` when it is too short or not of digits, `pin_wrong` when the old one is.
    LockSetPin "lock.set_pin" (SetPinParams) -> LockStatus [answered_locked counts_as_use];
    /// Open the data. `pin_wrong`, which counts each time; after the last attempt `erased`; `rate_limited` before the
    /// pause is over.
    LockUnlock "lock.unlock" (UnlockParams) -> LockStatus [answered_locked];
    /// Close the data and forget its keys. `wrong_state` where there is no PIN.
    LockLock "lock.lock" (Empty) -> LockStatus [answered_locked repeatable];
    /// Do without a PIN. `forbidden` where the rules want one.
    LockClearPin "lock.clear_pin" (PinParams) -> LockStatus [answered_locked];
    /// Let the platform open the data after it recognised the person, or no longer.
    LockSetBiometric "lock.set_biometric" (BiometricParams) -> LockStatus [answered_locked];
    /// Destroy the key of everything on this device.
    LockErase "lock.erase" (EraseParams) -> LockStatus [answered_locked];

    /// This device's key, certificate and lease.
    DeviceStatus "device.status" (Empty) -> DeviceStatus [impersonal repeatable];
    /// Take a new key, endorsed by the present one. `wrong_state` while something sent is not answered.
    DeviceRotate "device.rotate" (Empty) -> DeviceStatus [impersonal];
    /// Every device; only for an administrator.
    DevicesList "devices.list" (Empty) -> shenhai_protocol::DeviceList [impersonal repeatable];
    /// A one-time code for one person's new device; only for an administrator.
    DevicesInvite "devices.invite" (InviteParams) -> shenhai_protocol::Invitation [impersonal];
    /// Revoke a device; only for an administrator.
    DevicesRevoke "devices.revoke" (DeviceParams) -> shenhai_protocol::DeviceList [impersonal];
    /// Let the owner of a revoked device take a new one without a code; only for an administrator.
    DevicesRelease "devices.release" (DeviceParams) -> shenhai_protocol::DeviceList [impersonal];

    /// How synchronisation stands.
    SyncStatus "sync.status" (Empty) -> SyncStatus [impersonal repeatable];
    /// Try now instead of waiting.
    SyncNow "sync.now" (Empty) -> SyncStatus [impersonal repeatable];
    /// The host saw the network come or go.
    NetworkHint "network.hint" (NetworkParams) -> SyncStatus [impersonal repeatable];
}

/// No parameters: `{}`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// Parameters of `session.begin`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct BeginParams {
    /// Where the container sends the person back to: this page's own address.
    pub redirect_uri: String,
}

/// Parameters of `session.sign_in`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SignInParams {
    /// The one-time code from the container's redirect.
    pub code: String,
    /// The `state` from the redirect; must be the one `session.begin` gave.
    pub state: String,
    /// The `state` of `session.begin` as the page itself kept it across the redirect. Used only by a core that
    /// keeps nothing (`best_effort`): leaving for the container's page ended it.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub kept_state: Option<String>,
    /// The one-time code of an invitation as typed, or the whole text of its QR code; then the gateway's authority
    /// must be the one the QR code names.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub enrolment_code: Option<String>,
}

/// Names one order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct OrderParams {
    /// Which.
    pub id: OrderId,
}

/// Names one command.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct CommandParams {
    /// Which.
    pub cmd_id: CmdId,
}

/// Parameters of `orders.list`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ListParams {
    /// Which tab.
    pub filter: OrderFilter,
    /// Text that must occur in number, title, address or content; empty for all.
    #[serde(default)]
    pub search: String,
    /// How many to leave out from the start.
    #[serde(default)]
    pub offset: u32,
    /// How many at most, 1–200.
    pub limit: u32,
}

/// Parameters of `orders.reassign`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ReassignParams {
    /// Which order.
    pub id: OrderId,
    /// Whose it becomes.
    pub to: UserId,
    /// Why, at most 500 characters; may be empty.
    #[serde(default)]
    pub reason: String,
}

/// An order and a filled form.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SubmitParams<F> {
    /// Which order.
    pub id: OrderId,
    /// What was filled in.
    pub form: F,
}

/// Names one draft.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct DraftKey {
    /// Which order.
    pub id: OrderId,
    /// Which of its forms.
    pub kind: FormKind,
}

/// Parameters of `draft.save` and `form.check`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct DraftParams {
    /// Which order.
    pub id: OrderId,
    /// The form.
    pub draft: Draft,
}

/// Parameters of `network.hint`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct NetworkParams {
    /// Whether the host believes there is a network.
    pub online: bool,
}

/// What a failed call answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RpcError {
    /// Which.
    pub code: ErrorCode,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// English, for the log; the UI shows its own text for `code`.
    pub message: String,
    /// With `form_invalid`: what is wrong where.
    pub issues: Vec<FormIssue>,
}

/// Answer of one call: `{"ok": …}` or `{"error": …}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Outcome<T> {
    /// It worked.
    Ok(T),
    /// It did not.
    Error(RpcError),
}

/// What can be followed with `subscribe`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// The signed-in user changed.
    Session,
    /// An order, a record, a pack, a draft or an unsent command changed.
    Orders,
    /// The outbox changed.
    Outbox,
    /// [`SyncStatus`] changed.
    Sync,
    /// [`LockStatus`] changed.
    Lock,
}

/// Something changed: fetch it anew. The first event of a subscription gives every topic's version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Event {
    /// What.
    pub topic: Topic,
    /// Counts up with every change; a jump means events were merged.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub version: u64,
}
