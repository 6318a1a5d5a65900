//! `face/views.toml`: lists with their cards, tabs and order, and how a record is laid out.
//!
//! Not the drawing, and not the columns behind a list (`index`). Called by whoever shows a list or a record.

use crate::document::Section as TomlSection;
use crate::finding::{Findings, Place};
use crate::formula::Formula;
use crate::law::Kinds;
use crate::names::{ActId, ClockId, FactId, KindId, Name, RoleName, TabId, TextId, ViewId};
use crate::problem::Problem;
use crate::sheet;
use std::collections::BTreeMap;

/// What stands on a row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The line that stands out.
    pub title: Option<FactId>,
    /// The lines below.
    pub lines: Vec<FactId>,
    /// The tags.
    pub tags: Vec<FactId>,
    /// Clocks; the first of them that runs is counted down, and is the column `due`.
    pub due: Vec<ClockId>,
    /// Whether the record's colour shows.
    pub colour: bool,
    /// Its table in the file.
    pub place: Place,
}

/// One column by which a list is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    /// The column.
    pub column: FactId,
    /// The greatest first.
    pub descending: bool,
}

/// A tab of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// Its name.
    pub id: TabId,
    /// What stands in it.
    pub filter: Formula,
    /// Whether its count stands out when it is not zero.
    pub badge: bool,
}

/// Where the parts of a list stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPlaces {
    /// Its table.
    pub list: Place,
    /// `roles`.
    pub roles: Place,
    /// `order`.
    pub order: Place,
    /// `search`.
    pub search: Place,
}

/// A list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListView {
    /// Its name.
    pub id: ViewId,
    /// Whose records.
    pub kind: KindId,
    /// Who sees it.
    pub roles: Vec<RoleName>,
    /// What stands on a row.
    pub card: Card,
    /// In which order.
    pub order: Vec<OrderBy>,
    /// Its tabs.
    pub tabs: Vec<Tab>,
    /// Facts a search looks in.
    pub search: Vec<FactId>,
    /// Where its roles, order and search stand.
    pub places: ListPlaces,
}

/// A part of the screen that the product draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Files of the record.
    Files,
    /// The map.
    Map,
    /// Linked records.
    Links,
    /// What was done.
    Timeline,
}

/// One section of a record's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Section {
    /// Facts under a heading.
    Facts {
        /// Its name, for the heading.
        id: TextId,
        /// Which facts.
        facts: Vec<FactId>,
    },
    /// What was filled in when an act was done.
    Step(ActId),
    /// A part of the product.
    Part(Part),
}

/// How a record is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// From top to bottom, each with its place in the file.
    pub sections: Vec<(Section, Place)>,
}

const PARTS: [(&str, Part); 4] = [
    ("files", Part::Files),
    ("map", Part::Map),
    ("links", Part::Links),
    ("timeline", Part::Timeline),
];

type Views = (Vec<ListView>, BTreeMap<KindId, Detail>);

pub(crate) fn read(root: &TomlSection<'_>, kinds: Kinds<'_>, findings: &mut Findings) -> Views {
    root.only(&["list", "detail"], findings);
    let lists = root
        .named("list", findings)
        .into_iter()
        .filter_map(|(id, section)| list(id, &section, kinds, findings))
        .collect();
    let mut details = BTreeMap::new();
    for (kind, section) in root.named::<KindId>("detail", findings) {
        let kind = kinds.named(kind.as_str(), &section.place(), findings);
        let detail = detail(&section, findings);
        if let Some(kind) = kind {
            details.insert(kind, detail);
        }
    }
    (lists, details)
}

fn list(
    id: ViewId,
    section: &TomlSection<'_>,
    kinds: Kinds<'_>,
    findings: &mut Findings,
) -> Option<ListView> {
    section.only(&["kind", "roles", "card", "order", "tabs", "search"], findings);
    for key in ["roles", "card"] {
        if !section.has(key) {
            findings.add(&section.at(key), &Problem::KeyMissing);
        }
    }
    let named = section.text("kind", findings).unwrap_or("");
    let kind = kinds.named(named, &section.at("kind"), findings);
    let card = section
        .section("card", findings)
        .map(|card| self::card(&card, findings));
    let order = section
        .texts("order", findings)
        .into_iter()
        .filter_map(|text| {
            let column = text.strip_prefix('-');
            Some(OrderBy {
                column: sheet::name(column.unwrap_or(text), &section.at("order"), findings)?,
                descending: column.is_some(),
            })
        })
        .collect();
    let tabs = section
        .each("tabs", findings)
        .iter()
        .filter_map(|tab| self::tab(tab, findings))
        .collect();
    Some(ListView {
        id,
        kind: kind?,
        roles: section.names("roles", findings),
        card: card?,
        order,
        tabs,
        search: section.names("search", findings),
        places: ListPlaces {
            list: section.place(),
            roles: section.at("roles"),
            order: section.at("order"),
            search: section.at("search"),
        },
    })
}

fn card(section: &TomlSection<'_>, findings: &mut Findings) -> Card {
    section.only(&["title", "lines", "tags", "due", "colour"], findings);
    let due = match section.is_text("due") {
        true => section.name("due", findings).into_iter().collect(),
        false => section.names("due", findings),
    };
    Card {
        title: section.name("title", findings),
        lines: section.names("lines", findings),
        tags: section.names("tags", findings),
        due,
        colour: section.flag("colour", findings),
        place: section.place(),
    }
}

fn tab(section: &TomlSection<'_>, findings: &mut Findings) -> Option<Tab> {
    section.only(&["id", "filter", "badge"], findings);
    for key in ["id", "filter"] {
        if !section.has(key) {
            findings.add(&section.at(key), &Problem::KeyMissing);
        }
    }
    let badge = match section.text("badge", findings) {
        None => false,
        Some("red") => true,
        Some(_) => {
            findings.add(&section.at("badge"), &Problem::WrongValue { wanted: "red" });
            false
        }
    };
    let id = section.name("id", findings);
    let filter = section.formula("filter", findings);
    Some(Tab {
        id: id?,
        filter: filter?,
        badge,
    })
}

fn detail(section: &TomlSection<'_>, findings: &mut Findings) -> Detail {
    section.only(&["sections"], findings);
    let mut sections = Vec::new();
    for part in section.each("sections", findings) {
        part.only(&["id", "facts", "step", "part"], findings);
        let found = match (part.has("facts"), part.has("step"), part.has("part")) {
            (true, false, false) => {
                if !part.has("id") {
                    findings.add(&part.at("id"), &Problem::KeyMissing);
                }
                let facts = part.names("facts", findings);
                part.name("id", findings).map(|id| Section::Facts { id, facts })
            }
            (false, true, false) => part.name("step", findings).map(Section::Step),
            (false, false, true) => {
                let word = part.text("part", findings).unwrap_or("");
                let known = PARTS.iter().find(|(name, _)| *name == word);
                if known.is_none() {
                    let problem = Problem::UnknownWord {
                        text: word.chars().take(80).collect(),
                        known: PARTS.map(|(name, _)| name).join(" "),
                    };
                    findings.add(&part.at("part"), &problem);
                }
                known.map(|(_, part)| Section::Part(*part))
            }
            _ => {
                findings.add(&part.place(), &Problem::SectionOfNothing);
                None
            }
        };
        sections.extend(found.map(|found| (found, part.place())));
    }
    Detail { sections }
}
