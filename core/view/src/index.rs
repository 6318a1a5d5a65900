//! The index row of a record: the columns that lists name, typed as the pack says, and when they change by themselves.
//!
//! Not the table in which rows are kept.

use crate::colour::{self, colour};
use crate::look::Look;
use shenhai_flow::fold::moment;
use shenhai_flow::record::{Holder, Item, Record};
use shenhai_forms::rule::Tree;
use shenhai_forms::value::{Time, Value};
use shenhai_pack::face::{IndexColumn, Shows};
use shenhai_pack::law::{Category, Colour, Holds};
use shenhai_pack::names::{ClockId, Name, SeatId, StateId};

/// A record as lists know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRow {
    /// Its id.
    pub id: String,
    /// The columns by name; what is absent is missing.
    pub values: Tree,
    /// Where it stands.
    pub state: StateId,
    /// What others know of that.
    pub category: Category,
    /// Which clock is due next, of those the cards count down.
    pub due: Option<(ClockId, Time)>,
    /// Its colour.
    pub colour: Option<Colour>,
    /// The next instant at which it changes without an act: then it has to be derived again.
    pub next_at: Option<Time>,
}

/// The row of a record. `columns` are those of the newest version of its pack ([`shenhai_pack::Pack::index`]); what an
/// older law does not know is absent.
#[must_use]
pub fn index_row(look: &Look<'_>, columns: &[IndexColumn]) -> IndexRow {
    let (colour, mut moments) = colour(look);
    let mut due = None;
    let mut values = Tree::default();
    for column in columns {
        if let Shows::Due(clocks) = &column.shows {
            due = first_running(look, clocks);
        }
        let value = value(look, &column.shows, colour);
        if !value.is_absent() && value.is_of(&column.kind) {
            values.values.insert(column.name.clone(), value);
        }
    }
    moments.extend(
        look.kind
            .clocks
            .iter()
            .filter_map(|clock| look.due(clock.id.as_str())),
    );
    let sights = look.kind.sights.iter().filter_map(|row| row.until.as_ref());
    moments.extend(sights.filter_map(|until| moment(until, &look.view(), look.around.calendar)));
    moments.retain(|moment| *moment > look.around.now);
    let record = look.record;
    IndexRow {
        id: record.id.clone(),
        values,
        state: record.state.clone(),
        category: record.category,
        due,
        colour,
        next_at: moments.into_iter().min(),
    }
}

fn first_running(look: &Look<'_>, clocks: &[ClockId]) -> Option<(ClockId, Time)> {
    let mut running = clocks.iter().filter(|clock| look.runs(clock.as_str()));
    running.find_map(|clock| Some((clock.clone(), look.due(clock.as_str())?)))
}

fn value(look: &Look<'_>, shows: &Shows, colour: Option<Colour>) -> Value {
    let record = look.record;
    let time = |time: Option<Time>| time.map_or(Value::Absent, Value::Time);
    match shows {
        Shows::State => Value::text(record.state.to_string()),
        Shows::Category => Value::text(record.category.word()),
        Shows::Opened => Value::Time(record.opened),
        Shows::Closed => time(record.closed),
        Shows::Changed => Value::Time(record.changed),
        Shows::Due(clocks) => time(first_running(look, clocks).map(|(_, due)| due)),
        Shows::Colour => Value::text(colour.map_or("", colour::word)),
        Shows::Clock(clock) => time(look.due(clock.as_str())),
        Shows::Holder(seat) => on_top(look, record, seat),
        Shows::Fact(fact) => match record.facts.get(fact).map(|fact| &fact.item) {
            Some(Item::Plain(value)) => value.clone(),
            _ => Value::Absent,
        },
    }
}

fn on_top(look: &Look<'_>, record: &Record, seat: &SeatId) -> Value {
    match (look.kind.seat(seat), record.holder(seat)) {
        (Some(law), Some(holder)) => held(law.holds, holder).clone(),
        _ => Value::Absent,
    }
}

/// What sits in a seat.
pub(crate) fn held(holds: Holds, holder: &Holder) -> &Value {
    match holds {
        Holds::Person => &holder.person,
        Holds::Unit => &holder.unit,
        Holds::Place => &holder.place,
    }
}
