//! `examples/NAME.csv`: acts with the outcomes their author expects, worked out by hand.
//!
//! Not the running, which needs the fold: whoever has it runs them (`shenhai-pack check`). Neither law nor face: examples
//! are signed by nobody and change nothing.

use crate::PackFiles;
use crate::finding::{Finding, Findings, Place};
use crate::formula::assignments;
use crate::law::Kinds;
use crate::limits;
use crate::manifest::Manifest;
use crate::names::{ActId, AskId, FactId, KindId, Name, RoleName, StateId};
use crate::problem::Problem;
use crate::sheet::{self, Layout, Row};

pub(crate) const FOLDER: &str = "examples/";
const LAYOUT: Layout = Layout {
    required: &["record", "act", "by", "at", "outcome"],
    optional: &["kind", "answers", "asked", "state", "facts"],
    open: false,
    rows: limits::SHEET_ROWS,
};

/// Who does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExampleActor {
    /// `fitter:zhang@north`: a person in a role, of a unit. They have the scopes of themselves, their unit and the bureau.
    Person {
        /// The role.
        role: RoleName,
        /// Who.
        user: String,
        /// Of which unit.
        unit: String,
    },
    /// `adapter:12345`.
    Adapter(String),
    /// `device:window-3`.
    Device(String),
}

/// What is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// `accepted`.
    Accepted,
    /// The code of the refusal.
    Refused(String),
}

/// One act of an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleStep {
    /// The record's name in this example.
    pub record: String,
    /// Its kind.
    pub kind: KindId,
    /// The act.
    pub act: ActId,
    /// By whom.
    pub by: ExampleActor,
    /// When, `2026-02-03 09:00` in +08:00.
    pub at: String,
    /// Answers of the form, as texts of their types.
    pub answers: Vec<(FactId, String)>,
    /// Answers to questions; of a person `zhang@north`.
    pub asked: Vec<(AskId, String)>,
    /// What comes of it.
    pub outcome: Outcome,
    /// Where the record stands afterwards.
    pub state: Option<StateId>,
    /// What is known of it afterwards.
    pub facts: Vec<(FactId, String)>,
    /// Its row.
    pub place: Place,
}

/// The steps of one file, in its order.
pub type Example = Vec<ExampleStep>;

/// Read every example.
pub(crate) fn read(files: &PackFiles, manifest: &Manifest, findings: &mut Findings) -> Vec<Example> {
    let sheets = files.iter().filter(|(path, _)| is_known(path));
    sheets
        .map(|(path, bytes)| {
            let rows = sheet::rows(path, bytes, LAYOUT, findings);
            rows.iter()
                .filter_map(|row| step(row, Kinds(manifest), findings))
                .collect()
        })
        .collect()
}

/// Whether a path is that of an example.
pub(crate) fn is_known(path: &str) -> bool {
    let name = path
        .strip_prefix(FOLDER)
        .and_then(|rest| rest.strip_suffix(".csv"));
    name.is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

fn step(row: &Row, kinds: Kinds<'_>, findings: &mut Findings) -> Option<ExampleStep> {
    let kind = kinds.of(row, findings);
    let act = row.name("act", findings);
    let by = actor(row.cell("by"));
    if by.is_none() {
        let text = row.cell("by").chars().take(80).collect();
        findings.add(&row.at("by"), &Problem::NotAnActor { text });
    }
    for column in ["record", "at", "outcome"] {
        if row.cell(column).is_empty() {
            findings.add(&row.at(column), &Problem::CellMissing);
        }
    }
    let state = row.name_or_blank("state", findings);
    let outcome = match row.cell("outcome") {
        "accepted" => Outcome::Accepted,
        code => Outcome::Refused(code.to_owned()),
    };
    Some(ExampleStep {
        record: row.cell("record").to_owned(),
        kind: kind?,
        act: act?,
        by: by?,
        at: row.cell("at").to_owned(),
        answers: texts(row, "answers", findings),
        asked: texts(row, "asked", findings),
        outcome,
        state: state.ok()?,
        facts: texts(row, "facts", findings),
        place: row.place.clone(),
    })
}

fn actor(text: &str) -> Option<ExampleActor> {
    let (word, rest) = text.split_once(':').filter(|(_, rest)| !rest.is_empty())?;
    match (word, rest.split_once('@')) {
        ("adapter", None) => Some(ExampleActor::Adapter(rest.to_owned())),
        ("device", None) => Some(ExampleActor::Device(rest.to_owned())),
        (role, Some((user, unit))) if !user.is_empty() && !unit.is_empty() => Some(ExampleActor::Person {
            role: RoleName::parse(role)?,
            user: user.to_owned(),
            unit: unit.to_owned(),
        }),
        _ => None,
    }
}

/// `name = text; name = text`. A text that holds `;` stands in quotes.
fn texts<N: Name>(row: &Row, column: &str, findings: &mut Findings) -> Vec<(N, String)> {
    let all = assignments::<N>(row.cell(column), &row.at(column), findings);
    all.into_iter()
        .map(|(name, formula)| {
            let text = formula.text;
            let quoted = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
            let bare = quoted.map(str::to_owned);
            (name, bare.unwrap_or(text))
        })
        .collect()
}

/// What an example does not come out as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// `at` is no instant.
    Instant,
    /// An answer or an expected fact is no value of its type.
    Value(FactId),
    /// Accepted, or the code of another refusal.
    Outcome(String),
    /// Another state.
    State(StateId),
    /// Another value of a fact, in its spelling.
    Fact(FactId, String),
}

impl ExampleStep {
    /// A mismatch as a finding for the author.
    #[must_use]
    pub fn finding(&self, mismatch: Mismatch) -> Finding {
        let (column, problem) = match mismatch {
            Mismatch::Instant => ("at", Problem::NotAnInstant),
            Mismatch::Value(name) => (
                "answers",
                Problem::NotAValue {
                    name: name.to_string(),
                },
            ),
            Mismatch::Outcome(found) => ("outcome", Problem::OutcomeDiffers { found }),
            Mismatch::State(found) => (
                "state",
                Problem::StateDiffers {
                    found: found.to_string(),
                },
            ),
            Mismatch::Fact(name, found) => (
                "facts",
                Problem::FactDiffers {
                    name: name.to_string(),
                    found,
                },
            ),
        };
        Finding {
            place: self.place.at(column),
            code: problem.code().to_owned(),
            text: problem.text(),
        }
    }
}
