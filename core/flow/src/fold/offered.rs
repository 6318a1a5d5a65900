//! What somebody may ask of a record before anything is filled in: the same rows and guards that [`super::apply`] tries.
//!
//! Not here: what is done about it. Called by whoever shows a record.

use super::act::{Act, Given, What};
use super::answers::{Answers, Prepared};
use super::law::Law;
use super::refusal::{Code, Refusal};
use super::{Actor, Around, dues, pinned};
use crate::record::{Holder, Record};
use shenhai_pack::law::Act as Row;
use shenhai_pack::names::{ActId, FormId, KindId, Name};

/// An act that some row of the law lets the actor do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The act.
    pub act: ActId,
    /// The form that the row wants which would be tried first.
    pub form: Option<FormId>,
    /// Why it cannot be done now, whatever is filled in.
    pub refusal: Option<Refusal>,
}

/// The acts that rows of the law let an actor do to a record, or that open one, in the order of the sheet. One that the
/// state does not allow is told with that refusal, one that is not for the actor is left out. A guard that asks what was
/// filled in is taken to hold.
///
/// # Errors
/// The record stands under another law, its kind is not known, or the instant lies before its last change.
pub fn offered(
    record: Option<&Record>,
    kind: &KindId,
    given: &Given<'_>,
    by: &Actor,
    law: &Law,
) -> Result<Vec<Offered>, Refusal> {
    let forms = Prepared(Ok(Answers::default()));
    let mut all = Vec::new();
    let known = law.kind(kind).ok_or(Code::UnknownKind)?;
    let seats = &known.seats;
    for name in known.act_names() {
        let what = match (name.as_str(), seats.first()) {
            // Whose seat it is and who gets it is filled in.
            ("reassign", Some(seat)) => What::Reassign {
                seat: seat.id.clone(),
                to: Holder::default(),
            },
            _ => What::Named(name.clone()),
        };
        let act = Act {
            kind,
            record: record.map(|record| record.id.as_str()),
            what: &what,
            law: law.reference(),
            entry: "",
            work: "",
            device: None,
            base_rev: None,
            filled: given.at,
            submission: None,
            forms: &forms,
            given,
        };
        let kind = pinned(record, &act, law)?;
        let dues = dues(record, &act, law, kind)?;
        let around = Around {
            act: &act,
            by,
            law,
            kind,
            dues: &dues,
        };
        all.extend(around.offer(record, name));
    }
    Ok(all)
}

impl Around<'_> {
    fn offer(self, record: Option<&Record>, name: &ActId) -> Option<Offered> {
        let offer = |form: Option<&FormId>, refusal| {
            Some(Offered {
                act: name.clone(),
                form: form.cloned(),
                refusal,
            })
        };
        let rows = match self.fitting(record) {
            Ok(rows) => rows,
            Err(refusal) if refusal.code == Code::WrongState => return offer(None, Some(refusal)),
            Err(_) => return None,
        };
        let mut last = None;
        for row in rows {
            match self.may_hold(record, row) {
                Ok(true) => return offer(row.form.as_ref(), None),
                Ok(false) => last = Some((row, Refusal::guard(row))),
                Err(refusal) => last = Some((row, refusal)),
            }
        }
        let (row, refusal) = last?;
        offer(row.form.as_ref(), Some(refusal))
    }

    /// Whether a row's guard holds, or may hold once its form is filled in.
    fn may_hold(self, record: Option<&Record>, row: &Row) -> Result<bool, Refusal> {
        let asks_form = |row: &Row| {
            let rule = row.when.as_ref().and_then(shenhai_pack::Formula::rule);
            rule.is_some_and(|rule| rule.reads().contains("form"))
        };
        if row.form.is_some() && asks_form(row) {
            return Ok(true);
        }
        self.guard(record, row, &Answers::default())
    }
}
