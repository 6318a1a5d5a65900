//! Why an act is refused: a code of a closed list, the cell of the law that refused, names.

use super::answers::Issue;
use crate::clock::ClockFault;
use shenhai_forms::rule;
use shenhai_pack::Formula;
use shenhai_pack::Place;
use shenhai_pack::law::Act as Row;
use shenhai_pack::names::TextId;

/// Why an act is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The code.
    pub code: Code,
    /// The cell of the law that refused: file, row, column.
    pub cell: Option<Box<Place>>,
    /// The row's own reason, a text of the face.
    pub why: Option<TextId>,
    /// What it is about: facts that changed, answers that are wrong.
    pub names: Vec<String>,
    /// What is wrong with the answers.
    pub issues: Vec<Issue>,
}

/// The codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The record stands under another law, or the act was made under one.
    LawChanged,
    /// The law has no such kind.
    UnknownKind,
    /// The act is for another record.
    OtherRecord,
    /// The instant given lies before the record's last change.
    TimeFell,
    /// It was made upon a revision that is not there yet.
    UnknownRevision,
    /// The law has no such act for this kind.
    UnknownAct,
    /// An act of the spine that this engine level does not do.
    NotInThisEngine,
    /// Whoever asks may not, in any state.
    Forbidden,
    /// Not in the state in which the record stands.
    WrongState,
    /// The record is there already.
    Exists,
    /// There is no such record.
    NoRecord,
    /// The answers do not pass.
    Form,
    /// Something changed that the author had not seen.
    FactsChanged,
    /// The guard says no.
    Guard,
    /// The row leads nowhere.
    NoTarget,
    /// The id is not the one the law makes of the facts.
    WrongId,
    /// A formula has no value.
    Rule(rule::Refusal),
    /// A value is not of the type of what is to hold it.
    WrongType,
    /// A row of a table without its key.
    NoKey,
    /// More rows, links, holders or pauses than there may be.
    TooMany,
    /// There is no such link, or it is not asked anything.
    NoLink,
    /// An alarm that is not due, went off already or belongs to an earlier generation of its clock.
    StaleAlarm,
    /// The record would be larger than it may be.
    RecordTooLarge,
}

impl Code {
    /// The code as a receipt carries it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::LawChanged => "law_changed",
            Self::UnknownKind => "unknown_kind",
            Self::OtherRecord => "other_record",
            Self::TimeFell => "time_fell",
            Self::UnknownRevision => "unknown_revision",
            Self::UnknownAct => "unknown_act",
            Self::NotInThisEngine => "not_in_this_engine",
            Self::Forbidden => "forbidden",
            Self::WrongState => "wrong_state",
            Self::Exists => "exists",
            Self::NoRecord => "no_record",
            Self::Form => "form",
            Self::FactsChanged => "facts_changed",
            Self::Guard => "guard",
            Self::NoTarget => "no_target",
            Self::WrongId => "wrong_id",
            Self::Rule(refusal) => refusal.code(),
            Self::WrongType => "wrong_type",
            Self::NoKey => "no_key",
            Self::TooMany => "too_many",
            Self::NoLink => "no_link",
            Self::StaleAlarm => "stale_alarm",
            Self::RecordTooLarge => "record_too_large",
        }
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self {
            code,
            cell: None,
            why: None,
            names: Vec::new(),
            issues: Vec::new(),
        }
    }
}

impl From<rule::Refusal> for Refusal {
    fn from(refusal: rule::Refusal) -> Self {
        Code::Rule(refusal).into()
    }
}

impl From<ClockFault> for Refusal {
    fn from(fault: ClockFault) -> Self {
        match fault {
            ClockFault::Rule(refusal) => refusal.into(),
            ClockFault::TooManyPauses => Code::TooMany.into(),
        }
    }
}

impl Refusal {
    /// By a row of the acts.
    pub(crate) fn at(code: Code, row: &Row) -> Self {
        Self {
            cell: Some(Box::new(row.place.clone())),
            ..code.into()
        }
    }

    /// By the guard of a row.
    pub(crate) fn guard(row: &Row) -> Self {
        Self {
            cell: Some(Box::new(row.place.at("when"))),
            why: row.why.clone(),
            ..Code::Guard.into()
        }
    }

    /// By a formula that has no value.
    pub(crate) fn formula(formula: &Formula, refusal: rule::Refusal) -> Self {
        Self {
            cell: Some(Box::new(formula.place.clone())),
            ..refusal.into()
        }
    }

    /// By a cell, about these names.
    pub(crate) fn about(code: Code, cell: &Place, names: Vec<String>) -> Self {
        Self {
            cell: Some(Box::new(cell.clone())),
            names,
            ..code.into()
        }
    }
}
