//! The page of a record: its sections as the face lays them out, its seats, its dues.

use crate::card::Due;
use crate::index::held;
use crate::links::{Link, links};
use crate::look::{Labelled, Look};
use crate::steps::{Step, last, timeline};
use shenhai_flow::record::Item;
use shenhai_forms::value::{Point, Value};
use shenhai_pack::face::{Part, Section as SectionLaw};
use shenhai_pack::law::{Datum, Fact, FactType, Seat};
use shenhai_pack::names::{ActId, FactId, Name};

/// A table of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What people call it.
    pub label: String,
    /// What people call its columns.
    pub columns: Vec<String>,
    /// Its rows, a text per column.
    pub rows: Vec<Vec<String>>,
}

/// Facts under a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The heading.
    pub title: String,
    /// Those that are there.
    pub facts: Vec<Labelled>,
    /// The tables among them that have rows.
    pub tables: Vec<Table>,
}

/// A section of a record's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Section {
    /// Facts under a heading.
    Facts(Facts),
    /// The last time an act was done.
    Step {
        /// The act.
        act: ActId,
        /// What people call it.
        title: String,
        /// That time, if there was one.
        step: Option<Step>,
    },
    /// Linked records.
    Links(Vec<Link>),
    /// What was done.
    Timeline {
        /// Oldest first.
        steps: Vec<Step>,
        /// So many older ones are not kept.
        older: u64,
    },
    /// Places, WGS 84, with what people call them.
    Map(Vec<(String, Point)>),
    /// Files that are there.
    Files(Vec<Labelled>),
}

/// The sections, from top to bottom. A kind for which the face says nothing shows its facts, links and history.
#[must_use]
pub fn sections(look: &Look<'_>) -> Vec<Section> {
    let Some(detail) = look.around.face.details.get(&look.record.kind) else {
        let all: Vec<FactId> = look.kind.facts.iter().map(|fact| fact.name.clone()).collect();
        let title = look.words.title();
        return vec![
            Section::Facts(facts(look, title, &all)),
            Section::Links(links(look)),
            part(look, Part::Timeline),
        ];
    };
    let laws = detail.sections.iter();
    laws.map(|(section, _)| match section {
        SectionLaw::Facts { id, facts: named } => {
            Section::Facts(facts(look, look.words.section(id.as_str()), named))
        }
        SectionLaw::Step(act) => Section::Step {
            act: act.clone(),
            title: look.words.act(act.as_str()),
            step: last(look, act),
        },
        SectionLaw::Part(named) => part(look, *named),
    })
    .collect()
}

fn part(look: &Look<'_>, part: Part) -> Section {
    match part {
        Part::Files => Section::Files(
            of_type(look, |kind| *kind == FactType::File)
                .filter_map(|fact| look.fact(fact))
                .collect(),
        ),
        Part::Map => {
            let places = of_type(look, |kind| *kind == FactType::Point(Datum::Wgs84));
            let there = places.filter_map(|fact| match look.record.facts.get(&fact.name)?.item.value() {
                Some(Value::Point(point)) => Some((fact.label.clone(), *point)),
                _ => None,
            });
            Section::Map(there.collect())
        }
        Part::Links => Section::Links(links(look)),
        Part::Timeline => {
            let (steps, older) = timeline(look);
            Section::Timeline { steps, older }
        }
    }
}

fn of_type<'l>(look: &'l Look<'_>, fits: impl Fn(&FactType) -> bool + 'l) -> impl Iterator<Item = &'l Fact> {
    look.kind.facts.iter().filter(move |fact| fits(&fact.kind))
}

fn facts(look: &Look<'_>, title: String, named: &[FactId]) -> Facts {
    let laws = || named.iter().filter_map(|name| look.kind.fact(name));
    let single = laws().filter(|law| law.kind != FactType::Table);
    let tables = laws().filter(|law| law.kind == FactType::Table);
    Facts {
        title,
        facts: single.filter_map(|law| look.fact(law)).collect(),
        tables: tables.filter_map(|law| table(look, law)).collect(),
    }
}

fn table(look: &Look<'_>, law: &Fact) -> Option<Table> {
    let held = look
        .record
        .tables
        .get(&law.name)
        .filter(|rows| !rows.is_empty())?;
    let rows = held.iter().map(|row| {
        let cells = law.columns.iter().map(|column| {
            let item = row.cells.get(&column.name).unwrap_or(&Item::ABSENT);
            look.item(column, item).0
        });
        cells.collect()
    });
    Some(Table {
        label: law.label.clone(),
        columns: law.columns.iter().map(|column| column.label.clone()).collect(),
        rows: rows.collect(),
    })
}

/// Who holds the record, seat by seat: of a single seat who is on top, of a set everybody.
#[must_use]
pub fn seats(look: &Look<'_>) -> Vec<Labelled> {
    let shown = |seat: &Seat| {
        let holders = look.record.seats.get(&seat.id)?;
        let first = if seat.many {
            0
        } else {
            holders.len().saturating_sub(1)
        };
        let names: Vec<String> = holders[first..]
            .iter()
            .filter_map(|holder| match held(seat.holds, holder) {
                Value::Text(id) => Some(look.name_of(id)),
                _ => None,
            })
            .collect();
        (!names.is_empty()).then(|| Labelled {
            name: seat.id.to_string(),
            label: look.words.seat(seat.id.as_str()),
            text: names.join("、"),
            masked: false,
        })
    };
    look.kind.seats.iter().filter_map(shown).collect()
}

/// Every clock that ever ran and has a due, in the order of the law. One that ended in time is not late.
#[must_use]
pub fn dues(look: &Look<'_>) -> Vec<Due> {
    let shown = |clock: &shenhai_pack::law::Clock| {
        let at = look.due(clock.id.as_str())?;
        let ended = look.record.clocks.get(&clock.id).and_then(|state| state.ended);
        Some(Due {
            label: look.words.clock(clock.id.as_str()),
            at,
            late: at <= ended.unwrap_or(look.around.now),
        })
    };
    look.kind.clocks.iter().filter_map(shown).collect()
}
