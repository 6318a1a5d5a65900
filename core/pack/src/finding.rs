//! What is wrong with a pack, in the terms of the person who wrote it: a code, a place, a sentence.
//!
//! Not the checks. The sentences are those of `problem`; the codes stand for themselves in any language. Shown by
//! `shenhai-pack` and by whoever takes a pack in.

use crate::limits;
use crate::problem::Problem;
use std::collections::BTreeSet;
use std::fmt;

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// Path of the file within the pack; empty for the pack as a whole.
    pub file: String,
    /// Row of a sheet as a spreadsheet counts it (the header is 1), or line of a text file.
    pub row: Option<u32>,
    /// Table of a TOML file, such as `clock.finish`.
    pub table: Option<String>,
    /// Column of a sheet, or key of a TOML file.
    pub column: Option<String>,
}

impl Place {
    /// A file as a whole.
    #[must_use]
    pub fn file(path: &str) -> Self {
        Self {
            file: path.to_owned(),
            ..Self::default()
        }
    }

    /// A row of it.
    #[must_use]
    pub fn row(path: &str, row: u32) -> Self {
        Self {
            row: Some(row),
            ..Self::file(path)
        }
    }

    /// The same row, in one column.
    #[must_use]
    pub fn at(&self, column: &str) -> Self {
        Self {
            column: Some(column.to_owned()),
            ..self.clone()
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.file.is_empty() {
            "业务包"
        } else {
            &self.file
        })?;
        if let Some(table) = &self.table {
            write!(f, " [{table}]")?;
        }
        if let Some(row) = self.row {
            write!(f, " 第{row}行")?;
        }
        if let Some(column) = &self.column {
            write!(f, " {column}")?;
        }
        Ok(())
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The pack is not taken.
    Error,
    /// The pack is taken; somebody should look.
    Warning,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// Which kind of problem, such as `E214`.
    pub code: String,
    /// What, in simplified Chinese.
    pub text: String,
}

impl Finding {
    /// How much it weighs; its code begins with the level's letter.
    #[must_use]
    pub fn level(&self) -> Level {
        match self.code.starts_with('W') {
            true => Level::Warning,
            false => Level::Error,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}：{}", self.code, self.place, self.text)
    }
}

/// Findings as they are made: sorted by place, each once, bounded.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    found: BTreeSet<Finding>,
    dropped: usize,
}

impl Findings {
    /// Note a problem.
    pub(crate) fn add(&mut self, place: &Place, problem: &Problem) {
        self.note(place, problem.code(), problem.text());
    }

    /// Note what another crate found.
    pub(crate) fn note(&mut self, place: &Place, code: &str, text: String) {
        self.found.insert(Finding {
            place: place.clone(),
            code: code.to_owned(),
            text,
        });
        if self.found.len() > limits::FINDINGS {
            self.found.pop_last();
            self.dropped += 1;
        }
    }

    /// How many were made so far, to see whether a step made any.
    pub(crate) fn count(&self) -> usize {
        self.found.len() + self.dropped
    }

    /// All of them; a last one says how many more there were.
    pub(crate) fn finish(self) -> Vec<Finding> {
        let mut all: Vec<_> = self.found.into_iter().collect();
        if self.dropped > 0 {
            let problem = Problem::TooManyFindings { more: self.dropped };
            all.push(Finding {
                place: Place::default(),
                code: problem.code().to_owned(),
                text: problem.text(),
            });
        }
        all
    }
}
