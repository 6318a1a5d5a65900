//! A checked expression and a scene to a value.
//!
//! Not here: any check of names and types; they hold.
//! Called by [`super::Rule`], [`super::Rows`] and the filters.

use super::ir::{Base, Comparison, Hop, Ir, Kind, Leaf, Place};
use super::moments::formatted;
use super::scene::{Node, Refusal, Scene};
use crate::decimal::Decimal;
use crate::value::{Date, MAX_TEXT, Time, Type, Value};
use crate::xpath::Operator;
use std::cmp::Ordering;

/// What a name is looked up in.
#[derive(Clone, Copy)]
pub(crate) enum Frame<'a> {
    /// The record, with the answers beside it.
    Record,
    Node(&'a dyn Node),
}

/// An evaluation under way.
pub(crate) struct Machine<'m, 'a> {
    scene: &'m Scene<'a>,
    fuel: u64,
}

type Visit<'v, 'm, 'a> = dyn FnMut(&mut Machine<'m, 'a>, Frame<'a>) -> Result<bool, Refusal> + 'v;

impl<'m, 'a> Machine<'m, 'a> {
    pub(crate) const fn new(scene: &'m Scene<'a>, fuel: u64) -> Self {
        Self { scene, fuel }
    }

    pub(crate) fn evaluate(&mut self, ir: &Ir) -> Result<Value, Refusal> {
        self.value(ir, &[Frame::Record])
    }

    /// The rows of a place.
    pub(crate) fn rows(&mut self, place: &Place) -> Result<Vec<&'a dyn Node>, Refusal> {
        let mut found = Vec::new();
        self.each(place, &[Frame::Record], &mut |_, frame| {
            if let Frame::Node(row) = frame {
                found.push(row);
            }
            Ok(true)
        })?;
        Ok(found)
    }

    fn spend(&mut self) -> Result<(), Refusal> {
        self.fuel = self.fuel.checked_sub(1).ok_or(Refusal::Fuel)?;
        Ok(())
    }

    fn value(&mut self, ir: &Ir, frames: &[Frame<'a>]) -> Result<Value, Refusal> {
        self.spend()?;
        Ok(match ir {
            Ir::Const(value) => value.clone(),
            Ir::Variable { name, kind } => match self.scene.variables.get(name) {
                Some(value) if !value.is_of(kind) => return Err(Refusal::WrongType),
                value => value.cloned().unwrap_or_default(),
            },
            Ir::Now => Value::Time(self.scene.now),
            Ir::Value(place) => self.only(place, frames)?,
            Ir::Has(place) => Value::Bool(self.has(place, frames)?),
            Ir::Count(place) => self.count(place, frames)?,
            Ir::Sum(place) => self.sum(place, frames)?,
            Ir::Last(place) => self.last(place, frames)?,
            Ir::Extreme { greatest, of } => self.extreme(of, *greatest, frames)?,
            Ir::Pick { greatest, of } => {
                let mut best = Value::Absent;
                for one in of {
                    best = better(best, self.value(one, frames)?, *greatest);
                }
                best
            }
            Ir::Steps(act) => counted(self.scene.record.steps(act.as_deref()))?,
            Ir::LastStep { act, column } => {
                let step = self.scene.record.last_step(act);
                step.and_then(|step| step.value(column))
                    .cloned()
                    .unwrap_or_default()
            }
            Ir::And(of) => Value::Bool(self.decided(of, frames, false)?),
            Ir::Or(of) => Value::Bool(self.decided(of, frames, true)?),
            Ir::Not(of) => Value::Bool(!self.truth(of, frames)?),
            Ir::Compare {
                how,
                kind,
                left,
                right,
            } => {
                let (left, right) = (self.value(left, frames)?, self.value(right, frames)?);
                Value::Bool(compare(*how, *kind, &left, &right))
            }
            Ir::If(parts) => {
                let [condition, one, other] = &**parts;
                let holds = self.truth(condition, frames)?;
                self.value(if holds { one } else { other }, frames)?
            }
            Ir::Coalesce(of) => {
                for one in of {
                    let value = self.value(one, frames)?;
                    if !value.is_absent() {
                        return Ok(value);
                    }
                }
                Value::Absent
            }
            _ => self.of_numbers(ir, frames)?,
        })
    }

    /// `and`, `or`: the first of `of` that is `by` decides.
    fn decided(&mut self, of: &[Ir], frames: &[Frame<'a>], by: bool) -> Result<bool, Refusal> {
        for one in of {
            if self.truth(one, frames)? == by {
                return Ok(by);
            }
        }
        Ok(!by)
    }

    pub(crate) fn truth(&mut self, ir: &Ir, frames: &[Frame<'a>]) -> Result<bool, Refusal> {
        Ok(truth(&self.value(ir, frames)?))
    }

    fn of_numbers(&mut self, ir: &Ir, frames: &[Frame<'a>]) -> Result<Value, Refusal> {
        Ok(match ir {
            Ir::Arithmetic { first, rest } => {
                let mut value = self.value(first, frames)?;
                for (operator, operand) in rest {
                    let operand = self.value(operand, frames)?;
                    value = reckon(*operator, value, operand)?;
                }
                value
            }
            Ir::Negate(of) => on_number(self.value(of, frames)?, |number| Ok(number.negated()))?,
            Ir::Absolute(of) => {
                on_number(self.value(of, frames)?, |number| Ok(number.max(number.negated())))?
            }
            Ir::Round { of, scale, rounding } => on_number(self.value(of, frames)?, |number| {
                Ok(number.rounded(*scale, *rounding)?)
            })?,
            Ir::Quotient {
                over,
                by,
                scale,
                rounding,
            } => {
                let (over, by) = (self.value(over, frames)?, self.value(by, frames)?);
                match (over, by) {
                    (Value::Number(over), Value::Number(by)) => {
                        Value::Number(over.divided(by, *scale, *rounding)?)
                    }
                    (over, by) => absent_or_wrong(&[over, by])?,
                }
            }
            Ir::Span { of, millis } => on_number(self.value(of, frames)?, |number| {
                Ok(number.times(Decimal::from(*millis))?)
            })?,
            _ => self.of_texts(ir, frames)?,
        })
    }

    fn of_texts(&mut self, ir: &Ir, frames: &[Frame<'a>]) -> Result<Value, Refusal> {
        Ok(match ir {
            Ir::Concat(parts) => {
                let mut text = String::new();
                for part in parts {
                    text.push_str(&text_of(self.value(part, frames)?)?);
                    if text.len() > MAX_TEXT {
                        return Err(Refusal::TooLong);
                    }
                }
                Value::text(text)
            }
            Ir::Spelling(of) => Value::text(self.value(of, frames)?.to_string()),
            Ir::Split(of) => {
                let text = text_of(self.value(of, frames)?)?;
                Value::codes(text.split_ascii_whitespace())
            }
            Ir::Selected { codes, code } => {
                let (codes, code) = (self.value(codes, frames)?, self.value(code, frames)?);
                match (codes, code) {
                    (Value::Codes(codes), Value::Text(code)) => Value::Bool(codes.contains(&code)),
                    (codes, code) => {
                        absent_or_wrong(&[codes, code])?;
                        Value::Bool(false)
                    }
                }
            }
            Ir::CountSelected(of) => match self.value(of, frames)? {
                Value::Codes(codes) => counted(codes.len() as u64)?,
                other => {
                    absent_or_wrong(&[other])?;
                    Value::Number(Decimal::ZERO)
                }
            },
            Ir::StartsWith(both) => {
                let (text, part) = self.texts(both, frames)?;
                Value::Bool(text.starts_with(&part))
            }
            Ir::Contains(both) => {
                let (text, part) = self.texts(both, frames)?;
                Value::Bool(text.contains(&part))
            }
            Ir::Length(of) => counted(text_of(self.value(of, frames)?)?.chars().count() as u64)?,
            Ir::LookUp { list, code, column } => {
                let code = text_of(self.value(code, frames)?)?;
                list.look_up(&code, column).clone()
            }
            _ => self.of_moments(ir, frames)?,
        })
    }

    fn texts(&mut self, both: &[Ir; 2], frames: &[Frame<'a>]) -> Result<(String, String), Refusal> {
        let [one, other] = both;
        Ok((
            text_of(self.value(one, frames)?)?,
            text_of(self.value(other, frames)?)?,
        ))
    }

    fn of_moments(&mut self, ir: &Ir, frames: &[Frame<'a>]) -> Result<Value, Refusal> {
        match ir {
            Ir::DateOf(of) => match self.value(of, frames)? {
                Value::Time(time) => Ok(Value::Date(time.date())),
                other => absent_or_wrong(&[other]),
            },
            Ir::AddMonths(both) => {
                let [date, months] = &**both;
                match (self.value(date, frames)?, self.value(months, frames)?) {
                    (Value::Date(date), Value::Number(months)) => {
                        let later = months.scaled(0).and_then(|months| date.plus_months(months));
                        later.map(Value::Date).ok_or(Refusal::Calendar)
                    }
                    (date, months) => absent_or_wrong(&[date, months]),
                }
            }
            Ir::FormatDate { of, pattern } => match self.value(of, frames)? {
                Value::Date(date) => Ok(Value::text(formatted(date, 0, pattern))),
                Value::Time(time) => Ok(Value::text(formatted(time.date(), time.of_day(), pattern))),
                other => absent_or_wrong(&[other]),
            },
            _ => Err(Refusal::WrongType),
        }
    }

    /// The value of a place that has one.
    fn only(&mut self, place: &Place, frames: &[Frame<'a>]) -> Result<Value, Refusal> {
        let Some(leaf) = &place.leaf else {
            return Err(Refusal::WrongType);
        };
        let mut value = Ok(absent(leaf));
        self.each(place, frames, &mut |machine, frame| {
            value = machine.leaf(leaf, frame);
            Ok(false)
        })?;
        value
    }

    fn leaf(&self, leaf: &Leaf, frame: Frame<'a>) -> Result<Value, Refusal> {
        let value = match frame {
            Frame::Record => self.scene.record.value(&leaf.name),
            Frame::Node(node) => node.value(&leaf.name),
        };
        match value {
            None | Some(Value::Absent) => Ok(absent(leaf)),
            Some(value) if !value.is_of(&leaf.kind) => Err(Refusal::WrongType),
            // Absent and empty are one, whoever kept the value.
            Some(Value::Text(text)) if text.is_empty() => Ok(Value::Absent),
            Some(Value::Codes(codes)) if codes.is_empty() => Ok(Value::Absent),
            Some(value) => Ok(value.clone()),
        }
    }

    fn has(&mut self, place: &Place, frames: &[Frame<'a>]) -> Result<bool, Refusal> {
        let mut found = false;
        self.each(place, frames, &mut |machine, frame| {
            found = match (&place.leaf, frame) {
                (None, _) => true,
                (Some(leaf), Frame::Record) => machine.scene.record.has(&leaf.name),
                (Some(leaf), Frame::Node(node)) => node.has(&leaf.name),
            };
            Ok(!found)
        })?;
        Ok(found)
    }

    fn count(&mut self, place: &Place, frames: &[Frame<'a>]) -> Result<Value, Refusal> {
        let mut rows = 0;
        self.each(place, frames, &mut |_, _| {
            rows += 1;
            Ok(true)
        })?;
        counted(rows)
    }

    fn sum(&mut self, place: &Place, frames: &[Frame<'a>]) -> Result<Value, Refusal> {
        let mut total = Decimal::ZERO;
        self.column(place, frames, &mut |value| {
            match value {
                Value::Number(number) => total = total.plus(number)?,
                Value::Absent => {}
                _ => return Err(Refusal::WrongType),
            }
            Ok(())
        })?;
        Ok(Value::Number(total))
    }

    fn last(&mut self, place: &Place, frames: &[Frame<'a>]) -> Result<Value, Refusal> {
        let mut last = Value::Absent;
        self.column(place, frames, &mut |value| {
            last = value;
            Ok(())
        })?;
        Ok(last)
    }

    fn extreme(&mut self, place: &Place, greatest: bool, frames: &[Frame<'a>]) -> Result<Value, Refusal> {
        let mut best = Value::Absent;
        self.column(place, frames, &mut |value| {
            best = better(std::mem::take(&mut best), value, greatest);
            Ok(())
        })?;
        Ok(best)
    }

    fn column(
        &mut self,
        place: &Place,
        frames: &[Frame<'a>],
        take: &mut dyn FnMut(Value) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let Some(leaf) = &place.leaf else {
            return Err(Refusal::WrongType);
        };
        self.each(place, frames, &mut |machine, frame| {
            take(machine.leaf(leaf, frame)?)?;
            Ok(true)
        })
    }

    /// Go to each node of a place, in order, as long as `visit` says to go on.
    fn each(
        &mut self,
        place: &Place,
        frames: &[Frame<'a>],
        visit: &mut Visit<'_, 'm, 'a>,
    ) -> Result<(), Refusal> {
        let row;
        let start = match place.base {
            Base::Context { up } => &frames[..frames.len().saturating_sub(up)],
            Base::Row => match self.scene.row {
                Some(node) => {
                    row = [Frame::Record, Frame::Node(node)];
                    &row[..]
                }
                None => return Ok(()),
            },
        };
        if place.hops.is_empty() {
            let here = start.last().copied().ok_or(Refusal::WrongType)?;
            visit(self, here)?;
            return Ok(());
        }
        self.descend(&place.hops, &mut start.to_vec(), visit)?;
        Ok(())
    }

    fn descend(
        &mut self,
        hops: &[Hop],
        frames: &mut Vec<Frame<'a>>,
        visit: &mut Visit<'_, 'm, 'a>,
    ) -> Result<bool, Refusal> {
        let here = frames.last().copied().ok_or(Refusal::WrongType)?;
        let Some((hop, further)) = hops.split_first() else {
            return visit(self, here);
        };
        let (name, most, only): (_, _, &[Ir]) = match hop {
            Hop::Into(name) => (name, 1, &[]),
            Hop::Each { name, most, only } => (name, *most, only),
        };
        let rows = self.rows_of(here, name);
        if rows > most as usize {
            return Err(Refusal::TooManyRows);
        }
        for nth in 0..rows {
            self.spend()?;
            let Some(row) = self.row_of(here, name, nth) else {
                continue;
            };
            frames.push(Frame::Node(row));
            let going_on = self.fits(only, frames).and_then(|fits| {
                if fits {
                    self.descend(further, frames, visit)
                } else {
                    Ok(true)
                }
            });
            frames.pop();
            if !going_on? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn fits(&mut self, only: &[Ir], frames: &[Frame<'a>]) -> Result<bool, Refusal> {
        self.decided(only, frames, false)
    }

    fn rows_of(&self, frame: Frame<'a>, name: &str) -> usize {
        match frame {
            Frame::Record if name == "form" => usize::from(self.scene.form.is_some()),
            Frame::Record => self.scene.record.count(name),
            Frame::Node(node) => node.count(name),
        }
    }

    fn row_of(&self, frame: Frame<'a>, name: &str, nth: usize) -> Option<&'a dyn Node> {
        match frame {
            Frame::Record if name == "form" => self.scene.form,
            Frame::Record => self.scene.record.child(name, nth),
            Frame::Node(node) => node.child(name, nth),
        }
    }
}

/// What stands where nothing stands.
const fn absent(leaf: &Leaf) -> Value {
    match leaf.kind {
        Type::Bool => Value::Bool(false),
        _ => Value::Absent,
    }
}

/// Whether a value is yes.
pub(crate) const fn truth(value: &Value) -> bool {
    matches!(value, Value::Bool(true))
}

fn counted(count: u64) -> Result<Value, Refusal> {
    Ok(Value::Number(Decimal::new(i128::from(count), 0)?))
}

/// Absent, when one of `operands` is; otherwise one of them is of a type it cannot be.
fn absent_or_wrong(operands: &[Value]) -> Result<Value, Refusal> {
    if operands.iter().any(Value::is_absent) {
        Ok(Value::Absent)
    } else {
        Err(Refusal::WrongType)
    }
}

fn on_number(
    value: Value,
    change: impl FnOnce(Decimal) -> Result<Decimal, Refusal>,
) -> Result<Value, Refusal> {
    match value {
        Value::Number(number) => Ok(Value::Number(change(number)?)),
        other => absent_or_wrong(&[other]),
    }
}

fn text_of(value: Value) -> Result<String, Refusal> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Absent => Ok(String::new()),
        _ => Err(Refusal::WrongType),
    }
}

/// Numbers, days and instants, lengths of time (which are numbers). With an absent operand there is no result.
fn reckon(operator: Operator, left: Value, right: Value) -> Result<Value, Refusal> {
    use Operator::{Add, Modulo, Multiply, Subtract};
    Ok(match (left, operator, right) {
        (Value::Number(a), Add, Value::Number(b)) => Value::Number(a.plus(b)?),
        (Value::Number(a), Subtract, Value::Number(b)) => Value::Number(a.minus(b)?),
        (Value::Number(a), Multiply, Value::Number(b)) => Value::Number(a.times(b)?),
        (Value::Number(a), Modulo, Value::Number(b)) => Value::Number(a.remainder(b)?),
        (Value::Date(day), Add, Value::Number(days)) => later(day, days)?,
        (Value::Date(day), Subtract, Value::Number(days)) => later(day, days.negated())?,
        (Value::Date(day), Subtract, Value::Date(other)) => difference(day.since_1970(), other.since_1970())?,
        (Value::Time(time), Add, Value::Number(millis)) => moved(time, millis)?,
        (Value::Time(time), Subtract, Value::Number(millis)) => moved(time, millis.negated())?,
        (Value::Time(time), Subtract, Value::Time(other)) => difference(time.millis(), other.millis())?,
        (left, _, right) => absent_or_wrong(&[left, right])?,
    })
}

fn later(day: Date, days: Decimal) -> Result<Value, Refusal> {
    let day = days.scaled(0).and_then(|days| day.plus_days(days));
    day.map(Value::Date).ok_or(Refusal::Calendar)
}

fn moved(time: Time, millis: Decimal) -> Result<Value, Refusal> {
    let millis = millis
        .scaled(0)
        .and_then(|millis| time.millis().checked_add(millis));
    millis
        .and_then(Time::new)
        .map(Value::Time)
        .ok_or(Refusal::Calendar)
}

fn difference(one: i64, other: i64) -> Result<Value, Refusal> {
    Ok(Value::Number(Decimal::new(
        i128::from(one) - i128::from(other),
        0,
    )?))
}

/// The smaller or larger of two values of one type; one that is absent does not count.
fn better(best: Value, other: Value, greatest: bool) -> Value {
    if best.is_absent() {
        return other;
    }
    let how = if greatest {
        Comparison::Greater
    } else {
        Comparison::Less
    };
    let replaces = match order(Kind::Number, &other, &best) {
        Some(ordering) => how.holds(ordering),
        None => false,
    };
    if replaces { other } else { best }
}

pub(crate) fn compare(how: Comparison, kind: Kind, left: &Value, right: &Value) -> bool {
    match how {
        Comparison::Equal | Comparison::NotEqual => {
            let same = match kind {
                Kind::Truth => truth(left) == truth(right),
                _ => left == right,
            };
            same == (how == Comparison::Equal)
        }
        _ => order(kind, left, right).is_some_and(|ordering| how.holds(ordering)),
    }
}

/// How two values of one type stand to each other; none when one is absent and its kind has no place for that.
fn order(kind: Kind, left: &Value, right: &Value) -> Option<Ordering> {
    Some(match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Time(a), Value::Time(b)) => a.cmp(b),
        (left, right) => match kind {
            Kind::Number | Kind::Truth | Kind::Same => return None,
            // Empty comes before every text, never after every moment.
            Kind::Text => right.is_absent().cmp(&left.is_absent()),
            Kind::Moment => left.is_absent().cmp(&right.is_absent()),
        },
    })
}
