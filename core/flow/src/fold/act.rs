//! An act as the fold takes it: what is asked, and everything it may know from outside.
//!
//! Not here: how it is signed and sent. A signed act, an adapter's entry, a clock's and a link's all come in this form.

use super::answers::Forms;
use super::news::News;
use super::refusal::{Code, Refusal};
use crate::calendar::Calendar;
use crate::record::Holder;
use shenhai_crypto::Digest32;
use shenhai_forms::value::Time;
use shenhai_pack::PackRef;
use shenhai_pack::names::{ActId, AskId, KindId, Name, SeatId};
use std::collections::BTreeMap;

/// What is asked of a record.
#[derive(Clone, Copy)]
pub struct Act<'a> {
    /// The record's kind.
    pub kind: &'a KindId,
    /// The record's id; absent where the act opens one and does not say.
    pub record: Option<&'a str>,
    /// What.
    pub what: &'a What,
    /// Under which law it was made.
    pub law: &'a PackRef,
    /// The entry's id.
    pub entry: &'a str,
    /// What survives signing anew; ids of opened records derive from it.
    pub work: &'a str,
    /// The device that signed it; absent for an entry of the gateway's own.
    pub device: Option<&'a str>,
    /// The last revision its author had received; absent for an entry of the gateway's own, which overwrites.
    pub base_rev: Option<u64>,
    /// When it was filled in, by the device's corrected time.
    pub filled: Time,
    /// The submission it names.
    pub submission: Option<Digest32>,
    /// Where the answers of its form come from.
    pub forms: &'a dyn Forms,
    /// What the receipt repeats.
    pub given: &'a Given<'a>,
}

/// What only the commit knows, repeated in the receipt so that everybody folds alike.
#[derive(Debug, Clone)]
pub struct Given<'a> {
    /// Server time. It never falls within a record.
    pub at: Time,
    /// Whose days are counted.
    pub calendar: &'a Calendar,
    /// Answers to the questions of the act's row. A device leaves out what it cannot know.
    pub asked: BTreeMap<AskId, Asked>,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The answer: a person, a unit, a number.
    pub value: String,
    /// Of a person, the unit they belong to.
    pub unit: Option<String>,
}

/// What an entry does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An act by its name.
    Named(ActId),
    /// The spine's `reassign`: a seat gets another holder in the place of the one on top.
    Reassign {
        /// The seat.
        seat: SeatId,
        /// Who.
        to: Holder,
    },
    /// What became of a linked record.
    News(News),
}

impl What {
    /// The name under which its rows stand in the sheet; a link's news go by their `who`.
    #[must_use]
    pub fn name(&self) -> Option<ActId> {
        match self {
            Self::Named(name) => Some(name.clone()),
            Self::Reassign { .. } => ActId::parse("reassign"),
            Self::News(_) => None,
        }
    }

    /// Whether this engine does it. Of the spine's own acts it does `reveal`, `erase` and, with its holder, `reassign`.
    pub(crate) fn check(&self, name: &ActId) -> Result<(), Refusal> {
        let known = match (self, name.as_str()) {
            (Self::Named(_), "reassign" | "adopt" | "repin" | "amend" | "import") => false,
            (Self::Named(_) | Self::Reassign { .. } | Self::News(_), _) => true,
        };
        known.then_some(()).ok_or_else(|| Code::NotInThisEngine.into())
    }
}
