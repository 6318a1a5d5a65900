//! `law/migrate/3-4.toml`: what becomes of a record of version 3 that goes on under version 4.
//!
//! Only what changes its name or goes is named; whatever keeps its name stays. Not the applying, which is the fold's.

use crate::document::Section;
use crate::finding::{Findings, Place};
use crate::names::{ClockId, FactId, KindId, Name, SeatId, StateId};
use crate::problem::Problem;
use crate::sheet;
use std::collections::BTreeMap;

const FOLDER: &str = "law/migrate/";

/// What becomes of a kind's names. A name that maps to nothing is dropped with what it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KindMigration {
    /// Of its states; each becomes another, for a record stands somewhere.
    pub states: BTreeMap<StateId, StateId>,
    /// Of its facts.
    pub facts: BTreeMap<FactId, Option<FactId>>,
    /// Of its seats.
    pub seats: BTreeMap<SeatId, Option<SeatId>>,
    /// Of its clocks.
    pub clocks: BTreeMap<ClockId, Option<ClockId>>,
}

/// From one version to a later one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// From this version.
    pub from: u32,
    /// To this one.
    pub to: u32,
    /// By kind.
    pub kinds: BTreeMap<KindId, KindMigration>,
    /// The file.
    pub place: Place,
}

/// The versions a path of the folder names.
pub(crate) fn versions_of(path: &str) -> Option<(u32, u32)> {
    let name = path.strip_prefix(FOLDER)?.strip_suffix(".toml")?;
    let (from, to) = name.split_once('-')?;
    let version = |text: &str| {
        text.parse::<u32>()
            .ok()
            .filter(|number| number.to_string() == text)
    };
    Some((version(from)?, version(to)?))
}

pub(crate) fn read(
    path: &str,
    (from, to): (u32, u32),
    root: &Section<'_>,
    findings: &mut Findings,
) -> Migration {
    root.only(&["kind"], findings);
    let mut kinds = BTreeMap::new();
    for (id, section) in root.named::<KindId>("kind", findings) {
        section.only(&["state", "fact", "seat", "clock"], findings);
        let mut states = BTreeMap::new();
        for (old, new, at) in pairs::<StateId>(&section, "state", findings) {
            match new {
                Some(new) => {
                    states.insert(old, new);
                }
                None => findings.add(&at, &Problem::CellMissing),
            }
        }
        let migration = KindMigration {
            states,
            facts: mapped(&section, "fact", findings),
            seats: mapped(&section, "seat", findings),
            clocks: mapped(&section, "clock", findings),
        };
        kinds.insert(id, migration);
    }
    Migration {
        from,
        to,
        kinds,
        place: Place::file(path),
    }
}

fn mapped<N: Name>(section: &Section<'_>, key: &str, findings: &mut Findings) -> BTreeMap<N, Option<N>> {
    let pairs = pairs::<N>(section, key, findings);
    pairs.into_iter().map(|(old, new, _)| (old, new)).collect()
}

/// Each old name with the new one; blank is none.
fn pairs<N: Name>(section: &Section<'_>, key: &str, findings: &mut Findings) -> Vec<(N, Option<N>, Place)> {
    let Some(table) = section.has(key).then(|| section.section(key, findings)).flatten() else {
        return Vec::new();
    };
    let mut pairs = Vec::new();
    for old in table.keys() {
        let at = table.at(old);
        let Some(text) = table.text(old, findings) else {
            continue;
        };
        let new = match text {
            "" => Some(None),
            text => sheet::name::<N>(text, &at, findings).map(Some),
        };
        if let (Some(old), Some(new)) = (sheet::name::<N>(old, &at, findings), new) {
            pairs.push((old, new, at));
        }
    }
    pairs
}
