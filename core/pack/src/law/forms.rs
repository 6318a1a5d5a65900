//! `law/forms/NAME.csv`: what a form, an adapter or another record answers when it does an act.
//!
//! Not how it is asked: that is the form's own file. The sheet of answers is what formulas may read as `form/…`, so a
//! law can be checked before its form is drawn.

use super::facts::{Class, FactType};
use crate::finding::{Findings, Place};
use crate::limits;
use crate::names::{FactId, FormId, Name};
use crate::problem::Problem;
use crate::sheet::{self, Layout, Row};

pub(crate) const FOLDER: &str = "law/forms/";
pub(crate) const LAYOUT: Layout = Layout {
    required: &["name", "type", "label"],
    optional: &["list", "class", "required"],
    open: false,
    rows: limits::SHEET_ROWS,
};

/// One answer, or the rows of a repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its name, `form/name` in formulas.
    pub name: FactId,
    /// Its type; [`FactType::Table`] for a repeat.
    pub kind: FactType,
    /// What kind of personal data it is.
    pub class: Option<Class>,
    /// Must be answered.
    pub required: bool,
    /// What people call it.
    pub label: String,
    /// The answers of each row, of a repeat.
    pub columns: Vec<Answer>,
    /// Its row.
    pub place: Place,
}

/// A form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Its answers, in the order of the sheet.
    pub answers: Vec<Answer>,
    /// It is drawn: an XForm of the folder stands beside it.
    pub drawn: bool,
}

impl Form {
    /// An answer by its name.
    #[must_use]
    pub fn answer(&self, name: &FactId) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.name == *name)
    }
}

/// The form and the kind of file a path of the folder names.
pub(crate) fn name_of(path: &str) -> Option<(FormId, &str)> {
    let (name, ending) = path.strip_prefix(FOLDER)?.split_once('.')?;
    Some((FormId::parse(name)?, ending)).filter(|(_, ending)| matches!(*ending, "csv" | "xml" | "xlsx"))
}

pub(crate) fn read(file: &str, bytes: &[u8], findings: &mut Findings) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    for row in &sheet::rows(file, bytes, LAYOUT, findings) {
        let at = row.at("name");
        let cell = row.cell("name");
        let (repeat, name) = cell
            .rsplit_once('/')
            .map_or((None, cell), |(repeat, name)| (Some(repeat), name));
        let Some(answer) = answer(row, name, findings) else {
            continue;
        };
        let siblings = match repeat {
            None => &mut answers,
            Some(repeat) => {
                let owner = answers
                    .iter_mut()
                    .find(|owner| owner.name.as_str() == repeat && owner.kind == FactType::Table);
                let Some(owner) = owner else {
                    let name = repeat.chars().take(80).collect();
                    findings.add(
                        &at,
                        &Problem::Unknown {
                            what: "重复组", name
                        },
                    );
                    continue;
                };
                if matches!(answer.kind, FactType::Table | FactType::Marks) {
                    findings.add(&row.at("type"), &Problem::NestedTable);
                    continue;
                }
                &mut owner.columns
            }
        };
        if siblings.iter().any(|sibling| sibling.name == answer.name) {
            findings.add(
                &at,
                &Problem::NamedTwice {
                    name: cell.to_owned(),
                },
            );
        } else if siblings.len() == limits::FACTS {
            findings.add(
                &at,
                &Problem::TooMany {
                    what: "答案",
                    max: limits::FACTS,
                },
            );
        } else {
            siblings.push(answer);
        }
    }
    answers
}

fn answer(row: &Row, name: &str, findings: &mut Findings) -> Option<Answer> {
    let name = sheet::name::<FactId>(name, &row.at("name"), findings);
    let kind = FactType::parse(row, findings);
    let class = Class::of(row, findings);
    let required = row.flag("required", findings);
    if row.cell("label").is_empty() {
        findings.add(&row.at("label"), &Problem::CellMissing);
    }
    Some(Answer {
        name: name?,
        kind: kind?,
        class: class.ok()?,
        required: required?,
        label: row.cell("label").to_owned(),
        columns: Vec::new(),
        place: row.place.clone(),
    })
}
