//! Laws from folders, acts with little said, and numbers that look random and are the same on every run.

use shenhai_crypto::Digest32;
use shenhai_flow::Calendar;
use shenhai_flow::fold::{Act, Actor, Answers, Asked, Code, Given, Law, Outward, Prepared, What, apply};
use shenhai_flow::record::{Item, Record};
use shenhai_forms::value::{Time, Value};
use shenhai_pack::names::{ActId, AskId, KindId, Name, PackId, RoleName};
use shenhai_pack::{Level, PackFiles, PackRef, Roots, check};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The pack in a folder of the repository, as a law.
pub(crate) fn law(folder: &str) -> Law {
    fn walk(folder: &Path, at: &str, files: &mut PackFiles) {
        for entry in fs::read_dir(folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .expect("a name")
                .to_str()
                .expect("UTF-8")
                .to_owned();
            let inside = if at.is_empty() {
                name
            } else {
                format!("{at}/{name}")
            };
            if path.is_dir() {
                walk(&path, &inside, files);
            } else {
                files
                    .insert(&inside, fs::read(&path).expect("a file"))
                    .expect("a file of a pack");
            }
        }
    }
    let mut files = PackFiles::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
        "",
        &mut files,
    );
    let checked = check(&files);
    let errors: Vec<String> = checked
        .findings
        .iter()
        .filter(|finding| finding.level() == Level::Error)
        .map(ToString::to_string)
        .collect();
    assert_eq!(errors, Vec::<String>::new(), "{folder}");
    let pack = checked.pack.expect("a pack without errors");
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

pub(crate) fn time(text: &str) -> Time {
    Time::read(text).expect("an instant")
}

/// Milliseconds later.
pub(crate) fn later(at: Time, millis: i64) -> Time {
    Time::new(at.millis() + millis).expect("within the calendar")
}

pub(crate) fn text(text: &str) -> Item {
    Item::Plain(Value::text(text))
}

pub(crate) fn answers<'a>(items: impl IntoIterator<Item = (&'a str, Item)>) -> Answers {
    Answers {
        items: items
            .into_iter()
            .map(|(name, item)| (name.to_owned(), item))
            .collect(),
        ..Answers::default()
    }
}

pub(crate) fn person(user: &str, unit: &str, role: &str, scopes: &[&str]) -> Actor {
    Actor::Person {
        user: user.to_owned(),
        unit: unit.to_owned(),
        role: name::<RoleName>(role),
        scopes: scopes.iter().map(ToString::to_string).collect::<BTreeSet<_>>(),
    }
}

/// An act with what a test says of it; the rest is plain.
#[derive(Clone)]
pub(crate) struct Doing<'l> {
    pub(crate) law: &'l Law,
    pub(crate) kind: KindId,
    pub(crate) what: What,
    pub(crate) entry: String,
    pub(crate) device: Option<String>,
    pub(crate) base_rev: Option<u64>,
    pub(crate) filled: Option<Time>,
    pub(crate) answers: Prepared,
    pub(crate) asked: Vec<(&'static str, &'static str, &'static str)>,
    pub(crate) submission: Option<Digest32>,
}

impl<'l> Doing<'l> {
    pub(crate) fn new(law: &'l Law, kind: &str, act: &str) -> Self {
        Self {
            law,
            kind: name(kind),
            what: What::Named(name::<ActId>(act)),
            entry: format!("entry-{act}"),
            device: None,
            base_rev: None,
            filled: None,
            answers: Prepared(Ok(Answers::default())),
            asked: Vec::new(),
            submission: None,
        }
    }

    pub(crate) fn with<'a>(mut self, items: impl IntoIterator<Item = (&'a str, Item)>) -> Self {
        self.answers = Prepared(Ok(answers(items)));
        self
    }

    pub(crate) fn asked(mut self, name: &'static str, value: &'static str, unit: &'static str) -> Self {
        self.asked.push((name, value, unit));
        self
    }

    /// Signed by this device, which had received this revision.
    pub(crate) fn by_device(mut self, device: &str, base_rev: u64) -> Self {
        self.device = Some(device.to_owned());
        self.base_rev = Some(base_rev);
        self
    }

    pub(crate) fn entry(mut self, entry: &str) -> Self {
        self.entry = entry.to_owned();
        self
    }

    pub(crate) fn at(
        &self,
        at: Time,
        record: Option<&Record>,
        by: &Actor,
    ) -> Result<(Record, Vec<Outward>), shenhai_flow::fold::Refusal> {
        let given = Given {
            at,
            calendar: Calendar::standard(),
            asked: self
                .asked
                .iter()
                .map(|(ask, value, unit)| {
                    let asked = Asked {
                        value: (*value).to_owned(),
                        unit: (!unit.is_empty()).then(|| (*unit).to_owned()),
                    };
                    (name::<AskId>(ask), asked)
                })
                .collect(),
        };
        let act = Act {
            kind: &self.kind,
            record: record.map(|record| record.id.as_str()),
            what: &self.what,
            law: self.law.reference(),
            entry: &self.entry,
            work: &self.entry,
            device: self.device.as_deref(),
            base_rev: self.base_rev,
            filled: self.filled.unwrap_or(at),
            submission: self.submission,
            forms: &self.answers,
            given: &given,
        };
        apply(record, &act, by, self.law)
    }

    /// The code with which it is refused.
    pub(crate) fn refused(&self, at: Time, record: &Record, by: &Actor) -> Code {
        self.at(at, Some(record), by).expect_err("a refusal").code
    }
}

/// SplitMix64: numbers for cases, the same on every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    pub(crate) fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        let nth = usize::try_from(self.below(of.len() as u64)).expect("small");
        of[nth].clone()
    }
}
