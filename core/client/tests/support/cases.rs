//! What the fake gateway knows of records of packs: the pack of river patrols, handed out by content, its records folded
//! by the real fold, and what each scope sees of them.

use super::gateway::FakeGateway;
use serde_json::{Value, json};
use shenhai_crypto::Digest32;
use shenhai_flow::Calendar;
use shenhai_flow::fold::{
    Act, Actor as Who, Asked as Answer, Disclosure, Given, JsonAnswers, Law, What, apply, next_inquiry,
    scopes,
};
use shenhai_flow::record::{Holder, Item, Record as Case, commitment};
use shenhai_forms::value::Time;
use shenhai_pack::law::Question;
use shenhai_pack::names::{ActId, AskId, KindId, Name, RoleName as RoleId};
use shenhai_pack::{LOCK, Lock, PackFiles, load};
use shenhai_protocol::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Who has which roles in the pack, and which scopes.
pub fn case_roles(user: &str) -> Vec<RoleName> {
    let roles: &[&str] = match user {
        "chen" => &["planner"],
        "zhou" => &["inspector"],
        "zhao" => &["fixer"],
        "both" => &["planner", "inspector"],
        _ => &[],
    };
    roles.iter().copied().map(RoleName::from).collect()
}

/// The scopes of somebody who works with the pack.
pub fn case_scopes(user: &str) -> Vec<ScopeId> {
    let mut scopes = vec![ScopeId::person(&UserId::from(user))];
    if user == "chen" || user == "both" {
        scopes.push(ScopeId::bureau());
    }
    scopes
}

/// Packs and records.
pub struct Cases {
    law: Law,
    files: BTreeMap<String, String>,
    pub offer: PackOffer,
    pub records: BTreeMap<(String, String), Case>,
    /// What opens a commitment: label, salt, value.
    shown: BTreeMap<String, (String, String, String)>,
    numbers: u32,
    /// Kinds that grants name.
    pub granted: Vec<Kind>,
    /// The pack is not given out: whoever asks is told so.
    pub withheld: bool,
    /// Files of the pack are not what their digests say.
    pub spoilt: bool,
    /// Records come under another revision than their documents'.
    pub mislabelled: bool,
}

pub fn river(edit: impl FnOnce(&mut BTreeMap<String, String>)) -> (Law, BTreeMap<String, String>, PackOffer) {
    fn walk(folder: &Path, at: &str, files: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            let inside = format!("{at}{name}");
            if path.is_dir() {
                walk(&path, &format!("{inside}/"), files);
            } else {
                files.insert(inside, std::fs::read_to_string(&path).expect("a text"));
            }
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/packs/river");
    let mut files = BTreeMap::new();
    walk(&folder, "", &mut files);
    files.retain(|path, _| !path.starts_with("pack.") || path == "pack.toml");
    edit(&mut files);
    let mut folder = PackFiles::new();
    for (path, text) in &files {
        folder
            .insert(path, text.clone().into_bytes())
            .expect("a file of a pack");
    }
    let checked = shenhai_pack::check(&folder);
    let pack = checked.pack.expect("a pack without errors");
    let lock = Lock::of(&folder, &pack, None);
    files.insert(LOCK.to_owned(), lock.to_string());
    folder
        .insert(LOCK, lock.to_string().into_bytes())
        .expect("a lock");
    let (pack, reference) = load(&folder, None).expect("a built pack");
    let offer = PackOffer {
        law: LawRef {
            id: PackName(reference.id.to_string()),
            version: reference.version.to_string(),
            sm3: HexHash(reference.law.to_hex()),
        },
        face: HexHash(lock.roots.face.to_hex()),
        stage: PackStage::Trial,
        kinds: ["river.patrol", "river.finding"].map(Kind::from).into(),
    };
    (Law::new(pack, reference), files, offer)
}

impl Cases {
    pub fn new() -> Self {
        let (law, files, offer) = river(|_| {});
        Self {
            law,
            files,
            offer,
            records: BTreeMap::new(),
            shown: BTreeMap::new(),
            numbers: 0,
            granted: ["river.patrol", "river.finding"].map(Kind::from).into(),
            withheld: false,
            spoilt: false,
            mislabelled: false,
        }
    }

    /// A newer version of the pack takes the place of the present one.
    pub fn publish(&mut self, edit: impl FnOnce(&mut BTreeMap<String, String>)) {
        (self.law, self.files, self.offer) = river(edit);
    }

    /// The acts that the law knows for roles.
    pub fn acts_of(&self, roles: &[RoleName]) -> BTreeSet<String> {
        let roles: Vec<RoleId> = roles
            .iter()
            .filter_map(|role| RoleId::parse(role.as_str()))
            .collect();
        let rows = self.law.pack().law.kinds.values().flat_map(|kind| &kind.acts);
        rows.filter(|row| roles.iter().any(|role| row.names_role(role)))
            .map(|row| row.id.to_string())
            .collect()
    }
}

/// What came of an act.
pub struct Judged {
    pub rev: u64,
    pub after: String,
    pub asked: BTreeMap<String, Asked>,
    pub changes: BTreeMap<String, u64>,
}

fn given<'c>(asked: BTreeMap<AskId, Answer>, at: Time) -> Given<'c> {
    Given {
        at,
        calendar: Calendar::standard(),
        asked,
    }
}

impl FakeGateway {
    /// The record after an act, if the fold takes it.
    pub fn judge_case(
        &mut self,
        envelope: &Envelope,
        beside: &Beside,
        now: UnixMillis,
    ) -> Result<Judged, ErrorCode> {
        let refused = |refusal: shenhai_flow::fold::Refusal| shenhai_replay::code_of(refusal.code);
        let key = (envelope.record.kind.0.clone(), envelope.record.id.0.clone());
        let record = self.cases.records.get(&key).cloned();
        if envelope.law != self.cases.offer.law {
            return Err(ErrorCode::LawChanged);
        }
        let user = envelope.actor.as_str();
        if !case_scopes(user).contains(&envelope.scope) || !case_roles(user).contains(&envelope.role) {
            return Err(ErrorCode::ScopeDenied);
        }
        let by = Who::Person {
            user: user.to_owned(),
            unit: "hp".to_owned(),
            role: RoleId::parse(envelope.role.as_str()).expect("a name"),
            scopes: case_scopes(user).into_iter().map(|scope| scope.0).collect(),
        };
        let (_, kind) = envelope.record.kind.0.split_once('.').expect("pack and kind");
        let kind = KindId::parse(kind).expect("a name");
        let what = match envelope.act.as_str() {
            // docs: `{"seat": …, "person": …}`; the unit is the directory's.
            "reassign" => {
                let text = beside.submission.as_deref().expect("who gets what");
                let answers: BTreeMap<String, String> = serde_json::from_str(text).expect("two texts");
                assert_eq!(answers.len(), 2, "{text}");
                What::Reassign {
                    seat: Name::parse(&answers["seat"]).expect("a seat"),
                    to: Holder::person(&answers["person"], "hp"),
                }
            }
            act => What::Named(ActId::parse(act).expect("a name")),
        };
        let disclosures = beside.disclosures.iter().map(|one| Disclosure {
            label: one.label.clone(),
            salt: salt(&one.salt),
            value: one.value.clone(),
        });
        let text = beside.submission.clone().unwrap_or_else(|| "{}".to_owned());
        let forms = JsonAnswers::new(text.as_bytes(), disclosures.collect());
        let submission = envelope.submission.as_ref();
        let law = self.cases.law.reference().clone();
        let at = Time::new(now.0).expect("an instant");
        let mut asked = BTreeMap::new();
        let after = loop {
            let given = given(asked.clone(), at);
            let act = Act {
                kind: &kind,
                record: Some(envelope.record.id.as_str()),
                what: &what,
                law: &law,
                entry: envelope.cmd_id.as_str(),
                work: envelope.work.as_str(),
                device: Some(envelope.device_id.as_str()),
                base_rev: Some(envelope.base_rev),
                filled: Time::new(envelope.client_time.0).expect("an instant"),
                submission: submission.and_then(|named| Digest32::from_hex(named.sm3.as_str())),
                forms: &forms,
                given: &given,
            };
            let next = next_inquiry(record.as_ref(), &act, &by, &self.cases.law).map_err(refused)?;
            let Some(inquiry) = next else {
                break apply(record.as_ref(), &act, &by, &self.cases.law)
                    .map_err(refused)?
                    .0;
            };
            let value = match inquiry.question {
                Question::Number => {
                    self.cases.numbers += 1;
                    format!("XC-2026-{:04}", self.cases.numbers)
                }
                Question::UnitOf => "hp".to_owned(),
                Question::LeastBusy | Question::Person => "zhao".to_owned(),
            };
            asked.insert(inquiry.name, Answer { value, unit: None });
        };
        for one in &beside.disclosures {
            let digest = commitment(&one.label, &salt(&one.salt), &one.value).to_hex();
            let opened = (one.label.clone(), one.salt.clone(), one.value.clone());
            self.cases.shown.insert(digest, opened);
        }
        let rev = after.rev;
        let digest = after.digest().to_hex();
        let n = self.put_case(&envelope.record.kind.0, after);
        Ok(Judged {
            rev,
            after: digest,
            asked: asked
                .into_iter()
                .map(|(name, answer)| {
                    let value = answer.value;
                    (name.to_string(), Asked { value, unit: None })
                })
                .collect(),
            changes: BTreeMap::from([(envelope.scope.0.clone(), n)]),
        })
    }

    /// The record takes its place and shows where it is seen, and where it was. The number of the last change.
    fn put_case(&mut self, kind: &str, after: Case) -> u64 {
        let key = (kind.to_owned(), after.id.clone());
        let mut seen = self.case_in(&key);
        self.cases.records.insert(key.clone(), after);
        seen.extend(self.case_in(&key));
        let persons = seen.iter().filter_map(|scope| scope.strip_prefix("person:"));
        let persons: Vec<String> = persons.map(str::to_owned).collect();
        let id = format!("{}/{}", key.0, key.1);
        for person in persons {
            self.touch(&person, &id);
        }
        self.touch("", &id)
    }

    fn case_in(&self, key: &(String, String)) -> BTreeSet<String> {
        let Some(record) = self.cases.records.get(key) else {
            return BTreeSet::new();
        };
        let kind = self.cases.law.kind(&record.kind).expect("a kind of the law");
        scopes(record, kind, &given(BTreeMap::new(), record.changed)).expect("scopes")
    }

    /// Somebody acts by themselves: no device, no receipt.
    pub fn act(&mut self, user: &str, kind: &str, id: Option<&str>, act: &str, answers: &Value) -> String {
        self.counter += 1;
        let work = format!("work-{}", self.counter);
        let now = UnixMillis(super::START + i64::try_from(self.counter).expect("small"));
        let roles = case_roles(user);
        let (_, name) = kind.split_once('.').expect("pack and kind");
        let id = id.map_or_else(
            || shenhai_flow::fold::derived(&work, "0").to_hex()[..32].to_owned(),
            str::to_owned,
        );
        let rev = self.cases.records.get(&(kind.to_owned(), id.clone()));
        let rev = rev.map_or(0, |record| record.rev);
        let known = KindId::parse(name).and_then(|name| self.cases.law.kind(&name).cloned());
        let known = known.expect("a kind of the law");
        let act_id = ActId::parse(act).expect("a name");
        let role = roles.iter().find(|role| {
            let role = RoleId::parse(role.as_str()).expect("a name");
            known.rows_of(&act_id).any(|row| row.names_role(&role))
        });
        let envelope = Envelope {
            v: PROTOCOL_VERSION,
            cmd_id: CmdId(work.clone()),
            work: WorkId(work),
            device_id: DeviceId::from("elsewhere"),
            device_seq: 1,
            prev_hash: HexHash::zero(),
            actor: UserId::from(user),
            role: role.expect("a role").clone(),
            scope: case_scopes(user).remove(0),
            record: RecordRef {
                kind: Kind::from(kind),
                id: OrderId(id.clone()),
            },
            base_rev: rev,
            act: ActName::from(act),
            law: self.cases.offer.law.clone(),
            form: None,
            submission: None,
            files: Vec::new(),
            of: None,
            client_time: now,
        };
        let beside = Beside {
            submission: Some(answers.to_string()),
            disclosures: Vec::new(),
        };
        self.judge_case(&envelope, &beside, now).expect("taken");
        id
    }

    /// A patrol that chen planned for an inspector.
    pub fn plan(&mut self, river: &str, inspector: &str) -> String {
        let answers = json!({
            "river": river, "district": "310101", "planned_on": "2026-11-24", "inspector": inspector
        });
        self.act("chen", "river.patrol", None, "plan", &answers)
    }

    /// The record is no longer anybody's but the desk's.
    pub fn take_away(&mut self, kind: &str, id: &str) {
        let key = (kind.to_owned(), id.to_owned());
        let mut record = self.cases.records[&key].clone();
        record.rev += 1;
        record.seats.clear();
        self.put_case(kind, record);
    }

    /// What a change of a record looks like in a scope.
    pub fn case_change(&self, scope: &str, id: &str) -> ChangeKind {
        let (kind, id) = id.split_once('/').expect("kind and id");
        let key = (kind.to_owned(), id.to_owned());
        let reference = RecordRef {
            kind: Kind::from(kind),
            id: OrderId::from(id),
        };
        if !self.case_in(&key).contains(scope) {
            return ChangeKind::Gone { record: reference };
        }
        let record = &self.cases.records[&key];
        let full = scope.starts_with("person:");
        let commitments = record.facts.values().filter_map(|fact| match &fact.item {
            Item::Committed(digest) => Some(digest.to_hex()),
            Item::Plain(_) => None,
        });
        let shown = commitments.filter_map(|digest| {
            let (label, salt, value) = self.cases.shown.get(&digest)?;
            Some(Shown {
                commitment: HexHash(digest),
                label: label.clone(),
                salt: full.then(|| salt.clone()),
                text: match full {
                    true => value.clone(),
                    false => "138****1234".to_owned(),
                },
            })
        });
        ChangeKind::Record {
            record: Box::new(HeldRecord {
                record: reference,
                rev: record.rev + u64::from(self.cases.mislabelled),
                law: shenhai_replay::law_ref(&record.law),
                document: record.document(),
                shown: shown.collect(),
                names: BTreeMap::new(),
            }),
        }
    }

    /// `GET /v1/packs` and `GET /v1/packs/{sm3}`.
    pub fn packs(&self, path: &str) -> Result<Value, ErrorCode> {
        let cases = &self.cases;
        if cases.withheld {
            return Err(ErrorCode::Overloaded);
        }
        let Some(law) = path.strip_prefix("/v1/packs/") else {
            let packs = vec![cases.offer.clone()];
            return Ok(json!(PackList { packs }));
        };
        if law != cases.offer.law.sm3.as_str() {
            return Err(ErrorCode::NotFound);
        }
        let mut files = cases.files.clone();
        if cases.spoilt {
            files.insert("law/states.csv".to_owned(), "kind,id,category\n".to_owned());
        }
        Ok(json!(PackFolder { files }))
    }
}

fn salt(hex: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (nth, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * nth..2 * nth + 2], 16).expect("hex");
    }
    bytes
}
