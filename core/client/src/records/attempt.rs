//! An act before it is signed: upon which record, under which law, in which scope, by which form; and its trial.

use super::current::Current;
use super::names::{Key, NO_PACK, NOT_HERE, kind_name, law_ref, parts};
use super::packs::{Read, Under};
use super::preview::{Folding, classed, given};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::letter::Closed;
use crate::rpc::ActKey;
use serde_json::{Map, Value as Json};
use shenhai_flow::fold::{Actor, Code, Issue, Refusal, offered};
use shenhai_flow::record::Record;
use shenhai_forms::value::Time;
use shenhai_pack::law::Form;
use shenhai_pack::names::{ActId, FormId, KindId, Name};
use shenhai_proof::submission;
use shenhai_protocol::{
    Beside, CmdId, Envelope, ErrorCode, FormName, FormRef, HexHash, OrderId, PROTOCOL_VERSION, RecordRef,
    ScopeId, UnixMillis, WorkId,
};
use shenhai_view::{Field, Words, fields, own_fields};

/// An act that somebody is about to do.
pub(super) struct Attempt {
    pub(super) key: ActKey,
    /// The record it is upon; `None` for one it opens.
    pub(super) current: Option<Current>,
    pub(super) under: Under,
    pub(super) kind: KindId,
    pub(super) scope: ScopeId,
    pub(super) by: Actor,
    pub(super) form: Option<FormId>,
    pub(super) now: Time,
}

/// Under which ids and at which time an act is tried.
#[derive(Clone)]
pub(super) struct Stamp {
    pub(super) cmd_id: CmdId,
    pub(super) work: WorkId,
    pub(super) at: UnixMillis,
}

/// An act that the fold took, ready to be signed.
pub(super) struct Tried {
    pub(super) record: Record,
    pub(super) closed: Closed,
}

const FORBIDDEN: Failure = Failure::Refused(ErrorCode::Forbidden, "not granted");

impl Engine {
    /// Find everything an act needs. Whether it can be done now is said when it is tried.
    pub(super) fn attempt(&self, key: &ActKey) -> Result<Attempt, Failure> {
        let live = self.live()?;
        let (pack, kind) = parts(&key.kind).ok_or(NOT_HERE)?;
        if !live.roles().contains(&key.role) {
            return Err(Failure::Refused(
                ErrorCode::Forbidden,
                "not a role of this person",
            ));
        }
        let by = live.actor(&key.kind, &key.role).ok_or(FORBIDDEN)?;
        let now = self.time_now()?;
        let (current, under, scope) = match &key.id {
            Some(id) => {
                let record: Key = (key.kind.clone(), id.clone());
                let current = self.current(&record)?;
                let missing = |code: &ErrorCode| Failure::Refused(*code, "the record's law is not here");
                let under = current.under.as_ref().map_err(missing)?.clone();
                let slip = self.shelf.slip(&record);
                let scopes = slip.into_iter().flat_map(|slip| slip.scopes());
                let scopes = scopes.chain([&current.scope]);
                let scope = live.scope_for(scopes, &key.kind, key.act.as_str()).cloned();
                (Some(current), under, scope)
            }
            None => {
                let name = shenhai_protocol::PackName(pack.to_string());
                let newest = self.shelf.packs.newest(&name).ok_or(NO_PACK)?;
                let own = newest.clone();
                let scope = live.opening_scope(&key.kind, key.act.as_str());
                (None, Under { own, newest }, scope)
            }
        };
        let act = ActId::parse(key.act.as_str()).ok_or(FORBIDDEN)?;
        let record = current.as_ref().map(|current| &current.record);
        let form = form_of(record, &kind, &act, &by, &under.own, now);
        Ok(Attempt {
            key: key.clone(),
            current,
            under,
            kind,
            scope: scope.ok_or(FORBIDDEN)?,
            by,
            form,
            now,
        })
    }

    /// Try the act with these answers: closed as they would be signed, and folded.
    pub(super) fn try_act(
        &self,
        attempt: &Attempt,
        answers: &Map<String, Json>,
        stamp: &Stamp,
    ) -> Result<Tried, Refusal> {
        attempt.check_own(answers)?;
        let closed = attempt.close(answers, &mut self.rng.clone());
        let envelope = attempt.envelope(self, &closed, stamp);
        let folding = Folding {
            envelope: &envelope,
            beside: &closed.beside,
            nameless: attempt.current.is_none(),
        };
        let record = attempt.current.as_ref().map(|current| &current.record);
        let record = folding.fold(record, &attempt.under.own.law, &attempt.by, attempt.now)?;
        Ok(Tried { record, closed })
    }
}

/// The form an act wants now: of the row that would be tried, else of the first row for the role.
fn form_of(
    record: Option<&Record>,
    kind: &KindId,
    act: &ActId,
    by: &Actor,
    own: &Read,
    now: Time,
) -> Option<FormId> {
    let offers = offered(record, kind, &given(record, now), by, &own.law).unwrap_or_default();
    if let Some(offer) = offers
        .into_iter()
        .find(|offer| offer.act == *act && offer.refusal.is_none())
    {
        return offer.form;
    }
    let Actor::Person { role, .. } = by else {
        return None;
    };
    let law = own.law.kind(kind)?;
    let mut rows = law.rows_of(act).filter(|row| row.names_role(role));
    rows.find_map(|row| row.form.clone())
}

impl Attempt {
    /// The sheet of its form.
    pub(super) fn sheet(&self) -> Option<&Form> {
        self.under.own.law.form(self.form.as_ref()?)
    }

    /// The questions of the act: of its form, or the product's own.
    pub(super) fn questions(&self) -> Vec<Field> {
        let law = &self.under.own.law;
        if let Some(sheet) = self.sheet() {
            return fields(law, sheet);
        }
        self.own_questions().unwrap_or_default()
    }

    fn own_questions(&self) -> Option<Vec<Field>> {
        let words = Words::new(&self.under.newest.pack().face.texts, &self.kind);
        let kind = self
            .under
            .own
            .law
            .kind(&self.kind)
            .filter(|_| self.sheet().is_none())?;
        own_fields(self.key.act.as_str(), kind, words)
    }

    /// What is wrong with the answers to the product's own questions; those of a form are looked at by the fold.
    fn check_own(&self, answers: &Map<String, Json>) -> Result<(), Refusal> {
        let asked = self.own_questions().unwrap_or_default();
        let wrong = asked.iter().filter_map(|field| {
            let given = answers
                .get(&field.name)
                .and_then(Json::as_str)
                .unwrap_or_default();
            let known = field.choices.is_empty() || field.choices.iter().any(|choice| choice.code == given);
            let code = match (given.is_empty(), known) {
                (true, _) => "required",
                (false, false) => "code",
                (false, true) => return None,
            };
            Some(Issue {
                answer: field.name.clone(),
                code: code.to_owned(),
                facts: Vec::new(),
            })
        });
        let issues: Vec<Issue> = wrong.collect();
        match issues.is_empty() {
            true => Ok(()),
            false => Err(Refusal {
                issues,
                ..Refusal::from(Code::Form)
            }),
        }
    }

    /// The record it was received as last; 0 for none.
    pub(super) fn rev(&self) -> u64 {
        self.current.as_ref().map_or(0, |current| current.rev)
    }

    fn close(&self, answers: &Map<String, Json>, rng: &mut dyn rand_core::CryptoRng) -> Closed {
        if self.own_questions().is_some() {
            let (submission, beside) = submission::close(answers.clone(), &[], rng);
            return Closed {
                form: None,
                submission: Some(submission),
                beside,
            };
        }
        let (Some(form), Some(sheet)) = (&self.form, self.sheet()) else {
            return Closed {
                form: None,
                submission: None,
                beside: Beside::default(),
            };
        };
        let labels = classed(sheet);
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let (submission, beside) = submission::close(answers.clone(), &labels, rng);
        Closed {
            form: Some(FormRef {
                id: FormName(form.to_string()),
                sm3: HexHash(self.under.own.law.reference().law.to_hex()),
            }),
            submission: Some(submission),
            beside,
        }
    }

    /// What would be signed, but for its place in the chain.
    fn envelope(&self, engine: &Engine, closed: &Closed, stamp: &Stamp) -> Envelope {
        let live = engine.live.as_ref();
        let device = live.map(|live| live.identity.device_id.clone());
        let actor = live.map(|live| live.record.user.id.clone());
        let law = self.under.own.law.reference();
        Envelope {
            v: PROTOCOL_VERSION,
            cmd_id: stamp.cmd_id.clone(),
            work: stamp.work.clone(),
            device_id: device.unwrap_or_else(|| String::new().into()),
            device_seq: 0,
            prev_hash: HexHash::zero(),
            actor: actor.unwrap_or_else(|| String::new().into()),
            role: self.key.role.clone(),
            scope: self.scope.clone(),
            record: RecordRef {
                kind: kind_name(&law.id, &self.kind),
                id: self.key.id.clone().unwrap_or_else(|| OrderId(String::new())),
            },
            base_rev: self.rev(),
            act: self.key.act.clone(),
            law: law_ref(law),
            form: closed.form.clone(),
            submission: closed.submission.clone(),
            files: Vec::new(),
            of: None,
            client_time: stamp.at,
        }
    }
}
