//! The columns by which the records of a kind are listed: what its cards, orders and filters name, and no more.
//!
//! Not the table itself: whoever keeps an index makes it of these and fills it.

use super::ListView;
use crate::Pack;
use crate::law::{FactType, Kind};
use crate::names::{ClockId, FactId, KindId, Name, SeatId};
use shenhai_forms::value::Type;
use std::collections::BTreeSet;

/// Lists of the product's own, by names no author's list can take.
pub(crate) const STATE_LIST: &str = "@state";
pub(crate) const CATEGORY_LIST: &str = "@category";
pub(crate) const COLOUR_LIST: &str = "@colour";

/// What a column shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shows {
    /// Where the record stands.
    State,
    /// What others know of that.
    Category,
    /// When it was opened.
    Opened,
    /// When it came to its end.
    Closed,
    /// When it last changed.
    Changed,
    /// When the first of these clocks that runs is due.
    Due(Vec<ClockId>),
    /// Its colour.
    Colour,
    /// When a clock is due.
    Clock(ClockId),
    /// Who holds a seat: the id of the person, unit or place on top.
    Holder(SeatId),
    /// A fact.
    Fact(FactId),
}

/// A column of a kind's index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexColumn {
    /// Its name, as filters say it.
    pub name: String,
    /// What it shows.
    pub shows: Shows,
    /// The type of its values.
    pub kind: Type,
}

impl Pack {
    /// The columns of a kind's index: those every list has, then the others that some list names, by name.
    #[must_use]
    pub fn index(&self, kind: &KindId) -> Vec<IndexColumn> {
        let Some(law) = self.law.kind(kind) else {
            return Vec::new();
        };
        let lists: Vec<&ListView> = self.face.lists.iter().filter(|list| list.kind == *kind).collect();
        let mut named: BTreeSet<&str> = BTreeSet::new();
        for list in &lists {
            let card = &list.card;
            let shown = card.title.iter().chain(&card.lines).chain(&card.tags);
            named.extend(
                shown
                    .chain(list.order.iter().map(|by| &by.column))
                    .map(FactId::as_str),
            );
            let filters = list.tabs.iter().filter_map(|tab| tab.filter.filter());
            named.extend(filters.flat_map(|filter| filter.reads()).map(String::as_str));
        }
        let mut columns = envelope(&lists);
        let mut others = others(law);
        others.retain(|column| named.contains(column.name.as_str()));
        others.sort_by(|a, b| a.name.cmp(&b.name));
        columns.extend(others);
        columns
    }

    /// Every column that the lists of a kind may name.
    pub(crate) fn nameable(&self, kind: &KindId) -> Vec<IndexColumn> {
        let lists: Vec<&ListView> = self.face.lists.iter().filter(|list| list.kind == *kind).collect();
        let mut columns = envelope(&lists);
        columns.extend(self.law.kind(kind).map(others).unwrap_or_default());
        columns
    }
}

/// Columns that every index has.
fn envelope(lists: &[&ListView]) -> Vec<IndexColumn> {
    let code = |list: &str| Type::Code(list.to_owned());
    let due = lists
        .first()
        .map(|list| list.card.due.clone())
        .unwrap_or_default();
    [
        ("state", Shows::State, code(STATE_LIST)),
        ("category", Shows::Category, code(CATEGORY_LIST)),
        ("opened_at", Shows::Opened, Type::Time),
        ("closed_at", Shows::Closed, Type::Time),
        ("changed_at", Shows::Changed, Type::Time),
        ("due", Shows::Due(due), Type::Time),
        ("colour", Shows::Colour, code(COLOUR_LIST)),
    ]
    .map(|(name, shows, kind)| column(name, shows, kind))
    .into()
}

/// Columns that a list may name besides: dues, single seats, and facts with one value that are nobody's personal data.
fn others(law: &Kind) -> Vec<IndexColumn> {
    let due = law.clocks.iter().map(|clock| {
        column(
            &format!("{}_due", clock.id),
            Shows::Clock(clock.id.clone()),
            Type::Time,
        )
    });
    let seats = law.seats.iter().filter(|seat| !seat.many);
    let seats = seats.map(|seat| column(seat.id.as_str(), Shows::Holder(seat.id.clone()), Type::Text));
    let facts = law.facts.iter().filter_map(|fact| {
        let kind = fact.kind.value_type()?;
        let listed = fact.class.is_none() && fact.kind != FactType::File;
        listed.then(|| column(fact.name.as_str(), Shows::Fact(fact.name.clone()), kind))
    });
    due.chain(seats).chain(facts).collect()
}

fn column(name: &str, shows: Shows, kind: Type) -> IndexColumn {
    let name = name.to_owned();
    IndexColumn { name, shows, kind }
}
