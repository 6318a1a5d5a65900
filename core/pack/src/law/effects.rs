//! `law/effects.csv`: what an act causes, row by row in the order of the sheet, each row seeing what the last one did.
//!
//! Not the doing, which is the fold's.

use super::acts::Holding;
use super::kinds::{Kinds, OfKind};
use crate::finding::{Findings, Place};
use crate::formula::{Formula, assignments};
use crate::limits;
use crate::names::{
    ActId, FactId, KindId, LinkId, ListId, MessageId, PackId, PortId, RoleName, SeatId, TextId,
};
use crate::problem::Problem;
use crate::sheet::{self, Layout, Row};
use std::fmt;

pub(crate) const FILE: &str = "law/effects.csv";
pub(crate) const LAYOUT: Layout = Layout {
    required: &["act", "order", "effect", "target"],
    optional: &["kind", "if", "each", "as", "value", "with"],
    open: false,
    rows: limits::SHEET_ROWS,
};

/// Named formulas handed to another record, a port or a row of a table.
pub type With = Vec<(FactId, Formula)>;

/// A kind of this pack or of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KindRef {
    /// The other pack; absent is this one.
    pub pack: Option<PackId>,
    /// The kind.
    pub kind: KindId,
}

impl fmt::Display for KindRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pack {
            Some(pack) => write!(f, "{pack}.{}", self.kind),
            None => self.kind.fmt(f),
        }
    }
}

impl KindRef {
    pub(crate) fn parse(text: &str, place: &Place, findings: &mut Findings) -> Option<Self> {
        let (pack, kind) = match text.split_once('.') {
            Some((pack, kind)) => (Some(sheet::name(pack, place, findings)?), kind),
            None => (None, text),
        };
        let kind = sheet::name(kind, place, findings)?;
        Some(Self { pack, kind })
    }
}

/// What one row does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// `set`: a fact becomes what the formula yields.
    Set {
        /// The fact.
        fact: FactId,
        /// Its new value.
        value: Formula,
    },
    /// `set` with target `*`: every fact for which the act's form has an answer of the same name.
    SetAnswered,
    /// `put`: a row of a table, by its key.
    Put {
        /// The table.
        table: FactId,
        /// Its cells.
        cells: With,
    },
    /// `drop`: rows of a table.
    Drop {
        /// The table.
        table: FactId,
        /// Which rows.
        rows: Formula,
    },
    /// `assign`, `push`, `join`, `leave`: who holds a seat.
    Seat {
        /// The seat.
        seat: SeatId,
        /// How it changes.
        change: SeatChange,
        /// Who.
        holder: Formula,
    },
    /// `pop`: a seat goes back to the holder before.
    Pop {
        /// The seat.
        seat: SeatId,
    },
    /// `open`: a new record.
    Open {
        /// Its kind.
        kind: KindRef,
        /// The name of the link to it.
        link: LinkId,
        /// What it is given.
        with: With,
    },
    /// `link`: a known record.
    Link {
        /// Its kind.
        kind: KindRef,
        /// The name of the link to it.
        link: LinkId,
        /// Its id.
        id: Formula,
    },
    /// `do`: an act asked of the linked records.
    Do {
        /// The link.
        link: LinkId,
        /// The act.
        act: ActId,
        /// What it is given.
        with: With,
    },
    /// `tell`: a message to people, after the commit.
    Tell {
        /// To whom.
        whom: Whom,
        /// A text of the face.
        text: TextId,
    },
    /// `send`: a message out of the product, at least once.
    Send {
        /// The port.
        port: PortId,
        /// The message.
        message: MessageId,
        /// What it carries.
        with: With,
    },
}

/// Who is told something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// `main`: the holders of a seat.
    Seat(SeatId),
    /// `role@main/unit`, `role@any`: everybody in a role whom [`Holding`] ties to the record.
    Role {
        /// The role.
        role: RoleName,
        /// How they are tied to it.
        holding: Holding,
    },
}

impl Whom {
    fn parse(text: &str, at: &Place, findings: &mut Findings) -> Option<Self> {
        match text.split_once('@') {
            None => sheet::name(text, at, findings).map(Self::Seat),
            Some((role, holding)) => {
                let role = sheet::name(role, at, findings)?;
                let holding = Holding::parse(holding, at, findings);
                if holding.is_none() {
                    let text = text.chars().take(80).collect();
                    findings.add(at, &Problem::NotAWho { text });
                }
                holding.map(|holding| Self::Role { role, holding })
            }
        }
    }
}

/// What an effect is repeated for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Each {
    /// The rows of a table, of a repeat or of links; `$row` is the row.
    Rows(Formula),
    /// `list:materials`: the codes of a list that are not retired, in its order; `$row/code` is the code, and its other
    /// columns stand beside.
    List(ListId),
}

impl Each {
    /// The rows, where it is some.
    #[must_use]
    pub fn rows(&self) -> Option<&Formula> {
        match self {
            Self::Rows(formula) => Some(formula),
            Self::List(_) => None,
        }
    }

    /// Blank is none; `Err` where no list is named.
    fn of(row: &Row, findings: &mut Findings) -> Result<Option<Self>, sheet::Bad> {
        match row.cell("each").strip_prefix("list:") {
            None => Ok(Formula::of(row, "each").map(Self::Rows)),
            Some(list) => sheet::name(list, &row.at("each"), findings)
                .map(|list| Some(Self::List(list)))
                .ok_or(sheet::Bad),
        }
    }
}

/// How the holders of a seat change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeatChange {
    /// In the place of the holder.
    Assign,
    /// Above the holder, who comes back by `pop`.
    Push,
    /// Into the set.
    Join,
    /// Out of the set.
    Leave,
}

/// One row of the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectRow {
    /// The act.
    pub act: ActId,
    /// Its number within the act, rising; ids of opened records are made of it.
    pub order: u32,
    /// Only if.
    pub guard: Option<Formula>,
    /// Once for each of these.
    pub each: Option<Each>,
    /// What.
    pub effect: Effect,
    /// Its row.
    pub place: Place,
}

pub(crate) fn read(rows: &[Row], kinds: Kinds<'_>, findings: &mut Findings) -> OfKind<EffectRow> {
    let mut effects: OfKind<EffectRow> = OfKind::new();
    for row in rows {
        let kind = kinds.of(row, findings);
        let effect = effect_row(row, findings);
        if let (Some(kind), Some(effect)) = (kind, effect) {
            effects.entry(kind).or_default().push(effect);
        }
    }
    effects
}

fn effect_row(row: &Row, findings: &mut Findings) -> Option<EffectRow> {
    let act = row.name("act", findings);
    let order = row
        .cell("order")
        .parse::<u32>()
        .ok()
        .filter(|order| (1..=9_999).contains(order));
    if order.is_none() {
        let at = row.at("order");
        findings.add(
            &at,
            &Problem::NotInRange {
                least: 1,
                most: 9_999,
            },
        );
    }
    let effect = effect(row, findings);
    let each = Each::of(row, findings);
    Some(EffectRow {
        act: act?,
        order: order?,
        guard: Formula::of(row, "if"),
        each: each.ok()?,
        effect: effect?,
        place: row.place.clone(),
    })
}

fn effect(row: &Row, findings: &mut Findings) -> Option<Effect> {
    let word = row.cell("effect");
    let Some((_, uses)) = USES.iter().find(|(name, _)| *name == word) else {
        let problem = Problem::UnknownWord {
            text: word.chars().take(80).collect(),
            known: USES.map(|(name, _)| name).join(" "),
        };
        findings.add(&row.at("effect"), &problem);
        return None;
    };
    let answered = word == "set" && row.cell("target") == "*";
    let uses = if answered { &[][..] } else { *uses };
    let mut complete = true;
    for column in ["as", "value", "with"] {
        let filled = !row.cell(column).is_empty();
        // What is handed over may be nothing, except for a row of a table.
        let wanted = uses.contains(&column);
        if filled && !wanted {
            findings.add(
                &row.at(column),
                &Problem::CellUnused {
                    effect: word.to_owned(),
                },
            );
        } else if !filled && wanted && (column != "with" || word == "put") {
            findings.add(&row.at(column), &Problem::CellMissing);
            complete = false;
        }
    }
    let value = Formula::of(row, "value");
    let at = row.at("target");
    let target = row.cell("target");
    if target.is_empty() {
        findings.add(&at, &Problem::CellMissing);
        return None;
    }
    let with = assignments(row.cell("with"), &row.at("with"), findings);
    if answered {
        return Some(Effect::SetAnswered);
    }
    if !complete {
        return None;
    }
    let seat = |findings: &mut Findings| sheet::name::<SeatId>(target, &at, findings);
    let change = match word {
        "push" => SeatChange::Push,
        "join" => SeatChange::Join,
        "leave" => SeatChange::Leave,
        _ => SeatChange::Assign,
    };
    Some(match word {
        "set" => Effect::Set {
            fact: sheet::name(target, &at, findings)?,
            value: value?,
        },
        "put" => Effect::Put {
            table: sheet::name(target, &at, findings)?,
            cells: with,
        },
        "drop" => Effect::Drop {
            table: sheet::name(target, &at, findings)?,
            rows: value?,
        },
        "pop" => Effect::Pop {
            seat: seat(findings)?,
        },
        "tell" => Effect::Tell {
            whom: Whom::parse(target, &at, findings)?,
            text: sheet::name(row.cell("value"), &row.at("value"), findings)?,
        },
        "open" => Effect::Open {
            kind: KindRef::parse(target, &at, findings)?,
            link: row.name("as", findings)?,
            with,
        },
        "link" => Effect::Link {
            kind: KindRef::parse(target, &at, findings)?,
            link: row.name("as", findings)?,
            id: value?,
        },
        "do" => {
            let (link, act) = pair(target, &at, findings)?;
            Effect::Do {
                link: sheet::name(link, &at, findings)?,
                act: sheet::name(act, &at, findings)?,
                with,
            }
        }
        "send" => {
            let (port, message) = pair(target, &at, findings)?;
            Effect::Send {
                port: sheet::name(port, &at, findings)?,
                message: sheet::name(message, &at, findings)?,
                with,
            }
        }
        _ => Effect::Seat {
            seat: seat(findings)?,
            change,
            holder: value?,
        },
    })
}

/// Which columns beside `target` each effect uses.
const USES: [(&str, &[&str]); 13] = [
    ("set", &["value"]),
    ("put", &["with"]),
    ("drop", &["value"]),
    ("assign", &["value"]),
    ("push", &["value"]),
    ("pop", &[]),
    ("join", &["value"]),
    ("leave", &["value"]),
    ("open", &["as", "with"]),
    ("link", &["as", "value"]),
    ("do", &["with"]),
    ("tell", &["value"]),
    ("send", &["with"]),
];

fn pair<'t>(text: &'t str, at: &Place, findings: &mut Findings) -> Option<(&'t str, &'t str)> {
    let found = text.split_once('.');
    if found.is_none() {
        findings.add(
            at,
            &Problem::NotAPair {
                text: text.chars().take(80).collect(),
            },
        );
    }
    found
}
