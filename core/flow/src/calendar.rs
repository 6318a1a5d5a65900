//! Working days in Shanghai: weekends, the State Council's holidays and its 调休 working days.
//!
//! A year that was not announced has the days off that the law fixes (`statutory`). Not here: what is due when
//! (`deadlines`) and any time zone data base. Shanghai has kept UTC+8 without
//! summer time since 1991, so a fixed offset is exact for every order there is.

use crate::statutory::Statutory;
use chrono::{Datelike, NaiveDate, Weekday};
use serde::Deserialize;
use shenhai_forms::value::Date;
use shenhai_protocol::UnixMillis;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use thiserror::Error;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;
const OFFSET_MILLIS: i64 = 8 * 60 * 60 * 1000;

static STANDARD: LazyLock<Calendar> = LazyLock::new(|| {
    Calendar::load(include_str!("../data/calendar.toml"))
        .expect("the calendar shipped with the product is checked by its tests")
});

/// A day in Shanghai, as the number of days since 1970-01-01. Every instant lies in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShanghaiDay(i64);

impl ShanghaiDay {
    /// The day an instant lies in.
    #[must_use]
    pub fn of(at: UnixMillis) -> Self {
        Self(at.plus(OFFSET_MILLIS).0.div_euclid(DAY_MILLIS))
    }

    /// The day after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The day before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The day of a date.
    #[must_use]
    pub fn of_date(date: Date) -> Self {
        Self(date.since_1970())
    }

    /// The instant `minutes` after this day's 00:00; 1440 is its 24:00.
    #[must_use]
    pub fn at_minute(self, minutes: u32) -> UnixMillis {
        let midnight = self.0.saturating_mul(DAY_MILLIS);
        UnixMillis(midnight)
            .plus(i64::from(minutes) * 60_000)
            .plus(-OFFSET_MILLIS)
    }

    fn from_date(date: NaiveDate) -> Self {
        Self(i64::from(date.num_days_from_ce()) - i64::from(NaiveDate::default().num_days_from_ce()))
    }

    /// `None` for a day beyond the calendar's range, some 260,000 years away.
    fn date(self) -> Option<NaiveDate> {
        let from_ce = self
            .0
            .checked_add(i64::from(NaiveDate::default().num_days_from_ce()))?;
        NaiveDate::from_num_days_from_ce_opt(i32::try_from(from_ce).ok()?)
    }

    fn is_weekend(self) -> bool {
        // Day 0, 1970-01-01, was a Thursday.
        matches!((self.0 + 3).rem_euclid(7), 5 | 6)
    }
}

/// Whether something due at `due` has to be done on the Shanghai day of `now`. What is due at 24:00 belongs
/// to the day that ends then.
#[must_use]
pub fn due_today(due: UnixMillis, now: UnixMillis) -> bool {
    ShanghaiDay::of(due.plus(-1)) == ShanghaiDay::of(now)
}

/// Why a calendar file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// Not TOML of a calendar.
    #[error("not a calendar file: {0}")]
    Syntax(String),
    /// A year is listed twice.
    #[error("{0} is listed twice")]
    DuplicateYear(i32),
    /// A day is listed under another year.
    #[error("{1} is listed under {0}")]
    OtherYear(i32, NaiveDate),
    /// A holiday ends before it begins.
    #[error("{0} ends before it begins")]
    Backwards(String),
    /// A 调休 working day that is no Saturday or Sunday.
    #[error("{0} is a working day anyway")]
    NotAWeekend(NaiveDate),
    /// A day is listed as off and as a working day.
    #[error("{0} is listed as off and as a working day")]
    Contradiction(NaiveDate),
    /// Office hours that are no times of day, or not one after the other.
    #[error("{0} are not office hours")]
    OfficeHours(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    version: String,
    /// The hours of a working day as `09:00-11:30`, in their order; none where no rule counts in them.
    #[serde(default)]
    office_hours: Vec<String>,
    year: Vec<YearEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct YearEntry {
    year: i32,
    /// The announcement, kept beside the days for whoever checks them.
    #[serde(rename = "source")]
    _source: String,
    working: Vec<NaiveDate>,
    holidays: Vec<Holiday>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    name: String,
    from: NaiveDate,
    to: NaiveDate,
}

/// Whether a day is worked, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkingDay {
    /// It is worked.
    pub works: bool,
    /// The year's arrangement is in the calendar; otherwise weekends and the days off that the law fixes were looked
    /// at, and the arrangement may move working days around them.
    pub published: bool,
}

/// A checked calendar.
#[derive(Debug, Clone)]
pub struct Calendar {
    version: String,
    /// Per published year its first and last day.
    years: BTreeMap<ShanghaiDay, ShanghaiDay>,
    off: BTreeSet<ShanghaiDay>,
    worked: BTreeSet<ShanghaiDay>,
    office: Vec<(u32, u32)>,
}

impl Calendar {
    /// The calendar shipped with the product, `data/calendar.toml`.
    #[must_use]
    pub fn standard() -> &'static Self {
        &STANDARD
    }

    /// Read and check a calendar file.
    ///
    /// # Errors
    /// [`CalendarError`] names the first rule the file breaks.
    pub fn load(text: &str) -> Result<Self, CalendarError> {
        let file: CalendarFile =
            toml::from_str(text).map_err(|error| CalendarError::Syntax(error.message().to_owned()))?;
        let mut calendar = Self {
            version: file.version,
            years: BTreeMap::new(),
            off: BTreeSet::new(),
            worked: BTreeSet::new(),
            office: office_hours(&file.office_hours)?,
        };
        for entry in &file.year {
            calendar.add_year(entry)?;
        }
        Ok(calendar)
    }

    /// Version of the file.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether `day` is worked.
    #[must_use]
    pub fn working_day(&self, day: ShanghaiDay) -> WorkingDay {
        let published = self
            .years
            .range(..=day)
            .next_back()
            .is_some_and(|(_, last)| day <= *last);
        let works = if day.is_weekend() {
            self.worked.contains(&day)
        } else if published {
            !self.off.contains(&day)
        } else {
            !day.date().is_some_and(|date| Statutory::standard().is_off(date))
        };
        WorkingDay { works, published }
    }

    /// The hours of a working day, in minutes after its 00:00, one after the other; none where the calendar names none.
    #[must_use]
    pub fn office_hours(&self) -> &[(u32, u32)] {
        &self.office
    }

    fn add_year(&mut self, entry: &YearEntry) -> Result<(), CalendarError> {
        let bounds =
            NaiveDate::from_ymd_opt(entry.year, 1, 1).zip(NaiveDate::from_ymd_opt(entry.year, 12, 31));
        let Some((first, last)) = bounds else {
            return Err(CalendarError::Syntax(format!("{} is not a year", entry.year)));
        };
        let (first, last) = (ShanghaiDay::from_date(first), ShanghaiDay::from_date(last));
        if self.years.insert(first, last).is_some() {
            return Err(CalendarError::DuplicateYear(entry.year));
        }
        let of_year = |date: NaiveDate| match date.year() == entry.year {
            true => Ok(date),
            false => Err(CalendarError::OtherYear(entry.year, date)),
        };
        for holiday in &entry.holidays {
            let (from, to) = (of_year(holiday.from)?, of_year(holiday.to)?);
            if to < from {
                return Err(CalendarError::Backwards(holiday.name.clone()));
            }
            self.off.extend(
                from.iter_days()
                    .take_while(|date| *date <= to)
                    .map(ShanghaiDay::from_date),
            );
        }
        for date in entry.working.iter().copied() {
            let day = ShanghaiDay::from_date(of_year(date)?);
            if !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) {
                return Err(CalendarError::NotAWeekend(date));
            }
            if self.off.contains(&day) {
                return Err(CalendarError::Contradiction(date));
            }
            self.worked.insert(day);
        }
        Ok(())
    }
}

fn office_hours(spans: &[String]) -> Result<Vec<(u32, u32)>, CalendarError> {
    let mut hours: Vec<(u32, u32)> = Vec::new();
    for text in spans {
        let span = text
            .split_once('-')
            .and_then(|(from, to)| Some((minute_of_day(from)?, minute_of_day(to)?)))
            .filter(|(from, to)| from < to && hours.last().is_none_or(|(_, before)| before <= from));
        hours.push(span.ok_or_else(|| CalendarError::OfficeHours(text.clone()))?);
    }
    Ok(hours)
}

/// Minutes after 00:00 of `00:00` to `24:00`.
pub(crate) fn minute_of_day(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| match part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()) {
        true => part.parse::<u32>().ok(),
        false => None,
    };
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= 24 * 60).then_some(minute)
}
