//! A day on the river, signed and judged by a small gateway of the test's own, judged again from what was signed.

use shenhai_crypto::sm3;
use shenhai_flow::Calendar;
use shenhai_flow::fold::{Answers, Disclosure, Forms, Given, JsonAnswers, Law, Prepared, apply};
use shenhai_flow::record::{Item, Record, commitment};
use shenhai_forms::value::Value;
use shenhai_pack::names::{Name, PackId};
use shenhai_pack::{Level, PackFiles, PackRef, Roots, check};
use shenhai_protocol::{
    Actor, Asked, Beside, Cause, CmdId, EntryBy, Envelope, ErrorCode, FormRef, GivenFacts, HexHash, OwnEntry,
    PROTOCOL_VERSION, Receipt, RecordRef, SubmissionRef, UnixMillis, Verdict,
};
use shenhai_replay::{
    Difference, Entry, Shelf, Wording, code_of, disclosures, given, law_ref, person, replay,
};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// 2026-03-02 09:00 at the city's clock, a Monday.
const MORNING: i64 = 1_772_413_200_000;
const MINUTE: i64 = 60_000;

struct River(Law);

impl Shelf for River {
    fn law(&self, law: &PackRef) -> Option<&Law> {
        (law == self.0.reference()).then_some(&self.0)
    }

    fn calendar(&self, version: &str) -> Option<&Calendar> {
        Some(Calendar::standard()).filter(|calendar| calendar.version() == version)
    }
}

impl River {
    fn read() -> Self {
        fn walk(folder: &Path, at: &str, files: &mut PackFiles) {
            for entry in fs::read_dir(folder).expect("a folder of the repository") {
                let path = entry.expect("an entry").path();
                let name = path.file_name().expect("a name").to_str().expect("UTF-8");
                let inside = match at {
                    "" => name.to_owned(),
                    at => format!("{at}/{name}"),
                };
                if path.is_dir() {
                    walk(&path, &inside, files);
                } else {
                    let bytes = fs::read(&path).expect("a file");
                    files.insert(&inside, bytes).expect("a file of a pack");
                }
            }
        }
        let mut files = PackFiles::new();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/packs/river");
        walk(&folder, "", &mut files);
        let checked = check(&files);
        let errors = checked.findings.iter().filter(|one| one.level() == Level::Error);
        assert_eq!(
            errors.map(ToString::to_string).collect::<Vec<_>>(),
            Vec::<String>::new()
        );
        let pack = checked.pack.expect("a pack without errors");
        let reference = PackRef {
            id: PackId::parse("river").expect("a name"),
            version: 1,
            law: Roots::of(&files).law,
        };
        Self(Law::new(pack, reference))
    }
}

/// A step as it is kept.
enum Kept {
    Act(Box<(Envelope, Beside, Receipt)>),
    Own(Box<OwnEntry>),
}

impl Kept {
    fn entry(&self) -> Entry<'_> {
        match self {
            Self::Act(kept) => Entry::Act {
                envelope: &kept.0,
                beside: &kept.1,
                receipt: &kept.2,
            },
            Self::Own(entry) => Entry::Own(entry),
        }
    }
}

/// One patrol, its history, and what it came to.
struct Day {
    river: River,
    kept: Vec<Kept>,
    record: Option<Record>,
    seq: u64,
}

struct By {
    id: &'static str,
    role: &'static str,
    scope: &'static str,
}

const CHEN: By = By {
    id: "chen",
    role: "planner",
    scope: "bureau",
};
const LI: By = By {
    id: "li",
    role: "inspector",
    scope: "person:li",
};

impl Day {
    fn new() -> Self {
        Self {
            river: River::read(),
            kept: Vec::new(),
            record: None,
            seq: 0,
        }
    }

    fn at(&self) -> UnixMillis {
        UnixMillis(MORNING + i64::try_from(self.kept.len()).expect("few") * MINUTE)
    }

    fn given(&self, asked: &[(&str, &str)]) -> GivenFacts {
        GivenFacts {
            at: self.at(),
            calendar: Calendar::standard().version().to_owned(),
            asked: asked
                .iter()
                .map(|(name, value)| {
                    let answer = Asked {
                        value: (*value).to_owned(),
                        unit: None,
                    };
                    ((*name).to_owned(), answer)
                })
                .collect(),
        }
    }

    fn id(&self) -> String {
        match &self.record {
            Some(record) => record.id.clone(),
            // The first 16 bytes of SM3 of the work, a line feed and `0`.
            None => sm3(b"work-1\n0").to_hex()[..32].to_owned(),
        }
    }

    /// Sign, judge, keep.
    fn act(&mut self, by: &By, act: &str, answers: Option<serde_json::Value>, asked: &[(&str, &str)]) {
        self.seq += 1;
        let mut beside = Beside::default();
        let submission = answers.map(|mut answers| {
            if let Some(phone) = answers.get("witness_phone").cloned() {
                let phone = phone.as_str().expect("a text").to_owned();
                let digest = commitment("witness_phone", &[7; 16], &phone);
                answers["witness_phone"] = format!("sm3:{digest}").into();
                beside.disclosures.push(shenhai_protocol::Disclosure {
                    label: "witness_phone".to_owned(),
                    salt: "07".repeat(16),
                    value: phone,
                });
            }
            let text = answers.to_string();
            let named = SubmissionRef {
                sm3: HexHash(sm3(text.as_bytes()).to_hex()),
                bytes: text.len() as u64,
                media: "application/json".to_owned(),
            };
            beside.submission = Some(text);
            named
        });
        let law = law_ref(self.river.0.reference());
        let envelope = Envelope {
            v: PROTOCOL_VERSION,
            cmd_id: format!("cmd-{}", self.seq).as_str().into(),
            work: format!("work-{}", self.seq).as_str().into(),
            device_id: "device".into(),
            device_seq: self.seq,
            prev_hash: HexHash::zero(),
            actor: by.id.into(),
            role: by.role.into(),
            scope: by.scope.into(),
            record: RecordRef {
                kind: "river.patrol".into(),
                id: self.id().into(),
            },
            base_rev: self.record.as_ref().map_or(0, |record| record.rev),
            act: act.into(),
            form: submission.as_ref().map(|_| FormRef {
                id: act.into(),
                sm3: law.sm3.clone(),
            }),
            law: law.clone(),
            submission,
            files: Vec::new(),
            of: None,
            client_time: self.at(),
        };
        let mut receipt = Receipt {
            v: PROTOCOL_VERSION,
            cmd_id: envelope.cmd_id.clone(),
            work: envelope.work.clone(),
            device_id: envelope.device_id.clone(),
            device_seq: envelope.device_seq,
            hash: HexHash::zero(),
            record: envelope.record.clone(),
            by: Actor {
                id: by.id.into(),
                role: by.role.into(),
                unit: "north".into(),
            },
            law,
            verdict: Verdict::Accepted,
            code: None,
            cell: None,
            rev: None,
            given: self.given(asked),
            after: String::new(),
            changes: BTreeMap::new(),
            emulated: true,
        };
        let wording =
            Wording::of_command(&envelope, beside.submission.as_deref(), &receipt.given).expect("readable");
        let opened: Vec<Disclosure> = disclosures(&beside.disclosures).expect("salts");
        let text = beside.submission.clone();
        let forms: Box<dyn Forms> = match &text {
            Some(text) => Box::new(JsonAnswers::new(text.as_bytes(), opened)),
            None => Box::new(Prepared(Ok(Answers::default()))),
        };
        let of_law = given(&receipt.given, Calendar::standard()).expect("readable");
        let who = person(&receipt.by, &envelope.scope).expect("a role");
        let acting = wording.act(&*forms, &of_law);
        match apply(self.record.as_ref(), &acting, &who, &self.river.0) {
            Ok((record, _)) => {
                receipt.rev = Some(record.rev);
                receipt.after = record.digest().to_hex();
                self.record = Some(record);
            }
            Err(refusal) => {
                receipt.verdict = Verdict::Refused;
                receipt.code = Some(code_of(refusal.code));
            }
        }
        self.kept.push(Kept::Act(Box::new((envelope, beside, receipt))));
    }

    /// An entry of the gateway's own.
    fn own(&mut self, act: Option<&str>, by: EntryBy, facts: &Answers) {
        let record = self.record.as_ref().expect("a record");
        let mut entry = OwnEntry {
            v: PROTOCOL_VERSION,
            id: HexHash(sm3(format!("{by:?}").as_bytes()).to_hex()),
            record: RecordRef {
                kind: "river.patrol".into(),
                id: record.id.as_str().into(),
            },
            work: "own".into(),
            act: act.map(Into::into),
            law: law_ref(self.river.0.reference()),
            by,
            cause: Some(Cause::of_command(&CmdId::from("cmd-4"), 0)),
            facts: facts.spell(),
            given: self.given(&[]),
            rev: None,
            refused: None,
            after: String::new(),
        };
        let (wording, by) = Wording::of_entry(&entry).expect("readable");
        let forms = Prepared(Ok(facts.clone()));
        let of_law: Given<'_> = given(&entry.given, Calendar::standard()).expect("readable");
        match apply(Some(record), &wording.act(&forms, &of_law), &by, &self.river.0) {
            Ok((record, _)) => {
                entry.rev = Some(record.rev);
                entry.after = record.digest().to_hex();
                self.record = Some(record);
            }
            Err(refusal) => entry.refused = Some(refusal.code.word().to_owned()),
        }
        self.kept.push(Kept::Own(Box::new(entry)));
    }

    fn codes(&self) -> Vec<Option<ErrorCode>> {
        let code = |kept: &Kept| match kept {
            Kept::Act(kept) => Some(kept.2.code),
            Kept::Own(_) => None,
        };
        self.kept.iter().filter_map(code).collect()
    }

    fn replayed(&self) -> Result<Option<Record>, shenhai_replay::Divergence> {
        replay(self.kept.iter().map(Kept::entry), &self.river)
    }

    fn difference(&self) -> (usize, Difference) {
        let divergence = self.replayed().expect_err("a divergence");
        (divergence.step, divergence.difference)
    }

    fn receipt(&mut self, nth: usize) -> &mut Receipt {
        match &mut self.kept[nth] {
            Kept::Act(kept) => &mut kept.2,
            Kept::Own(_) => panic!("step {nth} is an own entry"),
        }
    }
}

/// A patrol is planned, walked, finds something, and ends when that is mended.
fn day() -> Day {
    let mut day = Day::new();
    let planned = serde_json::json!({"river": "样例河", "reach": "一号桥至二号桥", "district": "310101",
        "planned_on": "2026-03-02", "inspector": "li"});
    day.act(&CHEN, "plan", Some(planned), &[("no", "xc-2026-1")]);
    day.act(&CHEN, "start", None, &[]);
    day.act(&LI, "start", None, &[]);
    let reported = serde_json::json!({"matter": ["litter", "bank"], "urgency": "normal",
        "place": "31.2304 121.4737", "what": "护岸破损"});
    day.act(&LI, "report", Some(reported), &[]);
    day.act(&LI, "submit", Some(serde_json::json!({"water": "clear"})), &[]);
    day.act(
        &LI,
        "spot",
        Some(serde_json::json!({"name": "一号桥", "ok": true, "depth": "1.25"})),
        &[],
    );
    day.act(
        &LI,
        "submit",
        Some(serde_json::json!({"water": "dirty", "witness_phone": "13800000000"})),
        &[],
    );
    let key = day.record.as_ref().expect("a record").links[0].key;
    let news = |news: &str, outcome_of: Option<&str>, category: &str, gives: &[(&str, &str)]| EntryBy::Link {
        key: HexHash(key.to_hex()),
        news: news.to_owned(),
        outcome_of: outcome_of.map(str::to_owned),
        id: Some("found-1".into()),
        category: Some(category.to_owned()),
        gives: gives
            .iter()
            .map(|(name, field)| ((*name).to_owned(), (*field).to_owned()))
            .collect(),
        code: None,
    };
    day.own(None, news("new", Some("@open"), "new", &[]), &Answers::default());
    let gives = [("measure", "t已修补"), ("cost", "n1200.5")];
    day.own(None, news("done", None, "done", &gives), &Answers::default());
    day
}

#[test]
fn a_history_judged_again_comes_to_the_same_record() {
    let day = day();
    let refused = Some(ErrorCode::Forbidden);
    assert_eq!(
        day.codes(),
        [
            None,
            refused,
            None,
            None,
            Some(ErrorCode::RuleRefused),
            None,
            None
        ]
    );
    let record = day.replayed().expect("no divergence").expect("a record");
    assert_eq!(Some(&record), day.record.as_ref());
    assert_eq!(record.state.as_str(), "finished");
    assert_eq!(record.facts["number"].item, Item::Plain(Value::text("xc-2026-1")));
    assert_eq!(record.facts["fixed"].item, Item::Plain(Value::Number(1.into())));
    assert_eq!(record.rev, 7);
}

#[test]
fn a_verifier_who_may_see_no_personal_data_comes_to_the_same() {
    let mut day = day();
    for kept in &mut day.kept {
        if let Kept::Act(kept) = kept {
            kept.1.disclosures.clear();
        }
    }
    assert_eq!(day.replayed().expect("no divergence"), day.record);
}

#[test]
fn what_was_said_otherwise_is_found_at_its_step() {
    type Forge = fn(&mut Day);
    let cases: [(usize, &str, Forge); 9] = [
        (0, "another record came of it", |day| {
            day.receipt(0).after = "0".repeat(64)
        }),
        (1, "accepted, and the law says forbidden", |day| {
            let receipt = day.receipt(1);
            receipt.verdict = Verdict::Accepted;
            receipt.code = None;
        }),
        (2, "refused, and the law accepts it", |day| {
            let receipt = day.receipt(2);
            receipt.verdict = Verdict::Refused;
            receipt.code = Some(ErrorCode::WrongState);
        }),
        (
            1,
            "refused with \"wrong_state\", and the law says \"forbidden\"",
            |day| {
                day.receipt(1).code = Some(ErrorCode::WrongState);
            },
        ),
        (3, "revision Some(9), and the law says 3", |day| {
            day.receipt(3).rev = Some(9)
        }),
        (3, "the receipt is of another act", |day| {
            day.receipt(3).work = "work-9".into()
        }),
        (2, "accepted, and the law says unknown_revision", |day| {
            drop(day.kept.remove(2))
        }),
        (0, "the calendar 1999 is not at hand", |day| {
            day.receipt(0).given.calendar = "1999".to_owned();
        }),
        (0, "another record came of it", |day| {
            let no = day.receipt(0).given.asked.get_mut("no").expect("asked");
            no.value = "xc-2026-2".to_owned();
        }),
    ];
    for (step, said, forge) in cases {
        let mut day = day();
        forge(&mut day);
        let (found, difference) = day.difference();
        assert_eq!((found, difference.to_string().as_str()), (step, said));
    }
}

#[test]
fn an_act_under_a_law_that_is_not_at_hand_is_not_judged() {
    let mut day = day();
    if let Kept::Act(kept) = &mut day.kept[0] {
        kept.0.law.sm3 = HexHash("1".repeat(64));
    }
    assert!(matches!(day.difference(), (0, Difference::NoLaw(_))));
}

#[test]
fn own_entries_are_read_back_as_they_were_folded() {
    let mut answers = Answers::default();
    answers
        .items
        .insert("what".to_owned(), Item::Plain(Value::text("a b\\n")));
    answers
        .items
        .insert("phone".to_owned(), Item::Committed(sm3(b"x")));
    answers
        .rows
        .insert("spots".to_owned(), vec![answers.clone(), Answers::default()]);
    let spelt = answers.spell();
    assert_eq!(spelt["what"], "ta\\sb\\\\n");
    assert_eq!(Answers::read_spelt(&spelt), Some(answers));
    let wrong = serde_json::json!({"what": "x"});
    assert_eq!(Answers::read_spelt(wrong.as_object().expect("an object")), None);
}
