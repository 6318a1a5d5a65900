//! Expressions of random words put together as expressions are, which random bytes never make: the check refuses most
//! of them for what they say, and what it takes is evaluated.

use proptest::prelude::*;
use proptest::sample::select;
use shenhai_fuzz::language;

const WORDS: [&str; 40] = [
    "'a'",
    "'a b'",
    "''",
    "1",
    "0.05",
    "-3",
    "999999999999999999",
    "'2026-01-31'",
    "title",
    "code",
    "codes",
    "n",
    "area",
    "urgent",
    "day",
    "at",
    "spot",
    "photo",
    "phone",
    "rows",
    "rows/area",
    "rows/day",
    "form/n",
    "form/urgent",
    "$row/n",
    "$row/at",
    "$now",
    "$me",
    "${n}",
    "${day}",
    "link",
    "link[as='a']/id",
    "step",
    "step[act='a']",
    "step[act='b']/at",
    "finish.due",
    "finish.running",
    "main",
    "..",
    "../n",
];

const OPERATORS: [&str; 15] = [
    "and", "or", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "div", "mod", "|", "/",
];

const ONE: [&str; 20] = [
    "not",
    "has",
    "count",
    "sum",
    "min",
    "max",
    "some",
    "depth",
    "round",
    "int",
    "abs",
    "string",
    "string-length",
    "count-selected",
    "date",
    "date-time",
    "days",
    "minutes",
    "concat",
    "-",
];

const TWO: [&str; 10] = [
    "selected",
    "starts-with",
    "contains",
    "coalesce",
    "min",
    "max",
    "add-months",
    "concat",
    "round",
    "format-date",
];

fn expression() -> impl Strategy<Value = String> {
    let word = select(WORDS.to_vec()).prop_map(str::to_owned);
    word.prop_recursive(4, 20, 3, |inner| {
        let operator = (inner.clone(), select(OPERATORS.to_vec()), inner.clone());
        prop_oneof![
            3 => operator.prop_map(|(one, operator, other)| format!("({one} {operator} {other})")),
            2 => (select(ONE.to_vec()), inner.clone()).prop_map(|(name, of)| format!("{name}({of})")),
            2 => (select(TWO.to_vec()), inner.clone(), inner.clone())
                .prop_map(|(name, one, other)| format!("{name}({one}, {other})")),
            1 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(condition, one, other)| format!("if({condition}, {one}, {other})")),
            1 => inner.clone().prop_map(|of| format!("round({of} div 3, 2)")),
            1 => inner.clone().prop_map(|of| format!("count(rows[{of}])")),
            1 => inner.prop_map(|of| format!("max(rows[{of}]/n)")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_language_takes_any_expression(text in expression()) {
        language::expression(text.as_bytes());
    }
}
