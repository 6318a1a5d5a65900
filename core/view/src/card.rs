//! The card of a record in a list, made of its index row alone.

use crate::index::IndexRow;
use crate::look::{Labelled, Names};
use crate::words::Words;
use crate::written::written;
use shenhai_flow::fold::Law;
use shenhai_forms::value::{Time, Value};
use shenhai_pack::face::{IndexColumn, ListView, Shows};
use shenhai_pack::law::{Category, Colour};
use shenhai_pack::names::{FactId, Name};

/// What stands on a row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The line that stands out; the id where there is none.
    pub title: String,
    /// The lines below, those that are there.
    pub lines: Vec<Labelled>,
    /// The tags; of a yes-or-no fact only one that holds, with its label as text.
    pub tags: Vec<Labelled>,
    /// Where it stands.
    pub state: String,
    /// Its name in the law.
    pub state_id: String,
    /// What others know of that.
    pub category: Category,
    /// What is due next.
    pub due: Option<Due>,
    /// Its colour, where the list shows one.
    pub colour: Option<Colour>,
}

/// A clock's due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// What is due.
    pub label: String,
    /// When.
    pub at: Time,
    /// That instant has passed.
    pub late: bool,
}

/// The card of a row. Without a list only what every record has.
#[must_use]
pub fn card(
    row: &IndexRow,
    list: Option<&ListView>,
    columns: &[IndexColumn],
    law: &Law,
    words: Words<'_>,
    names: &Names,
    now: Time,
) -> Card {
    let shown = |name: &FactId| {
        let column = columns.iter().find(|column| column.name == name.as_str())?;
        let value = row.values.values.get(&column.name)?;
        Some(labelled(column, value, law, words, names))
    };
    let lines = |names: &[FactId]| names.iter().filter_map(shown).collect::<Vec<_>>();
    let title = list.and_then(|list| list.card.title.as_ref()).and_then(shown);
    let mut tags = list.map(|list| lines(&list.card.tags)).unwrap_or_default();
    tags.retain(|tag| row.values.values.get(&tag.name) != Some(&Value::Bool(false)));
    for tag in &mut tags {
        if row.values.values.get(&tag.name) == Some(&Value::Bool(true)) {
            tag.text.clone_from(&tag.label);
        }
    }
    Card {
        title: title.map_or_else(|| row.id.clone(), |title| title.text),
        lines: list.map(|list| lines(&list.card.lines)).unwrap_or_default(),
        tags,
        state: words.state(row.state.as_str()),
        state_id: row.state.to_string(),
        category: row.category,
        due: row.due.as_ref().map(|(clock, at)| Due {
            label: words.clock(clock.as_str()),
            at: *at,
            late: *at <= now,
        }),
        colour: row.colour.filter(|_| list.is_some_and(|list| list.card.colour)),
    }
}

fn labelled(column: &IndexColumn, value: &Value, law: &Law, words: Words<'_>, names: &Names) -> Labelled {
    let text = match (&column.shows, value, &column.kind) {
        (Shows::State, Value::Text(state), _) => words.state(state),
        (Shows::Holder(_), Value::Text(id), _) => names.get(id).unwrap_or(id).clone(),
        (_, value, kind) => written(value, kind, law),
    };
    let label = match &column.shows {
        Shows::Clock(clock) => words.clock(clock.as_str()),
        Shows::Holder(seat) => words.seat(seat.as_str()),
        Shows::Fact(fact) => words.fact(law, fact),
        _ => Words::column(&column.name),
    };
    Labelled {
        name: column.name.clone(),
        label,
        text,
        masked: false,
    }
}
