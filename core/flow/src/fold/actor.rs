//! Who acts, and which rows of the law let them.

use super::act::Act;
use super::law::Law;
use super::refusal::{Code, Refusal};
use super::{Around, scopes};
use crate::clock;
use crate::record::{Holder, Record};
use shenhai_forms::value::Value;
use shenhai_pack::Kind;
use shenhai_pack::law::{Act as Row, Holding, KindRef, Request, Who};
use shenhai_pack::names::{ClockId, RoleName, SeatId};
use std::collections::BTreeSet;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    Person {
        /// Who.
        user: String,
        /// Of which unit.
        unit: String,
        /// In the role they chose for this act, which their grant names.
        role: RoleName,
        /// The scopes their grant gives them for this kind.
        scopes: BTreeSet<String>,
    },
    /// A device without a person.
    Device {
        /// Where it stands.
        place: String,
    },
    /// An outside system.
    Adapter(String),
    /// An alarm.
    Clock {
        /// Of which clock.
        clock: ClockId,
        /// In which generation.
        generation: u64,
        /// Its number in the law, from 0.
        alarm: u32,
    },
    /// Another record.
    Asked {
        /// Of which kind, and of which pack where it is another.
        kind: KindRef,
        /// Its id.
        id: String,
    },
    /// What became of a linked record.
    Link,
}

impl Actor {
    /// Whether a row lets them, the state left aside.
    pub(super) fn may(
        &self,
        row: &Row,
        record: Option<&Record>,
        around: Around<'_>,
    ) -> Result<bool, Refusal> {
        let Around {
            act, law, kind, dues, ..
        } = around;
        for who in &row.who {
            let may = match (self, who) {
                (
                    Self::Person {
                        user,
                        unit,
                        role,
                        scopes,
                    },
                    Who::Role { role: named, holding },
                ) if role == named => match holding {
                    Holding::Seat(seat) => holds(record, kind, seat, |held| is(&held.person, user)),
                    Holding::UnitOf(seat) => holds(record, kind, seat, |held| is(&held.unit, unit)),
                    Holding::Any => match record {
                        None => true,
                        Some(record) => {
                            let theirs = scopes::in_view(record, kind, act.given, dues)?;
                            !theirs.is_disjoint(scopes)
                        }
                    },
                },
                (Self::Device { place }, Who::Device(seat)) => {
                    holds(record, kind, seat, |held| is(&held.place, place))
                }
                (Self::Adapter(name), Who::Adapter(named)) => name == named,
                (Self::Clock { clock, .. }, Who::Clock(named)) if clock == named => {
                    self.is_due(record, act, kind)?;
                    true
                }
                (Self::Asked { kind: asking, .. }, Who::Asked) => contract(kind, asking, row, record, law),
                _ => false,
            };
            if may {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether an alarm is one that the record's clock has still to sound.
    fn is_due(&self, record: Option<&Record>, act: &Act<'_>, kind: &Kind) -> Result<(), Refusal> {
        let (
            Some(record),
            Self::Clock {
                clock,
                generation,
                alarm,
            },
        ) = (record, self)
        else {
            return Err(Code::StaleAlarm.into());
        };
        let due = clock::alarms(record, kind, act.given.calendar)?
            .into_iter()
            .any(|one| {
                one.clock == *clock
                    && one.generation == *generation
                    && one.alarm == *alarm
                    && one.at <= act.given.at
                    && one.act == act.what.name()
            });
        due.then_some(()).ok_or_else(|| Code::StaleAlarm.into())
    }

    /// Who, in which role, for which unit, as history and rules say it.
    pub(crate) fn names(&self) -> (Value, Value, Value) {
        let text = |text: String| Value::text(text);
        match self {
            Self::Person { user, unit, role, .. } => {
                (text(user.clone()), text(role.to_string()), text(unit.clone()))
            }
            Self::Device { place } => (text(format!("device:{place}")), Value::Absent, Value::Absent),
            Self::Adapter(name) => (text(format!("adapter:{name}")), Value::Absent, Value::Absent),
            Self::Clock { clock, .. } => (text(format!("clock:{clock}")), Value::Absent, Value::Absent),
            Self::Asked { kind, id } => (text(format!("asked:{kind}:{id}")), Value::Absent, Value::Absent),
            Self::Link => (text("link".to_owned()), Value::Absent, Value::Absent),
        }
    }

    /// The holder that `$me` puts on a seat.
    pub(crate) fn holder(&self) -> Option<Holder> {
        match self {
            Self::Person { user, unit, .. } => Some(Holder::person(user, unit)),
            _ => None,
        }
    }
}

/// Whether somebody is on a seat: on top of a single one, anywhere in a set.
fn holds(record: Option<&Record>, kind: &Kind, seat: &SeatId, fits: impl Fn(&Holder) -> bool) -> bool {
    let Some(holders) = record.and_then(|record| record.seats.get(seat)) else {
        return false;
    };
    match kind.seat(seat).is_some_and(|seat| seat.many) {
        true => holders.iter().any(fits),
        false => holders.last().is_some_and(fits),
    }
}

/// An absent name is nobody's.
fn is(held: &Value, name: &str) -> bool {
    matches!(held, Value::Text(text) if text == name)
}

/// Whether the kind's contracts let another kind open it or ask this act of it.
fn contract(kind: &Kind, asking: &KindRef, row: &Row, record: Option<&Record>, law: &Law) -> bool {
    let own = &law.reference().id;
    let is_it = |who: &KindRef| {
        who.kind == asking.kind && who.pack.as_ref().unwrap_or(own) == asking.pack.as_ref().unwrap_or(own)
    };
    kind.contracts
        .iter()
        .filter(|contract| is_it(&contract.who))
        .any(|contract| match &contract.may {
            Request::Open => record.is_none(),
            Request::Act(act) => *act == row.id,
            Request::Link => false,
        })
}
