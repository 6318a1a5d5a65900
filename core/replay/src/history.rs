//! A history judged again: every act and entry folded under the law it names, in its order, and compared with what was
//! said of it then.

use crate::code::code_of;
use crate::names::pack_ref;
use crate::wording::{Unreadable, Wording, disclosures, given, person};
use shenhai_flow::Calendar;
use shenhai_flow::fold::{self, Act, Actor, Answers, JsonAnswers, Law, Outward, Prepared, Refusal};
use shenhai_flow::record::Record;
use shenhai_pack::PackRef;
use shenhai_protocol::{Beside, Envelope, ErrorCode, LawRef, OwnEntry, Receipt, Verdict};
use thiserror::Error;

/// Where laws and calendars are looked up.
pub trait Shelf {
    /// A law by what records are pinned to.
    fn law(&self, law: &PackRef) -> Option<&Law>;

    /// A calendar by its version.
    fn calendar(&self, version: &str) -> Option<&Calendar>;
}

/// One step of a record's history.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a> {
    /// A signed act and its receipt.
    Act {
        /// The signed text, opened.
        envelope: &'a Envelope,
        /// What travelled with it, as far as it is at hand.
        beside: &'a Beside,
        /// The receipt, opened.
        receipt: &'a Receipt,
    },
    /// An entry of the gateway's own.
    Own(&'a OwnEntry),
}

/// What does not come out as it was said.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Difference {
    /// A part that cannot be what it says it is.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The law is not at hand.
    #[error("the law {} {} is not at hand", .0.id, .0.version)]
    NoLaw(LawRef),
    /// The calendar is not at hand.
    #[error("the calendar {0} is not at hand")]
    NoCalendar(String),
    /// The receipt names another act than the signed text.
    #[error("the receipt is of another act")]
    OtherReceipt,
    /// It was accepted, and the law refuses it.
    #[error("accepted, and the law says {0}")]
    Refused(&'static str),
    /// It was refused by the law, and the law accepts it.
    #[error("refused, and the law accepts it")]
    Accepted,
    /// It was refused for another reason than the law's.
    #[error("refused with {said:?}, and the law says {found:?}")]
    Code {
        /// What was said.
        said: String,
        /// What the law says.
        found: String,
    },
    /// The revision is another.
    #[error("revision {said:?}, and the law says {found}")]
    Revision {
        /// What was said.
        said: Option<u64>,
        /// What came out.
        found: u64,
    },
    /// The record after it is another.
    #[error("another record came of it")]
    After,
}

/// The first step that does not come out as it was said.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("step {step}: {difference}")]
pub struct Divergence {
    /// Which step, from 0.
    pub step: usize,
    /// What is different.
    pub difference: Difference,
}

/// Refusals that the law has no say in: who asked, when, and from where.
fn is_the_laws(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::LawChanged
            | ErrorCode::Forbidden
            | ErrorCode::WrongState
            | ErrorCode::Exists
            | ErrorCode::FormInvalid
            | ErrorCode::FactsChanged
            | ErrorCode::RuleRefused
            | ErrorCode::RecordTooLarge
    )
}

/// Fold a history again, oldest first. Answers what the record came to; `None` where nothing opened one.
///
/// # Errors
/// [`Divergence`]: the first step that does not come out as its receipt or entry says.
pub fn replay<'a>(
    entries: impl IntoIterator<Item = Entry<'a>>,
    shelf: &dyn Shelf,
) -> Result<Option<Record>, Divergence> {
    let mut record = None;
    for (step, entry) in entries.into_iter().enumerate() {
        let folded = match entry {
            Entry::Act {
                envelope,
                beside,
                receipt,
            } => of_act(record.as_ref(), envelope, beside, receipt, shelf),
            Entry::Own(entry) => of_own(record.as_ref(), entry, shelf),
        };
        if let Some(after) = folded.map_err(|difference| Divergence { step, difference })? {
            record = Some(after);
        }
    }
    Ok(record)
}

/// The record after an act, `None` where it had no effect.
fn of_act(
    record: Option<&Record>,
    envelope: &Envelope,
    beside: &Beside,
    receipt: &Receipt,
    shelf: &dyn Shelf,
) -> Result<Option<Record>, Difference> {
    if (&receipt.cmd_id, &receipt.record, &receipt.work)
        != (&envelope.cmd_id, &envelope.record, &envelope.work)
    {
        return Err(Difference::OtherReceipt);
    }
    let refused = receipt.code.filter(|_| receipt.verdict == Verdict::Refused);
    if refused.is_some_and(|code| !is_the_laws(code)) {
        return Ok(None);
    }
    let submission = beside.submission.as_deref();
    let wording = Wording::of_command(envelope, submission, &receipt.given)?;
    let disclosed = disclosures(&beside.disclosures)?;
    // Nothing filled in is a form without answers.
    let forms = JsonAnswers::new(submission.unwrap_or("{}").as_bytes(), disclosed);
    let by = person(&receipt.by, &envelope.scope)?;
    let calendar = calendar(&receipt.given.calendar, shelf)?;
    let given = given(&receipt.given, calendar)?;
    let act = wording.act(&forms, &given);
    let folded = fold_under(&envelope.law, record, &act, &by, shelf)?;
    compare(
        folded,
        refused.map(code_text),
        receipt.rev,
        &receipt.after,
        |refusal| code_text(code_of(refusal.code)),
    )
}

/// The record after an own entry, `None` where it had no effect.
fn of_own(
    record: Option<&Record>,
    entry: &OwnEntry,
    shelf: &dyn Shelf,
) -> Result<Option<Record>, Difference> {
    let (wording, by) = Wording::of_entry(entry)?;
    let answers = Answers::read_spelt(&entry.facts).ok_or(Unreadable("facts"))?;
    let forms = Prepared(Ok(answers));
    let calendar = calendar(&entry.given.calendar, shelf)?;
    let given = given(&entry.given, calendar)?;
    let act = wording.act(&forms, &given);
    let folded = fold_under(&entry.law, record, &act, &by, shelf)?;
    compare(
        folded,
        entry.refused.clone(),
        entry.rev,
        &entry.after,
        |refusal| refusal.code.word().to_owned(),
    )
}

type Folded = Result<(Record, Vec<Outward>), Refusal>;

fn fold_under(
    law: &LawRef,
    record: Option<&Record>,
    act: &Act<'_>,
    by: &Actor,
    shelf: &dyn Shelf,
) -> Result<Folded, Difference> {
    let missing = || Difference::NoLaw(law.clone());
    let reference = pack_ref(law).ok_or_else(missing)?;
    let law = shelf.law(&reference).ok_or_else(missing)?;
    Ok(fold::apply(record, act, by, law))
}

fn calendar<'s>(version: &str, shelf: &'s dyn Shelf) -> Result<&'s Calendar, Difference> {
    let missing = || Difference::NoCalendar(version.to_owned());
    shelf.calendar(version).ok_or_else(missing)
}

fn code_text(code: ErrorCode) -> String {
    let json = serde_json::to_value(code).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}

/// What came out beside what was said.
fn compare(
    folded: Folded,
    refused: Option<String>,
    rev: Option<u64>,
    after: &str,
    word: impl Fn(&Refusal) -> String,
) -> Result<Option<Record>, Difference> {
    match (folded, refused) {
        (Err(refusal), Some(said)) => {
            let found = word(&refusal);
            (found == said)
                .then_some(None)
                .ok_or(Difference::Code { said, found })
        }
        (Err(refusal), None) => Err(Difference::Refused(refusal.code.word())),
        (Ok(_), Some(_)) => Err(Difference::Accepted),
        (Ok((record, _)), None) if rev != Some(record.rev) => Err(Difference::Revision {
            said: rev,
            found: record.rev,
        }),
        (Ok((record, _)), None) if record.digest().to_hex() != after => Err(Difference::After),
        (Ok((record, _)), None) => Ok(Some(record)),
    }
}
