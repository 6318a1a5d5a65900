//! The fold: `apply(record, act, by, law)` is the record after an entry, and what is to be carried out for it; or a
//! refusal. The same on gateway, device and verifier.
//!
//! Not here: signatures, chains, storage, the carrying out. Everything that is not in the record or the law comes with the
//! act: the instant, the calendar, the answers of the directory, the answers of the form.

mod act;
mod actor;
mod answers;
mod desk;
mod effects;
mod ids;
mod inquiry;
mod json;
mod law;
mod news;
mod offered;
mod outward;
mod refusal;
mod scopes;
mod spelt;

pub use act::{Act, Asked, Given, What};
pub use actor::Actor;
pub use answers::{Answers, FormRequest, Forms, Issue, Prepared};
pub use ids::{derived, identity};
pub use inquiry::{Inquiry, next_inquiry};
pub use json::{Disclosure, JsonAnswers, MAX_SUBMISSION};
pub use law::Law;
pub use news::News;
pub use offered::{Offered, offered};
pub use outward::Outward;
pub use refusal::{Code, Refusal};
pub use scopes::{Showing, moment, scopes, showings};

use crate::clock;
use crate::record::{Head, MAX_DOCUMENT, Record, Step, Steps};
use desk::Desk;
use shenhai_forms::value::Value;
use shenhai_pack::Kind;
use shenhai_pack::law::{Act as Row, Category, Origin, Target};
use std::collections::BTreeMap;

/// The record after an act, and what is to be carried out for it after the commit, in its order.
///
/// Order: pin, who, from, form, guard, effects and state, calc, clocks. Of the rows that fit, the first whose form and
/// guard hold decides; if none does, the refusal is the last one's. The record's [`Record::digest`] is `after`.
///
/// # Errors
/// [`Refusal`]: an enumerated code, the cell of the law that refused, names. Nothing has changed then.
pub fn apply(
    record: Option<&Record>,
    act: &Act<'_>,
    by: &Actor,
    law: &Law,
) -> Result<(Record, Vec<Outward>), Refusal> {
    let kind = pinned(record, act, law)?;
    let dues = dues(record, act, law, kind)?;
    let around = Around {
        act,
        by,
        law,
        kind,
        dues: &dues,
    };
    if let (Some(record), What::News(news)) = (record, act.what) {
        return news::apply(around, record, news);
    }
    let (row, answers) = around.choose(record)?;
    if let Some(record) = record
        && changes_nothing(row)
    {
        let act = row.id.clone();
        return Ok((record.clone(), vec![Outward::Recorded { act }]));
    }
    let draft = match record {
        Some(record) => record.clone(),
        None => around.opened(row)?,
    };
    around.carry_out(draft, record.is_none(), Some(row), &answers)
}

/// What stands around one act while it is folded.
#[derive(Clone, Copy)]
struct Around<'a> {
    act: &'a Act<'a>,
    by: &'a Actor,
    law: &'a Law,
    kind: &'a Kind,
    /// As rules see them during the act: those of before it.
    dues: &'a BTreeMap<String, Value>,
}

/// Whether the record is still the one the act was made for, under the law it names.
fn pinned<'l>(record: Option<&Record>, act: &Act<'_>, law: &'l Law) -> Result<&'l Kind, Refusal> {
    let held = record.map_or(act.law, |record| &record.law);
    if *act.law != *law.reference() || *held != *law.reference() {
        return Err(Code::LawChanged.into());
    }
    let kind = law.kind(act.kind).ok_or(Code::UnknownKind)?;
    if let Some(record) = record {
        if record.kind != *act.kind || act.record.is_some_and(|id| id != record.id) {
            return Err(Code::OtherRecord.into());
        }
        if act.given.at < record.changed {
            return Err(Code::TimeFell.into());
        }
        if act.base_rev.is_some_and(|base| base > record.rev) {
            return Err(Code::UnknownRevision.into());
        }
    }
    Ok(kind)
}

fn dues(
    record: Option<&Record>,
    act: &Act<'_>,
    law: &Law,
    kind: &Kind,
) -> Result<BTreeMap<String, Value>, Refusal> {
    match record {
        Some(record) if law.reads_clocks(&record.kind) => Ok(clock::dues(record, kind, act.given.calendar)?),
        _ => Ok(BTreeMap::new()),
    }
}

/// `reveal` and `erase` are recorded beside the record and change nothing of it.
fn changes_nothing(row: &Row) -> bool {
    matches!(row.id.to_string().as_str(), "reveal" | "erase")
}

impl<'a> Around<'a> {
    /// The rows of the act that this actor may do in this state, in the order of the sheet.
    fn fitting(self, record: Option<&Record>) -> Result<Vec<&'a Row>, Refusal> {
        let name = self.act.what.name().ok_or(Code::UnknownAct)?;
        if self.kind.rows_of(&name).next().is_none() {
            return Err(Code::UnknownAct.into());
        }
        self.act.what.check(&name)?;
        let mut mine = Vec::new();
        for row in self.kind.acts.iter().filter(|row| row.id == name) {
            if self.by.may(row, record, self)? {
                mine.push(row);
            }
        }
        if mine.is_empty() {
            return Err(Code::Forbidden.into());
        }
        let state = match record {
            None => None,
            Some(record) => Some(self.kind.state(&record.state).ok_or(Code::LawChanged)?),
        };
        let opens = |row: &&Row| row.from == Origin::Nothing;
        let mut rows = mine.clone();
        rows.retain(|row| match state {
            None => opens(row),
            Some(state) => row.from.includes(state),
        });
        match (rows.is_empty(), record) {
            (false, _) => Ok(rows),
            (true, Some(_)) if mine.iter().all(opens) => Err(Code::Exists.into()),
            (true, Some(_)) => Err(Code::WrongState.into()),
            (true, None) => Err(Code::NoRecord.into()),
        }
    }

    /// The first row whose form and guard hold, with the answers.
    fn choose(self, record: Option<&Record>) -> Result<(&'a Row, Answers), Refusal> {
        let mut refusal = Refusal::from(Code::Forbidden);
        for row in self.fitting(record)? {
            let answers = match answers::of_row(record, self.act, self.law, row) {
                Ok(answers) => answers,
                Err(failed) => {
                    refusal = failed;
                    continue;
                }
            };
            if self.guard(record, row, &answers)? {
                return Ok((row, answers));
            }
            refusal = Refusal::guard(row);
        }
        Err(refusal)
    }

    fn guard(self, record: Option<&Record>, row: &Row, answers: &Answers) -> Result<bool, Refusal> {
        let Some(when) = &row.when else {
            return Ok(true);
        };
        let draft = match record {
            Some(record) => record.clone(),
            None => self.opened(row)?,
        };
        Desk::new(draft, self, Some(row), answers).holds(when, None)
    }

    /// A record as it is before the effects of the act that opens it.
    fn opened(self, row: &Row) -> Result<Record, Refusal> {
        let no_target = || Refusal::at(Code::NoTarget, row);
        let Target::State(to) = &row.to else {
            return Err(no_target());
        };
        let state = self.kind.state(to).ok_or_else(no_target)?;
        let at = self.act.given.at;
        Ok(Record {
            kind: self.act.kind.clone(),
            id: self.act.record.unwrap_or_default().to_owned(),
            rev: 0,
            law: self.law.reference().clone(),
            state: state.id.clone(),
            category: state.category,
            came_from: None,
            opened: at,
            changed: at,
            closed: (!state.category.is_open()).then_some(at),
            seats: BTreeMap::new(),
            facts: BTreeMap::new(),
            tables: BTreeMap::new(),
            clocks: BTreeMap::new(),
            links: Vec::new(),
            steps: Steps::default(),
        })
    }

    /// Effects and state, calc, clocks, history, bounds.
    fn carry_out(
        self,
        mut draft: Record,
        opens: bool,
        row: Option<&Row>,
        answers: &Answers,
    ) -> Result<(Record, Vec<Outward>), Refusal> {
        draft.rev += 1;
        draft.changed = self.act.given.at;
        let mut desk = Desk::new(draft, self, row, answers);
        if let Some(row) = row {
            desk.effects(row)?;
            turn_to(&mut desk.record, self.kind, row)?;
        }
        if opens {
            desk.name()?;
        }
        desk.calculate()?;
        desk.clocks()?;
        let Desk { record, outward, .. } = desk;
        close(record, outward, self.act, self.by, row)
    }
}

/// Add the entry to the history and see that the record is not too large.
fn close(
    mut record: Record,
    outward: Vec<Outward>,
    act: &Act<'_>,
    by: &Actor,
    row: Option<&Row>,
) -> Result<(Record, Vec<Outward>), Refusal> {
    let (who, role, unit) = by.names();
    let step = Step {
        count: 0,
        rev: record.rev,
        at: Value::Time(act.given.at),
        by: who,
        role,
        unit,
    };
    let head = Head {
        rev: record.rev,
        act: row.map(|row| row.id.clone()),
        entry: act.entry.to_owned(),
        device: act.device.map(str::to_owned),
        at: act.given.at,
        submission: act.submission,
    };
    record.steps.push(head, step);
    if record.document().len() > MAX_DOCUMENT {
        return Err(Code::RecordTooLarge.into());
    }
    Ok((record, outward))
}

/// Where a record turns to: the state, where it came from, when it was closed.
fn turn_to(record: &mut Record, kind: &Kind, row: &Row) -> Result<(), Refusal> {
    let to = match &row.to {
        Target::Same => return Ok(()),
        Target::State(to) => to.clone(),
        Target::Back => record
            .came_from
            .clone()
            .ok_or_else(|| Refusal::at(Code::NoTarget, row))?,
    };
    let state = kind.state(&to).ok_or_else(|| Refusal::at(Code::NoTarget, row))?;
    if to != record.state && record.category != Category::Waiting {
        record.came_from = Some(record.state.clone());
    }
    record.state = to;
    record.category = state.category;
    record.closed = match (state.category.is_open(), record.closed) {
        (true, _) => None,
        (false, Some(closed)) => Some(closed),
        (false, None) => Some(record.changed),
    };
    Ok(())
}
