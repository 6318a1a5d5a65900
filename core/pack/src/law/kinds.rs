//! The column `kind`, by which every row of a sheet says to which of the pack's kinds it belongs.
//!
//! Not what a kind is (`pack.toml` names them). Called by the reader of every sheet.

use crate::finding::Findings;
use crate::manifest::Manifest;
use crate::names::{KindId, Name};
use crate::problem::Problem;
use crate::sheet::{self, Row};
use std::collections::BTreeMap;

/// Things of a sheet by the kind they belong to, each in the order of the sheet.
pub(crate) type OfKind<T> = BTreeMap<KindId, Vec<T>>;

/// The kinds a row may name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kinds<'m>(pub(crate) &'m Manifest);

impl Kinds<'_> {
    /// The kind of a row. In a pack of one kind the column may be blank or left out.
    pub(crate) fn of(self, row: &Row, findings: &mut Findings) -> Option<KindId> {
        self.named(row.cell("kind"), &row.at("kind"), findings)
    }

    /// The kind a text names, by the same rule.
    pub(crate) fn named(
        self,
        text: &str,
        place: &crate::finding::Place,
        findings: &mut Findings,
    ) -> Option<KindId> {
        let kinds = &self.0.kinds;
        if text.is_empty() {
            if kinds.len() == 1 {
                return kinds.keys().next().cloned();
            }
            findings.add(place, &Problem::CellMissing);
            return None;
        }
        let name = sheet::name::<KindId>(text, place, findings)?;
        if kinds.contains_key(&name) {
            return Some(name);
        }
        let problem = Problem::Unknown {
            what: KindId::WHAT,
            name: name.to_string(),
        };
        findings.add(place, &problem);
        None
    }
}
