//! What is due when, against a table worked out by hand from the printed holiday announcements.

use chrono::{Days, NaiveDate, NaiveTime};
use proptest::prelude::*;
use shenhai_flow::{Calendar, CalendarError, DeadlineRules, RulesError, ShanghaiDay, due_today};
use shenhai_protocol::{Matter, UnixMillis, Urgency};
use std::collections::BTreeMap;

const RULES: &str = include_str!("../data/deadlines.toml");
const CALENDAR: &str = include_str!("../data/calendar.toml");

/// `2026-02-14 16:59` in Shanghai; `24:00` is the end of that day.
fn shanghai(text: &str) -> UnixMillis {
    let (date, time) = text.split_once(' ').expect("date and time");
    let date: NaiveDate = date.parse().expect("a date");
    let local = match time {
        "24:00" => date
            .checked_add_days(Days::new(1))
            .expect("a day after")
            .and_time(NaiveTime::MIN),
        time => date.and_time(NaiveTime::parse_from_str(time, "%H:%M").expect("a time of day")),
    };
    UnixMillis(local.and_utc().timestamp_millis() - 8 * 3600 * 1000)
}

fn local(at: UnixMillis) -> String {
    let shifted = at.plus(8 * 3600 * 1000).0;
    chrono::DateTime::from_timestamp_millis(shifted)
        .map_or_else(String::new, |t| t.format("%F %R").to_string())
}

/// What kind of order a line of the table is about.
fn order(text: &str) -> (Matter, Urgency, bool, bool) {
    let matter = match text.split(' ').next() {
        Some("咨询") => Matter::Inquiry,
        Some("求助") => Matter::Help,
        Some("投诉") => Matter::Complaint,
        Some("举报") => Matter::Report,
        Some("建议") => Matter::Suggestion,
        Some("意见") => Matter::Opinion,
        other => panic!("no matter: {other:?}"),
    };
    let urgency = match text {
        _ if text.contains("次紧急") => Urgency::SubUrgent,
        _ if text.contains("紧急") => Urgency::Urgent,
        _ => Urgency::Normal,
    };
    (matter, urgency, text.contains("复核"), text.contains("督办"))
}

/// Order | received | first contact due | finish due. Shanghai time; worked out with a printed calendar.
const TABLE: &str = "
    咨询        | 2024-12-31 10:00 | 2025-01-02 24:00 | 2025-01-02 24:00
    咨询        | 2025-01-25 10:00 | 2025-01-26 24:00 | 2025-01-26 24:00
    投诉        | 2025-01-27 10:00 | 2025-02-05 24:00 | 2025-02-10 24:00
    求助        | 2025-04-26 10:00 | 2025-04-27 24:00 | 2025-05-06 24:00
    建议        | 2025-05-30 10:00 | 2025-06-03 24:00 | 2025-06-03 24:00
    投诉        | 2025-09-27 10:00 | 2025-09-28 24:00 | 2025-10-10 24:00
    投诉        | 2025-09-30 10:00 | 2025-10-09 24:00 | 2025-10-14 24:00
    咨询        | 2025-12-31 10:00 | 2026-01-04 24:00 | 2026-01-04 24:00
    投诉        | 2025-12-31 10:00 | 2026-01-04 24:00 | 2026-01-08 24:00
    建议        | 2026-01-03 09:00 | 2026-01-04 24:00 | 2026-01-04 24:00
    咨询        | 2026-02-13 16:59 | 2026-02-14 24:00 | 2026-02-14 24:00
    投诉        | 2026-02-14 23:59 | 2026-02-24 24:00 | 2026-02-28 24:00
    求助        | 2026-02-18 08:00 | 2026-02-24 24:00 | 2026-02-28 24:00
    建议        | 2026-02-27 12:00 | 2026-02-28 24:00 | 2026-02-28 24:00
    举报        | 2026-02-28 00:00 | 2026-03-02 24:00 | 2026-03-06 24:00
    意见        | 2026-04-03 09:00 | 2026-04-07 24:00 | 2026-04-13 24:00
    咨询        | 2026-04-30 15:00 | 2026-05-06 24:00 | 2026-05-06 24:00
    求助        | 2026-04-30 15:00 | 2026-05-06 24:00 | 2026-05-11 24:00
    咨询        | 2026-05-08 18:00 | 2026-05-09 24:00 | 2026-05-09 24:00
    投诉 复核   | 2026-06-18 10:00 | 2026-06-22 24:00 | 2026-06-24 24:00
    咨询        | 2026-09-19 10:00 | 2026-09-20 24:00 | 2026-09-20 24:00
    投诉        | 2026-09-18 10:00 | 2026-09-20 24:00 | 2026-09-24 24:00
    投诉 督办   | 2026-09-24 10:00 | 2026-09-28 24:00 | 2026-09-30 24:00
    投诉        | 2026-09-30 23:00 | 2026-10-08 24:00 | 2026-10-13 24:00
    投诉 紧急   | 2026-09-30 23:00 | 2026-10-01 01:00 | 2026-10-01 23:00
    咨询        | 2026-10-09 11:11 | 2026-10-10 24:00 | 2026-10-10 24:00
    咨询        | 2026-10-11 08:00 | 2026-10-12 24:00 | 2026-10-12 24:00
    咨询        | 2026-11-23 00:00 | 2026-11-24 24:00 | 2026-11-24 24:00
    投诉        | 2026-11-23 23:59 | 2026-11-24 24:00 | 2026-11-30 24:00
    投诉 紧急   | 2026-11-23 10:00 | 2026-11-23 12:00 | 2026-11-24 10:00
    投诉 次紧急 | 2026-11-27 18:30 | 2026-11-27 22:30 | 2026-11-29 18:30
    咨询 次紧急 | 2026-11-23 10:00 | 2026-11-23 14:00 | 2026-11-24 24:00
    咨询 督办   | 2026-11-23 10:00 | 2026-11-24 24:00 | 2026-11-24 24:00
    建议 复核   | 2026-11-23 10:00 | 2026-11-24 24:00 | 2026-11-24 24:00
    求助 复核 督办 | 2026-11-27 10:00 | 2026-11-30 24:00 | 2026-12-02 24:00
    咨询        | 2026-12-30 10:00 | 2026-12-31 24:00 | 2026-12-31 24:00
";

#[test]
fn orders_are_due_as_worked_out_by_hand() {
    let rules = DeadlineRules::standard();
    let mut lines = 0;
    for line in TABLE.lines().filter(|line| !line.trim().is_empty()) {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [kind, received, contact, finish] = columns[..] else {
            panic!("four columns: {line}")
        };
        let (matter, urgency, is_review, supervised) = order(kind);
        let due = rules.deadlines(shanghai(received), matter, urgency, is_review, supervised);
        assert_eq!(local(due.contact_by), local(shanghai(contact)), "contact: {line}");
        assert_eq!(local(due.finish_by), local(shanghai(finish)), "finish: {line}");
        assert_eq!(
            (due.contact_by, due.finish_by),
            (shanghai(contact), shanghai(finish)),
            "{line}"
        );
        assert!(!due.provisional, "{line}");
        assert_eq!(due.rules, "deadlines-2026.1+calendar-2026");
        lines += 1;
    }
    assert_eq!(lines, 36);
}

#[test]
fn a_year_without_an_arrangement_has_the_days_off_of_the_law_and_says_so() {
    // 2027-01-01, 元旦, is a Friday; how the weekend is arranged around it is not known.
    let due = DeadlineRules::standard().deadlines(
        shanghai("2026-12-31 10:00"),
        Matter::Complaint,
        Urgency::Normal,
        false,
        false,
    );
    assert!(due.provisional);
    assert_eq!(due.contact_by, shanghai("2027-01-04 24:00"));
    assert_eq!(due.finish_by, shanghai("2027-01-08 24:00"));
}

/// Order | received | first contact due | finish due, for years that `calendar.toml` lacks. Worked out with a printed
/// almanac and the law of the year; 调休 is not known there.
const UNANNOUNCED: &str = "
    咨询        | 2024-09-30 10:00 | 2024-10-04 24:00 | 2024-10-04 24:00
    投诉        | 2024-09-30 10:00 | 2024-10-04 24:00 | 2024-10-10 24:00
    咨询        | 2024-02-09 10:00 | 2024-02-15 24:00 | 2024-02-15 24:00
    咨询        | 2024-04-03 10:00 | 2024-04-05 24:00 | 2024-04-05 24:00
    咨询        | 2024-04-30 10:00 | 2024-05-02 24:00 | 2024-05-02 24:00
    咨询        | 2024-06-07 10:00 | 2024-06-11 24:00 | 2024-06-11 24:00
    咨询        | 2024-09-16 10:00 | 2024-09-18 24:00 | 2024-09-18 24:00
    咨询        | 2027-02-04 10:00 | 2027-02-11 24:00 | 2027-02-11 24:00
    咨询        | 2027-04-04 10:00 | 2027-04-06 24:00 | 2027-04-06 24:00
    咨询        | 2027-04-30 10:00 | 2027-05-05 24:00 | 2027-05-05 24:00
    建议        | 2027-06-08 10:00 | 2027-06-10 24:00 | 2027-06-10 24:00
    建议        | 2027-09-14 10:00 | 2027-09-16 24:00 | 2027-09-16 24:00
    投诉        | 2027-09-30 10:00 | 2027-10-06 24:00 | 2027-10-12 24:00
";

#[test]
fn the_laws_days_off_hold_in_a_year_nobody_announced() {
    let rules = DeadlineRules::standard();
    for line in UNANNOUNCED.lines().filter(|line| !line.trim().is_empty()) {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [kind, received, contact, finish] = columns[..] else {
            panic!("four columns: {line}")
        };
        let (matter, urgency, is_review, supervised) = order(kind);
        let due = rules.deadlines(shanghai(received), matter, urgency, is_review, supervised);
        assert_eq!(local(due.contact_by), local(shanghai(contact)), "contact: {line}");
        assert_eq!(local(due.finish_by), local(shanghai(finish)), "finish: {line}");
        assert!(due.provisional, "{line}");
    }
}

#[test]
fn what_is_due_at_the_end_of_a_day_is_due_that_day() {
    let due = shanghai("2026-11-24 24:00");
    assert!(due_today(due, shanghai("2026-11-24 00:00")));
    assert!(due_today(due, shanghai("2026-11-24 23:59")));
    assert!(!due_today(due, shanghai("2026-11-23 23:59")));
    assert!(!due_today(due, shanghai("2026-11-25 00:00")));
    assert!(due_today(
        shanghai("2026-11-24 10:00"),
        shanghai("2026-11-24 18:00")
    ));
}

#[test]
fn a_customer_may_count_the_day_of_receipt_and_close_at_half_past_five() {
    let text = RULES
        .replace("receipt_counts = false", "receipt_counts = true")
        .replace("\"24:00\"", "\"17:30\"");
    let rules = DeadlineRules::load(&text, Calendar::standard().clone()).expect("a good file");
    let due = rules.deadlines(
        shanghai("2026-11-23 10:00"),
        Matter::Complaint,
        Urgency::Normal,
        false,
        false,
    );
    assert_eq!(due.contact_by, shanghai("2026-11-23 17:30"));
    assert_eq!(due.finish_by, shanghai("2026-11-27 17:30"));
    let saturday = rules.deadlines(
        shanghai("2026-11-28 10:00"),
        Matter::Inquiry,
        Urgency::Normal,
        false,
        false,
    );
    assert_eq!(saturday.finish_by, shanghai("2026-11-30 17:30"));
}

#[test]
fn a_customer_may_let_the_first_rule_hold() {
    let text = RULES.replace("\"earliest\"", "\"first\"");
    let rules = DeadlineRules::load(&text, Calendar::standard().clone()).expect("a good file");
    let due = rules.deadlines(
        shanghai("2026-11-23 10:00"),
        Matter::Complaint,
        Urgency::Urgent,
        false,
        true,
    );
    assert_eq!(due.contact_by, shanghai("2026-11-24 24:00"));
    assert_eq!(due.finish_by, shanghai("2026-11-30 24:00"));
}

#[test]
fn every_rule_carries_the_tag_of_its_source() {
    let untagged = RULES.replacen("tag = \"F\"", "", 1);
    assert!(matches!(rules_error(&untagged), RulesError::Syntax(_)));
    assert!(matches!(
        rules_error(&RULES.replacen("tag = \"F\"", "tag = \"X\"", 1)),
        RulesError::Syntax(_)
    ));
}

fn rules_error(text: &str) -> RulesError {
    DeadlineRules::load(text, Calendar::standard().clone()).expect_err("a bad file")
}

#[test]
fn a_bad_rule_file_is_refused_with_its_reason() {
    assert!(matches!(rules_error("version = 1"), RulesError::Syntax(_)));
    assert!(matches!(
        rules_error(&RULES.replacen("hours", "minutes", 1)),
        RulesError::Syntax(_)
    ));
    for time in ["24:01", "00:00", "7:30", "12:60", "noon", "+1:00"] {
        let text = RULES.replace("\"24:00\"", &format!("{time:?}"));
        assert_eq!(rules_error(&text), RulesError::DueTime(time.to_owned()));
    }
    let both = RULES.replacen("hours = 2\n", "hours = 2\nworking_days = 1\n", 1);
    assert_eq!(rules_error(&both), RulesError::Term(2, "contact"));
    let neither = RULES.replacen("hours = 24\n", "", 1);
    assert_eq!(rules_error(&neither), RulesError::Term(6, "finish"));
    for figure in ["0", "91"] {
        let text = RULES.replacen("working_days = 1", &format!("working_days = {figure}"), 1);
        assert_eq!(rules_error(&text), RulesError::OutOfRange(1, "contact"));
    }
    let gap = RULES.replace("\"report\", \"opinion\"", "\"report\"");
    assert_eq!(
        rules_error(&gap),
        RulesError::NotCovered("finish", Matter::Opinion, Urgency::Normal)
    );
}

fn calendar_error(text: &str) -> CalendarError {
    Calendar::load(text).expect_err("a bad file")
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

#[test]
fn a_bad_calendar_file_is_refused_with_its_reason() {
    assert!(matches!(calendar_error("year = 2026"), CalendarError::Syntax(_)));
    assert!(matches!(
        calendar_error(&CALENDAR.replace("2026-02-14", "2026-02-30")),
        CalendarError::Syntax(_)
    ));
    assert_eq!(calendar_error(&CALENDAR.replace("year = 2025", "year = 2026")), {
        CalendarError::OtherYear(2026, date("2025-01-01"))
    });
    let twice = format!("{CALENDAR}\n[[year]]\nyear = 2026\nsource = \"\"\nworking = []\nholidays = []\n");
    assert_eq!(calendar_error(&twice), CalendarError::DuplicateYear(2026));
    let backwards = CALENDAR.replace("to = \"2026-02-23\"", "to = \"2026-02-13\"");
    assert_eq!(
        calendar_error(&backwards),
        CalendarError::Backwards("春节".to_owned())
    );
    let weekday = CALENDAR.replace("\"2026-02-14\"", "\"2026-02-13\"");
    assert_eq!(
        calendar_error(&weekday),
        CalendarError::NotAWeekend(date("2026-02-13"))
    );
    let both = CALENDAR.replace("\"2026-02-14\"", "\"2026-02-15\"");
    assert_eq!(
        calendar_error(&both),
        CalendarError::Contradiction(date("2026-02-15"))
    );
}

/// 365 days less 104 weekend days less the 13 statutory days off (全国年节及纪念日放假办法, revision of 2024): what is
/// shifted by 调休 is worked at another time, so both years have 248 working days.
#[test]
fn a_year_has_the_working_days_of_its_announcement() {
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for year in ["2025", "2026"] {
        let mut day = ShanghaiDay::of(shanghai(&format!("{year}-01-01 12:00")));
        let last = ShanghaiDay::of(shanghai(&format!("{year}-12-31 12:00")));
        while day <= last {
            let status = Calendar::standard().working_day(day);
            assert!(status.published);
            *counted.entry(year).or_default() += usize::from(status.works);
            day = day.next();
        }
    }
    assert_eq!(counted, BTreeMap::from([("2025", 248), ("2026", 248)]));
}

fn any_matter() -> impl Strategy<Value = Matter> {
    proptest::sample::select(Matter::ALL)
}

fn any_urgency() -> impl Strategy<Value = Urgency> {
    proptest::sample::select(Urgency::ALL)
}

proptest! {
    #[test]
    fn a_later_receipt_is_never_due_earlier(
        matter in any_matter(), urgency in any_urgency(), review: bool, supervised: bool,
        start in 1_735_000_000_000_i64..1_800_000_000_000, wait in 0_i64..1_000_000_000,
    ) {
        let rules = DeadlineRules::standard();
        let early = rules.deadlines(UnixMillis(start), matter, urgency, review, supervised);
        let late = rules.deadlines(UnixMillis(start + wait), matter, urgency, review, supervised);
        prop_assert!(early.contact_by <= late.contact_by && early.finish_by <= late.finish_by);
        prop_assert!(early.contact_by.0 > start && early.contact_by <= early.finish_by);
    }

    #[test]
    fn any_instant_has_deadlines(at: i64, matter in any_matter(), urgency in any_urgency(), review: bool) {
        let due = DeadlineRules::standard().deadlines(UnixMillis(at), matter, urgency, review, false);
        prop_assert!(due.contact_by.0 >= at && due.finish_by.0 >= at);
    }
}
