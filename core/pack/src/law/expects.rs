//! `law/expects.csv`: what this pack reads of records of other packs at its links.
//!
//! Declared here and not looked up there, so that a law stands by itself: a device may hold it without the other pack,
//! and a later version of that one changes nothing of what was pinned. Whether the other side gives it is checked where
//! both are at hand.

use super::effects::KindRef;
use super::facts::FactType;
use crate::finding::{Findings, Place};
use crate::limits;
use crate::names::FactId;
use crate::problem::Problem;
use crate::sheet::{Layout, Row};

pub(crate) const FILE: &str = "law/expects.csv";
pub(crate) const LAYOUT: Layout = Layout {
    required: &["of", "name", "type"],
    optional: &["list"],
    open: false,
    rows: limits::SHEET_ROWS,
};

/// A fact of another pack's kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Of which kind.
    pub of: KindRef,
    /// Its name there.
    pub name: FactId,
    /// Its type; a list is one of this pack with the other's codes.
    pub kind: FactType,
    /// Its row.
    pub place: Place,
}

pub(crate) fn read(rows: &[Row], findings: &mut Findings) -> Vec<Expected> {
    let mut all: Vec<Expected> = Vec::new();
    for row in rows {
        let at = row.at("of");
        let of = match row.cell("of") {
            "" => {
                findings.add(&at, &Problem::CellMissing);
                None
            }
            text => KindRef::parse(text, &at, findings),
        };
        if of.as_ref().is_some_and(|of| of.pack.is_none()) {
            findings.add(&at, &Problem::OwnKindExpected);
            continue;
        }
        let name = row.name::<FactId>("name", findings);
        let kind = FactType::parse(row, findings);
        let (Some(of), Some(name), Some(kind)) = (of, name, kind) else {
            continue;
        };
        if matches!(kind, FactType::Table | FactType::Marks) {
            findings.add(&row.at("type"), &Problem::NestedTable);
        } else if all.iter().any(|earlier| earlier.of == of && earlier.name == name) {
            let name = name.to_string();
            findings.add(&row.at("name"), &Problem::NamedTwice { name });
        } else {
            let place = row.place.clone();
            all.push(Expected {
                of,
                name,
                kind,
                place,
            });
        }
    }
    all
}
