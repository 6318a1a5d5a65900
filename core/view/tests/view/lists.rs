//! Rows of lists: columns, colours and when they change, cards, tabs, order, search.

use crate::support::{Known, act, inspector, law, name, november, planned};
use shenhai_flow::clock::ClockState;
use shenhai_flow::fold::Law;
use shenhai_flow::record::{Fact, Item, Record, Steps};
use shenhai_forms::filter::variables;
use shenhai_forms::value::{Date, Time, Value};
use shenhai_pack::law::{Category, Colour};
use shenhai_pack::names::{Name, RoleName};
use shenhai_view::{Card, IndexRow, Words, card, haystack, in_order, index_row, lists_of, stands_in, tabs};
use std::collections::BTreeMap;

const RIVER: &str = "tests/packs/river";

fn row_of(law: &Law, record: &Record, now: Time) -> IndexRow {
    let known = Known::nothing();
    index_row(
        &known.look(law, record, now, true),
        &law.pack().index(&record.kind),
    )
}

fn card_of(law: &Law, record: &Record, now: Time, list: &str) -> Card {
    let row = row_of(law, record, now);
    let face = &law.pack().face;
    let list = face.lists.iter().find(|one| one.id.as_str() == list);
    let known = Known::nothing();
    let words = Words::new(&face.texts, &record.kind);
    card(
        &row,
        list,
        &law.pack().index(&record.kind),
        law,
        words,
        &known.names,
        now,
    )
}

#[test]
fn a_row_has_the_columns_that_lists_name_typed_as_the_pack_says() {
    let law = law(RIVER);
    let row = row_of(&law, &planned(&law, "XC-2026-0007"), november(23, "10:00"));
    let midnight = |day| Value::Time(november(day, "00:00"));
    let column = |name: &str| row.values.values.get(name).cloned().unwrap_or_default();
    assert_eq!(column("state"), Value::text("planned"));
    assert_eq!(column("category"), Value::text("new"));
    assert_eq!(column("number"), Value::text("XC-2026-0007"));
    assert_eq!(column("main"), Value::text("wang"));
    assert_eq!(column("opened_at"), Value::Time(november(23, "10:00")));
    // Three working days after Monday the 23rd: the end of Thursday the 26th.
    assert_eq!(column("due"), midnight(27));
    assert_eq!(column("colour"), Value::Absent);
    assert_eq!(column("planner"), Value::Absent, "no list names it");
    assert_eq!(
        row.next_at,
        Some(november(26, "00:00")),
        "yellow a working day before"
    );
}

#[test]
fn colours_come_with_time_and_the_first_of_them_counts() {
    let law = law(RIVER);
    let record = planned(&law, "");
    let colour = |now: Time| row_of(&law, &record, now).colour;
    assert_eq!(colour(november(25, "23:59")), None);
    assert_eq!(colour(november(26, "00:00")), Some(Colour::Yellow));
    assert_eq!(colour(november(27, "00:00")), Some(Colour::Red));
    assert_eq!(
        row_of(&law, &record, november(26, "00:00")).next_at,
        Some(november(27, "00:00"))
    );
    assert_eq!(row_of(&law, &record, november(27, "00:00")).next_at, None);
}

/// A ticket that was lent on 1 November 2026 until 31 May 2027.
fn lent(law: &Law) -> Record {
    let began = november(1, "10:00");
    let fact = |value| Fact {
        item: Item::Plain(value),
        rev: 1,
    };
    let clock = ClockState {
        generation: 1,
        began,
        ended: None,
        pauses: Vec::new(),
        fired: Vec::new(),
    };
    Record {
        kind: name("ticket"),
        id: "t1".to_owned(),
        rev: 1,
        law: law.reference().clone(),
        state: name("lent"),
        category: Category::Active,
        came_from: None,
        opened: began,
        changed: began,
        closed: None,
        seats: BTreeMap::new(),
        facts: BTreeMap::from([
            (name("project_name"), fact(Value::text("外环西段"))),
            (
                name("borrowed_area"),
                fact(Value::Number("1734.50".parse().expect("a number"))),
            ),
            (
                name("expires_on"),
                fact(Value::Date(Date::read("2027-05-31").expect("a day"))),
            ),
        ]),
        tables: BTreeMap::new(),
        clocks: BTreeMap::from([(name("giveback"), clock)]),
        links: Vec::new(),
        steps: Steps::default(),
    }
}

#[test]
fn months_before_a_day_are_counted_to_its_end() {
    let law = law("packs/water-ticket");
    let record = lent(&law);
    let time = |text: &str| Time::read(text).expect("an instant");
    // Back by the end of 31 May; yellow half a year before, when 30 November ends.
    let (yellow, red) = (
        time("2026-12-01T00:00:00+08:00"),
        time("2027-06-01T00:00:00+08:00"),
    );
    let before = row_of(&law, &record, november(30, "23:59"));
    assert_eq!((before.colour, before.next_at), (None, Some(yellow)));
    let after = row_of(&law, &record, yellow);
    assert_eq!((after.colour, after.next_at), (Some(Colour::Yellow), Some(red)));
    assert_eq!(row_of(&law, &record, red).colour, Some(Colour::Red));
    let shown = card_of(&law, &record, yellow, "tickets");
    let lines: Vec<_> = shown
        .lines
        .iter()
        .map(|line| (line.label.as_str(), line.text.as_str()))
        .collect();
    assert_eq!(
        lines,
        [("借用面积（平方米）", "1734.5"), ("归还期限", "2027-05-31")]
    );
    assert_eq!(
        shown.due.map(|due| (due.label, due.at)),
        Some(("归还".to_owned(), red))
    );
}

#[test]
fn a_card_says_it_in_the_words_of_the_pack() {
    let law = law(RIVER);
    let record = planned(&law, "XC-2026-0007");
    let shown = card_of(&law, &record, november(26, "08:00"), "patrols");
    let lines: Vec<_> = shown
        .lines
        .iter()
        .map(|line| (line.label.as_str(), line.text.as_str()))
        .collect();
    assert_eq!(shown.title, "苏州河");
    assert_eq!(
        lines,
        [
            ("任务编号", "XC-2026-0007"),
            ("巡查河段", "西藏路桥至河南路桥"),
            ("计划日期", "2026-11-24")
        ]
    );
    let tags: Vec<_> = shown.tags.iter().map(|tag| tag.text.as_str()).collect();
    assert_eq!(tags, ["黄浦区"], "not late, nothing known of the water");
    assert_eq!(
        (shown.state.as_str(), shown.state_id.as_str()),
        ("待巡查", "planned")
    );
    let due = shown.due.expect("a due");
    assert_eq!(
        (due.label.as_str(), due.at, due.late),
        ("巡查", november(27, "00:00"), false)
    );
    assert_eq!(shown.colour, Some(Colour::Yellow));
    assert!(
        card_of(&law, &record, november(27, "00:00"), "patrols")
            .due
            .expect("a due")
            .late
    );
    // The desk's list names the seat.
    let board = card_of(&law, &record, november(26, "08:00"), "board");
    assert!(
        board
            .lines
            .iter()
            .any(|line| (line.label.as_str(), line.text.as_str()) == ("巡查员", "wang"))
    );
}

#[test]
fn lists_are_for_roles_and_rows_stand_in_their_tabs() {
    let law = law(RIVER);
    let face = &law.pack().face;
    let named = |role: &str| {
        let roles = [RoleName::parse(role).expect("a name")];
        lists_of(face, &roles)
            .map(|(list, title)| format!("{} {title}", list.id))
            .collect::<Vec<_>>()
    };
    assert_eq!(named("inspector"), ["patrols 我的巡查"]);
    assert_eq!(named("planner"), ["board 巡查任务", "findings 问题整改"]);
    assert_eq!(named("fixer"), ["findings 问题整改"]);

    let patrols = face
        .lists
        .iter()
        .find(|list| list.id.as_str() == "patrols")
        .expect("a list");
    let record = planned(&law, "");
    let called_off = act(&law, "call_off", r#"{"reason": "汛期停航"}"#).at(
        november(23, "11:00"),
        Some(&record),
        &crate::support::planner(),
    );
    let stands = |record: &Record, now: Time| {
        let row = row_of(&law, record, now);
        let variables = variables("wang", "hp", now);
        let all = tabs(face, patrols).filter(|tab| stands_in(tab.law, &row, &variables, now));
        all.map(|tab| tab.title).collect::<Vec<_>>()
    };
    assert_eq!(stands(&record, november(26, "23:00")), ["待办"]);
    assert_eq!(stands(&record, november(27, "00:01")), ["待办", "已逾期"]);
    assert_eq!(
        stands(&called_off, november(27, "00:01")),
        ["已办"],
        "nothing is due any more"
    );
}

#[test]
fn what_is_due_first_stands_first_and_what_is_not_due_last() {
    let law = law(RIVER);
    let patrols = law
        .pack()
        .face
        .lists
        .iter()
        .find(|list| list.id.as_str() == "patrols")
        .expect("a list");
    let now = november(24, "09:00");
    let first = planned(&law, "A");
    let mut second = act(
        &law,
        "plan",
        r#"{"river": "蕰藻浜", "district": "310113", "planned_on": "2026-11-30", "inspector": "wang"}"#,
    )
    .at(november(24, "08:00"), None, &crate::support::planner());
    let off =
        act(&law, "call_off", r#"{"reason": "汛期停航"}"#).at(now, Some(&first), &crate::support::planner());
    second.id = "b".to_owned();
    let columns = law.pack().index(&first.kind);
    let mut rows = [&off, &second, &first].map(|record| row_of(&law, record, now));
    rows.sort_by(|one, other| in_order(patrols, &columns, one, other));
    let dues: Vec<_> = rows
        .iter()
        .map(|row| row.due.as_ref().map(|(_, due)| *due))
        .collect();
    assert_eq!(
        dues,
        [Some(november(27, "00:00")), Some(november(28, "00:00")), None]
    );
}

#[test]
fn a_search_looks_in_the_facts_the_list_names() {
    let law = law(RIVER);
    let patrols = law
        .pack()
        .face
        .lists
        .iter()
        .find(|list| list.id.as_str() == "patrols")
        .expect("a list");
    let mut record = planned(&law, "XC-2026-0007");
    record = act(&law, "start", "{}").at(november(24, "09:00"), Some(&record), &inspector());
    let known = Known::nothing();
    let found = haystack(&known.look(&law, &record, november(24, "10:00"), true), patrols);
    assert_eq!(
        found,
        format!("{}\nxc-2026-0007\n苏州河\n西藏路桥至河南路桥", record.id)
    );
}
