//! `pack.lock`: what the pack was when it was last built – the digest of every file, both roots, and every name it ever
//! used with what the name meant.
//!
//! Written by `shenhai-pack build` and never by hand. A name of the lock keeps its meaning for good: a record of any
//! version may carry it.

use crate::Pack;
use crate::digest::{Roots, is_covered};
use crate::files::PackFiles;
use crate::finding::{Findings, Place};
use crate::law::{Fact, Holds, Kind, Migration};
use crate::names::{KindId, Name, PackId, StateId};
use crate::problem::Problem;
use shenhai_crypto::{Digest32, sm3};
use std::collections::BTreeMap;
use std::fmt;

/// The file's path.
pub const LOCK: &str = "pack.lock";
const FIRST_LINE: &str = "shenhai-pack-lock 1";

/// A lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The pack.
    pub id: PackId,
    /// Its version.
    pub version: u32,
    /// Both roots.
    pub roots: Roots,
    /// SM3 of every file that a root covers.
    pub files: BTreeMap<String, Digest32>,
    /// Every name ever used.
    pub names: BTreeMap<String, Used>,
}

/// How a name was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// The last version that had it.
    pub last: u32,
    /// What it meant.
    pub meaning: String,
}

impl Lock {
    /// The lock of a pack as it stands, keeping the names of the lock before.
    #[must_use]
    pub fn of(files: &PackFiles, pack: &Pack, before: Option<&Self>) -> Self {
        let mut names = before.map(|lock| lock.names.clone()).unwrap_or_default();
        let last = pack.manifest.version;
        let used = names_of(pack).into_iter();
        names.extend(used.map(|(name, meaning)| (name, Used { last, meaning })));
        Self {
            id: pack.manifest.id.clone(),
            version: pack.manifest.version,
            roots: Roots::of(files),
            files: files
                .iter()
                .filter(|(path, _)| is_covered(path))
                .map(|(path, bytes)| (path.to_owned(), sm3(bytes)))
                .collect(),
            names,
        }
    }

    /// The lock of a text; `None` for any text that [`Self`] is not written as.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next()? != FIRST_LINE {
            return None;
        }
        let (id, version) = lines.next()?.strip_prefix("pack ")?.split_once(' ')?;
        let law = Digest32::from_hex(lines.next()?.strip_prefix("law ")?)?;
        let face = Digest32::from_hex(lines.next()?.strip_prefix("face ")?)?;
        let mut lock = Self {
            id: PackId::parse(id)?,
            version: version.parse().ok()?,
            roots: Roots { law, face },
            files: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        for line in lines {
            match line.split_once(' ')? {
                ("file", rest) => {
                    let (digest, path) = rest.split_once(' ')?;
                    lock.files.insert(path.to_owned(), Digest32::from_hex(digest)?);
                }
                ("name", rest) => {
                    let (last, rest) = rest.split_once(' ')?;
                    let (name, meaning) = rest.split_once(' ')?;
                    let used = Used {
                        last: last.parse().ok()?,
                        meaning: meaning.to_owned(),
                    };
                    lock.names.insert(name.to_owned(), used);
                }
                _ => return None,
            }
        }
        // One text per lock: nothing hides in an order or a repetition.
        (lock.to_string() == text).then_some(lock)
    }
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        writeln!(f, "pack {} {}", self.id, self.version)?;
        writeln!(f, "law {}", self.roots.law)?;
        writeln!(f, "face {}", self.roots.face)?;
        for (path, digest) in &self.files {
            writeln!(f, "file {digest} {path}")?;
        }
        for (name, Used { last, meaning }) in &self.names {
            writeln!(f, "name {last} {name} {meaning}")?;
        }
        Ok(())
    }
}

/// Every name of a pack with what it means.
fn names_of(pack: &Pack) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for (id, kind) in &pack.law.kinds {
        names_of_kind(&format!("kind.{id}"), kind, &mut names);
    }
    for (id, list) in &pack.law.lists {
        names.extend(
            list.order
                .iter()
                .map(|code| (format!("list.{id}.{code}"), "code".to_owned())),
        );
    }
    for (id, form) in &pack.law.forms {
        for answer in &form.answers {
            let meaning = meaning(&answer.kind.spelling(), answer.class);
            names.insert(format!("form.{id}.{}", answer.name), meaning);
            for column in &answer.columns {
                let meaning = self::meaning(&column.kind.spelling(), column.class);
                names.insert(format!("form.{id}.{}.{}", answer.name, column.name), meaning);
            }
        }
    }
    names
}

fn names_of_kind(prefix: &str, kind: &Kind, names: &mut BTreeMap<String, String>) {
    names.insert(prefix.to_owned(), "kind".to_owned());
    let fact = |fact: &Fact| meaning(&fact.kind.spelling(), fact.class);
    for owner in &kind.facts {
        names.insert(format!("{prefix}.fact.{}", owner.name), fact(owner));
        for column in &owner.columns {
            names.insert(
                format!("{prefix}.fact.{}.{}", owner.name, column.name),
                fact(column),
            );
        }
    }
    for state in &kind.states {
        names.insert(
            format!("{prefix}.state.{}", state.id),
            state.category.word().to_owned(),
        );
    }
    for seat in &kind.seats {
        let holds = match seat.holds {
            Holds::Person => "person",
            Holds::Unit => "unit",
            Holds::Place => "place",
        };
        let many = if seat.many { " many" } else { "" };
        names.insert(format!("{prefix}.seat.{}", seat.id), format!("{holds}{many}"));
    }
    for act in &kind.acts {
        names.insert(format!("{prefix}.act.{}", act.id), "act".to_owned());
    }
    for clock in &kind.clocks {
        names.insert(format!("{prefix}.clock.{}", clock.id), "clock".to_owned());
    }
}

fn meaning(spelling: &str, class: Option<crate::law::Class>) -> String {
    match class {
        Some(class) => format!("{spelling} {}", class.word()),
        None => spelling.to_owned(),
    }
}

/// Hold a pack against the lock that lies beside it: the version, and what names meant.
pub(crate) fn check(files: &PackFiles, pack: &Pack, findings: &mut Findings) {
    let Some(bytes) = files.get(LOCK) else {
        return;
    };
    let at = Place::file(LOCK);
    let Some(lock) = std::str::from_utf8(bytes).ok().and_then(Lock::parse) else {
        findings.add(&at, &Problem::NotALock);
        return;
    };
    if lock.id != pack.manifest.id {
        findings.add(
            &at,
            &Problem::OtherPack {
                id: lock.id.to_string(),
            },
        );
        return;
    }
    let version = pack.manifest.version;
    let place = Place::file(crate::MANIFEST).at("version");
    if version < lock.version {
        let held = lock.version;
        findings.add(&place, &Problem::OlderVersion { version, held });
    } else if version == lock.version && Roots::of(files).law != lock.roots.law {
        findings.add(&place, &Problem::VersionNotRaised { version });
    }
    let names = names_of(pack);
    for (name, Used { meaning: was, .. }) in &lock.names {
        match names.get(name) {
            None if name.starts_with("list.") => {
                let list = name.split('.').nth(1).unwrap_or_default();
                let at = Place::file(&format!("law/lists/{list}.csv"));
                findings.add(&at, &Problem::CodeGone { name: name.clone() });
            }
            Some(now) if now != was => {
                let problem = Problem::MeaningChanged {
                    name: name.clone(),
                    was: was.clone(),
                    now: now.clone(),
                };
                findings.add(&at, &problem);
            }
            _ => {}
        }
    }
    for migration in &pack.law.migrations {
        migrates(migration, pack, &lock, findings);
    }
}

/// Whether a migration to this version says of every name that is gone what becomes of it.
fn migrates(migration: &Migration, pack: &Pack, lock: &Lock, findings: &mut Findings) {
    if migration.to != pack.manifest.version {
        return;
    }
    let names = names_of(pack);
    let used = lock.names.iter().filter(|(_, used)| used.last >= migration.from);
    for (name, used) in used.filter(|(name, _)| !names.contains_key(*name)) {
        let parts: Vec<&str> = name.split('.').collect();
        // Acts leave nothing behind in a record, and a column goes with its cells.
        let ["kind", kind, what @ ("state" | "fact" | "seat" | "clock"), old] = parts.as_slice() else {
            continue;
        };
        match becomes(migration, kind, what, old) {
            None => findings.add(&migration.place, &Problem::NotMapped { name: name.clone() }),
            Some(None) => {}
            Some(Some(new)) => {
                let now = names.get(&format!("kind.{kind}.{what}.{new}"));
                // A state may come to stand for less or more; a value must stay of its type.
                if let Some(now) = now.filter(|now| *what != "state" && **now != used.meaning) {
                    let problem = Problem::MapsToOther {
                        name: name.clone(),
                        was: used.meaning.clone(),
                        now: now.clone(),
                    };
                    findings.add(&migration.place, &problem);
                }
            }
        }
    }
}

/// What a migration makes of a name: nothing said, dropped, or another name.
fn becomes(migration: &Migration, kind: &str, what: &str, old: &str) -> Option<Option<String>> {
    fn look<N: Name>(map: &BTreeMap<N, Option<N>>, old: &str) -> Option<Option<String>> {
        let new = map.get(&N::parse(old)?)?;
        Some(new.as_ref().map(ToString::to_string))
    }
    let of = migration.kinds.get(&KindId::parse(kind)?)?;
    match what {
        "state" => of
            .states
            .get(&StateId::parse(old)?)
            .map(|new| Some(new.to_string())),
        "fact" => look(&of.facts, old),
        "seat" => look(&of.seats, old),
        _ => look(&of.clocks, old),
    }
}
