//! `law/lists/*.csv`: code lists, and the columns that `lookup` reads in them.
//!
//! Not where a code may be chosen. Read by formulas and by whoever offers a choice.

use crate::finding::{Findings, Place};
use crate::limits;
use crate::names::{FactId, is_name};
use crate::problem::Problem;
use crate::sheet::{self, Layout, Row};
use std::collections::BTreeMap;

pub(crate) const FOLDER: &str = "law/lists/";
pub(crate) const LAYOUT: Layout = Layout {
    required: &["code", "label"],
    optional: &["retired"],
    open: true,
    rows: limits::LIST_ROWS,
};

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellType {
    /// Text.
    Text,
    /// Whole numbers.
    Int,
    /// Exact decimals with that many digits after the point.
    Decimal(u8),
}

/// One code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// What people read.
    pub label: String,
    /// Not offered any more; records that have it keep its meaning.
    pub retired: bool,
    /// Cells of the other columns, as they stand in the sheet; absent where blank.
    pub cells: BTreeMap<FactId, String>,
}

/// A code list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeList {
    /// The codes in the order in which they are offered.
    pub order: Vec<String>,
    /// Each code.
    pub codes: BTreeMap<String, Code>,
    /// The other columns.
    pub columns: BTreeMap<FactId, CellType>,
}

impl CodeList {
    /// Whether the list has, or had, a code.
    #[must_use]
    pub fn has(&self, code: &str) -> bool {
        self.codes.contains_key(code)
    }
}

/// Most characters of a code.
const LONGEST_CODE: usize = 64;

/// Whether a text may be a code: `a-z A-Z 0-9 _ . -`, so that it stands in a formula, an id and a path alike.
#[must_use]
pub fn is_code(text: &str) -> bool {
    (1..=LONGEST_CODE).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

pub(crate) fn read(file: &str, bytes: &[u8], findings: &mut Findings) -> CodeList {
    let rows = sheet::rows(file, bytes, LAYOUT, findings);
    let mut list = CodeList::default();
    let columns = columns(file, &rows, findings);
    list.columns = columns.values().cloned().collect();
    for row in &rows {
        code(row, &columns, &mut list, findings);
    }
    if list.order.is_empty() {
        findings.add(&Place::file(file), &Problem::EmptyList);
    }
    list
}

/// The columns beside those every list has, by their heading `name` or `name:type`.
fn columns(file: &str, rows: &[Row], findings: &mut Findings) -> BTreeMap<String, (FactId, CellType)> {
    let mut columns = BTreeMap::new();
    let Some(first) = rows.first() else {
        return columns;
    };
    for heading in first.columns() {
        if ["code", "label", "retired", "note", "tag", ""].contains(&heading) {
            continue;
        }
        let place = Place::row(file, 1).at(heading);
        let (name, kind) = heading.split_once(':').unwrap_or((heading, "text"));
        let decimal = || {
            let digits = kind.strip_prefix("decimal(")?.strip_suffix(')')?;
            digits
                .parse()
                .ok()
                .filter(|digits| *digits <= 9)
                .map(CellType::Decimal)
        };
        let kind = match kind {
            "text" => Some(CellType::Text),
            "int" => Some(CellType::Int),
            _ => decimal(),
        };
        match (sheet::name::<FactId>(name, &place, findings), kind) {
            (Some(name), Some(kind)) => {
                columns.insert(heading.to_owned(), (name, kind));
            }
            (_, None) => {
                let problem = Problem::UnknownWord {
                    text: heading.to_owned(),
                    known: "name name:int name:decimal(2)".to_owned(),
                };
                findings.add(&place, &problem);
            }
            (None, Some(_)) => {}
        }
    }
    columns
}

fn code(
    row: &Row,
    columns: &BTreeMap<String, (FactId, CellType)>,
    list: &mut CodeList,
    findings: &mut Findings,
) {
    let text = row.cell("code");
    if !is_code(text) {
        let text = text.chars().take(80).collect();
        findings.add(&row.at("code"), &Problem::NotACode { text });
        return;
    }
    if row.cell("label").is_empty() {
        findings.add(&row.at("label"), &Problem::CellMissing);
    }
    let mut cells = BTreeMap::new();
    for (heading, (name, kind)) in columns {
        let cell = row.cell(heading);
        let fits = match kind {
            CellType::Text => true,
            CellType::Int => is_decimal(cell, 0),
            CellType::Decimal(scale) => is_decimal(cell, usize::from(*scale)),
        };
        if cell.is_empty() {
            continue;
        }
        if fits {
            cells.insert(name.clone(), cell.to_owned());
        } else {
            findings.add(&row.at(heading), &Problem::NotANumber);
        }
    }
    let code = Code {
        label: row.cell("label").to_owned(),
        retired: row.flag("retired", findings).unwrap_or(false),
        cells,
    };
    if list.codes.insert(text.to_owned(), code).is_some() {
        let name = text.to_owned();
        findings.add(&row.at("code"), &Problem::NamedTwice { name });
    } else {
        list.order.push(text.to_owned());
    }
}

/// Digits, perhaps a sign, and at most `scale` digits after a point; at most 18 in all, which every number type holds.
fn is_decimal(text: &str, scale: usize) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && fraction.is_none_or(|fraction| digits(fraction) && fraction.len() <= scale)
        && whole.len() + fraction.map_or(0, str::len) <= 18
}

/// Whether a file of the folder is named as a list: `law/lists/NAME.csv`.
pub(crate) fn name_of(path: &str) -> Option<&str> {
    path.strip_prefix(FOLDER)?
        .strip_suffix(".csv")
        .filter(|name| is_name(name))
}
