//! The law of a pack: what decides. Pinned per record, so that a record ends as it began.
//!
//! Not the fold that applies it, and not the checks across sheets (`check`). Each file here holds one sheet: what its
//! rows are, and how they are read.

mod acts;
mod clocks;
mod effects;
mod expects;
mod facts;
mod forms;
mod kinds;
mod lists;
mod migrate;
mod moments;
mod sights;
mod states;
mod template;

pub use acts::{Act, Ask, Former, Holding, LinkNews, Origin, Question, SPINE_ACTS, Target, Who};
pub use clocks::{Alarm, AlarmAt, Amount, Clock, Due, Met, Tag, Term};
pub use effects::{Each, Effect, EffectRow, KindRef, SeatChange, Whom, With};
pub use expects::Expected;
pub use facts::{Class, Datum, Fact, FactType};
pub use forms::{Answer, Form};
pub(crate) use kinds::Kinds;
pub use lists::{CellType, Code, CodeList, is_code};
pub use migrate::{KindMigration, Migration};
pub use moments::{Anchor, Moment, Span, Unit};
pub use sights::{Colour, ColourRow, Contract, Request, Scope, Sight, SightRow};
pub use states::{Category, Holds, Seat, State};
pub use template::{Piece, Template};

use crate::PackFiles;
use crate::document::with_root;
use crate::finding::{Findings, Place};
use crate::manifest::Manifest;
use crate::names::{ActId, ClockId, FactId, FormId, KindId, ListId, Name, RoleName, SeatId, StateId};
use crate::problem::Problem;
use crate::sheet::{self, Layout, Row};
use kinds::OfKind;
use std::collections::BTreeMap;

/// The law of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Law {
    /// Its kinds.
    pub kinds: BTreeMap<KindId, Kind>,
    /// Its code lists.
    pub lists: BTreeMap<ListId, CodeList>,
    /// Its forms.
    pub forms: BTreeMap<FormId, Form>,
    /// What it reads of other packs' records.
    pub expects: Vec<Expected>,
    /// What becomes of records of earlier versions.
    pub migrations: Vec<Migration>,
}

/// The law of one kind. Everything stands in the order of its sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kind {
    /// Who may hold it.
    pub seats: Vec<Seat>,
    /// What is known of it.
    pub facts: Vec<Fact>,
    /// Where it may stand.
    pub states: Vec<State>,
    /// What may be done.
    pub acts: Vec<Act>,
    /// What that causes.
    pub effects: Vec<EffectRow>,
    /// What is due when.
    pub clocks: Vec<Clock>,
    /// Who sees it.
    pub sights: Vec<SightRow>,
    /// What other kinds may ask of it.
    pub contracts: Vec<Contract>,
    /// In which colour it stands.
    pub colours: Vec<ColourRow>,
}

impl Kind {
    /// A state by its name.
    #[must_use]
    pub fn state(&self, id: &StateId) -> Option<&State> {
        self.states.iter().find(|state| state.id == *id)
    }

    /// A fact by its name.
    #[must_use]
    pub fn fact(&self, name: &FactId) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.name == *name)
    }

    /// A seat by its name.
    #[must_use]
    pub fn seat(&self, id: &SeatId) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.id == *id)
    }

    /// A clock by its name.
    #[must_use]
    pub fn clock(&self, id: &ClockId) -> Option<&Clock> {
        self.clocks.iter().find(|clock| clock.id == *id)
    }

    /// The rows of an act, in the order in which they are tried.
    pub fn rows_of<'k>(&'k self, act: &'k ActId) -> impl Iterator<Item = &'k Act> {
        self.acts.iter().filter(move |row| row.id == *act)
    }

    /// The rows by which a person in `role` may do `act` in `state`, guards and seats left aside.
    pub fn rows_for<'k>(
        &'k self,
        act: &'k ActId,
        state: &'k State,
        role: &'k RoleName,
    ) -> impl Iterator<Item = &'k Act> {
        self.rows_of(act)
            .filter(move |row| row.from.includes(state) && row.names_role(role))
    }

    /// The effects of an act.
    pub fn effects_of<'k>(&'k self, act: &'k ActId) -> impl Iterator<Item = &'k EffectRow> {
        self.effects.iter().filter(move |row| row.act == *act)
    }

    /// What `set *` sets: the facts with one value for which a form has an answer of the same name, each with its answer.
    /// Rows of a repeat go into a table by `put`.
    #[must_use]
    pub fn answered_by<'k>(&'k self, form: &'k Form) -> Vec<(&'k Fact, &'k Answer)> {
        let named = |fact: &'k Fact| {
            let answer = form.answer(&fact.name)?;
            let tables = fact.kind == FactType::Table && answer.kind == FactType::Table;
            (!tables).then_some((fact, answer))
        };
        self.facts.iter().filter_map(named).collect()
    }

    /// Its calculated facts in an order in which each finds what it reads; those that wait for each other are left out.
    #[must_use]
    pub fn calculated(&self) -> Vec<&Fact> {
        self.in_order().0
    }

    /// Calculated facts that wait for each other.
    pub(crate) fn waiting_in_circles(&self) -> Vec<&Fact> {
        self.in_order().1
    }

    fn in_order(&self) -> (Vec<&Fact>, Vec<&Fact>) {
        let mut left: Vec<&Fact> = self.facts.iter().filter(|fact| fact.calc.is_some()).collect();
        let mut done = Vec::new();
        loop {
            let waits = |fact: &Fact| {
                let rule = fact.calc.as_ref().and_then(crate::Formula::rule);
                rule.is_some_and(|rule| {
                    left.iter()
                        .any(|other| rule.reads().contains(other.name.as_str()))
                })
            };
            let (waiting, ready): (Vec<_>, Vec<_>) = left.iter().partition(|fact| waits(fact));
            if ready.is_empty() {
                return (done, waiting);
            }
            done.extend(ready);
            left = waiting;
        }
    }

    /// Names of its acts, each once, in the order of the sheet.
    #[must_use]
    pub fn act_names(&self) -> Vec<&ActId> {
        let mut names: Vec<&ActId> = Vec::new();
        for act in &self.acts {
            if !names.contains(&&act.id) {
                names.push(&act.id);
            }
        }
        names
    }
}

/// Read every file of the law.
pub(crate) fn read(files: &PackFiles, manifest: &Manifest, findings: &mut Findings) -> Law {
    let kinds = Kinds(manifest);
    let mut law = Law {
        kinds: manifest
            .kinds
            .keys()
            .map(|id| (id.clone(), Kind::default()))
            .collect(),
        lists: BTreeMap::new(),
        forms: BTreeMap::new(),
        expects: Vec::new(),
        migrations: Vec::new(),
    };
    let expects = rows(files, expects::FILE, expects::LAYOUT, Needed::No, findings);
    law.expects = expects::read(&expects, findings);
    let facts = rows(files, facts::FILE, facts::LAYOUT, Needed::Yes, findings);
    law.give(facts::read(&facts, kinds, findings), |kind| &mut kind.facts);
    let states = rows(files, states::STATES_FILE, states::STATES, Needed::Yes, findings);
    law.give(states::read_states(&states, kinds, findings), |kind| {
        &mut kind.states
    });
    let seats = rows(files, states::SEATS_FILE, states::SEATS, Needed::No, findings);
    law.give(states::read_seats(&seats, kinds, findings), |kind| {
        &mut kind.seats
    });
    let acts = rows(files, acts::FILE, acts::LAYOUT, Needed::Yes, findings);
    law.give(acts::read(&acts, kinds, findings), |kind| &mut kind.acts);
    let effects = rows(files, effects::FILE, effects::LAYOUT, Needed::No, findings);
    law.give(effects::read(&effects, kinds, findings), |kind| &mut kind.effects);
    let sights = rows(files, sights::SIGHTS_FILE, sights::SIGHTS, Needed::Yes, findings);
    law.give(sights::read_sights(&sights, kinds, findings), |kind| {
        &mut kind.sights
    });
    let contracts = rows(
        files,
        sights::CONTRACTS_FILE,
        sights::CONTRACTS,
        Needed::No,
        findings,
    );
    law.give(sights::read_contracts(&contracts, kinds, findings), |kind| {
        &mut kind.contracts
    });
    let colours = rows(files, sights::COLOURS_FILE, sights::COLOURS, Needed::No, findings);
    law.give(sights::read_colours(&colours, kinds, findings), |kind| {
        &mut kind.colours
    });
    if let Some(bytes) = files.get(clocks::FILE) {
        let clocks = with_root(clocks::FILE, bytes, findings, |root, findings| {
            clocks::read(root, kinds, findings)
        });
        law.give(clocks.unwrap_or_default(), |kind| &mut kind.clocks);
    }
    law.read_lists(files, findings);
    law.read_forms(files, findings);
    law.read_migrations(files, findings);
    law
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needed {
    Yes,
    No,
}

fn rows(files: &PackFiles, file: &str, layout: Layout, needed: Needed, findings: &mut Findings) -> Vec<Row> {
    match files.get(file) {
        Some(bytes) => sheet::rows(file, bytes, layout, findings),
        None => {
            if needed == Needed::Yes {
                findings.add(&Place::file(file), &Problem::FileMissing);
            }
            Vec::new()
        }
    }
}

impl Law {
    /// Hand what a sheet says of each kind to that kind.
    fn give<T>(&mut self, found: OfKind<T>, place: impl Fn(&mut Kind) -> &mut Vec<T>) {
        for (id, things) in found {
            if let Some(kind) = self.kinds.get_mut(&id) {
                *place(kind) = things;
            }
        }
    }

    fn read_lists(&mut self, files: &PackFiles, findings: &mut Findings) {
        for (path, bytes) in files.iter() {
            if let Some(id) = lists::name_of(path).and_then(ListId::parse) {
                self.lists.insert(id, lists::read(path, bytes, findings));
            }
        }
    }

    fn read_forms(&mut self, files: &PackFiles, findings: &mut Findings) {
        for (path, bytes) in files.iter() {
            let Some((id, ending)) = forms::name_of(path) else {
                continue;
            };
            let form = self.forms.entry(id).or_insert(Form {
                answers: Vec::new(),
                drawn: false,
            });
            match ending {
                "csv" => form.answers = forms::read(path, bytes, findings),
                "xml" => form.drawn = true,
                _ => {}
            }
        }
    }

    fn read_migrations(&mut self, files: &PackFiles, findings: &mut Findings) {
        for (path, bytes) in files.iter() {
            let Some(versions) = migrate::versions_of(path) else {
                continue;
            };
            let migration = with_root(path, bytes, findings, |root, findings| {
                migrate::read(path, versions, root, findings)
            });
            self.migrations.extend(migration);
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn kind(&self, id: &KindId) -> Option<&Kind> {
        self.kinds.get(id)
    }
}

/// Every sheet with its layout, for the manual and its test.
#[cfg(test)]
pub(crate) const LAYOUTS: [(&str, Layout); 11] = [
    ("facts.csv", facts::LAYOUT),
    ("states.csv", states::STATES),
    ("seats.csv", states::SEATS),
    ("acts.csv", acts::LAYOUT),
    ("effects.csv", effects::LAYOUT),
    ("sights.csv", sights::SIGHTS),
    ("contracts.csv", sights::CONTRACTS),
    ("colours.csv", sights::COLOURS),
    ("expects.csv", expects::LAYOUT),
    ("lists/NAME.csv", lists::LAYOUT),
    ("forms/NAME.csv", forms::LAYOUT),
];

/// Whether a file of `law/` is one that is read or kept for others to read.
pub(crate) fn is_known(path: &str) -> bool {
    let sheets = [
        facts::FILE,
        states::STATES_FILE,
        states::SEATS_FILE,
        acts::FILE,
        effects::FILE,
        expects::FILE,
        sights::SIGHTS_FILE,
        sights::CONTRACTS_FILE,
        sights::COLOURS_FILE,
        clocks::FILE,
    ];
    let print = || {
        let name = path
            .strip_prefix("law/prints/")
            .and_then(|rest| rest.strip_suffix(".docx"));
        name.is_some_and(crate::names::is_name)
    };
    sheets.contains(&path)
        || lists::name_of(path).is_some()
        || forms::name_of(path).is_some()
        || print()
        || migrate::versions_of(path).is_some()
}
