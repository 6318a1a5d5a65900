//! What is due when: the clocks of a record, moved once after each act, their dues worked out by the calendar.
//!
//! Not here: what follows when something is overdue, which is an act that an alarm asks for.
//! Called by the fold, by whoever keeps an index, and by whoever sounds the alarms.

mod count;

pub use count::{Count, moved, moved_date};

use crate::calendar::{Calendar, ShanghaiDay};
use crate::record::{Record, View};
use shenhai_forms::rule::{Refusal, Scene, Variables};
use shenhai_forms::value::{Time, Value};
use shenhai_pack::Formula;
use shenhai_pack::Kind;
use shenhai_pack::law::{AlarmAt, Amount, Clock, Due as TermDue, Met, Term};
use shenhai_pack::names::{ActId, ClockId};
use shenhai_protocol::UnixMillis;
use std::collections::BTreeMap;

/// Most pauses of one generation of a clock.
pub const MAX_PAUSES: usize = 64;

/// Most units that a rule may give; what is more counts as so many.
const MOST_UNITS: u32 = 10_000;

/// What is stored of a clock. Its dues are derived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockState {
    /// Counts how often it began, from 1.
    pub generation: u64,
    /// When it began.
    pub began: Time,
    /// When it ended.
    pub ended: Option<Time>,
    /// When it stood; the last may go on.
    pub pauses: Vec<Pause>,
    /// Alarms of this generation that went off, by their number in the law, from 0.
    pub fired: Vec<u32>,
}

/// A time in which a clock stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// From when.
    pub from: Time,
    /// Until when; absent: it stands.
    pub to: Option<Time>,
}

impl ClockState {
    fn begin(generation: u64, at: Time) -> Self {
        Self {
            generation,
            began: at,
            ended: None,
            pauses: Vec::new(),
            fired: Vec::new(),
        }
    }

    /// Whether it stands at present.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.ended.is_none() && self.pauses.last().is_some_and(|pause| pause.to.is_none())
    }

    fn resume(&mut self, at: Time) {
        if let Some(pause) = self.pauses.last_mut().filter(|pause| pause.to.is_none()) {
            pause.to = Some(at.max(pause.from));
        }
    }
}

/// When something is due, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub at: Time,
    /// Days of a year were counted whose arrangement is not in the calendar.
    pub provisional: bool,
}

/// Why the clocks of a record cannot be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockFault {
    /// A rule has no value.
    Rule(Refusal),
    /// More than [`MAX_PAUSES`].
    TooManyPauses,
}

impl From<Refusal> for ClockFault {
    fn from(refusal: Refusal) -> Self {
        Self::Rule(refusal)
    }
}

/// Two times of an act: when the gateway received it, and when it was filled in by the device's corrected time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) received: Time,
    pub(crate) filled: Time,
}

/// Move every clock once after an act: reset, while, pause.
pub(crate) fn step(
    record: &mut Record,
    kind: &Kind,
    times: Times,
    variables: &Variables,
    dues: &BTreeMap<String, Value>,
) -> Result<(), ClockFault> {
    for clock in &kind.clocks {
        let [reset, running, paused] = {
            let view = View::new(record, dues);
            let scene = scene(&view, variables, times.received);
            [
                holds(clock.reset.as_ref(), &scene, false)?,
                holds(clock.running.as_ref(), &scene, true)?,
                holds(clock.pause.as_ref(), &scene, false)?,
            ]
        };
        let at = times.received;
        let held = record.clocks.get_mut(&clock.id);
        let state = match held {
            None if !running => continue,
            None => record
                .clocks
                .entry(clock.id.clone())
                .or_insert(ClockState::begin(1, at)),
            Some(state) => {
                let begins = running && (state.ended.is_some() || reset);
                if begins {
                    *state = ClockState::begin(state.generation + 1, at);
                } else if !running && state.ended.is_none() {
                    let end = match clock.met {
                        Met::Received => at,
                        Met::Filled => times.filled,
                    };
                    state.resume(at);
                    state.ended = Some(end);
                }
                state
            }
        };
        if state.ended.is_some() {
            continue;
        }
        match (paused, state.is_paused()) {
            (true, false) if state.pauses.len() == MAX_PAUSES => return Err(ClockFault::TooManyPauses),
            (true, false) => state.pauses.push(Pause { from: at, to: None }),
            (false, true) => state.resume(at),
            _ => {}
        }
    }
    Ok(())
}

fn scene<'a>(view: &'a View<'a>, variables: &'a Variables, now: Time) -> Scene<'a> {
    Scene {
        record: view,
        form: None,
        row: None,
        variables,
        now,
    }
}

fn holds(formula: Option<&Formula>, scene: &Scene<'_>, otherwise: bool) -> Result<bool, Refusal> {
    match formula.and_then(Formula::rule) {
        Some(rule) => rule.holds(scene),
        None => Ok(otherwise),
    }
}

fn value(formula: &Formula, scene: &Scene<'_>) -> Result<Value, Refusal> {
    formula
        .rule()
        .map_or(Ok(Value::Absent), |rule| rule.evaluate(scene))
}

/// What rules may say of the clocks: `NAME.due`, `NAME.started`, `NAME.ended`, `NAME.running`, `NAME.paused`. In the order
/// of the sheet, so that a clock may read one above it.
///
/// # Errors
/// The first rule that has no value.
pub fn dues(record: &Record, kind: &Kind, calendar: &Calendar) -> Result<BTreeMap<String, Value>, Refusal> {
    let mut values = BTreeMap::new();
    for clock in &kind.clocks {
        let Some(state) = record.clocks.get(&clock.id) else {
            continue;
        };
        let (due, started) = {
            let view = View::new(record, &values);
            let desk = Desk::new(clock, state, calendar, &view);
            (desk.due()?, desk.start()?)
        };
        let own = [
            ("due", due.map_or(Value::Absent, |due| Value::Time(due.at))),
            ("started", started.map_or(Value::Absent, Value::Time)),
            ("ended", state.ended.map_or(Value::Absent, Value::Time)),
            (
                "running",
                Value::Bool(state.ended.is_none() && !state.is_paused()),
            ),
            ("paused", Value::Bool(state.is_paused())),
        ];
        for (name, value) in own {
            values.insert(format!("{}.{name}", clock.id), value);
        }
    }
    Ok(values)
}

/// When a clock of a record is due: none while it stands, or where no term applies. An ended one keeps its due.
///
/// # Errors
/// The first rule that has no value.
pub fn due(
    record: &Record,
    kind: &Kind,
    clock: &ClockId,
    calendar: &Calendar,
) -> Result<Option<Due>, Refusal> {
    let (Some(clock), Some(state)) = (kind.clock(clock), record.clocks.get(clock)) else {
        return Ok(None);
    };
    let values = dues(record, kind, calendar)?;
    let view = View::new(record, &values);
    Desk::new(clock, state, calendar, &view).due()
}

/// An alarm that has not gone off.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alarming {
    /// When it does.
    pub at: Time,
    /// Of which clock.
    pub clock: ClockId,
    /// In which generation.
    pub generation: u64,
    /// Its number in the law, from 0.
    pub alarm: u32,
    /// What it does; absent: it only shows.
    pub act: Option<ActId>,
}

/// The alarms that are still to go off, the next one first; its instant is when the record has to be looked at again.
///
/// # Errors
/// The first rule that has no value.
pub fn alarms(record: &Record, kind: &Kind, calendar: &Calendar) -> Result<Vec<Alarming>, Refusal> {
    let mut all = Vec::new();
    for clock in &kind.clocks {
        let Some(state) = record.clocks.get(&clock.id).filter(|state| state.ended.is_none()) else {
            continue;
        };
        let Some(due) = due(record, kind, &clock.id, calendar)? else {
            continue;
        };
        for (number, alarm) in (0_u32..).zip(&clock.alarms) {
            let at = match alarm.at {
                AlarmAt::Due => Some(due.at),
                AlarmAt::Moved(span) => moved(due.at, span, calendar),
            };
            let Some(at) = at.filter(|_| !state.fired.contains(&number)) else {
                continue;
            };
            all.push(Alarming {
                at,
                clock: clock.id.clone(),
                generation: state.generation,
                alarm: number,
                act: alarm.act.clone(),
            });
        }
    }
    all.sort();
    Ok(all)
}

/// One clock as its due is worked out.
struct Desk<'d> {
    clock: &'d Clock,
    state: &'d ClockState,
    count: Count<'d>,
    view: &'d View<'d>,
    none: Variables,
}

impl<'d> Desk<'d> {
    fn new(clock: &'d Clock, state: &'d ClockState, calendar: &'d Calendar, view: &'d View<'d>) -> Self {
        Self {
            clock,
            state,
            count: Count {
                calendar,
                pauses: &state.pauses,
                day_of_from: clock.day_of_from,
                due_minute: clock.due_minute,
            },
            view,
            none: Variables::new(),
        }
    }

    fn scene(&self) -> Scene<'_> {
        scene(self.view, &self.none, self.state.began)
    }

    /// Where it counts from.
    fn start(&self) -> Result<Option<Time>, Refusal> {
        match &self.clock.from {
            None => Ok(Some(self.state.began)),
            Some(from) => self
                .instant(from)
                .map(|found| Some(found.unwrap_or(self.state.began))),
        }
    }

    fn due(&self) -> Result<Option<Due>, Refusal> {
        if self.state.is_paused() {
            return Ok(None);
        }
        let Some(start) = self.start()? else {
            return Ok(None);
        };
        let mut earliest: Option<Due> = None;
        for term in &self.clock.terms {
            let Some(next) = self.term(term, start)? else {
                continue;
            };
            earliest = Some(match earliest {
                None => next,
                Some(held) => Due {
                    at: held.at.min(next.at),
                    provisional: held.provisional || next.provisional,
                },
            });
        }
        let (Some(due), Some((extra, unit))) = (earliest, &self.clock.extra) else {
            return Ok(earliest);
        };
        let more = units(&value(extra, &self.scene())?);
        let after = more.and_then(|more| self.count.further(due.at, more, *unit));
        Ok(Some(after.map_or(due, |after| Due {
            at: after.at,
            provisional: due.provisional || after.provisional,
        })))
    }

    fn term(&self, term: &Term, start: Time) -> Result<Option<Due>, Refusal> {
        if !holds(term.when.as_ref(), &self.scene(), true)? {
            return Ok(None);
        }
        match &term.due {
            TermDue::Until(until) => Ok(match value(until, &self.scene())? {
                Value::Time(at) => Some(at),
                Value::Date(date) => instant(ShanghaiDay::of_date(date).at_minute(self.clock.due_minute)),
                _ => None,
            }
            .map(|at| Due {
                at,
                provisional: false,
            })),
            TermDue::After { amount, unit, from } => {
                let start = match from {
                    None => Some(start),
                    Some(from) => self.instant(from)?,
                };
                let amount = match amount {
                    Amount::Fixed(amount) => Some(*amount),
                    Amount::Rule(rule) => units(&value(rule, &self.scene())?),
                };
                Ok(start
                    .zip(amount)
                    .and_then(|(start, amount)| self.count.after(start, amount, *unit)))
            }
        }
    }

    /// An instant, or the first of a day.
    fn instant(&self, formula: &Formula) -> Result<Option<Time>, Refusal> {
        Ok(match value(formula, &self.scene())? {
            Value::Time(at) => Some(at),
            Value::Date(date) => instant(ShanghaiDay::of_date(date).at_minute(0)),
            _ => None,
        })
    }
}

/// A number of units; absent is none, less than none is none at all.
fn units(value: &Value) -> Option<u32> {
    let Value::Number(number) = value else {
        return None;
    };
    let whole = number.scaled(0)?.clamp(0, i64::from(MOST_UNITS));
    u32::try_from(whole).ok()
}

/// An instant of the calendar's as a value's.
pub(crate) fn instant(at: UnixMillis) -> Option<Time> {
    Time::new(at.0)
}
