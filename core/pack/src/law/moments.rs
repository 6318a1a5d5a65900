//! Moments: `finish.due - 5 workday`, an instant of the record moved by a span.
//!
//! Not the reckoning in calendars. Used by sights and colours.

use crate::finding::{Findings, Place};
use crate::names::{FactId, is_name};
use crate::problem::Problem;
use crate::sheet;

/// In what time is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Sixty seconds.
    Minute,
    /// Sixty minutes.
    Hour,
    /// An hour of the calendar's office hours.
    Workhour,
    /// A day of the calendar of +08:00.
    Day,
    /// A working day.
    Workday,
    /// A month, clamped to its last day.
    Month,
}

impl Unit {
    /// Every unit with its spelling.
    pub const ALL: [(&'static str, Self); 6] = [
        ("minute", Self::Minute),
        ("hour", Self::Hour),
        ("workhour", Self::Workhour),
        ("day", Self::Day),
        ("workday", Self::Workday),
        ("month", Self::Month),
    ];

    /// The unit of that spelling.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, unit)| *unit)
    }

    pub(crate) fn words() -> String {
        Self::ALL.map(|(word, _)| word).join(" ")
    }
}

/// A span of time, backwards where `count` is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// How many.
    pub count: i32,
    /// Of what.
    pub unit: Unit,
}

impl Span {
    /// `-1 workday`, `+2 hour`, `30 day`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.trim().rsplit_once(char::is_whitespace)?;
        let count = count.trim_end();
        let (sign, digits) = match count.strip_prefix('-') {
            Some(rest) => (-1, rest.trim_start()),
            None => (1, count.strip_prefix('+').unwrap_or(count).trim_start()),
        };
        let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let count: i32 = digits.parse().ok().filter(|_| plain)?;
        Some(Self {
            count: sign * count,
            unit: Unit::from_word(unit)?,
        })
    }
}

/// What a moment starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// A fact of type time or date, or an instant that every record has, such as `closed_at`.
    Fact(FactId),
    /// `clock.due`: when a clock is due.
    Due(crate::names::ClockId),
}

/// An instant of the record, moved by a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// From where.
    pub anchor: Anchor,
    /// By how much.
    pub plus: Option<Span>,
    /// Where it stands.
    pub place: Place,
}

impl Moment {
    /// A moment; anything else is a finding.
    pub(crate) fn parse(text: &str, place: Place, findings: &mut Findings) -> Option<Self> {
        let text = text.trim();
        let at = text.find(['+', '-']).unwrap_or(text.len());
        let (anchor, span) = (text[..at].trim(), &text[at..]);
        let plus = match span {
            "" => Some(None),
            span => Span::parse(span).map(Some),
        };
        let anchor = match anchor.split_once('.') {
            None if is_name(anchor) => sheet::name(anchor, &place, findings).map(Anchor::Fact),
            Some((clock, "due")) if is_name(clock) => sheet::name(clock, &place, findings).map(Anchor::Due),
            _ => None,
        };
        match (anchor, plus) {
            (Some(anchor), Some(plus)) => Some(Self { anchor, plus, place }),
            _ => {
                let text = text.chars().take(80).collect();
                findings.add(&place, &Problem::NotAMoment { text });
                None
            }
        }
    }
}
