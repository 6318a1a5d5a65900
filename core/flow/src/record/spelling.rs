//! The one spelling of everything that stands in a line of the state text, and how it is read back.
//!
//! Not here: which lines there are. A line is fields with one space between them; a field has no space and no line
//! feed, and is never empty.

use super::{Head, Item};
use shenhai_crypto::Digest32;
use shenhai_forms::decimal::MAX_SCALE;
use shenhai_forms::value::{Datum, Time, Type, Value};
use std::fmt::Write;

/// A field that is nothing.
pub(super) const NOTHING: &str = "-";

/// A text as a field.
pub(super) fn escaped(out: &mut String, text: &str) {
    if text.is_empty() {
        out.push_str("\\e");
    } else if text == NOTHING {
        out.push_str("\\-");
    }
    for c in text.chars().filter(|_| text != NOTHING) {
        match c {
            '\\' => out.push_str("\\\\"),
            ' ' => out.push_str("\\s"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
}

/// The text of a field; `None` where no text is written so.
pub(super) fn plain(field: &str) -> Option<String> {
    match field {
        "\\e" => return Some(String::new()),
        "\\-" => return Some(NOTHING.to_owned()),
        NOTHING => return None,
        _ => {}
    }
    let mut text = String::with_capacity(field.len());
    let mut rest = field.chars();
    while let Some(c) = rest.next() {
        text.push(match c {
            '\\' => match rest.next()? {
                '\\' => '\\',
                's' => ' ',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            c => c,
        });
    }
    Some(text)
}

/// A value: a letter for what it is, and its spelling.
pub(super) fn value(out: &mut String, value: &Value) {
    let letter = match value {
        Value::Absent => return out.push_str(NOTHING),
        Value::Text(_) => 't',
        Value::Codes(_) => 'c',
        Value::Number(_) => 'n',
        Value::Bool(_) => 'b',
        Value::Date(_) => 'd',
        Value::Time(_) => 'i',
        Value::Point(_) => 'p',
    };
    out.push(letter);
    match value {
        Value::Text(text) => escaped(out, text),
        other => escaped(out, &other.to_string()),
    }
}

/// The value of a field.
pub(super) fn read_value(field: &str) -> Option<Value> {
    if field == NOTHING {
        return Some(Value::Absent);
    }
    let mut rest = field.chars();
    let kind = match rest.next()? {
        't' => Type::Text,
        'c' => Type::Codes(String::new()),
        'n' => Type::Decimal { scale: MAX_SCALE },
        'b' => Type::Bool,
        'd' => Type::Date,
        'i' => Type::Time,
        'p' => Type::Point(Datum::Wgs84),
        _ => return None,
    };
    Value::read(&kind, &plain(rest.as_str())?)
        .ok()
        .filter(|value| !value.is_absent())
}

/// A value or a commitment, which begins with `*`.
pub(super) fn item(out: &mut String, item: &Item) {
    match item {
        Item::Plain(plain) => value(out, plain),
        Item::Committed(digest) => push(out, format_args!("*{digest}")),
    }
}

/// An item as a field.
#[must_use]
pub fn spelt(it: &Item) -> String {
    let mut out = String::new();
    item(&mut out, it);
    out
}

/// The item of a field; `None` where none is written so.
#[must_use]
pub fn read_spelt(field: &str) -> Option<Item> {
    read_item(field)
}

/// The item of a field.
pub(super) fn read_item(field: &str) -> Option<Item> {
    match field.strip_prefix('*') {
        Some(hex) => Digest32::from_hex(hex).map(Item::Committed),
        None => read_value(field).map(Item::Plain),
    }
}

/// An instant.
pub(super) fn time(out: &mut String, at: Time) {
    push(out, format_args!("{at}"));
}

/// A head's line, without its line feed.
pub(super) fn head(out: &mut String, head: &Head) {
    push(out, format_args!("head {} ", head.rev));
    option(out, head.act.as_ref(), |out, act| {
        push(out, format_args!("{act}"))
    });
    out.push(' ');
    escaped(out, &head.entry);
    out.push(' ');
    option(out, head.device.as_deref(), escaped);
    out.push(' ');
    time(out, head.at);
    out.push(' ');
    option(out, head.submission.as_ref(), |out, digest| {
        push(out, format_args!("{digest}"));
    });
}

/// A field that may be nothing.
pub(super) fn option<T>(out: &mut String, value: Option<T>, write: impl FnOnce(&mut String, T)) {
    match value {
        Some(value) => write(out, value),
        None => out.push_str(NOTHING),
    }
}

pub(super) fn push(out: &mut String, what: std::fmt::Arguments<'_>) {
    let written = out.write_fmt(what);
    // Writing to a String never fails.
    debug_assert!(written.is_ok());
}
