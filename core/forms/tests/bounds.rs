//! What a hostile expression can cost: the stack of the smallest thread there is, and the time of a check.

use shenhai_forms::filter::{Filter, variables};
use shenhai_forms::rule::{Rule, Scene, Slot, Tree};
use shenhai_forms::schema::{CodeList, Field, Group, Schema};
use shenhai_forms::value::{Time, Type, Value};
use shenhai_forms::xpath::{MAX_DEPTH, parse};
use std::collections::BTreeMap;
use std::sync::Arc;

fn now() -> Time {
    Time::new(1_770_350_400_000).expect("within the years")
}

fn columns() -> Group {
    let mut columns = Group::new();
    columns
        .add("n", Field::of(Type::Int))
        .and_then(|columns| columns.add("urgent", Field::of(Type::Bool)))
        .expect("new names");
    columns
}

/// The deepest expressions of several shapes.
fn deepest() -> Vec<String> {
    let nested = |open: &str, inner: &str, close: &str, levels: usize| {
        format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
    };
    vec![
        nested("not(", "urgent", ")", MAX_DEPTH - 1),
        nested("if(urgent, true(), ", "urgent", ")", MAX_DEPTH - 1),
        nested("-", "n", "", MAX_DEPTH - 2) + " > 0",
        nested("(urgent and (urgent or ", "urgent", "))", (MAX_DEPTH - 2) / 2),
        nested("some(rows[", "urgent", "])", (MAX_DEPTH - 1) / 2),
        nested("(true() = (", "urgent", "))", (MAX_DEPTH - 1) / 2),
    ]
}

#[test]
fn the_deepest_expressions_fit_a_small_stack() {
    // Half of what wasm and Android give a thread, and this build is not optimised.
    let small = std::thread::Builder::new().stack_size(512 * 1024);
    let work = small.spawn(|| {
        let none = || CodeList::default();
        let mut schema = Schema::new(none(), none(), none(), &Group::new()).expect("no name twice");
        schema
            .fact("n", Type::Int, None)
            .and_then(|schema| schema.fact("urgent", Type::Bool, None))
            .and_then(|schema| schema.table("rows", columns()))
            .expect("new names");
        let filters = Schema::of_columns(columns(), BTreeMap::new());
        let variables = variables("me", "u", now());
        let record = Tree {
            values: BTreeMap::from([("urgent".to_owned(), Value::Bool(true))]),
            rows: BTreeMap::new(),
        };
        let (mut rules, mut as_filters) = (0, 0);
        for text in deepest() {
            let expr = parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(parse(&expr.to_string()), Ok(expr.clone()));
            if let Ok(rule) = Rule::check(&expr, &schema, &Slot::guard()) {
                rules += 1;
                let scene = Scene {
                    record: &record,
                    form: None,
                    row: None,
                    variables: &variables,
                    now: now(),
                };
                assert!(rule.evaluate(&scene).is_ok(), "{text}");
            }
            if let Ok(filter) = Filter::check(&expr, &filters) {
                as_filters += 1;
                assert!(!filter.sql(&variables).text.is_empty());
                assert!(filter.holds(&record, &variables, now()).is_ok(), "{text}");
            }
        }
        (rules, as_filters)
    });
    let counted = work.expect("a thread").join().expect("no overflow of the stack");
    // The rows within rows have no such table and cost too much; filters have no `if`, no sign before a column.
    assert_eq!(counted, (5, 3));
}

#[test]
fn a_thousand_mistakes_are_found_and_few_are_guessed_at() {
    let long: Vec<String> = (0..2_000)
        .map(|nth| format!("a_code_of_thirty_letters_{nth:05}"))
        .collect();
    let list = CodeList::of_codes(long).expect("codes");
    let mut columns = Group::new();
    columns
        .add("code", Field::of(Type::Code("list".to_owned())))
        .expect("a new name");
    let schema = Schema::of_columns(columns, BTreeMap::from([("list".to_owned(), Arc::new(list))]));
    let words = vec!["abc"; 1_000].join(" ");
    let text = format!("selected('{words}', code)");
    let findings = Filter::read(&text, &schema).expect_err("no such codes");
    assert_eq!(findings.len(), 1_000);

    let near = ["a_code_of_thirty_letters_0000x"; 100].join(" ");
    let text = format!("selected('{near}', code)");
    let findings = Filter::read(&text, &schema).expect_err("no such codes");
    let guessed = findings
        .iter()
        .filter(|finding| finding.problem.to_string().contains("是否为"))
        .count();
    assert_eq!((findings.len(), guessed), (100, 20));
}
