//! What a screen shows, ready to show: masked, sorted, with what may be done next.

use super::{ActDraft, ActItem, LockState};
use serde::{Deserialize, Serialize};
use shenhai_proof::{Finding, Status};
use shenhai_protocol::{
    AppealFinding, Channel, CmdId, CommandKind, ContactForm, DeviceId, ErrorCode, FactFinding, FormIssue,
    FormKind, HexHash, Matter, OrderId, OrderState, Point, ReplyForm, ReplyMode, ReturnForm, Satisfaction,
    SiteVisit, TimelineEntry, UnitId, UnixMillis, UnreachedReason, Urgency, UserId, UserInfo,
};

/// How safe unsent work is on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Written to disk before a call returns; survives a crash.
    Durable,
    /// In memory only: closing the page loses what was not sent.
    BestEffort,
}

/// Answer of `session.status`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionStatus {
    /// Who is signed in.
    pub user: Option<UserInfo>,
    /// The session ended by itself: work goes on offline, sending needs a new sign-in.
    pub expired: bool,
    /// This device was revoked: received orders are gone, unsent work stays sealed until its author signs in anew.
    pub revoked: bool,
    /// Whether the data on this device is open. While it is not, nobody is shown as signed in.
    pub lock: LockState,
    /// Too long without the gateway: personal data stays shut until the next synchronisation.
    pub lease_expired: bool,
    /// The data on this device is, or was when it was opened, older than what this device last wrote. Unsent work
    /// that is here is kept.
    pub rollback_suspected: bool,
    /// The gateway's log of receipts is not the one this device saw before: it shrank or was rewritten. For good;
    /// work and synchronisation go on.
    pub log_forked: bool,
    /// This device; empty while locked.
    pub device_id: DeviceId,
    /// First 16 hex digits of SM3(public key), for comparing by eye; empty while locked.
    pub key_fingerprint: String,
    /// How safe unsent work is here.
    pub durability: Durability,
    /// The data on this device was damaged when the app started. It was put aside and rebuilt; what could be
    /// read of drafts and unsent commands was carried over.
    pub recovered: bool,
}

/// Answer of `session.begin`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BeginReply {
    /// Send the browser there.
    pub authorize_url: String,
    /// Comes back with the code.
    pub state: String,
}

/// The tabs of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum OrderFilter {
    /// Everything that is not finished.
    Open,
    /// 已超期.
    Overdue,
    /// 今日到期.
    DueToday,
    /// 待签收.
    ToAccept,
    /// 待联系.
    ToContact,
    /// 已办结 or 已退单.
    Done,
}

/// How many orders each tab holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OrderCounts {
    /// [`OrderFilter::Open`].
    pub open: u32,
    /// [`OrderFilter::Overdue`].
    pub overdue: u32,
    /// [`OrderFilter::DueToday`].
    pub due_today: u32,
    /// [`OrderFilter::ToAccept`].
    pub to_accept: u32,
    /// [`OrderFilter::ToContact`].
    pub to_contact: u32,
    /// [`OrderFilter::Done`].
    pub done: u32,
}

/// What is due next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NextDue {
    /// The form that has to be in by then: `contact` or `reply`.
    pub kind: FormKind,
    /// By when.
    pub at: UnixMillis,
}

/// One row of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OrderSummary {
    /// Our id.
    pub id: OrderId,
    /// Where it came from.
    pub channel: Channel,
    /// 工单编号.
    pub source_no: String,
    /// 标题.
    pub title: String,
    /// 诉求类型.
    pub matter: Matter,
    /// 事项分类.
    pub category: String,
    /// 紧急程度.
    pub urgency: Urgency,
    /// Where it stands, the device's own unsent commands included.
    pub state: OrderState,
    /// 区.
    pub district_name: String,
    /// 地址.
    pub address: String,
    /// 受理时间.
    pub received_at: UnixMillis,
    /// What is due next; `None` once finished.
    pub next_due: Option<NextDue>,
    /// That instant has passed.
    pub overdue: bool,
    /// The deadline rests on an unpublished calendar.
    pub provisional: bool,
    /// 复核单.
    pub is_review: bool,
    /// 督办.
    pub supervised: bool,
    /// 催单 count.
    pub urge_count: u32,
    /// 承办单位.
    pub unit_name: String,
    /// 经办人.
    pub handler_name: String,
    /// Commands of this device that are not receipted yet.
    pub pending: u32,
    /// One of them is parked and needs the person.
    pub parked: bool,
    /// Something was typed and not submitted.
    pub has_draft: bool,
}

/// Answer of `orders.list`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OrderList {
    /// The page.
    pub items: Vec<OrderSummary>,
    /// How many match filter and search.
    pub total: u32,
    /// Per tab, without the search.
    pub counts: OrderCounts,
    /// Now, by the server's clock as this device knows it: count down from here.
    pub now: UnixMillis,
}

/// The citizen as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallerView {
    /// Masked name.
    pub name: String,
    /// Masked phone.
    pub phone: String,
    /// 匿名.
    pub anonymous: bool,
    /// 保密.
    pub confidential: bool,
    /// `orders.reveal` may be called.
    pub revealable: bool,
}

/// Answer of `orders.reveal`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RevealedCaller {
    /// Name.
    pub name: String,
    /// Phone.
    pub phone: String,
}

/// How far a record has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Signed and kept on this device.
    OnDevice,
    /// The gateway has it.
    Received,
    /// The gateway refused it, or it cannot be sent; see the outbox.
    Parked,
}

/// A submitted form with who, when and how far it got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RecordView<F> {
    /// What was filled in.
    pub form: F,
    /// By whom.
    pub by_name: String,
    /// When they did it.
    pub client_time: UnixMillis,
    /// When the gateway took it.
    pub server_time: Option<UnixMillis>,
    /// The command.
    pub cmd_id: CmdId,
    /// SM3 of the signed payload.
    pub hash: HexHash,
    /// How far it got.
    pub delivery: Delivery,
}

/// A form being filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "kind", content = "form", rename_all = "snake_case")]
pub enum Draft {
    /// 先行联系.
    Contact(ContactForm),
    /// 处置反馈.
    Reply(ReplyForm),
    /// 退单.
    Return(ReturnForm),
}

/// A kept draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct KeptDraft {
    /// The form.
    pub draft: Draft,
    /// When it was last kept.
    pub saved_at: UnixMillis,
}

/// Answer of `orders.get`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OrderDetail {
    /// As in the list.
    pub summary: OrderSummary,
    /// 诉求内容.
    pub content: String,
    /// 地图点.
    pub point: Option<Point>,
    /// 重复工单号.
    pub duplicate_of: Option<String>,
    /// 先行联系 due.
    pub contact_by: UnixMillis,
    /// 办结 due.
    pub finish_by: UnixMillis,
    /// 承办单位; its name is in the summary.
    pub unit: UnitId,
    /// 经办人, likewise.
    pub handler: UserId,
    /// The citizen.
    pub caller: CallerView,
    /// 先行联系.
    pub contact: Option<RecordView<ContactForm>>,
    /// The reply.
    pub reply: Option<RecordView<ReplyForm>>,
    /// The return.
    pub returned: Option<RecordView<ReturnForm>>,
    /// Oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// What was typed and not submitted.
    pub drafts: Vec<KeptDraft>,
    /// What this user may do now.
    pub actions: Vec<CommandKind>,
    /// Not receipted commands of this device for this order.
    pub outbox: Vec<OutboxItem>,
    /// Now, as in [`OrderList::now`].
    pub now: UnixMillis,
}

/// Answer of `draft.save` and `draft.discard`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DraftSaved {
    /// When.
    pub saved_at: UnixMillis,
}

/// Answer of `form.check`: all that a page has to know of a form as it is answered. Answers to questions that are not
/// asked do not count.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FormReport {
    /// Empty when the form may be submitted.
    pub issues: Vec<FormIssue>,
    /// Fields that must be answered, the answered ones included; names as in the form's JSON.
    pub required: Vec<String>,
    /// Fields that are asked now, the required ones included.
    pub relevant: Vec<String>,
    /// What the choice fields offer.
    pub offered: FormOptions,
}

/// What the choice fields of a form offer for its order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FormOptions {
    /// 未联原因.
    pub unreached_reason: Vec<UnreachedReason>,
    /// 事实认定 for this order's matter.
    pub fact: Vec<FactFinding>,
    /// 诉求认定.
    pub appeal: Vec<AppealFinding>,
    /// 现场查看.
    pub site_visit: Vec<SiteVisit>,
    /// 是否满意.
    pub satisfaction: Vec<Satisfaction>,
    /// 答复方式.
    pub mode: Vec<ReplyMode>,
    /// Most characters in any text.
    pub text_chars: u32,
}

/// Where a command of the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    /// Waits for its turn or for the network.
    Queued,
    /// Being sent.
    Sending,
    /// Waits after a failure.
    Backoff,
    /// An earlier command of the same order is parked.
    Blocked,
    /// Needs the person: retry or discard.
    Parked,
}

/// One command that is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OutboxItem {
    /// Which.
    pub cmd_id: CmdId,
    /// Its order.
    pub order_id: OrderId,
    /// The order's number, as last seen; `None` where it is not known, and while the lease is over.
    pub order_no: Option<String>,
    /// The order's title, likewise.
    pub order_title: Option<String>,
    /// The order is no longer on this device: it was given to somebody else, or the person may not see it any more.
    pub order_left: bool,
    /// What it does.
    pub kind: CommandKind,
    /// The person's own text, so that nothing typed is out of sight.
    pub text: String,
    /// When it was made.
    pub created_at: UnixMillis,
    /// Where it stands.
    pub state: OutboxState,
    /// Times sent.
    pub attempts: u32,
    /// Next try.
    pub next_at: Option<UnixMillis>,
    /// Why it waits or was parked.
    pub reason: Option<ErrorCode>,
    /// It is parked, and `outbox.mend` opens its form with what was typed.
    pub mendable: bool,
}

/// Parameters of `outbox.mend` and `records.mend`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct MendParams {
    /// Which.
    pub cmd_id: CmdId,
    /// Another draft of the same form may be replaced.
    #[serde(default)]
    pub replace_draft: bool,
}

/// Answer of `outbox.mend`: which form to open.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MendReply {
    /// Of which order.
    pub order_id: OrderId,
    /// Which of its forms; its draft holds what was typed.
    pub kind: FormKind,
    /// There is another draft of that form and nothing was done: ask the person, then say `replace_draft`.
    pub draft_in_the_way: bool,
}

/// What somebody typed and did not submit, of an order that left this device meanwhile. It can be read, copied and
/// discarded (`draft.discard`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LeftDraft {
    /// The order.
    pub order_id: OrderId,
    /// Its number as last seen; `None` where it is not known, and while the lease is over.
    pub order_no: Option<String>,
    /// Its title, likewise.
    pub order_title: Option<String>,
    /// Which of its forms.
    pub kind: FormKind,
    /// What was typed; `None` while the lease is over.
    pub draft: Option<Draft>,
    /// When it was last kept.
    pub saved_at: UnixMillis,
}

/// Answer of `outbox.list`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OutboxList {
    /// Oldest first.
    pub items: Vec<OutboxItem>,
    /// Drafts of orders that left, by order.
    pub left_drafts: Vec<LeftDraft>,
    /// Acts on records of packs, oldest first.
    pub acts: Vec<ActItem>,
    /// Drafts of acts on records that left, by record; empty while the lease is over.
    pub left_acts: Vec<ActDraft>,
}

/// What synchronisation is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SyncPhase {
    /// Nobody is signed in.
    SignedOut,
    /// Everything is sent and received; waiting for news.
    Idle,
    /// Sending.
    Pushing,
    /// Receiving.
    Pulling,
    /// Waiting after a failure.
    Backoff,
    /// The host says there is no network.
    Offline,
}

/// Answer of `sync.status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SyncStatus {
    /// What it is doing.
    pub phase: SyncPhase,
    /// Commands not receipted.
    pub pending: u32,
    /// Of these, parked.
    pub parked: u32,
    /// Last complete round.
    pub last_ok_at: Option<UnixMillis>,
    /// Next try after a failure.
    pub next_try_at: Option<UnixMillis>,
    /// Last failure since the last complete round.
    pub last_error: Option<ErrorCode>,
    /// The first pull of the user's orders is complete.
    pub loaded: bool,
    /// Device clock minus server clock, milliseconds, as last seen.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub clock_skew_ms: i64,
    /// As in [`SessionStatus::durability`].
    pub durability: Durability,
}

/// What a check of a signature found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// It verifies.
    Valid,
    /// It does not.
    Invalid,
}

/// One command as verified on this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ProofItem {
    /// Which.
    pub cmd_id: CmdId,
    /// What it did.
    pub kind: CommandKind,
    /// Who.
    pub actor_name: String,
    /// On which device.
    pub device_id: DeviceId,
    /// What its owner calls it.
    pub device_name: String,
    /// First 16 hex digits of SM3(public key).
    pub key_fingerprint: String,
    /// When, by the device.
    pub client_time: UnixMillis,
    /// When, by the gateway.
    pub server_time: UnixMillis,
    /// SM3 of the payload.
    pub hash: HexHash,
    /// The device's signature over the payload.
    pub signature: Check,
    /// The gateway's signature over the receipt, and the receipt's hash against the payload.
    pub receipt: Check,
    /// The receipt's place in the gateway's log.
    pub logged: Status,
    /// Which entry of the log it is, counted from 1; `None` where that does not prove right.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub log_position: Option<u64>,
}

/// Answer of `orders.proof`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ProofReport {
    /// The order.
    pub order_id: OrderId,
    /// Oldest first.
    pub items: Vec<ProofItem>,
    /// Nothing is wrong.
    pub all_valid: bool,
    /// What is wrong: which part, and in what way.
    pub findings: Vec<Finding>,
}

/// Answer of `orders.bundle`: a file to be saved.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BundleFile {
    /// `<order>.shenhai-case.json`.
    pub file_name: String,
    /// Its content.
    pub text: String,
}
