//! A filter says the same of a row in memory and as SQL over an index: random filters, random rows, SQLite as the judge.

use proptest::prelude::*;
use rusqlite::types::Value as Sqlite;
use rusqlite::{Connection, params_from_iter};
use shenhai_forms::decimal::Decimal;
use shenhai_forms::filter::{Filter, Stored, declaration, stored, variables};
use shenhai_forms::rule::{Tree, Variables};
use shenhai_forms::schema::{CodeList, Field, Group, Schema};
use shenhai_forms::value::{Time, Type, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

const CODES: [&str; 4] = ["help", "complaint", "advice", "lp"];

fn columns() -> Vec<(&'static str, Type)> {
    let code = || Type::Code("matter".to_owned());
    let codes = || Type::Codes("matter".to_owned());
    vec![
        // Two of each, to compare them with each other; some are words of SQL.
        ("title", Type::Text),
        ("group", Type::Text),
        ("matter", code()),
        ("select", code()),
        ("ticked", codes()),
        ("also", codes()),
        ("n", Type::Int),
        ("m", Type::Int),
        ("area", Type::Decimal { scale: 2 }),
        ("lent", Type::Decimal { scale: 2 }),
        ("urgent", Type::Bool),
        ("is_late", Type::Bool),
        ("opened_on", Type::Date),
        ("closed_on", Type::Date),
        ("due", Type::Time),
        ("order", Type::Time),
    ]
}

fn schema() -> Schema {
    let mut group = Group::new();
    for (name, kind) in columns() {
        group.add(name, Field::of(kind)).expect("a new name");
    }
    let list = CodeList::of_codes(CODES).expect("codes");
    Schema::of_columns(group, BTreeMap::from([("matter".to_owned(), Arc::new(list))]))
}

const NOW: i64 = 1_770_350_400_000;

fn now() -> Time {
    Time::new(NOW).expect("within the years")
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ab%_]{0,3}",
        2 => "[aA水\u{D7FF}\u{E000}\u{10FFFF}]{0,3}",
        1 => Just("me".to_owned()),
    ]
}

fn number(scale: u8) -> impl Strategy<Value = Decimal> {
    let near = prop_oneof![-300_i128..300, -12_i128..12]
        .prop_map(move |digits| Decimal::new(digits, scale).expect("small"));
    // The greatest and least that a column of hundredths and one of whole numbers hold, and beyond.
    let far = proptest::sample::select(vec![
        "92233720368547758.07",
        "-92233720368547758.07",
        "92233720368547758.08",
        "-92233720368547758.08",
        "999999999999999999",
        "-999999999999999999",
        "999999999999999999.999",
        "-999999999999999999.999",
    ])
    .prop_map(|text| text.parse().expect("a number"));
    prop_oneof![9 => near, 1 => far]
}

fn date() -> impl Strategy<Value = Value> {
    proptest::sample::select(vec![
        "2026-01-31",
        "2026-02-01",
        "2026-02-06",
        "0001-01-01",
        "9999-12-31",
    ])
    .prop_map(|text| Value::read(&Type::Date, text).expect("a day"))
}

fn time() -> impl Strategy<Value = Value> {
    let steps = vec![-1, 0, 1, 43_199_999, 43_200_000, 43_200_001];
    proptest::sample::select(steps)
        .prop_map(|step| Value::Time(Time::new(NOW + step).expect("within the years")))
}

fn value(kind: &Type) -> BoxedStrategy<Value> {
    let present = match kind {
        Type::Text => text().prop_map(Value::text).boxed(),
        Type::Code(_) => proptest::sample::select(CODES.to_vec())
            .prop_map(Value::text)
            .boxed(),
        Type::Codes(_) => proptest::sample::subsequence(CODES.to_vec(), 0..=4)
            .prop_map(Value::codes)
            .boxed(),
        Type::Int => number(0).prop_map(Value::Number).boxed(),
        Type::Decimal { scale } => number(*scale).prop_map(Value::Number).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Date => date().boxed(),
        Type::Time => time().boxed(),
        Type::Point(_) | Type::File => Just(Value::Absent).boxed(),
    };
    let fits = kind.clone();
    prop_oneof![
        4 => present.prop_filter("held by the column", move |value| stored(&fits, value).is_some()),
        1 => Just(Value::Absent),
    ]
    .boxed()
}

type Row = Vec<Value>;

fn row() -> impl Strategy<Value = Row> {
    columns().iter().map(|(_, kind)| value(kind)).collect::<Vec<_>>()
}

fn quoted(text: &str) -> String {
    format!("'{text}'")
}

/// What a column is compared with: another one, something written out, a variable, nothing.
fn other_side(kind: &Type, columns: &[&'static str]) -> BoxedStrategy<String> {
    let column = proptest::sample::select(columns.to_vec())
        .prop_map(str::to_owned)
        .boxed();
    let literal = match kind {
        Type::Text => prop_oneof![
            text()
                .prop_filter("'' is asked for below", |text| !text.is_empty())
                .prop_map(|text| quoted(&text)),
            Just("$me".to_owned()),
            Just("$unit".to_owned()),
        ]
        .boxed(),
        Type::Code(_) => proptest::sample::select(CODES.to_vec()).prop_map(quoted).boxed(),
        Type::Int => prop_oneof![number(0), number(1)]
            .prop_map(|number| number.to_string())
            .boxed(),
        Type::Decimal { .. } => prop_oneof![number(2), number(3)]
            .prop_map(|number| number.to_string())
            .boxed(),
        Type::Bool => proptest::sample::select(vec!["true()", "false()", "not(urgent)"])
            .prop_map(str::to_owned)
            .boxed(),
        Type::Time => proptest::sample::select(vec!["$now", "$day_end"])
            .prop_map(str::to_owned)
            .boxed(),
        Type::Codes(_) | Type::Date | Type::Point(_) | Type::File => column.clone(),
    };
    prop_oneof![column, literal].boxed()
}

fn atom() -> impl Strategy<Value = String> {
    let all = columns();
    let comparison = proptest::sample::select(all.clone()).prop_flat_map(move |(name, kind)| {
        let like: Vec<&'static str> = all
            .iter()
            .filter(|(_, other)| *other == kind)
            .map(|(name, _)| *name)
            .collect();
        let ordered = matches!(
            kind,
            Type::Text | Type::Int | Type::Decimal { .. } | Type::Date | Type::Time
        );
        let how = if ordered {
            vec!["=", "!=", "<", "<=", ">", ">="]
        } else {
            vec!["=", "!="]
        };
        let nothing = !matches!(kind, Type::Bool);
        let side = other_side(&kind, &like);
        (
            Just(name),
            proptest::sample::select(how),
            side,
            any::<bool>(),
            any::<u8>(),
        )
            .prop_map(move |(name, how, side, turned, dice)| {
                if nothing && dice < 30 {
                    let how = if turned { "=" } else { "!=" };
                    format!("{name} {how} ''")
                } else if turned {
                    format!("{side} {how} {name}")
                } else {
                    format!("{name} {how} {side}")
                }
            })
    });
    let words =
        proptest::sample::subsequence(CODES.to_vec(), 0..=3).prop_map(|words| quoted(&words.join(" ")));
    let code = proptest::sample::select(CODES.to_vec()).prop_map(quoted);
    prop_oneof![
        6 => comparison,
        1 => proptest::sample::select(vec!["urgent", "is_late", "true()", "false()"]).prop_map(str::to_owned),
        1 => text().prop_map(|text| format!("starts-with(title, {})", quoted(&text))),
        1 => Just("starts-with(group, $unit) or starts-with($me, 'm')".to_owned()),
        1 => words.prop_filter("not ''", |words| words != "''").prop_map(|words| format!("selected({words}, matter)")),
        1 => code.prop_map(|code| format!("selected(ticked, {code})")),
        1 => Just("selected(also, select)".to_owned()),
        1 => proptest::sample::select(columns())
            .prop_filter("no yes or no", |(_, kind)| *kind != Type::Bool)
            .prop_map(|(name, _)| format!("has({name})")),
    ]
}

fn filter() -> impl Strategy<Value = String> {
    atom().prop_recursive(4, 24, 4, |inner| {
        let several = proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            several
                .clone()
                .prop_map(|parts| format!("({})", parts.join(" and "))),
            several.prop_map(|parts| format!("({})", parts.join(" or "))),
            inner.clone().prop_map(|part| format!("not({part})")),
            (inner.clone(), inner).prop_map(|(one, other)| format!("({one}) = ({other})")),
        ]
    })
}

fn bound(value: Stored) -> Sqlite {
    match value {
        Stored::Integer(number) => Sqlite::Integer(number),
        Stored::Text(text) => Sqlite::Text(text),
    }
}

fn filled(rows: &[Row]) -> Connection {
    let index = Connection::open_in_memory().expect("a database in memory");
    let declared: Vec<_> = columns()
        .iter()
        .map(|(name, kind)| format!("\"{name}\" {}", declaration(kind)))
        .collect();
    index
        .execute_batch(&format!(
            "CREATE TABLE ix (nth INTEGER PRIMARY KEY, {})",
            declared.join(", ")
        ))
        .expect("a table");
    let places = vec!["?"; columns().len() + 1].join(", ");
    let insert = format!("INSERT INTO ix VALUES ({places})");
    for (nth, row) in rows.iter().enumerate() {
        let nth = i64::try_from(nth).expect("few rows");
        let kept = columns()
            .into_iter()
            .zip(row)
            .map(|((_, kind), value)| bound(stored(&kind, value).expect("held by the column")));
        index
            .execute(
                &insert,
                params_from_iter(std::iter::once(Sqlite::Integer(nth)).chain(kept)),
            )
            .expect("a row");
    }
    index
}

fn selected(index: &Connection, filter: &Filter, variables: &Variables) -> Vec<usize> {
    let sql = filter.sql(variables);
    let select = format!("SELECT nth FROM ix WHERE {} ORDER BY nth", sql.text);
    let mut statement = index
        .prepare(&select)
        .unwrap_or_else(|error| panic!("{select}: {error}"));
    let rows = statement
        .query_map(params_from_iter(sql.parameters.into_iter().map(bound)), |row| {
            row.get::<_, i64>(0)
        })
        .expect("runs");
    rows.map(|nth| usize::try_from(nth.expect("a number")).expect("not negative"))
        .collect()
}

fn in_memory(row: &Row) -> Tree {
    let values = columns()
        .into_iter()
        .zip(row)
        .map(|((name, _), value)| (name.to_owned(), value.clone()))
        .collect();
    Tree {
        values,
        rows: BTreeMap::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_and_memory_agree(
        filters in proptest::collection::vec(filter(), 1..8),
        rows in proptest::collection::vec(row(), 1..12),
        unit in text(),
    ) {
        let (schema, index) = (schema(), filled(&rows));
        let variables = variables("me", &unit, now());
        for text in filters {
            // Nested brackets may exceed the bound on depth; nothing else may be refused.
            let Ok(filter) = Filter::read(&text, &schema) else {
                prop_assert!(text.len() > 300, "refused: {} {:?}", text, Filter::read(&text, &schema));
                continue;
            };
            let expected: Vec<usize> = rows
                .iter()
                .enumerate()
                .filter(|(_, row)| filter.holds(&in_memory(row), &variables, now()).expect("of their types"))
                .map(|(nth, _)| nth)
                .collect();
            prop_assert_eq!(
                selected(&index, &filter, &variables), expected,
                "{} → {:?} over {:?}", text, filter.sql(&variables), rows
            );
        }
    }
}

/// Rows whose answers are worked out by hand, so that both sides cannot be wrong alike.
#[test]
fn filters_choose_what_they_say() {
    let row = |title: &str, ticked: &[&str], area: Option<&str>, due: Option<i64>| -> Row {
        columns()
            .into_iter()
            .map(|(name, _)| match name {
                "title" => Value::text(title),
                "ticked" => Value::codes(ticked.iter().copied()),
                "area" => area.map_or(Value::Absent, |area| {
                    Value::Number(area.parse().expect("a number"))
                }),
                "due" => due.map_or(Value::Absent, |step| {
                    Value::Time(Time::new(NOW + step).expect("near"))
                }),
                _ => Value::Absent,
            })
            .collect()
    };
    let rows = [
        row("水票 一", &["help", "advice"], Some("10.50"), Some(-1)),
        row("水", &["help"], Some("0"), Some(43_200_000)),
        row("a_b", &[], None, None),
        row("A_B", &["complaint"], Some("-3"), Some(0)),
    ];
    let (schema, index) = (schema(), filled(&rows));
    let variables = variables("me", "u", now());
    for (text, expected) in [
        ("due < $now", vec![0]),
        ("not(due < $now)", vec![1, 2, 3]),
        // Noon and twelve hours is 24:00, the end of the day.
        ("due <= $day_end", vec![0, 1, 3]),
        ("due > $now", vec![1, 2]),
        ("has(due)", vec![0, 1, 3]),
        ("area < 10", vec![1, 3]),
        ("area > -3", vec![0, 1]),
        ("area < 10.505", vec![0, 1, 3]),
        ("area >= 10.495", vec![0]),
        ("area >= 0.005", vec![0]),
        ("area > -0.005", vec![0, 1]),
        ("area <= -2.995", vec![3]),
        ("area = 10.5", vec![0]),
        ("not(area = 10.5)", vec![1, 2, 3]),
        ("area = ''", vec![2]),
        ("starts-with(title, '水')", vec![0, 1]),
        ("starts-with(title, 'a_')", vec![2]),
        ("selected(ticked, 'help')", vec![0, 1]),
        ("not(selected(ticked, 'help'))", vec![2, 3]),
        ("title = 'a_b' or title = '水'", vec![1, 2]),
        ("true()", vec![0, 1, 2, 3]),
    ] {
        let filter = Filter::read(text, &schema).expect("fine");
        assert_eq!(selected(&index, &filter, &variables), expected, "{text}");
    }
}

#[test]
fn no_value_stands_in_the_text_of_a_query() {
    let filter = Filter::read(
        "title = 'x\"; DROP TABLE ix; --' and starts-with(group, $unit)",
        &schema(),
    )
    .expect("fine");
    let sql = filter.sql(&variables("me", "u' OR 1=1", now()));
    assert_eq!(
        sql.text,
        "(\"title\" = ?1) AND (\"group\" >= ?2 AND \"group\" < ?3)"
    );
    let text = |text: &str| Stored::Text(text.to_owned());
    assert_eq!(
        sql.parameters,
        [
            text("x\"; DROP TABLE ix; --"),
            text("u' OR 1=1"),
            text("u' OR 1=2")
        ]
    );
}

#[test]
fn the_longest_filter_is_one_that_sqlite_takes() {
    let index = filled(&[]);
    let schema = schema();
    let variables = variables("me", "u", now());
    // 4,096 bytes of the shortest conditions.
    for text in [vec!["n<1"; 585].join(" or "), vec!["n<m"; 512].join(" and ")] {
        let filter = Filter::read(&text, &schema).expect("within the bounds");
        assert_eq!(selected(&index, &filter, &variables), [0_usize; 0]);
    }
}

#[test]
fn a_filter_says_which_columns_it_looks_at() {
    let filter = Filter::read("due < $now and (urgent or ${n} = 1)", &schema()).expect("fine");
    let reads: Vec<_> = filter.reads().iter().map(String::as_str).collect();
    assert_eq!(reads, ["due", "n", "urgent"]);
}
