//! The language of packs: expressions from a stranger's pack, and texts that should be values.
//!
//! Not here: the reader of a pack's files.
//! Called through [`crate::TARGETS`].

use shenhai_forms::filter::{Filter, variables};
use shenhai_forms::rule::{MAX_COST, Refusal, Rule, Scene, Slot, Tree};
use shenhai_forms::schema::{CodeList, Field, Group, Schema};
use shenhai_forms::value::{Datum, MAX_TEXT, Time, Type, Value};
use shenhai_forms::xpath::{Expr, MAX_LENGTH, parse};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// Every type once.
fn types() -> [(&'static str, Type); 10] {
    let list = || "list".to_owned();
    [
        ("title", Type::Text),
        ("code", Type::Code(list())),
        ("codes", Type::Codes(list())),
        ("n", Type::Int),
        ("area", Type::Decimal { scale: 2 }),
        ("urgent", Type::Bool),
        ("day", Type::Date),
        ("at", Type::Time),
        ("spot", Type::Point(Datum::Wgs84)),
        ("photo", Type::File),
    ]
}

fn columns() -> Group {
    let mut group = Group::new();
    for (name, kind) in types() {
        group.add(name, Field::of(kind)).expect("each name once");
    }
    group
}

fn codes() -> CodeList {
    CodeList::of_codes(["a", "b"]).expect("codes")
}

static RULES: LazyLock<Schema> = LazyLock::new(|| {
    let mut schema = Schema::new(codes(), codes(), codes(), &Group::new()).expect("each name once");
    schema
        .list("list", Arc::new(codes()))
        .and_then(|schema| schema.table("rows", columns()))
        .and_then(|schema| schema.seat("main"))
        .and_then(|schema| schema.clock("finish"))
        .and_then(Schema::act_variables)
        .expect("each name once");
    for (name, kind) in types() {
        schema.fact(name, kind, None).expect("each name once");
    }
    schema
        .fact("phone", Type::Text, Some("phone"))
        .expect("each name once");
    schema.with_form(columns()).with_row(columns())
});

static FILTERS: LazyLock<Schema> = LazyLock::new(|| {
    let lists = BTreeMap::from([("list".to_owned(), Arc::new(codes()))]);
    Schema::of_columns(columns(), lists)
});

static RECORD: LazyLock<Tree> = LazyLock::new(|| {
    let texts = [
        ("title", "水票"),
        ("code", "a"),
        ("codes", "a b"),
        ("n", "-7"),
        ("area", "92233720368547758.07"),
        ("urgent", "true"),
        ("day", "9999-12-31"),
        ("at", "0001-01-01T00:00:00+08:00"),
        ("spot", "31.2 121.5"),
        ("photo", "x.jpg"),
    ];
    let values: BTreeMap<String, Value> = types()
        .into_iter()
        .zip(texts)
        .map(|((name, kind), (_, text))| (name.to_owned(), Value::read(&kind, text).expect("of its type")))
        .collect();
    let row = Tree {
        values: values.clone(),
        rows: BTreeMap::new(),
    };
    let rows = BTreeMap::from([("rows".to_owned(), vec![row; 3])]);
    Tree { values, rows }
});

fn now() -> Time {
    Time::new(1_770_350_400_000).expect("within the years")
}

/// An expression: what is read is printed and read as the same, what is checked is evaluated within its cost, whatever
/// it says.
pub fn expression(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match parse(text) {
        Ok(expr) => {
            assert!(text.len() <= MAX_LENGTH && expr.span.end <= text.len());
            let printed = expr.to_string();
            if printed.len() <= MAX_LENGTH {
                assert_eq!(parse(&printed).as_ref(), Ok(&expr), "{printed}");
            }
            as_a_rule(text, &expr);
            as_a_filter(text, &expr);
        }
        Err(error) => {
            assert!(error.span.start <= error.span.end && error.span.end <= text.len());
            assert!(error.span.line_and_column(text) >= (1, 1));
        }
    }
}

fn as_a_rule(text: &str, expr: &Expr) {
    let variables = variables("a", "", now());
    let scene = Scene {
        record: &*RECORD,
        form: Some(&*RECORD),
        row: Some(&*RECORD),
        variables: &variables,
        now: now(),
    };
    for (_, kind) in types() {
        match Rule::check(expr, &RULES, &Slot::of(kind.clone()).with_now()) {
            Ok(rule) => {
                assert!(rule.cost() <= MAX_COST);
                match rule.evaluate(&scene) {
                    Ok(value) => assert!(value.is_of(&kind), "{text}: {value:?}"),
                    Err(refusal) => assert!(!matches!(refusal, Refusal::Fuel | Refusal::WrongType), "{text}"),
                }
            }
            Err(findings) => {
                assert!(!findings.is_empty());
                assert!(findings.iter().all(|finding| finding.span.end <= text.len()));
            }
        }
    }
}

fn as_a_filter(text: &str, expr: &Expr) {
    match Filter::check(expr, &FILTERS) {
        Ok(filter) => {
            let variables = variables("a", text, now());
            let sql = filter.sql(&variables);
            let places = sql.text.matches('?').count();
            assert_eq!(places, sql.parameters.len(), "{}", sql.text);
            assert!(filter.holds(&*RECORD, &variables, now()).is_ok());
        }
        Err(findings) => assert!(!findings.is_empty()),
    }
}

/// A text as a value of every type: what is taken has one spelling, which reads back as the same value.
pub fn value_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for (_, kind) in types() {
        if let Ok(value) = Value::read(&kind, text) {
            assert!(text.len() <= MAX_TEXT && value.is_of(&kind));
            assert_eq!(value.is_absent(), value.to_string().is_empty());
            assert_eq!(Value::read(&kind, &value.to_string()), Ok(value));
        }
    }
}

/// Expressions to start from.
pub fn expressions() -> Vec<Vec<u8>> {
    [
        "sum(rows[n != 3 and day > ../day]/area) >= area or ${code} = 'a'",
        "count(link[as='a' and open]) = 0 and step[act='b']/at < $filled",
        "if(selected('a b', code), round(area * 2 div -n, 2), coalesce(n, 1) mod 3)",
        "concat(title, \"-\", string(day), format-date(at, '%Y%m%d'))",
        "add-months(day + 1, -n)",
        "at + hours(n) - minutes(2)",
        "not(at < $now) or starts-with(title, $unit) and (urgent = true()) != false()",
        "selected(codes, code) and has(area) and n <= -92233720368547758.07",
        "(//a[. = 1]/@b | child::c[last()])[1]/../*",
        "lookup('list', code, 'x') = depth(main) + string-length($row/title)",
        "now() - at > days(3) and finish.due <= date-time('2026-01-31T08:00:00+08:00')",
        "min(rows/area, 3) = max(rows/n)",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// Texts of values to start from.
pub fn value_texts() -> Vec<Vec<u8>> {
    [
        "-999999999999999999.999999999999999999",
        "2026-01-31",
        "2026-01-31T08:00:00.000+08:00",
        "31.2304 121.4737 4 10",
        "a b  c",
        "true",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
