//! A record while it is looked at: its law, the face, the instant, and what is known besides.

use crate::sight::{self, Openings};
use crate::words::Words;
use crate::written::written;
use shenhai_flow::Calendar;
use shenhai_flow::clock;
use shenhai_flow::fold::Law;
use shenhai_flow::record::{Item, Record, View};
use shenhai_forms::value::{Time, Value};
use shenhai_pack::law::Fact;
use shenhai_pack::names::FactId;
use shenhai_pack::{Face, Kind};
use std::collections::{BTreeMap, BTreeSet};

/// Names of people and units by their ids, as far as they are known where the record is looked at.
pub type Names = BTreeMap<String, String>;

/// What stands around a record that is looked at.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The law it stands under.
    pub law: &'a Law,
    /// The newest face of its pack.
    pub face: &'a Face,
    /// Whose days are counted.
    pub calendar: &'a Calendar,
    /// Now.
    pub now: Time,
    /// Who is known.
    pub names: &'a Names,
    /// What is known of withheld values.
    pub openings: &'a Openings,
    /// Withheld values that are known in full are shown as masks all the same.
    pub masked: bool,
    /// Facts that only the commit will know.
    pub later: &'a BTreeSet<FactId>,
}

/// Something with its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// The fact's or answer's name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What it is, as people write it; empty where there is nothing.
    pub text: String,
    /// It is personal data, shown as a mask.
    pub masked: bool,
}

/// A record as it is looked at.
pub struct Look<'a> {
    pub(crate) around: Around<'a>,
    pub(crate) record: &'a Record,
    pub(crate) kind: &'a Kind,
    pub(crate) words: Words<'a>,
    /// `CLOCK.due` and its like.
    pub(crate) dues: BTreeMap<String, Value>,
}

impl<'a> Look<'a> {
    /// Look at a record; `None` where the law does not know its kind.
    #[must_use]
    pub fn new(record: &'a Record, around: Around<'a>) -> Option<Self> {
        let kind = around.law.kind(&record.kind)?;
        Some(Self {
            around,
            record,
            kind,
            words: Words::new(&around.face.texts, &record.kind),
            dues: clock::dues(record, kind, around.calendar).unwrap_or_default(),
        })
    }

    /// The words of its kind.
    #[must_use]
    pub fn words(&self) -> Words<'a> {
        self.words
    }

    pub(crate) fn view(&self) -> View<'_> {
        View::new(self.record, &self.dues)
    }

    /// A clock's due, while it has one.
    pub(crate) fn due(&self, clock: &str) -> Option<Time> {
        match self.dues.get(&format!("{clock}.due")) {
            Some(Value::Time(due)) => Some(*due),
            _ => None,
        }
    }

    pub(crate) fn runs(&self, clock: &str) -> bool {
        self.dues.get(&format!("{clock}.running")) == Some(&Value::Bool(true))
    }

    /// Somebody or something by its id.
    pub(crate) fn name_of(&self, id: &str) -> String {
        self.around.names.get(id).map_or(id, String::as_str).to_owned()
    }

    /// What a fact or a cell is, and whether that is a mask.
    pub(crate) fn item(&self, law: &Fact, item: &Item) -> (String, bool) {
        match (item, law.kind.value_type()) {
            (Item::Plain(value), Some(kind)) => (written(value, &kind, self.around.law), false),
            (Item::Plain(_), None) => (String::new(), false),
            (Item::Committed(digest), _) => {
                sight::shown(law.class, self.around.openings.get(digest), self.around.masked)
            }
        }
    }

    /// A fact that is there, or that only the commit will know.
    pub(crate) fn fact(&self, law: &Fact) -> Option<Labelled> {
        let held = self.record.facts.get(&law.name).map(|fact| &fact.item);
        let (text, masked) = match held.filter(|item| item.is_there()) {
            Some(item) => self.item(law, item),
            None if self.around.later.contains(&law.name) => (Words::LATER.to_owned(), false),
            None => return None,
        };
        Some(Labelled {
            name: law.name.to_string(),
            label: law.label.clone(),
            text,
            masked,
        })
    }
}
