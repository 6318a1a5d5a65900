//! Dues worked out by hand from the calendar, and the life of a clock.

use super::support::time;
use shenhai_flow::Calendar;
use shenhai_flow::clock::{Count, Pause, moved};
use shenhai_forms::value::Time;
use shenhai_pack::law::{Span, Unit};

const CASES: &str = include_str!("../data/clock-cases.txt");
const MOVES: &str = include_str!("../data/clock-moves.txt");

/// The lines of a file as their columns.
fn rows(file: &str) -> impl Iterator<Item = Vec<&str>> {
    file.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('|').map(str::trim).collect())
}

/// `2026-07-22 10:00`, and `24:00` for the end of a day.
fn local(text: &str) -> Time {
    let (day, of_day) = text.split_once(' ').expect("a day and a time");
    match of_day {
        "24:00" => time(&format!("{day}T00:00:00.000+08:00")).day_end(),
        of_day => time(&format!("{day}T{of_day}:00.000+08:00")),
    }
}

fn pauses(text: &str) -> Vec<Pause> {
    text.split(',')
        .filter(|pause| !pause.trim().is_empty())
        .map(|pause| {
            let (from, to) = pause.split_once('>').expect("two instants");
            Pause {
                from: local(from.trim()),
                to: Some(local(to.trim())),
            }
        })
        .collect()
}

#[test]
fn every_due_is_the_one_worked_out_by_hand() {
    let mut seen = 0;
    for row in rows(CASES) {
        let [start, term, first, end, stood, expected, why] = row.as_slice() else {
            panic!("seven columns in {row:?}");
        };
        let (amount, unit) = term.split_once(' ').expect("an amount and a unit");
        let (hours, minutes) = end.split_once(':').expect("a time of day");
        let number = |text: &str| text.parse::<u32>().expect("a number");
        let pauses = pauses(stood);
        let count = Count {
            calendar: Calendar::standard(),
            pauses: &pauses,
            day_of_from: *first == "yes",
            due_minute: number(hours) * 60 + number(minutes),
        };
        let unit = Unit::from_word(unit).expect("a unit");
        let due = count
            .after(local(start), number(amount), unit)
            .expect("within the calendar");
        assert_eq!(
            due.at,
            local(expected.trim_end_matches('?')),
            "{start} {term}: {why}"
        );
        assert_eq!(due.provisional, expected.ends_with('?'), "{start} {term}: {why}");
        seen += 1;
    }
    assert!(seen >= 60, "{seen}");
}

#[test]
fn every_instant_is_moved_to_where_it_was_by_hand() {
    for row in rows(MOVES) {
        let [from, span, to, why] = row.as_slice() else {
            panic!("four columns in {row:?}");
        };
        let span = Span::parse(span).expect("a span");
        let found = moved(local(from), span, Calendar::standard());
        assert_eq!(found, Some(local(to)), "{from}: {why}");
    }
}

#[test]
fn a_calendar_without_office_hours_counts_none() {
    let calendar = Calendar::load("version = \"bare\"\nyear = []").expect("a calendar");
    let count = Count {
        calendar: &calendar,
        pauses: &[],
        day_of_from: false,
        due_minute: 1440,
    };
    let at = local("2026-07-22 10:00");
    assert_eq!(count.after(at, 1, Unit::Workhour), None);
    for hours in [
        "[\"9:00-11:30\"]",
        "[\"11:30-09:00\"]",
        "[\"09:00-12:00\", \"11:00-17:00\"]",
        "[\"0900\"]",
    ] {
        let text = format!("version = \"bad\"\noffice_hours = {hours}\nyear = []");
        assert!(Calendar::load(&text).is_err(), "{hours}");
    }
}
