//! A record: what the fold of its entries has come to.
//!
//! Not here: how an entry changes it (`crate::fold`) and what is due when (`crate::clock`).
//! Made by the fold, kept by gateway and devices as its document, read by rules through a [`View`].

mod document;
mod item;
mod spelling;
mod text;
mod view;

pub use document::{DocumentError, MAX_DOCUMENT};
pub use item::{Item, commitment};
pub use spelling::{read_spelt, spelt};
pub use view::View;

use crate::clock::ClockState;
use shenhai_crypto::{Digest32, sm3};
use shenhai_forms::rule::Node;
use shenhai_forms::value::{Time, Value};
use shenhai_pack::PackRef;
use shenhai_pack::law::{Category, KindRef};
use shenhai_pack::names::{ActId, ClockId, FactId, KindId, LinkId, SeatId, StateId};
use std::collections::{BTreeMap, VecDeque};

/// Heads of entries that a record keeps; of the older ones only the digest is left.
pub const MAX_HEADS: usize = 64;

/// What is known of one piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Of which kind.
    pub kind: KindId,
    /// Its id.
    pub id: String,
    /// Counts its entries, from 1.
    pub rev: u64,
    /// The law it stands under.
    pub law: PackRef,
    /// Where it stands.
    pub state: StateId,
    /// What others know of that.
    pub category: Category,
    /// The last state that was left and was not a waiting one.
    pub came_from: Option<StateId>,
    /// When it was opened.
    pub opened: Time,
    /// When the last entry changed it.
    pub changed: Time,
    /// When it came to its end, while it is there.
    pub closed: Option<Time>,
    /// Who holds it: of a single seat the one on top last, of a set in the order of joining.
    pub seats: BTreeMap<SeatId, Vec<Holder>>,
    /// What is known. A fact that was taken away stays as an absent one, with the revision that took it.
    pub facts: BTreeMap<FactId, Fact>,
    /// Its tables, rows in the order in which they came.
    pub tables: BTreeMap<FactId, Vec<Row>>,
    /// Its clocks that ever ran.
    pub clocks: BTreeMap<ClockId, ClockState>,
    /// The records it holds as links, in the order in which they came.
    pub links: Vec<Link>,
    /// Its history.
    pub steps: Steps,
}

/// A fact and the revision of its last change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub item: Item,
    /// The revision that made it so.
    pub rev: u64,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The revision of its last change.
    pub rev: u64,
    /// Its cells.
    pub cells: BTreeMap<FactId, Item>,
}

impl Node for Row {
    fn value(&self, name: &str) -> Option<&Value> {
        self.cells.get(name)?.value()
    }

    fn has(&self, name: &str) -> bool {
        self.cells.get(name).is_some_and(Item::is_there)
    }

    fn count(&self, _: &str) -> usize {
        0
    }

    fn child(&self, _: &str, _: usize) -> Option<&dyn Node> {
        None
    }
}

/// Who or what holds a seat. Each part is a text or absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holder {
    /// A person.
    pub person: Value,
    /// A unit: of the person, or by itself.
    pub unit: Value,
    /// A place.
    pub place: Value,
}

impl Holder {
    /// A person and the unit they belong to.
    #[must_use]
    pub fn person(person: &str, unit: &str) -> Self {
        Self {
            person: Value::text(person),
            unit: Value::text(unit),
            place: Value::Absent,
        }
    }
}

impl Node for Holder {
    fn value(&self, name: &str) -> Option<&Value> {
        match name {
            "person" => Some(&self.person),
            "unit" => Some(&self.unit),
            "place" => Some(&self.place),
            _ => None,
        }
    }

    fn count(&self, _: &str) -> usize {
        0
    }

    fn child(&self, _: &str, _: usize) -> Option<&dyn Node> {
        None
    }
}

/// Another record as this one knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Under which name.
    pub name: LinkId,
    /// What tells it from every other: the digest of the work and of the effect that made it.
    pub key: Digest32,
    /// The other's kind.
    pub kind: KindRef,
    /// The other's id; absent until it is known.
    pub id: Option<String>,
    /// The other's category, once it has reported.
    pub category: Option<Category>,
    /// What its contract gives.
    pub gives: BTreeMap<FactId, Value>,
    /// What was asked of it and has no outcome yet, in the order in which it was asked.
    pub pending: Vec<Pending>,
}

/// What is asked of a linked record and has no outcome yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pending {
    /// To be opened.
    Open,
    /// To do an act.
    Act(ActId),
}

/// The history of a record, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    /// Per act how often it was done, and the last time.
    pub acts: BTreeMap<ActId, Step>,
    /// All entries that changed the record.
    pub count: u64,
    /// Digest of all their heads: SM3 of the digest before, a line feed and the head's line.
    pub digest: Digest32,
    /// The newest heads, oldest first, at most [`MAX_HEADS`].
    pub heads: VecDeque<Head>,
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            acts: BTreeMap::new(),
            count: 0,
            digest: Digest32::from_bytes([0; 32]),
            heads: VecDeque::new(),
        }
    }
}

/// What is known of an act that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// How often.
    pub count: u64,
    /// At which revision for the last time.
    pub rev: u64,
    /// When that was, of type time.
    pub at: Value,
    /// By whom: a person, or what else acts.
    pub by: Value,
    /// In which role.
    pub role: Value,
    /// For which unit.
    pub unit: Value,
}

impl Node for Step {
    fn value(&self, name: &str) -> Option<&Value> {
        match name {
            "at" => Some(&self.at),
            "by" => Some(&self.by),
            "role" => Some(&self.role),
            "unit" => Some(&self.unit),
            _ => None,
        }
    }

    fn count(&self, _: &str) -> usize {
        0
    }

    fn child(&self, _: &str, _: usize) -> Option<&dyn Node> {
        None
    }
}

/// What is kept of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The revision it made.
    pub rev: u64,
    /// The act; absent where a link only reported.
    pub act: Option<ActId>,
    /// The entry's id.
    pub entry: String,
    /// The device that signed it; absent for an entry of the gateway's own.
    pub device: Option<String>,
    /// When it was applied.
    pub at: Time,
    /// The submission it names.
    pub submission: Option<Digest32>,
}

impl Steps {
    /// Add an entry; `step` is what is known of who did it, its count left aside.
    pub(crate) fn push(&mut self, head: Head, step: Step) {
        if let Some(act) = &head.act {
            let count = self.acts.get(act).map_or(0, |step| step.count) + 1;
            self.acts.insert(act.clone(), Step { count, ..step });
        }
        let mut line = format!("{}\n", self.digest);
        spelling::head(&mut line, &head);
        self.digest = sm3(line.as_bytes());
        self.count += 1;
        if self.heads.len() == MAX_HEADS {
            self.heads.pop_front();
        }
        self.heads.push_back(head);
    }

    /// Whether the entry that made a revision is known to be signed by this device.
    pub(crate) fn is_by(&self, rev: u64, device: &str) -> bool {
        self.heads
            .iter()
            .any(|head| head.rev == rev && head.device.as_deref() == Some(device))
    }
}

impl Record {
    /// Who is on top of a seat.
    #[must_use]
    pub fn holder(&self, seat: &SeatId) -> Option<&Holder> {
        self.seats.get(seat)?.last()
    }

    /// SM3 of the state text.
    #[must_use]
    pub fn digest(&self) -> Digest32 {
        sm3(self.state_text().as_bytes())
    }
}
