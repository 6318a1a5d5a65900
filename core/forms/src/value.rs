//! What facts, answers and columns can be, and the values they take.
//!
//! Not here: which fact is of which type (`schema`), and what is done with values (`rule`, `filter`).
//! Called by the checkers and evaluators and by whoever keeps a value.

use crate::decimal::{Decimal, DecimalError};
use chrono::{DateTime, Datelike, Days, FixedOffset, Months, NaiveDate};
use std::collections::BTreeSet;
use std::fmt::{Display, Formatter};
use thiserror::Error;

/// Longest text of a value, in bytes. Longer texts are files.
pub const MAX_TEXT: usize = 4096;

/// Most codes in one value.
pub const MAX_CODES: usize = 200;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// What the clocks of the city are ahead of UTC, in milliseconds. A day is a day there, whatever the device's zone.
const AHEAD_MS: i64 = 8 * 3_600_000;

/// The type of a fact, an answer or a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// A text of at most [`MAX_TEXT`] bytes.
    Text,
    /// One code of the list of this name.
    Code(String),
    /// Any number of codes of the list of this name, in no order.
    Codes(String),
    /// A whole number.
    Int,
    /// An exact number.
    Decimal {
        /// Most digits after the point, at most [`crate::decimal::MAX_SCALE`].
        scale: u8,
    },
    /// Yes or no. Absent reads as no.
    Bool,
    /// A day.
    Date,
    /// An instant.
    Time,
    /// A place on the map.
    Point(Datum),
    /// A file, by the text that names it.
    File,
}

/// The coordinate system of a place. They differ by some hundred metres, so the type tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Datum {
    /// Of satellites and phones; CGCS2000 within a phone's accuracy.
    Wgs84,
    /// Of 高德 and 腾讯.
    Gcj02,
    /// Of 百度.
    Bd09,
}

/// A value. Absent and empty are one, so no other value is empty: make texts and codes with [`Value::text`] and
/// [`Value::codes`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Absent,
    /// Of type text, code or file.
    Text(String),
    /// Of type codes.
    Codes(BTreeSet<String>),
    /// Of type int or decimal.
    Number(Decimal),
    /// Of type bool.
    Bool(bool),
    /// Of type date.
    Date(Date),
    /// Of type time.
    Time(Time),
    /// Of type point.
    Point(Point),
}

/// Why a text is no value of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ValueError {
    /// Longer than [`MAX_TEXT`] bytes.
    #[error("a text of more than {MAX_TEXT} bytes")]
    TooLong,
    /// More than [`MAX_CODES`].
    #[error("more than {MAX_CODES} codes")]
    TooMany,
    /// Not a number, or not an exact one.
    #[error(transparent)]
    Number(#[from] DecimalError),
    /// More digits after the point than the type has.
    #[error("more digits after the point than there may be")]
    Digits,
    /// Neither `true` nor `false`.
    #[error("neither true nor false")]
    Bool,
    /// Not a day of the years 1 to 9999 as `2026-01-31`.
    #[error("not a day such as 2026-01-31")]
    Date,
    /// Not an instant of those years as `2026-01-31T08:00:00.000+08:00`.
    #[error("not a time such as 2026-01-31T08:00:00.000+08:00")]
    Time,
    /// Not a latitude and a longitude in degrees with at most 9 digits after the point.
    #[error("not a latitude and a longitude in degrees")]
    Point,
}

impl Value {
    /// A text, a code or a file's name; absent when empty.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() {
            Self::Absent
        } else {
            Self::Text(text)
        }
    }

    /// A set of codes; absent when there are none.
    #[must_use]
    pub fn codes<C: Into<String>>(codes: impl IntoIterator<Item = C>) -> Self {
        let codes: BTreeSet<String> = codes.into_iter().map(Into::into).collect();
        if codes.is_empty() {
            Self::Absent
        } else {
            Self::Codes(codes)
        }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value of this type that `text` says, as forms and sheets write it: numbers in digits, `true` and `false`,
    /// codes between spaces, days and instants by ISO 8601 (an instant with its offset), a place as latitude and
    /// longitude. The empty text is absent. Whether a code is of its list is not looked at.
    ///
    /// # Errors
    /// [`ValueError`] says what the text is not.
    pub fn read(kind: &Type, text: &str) -> Result<Self, ValueError> {
        if text.len() > MAX_TEXT {
            return Err(ValueError::TooLong);
        }
        if text.is_empty() {
            return Ok(Self::Absent);
        }
        match kind {
            Type::Text | Type::Code(_) | Type::File => Ok(Self::text(text)),
            Type::Codes(_) => {
                let codes: BTreeSet<_> = text.split_ascii_whitespace().collect();
                if codes.len() > MAX_CODES {
                    return Err(ValueError::TooMany);
                }
                Ok(Self::codes(codes))
            }
            Type::Int => number(text, 0),
            Type::Decimal { scale } => number(text, *scale),
            Type::Bool => match text {
                "true" => Ok(Self::Bool(true)),
                "false" => Ok(Self::Bool(false)),
                _ => Err(ValueError::Bool),
            },
            Type::Date => Date::read(text).map(Self::Date).ok_or(ValueError::Date),
            Type::Time => Time::read(text).map(Self::Time).ok_or(ValueError::Time),
            Type::Point(_) => Point::read(text).map(Self::Point).ok_or(ValueError::Point),
        }
    }

    /// Whether it is absent or a value of this type. Whether a code is of its list is not looked at.
    #[must_use]
    pub fn is_of(&self, kind: &Type) -> bool {
        match (self, kind) {
            (Self::Absent, _)
            | (Self::Bool(_), Type::Bool)
            | (Self::Date(_), Type::Date)
            | (Self::Time(_), Type::Time)
            | (Self::Point(_), Type::Point(_)) => true,
            (Self::Text(text), Type::Text | Type::Code(_) | Type::File) => text.len() <= MAX_TEXT,
            (Self::Codes(codes), Type::Codes(_)) => codes.len() <= MAX_CODES,
            (Self::Number(number), Type::Int) => number.scale() == 0,
            (Self::Number(number), Type::Decimal { scale }) => number.scale() <= *scale,
            _ => false,
        }
    }
}

fn number(text: &str, scale: u8) -> Result<Value, ValueError> {
    let number: Decimal = text.parse()?;
    if number.scale() > scale {
        return Err(ValueError::Digits);
    }
    Ok(Value::Number(number))
}

impl Display for Value {
    /// The one spelling of this value, which [`Value::read`] takes back. Absent is the empty text.
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Codes(codes) => {
                for (nth, code) in codes.iter().enumerate() {
                    write!(f, "{}{code}", if nth == 0 { "" } else { " " })?;
                }
                Ok(())
            }
            Self::Number(number) => number.fmt(f),
            Self::Bool(yes) => yes.fmt(f),
            Self::Date(date) => date.fmt(f),
            Self::Time(time) => time.fmt(f),
            Self::Point(point) => write!(f, "{} {}", point.latitude, point.longitude),
        }
    }
}

/// A day of the years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(NaiveDate);

impl Date {
    /// This day, if it lies within the years.
    #[must_use]
    pub fn new(day: NaiveDate) -> Option<Self> {
        (1..=9999).contains(&day.year()).then_some(Self(day))
    }

    /// The day as the calendar library's.
    #[must_use]
    pub const fn day(self) -> NaiveDate {
        self.0
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn since_1970(self) -> i64 {
        i64::from(self.0.to_epoch_days())
    }

    /// `days` later, or earlier; `None` outside the years.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Option<Self> {
        let step = Days::new(days.unsigned_abs());
        let day = if days < 0 {
            self.0.checked_sub_days(step)
        } else {
            self.0.checked_add_days(step)
        };
        Self::new(day?)
    }

    /// The same day of the month `months` later, or earlier, or that month's last day; `None` outside the years.
    #[must_use]
    pub fn plus_months(self, months: i64) -> Option<Self> {
        let step = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
        let day = if months < 0 {
            self.0.checked_sub_months(step)
        } else {
            self.0.checked_add_months(step)
        };
        Self::new(day?)
    }

    /// The day that `text` says, written as `2026-01-31` and no other way.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let day = Self::new(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?)?;
        (day.to_string() == text).then_some(day)
    }
}

impl Display for Date {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:04}-{:02}-{:02}",
            self.0.year(),
            self.0.month(),
            self.0.day()
        )
    }
}

/// An instant of the years 1 to 9999, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// `millis` since 1970-01-01T00:00Z, if it lies within the years at the city's clock.
    #[must_use]
    pub fn new(millis: i64) -> Option<Self> {
        let local = DateTime::from_timestamp_millis(millis.checked_add(AHEAD_MS)?)?;
        Date::new(local.date_naive()).map(|_| Self(millis))
    }

    /// Milliseconds since 1970-01-01T00:00Z.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The day at the city's clock, +08:00.
    #[must_use]
    pub fn date(self) -> Date {
        let days = (self.0 + AHEAD_MS).div_euclid(DAY_MS);
        // `new` saw to it that this day exists.
        i32::try_from(days)
            .ok()
            .and_then(NaiveDate::from_epoch_days)
            .map_or(Date(NaiveDate::MIN), Date)
    }

    /// Milliseconds since midnight at the city's clock.
    #[must_use]
    pub const fn of_day(self) -> i64 {
        (self.0 + AHEAD_MS).rem_euclid(DAY_MS)
    }

    /// The end of this day at the city's clock, which is the next midnight. What is due at 24:00 is due then.
    #[must_use]
    pub const fn day_end(self) -> Self {
        Self(self.0 - self.of_day() + DAY_MS)
    }

    /// The instant that `text` says, by RFC 3339, with its offset.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let time: DateTime<FixedOffset> = DateTime::parse_from_rfc3339(text).ok()?;
        Self::new(time.timestamp_millis())
    }
}

impl Display for Time {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let (seconds, millis) = (self.of_day() / 1000, self.of_day() % 1000);
        write!(
            f,
            "{}T{:02}:{:02}:{:02}.{millis:03}+08:00",
            self.date(),
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
        )
    }
}

/// A place. Its coordinate system is that of the fact's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Point {
    latitude: Decimal,
    longitude: Decimal,
}

impl Point {
    /// At most 90 and 180 degrees from zero and 9 digits after the point, which is a tenth of a millimetre.
    #[must_use]
    pub fn new(latitude: Decimal, longitude: Decimal) -> Option<Self> {
        let within = |degrees: Decimal, most: i32| {
            degrees.scale() <= 9 && degrees <= Decimal::from(most) && degrees >= Decimal::from(-most)
        };
        (within(latitude, 90) && within(longitude, 180)).then_some(Self { latitude, longitude })
    }

    /// Degrees north.
    #[must_use]
    pub const fn latitude(self) -> Decimal {
        self.latitude
    }

    /// Degrees east.
    #[must_use]
    pub const fn longitude(self) -> Decimal {
        self.longitude
    }

    /// A latitude and a longitude between spaces. A form may add altitude and accuracy; they are facts of their own.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split_ascii_whitespace();
        let (latitude, longitude) = (parts.next()?, parts.next()?);
        Self::new(latitude.parse().ok()?, longitude.parse().ok()?)
    }
}
