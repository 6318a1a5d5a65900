//! Wire types shared by every client and the gateway: what is sent, and nothing about how.
//!
//! Not here: signing (`shenhai-crypto`), rules of the business (`shenhai-flow`), storage, HTTP.
//! Called by every other crate; depends on serde and its JSON alone.
//!
//! The protocol is described in `docs/protocol.md`; golden JSON of every type is in `tests/vectors`.

mod command;
mod entry;
mod envelope;
mod error;
mod forms;
mod ids;
pub mod limits;
mod list;
mod order;
mod packs;
mod proof;
mod receipt;
mod session;
mod sync;
mod trust;

pub use command::{Command, CommandKind, NotItsAnswers};
pub use entry::{Cause, EntryBy, OwnEntry, RecordEntries, RecordStep, SignedEntry};
pub use envelope::{
    Beside, Disclosure, Envelope, EnvelopeError, FileRef, FormRef, LawRef, RecordRef, SignedEnvelope,
    SubmissionRef,
};
pub use error::{ErrorBody, ErrorClass, ErrorCode};
pub use forms::{
    AppealFinding, ContactForm, FactFinding, FormIssue, FormKind, IssueCode, ReplyForm, ReplyMode,
    ReturnForm, Satisfaction, SiteVisit, UnreachedReason,
};
pub use ids::{
    ActName, CmdId, DeviceId, FormName, HexHash, Kind, OrderId, PackName, RoleName, ScopeId, UnitId,
    UnixMillis, UserId, WorkId, ZERO_HASH,
};
pub use list::{ListReply, ListRequest, TabCount};
pub use order::{
    Caller, Channel, ContactRecord, Deadlines, Matter, OrderState, Point, Record, ReplyRecord, ReturnRecord,
    TimelineEntry, TimelineKind, Urgency, WorkOrder,
};
pub use packs::{PackFolder, PackList, PackOffer, PackStage};
pub use proof::{
    AnchorRecord, BUNDLE_FORMAT, BUNDLE_VERSION, CaseBundle, CaseCommand, CaseDevice, CaseEntry, CaseFile,
    CaseRecord, DataClass, LogConsistency, LogInclusion, OrderProof, ProofEntry, SignedCase, SignedHead,
    TreeHead,
};
pub use receipt::{Actor, Asked, Commit, GivenFacts, Receipt, SignedCommit, SignedReceipt, Verdict};
pub use session::{
    DeviceInfo, LoginTarget, PeopleList, PeopleUnit, PersonLoad, Role, SessionGrant, SessionRequest, UserInfo,
};
pub use sync::{
    Change, ChangeKind, HeldRecord, PullReply, PushReply, PushRequest, PushStop, Shown, WakeReply,
    WakeRequest,
};
pub use trust::{
    AccessGrant, Action, AuthorityView, Credentials, Depth, DeviceList, DeviceView, ENROLMENT_ALPHABET,
    ENROLMENT_CODE_CHARS, EnrolledHow, GrantReply, Invitation, InvitationRequest, LeaseRules,
    ProviderKindView, ProviderView, RevocationList, RevocationReason, RevokedDevice, RotateReply,
    RotateRequest, Scope, Sight, SignedGrant, SignedRevocations, TrustInfo, read_enrolment_code,
    show_enrolment_code,
};

/// Version of the envelope and receipt payloads this crate reads and writes.
pub const PROTOCOL_VERSION: u32 = 2;
