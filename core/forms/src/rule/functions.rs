//! The functions there are.
//!
//! Not here: what they do (`calls` checks them, `evaluate` does them).
//! Called by the checker; a test holds the author's manual against this table.

/// A function of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub usage: &'static str,
    /// Whether filters have it too.
    pub in_filters: bool,
    pub(crate) least: usize,
    pub(crate) most: usize,
}

const fn rule(name: &'static str, usage: &'static str, least: usize, most: usize) -> Function {
    Function {
        name,
        usage,
        in_filters: false,
        least,
        most,
    }
}

const fn filter(name: &'static str, usage: &'static str, least: usize, most: usize) -> Function {
    Function {
        in_filters: true,
        ..rule(name, usage, least, most)
    }
}

/// So many that the bound on the text comes first.
const ANY: usize = usize::MAX;

/// Every function, by name.
pub const FUNCTIONS: &[Function] = &[
    rule("abs", "abs(number)", 1, 1),
    rule("add-months", "add-months(date, n)", 2, 2),
    rule("ceiling", "ceiling(number)", 1, 1),
    rule("coalesce", "coalesce(a, b, …)", 2, ANY),
    rule("concat", "concat(text, …)", 1, ANY),
    rule("contains", "contains(text, part)", 2, 2),
    rule("count", "count(rows)", 1, 1),
    rule("count-selected", "count-selected(codes)", 1, 1),
    rule("date", "date(time)", 1, 1),
    rule("date-time", "date-time('2026-01-31T08:00:00+08:00')", 1, 1),
    rule("days", "days(n)", 1, 1),
    rule("depth", "depth(seat)", 1, 1),
    filter("false", "false()", 0, 0),
    rule("floor", "floor(number)", 1, 1),
    rule("format-date", "format-date(date, '%Y-%m-%d')", 2, 2),
    filter("has", "has(name)", 1, 1),
    rule("hours", "hours(n)", 1, 1),
    rule("if", "if(condition, a, b)", 3, 3),
    rule("int", "int(number)", 1, 1),
    rule("last", "last(rows/column)", 1, 1),
    rule("lookup", "lookup('list', code, 'column')", 3, 3),
    rule("max", "max(rows/column)", 1, ANY),
    rule("min", "min(rows/column)", 1, ANY),
    rule("minutes", "minutes(n)", 1, 1),
    filter("not", "not(condition)", 1, 1),
    rule("now", "now()", 0, 0),
    rule("round", "round(number, digits)", 1, 2),
    filter("selected", "selected(codes, 'code')", 2, 2),
    rule("some", "some(rows[condition])", 1, 1),
    filter("starts-with", "starts-with(text, prefix)", 2, 2),
    rule("string", "string(value)", 1, 1),
    rule("string-length", "string-length(text)", 1, 1),
    rule("sum", "sum(rows/column)", 1, 1),
    rule("today", "today()", 0, 0),
    filter("true", "true()", 0, 0),
];

pub(crate) fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS
        .binary_search_by(|function| function.name.cmp(name))
        .ok()
        .map(|at| &FUNCTIONS[at])
}
