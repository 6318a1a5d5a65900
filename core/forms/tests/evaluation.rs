//! What rules come to, over records, answers and histories worked out by hand.

use proptest::prelude::*;
use shenhai_forms::decimal::Decimal;
use shenhai_forms::rule::{Node, Record, Refusal, Rows, Rule, Scene, Slot, Tree, Variables};
use shenhai_forms::schema::{CodeList, Field, Group, Schema};
use shenhai_forms::value::{Datum, Time, Type, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

fn group(fields: &[(&str, Type)]) -> Group {
    let mut group = Group::new();
    for (name, kind) in fields {
        group.add(name, Field::of(kind.clone())).expect("a new name");
    }
    group
}

fn codes(codes: &[&str]) -> CodeList {
    CodeList::of_codes(codes.iter().copied()).expect("codes")
}

const AREA: Type = Type::Decimal { scale: 2 };

fn schema() -> Schema {
    let mut items = CodeList::new([("days".to_owned(), Type::Int), ("online".to_owned(), Type::Bool)]);
    for (code, days) in [("small", 5), ("large", 15)] {
        let row = BTreeMap::from([("days".to_owned(), Value::Number(Decimal::from(days)))]);
        items.add(code, row).expect("a code");
    }
    let mut schema = Schema::new(
        codes(&["open", "closed"]),
        codes(&["ask_return", "approve_return"]),
        codes(&["assist", "return"]),
        &group(&[("area", AREA)]),
    )
    .expect("no name twice");
    schema
        .list("items", Arc::new(items))
        .and_then(|s| s.list("matter", Arc::new(codes(&["help", "complaint", "advice"]))))
        .and_then(|s| s.fact("item", Type::Code("items".to_owned()), None))
        .and_then(|s| s.fact("matter", Type::Code("matter".to_owned()), None))
        .and_then(|s| s.fact("matters", Type::Codes("matter".to_owned()), None))
        .and_then(|s| s.fact("area", AREA, None))
        .and_then(|s| s.fact("count_of", Type::Int, None))
        .and_then(|s| s.fact("urgent", Type::Bool, None))
        .and_then(|s| s.fact("title", Type::Text, None))
        .and_then(|s| s.fact("note", Type::Text, None))
        .and_then(|s| s.fact("opened_on", Type::Date, None))
        .and_then(|s| s.fact("closed_on", Type::Date, None))
        .and_then(|s| s.fact("received_at", Type::Time, None))
        .and_then(|s| s.fact("supervised_at", Type::Time, None))
        .and_then(|s| s.fact("spot", Type::Point(Datum::Wgs84), None))
        .and_then(|s| s.fact("phone", Type::Text, Some("phone")))
        .and_then(|s| {
            s.table(
                "returns",
                group(&[("no", Type::Int), ("area", AREA), ("on", Type::Date)]),
            )
        })
        .and_then(|s| s.seat("main"))
        .and_then(|s| s.clock("finish"))
        .and_then(Schema::act_variables)
        .expect("no name twice");
    let most = 200;
    let sample = Field::Rows {
        columns: group(&[("ph", Type::Decimal { scale: 1 })]),
        most,
    };
    let mut outlet = group(&[("no", Type::Int), ("flow", AREA)]);
    outlet.add("sample", sample).expect("a new name");
    let mut form = group(&[("level", Type::Int), ("text", Type::Text)]);
    form.add(
        "outlet",
        Field::Rows {
            columns: outlet,
            most,
        },
    )
    .and_then(|form| form.add("site", Field::Group(group(&[("area", AREA)]))))
    .expect("a new name");
    schema.with_form(form)
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().expect("a number"))
}

fn tree(values: &[(&str, Value)], rows: &[(&str, Vec<Tree>)]) -> Tree {
    let named = |name: &str| name.to_owned();
    Tree {
        values: values
            .iter()
            .map(|(name, value)| (named(name), value.clone()))
            .collect(),
        rows: rows
            .iter()
            .map(|(name, rows)| (named(name), rows.clone()))
            .collect(),
    }
}

/// A record with a history.
struct Case {
    facts: Tree,
    history: Vec<(&'static str, Tree)>,
}

impl Node for Case {
    fn value(&self, name: &str) -> Option<&Value> {
        self.facts.value(name)
    }

    fn has(&self, name: &str) -> bool {
        // The spine keeps a commitment here and no value.
        name == "phone" || self.facts.has(name)
    }

    fn count(&self, name: &str) -> usize {
        self.facts.count(name)
    }

    fn child(&self, name: &str, nth: usize) -> Option<&dyn Node> {
        self.facts.child(name, nth)
    }
}

impl Record for Case {
    fn steps(&self, act: Option<&str>) -> u64 {
        let fits = |done: &&(&str, Tree)| act.is_none_or(|act| act == done.0);
        self.history.iter().filter(fits).count() as u64
    }

    fn last_step(&self, act: &str) -> Option<&dyn Node> {
        let (_, step) = self.history.iter().rfind(|(done, _)| *done == act)?;
        Some(step)
    }
}

fn moment(text: &str) -> Value {
    Value::read(&Type::Time, text).expect("an instant")
}

fn day(text: &str) -> Value {
    Value::read(&Type::Date, text).expect("a day")
}

fn case() -> Case {
    let part = |no: &str, area: &str, on: Value| {
        tree(&[("no", number(no)), ("area", number(area)), ("on", on)], &[])
    };
    let link = |name: &str, open: bool, area: Value| {
        tree(
            &[
                ("as", Value::text(name)),
                ("open", Value::Bool(open)),
                ("area", area),
            ],
            &[],
        )
    };
    let holder = |person: &str| tree(&[("person", Value::text(person))], &[]);
    Case {
        facts: tree(
            &[
                ("category", Value::text("active")),
                ("item", Value::text("small")),
                ("matter", Value::text("help")),
                ("matters", Value::codes(["help", "advice"])),
                ("area", number("100.30")),
                ("count_of", number("7")),
                ("title", Value::text("河道填堵")),
                ("opened_on", day("2026-01-31")),
                ("received_at", moment("2026-01-31T23:30:00.000+08:00")),
                ("finish.due", moment("2026-02-07T00:00:00.000+08:00")),
            ],
            &[
                (
                    "returns",
                    vec![
                        part("1", "33.10", day("2026-03-01")),
                        part("2", "33.10", day("2026-04-01")),
                        part("3", "34.10", Value::Absent),
                    ],
                ),
                (
                    "link",
                    vec![
                        link("assist", false, Value::Absent),
                        link("assist", true, Value::Absent),
                        link("return", false, number("12.5")),
                    ],
                ),
                ("main", vec![holder("lower"), holder("upper")]),
            ],
        ),
        history: ["ask_return", "approve_return", "ask_return"]
            .into_iter()
            .zip([
                "2026-02-01T09:00:00Z",
                "2026-02-02T09:00:00Z",
                "2026-02-03T09:00:00Z",
            ])
            .map(|(act, at)| (act, tree(&[("at", moment(at)), ("by", Value::text("u1"))], &[])))
            .collect(),
    }
}

fn answers() -> Tree {
    let sample = |ph: &str| tree(&[("ph", number(ph))], &[]);
    let outlet = |no: &str, flow: Value, samples: &[&str]| {
        let samples = samples.iter().map(|ph| sample(ph)).collect();
        tree(&[("no", number(no)), ("flow", flow)], &[("sample", samples)])
    };
    tree(
        &[("level", number("2")), ("text", Value::text("too late"))],
        &[
            (
                "outlet",
                vec![
                    outlet("1", number("0.10"), &["7.0", "6.4"]),
                    outlet("2", number("0.20"), &[]),
                    outlet("3", Value::Absent, &["9.6"]),
                ],
            ),
            ("site", vec![tree(&[("area", number("80"))], &[])]),
        ],
    )
}

fn variables() -> Variables {
    [
        ("me", Value::text("upper")),
        ("act", Value::text("ask_return")),
        ("filled", moment("2026-02-06T23:59:59.999+08:00")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Noon of 6 February 2026 in Shanghai.
fn noon() -> Time {
    Time::read("2026-02-06T12:00:00+08:00").expect("an instant")
}

fn worked_out(text: &str, kind: Type) -> Result<Value, Refusal> {
    let rule = Rule::read(text, &schema(), &Slot::of(kind).with_now())
        .unwrap_or_else(|findings| panic!("{text}: {findings:?}"));
    let (case, answers, variables) = (case(), answers(), variables());
    rule.evaluate(&Scene {
        record: &case,
        form: Some(&answers),
        row: None,
        variables: &variables,
        now: noon(),
    })
}

fn holds(text: &str) -> bool {
    worked_out(text, Type::Bool) == Ok(Value::Bool(true))
}

#[test]
fn the_rules_of_the_model_come_to_what_they_say() {
    for (text, expected) in [
        // 33.10 + 33.10 + 34.10 is 100.30; with doubles it is 100.30000000000001 in one order, 100.29999999999998 in another.
        ("sum(returns/area) >= area", true),
        ("sum(returns/area) = area", true),
        ("sum(returns[no != 3]/area) >= area", false),
        ("depth(main) < 3", true),
        ("depth(main) > 2", false),
        ("some(main[person = $me])", true),
        ("count(link[as='assist' and open]) = 0", false),
        ("count(link[as='assist' and open]) = 1", true),
        ("sum(link[as='return']/area) = 12.5", true),
        ("count(step[act='approve_return']) < 1", false),
        ("count(step[act='ask_return']) = 2", true),
        ("count(step) = 3", true),
        ("step[act='ask_return']/at > step[act='approve_return']/at", true),
        ("has(step[act='approve_return'])", true),
        ("category != 'done' and category != 'void'", true),
        ("selected('help complaint', matter)", true),
        ("selected('complaint advice', matter)", false),
        ("selected(matters, 'advice')", true),
        ("selected(matters, 'complaint')", false),
        ("selected(matters, matter)", true),
        ("form/level <= 2 and has(form/text)", true),
        ("$filled < finish.due", true),
        ("$act = 'approve_return'", false),
        ("has(phone)", true),
        ("has(note) or has(closed_on) or has(spot)", false),
        ("count(form/outlet[count(sample[ph < 6.5]) > 0]) = 1", true),
        ("some(form/outlet/sample[ph > 9.5 and ../no = 3])", true),
        ("some(form/outlet/sample[ph > 9.5 and ../no = 1])", false),
        ("some(form/outlet[no = ../level])", true),
        ("some(form/outlet[no = ../../count_of])", false),
        ("some(returns[area > ../form/site/area])", false),
        ("some(returns[area < ../form/site/area])", true),
        ("form/site/area < area", true),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn absent_and_empty_are_one_and_every_comparison_is_yes_or_no() {
    for (text, expected) in [
        ("note = ''", true),
        ("note != ''", false),
        ("note != 'x'", true),
        ("note < 'x'", true),
        ("title = ''", false),
        ("closed_on = ''", true),
        ("matter = ''", false),
        // An absent number is neither smaller nor larger.
        ("some(form/outlet[flow < 5 and no = 3])", false),
        ("some(form/outlet[flow >= 0 and no = 3])", false),
        ("some(form/outlet[flow != 0 and no = 3])", true),
        ("some(form/outlet[not(flow < 5) and no = 3])", true),
        // An absent day or instant is later than every other.
        ("supervised_at > now()", true),
        ("supervised_at < now()", false),
        ("closed_on > opened_on", true),
        ("closed_on >= closed_on", true),
        ("closed_on > closed_on", false),
        // An absent yes or no is no.
        ("urgent", false),
        ("not(urgent)", true),
        ("urgent = false()", true),
        ("has(urgent)", false),
        ("lookup('items', item, 'online') = false()", true),
        ("finish.paused", false),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn values_are_worked_out_exactly() {
    let text = Type::Text;
    for (rule, kind, expected) in [
        ("area * count_of", AREA, "702.1"),
        ("area - 0.30", AREA, "100"),
        ("-area + 200", AREA, "99.7"),
        ("round(area div 3, 2)", AREA, "33.43"),
        ("round(area * 2 div 3, 0)", Type::Int, "67"),
        ("round(2.5)", Type::Int, "3"),
        ("round(-2.5)", Type::Int, "-3"),
        ("floor(-area)", Type::Int, "-101"),
        ("ceiling(area)", Type::Int, "101"),
        ("int(-area)", Type::Int, "-100"),
        ("abs(count_of - 10)", Type::Int, "3"),
        ("count_of mod 3", Type::Int, "1"),
        ("-count_of mod 3", Type::Int, "-1"),
        ("sum(form/outlet/flow)", AREA, "0.3"),
        ("max(returns/area)", AREA, "34.1"),
        ("min(returns/on)", Type::Date, "2026-03-01"),
        ("min(area, count_of, 8)", AREA, "7"),
        ("max(closed_on, opened_on)", Type::Date, "2026-01-31"),
        ("sum(returns[no > 9]/area)", AREA, "0"),
        ("max(returns[no > 9]/area)", AREA, ""),
        ("lookup('items', item, 'days')", Type::Int, "5"),
        ("lookup('items', note, 'days')", Type::Int, ""),
        ("if(urgent, 1, 2)", Type::Int, "2"),
        ("coalesce(note, title)", text.clone(), "河道填堵"),
        ("coalesce(note, '')", text.clone(), ""),
        (
            "concat(title, '（', matter, '，', string(area), ' m²）')",
            text.clone(),
            "河道填堵（help，100.3 m²）",
        ),
        ("concat(note, '')", text.clone(), ""),
        ("string-length(title)", Type::Int, "4"),
        ("count-selected(matters)", Type::Int, "2"),
        ("if(urgent, matters, '')", Type::Codes("matter".to_owned()), ""),
        (
            "'complaint advice'",
            Type::Codes("matter".to_owned()),
            "advice complaint",
        ),
        // 30 January and one month is the end of February; a day is one in Shanghai, at 23:30 still the 31st.
        ("add-months(opened_on, 1)", Type::Date, "2026-02-28"),
        ("add-months(opened_on, -11)", Type::Date, "2025-02-28"),
        ("opened_on + 1", Type::Date, "2026-02-01"),
        ("opened_on - 31", Type::Date, "2025-12-31"),
        ("date('2026-03-01') - opened_on", Type::Int, "29"),
        ("date(received_at)", Type::Date, "2026-01-31"),
        ("today()", Type::Date, "2026-02-06"),
        (
            "received_at + hours(1) - minutes(15)",
            Type::Time,
            "2026-02-01T00:15:00.000+08:00",
        ),
        (
            "date-time('2026-01-31T15:30:00Z')",
            Type::Time,
            "2026-01-31T23:30:00.000+08:00",
        ),
        (
            "format-date(opened_on, '%Y年%n月%e日')",
            text.clone(),
            "2026年1月31日",
        ),
        (
            "format-date(received_at, '%Y-%m-%d %H:%M')",
            text.clone(),
            "2026-01-31 23:30",
        ),
        // An absent operand leaves nothing, not zero.
        ("area + max(returns[no > 9]/area)", AREA, ""),
        ("coalesce(max(returns[no > 9]/area), 0) + area", AREA, "100.3"),
        ("closed_on + 1", Type::Date, ""),
        ("format-date(closed_on, '%Y')", text, ""),
    ] {
        let found = worked_out(rule, kind).map(|value| value.to_string());
        assert_eq!(found.as_deref(), Ok(expected), "{rule}");
    }
    assert!(holds(
        "now() - received_at < days(6) and now() - received_at > days(5) + hours(12)"
    ));
    assert!(holds(
        "starts-with(title, '河') and not(starts-with(title, '道')) and contains(title, '填')"
    ));
}

#[test]
fn what_has_no_exact_value_is_refused() {
    for (rule, kind, refusal) in [
        ("round(area div (count_of - 7), 2)", AREA, Refusal::DivisionByZero),
        ("count_of mod 0", Type::Int, Refusal::DivisionByZero),
        ("count_of * 999999999999999999", Type::Int, Refusal::Overflow),
        // It fits a number, but not an index's column of hundredths.
        ("area + 99999999999999999", AREA, Refusal::Overflow),
        ("opened_on + 3000000", Type::Date, Refusal::Calendar),
        (
            "add-months(opened_on, 999999999999)",
            Type::Date,
            Refusal::Calendar,
        ),
        ("received_at - days(800000)", Type::Time, Refusal::Calendar),
        ("days(999999999999999) > days(1)", Type::Bool, Refusal::Overflow),
    ] {
        assert_eq!(worked_out(rule, kind), Err(refusal), "{rule}");
    }
    let long = format!("concat({})", vec!["title"; 400].join(","));
    assert_eq!(worked_out(&long, Type::Text), Err(Refusal::TooLong));
    assert!(
        !holds("urgent and round(area div 0, 2) > 1"),
        "what decides is not followed by what is refused"
    );
}

#[test]
fn a_record_of_other_types_or_too_many_rows_is_refused() {
    let guard = |text: &str| Rule::read(text, &schema(), &Slot::guard()).expect("fine");
    let variables = Variables::new();
    let over = |record: &Tree, rule: &Rule| {
        rule.evaluate(&Scene {
            record,
            form: None,
            row: None,
            variables: &variables,
            now: noon(),
        })
    };
    let odd = tree(&[("area", Value::text("100")), ("count_of", number("1.5"))], &[]);
    assert_eq!(over(&odd, &guard("area > 1")), Err(Refusal::WrongType));
    assert_eq!(over(&odd, &guard("count_of > 1")), Err(Refusal::WrongType));
    let wrong = Variables::from([("me".to_owned(), number("1"))]);
    let scene = Scene {
        record: &odd,
        form: None,
        row: None,
        variables: &wrong,
        now: noon(),
    };
    assert_eq!(guard("$me = 'x'").evaluate(&scene), Err(Refusal::WrongType));
    let many = tree(&[], &[("returns", vec![Tree::default(); 201])]);
    assert_eq!(
        over(&many, &guard("count(returns) > 1")),
        Err(Refusal::TooManyRows)
    );
    let empty = tree(&[("title", Value::Text(String::new()))], &[]);
    assert_eq!(
        over(&empty, &guard("title = '' and not(has(form/text))")),
        Ok(Value::Bool(true))
    );
}

#[test]
fn each_goes_through_rows_and_a_rule_sees_the_one_it_is_at() {
    let schema = schema();
    let rows = Rows::read("form/outlet[no != 2]", &schema).expect("rows");
    let inside = schema.with_row(rows.row().clone());
    let rule = Rule::read(
        "concat(string($row/no), if(some($row/sample[ph > ../no]), '!', ''))",
        &inside,
        &Slot::of(Type::Text),
    )
    .expect("fine");
    let (case, answers, variables) = (case(), answers(), variables());
    let scene = Scene {
        record: &case,
        form: Some(&answers),
        row: None,
        variables: &variables,
        now: noon(),
    };
    let found: Vec<_> = rows
        .collect(&scene)
        .expect("rows")
        .into_iter()
        .map(|row| {
            rule.evaluate(&Scene {
                row: Some(row),
                ..scene
            })
            .map(|value| value.to_string())
        })
        .collect();
    assert_eq!(found, [Ok("1!".to_owned()), Ok("3!".to_owned())]);
    // Without a row there is nothing.
    assert_eq!(rule.evaluate(&scene), Ok(Value::Absent));
}

/// A record with as many rows, links and holders as there may be, so that the bounds are reached.
fn full() -> Tree {
    let row = tree(&[("no", number("1")), ("area", number("1"))], &[]);
    let link = tree(&[("as", Value::text("assist")), ("open", Value::Bool(true))], &[]);
    tree(
        &[],
        &[
            ("returns", vec![row.clone(); 200]),
            ("link", vec![link; 300]),
            ("main", vec![row; 200]),
        ],
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_rule_costs_more_than_was_said(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "sum(returns/area) > 5",
            "count(link[as = 'assist' and open]) = 300",
            "some(returns[area > 2 or some(../main[person = 'x'])])",
            "max(returns[no = 2]/on) < today()",
            "round(area div 3, 2) = 1",
            "if(urgent, count_of, sum(returns[no = 1]/no)) < 3",
            "selected('help complaint', matter)",
            "depth(main) > 3",
            "not(concat(title, note) = 'x')",
        ]), 1..6),
    ) {
        // A sum evaluates every part, whatever the others come to.
        let parts: Vec<_> = parts.iter().map(|part| format!("if({part}, 1, 2)")).collect();
        let text = format!("{} > 0", parts.join(" + "));
        let rule = Rule::read(&text, &schema(), &Slot::guard()).expect("fine");
        let (full, variables) = (full(), Variables::new());
        let scene = Scene { record: &full, form: None, row: None, variables: &variables, now: noon() };
        prop_assert!(rule.evaluate(&scene).is_ok(), "{} within {}", text, rule.cost());
    }
}
