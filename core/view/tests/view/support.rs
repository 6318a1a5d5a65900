//! The pack of river patrols, acts upon its records, and a look at what comes of them.

use shenhai_crypto::Digest32;
use shenhai_flow::Calendar;
use shenhai_flow::fold::{Act, Actor, Asked, Disclosure, Given, JsonAnswers, Law, What, apply};
use shenhai_flow::record::Record;
use shenhai_forms::value::Time;
use shenhai_pack::names::{ActId, FactId, KindId, Name, PackId, RoleName};
use shenhai_pack::{Level, PackFiles, PackRef, Roots, check};
use shenhai_view::{Around, Look, Names, Openings};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The pack in a folder of the repository.
pub(crate) fn law(folder: &str) -> Law {
    fn walk(folder: &Path, at: &str, files: &mut PackFiles) {
        for entry in fs::read_dir(folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            let inside = format!("{at}{name}");
            match path.is_dir() {
                true => walk(&path, &format!("{inside}/"), files),
                false => files
                    .insert(&inside, fs::read(&path).expect("a file"))
                    .expect("a file of a pack"),
            }
        }
    }
    let mut files = PackFiles::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    walk(&root.join(folder), "", &mut files);
    let checked = check(&files);
    let errors: Vec<_> = checked
        .findings
        .iter()
        .filter(|finding| finding.level() == Level::Error)
        .collect();
    assert!(errors.is_empty(), "{folder}: {errors:?}");
    let pack = checked.pack.expect("a pack");
    let reference = PackRef {
        id: PackId::parse(pack.manifest.id.as_str()).expect("a name"),
        version: pack.manifest.version,
        law: Roots::of(&files).law,
    };
    Law::new(pack, reference)
}

pub(crate) fn name<N: Name>(text: &str) -> N {
    N::parse(text).expect("a name")
}

/// A day of November 2026 and a time on it, at the city's clock.
pub(crate) fn november(day: u32, time: &str) -> Time {
    Time::read(&format!("2026-11-{day:02}T{time}:00.000+08:00")).expect("an instant")
}

pub(crate) fn person(user: &str, role: &str, scopes: &[&str]) -> Actor {
    Actor::Person {
        user: user.to_owned(),
        unit: "hp".to_owned(),
        role: name::<RoleName>(role),
        scopes: scopes.iter().map(ToString::to_string).collect(),
    }
}

pub(crate) fn planner() -> Actor {
    person("chen", "planner", &["bureau"])
}

pub(crate) fn inspector() -> Actor {
    person("wang", "inspector", &["person:wang"])
}

/// What is given to an act.
pub(crate) struct Doing<'a> {
    pub(crate) law: &'a Law,
    pub(crate) kind: &'a str,
    pub(crate) act: &'a str,
    pub(crate) answers: &'a str,
    pub(crate) disclosures: Vec<Disclosure>,
    pub(crate) asked: &'a [(&'a str, &'a str)],
}

impl Doing<'_> {
    pub(crate) fn at(&self, at: Time, record: Option<&Record>, by: &Actor) -> Record {
        let kind = name::<KindId>(self.kind);
        let what = What::Named(name::<ActId>(self.act));
        let asked = self.asked.iter().map(|(ask, value)| {
            let value = (*value).to_owned();
            (name(ask), Asked { value, unit: None })
        });
        let given = Given {
            at,
            calendar: Calendar::standard(),
            asked: asked.collect(),
        };
        let forms = JsonAnswers::new(self.answers.as_bytes(), self.disclosures.clone());
        let entry = format!("entry-{}-{}", self.act, at.millis());
        let act = Act {
            kind: &kind,
            record: None,
            what: &what,
            law: self.law.reference(),
            entry: &entry,
            work: &entry,
            device: None,
            base_rev: None,
            filled: at,
            submission: None::<Digest32>,
            forms: &forms,
            given: &given,
        };
        apply(record, &act, by, self.law).expect("taken").0
    }
}

pub(crate) fn act<'a>(law: &'a Law, act: &'a str, answers: &'a str) -> Doing<'a> {
    Doing {
        law,
        kind: "patrol",
        act,
        answers,
        disclosures: Vec::new(),
        asked: &[],
    }
}

const PLANNED: &str = r#"{"river": "苏州河", "reach": "西藏路桥至河南路桥", "district": "310101",
    "planned_on": "2026-11-24", "inspector": "wang"}"#;

/// A patrol planned on Monday, 23 November 2026, at 10:00.
pub(crate) fn planned(law: &Law, number: &str) -> Record {
    let asked = [("no", number)];
    let doing = Doing {
        asked: if number.is_empty() { &[] } else { &asked },
        ..act(law, "plan", PLANNED)
    };
    doing.at(november(23, "10:00"), None, &planner())
}

/// What is known around a look.
pub(crate) struct Known {
    pub(crate) names: Names,
    pub(crate) openings: Openings,
    pub(crate) later: BTreeSet<FactId>,
}

impl Known {
    pub(crate) fn nothing() -> Self {
        Self {
            names: BTreeMap::new(),
            openings: Openings::new(),
            later: BTreeSet::new(),
        }
    }

    pub(crate) fn look<'a>(&'a self, law: &'a Law, record: &'a Record, now: Time, masked: bool) -> Look<'a> {
        let around = Around {
            law,
            face: &law.pack().face,
            calendar: Calendar::standard(),
            now,
            names: &self.names,
            openings: &self.openings,
            masked,
            later: &self.later,
        };
        Look::new(record, around).expect("a kind of the law")
    }
}
