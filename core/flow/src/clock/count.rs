//! Counting time: from an instant so many units on, the times in which the clock stood given back.
//!
//! Not here: which term applies. Minutes, hours and office hours get back the length of a pause; a day counts if the
//! clock runs at the minute at which days end; months do not pause.

use super::{Due, Pause, instant};
use crate::calendar::{Calendar, ShanghaiDay};
use shenhai_forms::value::{Date, Time};
use shenhai_pack::law::{Span, Unit};
use shenhai_protocol::UnixMillis;

const MINUTE_MILLIS: i64 = 60_000;
const HOUR_MILLIS: i64 = 60 * MINUTE_MILLIS;
/// Days that are looked at before a walk is given up; 10,000 working days are some 40 years.
const MOST_DAYS: u32 = 40_000;

/// How a clock counts.
#[derive(Debug, Clone, Copy)]
pub struct Count<'c> {
    /// Whose working days and office hours.
    pub calendar: &'c Calendar,
    /// When it stood, in order; a pause that goes on is left out.
    pub pauses: &'c [Pause],
    /// The day of the start counts as the first.
    pub day_of_from: bool,
    /// The minute at which days end, 1 to 1440.
    pub due_minute: u32,
}

impl Count<'_> {
    /// When `amount` units after `start` are over; `None` beyond the year 9999, and for office hours of a calendar that
    /// names none.
    #[must_use]
    pub fn after(&self, start: Time, amount: u32, unit: Unit) -> Option<Due> {
        match unit {
            Unit::Minute => self.running(start, i64::from(amount) * MINUTE_MILLIS),
            Unit::Hour => self.running(start, i64::from(amount) * HOUR_MILLIS),
            Unit::Workhour => self.office(start, i64::from(amount) * HOUR_MILLIS),
            Unit::Day | Unit::Workday => {
                let first = ShanghaiDay::of(UnixMillis(start.millis()));
                self.days(first, amount, unit)
            }
            Unit::Month => self.months(start.date(), amount, self.day_of_from),
        }
    }

    /// When `amount` more units after a due are over. What is due at 24:00 is due on the day that ends then.
    #[must_use]
    pub fn further(&self, due: Time, amount: u32, unit: Unit) -> Option<Due> {
        let unmoved = Due {
            at: due,
            provisional: false,
        };
        if amount == 0 {
            return Some(unmoved);
        }
        let last = instant(UnixMillis(due.millis() - 1))?;
        let later = Count {
            day_of_from: false,
            ..*self
        };
        match unit {
            Unit::Minute | Unit::Hour | Unit::Workhour => later.after(due, amount, unit),
            Unit::Day | Unit::Workday => later.days(ShanghaiDay::of(UnixMillis(last.millis())), amount, unit),
            Unit::Month => later.months(last.date(), amount, false),
        }
    }

    /// So much running time after `start`.
    fn running(&self, start: Time, length: i64) -> Option<Due> {
        let (mut at, mut left) = (start.millis(), length);
        for (from, to) in self.stood() {
            if to <= at {
                continue;
            }
            let ran = (from - at).max(0);
            if left <= ran {
                break;
            }
            left -= ran;
            at = to;
        }
        sure(instant(UnixMillis(at.checked_add(left)?)))
    }

    /// So much office time after `start`.
    fn office(&self, start: Time, length: i64) -> Option<Due> {
        let mut left = length;
        let mut provisional = false;
        let mut day = ShanghaiDay::of(UnixMillis(start.millis()));
        for _ in 0..MOST_DAYS {
            let status = self.calendar.working_day(day);
            provisional |= !status.published;
            let hours = self.calendar.office_hours().iter().filter(|_| status.works);
            for (from, to) in hours {
                let from = day.at_minute(*from).0.max(start.millis());
                let to = day.at_minute(*to).0;
                for (from, to) in self.ran(from, to) {
                    if left <= to - from {
                        let at = instant(UnixMillis(from + left))?;
                        return Some(Due { at, provisional });
                    }
                    left -= to - from;
                }
            }
            day = day.next();
        }
        None
    }

    fn days(&self, start: ShanghaiDay, amount: u32, unit: Unit) -> Option<Due> {
        let mut day = if self.day_of_from || amount == 0 {
            start
        } else {
            start.next()
        };
        let (mut left, mut provisional) = (amount, false);
        for _ in 0..MOST_DAYS {
            let counts = match unit {
                Unit::Workday => {
                    let status = self.calendar.working_day(day);
                    provisional |= !status.published;
                    status.works
                }
                _ => true,
            };
            let at = day.at_minute(self.due_minute);
            if left == 0 || (counts && !self.stood().any(|(from, to)| from <= at.0 && at.0 < to)) {
                left = left.saturating_sub(1);
                if left == 0 {
                    let at = instant(at)?;
                    return Some(Due { at, provisional });
                }
            }
            day = day.next();
        }
        None
    }

    /// The day of that number `amount` months on, or the month's last. Where the first day counts, the day before it:
    /// a year from 1 March on ends with the last day of February.
    fn months(&self, start: Date, amount: u32, first_counts: bool) -> Option<Due> {
        let mut date = start.plus_months(i64::from(amount))?;
        if first_counts && amount > 0 {
            date = date.plus_days(-1)?;
        }
        sure(instant(ShanghaiDay::of_date(date).at_minute(self.due_minute)))
    }

    /// When it stood, in milliseconds.
    fn stood(&self) -> impl Iterator<Item = (i64, i64)> {
        self.pauses
            .iter()
            .filter_map(|pause| Some((pause.from.millis(), pause.to?.millis())))
    }

    /// What is left of a time when the pauses are taken out.
    fn ran(&self, from: i64, to: i64) -> Vec<(i64, i64)> {
        let mut left = Vec::new();
        let mut at = from;
        for (stood, until) in self.stood() {
            if until <= at || stood >= to {
                continue;
            }
            left.push((at, stood));
            at = until;
        }
        left.push((at, to));
        left.retain(|(from, to)| from < to);
        left
    }
}

fn sure(at: Option<Time>) -> Option<Due> {
    at.map(|at| Due {
        at,
        provisional: false,
    })
}

/// An instant moved by a span, backwards too: of days, working days and months the same time on another day. What is at
/// 24:00 belongs to the day that ends then.
#[must_use]
pub fn moved(at: Time, span: Span, calendar: &Calendar) -> Option<Time> {
    let amount = i64::from(span.count);
    match span.unit {
        Unit::Minute => Time::new(at.millis().checked_add(amount * MINUTE_MILLIS)?),
        Unit::Hour => Time::new(at.millis().checked_add(amount * HOUR_MILLIS)?),
        Unit::Workhour if amount < 0 => office_before(at, -amount * HOUR_MILLIS, calendar),
        Unit::Workhour => unpaused(calendar)
            .office(at, amount * HOUR_MILLIS)
            .map(|due| due.at),
        Unit::Day | Unit::Workday | Unit::Month => {
            let last = Time::new(at.millis() - 1)?;
            let into = at.millis() - day_start(last.date());
            let day = moved_date(last.date(), span, calendar)?;
            Time::new(day_start(day).checked_add(into)?)
        }
    }
}

/// A day moved by a span of days, working days or months; by a shorter span the day stays.
#[must_use]
pub fn moved_date(date: Date, span: Span, calendar: &Calendar) -> Option<Date> {
    let amount = i64::from(span.count);
    match span.unit {
        Unit::Day => date.plus_days(amount),
        Unit::Month => date.plus_months(amount),
        Unit::Workday => {
            let (mut date, mut left) = (date, amount);
            for _ in 0..MOST_DAYS {
                if left == 0 {
                    return Some(date);
                }
                date = date.plus_days(left.signum())?;
                if calendar.working_day(ShanghaiDay::of_date(date)).works {
                    left -= left.signum();
                }
            }
            None
        }
        Unit::Minute | Unit::Hour | Unit::Workhour => Some(date),
    }
}

fn day_start(date: Date) -> i64 {
    ShanghaiDay::of_date(date).at_minute(0).0
}

fn unpaused(calendar: &Calendar) -> Count<'_> {
    Count {
        calendar,
        pauses: &[],
        day_of_from: false,
        due_minute: 24 * 60,
    }
}

/// So much office time before an instant.
fn office_before(at: Time, length: i64, calendar: &Calendar) -> Option<Time> {
    let mut left = length;
    let mut day = ShanghaiDay::of(UnixMillis(at.millis()));
    for _ in 0..MOST_DAYS {
        let works = calendar.working_day(day).works;
        for (from, to) in calendar.office_hours().iter().rev().filter(|_| works) {
            let from = day.at_minute(*from).0;
            let to = day.at_minute(*to).0.min(at.millis());
            let length = (to - from).max(0);
            if length > 0 && left <= length {
                return Time::new(to - left);
            }
            left -= length;
        }
        day = day.previous();
    }
    None
}
