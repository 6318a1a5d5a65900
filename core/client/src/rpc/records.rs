//! Records of packs, ready to show: a list, one record, one form. Every text is the pack's own; a page adds none.
//!
//! Only types. The rows and sections are made in `crate::records` of what the pack's views name.

use super::{Delivery, OutboxState};
use serde::{Deserialize, Serialize};
use shenhai_protocol::{ActName, CmdId, ErrorCode, FormName, Kind, OrderId, PackName, RoleName, UnixMillis};
use std::collections::BTreeMap;

/// Parameters of `records.list`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct RecordListParams {
    /// Of which pack.
    pub pack: PackName,
    /// Which of its lists.
    pub list: String,
    /// Which tab; the first one when absent.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub tab: Option<String>,
    /// Text that must occur in one of the list's search facts; empty for all.
    #[serde(default)]
    pub search: String,
    /// How many to leave out from the start.
    #[serde(default)]
    pub offset: u32,
    /// How many at most, 1–200.
    pub limit: u32,
}

/// Names one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct RecordKey {
    /// Of which kind.
    pub kind: Kind,
    /// Which.
    pub id: OrderId,
}

/// Names an act on a record, or one that opens a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ActKey {
    /// Of which kind the record is.
    pub kind: Kind,
    /// Which record; absent for an act that opens one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub id: Option<OrderId>,
    /// The act.
    pub act: ActName,
    /// In which of the person's roles.
    pub role: RoleName,
}

/// An act with what was filled in so far: parameters of `records.check`, `records.save` and `records.act`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ActParams {
    /// The act.
    pub key: ActKey,
    /// Answers by name: text, number, code, day, time and place in their one spelling, yes and no as booleans, codes as an
    /// array, the rows of a table as an array of objects. Empty for an act without a form.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(type = "Record<string, unknown>"))]
    pub answers: serde_json::Map<String, serde_json::Value>,
}

/// Answer of `records.packs`: what the person can work on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PacksView {
    /// By name.
    pub packs: Vec<PackView>,
}

/// One pack as far as the person has to do with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PackView {
    /// Its name.
    pub id: PackName,
    /// What people call it; its name where it cannot be read.
    pub title: String,
    /// Why it cannot be used here: not fetched yet (`pack_missing`) or made for a newer app (`unsupported_version`).
    pub missing: Option<ErrorCode>,
    /// It is tried out: its messages go nowhere.
    pub trial: bool,
    /// Lists for the person's roles, in the pack's order.
    pub lists: Vec<ListHead>,
    /// What the person can open.
    pub opens: Vec<OpenableAct>,
}

/// A list to choose.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ListHead {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Whose records.
    pub kind: Kind,
    /// It can be searched.
    pub searchable: bool,
}

/// An act that opens a record.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OpenableAct {
    /// The act; its record is absent.
    pub key: ActKey,
    /// What people call it.
    pub title: String,
    /// Something was typed and not submitted.
    pub has_draft: bool,
}

/// A tab with what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TabView {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// How many records, without the search.
    pub count: u32,
    /// The count stands out when it is not zero.
    pub badge: bool,
}

/// Where a record stands in the eyes of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum CategoryView {
    /// Nobody has begun.
    New,
    /// In work.
    Active,
    /// Waits for somebody else.
    Waiting,
    /// Came to its end.
    Done,
    /// Came to nothing.
    Void,
}

/// Colours, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// Red.
    Red,
    /// Yellow.
    Yellow,
    /// Blue.
    Blue,
    /// Green.
    Green,
}

/// Something with its label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Labelled {
    /// The fact's or answer's name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What it is, as people write it; empty where there is nothing.
    pub text: String,
    /// It is personal data, shown as a mask.
    pub masked: bool,
}

/// A clock that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DueView {
    /// What is due.
    pub label: String,
    /// When.
    pub at: UnixMillis,
    /// That instant has passed.
    pub late: bool,
}

/// One row of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RecordRow {
    /// Which.
    pub key: RecordKey,
    /// What people call its kind.
    pub kind_title: String,
    /// The line that stands out; the id where the pack is missing.
    pub title: String,
    /// The lines below.
    pub lines: Vec<Labelled>,
    /// The tags; a yes-or-no fact is there only when it holds, with its label as text.
    pub tags: Vec<Labelled>,
    /// Where it stands, unsent acts of this device included.
    pub state: String,
    /// Its name in the law.
    pub state_id: String,
    /// What that means to others.
    pub category: CategoryView,
    /// What is due next.
    pub due: Option<DueView>,
    /// Its colour, where the list shows one.
    pub colour: Option<Colour>,
    /// Acts of this device that are not receipted yet.
    pub pending: u32,
    /// One of them is parked and needs the person.
    pub parked: bool,
    /// Something was typed and not submitted.
    pub has_draft: bool,
    /// Why it can only be looked at: its law is not here, or not for this app.
    pub missing: Option<ErrorCode>,
}

/// Answer of `records.list`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RecordList {
    /// The tabs, in the pack's order.
    pub tabs: Vec<TabView>,
    /// The page.
    pub rows: Vec<RecordRow>,
    /// How many match tab and search.
    pub total: u32,
    /// Now, by the server's clock as this device knows it: count down from here.
    pub now: UnixMillis,
}

/// A section of a record's page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum SectionView {
    /// Facts under a heading.
    Facts {
        /// The heading.
        title: String,
        /// The facts that are there.
        facts: Vec<Labelled>,
        /// The tables among them.
        tables: Vec<TableView>,
    },
    /// What was filled in when an act was done last.
    Step {
        /// What people call the act.
        title: String,
        /// What was done, if it was.
        step: Option<StepView>,
    },
    /// Linked records.
    Links {
        /// In the order in which they came.
        links: Vec<LinkView>,
    },
    /// What was done.
    Timeline {
        /// Oldest first.
        steps: Vec<StepView>,
        /// So many older ones are not on this device.
        older: u32,
    },
    /// Places on a map.
    Map {
        /// The places.
        points: Vec<PlaceView>,
    },
    /// Files.
    Files {
        /// By name.
        files: Vec<Labelled>,
    },
}

/// A table of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TableView {
    /// What people call it.
    pub label: String,
    /// What people call its columns.
    pub columns: Vec<String>,
    /// Its rows, a text per column.
    pub rows: Vec<Vec<String>>,
}

/// An act that was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct StepView {
    /// What people call the act.
    pub title: String,
    /// By whom: a name where it is known here, else an id; empty where no person acted.
    pub by: String,
    /// When the gateway took it, or when it was signed here.
    pub at: UnixMillis,
    /// What was filled in, as far as it is on this device.
    pub answers: Vec<Labelled>,
    /// The entry.
    pub entry: String,
    /// How far it got.
    pub delivery: Delivery,
}

/// A linked record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LinkView {
    /// What people call the link.
    pub title: String,
    /// The other record, once it is known.
    pub key: Option<RecordKey>,
    /// What is known of where it stands.
    pub category: Option<CategoryView>,
    /// What it gives.
    pub gives: Vec<Labelled>,
    /// Something asked of it has no outcome yet.
    pub pending: bool,
    /// It is on this device and can be opened.
    pub here: bool,
}

/// A place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PlaceView {
    /// What people call it.
    pub label: String,
    /// Degrees, WGS 84.
    pub latitude: f64,
    /// Degrees, WGS 84.
    pub longitude: f64,
}

/// An act that the record's law knows for one of the person's roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ActView {
    /// The act.
    pub key: ActKey,
    /// What people call it.
    pub title: String,
    /// The form it wants filled in.
    pub form: Option<FormName>,
    /// It can be done now.
    pub enabled: bool,
    /// Why not, in the pack's words; empty where the state says it.
    pub why: String,
}

/// Answer of `records.get` and of what changes a record.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RecordDetail {
    /// As in the list.
    pub row: RecordRow,
    /// Who holds it: seat by seat.
    pub seats: Vec<Labelled>,
    /// Every clock that ran.
    pub dues: Vec<DueView>,
    /// From top to bottom.
    pub sections: Vec<SectionView>,
    /// Acts that can be done now, then those that cannot and say why.
    pub acts: Vec<ActView>,
    /// Drafts on this record.
    pub drafts: Vec<ActDraft>,
    /// Acts of this device that are not receipted yet.
    pub outbox: Vec<ActItem>,
    /// Now.
    pub now: UnixMillis,
}

/// A kept draft of an act.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ActDraft {
    /// The act with what was typed.
    pub params: ActParams,
    /// When it was last kept.
    pub saved_at: UnixMillis,
}

/// One act that is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ActItem {
    /// The entry it was signed as.
    pub cmd_id: CmdId,
    /// Upon which record.
    pub record: RecordKey,
    /// The act.
    pub act: ActName,
    /// What people call it; its name where the law is not here, or while the lease is over.
    pub title: String,
    /// What people call the record's kind, likewise.
    pub kind_title: String,
    /// The line by which lists show the record; `None` where it is not here, and while the lease is over.
    pub record_title: Option<String>,
    /// What was filled in, so that nothing typed is out of sight; empty while the lease is over.
    pub answers: Vec<Labelled>,
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
    /// It is parked, and `records.mend` takes it back to be filled in anew.
    pub mendable: bool,
}

/// Answer of `records.mend`: which act to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ActMended {
    /// The act.
    pub key: ActKey,
    /// There is another draft of it, which was left as it is: nothing was done.
    pub draft_in_the_way: bool,
}

/// What kind of control a field wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Text.
    Text,
    /// One code of a list.
    Code,
    /// Several codes of a list.
    Codes,
    /// A whole number.
    Int,
    /// A number with decimals.
    Decimal,
    /// Yes or no.
    Bool,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// An instant, `YYYY-MM-DDTHH:MM:SS.mmm+08:00`.
    Time,
    /// A place, `latitude longitude`.
    Point,
    /// A file.
    File,
    /// Rows.
    Table,
}

/// A choice of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Choice {
    /// Its code.
    pub code: String,
    /// What people call it.
    pub label: String,
}

/// One question of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What it wants.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// Decimals of a number.
    pub scale: u32,
    /// It must be answered.
    pub required: bool,
    /// It is personal data.
    pub personal: bool,
    /// What a choice offers.
    pub choices: Vec<Choice>,
    /// Columns of a table.
    pub columns: Vec<Field>,
}

/// Answer of `form.open`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FormView {
    /// The act it is for.
    pub key: ActKey,
    /// What people call the act.
    pub title: String,
    /// The questions, in order; none for an act without a form.
    pub fields: Vec<Field>,
    /// What was typed before.
    #[cfg_attr(feature = "ts", ts(type = "Record<string, unknown>"))]
    pub answers: serde_json::Map<String, serde_json::Value>,
    /// When that was kept.
    pub saved_at: Option<UnixMillis>,
}

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AnswerIssue {
    /// The answer, `table/nth/name` within a table, counted from 1; empty for all of it.
    pub answer: String,
    /// What: `required`, `type`, `code`, `unknown`, `too_many`, `too_large`.
    pub code: String,
}

/// Answer of `records.check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ActReport {
    /// Empty when the answers may be handed in.
    pub issues: Vec<AnswerIssue>,
    /// Why the act would be refused although the answers are in order, in the pack's words.
    pub refused: Option<String>,
    /// Answers that must be given.
    pub required: Vec<String>,
    /// Answers that are asked now.
    pub relevant: Vec<String>,
    /// What choices offer.
    pub offered: BTreeMap<String, Vec<Choice>>,
}

/// Answer of `records.act`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ActDone {
    /// The entry it was signed as.
    pub cmd_id: CmdId,
    /// The record as this device now sees it.
    pub record: RecordDetail,
}
