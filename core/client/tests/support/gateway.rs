//! The gateway as the protocol describes it, in memory. Written against docs/protocol.md alone, so that the
//! client's bytes are judged by something that is not the client.

use super::book::Book;
use super::cases::{Cases, case_roles, case_scopes};
#[allow(unused_imports, reason = "every test binary uses another part of this module")]
pub use super::orders::order;
use super::trust::{Papers, user_info};
use serde_json::{Value, json};
use shenhai_client::host::{HttpRequest, Method};
use shenhai_crypto::{SecretKey, device_id, sm3, verify_hex};
use shenhai_protocol::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub enum Reply {
    Answer(u16, Vec<u8>),
    Unreachable,
    Hold,
}

/// How the next answer to a path goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, a proxy's page comes back.
    Html,
    /// Nothing is done, 500.
    Error500,
    /// Done, and half of the answer arrives.
    Truncated,
    /// Done, and no answer arrives.
    LostAnswer,
    /// Done, and every receipt is signed by somebody else.
    ForgedReceipts,
    /// Done, and every receipt, rightly signed, speaks of other bytes.
    OtherBytes,
    /// Somebody changed what was filled in after it was signed (in a proof).
    ChangedText,
    /// Somebody changed what was done after it was signed (in a proof).
    ChangedAct,
    /// The gateway's own error, nothing done.
    Code(ErrorCode),
    /// The push stops at its first command with this code.
    StopAtFirst(ErrorCode),
    /// The first command is receipted as refused.
    Refuse(ErrorCode),
}

#[derive(Clone, Default)]
pub struct Device {
    pub seq: u64,
    pub head: String,
    pub key: String,
    pub user: String,
    pub revoked: bool,
}

/// A receipt that is alone in its commit: the root is the text's own hash, SM3(0x00 ‖ text).
fn receipted(key: &SecretKey, payload: String, rng: &mut Sequence) -> SignedReceipt {
    let commit = Commit {
        v: PROTOCOL_VERSION,
        epoch: "e1".to_owned(),
        n: 1,
        size: 1,
        root: HexHash(sm3(&[&[0], payload.as_bytes()].concat()).to_hex()),
        at: UnixMillis(0),
    };
    let text = serde_json::to_string(&commit).expect("JSON");
    let signed = format!("shenhai-commit-v1\n{text}");
    SignedReceipt {
        payload,
        index: 0,
        path: Vec::new(),
        commit: SignedCommit {
            sig: key.sign(signed.as_bytes(), rng).to_hex(),
            payload: text,
        },
    }
}

/// docs: what was filled in is what the text names; SM3(label ‖ 0x00 ‖ salt ‖ value) stands for a classed answer.
fn command_in(signed: &SignedEnvelope, envelope: &Envelope) -> Option<Command> {
    let kind = CommandKind::of_act(&envelope.act)?;
    let named = envelope.submission.as_ref();
    let answers = match (&signed.beside.submission, named) {
        (Some(text), Some(named)) => {
            let same = sm3(text.as_bytes()).to_hex() == named.sm3.0 && text.len() as u64 == named.bytes;
            let mut answers: serde_json::Map<String, Value> =
                serde_json::from_str(text).ok().filter(|_| same)?;
            for one in &signed.beside.disclosures {
                let salt: Vec<u8> = (0..32)
                    .step_by(2)
                    .map(|at| u8::from_str_radix(&one.salt[at..at + 2], 16).expect("hex"))
                    .collect();
                let committed = sm3(&[one.label.as_bytes(), &[0], &salt, one.value.as_bytes()].concat());
                let answer = answers.get_mut(&one.label)?;
                assert_eq!(*answer, json!(format!("sm3:{}", committed.to_hex())));
                *answer = json!(one.value);
            }
            Some(answers)
        }
        (None, None) => None,
        _ => return None,
    };
    Command::read(kind, envelope.record.id.clone(), answers).ok()
}

pub struct FakeGateway {
    pub key: SecretKey,
    pub forger: SecretKey,
    pub rng: Sequence,
    pub papers: Papers,
    /// Codes that came with sign-ins.
    pub enrolment_codes: Vec<String>,
    codes: BTreeMap<String, String>,
    pub sessions: BTreeMap<String, (String, String)>,
    pub devices: BTreeMap<String, Device>,
    pub orders: BTreeMap<String, WorkOrder>,
    pub log: Vec<(String, String)>,
    pub receipts: BTreeMap<String, (String, SignedReceipt)>,
    pub envelopes: Vec<(String, SignedEnvelope)>,
    pub epoch: String,
    faults: BTreeMap<&'static str, VecDeque<Fault>>,
    pub pushed: Vec<String>,
    pub requests: Vec<String>,
    pub counter: u64,
    backup: Option<Box<Backup>>,
    pub(super) withdrawn: BTreeSet<String>,
    /// The log of receipts, where the test wants one.
    pub book: Option<Book>,
    pub cases: Cases,
}

struct Backup {
    devices: BTreeMap<String, Device>,
    orders: BTreeMap<String, WorkOrder>,
    log: Vec<(String, String)>,
    receipts: BTreeMap<String, (String, SignedReceipt)>,
    pub envelopes: Vec<(String, SignedEnvelope)>,
}

/// Who works where in these tests.
pub fn role(user: &str) -> (Role, Vec<ScopeId>) {
    match user {
        "reviewer" => (Role::UnitReviewer, vec![ScopeId::unit(&UnitId::from("hp"))]),
        "admin" => (Role::Administrator, Vec::new()),
        user if !case_roles(user).is_empty() => (Role::Handler, case_scopes(user)),
        user => (Role::Handler, vec![ScopeId::person(&UserId::from(user))]),
    }
}

impl FakeGateway {
    pub fn new() -> Self {
        let mut rng = Sequence(99);
        let key = SecretKey::generate(&mut rng);
        Self {
            papers: Papers::new(&key, 7),
            enrolment_codes: Vec::new(),
            key,
            forger: SecretKey::generate(&mut rng),
            rng,
            codes: BTreeMap::new(),
            sessions: BTreeMap::new(),
            devices: BTreeMap::new(),
            orders: BTreeMap::new(),
            log: Vec::new(),
            receipts: BTreeMap::new(),
            envelopes: Vec::new(),
            epoch: "e1".to_owned(),
            faults: BTreeMap::new(),
            pushed: Vec::new(),
            requests: Vec::new(),
            counter: 0,
            backup: None,
            withdrawn: BTreeSet::new(),
            book: None,
            cases: Cases::new(),
        }
    }

    pub fn code_for(&mut self, user: &str) -> String {
        self.counter += 1;
        let code = format!("code-{}", self.counter);
        self.codes.insert(code.clone(), user.to_owned());
        code
    }

    /// The next answers to `path` go wrong like this.
    pub fn fail(&mut self, path: &'static str, faults: &[Fault]) {
        self.faults.entry(path).or_default().extend(faults);
    }

    pub fn put_order(&mut self, order: WorkOrder) {
        self.touch(order.handler.as_str(), order.id.as_str());
        self.orders.insert(order.id.0.clone(), order);
    }

    pub fn remove_order(&mut self, id: &str) {
        if let Some(order) = self.orders.remove(id) {
            self.touch(order.handler.as_str(), id);
        }
    }

    pub(super) fn touch(&mut self, handler: &str, id: &str) -> u64 {
        self.log.push((handler.to_owned(), id.to_owned()));
        self.log.len() as u64
    }

    pub fn end_sessions(&mut self) {
        self.sessions.clear();
    }

    pub fn take_backup(&mut self) {
        self.backup = Some(Box::new(Backup {
            devices: self.devices.clone(),
            orders: self.orders.clone(),
            log: self.log.clone(),
            receipts: self.receipts.clone(),
            envelopes: self.envelopes.clone(),
        }));
    }

    /// Everything since the backup is forgotten; the epoch is new.
    pub fn restore_backup(&mut self) {
        let backup = self.backup.take().expect("there is a backup");
        self.devices = backup.devices;
        self.orders = backup.orders;
        self.log = backup.log;
        self.receipts = backup.receipts;
        self.envelopes = backup.envelopes;
        self.epoch = "e2".to_owned();
    }

    pub fn answer(&mut self, request: &HttpRequest, now: UnixMillis) -> Reply {
        let path = request
            .url
            .strip_prefix("https://gateway.example")
            .expect("our gateway");
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let path = path.to_owned();
        let name = match path.as_str() {
            "/v1/push" => "push",
            "/v1/pull" => "pull",
            "/v1/wake" => "wake",
            "/v1/sessions" => "sessions",
            "/v1/sessions/current" => "end",
            "/v1/grant" => "grant",
            "/v1/devices" => "devices",
            "/v1/devices/rotate" => "rotate",
            "/v1/people" => "people",
            "/v1/log/head" => "log_head",
            "/v1/log/consistency" => "consistency",
            "/v1/devices/invitations" => "invite",
            _ if path.ends_with("/revoke") => "revoke",
            _ if path.ends_with("/login") => "login",
            _ if path.ends_with("/proof") => "proof",
            _ if path.starts_with("/v1/packs") => "packs",
            other => panic!("the protocol has no {other}"),
        };
        let session = request
            .bearer
            .as_ref()
            .and_then(|token| self.sessions.get(token))
            .cloned();
        let revoked = session
            .as_ref()
            .is_some_and(|(_, device)| self.devices.get(device).is_some_and(|device| device.revoked));
        if revoked && name != "end" {
            return error(ErrorCode::DeviceRevoked);
        }
        if name == "wake" && session.is_some() && !self.has_news(request) {
            return Reply::Hold;
        }
        self.requests.push(name.to_owned());
        let fault = self.faults.get_mut(name).and_then(VecDeque::pop_front);
        match fault {
            Some(Fault::Html) => {
                return Reply::Answer(200, b"<html>\xe8\xaf\xb7\xe7\x99\xbb\xe5\xbd\x95</html>".to_vec());
            }
            Some(Fault::Error500) => return Reply::Answer(500, b"oops".to_vec()),
            Some(Fault::Code(code)) => return error(code),
            _ => {}
        }
        let body = request.body.as_deref().unwrap_or_default();
        let answer = match (name, session) {
            ("login", _) => (
                200,
                json!({ "authorize_url": format!("https://container.example/?{query}") }),
            ),
            ("sessions", _) => match self.open_session(body, now) {
                Ok(grant) => (200, grant),
                Err(code) => return error(code),
            },
            (_, None) => return error(ErrorCode::Unauthenticated),
            ("end", Some(_)) => {
                self.sessions
                    .remove(request.bearer.as_deref().unwrap_or_default());
                return Reply::Answer(204, Vec::new());
            }
            ("push", Some((user, device))) => self.push(&user, &device, body, fault, now),
            ("pull", Some((user, device))) => match self.pull(&user, &device, query, now) {
                Ok(mut reply) => {
                    if self.book.is_some() {
                        reply["log"] = json!(self.signed_head(now));
                    }
                    (200, reply)
                }
                Err(code) => return error(code),
            },
            ("packs", Some(_)) => match self.packs(&path) {
                Ok(reply) => (200, reply),
                Err(code) => return error(code),
            },
            ("grant", Some((user, device))) => (200, self.renew(&user, &device, now)),
            ("rotate", Some((user, device))) => {
                let token = request.bearer.clone().unwrap_or_default();
                match self.rotate(&user, &device, &token, body, now) {
                    Ok(reply) => (200, reply),
                    Err(code) => return error(code),
                }
            }
            ("people", Some((user, _))) => match role(&user).0 {
                Role::UnitReviewer => (200, self.people()),
                _ => return error(ErrorCode::Forbidden),
            },
            ("devices", Some(_)) => (200, self.device_list(now)),
            ("invite", Some(_)) => match self.invitation(body, now) {
                Ok(reply) => (200, reply),
                Err(code) => return error(code),
            },
            ("revoke", Some(_)) => {
                let device = path
                    .trim_start_matches("/v1/devices/")
                    .trim_end_matches("/revoke");
                self.devices
                    .get_mut(device)
                    .expect("a device of the list")
                    .revoked = true;
                return Reply::Answer(204, Vec::new());
            }
            ("wake", Some(_)) => (200, json!({ "heads": self.heads(body), "server_time": now })),
            ("proof", Some(_)) => (200, self.proof(&path, fault)),
            ("log_head", Some(_)) if query.is_empty() => (200, json!(self.signed_head(now))),
            ("log_head", Some(_)) => match self.head_at(query, now) {
                Ok(head) => (200, json!(head)),
                Err(code) => return error(code),
            },
            ("consistency", Some(_)) => match self.consistency(query) {
                Ok(proof) => (200, json!(proof)),
                Err(code) => return error(code),
            },
            _ => unreachable!("all names are above"),
        };
        assert_ne!(
            request.method == Method::Get || name == "grant",
            request.body.is_some(),
            "a GET has no body, a POST has one"
        );
        let mut text = answer.1.to_string().into_bytes();
        match fault {
            Some(Fault::LostAnswer) => return Reply::Unreachable,
            Some(Fault::Truncated) => text.truncate(text.len() / 2),
            _ => {}
        }
        Reply::Answer(answer.0, text)
    }

    fn open_session(&mut self, body: &str, now: UnixMillis) -> Result<Value, ErrorCode> {
        let request: SessionRequest = serde_json::from_str(body).map_err(|_| ErrorCode::Malformed)?;
        let user = self.codes.remove(&request.code).ok_or(ErrorCode::BadLoginCode)?;
        let text = SessionRequest::proof_text(&request.app, &request.code, &request.device.id);
        let key = shenhai_crypto::PublicKey::from_hex(&request.device.public_key)
            .map_err(|_| ErrorCode::BadSignature)?;
        let proven = verify_hex(&request.device.public_key, text.as_bytes(), &request.proof).is_valid()
            && device_id(&key) == request.device.id.as_str();
        if !proven {
            return Err(ErrorCode::BadSignature);
        }
        self.counter += 1;
        let token = format!("token-{}", self.counter);
        let device = self
            .devices
            .entry(request.device.id.0.clone())
            .or_insert_with(|| Device {
                seq: 0,
                head: ZERO_HASH.to_owned(),
                key: request.device.public_key.clone(),
                user: user.clone(),
                revoked: false,
            });
        if device.revoked {
            return Err(ErrorCode::DeviceRevoked);
        }
        let (device_seq, device_head) = (device.seq, HexHash(device.head.clone()));
        self.sessions
            .insert(token.clone(), (user.clone(), request.device.id.0.clone()));
        self.enrolment_codes.extend(request.enrolment_code.clone());
        let user = user_info(&user);
        let (grant, credentials) = self.papers_for(&user, &request.app, &request.device.id, now);
        let grant = SessionGrant {
            token,
            expires_at: now.plus(12 * 3600 * 1000),
            scopes: self.scopes_of(user.id.as_str()),
            user,
            gateway_key: self.key.public().to_hex(),
            epoch: self.epoch.clone(),
            server_time: now,
            device_seq,
            device_head,
            grant,
            credentials,
        };
        Ok(serde_json::to_value(grant).expect("JSON"))
    }

    fn push(
        &mut self,
        user: &str,
        device: &str,
        body: &str,
        fault: Option<Fault>,
        now: UnixMillis,
    ) -> (u16, Value) {
        let request: PushRequest = serde_json::from_str(body).expect("a push is JSON");
        assert!(!request.commands.is_empty(), "an empty push is a bug");
        let mut receipts = Vec::new();
        let mut stopped = None;
        for (index, signed) in request.commands.into_iter().enumerate() {
            self.pushed.push(signed.payload.clone());
            let refuse = match fault {
                Some(Fault::StopAtFirst(code)) if index == 0 => {
                    stopped = Some(PushStop {
                        index,
                        code,
                        expected_seq: None,
                    });
                    break;
                }
                Some(Fault::Refuse(code)) if index == 0 => Some(code),
                _ => None,
            };
            match self.take(user, device, signed, refuse, now) {
                Ok(receipt) => receipts.push(receipt),
                Err((code, expected_seq)) => {
                    stopped = Some(PushStop {
                        index,
                        code,
                        expected_seq,
                    });
                    break;
                }
            }
        }
        for receipt in &mut receipts {
            self.spoil(receipt, fault);
        }
        let status = match &stopped {
            Some(stop) if receipts.is_empty() => stop.code.http_status(),
            _ => 200,
        };
        (
            status,
            serde_json::to_value(PushReply {
                receipts,
                stopped,
                server_time: now,
            })
            .expect("JSON"),
        )
    }

    /// Make a receipt one that must not count.
    fn spoil(&mut self, receipt: &mut SignedReceipt, fault: Option<Fault>) {
        match fault {
            Some(Fault::ForgedReceipts) => {
                *receipt = receipted(&self.forger, receipt.payload.clone(), &mut self.rng);
            }
            Some(Fault::OtherBytes) => {
                let mut other = receipt.open().expect("ours");
                other.hash = HexHash(sm3(b"other bytes").to_hex());
                let payload = serde_json::to_string(&other).expect("JSON");
                *receipt = receipted(&self.key, payload, &mut self.rng);
            }
            _ => {}
        }
    }

    fn take(
        &mut self,
        user: &str,
        device: &str,
        signed: SignedEnvelope,
        refuse: Option<ErrorCode>,
        now: UnixMillis,
    ) -> Result<SignedReceipt, (ErrorCode, Option<u64>)> {
        let held = self
            .devices
            .get(device)
            .cloned()
            .ok_or((ErrorCode::UnknownDevice, None))?;
        let envelope = signed.open().map_err(|_| (ErrorCode::Malformed, None))?;
        if !verify_hex(&held.key, signed.payload.as_bytes(), &signed.sig).is_valid() {
            return Err((ErrorCode::BadSignature, None));
        }
        let is_order = envelope.record.kind.as_str() == "hotline.order";
        let command = command_in(&signed, &envelope);
        if is_order && command.is_none() {
            return Err((ErrorCode::Malformed, None));
        }
        if let Some((payload, receipt)) = self.receipts.get(envelope.cmd_id.as_str()) {
            return if *payload == signed.payload {
                Ok(receipt.clone())
            } else {
                Err((ErrorCode::IdReused, None))
            };
        }
        if envelope.device_id.as_str() != device {
            return Err((ErrorCode::WrongDevice, None));
        }
        if envelope.actor.as_str() != user {
            return Err((ErrorCode::WrongActor, None));
        }
        if envelope.device_seq != held.seq + 1 {
            return Err((ErrorCode::SeqGap, Some(held.seq + 1)));
        }
        if envelope.prev_hash.as_str() != held.head {
            return Err((ErrorCode::ChainBroken, None));
        }
        let hash = sm3(signed.payload.as_bytes()).to_hex();
        let device = Device {
            seq: envelope.device_seq,
            head: hash.clone(),
            key: held.key,
            user: held.user,
            revoked: held.revoked,
        };
        self.devices.insert(envelope.device_id.0.clone(), device);
        // docs: clock → scope → order.
        let late = now.since(envelope.client_time);
        let in_range = (-limits::CLOCK_AHEAD_MILLIS..=limits::CLOCK_BEHIND_MILLIS).contains(&late);
        let refuse = refuse.or((!in_range).then_some(ErrorCode::ClockOutOfRange));
        let mut judged = None;
        let refused = refuse.or_else(|| match &command {
            Some(command) if is_order => self.apply(&envelope, command, &hash, now).err(),
            _ => match self.judge_case(&envelope, &signed.beside, now) {
                Ok(taken) => {
                    judged = Some(taken);
                    None
                }
                Err(code) => Some(code),
            },
        });
        let (rev, changes) = match (refused, &judged) {
            (Some(_), _) => (None, BTreeMap::new()),
            (None, Some(judged)) => (Some(judged.rev), judged.changes.clone()),
            (None, None) => {
                let n = self.touch(user, envelope.record.id.as_str());
                let rev = self
                    .orders
                    .get(envelope.record.id.as_str())
                    .map(|order| order.rev);
                (rev, BTreeMap::from([(envelope.scope.0.clone(), n)]))
            }
        };
        let receipt = Receipt {
            emulated: false,
            v: PROTOCOL_VERSION,
            cmd_id: envelope.cmd_id.clone(),
            work: envelope.work.clone(),
            device_id: envelope.device_id.clone(),
            device_seq: envelope.device_seq,
            hash: HexHash(hash),
            record: envelope.record.clone(),
            by: Actor {
                id: envelope.actor.clone(),
                role: envelope.role.clone(),
                unit: "unit".into(),
            },
            law: envelope.law.clone(),
            cell: None,
            given: GivenFacts {
                at: now,
                calendar: "calendar".to_owned(),
                asked: judged
                    .as_ref()
                    .map(|judged| judged.asked.clone())
                    .unwrap_or_default(),
            },
            after: judged.map(|judged| judged.after).unwrap_or_default(),
            verdict: if refused.is_some() {
                Verdict::Refused
            } else {
                Verdict::Accepted
            },
            code: refused,
            rev,
            changes,
        };
        let payload = serde_json::to_string(&receipt).expect("JSON");
        let receipt = receipted(&self.key, payload, &mut self.rng);
        self.receipts.insert(
            envelope.cmd_id.0.clone(),
            (signed.payload.clone(), receipt.clone()),
        );
        self.envelopes.push((envelope.cmd_id.0.clone(), signed));
        Ok(receipt)
    }

    fn pull(&self, user: &str, device: &str, query: &str, now: UnixMillis) -> Result<Value, ErrorCode> {
        let term = |name: &str| {
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, v)| v)
        };
        let cursor: u64 = term("cursor")
            .and_then(|text| text.parse().ok())
            .ok_or(ErrorCode::Malformed)?;
        let limit: usize = term("limit")
            .and_then(|text| text.parse().ok())
            .ok_or(ErrorCode::Malformed)?;
        let scope = term("scope").ok_or(ErrorCode::Malformed)?.replace("%3A", ":");
        if !self.scopes_of(user).iter().any(|own| own.as_str() == scope) {
            return Err(ErrorCode::ScopeDenied);
        }
        let head = self.log.len() as u64;
        if cursor > head || term("epoch").is_some_and(|epoch| epoch != self.epoch) {
            return Err(ErrorCode::CursorGone);
        }
        let mut latest: BTreeMap<u64, &str> = BTreeMap::new();
        for (n, (handler, id)) in (1_u64..).zip(&self.log) {
            if n > cursor && (!scope.starts_with("person:") || scope == format!("person:{handler}")) {
                latest.retain(|_, other| other != id);
                latest.insert(n, id);
            }
        }
        let page: Vec<(u64, &str)> = latest.into_iter().take(limit).collect();
        let more = page.len() == limit;
        let end = if more {
            page.last().map_or(head, |(n, _)| *n)
        } else {
            head
        };
        let changes = page.into_iter().map(|(n, id)| Change {
            n,
            kind: match self.orders.get(id).filter(|order| shows(&scope, order)) {
                _ if id.contains('/') => self.case_change(&scope, id),
                Some(order) => ChangeKind::Upsert {
                    order: Box::new(self.seen_in(&scope, order)),
                },
                None => ChangeKind::Remove {
                    order_id: OrderId::from(id),
                },
            },
        });
        let reply = PullReply {
            epoch: self.epoch.clone(),
            scope: ScopeId(scope.clone()),
            cursor: end,
            head,
            changes: changes.collect(),
            more,
            device_seq: self.devices.get(device).map_or(0, |device| device.seq),
            server_time: now,
            log: None,
        };
        Ok(serde_json::to_value(reply).expect("JSON"))
    }

    fn seen_in(&self, scope: &str, order: &WorkOrder) -> WorkOrder {
        let mut order = order.clone();
        if !scope.starts_with("person:") {
            order.caller.masked = true;
            order.caller.name = "张＊＊".to_owned();
            order.caller.phone = "138****1234".to_owned();
        }
        order
    }

    fn heads(&self, body: &str) -> BTreeMap<String, u64> {
        let wake: WakeRequest = serde_json::from_str(body).expect("a wake is JSON");
        let head = self.log.len() as u64;
        wake.cursors
            .into_iter()
            .filter(|(_, cursor)| *cursor < head)
            .map(|(scope, _)| (scope, head))
            .collect()
    }

    fn has_news(&self, request: &HttpRequest) -> bool {
        let faulty = self.faults.get("wake").is_some_and(|faults| !faults.is_empty());
        faulty || !self.heads(request.body.as_deref().unwrap_or_default()).is_empty()
    }

    fn proof(&mut self, path: &str, fault: Option<Fault>) -> Value {
        let order = path.trim_start_matches("/v1/orders/").trim_end_matches("/proof");
        let mut entries = Vec::new();
        for (cmd_id, envelope) in &self.envelopes {
            let opened = envelope.open().expect("taken");
            if opened.record.id.as_str() == order {
                entries.push(ProofEntry {
                    envelope: envelope.clone(),
                    receipt: self.receipts[cmd_id].1.clone(),
                    device_key: self.devices[opened.device_id.as_str()].key.clone(),
                    device_name: "测试手机".to_owned(),
                    actor_name: format!("{}的姓名", opened.actor),
                    inclusion: None,
                });
            }
        }
        for entry in &mut entries {
            self.spoil(&mut entry.receipt, fault);
            if fault == Some(Fault::ChangedText) {
                let text = &mut entry.envelope.beside.submission;
                *text = text.as_ref().map(|text| text.replace("已约定", "未约定"));
            }
            if fault == Some(Fault::ChangedAct) {
                let payload = &mut entry.envelope.payload;
                *payload = payload.replace("\"act\":\"contact\"", "\"act\":\"reply\"");
            }
        }
        let proof = OrderProof {
            order_id: OrderId::from(order),
            entries,
            gateway_key: self.key.public().to_hex(),
            gateway_certificates: Vec::new(),
            head: None,
        };
        serde_json::to_value(proof).expect("JSON")
    }

    /// How many commands had an effect or a refusal.
    pub fn receipted(&self) -> usize {
        self.receipts.len()
    }
}

/// docs: a handler's scope has what is theirs.
fn shows(scope: &str, order: &WorkOrder) -> bool {
    !scope.starts_with("person:") || scope == ScopeId::person(&order.handler).as_str()
}

fn error(code: ErrorCode) -> Reply {
    let body = ErrorBody {
        code,
        retryable: code.retryable(),
        message: String::new(),
    };
    Reply::Answer(code.http_status(), serde_json::to_vec(&body).expect("JSON"))
}

pub struct Sequence(pub u64);

impl rand_core::TryRng for Sequence {
    type Error = rand_core::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, rand_core::Infallible> {
        self.try_next_u64().map(|n| (n >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, rand_core::Infallible> {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Infallible> {
        for byte in bytes {
            *byte = (self.try_next_u64()? >> 56) as u8;
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Sequence {}
