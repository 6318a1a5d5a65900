//! `law/clocks.toml`: what is due when.
//!
//! Not the counting, which is the fold's; not the calendars, which are signed data outside of packs.

use super::kinds::{Kinds, OfKind};
use super::moments::{Span, Unit};
use crate::document::Section;
use crate::finding::{Findings, Place};
use crate::formula::Formula;
use crate::names::{ActId, ClockId};
use crate::problem::Problem;

pub(crate) const FILE: &str = "law/clocks.toml";

/// How much time there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amount {
    /// So many.
    Fixed(u32),
    /// What a formula yields.
    Rule(Formula),
}

/// One term. Where several apply the earliest counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// If; absent is always.
    pub when: Option<Formula>,
    /// How it is reckoned.
    pub due: Due,
    /// Where the figure comes from.
    pub tag: Tag,
    /// Its line.
    pub place: Place,
}

/// How a term is reckoned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// So much time after the clock's start, or after another instant.
    After {
        /// How much.
        amount: Amount,
        /// Of which unit.
        unit: Unit,
        /// From another instant than the clock's.
        from: Option<Formula>,
    },
    /// At an instant of the record.
    Until(Formula),
}

/// Where a figure comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// Found in public material.
    Found,
    /// General knowledge that nobody confirmed.
    Knowledge,
    /// Our own assumption.
    Assumed,
}

/// By whose time a clock is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// When the gateway received the act.
    Received,
    /// When it was filled in, by the device's corrected time.
    Filled,
}

/// When an alarm goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmAt {
    /// As the clock is due.
    Due,
    /// Before or after it.
    Moved(Span),
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// When.
    pub at: AlarmAt,
    /// What it does; absent: it only shows.
    pub act: Option<ActId>,
    /// Its line.
    pub place: Place,
}

/// A clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// Its name.
    pub id: ClockId,
    /// It runs while this holds.
    pub running: Option<Formula>,
    /// Its start; absent: as it began to run.
    pub from: Option<Formula>,
    /// Its terms; never empty.
    pub terms: Vec<Term>,
    /// More time, given later.
    pub extra: Option<(Formula, Unit)>,
    /// It stands while this holds.
    pub pause: Option<Formula>,
    /// It starts anew when this holds after an act.
    pub reset: Option<Formula>,
    /// The day of the start counts as the first.
    pub day_of_from: bool,
    /// Minute of the day at which days and months end, 1 to 1440.
    pub due_minute: u32,
    /// By whose time it is met.
    pub met: Met,
    /// Its alarms.
    pub alarms: Vec<Alarm>,
    /// Its line.
    pub place: Place,
}

/// No rule of the house gives more; a larger figure is a slip. In units of the term.
const MOST: u32 = 10_000;

pub(crate) fn read(root: &Section<'_>, kinds: Kinds<'_>, findings: &mut Findings) -> OfKind<Clock> {
    root.only(&["clock"], findings);
    let mut clocks: OfKind<Clock> = OfKind::new();
    for (id, section) in root.named("clock", findings) {
        let kind = kinds.named(
            section.text("kind", findings).unwrap_or(""),
            &section.at("kind"),
            findings,
        );
        let clock = clock(id, &section, findings);
        if let Some(kind) = kind {
            clocks.entry(kind).or_default().push(clock);
        }
    }
    clocks
}

fn clock(id: ClockId, section: &Section<'_>, findings: &mut Findings) -> Clock {
    section.only(
        &[
            "kind",
            "while",
            "from",
            "term",
            "extra",
            "pause",
            "reset",
            "day_of_from",
            "due_at",
            "met",
            "alarms",
        ],
        findings,
    );
    let terms: Vec<_> = section
        .each("term", findings)
        .iter()
        .filter_map(|term| self::term(term, findings))
        .collect();
    if !section.has("term") {
        findings.add(&section.at("term"), &Problem::KeyMissing);
    }
    let due_at = section.text("due_at", findings).unwrap_or("24:00");
    let due_minute = minute_of_day(due_at);
    if due_minute.is_none() {
        findings.add(
            &section.at("due_at"),
            &Problem::WrongValue {
                wanted: "00:01 到 24:00 的时刻",
            },
        );
    }
    let met = match section.text("met", findings).unwrap_or("received") {
        "filled" => Met::Filled,
        "received" => Met::Received,
        _ => {
            findings.add(
                &section.at("met"),
                &Problem::WrongValue {
                    wanted: "received 或 filled",
                },
            );
            Met::Received
        }
    };
    Clock {
        id,
        running: section.formula("while", findings),
        from: section.formula("from", findings),
        terms,
        extra: section.section("extra", findings).and_then(|extra| {
            extra.only(&["n", "unit"], findings);
            Some((formula(&extra, "n", findings)?, unit(&extra, findings)?))
        }),
        pause: section.formula("pause", findings),
        reset: section.formula("reset", findings),
        day_of_from: section.flag("day_of_from", findings),
        due_minute: due_minute.unwrap_or(24 * 60),
        met,
        alarms: section
            .each("alarms", findings)
            .iter()
            .filter_map(|alarm| self::alarm(alarm, findings))
            .collect(),
        place: section.place(),
    }
}

fn term(section: &Section<'_>, findings: &mut Findings) -> Option<Term> {
    section.only(&["n", "unit", "when", "from", "until", "tag"], findings);
    let tag = tag(section, findings);
    let when = section.formula("when", findings);
    let due = if section.has("until") {
        for key in ["n", "unit", "from"] {
            if section.has(key) {
                findings.add(&section.at(key), &Problem::TermOfTwoKinds);
            }
        }
        formula(section, "until", findings).map(Due::Until)
    } else {
        let amount = match section.is_text("n") {
            true => formula(section, "n", findings).map(Amount::Rule),
            false => {
                if !section.has("n") {
                    findings.add(&section.at("n"), &Problem::KeyMissing);
                }
                section.number("n", (1, MOST), findings).map(Amount::Fixed)
            }
        };
        let unit = unit(section, findings);
        let from = section.formula("from", findings);
        amount
            .zip(unit)
            .map(|(amount, unit)| Due::After { amount, unit, from })
    };
    Some(Term {
        when,
        due: due?,
        tag: tag?,
        place: section.place(),
    })
}

fn formula(section: &Section<'_>, key: &str, findings: &mut Findings) -> Option<Formula> {
    let found = section.formula(key, findings);
    if found.is_none() {
        findings.add(&section.at(key), &Problem::KeyMissing);
    }
    found
}

fn unit(section: &Section<'_>, findings: &mut Findings) -> Option<Unit> {
    let word = section.text("unit", findings).unwrap_or("");
    let unit = Unit::from_word(word);
    if unit.is_none() {
        let problem = Problem::UnknownWord {
            text: word.chars().take(80).collect(),
            known: Unit::words(),
        };
        findings.add(&section.at("unit"), &problem);
    }
    unit
}

fn tag(section: &Section<'_>, findings: &mut Findings) -> Option<Tag> {
    match section.text("tag", findings).unwrap_or("") {
        "F" => Some(Tag::Found),
        "K" => Some(Tag::Knowledge),
        "A" => Some(Tag::Assumed),
        _ => {
            findings.add(&section.at("tag"), &Problem::TagMissing);
            None
        }
    }
}

fn alarm(section: &Section<'_>, findings: &mut Findings) -> Option<Alarm> {
    section.only(&["at", "act"], findings);
    let at = match section.text("at", findings).unwrap_or("") {
        "due" => Some(AlarmAt::Due),
        text => Span::parse(text).map(AlarmAt::Moved),
    };
    if at.is_none() {
        findings.add(
            &section.at("at"),
            &Problem::WrongValue {
                wanted: "due，或 \"-1 workday\" 这样的提前量",
            },
        );
    }
    let act = section.name("act", findings);
    Some(Alarm {
        at: at?,
        act,
        place: section.place(),
    })
}

fn minute_of_day(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| {
        let plain = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| plain)
    };
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && (1..=24 * 60).contains(&minute)).then_some(minute)
}
