//! A gateway with the pack of tests/packs/river, signed by two people of an authority of its own, and people with roles in it.

use crate::stage::{Device, NOW, Session, Stage, Unsigned, directory_text, send, uuid_v7};
use rand_core::UnwrapErr;
use reqwest::Method;
use serde_json::{Map, Value, json};
use shenhai_crypto::{
    Certificate, KeyRef, SecretKey, SoftwareProvider, Subject, Usage, Validity, issue, issue_root, sm3,
};
use shenhai_flow::Calendar;
use shenhai_flow::fold::Law;
use shenhai_flow::record::Record;
use shenhai_gateway::{Config, Directory, Gateway};
use shenhai_pack::{
    LOCK, Lock, PackFiles, PackRef, Part, SIGNATURES, Signatures, Signed, check, load, signed_text,
};
use shenhai_proof::submission::close;
use shenhai_protocol::{
    Beside, ChangeKind, CmdId, Envelope, FormRef, HeldRecord, HexHash, LawRef, OrderId, OwnEntry,
    PROTOCOL_VERSION, PackStage, PullReply, Receipt, RecordRef, ScopeId, UnixMillis, Verdict,
};
use shenhai_replay::{Entry, Shelf, law_ref, replay};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Plans patrols; sees the bureau's records. At the hotline an administrator, who sees no order.
pub(crate) const PLANNER: &str = "planner1";
pub(crate) const INSPECTOR: &str = "inspector1";
pub(crate) const OTHER_INSPECTOR: &str = "inspector2";
/// Of the district whose findings he gets.
pub(crate) const FIXER: &str = "fixer1";
pub(crate) const OTHER_FIXER: &str = "fixer2";
pub(crate) const PATROL: &str = "river.patrol";

const ROLES: [(&str, &str, &str, &str); 5] = [
    (PLANNER, "administrator", "planner", "bureau"),
    (INSPECTOR, "handler", "inspector", "d310104"),
    (OTHER_INSPECTOR, "handler", "inspector", "d310104"),
    (FIXER, "handler", "fixer", "d310101"),
    (OTHER_FIXER, "handler", "fixer", "d310101"),
];

/// Who signs packs.
pub(crate) struct Signers {
    pub(crate) authority: Certificate,
    pub(crate) author: Arc<(Certificate, SecretKey)>,
    pub(crate) approver: Arc<(Certificate, SecretKey)>,
}

impl Signers {
    pub(crate) fn new() -> Self {
        let issuer = KeyRef::new("authority");
        let mut provider = SoftwareProvider::new(UnwrapErr(getrandom::SysRng));
        provider.add_signing_key(
            issuer.clone(),
            SecretKey::generate(&mut UnwrapErr(getrandom::SysRng)),
        );
        let validity = Validity {
            not_before: NOW / 1000 - 86_400,
            not_after: NOW / 1000 + 400 * 86_400,
        };
        let subject = |name: &str, unit: Option<&str>| Subject {
            common_name: name.to_owned(),
            organization: None,
            unit: unit.map(str::to_owned),
        };
        let authority = issue_root(&provider, &issuer, &subject("颁发机构", None), validity).unwrap();
        let person = |name: &str| {
            let key = SecretKey::generate(&mut UnwrapErr(getrandom::SysRng));
            let subject = subject(name, Some("pack:*"));
            let usage = Usage::Person;
            let certificate = issue(
                &provider,
                &issuer,
                &authority,
                &subject,
                key.public(),
                usage,
                validity,
            );
            Arc::new((certificate.unwrap(), key))
        };
        Self {
            author: person("作者"),
            approver: person("审批人"),
            authority,
        }
    }

    /// The files as a build writes them: with lock and signatures.
    pub(crate) fn build(&self, files: &PackFiles) -> PackFiles {
        let checked = check(files);
        let pack = checked.pack.unwrap_or_else(|| panic!("{:?}", checked.findings));
        let lock = Lock::of(files, &pack, None);
        let sign = |(certificate, key): &(Certificate, SecretKey), part| Signed {
            certificate: certificate.clone(),
            signature: key.sign(
                signed_text(&lock, part).as_bytes(),
                &mut UnwrapErr(getrandom::SysRng),
            ),
        };
        let signatures = Signatures {
            author: sign(&self.author, Part::Author),
            approver: sign(&self.approver, Part::Approver),
        };
        let mut built = files.clone();
        built.insert(LOCK, lock.to_string().into_bytes()).unwrap();
        built
            .insert(SIGNATURES, signatures.to_string().into_bytes())
            .unwrap();
        built
    }
}

/// The pack's folder in the repository.
pub(crate) fn river() -> PackFiles {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/packs/river");
    let contents = shenhai_folder::read(&folder).unwrap();
    assert!(contents.refused.is_empty(), "{:?}", contents.refused);
    let mut files = contents.files;
    files.remove(LOCK);
    files.remove(SIGNATURES);
    files
}

/// The same with one file changed.
pub(crate) fn changed(files: &PackFiles, path: &str, change: impl Fn(&str) -> String) -> PackFiles {
    let mut files = files.clone();
    let text = String::from_utf8(files.remove(path).unwrap()).unwrap();
    let new = change(&text);
    assert_ne!(text, new, "{path}");
    files.insert(path, new.into_bytes()).unwrap();
    files
}

pub(crate) struct Field {
    pub(crate) stage: Stage,
    pub(crate) signers: Signers,
    pub(crate) law: Law,
    pub(crate) adjust: fn(&mut Config),
}

impl Field {
    /// With the pack in force.
    pub(crate) async fn start() -> Self {
        let field = Self::bare(|config| {
            config
                .city
                .packs
                .stage
                .insert("river".to_owned(), PackStage::Active);
        })
        .await;
        field.deliver("river", &river());
        field.restarted().await
    }

    /// Without a pack.
    pub(crate) async fn bare(adjust: fn(&mut Config)) -> Self {
        let signers = Signers::new();
        let (pack, reference) = load(&signers.build(&river()), None).unwrap();
        let mut stage = Stage::start().await;
        stage.gateway.take().unwrap().stop().await;
        let mut field = Self {
            law: Law::new(pack, reference),
            stage,
            signers,
            adjust,
        };
        fs::create_dir(field.folder()).unwrap();
        field.stage.gateway = Some(Gateway::start(field.config()).await.unwrap());
        field
    }

    pub(crate) fn config(&self) -> Config {
        let mut config = self.stage.config();
        let mut people = directory_text();
        for (id, role, own, unit) in ROLES {
            people += &format!(
                "[[users]]\nid = \"{id}\"\nname = \"{id}\"\nrole = \"{role}\"\nroles = [\"{own}\"]\nunit = \"{unit}\"\n"
            );
        }
        config.directory = Directory::parse(&people).unwrap();
        config.city.packs.folder = Some(self.folder());
        config.city.packs.authorities = vec![self.signers.authority.to_pem()];
        config.tuning.packs_look = std::time::Duration::from_millis(20);
        config.tuning.alarms_look = std::time::Duration::from_millis(20);
        (self.adjust)(&mut config);
        config
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.stage.data.path().join("packs")
    }

    /// Stop the gateway and start it again.
    pub(crate) async fn restarted(mut self) -> Self {
        self.stage.gateway.take().unwrap().stop().await;
        self.stage.gateway = Some(Gateway::start(self.config()).await.unwrap());
        self
    }

    /// Sign a pack and rename it into place.
    pub(crate) fn deliver(&self, name: &str, files: &PackFiles) {
        self.put(name, &self.signers.build(files));
    }

    /// Rename these files into place as they are.
    pub(crate) fn put(&self, name: &str, files: &PackFiles) {
        let (beside, place) = (self.folder().join(".incoming"), self.folder().join(name));
        for (path, bytes) in files.iter() {
            let path = beside.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        fs::rename(beside, place).unwrap();
    }

    pub(crate) async fn sign_in(&self, user: &str) -> Session {
        let device = Device::new();
        let (status, text) = self.try_sign_in(user, &device).await;
        assert_eq!(status, 200, "{text}");
        Session {
            grant: serde_json::from_str(&text).unwrap(),
            device,
        }
    }

    pub(crate) async fn try_sign_in(&self, user: &str, device: &Device) -> (u16, String) {
        let request = device.session_request("cases", &self.stage.city.code_for(user));
        send(self.stage.call(Method::POST, "/v1/sessions").json(&request)).await
    }

    pub(crate) fn law_ref(&self) -> LawRef {
        law_ref(self.law.reference())
    }

    /// An act before it is signed; in the person's own scope.
    pub(crate) fn act(&self, session: &Session, about: &About<'_>, act: &str, answers: Value) -> Unsigned {
        let user = &session.grant.user;
        let work = uuid_v7();
        let Value::Object(answers) = answers else {
            panic!("answers by name")
        };
        let kind = about.kind.split_once('.').unwrap().1;
        let form = self.form_of(kind, act);
        let closed = form.is_some() || !answers.is_empty();
        let (submission, beside) = match closed {
            false => (None, Beside::default()),
            true => {
                let (named, beside) = close(answers, &["witness_phone"], &mut UnwrapErr(getrandom::SysRng));
                (Some(named), beside)
            }
        };
        let law = self.law_ref();
        let envelope = Envelope {
            v: PROTOCOL_VERSION,
            cmd_id: CmdId(uuid_v7()),
            device_id: session.device.id.clone(),
            device_seq: session.device.seq + 1,
            prev_hash: session.device.head.clone(),
            actor: user.id.clone(),
            role: user.roles[0].clone(),
            scope: ScopeId::person(&user.id),
            record: RecordRef {
                kind: about.kind.into(),
                // docs/record.md, "Ids".
                id: about.id.map_or_else(
                    || OrderId(sm3(format!("{work}\n0").as_bytes()).to_hex()[..32].to_owned()),
                    OrderId::from,
                ),
            },
            base_rev: about.rev,
            act: act.into(),
            form: form.map(|id| FormRef {
                id: id.as_str().into(),
                sm3: law.sm3.clone(),
            }),
            work: work.into(),
            law,
            submission,
            files: Vec::new(),
            of: None,
            client_time: UnixMillis(self.stage.seconds() * 1000),
        };
        Unsigned { envelope, beside }
    }

    fn form_of(&self, kind: &str, act: &str) -> Option<String> {
        let kinds = &self.law.pack().law.kinds;
        let (_, kind) = kinds.iter().find(|(id, _)| id.to_string() == kind).unwrap();
        let row = kind.acts.iter().find(|row| row.id.to_string() == act);
        Some(row?.form.as_ref()?.to_string())
    }

    /// Sign an act and push it; what became of it.
    pub(crate) async fn push(&self, session: &mut Session, act: &Unsigned) -> Receipt {
        let signed = session.device.append(act);
        self.stage.push_one(session, signed).await
    }

    /// An act that must be accepted.
    pub(crate) async fn done(
        &self,
        session: &mut Session,
        about: &About<'_>,
        act: &str,
        answers: Value,
    ) -> Receipt {
        let act = self.act(session, about, act, answers);
        let receipt = self.push(session, &act).await;
        assert_eq!(
            (receipt.verdict, receipt.code),
            (Verdict::Accepted, None),
            "{receipt:?}"
        );
        receipt
    }

    /// A patrol that the planner has given to somebody: its id.
    pub(crate) async fn planned(&self, planner: &mut Session, inspector: &str) -> OrderId {
        let answers = json!({
            "river": "样例河", "reach": "一号桥至二号桥", "district": "310101",
            "planned_on": "2026-11-24", "inspector": inspector
        });
        let receipt = self.done(planner, &About::new(PATROL), "plan", answers).await;
        receipt.record.id
    }

    /// Every stored step of a record judged again, in its order.
    pub(crate) fn judged_again(&self, kind: &str, id: &OrderId) -> Record {
        let db = self.stage.database();
        let key = format!("{kind}/{id}");
        let mut select = db
            .prepare(
                "SELECT commit_n, commit_index, payload, submission, receipt FROM commands WHERE order_id = ?1
                 UNION ALL SELECT commit_n, commit_index, NULL, NULL, payload FROM entries WHERE key = ?1
                 ORDER BY 1, 2",
            )
            .unwrap();
        type Row = (Option<String>, Option<String>, String);
        let rows: Vec<Row> = select
            .query_map([key], |row| Ok((row.get(2)?, row.get(3)?, row.get(4)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let steps: Vec<Step> = rows
            .into_iter()
            .map(|(payload, submission, text)| match payload {
                None => Step::Own(serde_json::from_str(&text).unwrap()),
                Some(payload) => Step::Act(
                    Box::new(serde_json::from_str(&payload).unwrap()),
                    Beside {
                        submission,
                        disclosures: Vec::new(),
                    },
                    Box::new(serde_json::from_str(&text).unwrap()),
                ),
            })
            .collect();
        self.judge(&steps)
    }

    /// What a history comes to when it is judged again.
    pub(crate) fn judge(&self, steps: &[Step]) -> Record {
        let entries = steps.iter().map(|step| match step {
            Step::Own(entry) => Entry::Own(entry),
            Step::Act(envelope, beside, receipt) => Entry::Act {
                envelope,
                beside,
                receipt,
            },
        });
        replay(entries, self)
            .unwrap_or_else(|error| panic!("{error}"))
            .unwrap()
    }
}

pub(crate) enum Step {
    Own(Box<OwnEntry>),
    Act(Box<Envelope>, Beside, Box<Receipt>),
}

impl Shelf for Field {
    fn law(&self, law: &PackRef) -> Option<&Law> {
        (law == self.law.reference()).then_some(&self.law)
    }

    fn calendar(&self, version: &str) -> Option<&Calendar> {
        let calendar = Calendar::standard();
        (version == calendar.version()).then_some(calendar)
    }
}

/// What an act is about.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) kind: &'a str,
    pub(crate) id: Option<&'a str>,
    pub(crate) rev: u64,
}

impl<'a> About<'a> {
    /// A record that is to be opened.
    pub(crate) fn new(kind: &'a str) -> Self {
        Self {
            kind,
            id: None,
            rev: 0,
        }
    }

    pub(crate) fn at(kind: &'a str, id: &'a OrderId, rev: u64) -> Self {
        Self {
            kind,
            id: Some(id.as_str()),
            rev,
        }
    }
}

/// What a scope's log says of a record: `Some(None)` where it left.
pub(crate) fn said_of<'p>(pull: &'p PullReply, id: &OrderId) -> Option<Option<&'p HeldRecord>> {
    pull.changes.iter().find_map(|change| match &change.kind {
        ChangeKind::Record { record } if record.record.id == *id => Some(Some(&**record)),
        ChangeKind::Gone { record } if record.id == *id => Some(None),
        _ => None,
    })
}

/// The record that a scope shows.
pub(crate) async fn seen(field: &Field, session: &Session, scope: &str, id: &OrderId) -> Option<HeldRecord> {
    let pull = field.stage.pull(session, scope, 0).await;
    said_of(&pull, id).flatten().cloned()
}

/// The record of a document, which must be written as docs/record.md says.
pub(crate) fn record_of(held: &HeldRecord) -> Record {
    Record::read(held.document.as_bytes()).unwrap()
}

/// A fact as the document has it.
pub(crate) fn fact(held: &HeldRecord, name: &str) -> String {
    let prefix = format!("fact {name} ");
    let line = held.document.lines().find_map(|line| line.strip_prefix(&prefix));
    line.and_then(|rest| rest.split_once(' '))
        .map_or(String::new(), |(_, item)| item.to_owned())
}

pub(crate) fn no_answers() -> Value {
    Value::Object(Map::new())
}

pub(crate) fn hash(text: &str) -> HexHash {
    HexHash(sm3(text.as_bytes()).to_hex())
}
