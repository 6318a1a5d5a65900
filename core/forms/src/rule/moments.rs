//! Days and instants as texts.
//!
//! Not here: reckoning with them (`crate::value`).
//! Called by the checker, for what is written out in an expression, and by the evaluator.

use crate::value::{Date, Type, Value};
use chrono::Datelike;
use std::fmt::Write;

/// The day or instant that a text says, if it is one.
pub(crate) fn reads_as(text: &str, kind: &Type) -> Option<Value> {
    Value::read(kind, text).ok().filter(|value| !value.is_absent())
}

/// Whether a pattern has only signs that are known here; those of a time of day only `with_time`.
pub(crate) fn is_pattern(pattern: &str, with_time: bool) -> bool {
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        let known = c != '%'
            || rest.next().is_some_and(|sign| match sign {
                'Y' | 'm' | 'n' | 'd' | 'e' => true,
                'H' | 'M' => with_time,
                _ => false,
            });
        if !known {
            return false;
        }
    }
    true
}

/// A day, and the milliseconds since its midnight, by a pattern with ODK's signs: `%Y` year, `%m` month and `%d` day in
/// two digits, `%n` and `%e` the same without a leading zero, `%H` hour, `%M` minute.
pub(crate) fn formatted(date: Date, of_day: i64, pattern: &str) -> String {
    let day = date.day();
    let mut text = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        let written = match (c, if c == '%' { rest.next() } else { None }) {
            ('%', Some('Y')) => write!(text, "{:04}", day.year()),
            ('%', Some('m')) => write!(text, "{:02}", day.month()),
            ('%', Some('n')) => write!(text, "{}", day.month()),
            ('%', Some('d')) => write!(text, "{:02}", day.day()),
            ('%', Some('e')) => write!(text, "{}", day.day()),
            ('%', Some('H')) => write!(text, "{:02}", of_day / 3_600_000),
            ('%', Some('M')) => write!(text, "{:02}", of_day / 60_000 % 60),
            (other, _) => write!(text, "{other}"),
        };
        // Writing to a String never fails.
        debug_assert!(written.is_ok());
    }
    text
}
