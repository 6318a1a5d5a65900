//! `law/sights.csv`, `law/contracts.csv` and `law/colours.csv`: who sees a record and how much of it, what other kinds
//! may ask of it, and in which colour it stands.
//!
//! Not the masking, which is the product's by class. Read by the fold and by whoever lists records.

use super::effects::KindRef;
use super::facts::Class;
use super::kinds::{Kinds, OfKind};
use super::moments::Moment;
use crate::finding::{Findings, Place};
use crate::formula::Formula;
use crate::limits;
use crate::names::{ActId, FactId, SeatId, is_name};
use crate::problem::Problem;
use crate::sheet::{self, Layout, Row};

pub(crate) const SIGHTS_FILE: &str = "law/sights.csv";
pub(crate) const SIGHTS: Layout = Layout {
    required: &["scope", "sight"],
    optional: &["kind", "if", "until", "class"],
    open: false,
    rows: limits::SHEET_ROWS,
};
pub(crate) const CONTRACTS_FILE: &str = "law/contracts.csv";
pub(crate) const CONTRACTS: Layout = Layout {
    required: &["who", "may"],
    optional: &["kind", "takes", "gives"],
    open: false,
    rows: limits::SHEET_ROWS,
};
pub(crate) const COLOURS_FILE: &str = "law/colours.csv";
pub(crate) const COLOURS: Layout = Layout {
    required: &["colour", "when"],
    optional: &["kind", "from"],
    open: false,
    rows: limits::SHEET_ROWS,
};

/// Who follows a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// `person:{main}`: the holder of a seat.
    Person(SeatId),
    /// `unit:{main/unit}`: the unit of the holder; `unit:{main/*/unit}`: the units of everybody in the stack.
    /// `unit:{office}` where the seat itself holds units.
    Unit {
        /// The seat.
        seat: SeatId,
        /// Everybody in the stack, not only who is on top.
        whole_stack: bool,
    },
    /// `place:{window}`: the place in a seat.
    Place(SeatId),
    /// `bureau`: whoever is granted that scope.
    Named(String),
}

impl Scope {
    fn parse(text: &str, place: &Place, findings: &mut Findings) -> Option<Self> {
        let Some((word, rest)) = text.split_once(':') else {
            return is_name(text).then(|| Self::Named(text.to_owned()));
        };
        let path = rest.strip_prefix('{')?.strip_suffix('}')?;
        let (seat, tail) = path
            .split_once('/')
            .map_or((path, ""), |(seat, tail)| (seat, tail));
        let seat = sheet::name(seat, place, findings)?;
        match (word, tail) {
            ("person", "") => Some(Self::Person(seat)),
            ("place", "") => Some(Self::Place(seat)),
            ("unit", "" | "unit") => Some(Self::Unit {
                seat,
                whole_stack: false,
            }),
            ("unit", "*/unit") => Some(Self::Unit {
                seat,
                whole_stack: true,
            }),
            _ => None,
        }
    }
}

/// How much is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// Nothing.
    Absent,
    /// Through the mask of the class.
    Masked,
    /// As it is.
    Full,
}

/// One row of `sights.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SightRow {
    /// Whose.
    pub scope: Scope,
    /// Only if.
    pub guard: Option<Formula>,
    /// Until when; afterwards the record leaves the scope.
    pub until: Option<Moment>,
    /// Of which facts; absent is every class without a row of its own.
    pub class: Option<Class>,
    /// How much of them.
    pub sight: Sight,
    /// Its row.
    pub place: Place,
}

/// What another kind may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// `open`: open a record of this kind.
    Open,
    /// `link`: hold a known record of this kind as a link.
    Link,
    /// An act, by its name.
    Act(ActId),
}

/// One row of `contracts.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Who.
    pub who: KindRef,
    /// What.
    pub may: Request,
    /// Facts it may hand over.
    pub takes: Vec<FactId>,
    /// Facts that the link shows it.
    pub gives: Vec<FactId>,
    /// Its row.
    pub place: Place,
}

/// The colours, the one that counts most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Colour {
    /// 红
    Red,
    /// 黄
    Yellow,
    /// 蓝
    Blue,
    /// 绿
    Green,
}

impl Colour {
    /// Every colour with its spelling, the one that counts most first.
    pub const ALL: [(&'static str, Self); 4] = [
        ("red", Self::Red),
        ("yellow", Self::Yellow),
        ("blue", Self::Blue),
        ("green", Self::Green),
    ];
}

/// One row of `colours.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColourRow {
    /// The colour.
    pub colour: Colour,
    /// If.
    pub when: Formula,
    /// From when; absent is at once.
    pub from: Option<Moment>,
    /// Its row.
    pub place: Place,
}

pub(crate) fn read_sights(rows: &[Row], kinds: Kinds<'_>, findings: &mut Findings) -> OfKind<SightRow> {
    const SIGHTS: [(&str, Sight); 3] = [
        ("full", Sight::Full),
        ("masked", Sight::Masked),
        ("absent", Sight::Absent),
    ];
    let mut all: OfKind<SightRow> = OfKind::new();
    for row in rows {
        let kind = kinds.of(row, findings);
        let at = row.at("scope");
        let before = findings.count();
        let scope = Scope::parse(row.cell("scope"), &at, findings);
        if scope.is_none() && findings.count() == before {
            let text = row.cell("scope").chars().take(80).collect();
            findings.add(&at, &Problem::NotAScope { text });
        }
        let until = optional_moment(row, "until", findings);
        let class = Class::of(row, findings);
        let sight = row.word("sight", &SIGHTS, findings);
        if let (Some(kind), Some(scope), Ok(until), Ok(class), Some(sight)) =
            (kind, scope, until, class, sight)
        {
            all.entry(kind).or_default().push(SightRow {
                scope,
                guard: Formula::of(row, "if"),
                until,
                class,
                sight,
                place: row.place.clone(),
            });
        }
    }
    all
}

pub(crate) fn read_contracts(rows: &[Row], kinds: Kinds<'_>, findings: &mut Findings) -> OfKind<Contract> {
    let mut all: OfKind<Contract> = OfKind::new();
    for row in rows {
        let kind = kinds.of(row, findings);
        let who = match row.cell("who") {
            "" => {
                findings.add(&row.at("who"), &Problem::CellMissing);
                None
            }
            text => KindRef::parse(text, &row.at("who"), findings),
        };
        let may = match row.cell("may") {
            "open" => Some(Request::Open),
            "link" => Some(Request::Link),
            _ => row.name("may", findings).map(Request::Act),
        };
        let takes = facts_of(row, "takes", findings);
        let gives = facts_of(row, "gives", findings);
        if let (Some(kind), Some(who), Some(may)) = (kind, who, may) {
            let place = row.place.clone();
            all.entry(kind).or_default().push(Contract {
                who,
                may,
                takes,
                gives,
                place,
            });
        }
    }
    all
}

pub(crate) fn read_colours(rows: &[Row], kinds: Kinds<'_>, findings: &mut Findings) -> OfKind<ColourRow> {
    let mut all: OfKind<ColourRow> = OfKind::new();
    for row in rows {
        let kind = kinds.of(row, findings);
        let colour = row.word("colour", &Colour::ALL, findings);
        let when = Formula::of(row, "when");
        if when.is_none() {
            findings.add(&row.at("when"), &Problem::CellMissing);
        }
        let from = optional_moment(row, "from", findings);
        if let (Some(kind), Some(colour), Some(when), Ok(from)) = (kind, colour, when, from) {
            let place = row.place.clone();
            all.entry(kind).or_default().push(ColourRow {
                colour,
                when,
                from,
                place,
            });
        }
    }
    all
}

fn optional_moment(row: &Row, column: &str, findings: &mut Findings) -> Result<Option<Moment>, sheet::Bad> {
    match row.cell(column) {
        "" => Ok(None),
        text => Moment::parse(text, row.at(column), findings)
            .map(Some)
            .ok_or(sheet::Bad),
    }
}

fn facts_of(row: &Row, column: &str, findings: &mut Findings) -> Vec<FactId> {
    let at = row.at(column);
    row.cell(column)
        .split_whitespace()
        .filter_map(|name| sheet::name(name, &at, findings))
        .collect()
}
