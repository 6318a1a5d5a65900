//! A condition as SQL with bound parameters: no value is ever part of the text.
//!
//! Written for SQLite: a comparison is 0 or 1 and may be compared in turn, parameters are `?1`, `?2` …
//! Not here: the statement around it.
//! Called by [`super::Filter::sql`] each time a list is read.

use super::column::{NO_MOMENT, NO_NUMBER, Stored, stored};
use super::lower::{Column, Condition, Operand};
use crate::decimal::{Decimal, Rounding};
use crate::rule::{Comparison, Kind, Variables, compare};
use crate::value::{Type, Value};

/// A condition for a `WHERE`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sql {
    /// Its text, in brackets where it needs them. Columns are named bare, in double quotes.
    pub text: String,
    /// What is bound to `?1`, `?2` … in this order.
    pub parameters: Vec<Stored>,
}

pub(super) fn sql(condition: &Condition, variables: &Variables) -> Sql {
    let mut writer = Writer {
        variables,
        sql: Sql::default(),
    };
    writer.condition(condition);
    writer.sql
}

struct Writer<'v> {
    variables: &'v Variables,
    sql: Sql,
}

/// An operand when the variables are known.
enum Known<'c> {
    Column(&'c Column),
    Value(Value),
}

impl Writer<'_> {
    fn push(&mut self, text: &str) {
        self.sql.text.push_str(text);
    }

    fn bind(&mut self, value: Stored) {
        self.sql.parameters.push(value);
        let number = self.sql.parameters.len();
        self.push(&format!("?{number}"));
    }

    /// Names are `[a-z][a-z0-9_]*` with a `.` for a clock's, but some of them are words of SQL.
    fn column(&mut self, column: &Column) {
        let name = column.name.replace('"', "\"\"");
        self.push(&format!("\"{name}\""));
    }

    fn always(&mut self, holds: bool) {
        self.push(if holds { "1" } else { "0" });
    }

    fn known<'c>(&self, operand: &'c Operand) -> Known<'c> {
        match operand {
            Operand::Column(column) => Known::Column(column),
            Operand::Const(value) => Known::Value(value.clone()),
            Operand::Variable(name) => Known::Value(self.variables.get(name).cloned().unwrap_or_default()),
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Always(holds) => self.always(*holds),
            Condition::All(of) => self.joined(of, " AND "),
            Condition::Any(of) => self.joined(of, " OR "),
            Condition::Not(of) => {
                self.push("NOT ");
                self.bracketed(of);
            }
            Condition::Alike { alike, both } => {
                let [one, other] = &**both;
                self.bracketed(one);
                self.push(if *alike { " = " } else { " <> " });
                self.bracketed(other);
            }
            Condition::Flag(column) => {
                self.column(column);
                self.push(" = 1");
            }
            Condition::Compare {
                how,
                kind,
                left,
                right,
            } => match (self.known(left), self.known(right)) {
                (Known::Value(left), Known::Value(right)) => self.always(compare(*how, *kind, &left, &right)),
                (Known::Column(left), Known::Value(right)) => self.with_value(*how, left, &right),
                (Known::Value(left), Known::Column(right)) => self.with_value(how.turned(), right, &left),
                (Known::Column(left), Known::Column(right)) => self.with_column(*how, *kind, left, right),
            },
            Condition::OneOf { code, codes } => self.one_of(code, codes),
            Condition::Ticked { codes, code } => self.ticked(codes, code),
            Condition::StartsWith { text, prefix } => self.starts_with(text, prefix),
            Condition::Has(column) => {
                self.column(column);
                self.push(" <> ");
                self.bind(nothing(&column.kind));
            }
        }
    }

    fn bracketed(&mut self, condition: &Condition) {
        self.push("(");
        self.condition(condition);
        self.push(")");
    }

    fn joined(&mut self, of: &[Condition], by: &str) {
        for (nth, condition) in of.iter().enumerate() {
            self.push(if nth == 0 { "" } else { by });
            self.bracketed(condition);
        }
    }

    /// `column how value`.
    fn compared(&mut self, how: Comparison, column: &Column, value: Stored) {
        self.column(column);
        self.push(symbol(how));
        self.bind(value);
    }

    fn with_value(&mut self, how: Comparison, column: &Column, value: &Value) {
        let scale = match column.kind {
            Type::Int => 0,
            Type::Decimal { scale } => scale,
            _ => {
                return match stored(&column.kind, value) {
                    Some(value) => self.compared(how, column, value),
                    // Of another type, which the checker does not let pass.
                    None => self.always(false),
                };
            }
        };
        let Value::Number(number) = value else {
            return self.with_no_number(how, column);
        };
        if let Some(digits) = number.scaled(scale) {
            return self.with_digits(how, column, digits);
        }
        // The column cannot hold this number itself, only smaller and larger ones.
        match how {
            Comparison::Equal | Comparison::NotEqual => self.always(how == Comparison::NotEqual),
            Comparison::Less | Comparison::LessOrEqual => match below(*number, scale) {
                Some(digits) => self.with_digits(Comparison::LessOrEqual, column, digits),
                None if *number > Decimal::ZERO => self.compared_to_none(column),
                None => self.always(false),
            },
            Comparison::Greater | Comparison::GreaterOrEqual => match below(*number, scale) {
                Some(digits) => self.with_digits(Comparison::Greater, column, digits),
                None if *number > Decimal::ZERO => self.always(false),
                None => self.compared_to_none(column),
            },
        }
    }

    fn with_no_number(&mut self, how: Comparison, column: &Column) {
        match how {
            Comparison::Equal | Comparison::NotEqual => {
                self.compared(how, column, Stored::Integer(NO_NUMBER));
            }
            _ => self.always(false),
        }
    }

    fn with_digits(&mut self, how: Comparison, column: &Column, digits: i64) {
        self.compared(how, column, Stored::Integer(digits));
        if matches!(how, Comparison::Less | Comparison::LessOrEqual) {
            self.push(" AND ");
            self.compared_to_none(column);
        }
    }

    /// Whether a number is there.
    fn compared_to_none(&mut self, column: &Column) {
        self.compared(Comparison::Greater, column, Stored::Integer(NO_NUMBER));
    }

    fn with_column(&mut self, how: Comparison, kind: Kind, left: &Column, right: &Column) {
        self.column(left);
        self.push(symbol(how));
        self.column(right);
        let lower = match how {
            Comparison::Less | Comparison::LessOrEqual => left,
            Comparison::Greater | Comparison::GreaterOrEqual => right,
            Comparison::Equal | Comparison::NotEqual => return,
        };
        if kind == Kind::Number {
            self.push(" AND ");
            self.compared_to_none(lower);
        }
    }

    fn one_of(&mut self, code: &Operand, codes: &[String]) {
        match self.known(code) {
            Known::Value(value) => {
                let holds = codes.iter().any(|code| value == Value::text(code.as_str()));
                self.always(holds);
            }
            Known::Column(_) if codes.is_empty() => self.always(false),
            Known::Column(column) => {
                self.column(column);
                self.push(" IN (");
                for (nth, code) in codes.iter().enumerate() {
                    self.push(if nth == 0 { "" } else { ", " });
                    self.bind(Stored::Text(code.clone()));
                }
                self.push(")");
            }
        }
    }

    fn ticked(&mut self, codes: &Column, code: &Operand) {
        match self.known(code) {
            Known::Value(Value::Text(code)) => {
                self.push("instr(");
                self.column(codes);
                self.push(", ");
                self.bind(Stored::Text(format!(" {code} ")));
                self.push(") > 0");
            }
            Known::Value(_) => self.always(false),
            Known::Column(code) => {
                self.compared(Comparison::NotEqual, code, Stored::Text(String::new()));
                self.push(" AND instr(");
                self.column(codes);
                self.push(", ' ' || ");
                self.column(code);
                self.push(" || ' ') > 0");
            }
        }
    }

    /// A range, which an index answers; `LIKE` folds ASCII letters and reads `%`.
    fn starts_with(&mut self, text: &Operand, prefix: &Operand) {
        let Known::Value(prefix) = self.known(prefix) else {
            return self.always(false);
        };
        let prefix = prefix.to_string();
        match self.known(text) {
            Known::Value(text) => self.always(text.to_string().starts_with(&prefix)),
            Known::Column(column) => {
                let end = after_all_with(&prefix);
                self.compared(Comparison::GreaterOrEqual, column, Stored::Text(prefix));
                if let Some(end) = end {
                    self.push(" AND ");
                    self.compared(Comparison::Less, column, Stored::Text(end));
                }
            }
        }
    }
}

/// The digits of the greatest number with `scale` digits after the point that is not above this one, if they fit.
fn below(number: Decimal, scale: u8) -> Option<i64> {
    number.rounded(scale, Rounding::Floor).ok()?.scaled(scale)
}

/// The least text after all that begin with `prefix`: its last character that is not the greatest, one further.
fn after_all_with(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // The code points between these two are no characters.
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            _ => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

/// What stands in a column where nothing stands.
fn nothing(kind: &Type) -> Stored {
    stored(kind, &Value::Absent).unwrap_or(Stored::Integer(NO_MOMENT))
}

const fn symbol(how: Comparison) -> &'static str {
    match how {
        Comparison::Equal => " = ",
        Comparison::NotEqual => " <> ",
        Comparison::Less => " < ",
        Comparison::LessOrEqual => " <= ",
        Comparison::Greater => " > ",
        Comparison::GreaterOrEqual => " >= ",
    }
}
