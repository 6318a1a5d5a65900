//! What the check takes comes to a value of its type, or to a refusal for the size of its numbers, days or texts;
//! never to a value of another type, whatever the record holds. Over random well-typed rules.

use proptest::prelude::*;
use proptest::sample::select;
use shenhai_forms::finding::Problem;
use shenhai_forms::rule::{Refusal, Rule, Scene, Slot, Tree, Variables};
use shenhai_forms::schema::{CodeList, Field, Group, Schema};
use shenhai_forms::value::{Time, Type, Value};
use shenhai_forms::xpath::SyntaxFault;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const AREA: Type = Type::Decimal { scale: 2 };

/// An expression of each type: yes or no, number, text, day, instant, length of time.
type Typed = [String; 6];

const TYPES: [Type; 5] = [Type::Bool, AREA, Type::Text, Type::Date, Type::Time];

fn names() -> [(&'static str, Type); 5] {
    let [urgent, area, title, day, at] = TYPES;
    [
        ("urgent", urgent),
        ("area", area),
        ("title", title),
        ("day", day),
        ("at", at),
    ]
}

fn schema() -> Schema {
    let mut columns = Group::new();
    for (name, kind) in names() {
        columns.add(name, Field::of(kind)).expect("a new name");
    }
    let codes = |code: &str| CodeList::of_codes([code]).expect("a code");
    let mut schema =
        Schema::new(codes("open"), codes("reply"), codes("fix"), &Group::new()).expect("new names");
    schema
        .table("rows", columns.clone())
        .and_then(|schema| schema.clock("finish"))
        .and_then(Schema::act_variables)
        .expect("new names");
    for (name, kind) in names() {
        schema.fact(name, kind, None).expect("a new name");
    }
    schema.with_form(columns)
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(schema);

fn leaf() -> impl Strategy<Value = Typed> {
    let of = |words: &[&'static str]| select(words.to_vec()).prop_map(str::to_owned).boxed();
    [
        of(&[
            "urgent",
            "true()",
            "has(form/day)",
            "some(link[open])",
            "finish.paused",
            "some(rows[../urgent or day < ../day])",
        ]),
        of(&[
            "area",
            "3",
            "0.05",
            "999999999999999999",
            "count(rows)",
            "sum(rows/area)",
            "max(rows[urgent]/area)",
            "form/area",
        ]),
        of(&["title", "'水票'", "$me", "string(day)", "form/title"]),
        of(&[
            "day",
            "date('2026-01-31')",
            "min(rows/day)",
            "today()",
            "form/day",
        ]),
        of(&[
            "at",
            "now()",
            "$filled",
            "finish.due",
            "max(rows/at)",
            "step[act='reply']/at",
        ]),
        of(&["hours(1)", "minutes(15)", "days(3)", "days(999999999)"]),
    ]
}

/// A larger expression of each type, made of two smaller ones.
fn composed(one: &Typed, other: &Typed, dice: [usize; 6]) -> Typed {
    let ([b, n, t, d, i, s], [c, m, u, e, j, r]) = (one, other);
    let choices = [
        vec![
            format!("({b} and {c})"),
            format!("({b} or {c})"),
            format!("not({b})"),
            format!("({b} != {c})"),
            format!("({n} < {m})"),
            format!("({t} >= {u})"),
            format!("({d} <= {e})"),
            format!("({i} > {j})"),
            format!("({s} = {r})"),
            format!("starts-with({t}, {u})"),
            format!("contains({t}, {u})"),
        ],
        vec![
            format!("({n} + {m})"),
            format!("({n} - {m})"),
            format!("round({n} * {m}, 2)"),
            format!("round({n} div {m}, 2)"),
            format!("({n} mod {m})"),
            format!("({d} - {e})"),
            format!("(-{n})"),
            format!("max({n}, {m})"),
            format!("if({b}, {n}, {m})"),
            format!("coalesce({n}, {m})"),
            format!("string-length({t})"),
        ],
        vec![
            format!("concat({t}, {u})"),
            format!("string({n})"),
            format!("format-date({d}, '%Y%m%d')"),
            format!("format-date({i}, '%n/%e %H:%M')"),
            format!("if({b}, {t}, {u})"),
            format!("coalesce({t}, {u})"),
        ],
        vec![
            format!("({d} + int({n}))"),
            format!("({d} - int({n}))"),
            format!("add-months({d}, int({n}))"),
            format!("date({i})"),
            format!("min({d}, {e})"),
            format!("if({b}, {d}, {e})"),
        ],
        vec![
            format!("({i} + {s})"),
            format!("({i} - {s})"),
            format!("max({i}, {j})"),
            format!("coalesce({i}, {j})"),
        ],
        vec![
            format!("({i} - {j})"),
            format!("({s} + {r})"),
            format!("hours(int({n}))"),
            format!("if({b}, {s}, {r})"),
        ],
    ];
    let mut dice = dice.into_iter();
    choices.map(|mut choices| choices.swap_remove(dice.next().unwrap_or(0) % choices.len()))
}

fn typed() -> impl Strategy<Value = Typed> {
    leaf().prop_recursive(3, 8, 2, |inner| {
        (inner.clone(), inner, any::<[usize; 6]>())
            .prop_map(|(one, other, dice)| composed(&one, &other, dice))
    })
}

fn value(kind: &Type) -> BoxedStrategy<Value> {
    let texts = match kind {
        Type::Bool => vec!["", "true", "false"],
        Type::Decimal { .. } => vec!["", "0", "-0.01", "33.10", "92233720368547758.07"],
        Type::Date => vec!["", "0001-01-01", "2026-01-31", "9999-12-31"],
        Type::Time => vec!["", "0001-01-01T00:00:00+08:00", "2026-01-31T23:30:00+08:00"],
        _ => vec!["", "水", "a longer text"],
    };
    let kind = kind.clone();
    select(texts)
        .prop_map(move |text| Value::read(&kind, text).expect("of its type"))
        .boxed()
}

fn row() -> impl Strategy<Value = Tree> {
    TYPES.each_ref().map(value).prop_map(|values| Tree {
        values: names()
            .into_iter()
            .map(|(name, _)| name.to_owned())
            .zip(values)
            .collect(),
        rows: BTreeMap::new(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_checked_comes_to_a_value_of_its_type(
        typed in typed(),
        mut record in row(),
        rows in proptest::collection::vec(row(), 0..4),
        form in row(),
    ) {
        record.rows.insert("rows".to_owned(), rows);
        let variables = Variables::from([("me".to_owned(), Value::text("u1"))]);
        let now = Time::read("2026-02-06T12:00:00+08:00").expect("an instant");
        let scene = Scene { record: &record, form: Some(&form), row: None, variables: &variables, now };
        let [condition, number, text, date, time, span] = typed;
        let as_condition = format!("{span} > hours(1)");
        let rules = [condition, number, text, date, time, as_condition];
        for (text, kind) in rules.iter().zip(TYPES.into_iter().chain([Type::Bool])) {
            match Rule::read(text, &SCHEMA, &Slot::of(kind.clone()).with_now()) {
                Ok(rule) => match rule.evaluate(&scene) {
                    Ok(value) => prop_assert!(value.is_of(&kind), "{}: {:?}", text, value),
                    Err(refusal) => prop_assert!(
                        !matches!(refusal, Refusal::WrongType | Refusal::Fuel | Refusal::TooManyRows),
                        "{}: {}", text, refusal
                    ),
                },
                Err(findings) => prop_assert!(
                    matches!(
                        findings[0].problem,
                        Problem::Syntax(SyntaxFault::TooLong | SyntaxFault::TooDeep) | Problem::TooExpensive { .. }
                    ),
                    "{}: {:?}", text, findings
                ),
            }
        }
    }
}
