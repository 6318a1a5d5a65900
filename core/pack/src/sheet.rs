//! Sheets: CSV (RFC 4180) as a spreadsheet writes it, with a header that names the columns.
//!
//! Not what a column means. Read here and not by a library because an author needs what libraries leave out: rows
//! counted as the spreadsheet counts them, blank ones included, and a quote that is never closed named where it opens.

use crate::finding::{Findings, Place};
use crate::limits;
use crate::names::{Name, is_name};
use crate::problem::Problem;
use std::collections::BTreeMap;

/// Which columns a sheet has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// Columns without which nothing can be read.
    pub(crate) required: &'static [&'static str],
    /// Columns that may be left out.
    pub(crate) optional: &'static [&'static str],
    /// Whether other columns are kept, as a code list keeps them for `lookup`.
    pub(crate) open: bool,
    /// Most rows.
    pub(crate) rows: usize,
}

impl Layout {
    /// Whether a column may stand in the header; one that is kept is `name` or `name:type`.
    fn takes(self, column: &str) -> bool {
        let name = column.split(':').next().unwrap_or_default();
        let named = [self.required, self.optional, &REMARKS[..]].concat();
        named.contains(&column) || (self.open && is_name(name))
    }
}

/// Columns for the author alone, in any sheet: where a rule comes from, and whatever else should be said.
const REMARKS: [&str; 2] = ["note", "tag"];

/// One row below the header. Cells are trimmed; an absent one is empty.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) place: Place,
    cells: BTreeMap<String, String>,
}

impl Row {
    /// The text of a cell.
    pub(crate) fn cell(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    /// The headings that were read.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.cells.keys().map(String::as_str)
    }

    /// Where a cell stands.
    pub(crate) fn at(&self, column: &str) -> Place {
        self.place.at(column)
    }

    /// A name that must be there.
    pub(crate) fn name<N: Name>(&self, column: &str, findings: &mut Findings) -> Option<N> {
        let text = self.cell(column);
        if text.is_empty() {
            findings.add(&self.at(column), &Problem::CellMissing);
            return None;
        }
        name(text, &self.at(column), findings)
    }

    /// A name that may be left out. `Err` where something else stands there.
    pub(crate) fn name_or_blank<N: Name>(
        &self,
        column: &str,
        findings: &mut Findings,
    ) -> Result<Option<N>, Bad> {
        match self.cell(column) {
            "" => Ok(None),
            text => name(text, &self.at(column), findings).map(Some).ok_or(Bad),
        }
    }

    /// One word of a closed list; empty is the first of it.
    pub(crate) fn word<T: Copy>(
        &self,
        column: &str,
        words: &[(&'static str, T)],
        findings: &mut Findings,
    ) -> Option<T> {
        let text = self.cell(column);
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known = words
                .iter()
                .map(|(word, _)| *word)
                .filter(|word| !word.is_empty());
            let known = known.collect::<Vec<_>>().join(" ");
            let text = text.to_owned();
            findings.add(&self.at(column), &Problem::UnknownWord { text, known });
        }
        found.map(|(_, value)| *value)
    }

    /// `yes`, `no` or blank, which is no.
    pub(crate) fn flag(&self, column: &str, findings: &mut Findings) -> Option<bool> {
        self.word(column, &[("", false), ("yes", true), ("no", false)], findings)
    }
}

/// A finding was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bad;

/// A name, or a finding.
pub(crate) fn name<N: Name>(text: &str, place: &Place, findings: &mut Findings) -> Option<N> {
    let name = N::parse(text);
    if name.is_none() {
        let problem = Problem::NotAName {
            what: N::WHAT,
            text: text.chars().take(80).collect(),
        };
        findings.add(place, &problem);
    }
    name
}

/// The text of a file without its byte order mark, or a finding.
pub(crate) fn utf8<'b>(file: &str, bytes: &'b [u8], findings: &mut Findings) -> Option<&'b str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            findings.add(&Place::row(file, line_of(before)), &Problem::NotUtf8);
            return None;
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let hidden = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    if let Some(at) = text.find(hidden) {
        findings.add(
            &Place::row(file, line_of(&text.as_bytes()[..at])),
            &Problem::ControlCharacter,
        );
        return None;
    }
    Some(text)
}

/// The line that follows `before`, from 1.
pub(crate) fn line_of(before: &[u8]) -> u32 {
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX - 1) + 1
}

/// Read a sheet: its rows that are not blank. What cannot be read is a finding and left out.
pub(crate) fn rows(file: &str, bytes: &[u8], layout: Layout, findings: &mut Findings) -> Vec<Row> {
    let Some(text) = utf8(file, bytes, findings) else {
        return Vec::new();
    };
    let mut records = Records::new(file, text, layout.rows + 1);
    let Some(header) = records.next(findings) else {
        findings.add(&Place::file(file), &Problem::NoHeader);
        return Vec::new();
    };
    let Some(columns) = header_of(file, &header.1, layout, findings) else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    while let Some((number, cells)) = records.next(findings) {
        let place = Place::row(file, number);
        if cells.iter().all(String::is_empty) {
            continue;
        }
        let beside =
            |(i, cell): (usize, &String)| !cell.is_empty() && columns.get(i).is_none_or(String::is_empty);
        if cells.iter().enumerate().any(beside) {
            findings.add(&place, &Problem::CellBesideTable);
        }
        rows.push(Row {
            place,
            cells: columns.iter().cloned().zip(cells).collect(),
        });
    }
    rows
}

fn header_of(file: &str, cells: &[String], layout: Layout, findings: &mut Findings) -> Option<Vec<String>> {
    let place = Place::row(file, 1);
    let before = findings.count();
    if cells.len() > limits::SHEET_COLUMNS {
        findings.add(
            &place,
            &Problem::TooManyColumns {
                max: limits::SHEET_COLUMNS,
            },
        );
        return None;
    }
    for (i, column) in cells.iter().enumerate() {
        if column.is_empty() {
            // A spreadsheet writes empty columns beside the table; what stands in one of them is found with its row.
            continue;
        }
        if cells[..i].contains(column) {
            findings.add(&place.at(column), &Problem::ColumnTwice);
        } else if !layout.takes(column) {
            let known = [layout.required, layout.optional].concat().join(" ");
            findings.add(&place.at(column), &Problem::UnknownColumn { known });
        }
    }
    for column in layout.required {
        if !cells.iter().any(|cell| cell == column) {
            findings.add(&place.at(column), &Problem::ColumnMissing);
        }
    }
    (findings.count() == before).then(|| cells.to_vec())
}

/// The records of a CSV text, with the row a spreadsheet shows each in.
struct Records<'t> {
    file: &'t str,
    rest: &'t str,
    row: u32,
    left: usize,
}

impl<'t> Records<'t> {
    fn new(file: &'t str, text: &'t str, most: usize) -> Self {
        Self {
            file,
            rest: text,
            row: 0,
            left: most,
        }
    }

    fn next(&mut self, findings: &mut Findings) -> Option<(u32, Vec<String>)> {
        if self.rest.is_empty() {
            return None;
        }
        self.row += 1;
        let place = Place::row(self.file, self.row);
        if self.left == 0 {
            findings.add(&place, &Problem::TooManyRows);
            self.rest = "";
            return None;
        }
        self.left -= 1;
        let mut cells = Vec::new();
        loop {
            let Some((cell, end)) = self.cell(&place, findings) else {
                self.rest = "";
                return None;
            };
            if cell.len() > limits::CELL_BYTES {
                findings.add(
                    &place,
                    &Problem::CellTooLong {
                        max: limits::CELL_BYTES,
                    },
                );
                cells.push(String::new());
            } else {
                cells.push(cell.trim().to_owned());
            }
            if end == End::Row {
                return Some((self.row, cells));
            }
            if cells.len() > 8 * limits::SHEET_COLUMNS {
                findings.add(
                    &place,
                    &Problem::TooManyColumns {
                        max: limits::SHEET_COLUMNS,
                    },
                );
                self.rest = "";
                return None;
            }
        }
    }

    /// One cell and what ended it.
    fn cell(&mut self, place: &Place, findings: &mut Findings) -> Option<(String, End)> {
        let Some(quoted) = self.rest.strip_prefix('"') else {
            let at = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
            let cell = self.rest[..at].to_owned();
            if cell.contains('"') {
                findings.add(place, &Problem::StrayQuote);
            }
            let end = self.end(at);
            return Some((cell, end));
        };
        let mut cell = String::new();
        let mut rest = quoted;
        loop {
            let Some(at) = rest.find('"') else {
                findings.add(place, &Problem::QuoteNotClosed);
                return None;
            };
            cell.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            match rest.strip_prefix('"') {
                Some(more) => {
                    cell.push('"');
                    rest = more;
                }
                None => break,
            }
        }
        self.rest = rest;
        let at = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
        if !self.rest[..at].trim().is_empty() {
            findings.add(place, &Problem::StrayQuote);
        }
        Some((cell, self.end(at)))
    }

    /// Step over the separator at `at`.
    fn end(&mut self, at: usize) -> End {
        let comma = self.rest[at..].starts_with(',');
        self.rest = self.rest.get(at + 1..).unwrap_or("");
        match comma {
            true => End::Cell,
            false => End::Row,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Cell,
    Row,
}
