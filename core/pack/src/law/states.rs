//! `law/states.csv` and `law/seats.csv`: where a record may stand, and who may hold it.
//!
//! Not which act leads where (`acts`). Read by the fold and by everything that shows a record.

use super::kinds::{Kinds, OfKind};
use crate::finding::{Findings, Place};
use crate::limits;
use crate::names::{SeatId, StateId};
use crate::sheet::{Layout, Row};

pub(crate) const STATES_FILE: &str = "law/states.csv";
pub(crate) const STATES: Layout = Layout {
    required: &["id", "category"],
    optional: &["kind"],
    open: false,
    rows: limits::SHEET_ROWS,
};
pub(crate) const SEATS_FILE: &str = "law/seats.csv";
pub(crate) const SEATS: Layout = Layout {
    required: &["id", "holds"],
    optional: &["kind", "many"],
    open: false,
    rows: limits::SHEET_ROWS,
};

/// All that others know of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Nobody has taken it on.
    New,
    /// Somebody works on it.
    Active,
    /// It waits for somebody else.
    Waiting,
    /// It came to its end.
    Done,
    /// It came to nothing.
    Void,
}

impl Category {
    /// Every category with its spelling.
    pub const ALL: [(&'static str, Self); 5] = [
        ("new", Self::New),
        ("active", Self::Active),
        ("waiting", Self::Waiting),
        ("done", Self::Done),
        ("void", Self::Void),
    ];

    /// The category of that spelling.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, found)| *found)
    }

    /// Its spelling.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, found)| *found == self)
            .map_or("", |(word, _)| word)
    }

    /// Whether something is still to be done: new, active or waiting, what the sheets call `*open`.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Active | Self::Waiting)
    }
}

/// A state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its name.
    pub id: StateId,
    /// What others know of it.
    pub category: Category,
    /// Its row.
    pub place: Place,
}

/// What sits in a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A person.
    Person,
    /// A unit.
    Unit,
    /// A place, such as a window.
    Place,
}

/// A seat: one holder at a time, those before kept below as a stack; or a set of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// Its name.
    pub id: SeatId,
    /// What sits in it.
    pub holds: Holds,
    /// Whether it is a set.
    pub many: bool,
    /// Its row.
    pub place: Place,
}

pub(crate) fn read_states(rows: &[Row], kinds: Kinds<'_>, findings: &mut Findings) -> OfKind<State> {
    let mut states: OfKind<State> = OfKind::new();
    for row in rows {
        let kind = kinds.of(row, findings);
        let id = row.name("id", findings);
        let category = row.word("category", &Category::ALL, findings);
        // A state whose category is misspelt is still a state: whoever names it is not wrong.
        if let (Some(kind), Some(id)) = (kind, id) {
            states.entry(kind).or_default().push(State {
                id,
                category: category.unwrap_or(Category::Waiting),
                place: row.place.clone(),
            });
        }
    }
    states
}

pub(crate) fn read_seats(rows: &[Row], kinds: Kinds<'_>, findings: &mut Findings) -> OfKind<Seat> {
    const HOLDS: [(&str, Holds); 3] = [
        ("person", Holds::Person),
        ("unit", Holds::Unit),
        ("place", Holds::Place),
    ];
    let mut seats: OfKind<Seat> = OfKind::new();
    for row in rows {
        let kind = kinds.of(row, findings);
        let id = row.name("id", findings);
        let holds = row.word("holds", &HOLDS, findings);
        let many = row.flag("many", findings);
        // So is a seat.
        if let (Some(kind), Some(id)) = (kind, id) {
            seats.entry(kind).or_default().push(Seat {
                id,
                holds: holds.unwrap_or(Holds::Person),
                many: many.unwrap_or(false),
                place: row.place.clone(),
            });
        }
    }
    seats
}
