//! The decision on signed commands: which take effect, which are refused, where a batch stops.
//!
//! Not the checks that need no row (`http::push` reads the JSON and verifies signatures before the writer is
//! asked). Called inside the writer's transaction, so that effect, change numbers, receipt and feedback stand
//! or fall together. The order of the checks is docs/protocol.md, "Commands".

use crate::access;
use crate::directory::Directory;
use crate::keys::GatewayKeys;
use crate::law;
use crate::platform_feedback;
use crate::records::{self, Ground, Prepared};
use crate::store::{AuditEvent, Given, Key, StoreError, TakenCommand, Tx};
use shenhai_flow::forms::{FormContext, check_contact, check_reply, check_return};
use shenhai_flow::{DeadlineRules, Flow, FlowError};
use shenhai_protocol::{
    ActName, Actor, Command, DeviceId, Envelope, ErrorCode, GivenFacts, HexHash, Kind, PROTOCOL_VERSION,
    PushStop, Receipt, Record, Role, Scope, ScopeId, SignedEnvelope, TimelineEntry, TimelineKind, UnixMillis,
    UserId, UserInfo, Verdict, WorkOrder, limits,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Whose session a batch came with.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub(crate) user: UserInfo,
    pub(crate) device: DeviceId,
    /// The ids of `granted`.
    pub(crate) scopes: Vec<ScopeId>,
    /// What the session's user may follow and do, as of this request.
    pub(crate) granted: Vec<Scope>,
}

impl Asker {
    /// The scopes in which records of a kind are shown to them.
    pub(crate) fn scopes_with(&self, kind: &Kind) -> Vec<ScopeId> {
        let with = self.granted.iter().filter(|scope| scope.kinds.contains(kind));
        with.map(|scope| scope.id.clone()).collect()
    }

    /// Whether an act may be done to a record of a kind that shows in a scope.
    pub(crate) fn allows(&self, scope: &ScopeId, kind: &Kind, act: &ActName) -> bool {
        let mut granted = self.granted.iter().filter(|granted| granted.id == *scope);
        granted.any(|granted| granted.kinds.contains(kind) && granted.acts.contains(act))
    }
}

/// A command whose signature was verified with its device's key.
#[derive(Debug, Clone)]
pub(crate) struct Genuine {
    pub(crate) signed: SignedEnvelope,
    pub(crate) envelope: Envelope,
    /// What it asks for, read before the writer is.
    pub(crate) asks: Asks,
    /// SM3 of the payload.
    pub(crate) hash: HexHash,
}

/// What a command asks for.
#[derive(Debug, Clone)]
pub(crate) enum Asks {
    /// Something of an order of the hotline.
    Order(Command),
    /// An act upon a record of a pack.
    Record(Arc<Prepared>),
}

impl Genuine {
    /// Bytes that are stored of it.
    fn size(&self) -> usize {
        self.signed.payload.len() + self.signed.beside.bytes()
    }
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) struct Decided {
    /// Still to be signed, see `crate::seal`.
    pub(crate) receipts: Vec<Given>,
    pub(crate) stopped: Option<PushStop>,
    pub(crate) kept: Kept,
}

/// Bytes of commands that were stored, for the quota of who sent them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Of all.
    pub(crate) all: usize,
    /// Of those that had no effect.
    pub(crate) in_vain: usize,
}

/// Why a command got no receipt.
struct Stop {
    code: ErrorCode,
    expected_seq: Option<u64>,
}

impl From<ErrorCode> for Stop {
    fn from(code: ErrorCode) -> Self {
        Self {
            code,
            expected_seq: None,
        }
    }
}

/// A genuine command that had no effect.
struct Refusal {
    code: ErrorCode,
    /// The actor holds the order, so that the command belongs to its history.
    on_the_order: bool,
}

impl Refusal {
    fn of_a_stranger(code: ErrorCode) -> Self {
        Self {
            code,
            on_the_order: false,
        }
    }

    fn on_the_order(code: ErrorCode) -> Self {
        Self {
            code,
            on_the_order: true,
        }
    }
}

/// What a decision stands on besides the rows.
#[derive(Clone, Copy)]
pub(crate) struct Bench<'a> {
    pub(crate) keys: &'a GatewayKeys,
    pub(crate) directory: &'a Directory,
    pub(crate) ground: &'a Ground,
    pub(crate) asker: &'a Asker,
    pub(crate) now: UnixMillis,
}

impl Bench<'_> {
    /// Decide on a batch, in order, up to the first command that gets no receipt.
    pub(crate) fn take_batch(self, tx: &mut Tx<'_>, batch: &[Genuine]) -> Result<Decided, StoreError> {
        let mut decided = Decided {
            receipts: Vec::with_capacity(batch.len()),
            stopped: None,
            kept: Kept::default(),
        };
        for (index, command) in batch.iter().enumerate() {
            match self.take(tx, command, &mut decided.kept)? {
                Ok(receipt) => decided.receipts.push(receipt),
                Err(stop) => {
                    decided.stopped = Some(PushStop {
                        index,
                        code: stop.code,
                        expected_seq: stop.expected_seq,
                    });
                    break;
                }
            }
        }
        Ok(decided)
    }

    fn take(
        self,
        tx: &mut Tx<'_>,
        command: &Genuine,
        kept: &mut Kept,
    ) -> Result<Result<Given, Stop>, StoreError> {
        let envelope = &command.envelope;
        let device = match tx.device(&envelope.device_id)? {
            Some(device) => device,
            None => return Ok(Err(ErrorCode::UnknownDevice.into())),
        };
        // Revoked between the check of the signature and this transaction: the revocation wins. A device that took a new
        // key asks again for what it signed with the old one, if the receipt was lost; nothing new is taken from it.
        if device.revoked && device.replaced_by.is_none() {
            return Ok(Err(ErrorCode::DeviceRevoked.into()));
        }
        if let Some((payload, receipt)) = tx.receipt(&envelope.cmd_id)? {
            if payload == command.signed.payload {
                return Ok(Ok(receipt));
            }
            if !device.revoked {
                tx.keep_reuse(&envelope.cmd_id, &command.hash, &command.signed, self.now)?;
                kept.all += command.size();
                kept.in_vain += command.size();
            }
            return Ok(Err(ErrorCode::IdReused.into()));
        }
        if device.revoked {
            return Ok(Err(ErrorCode::DeviceRevoked.into()));
        }
        if envelope.device_id != self.asker.device {
            return Ok(Err(ErrorCode::WrongDevice.into()));
        }
        if envelope.actor != self.asker.user.id {
            return Ok(Err(ErrorCode::WrongActor.into()));
        }
        let expected = device.last_seq + 1;
        if envelope.device_seq != expected {
            return Ok(Err(Stop {
                code: ErrorCode::SeqGap,
                expected_seq: Some(expected),
            }));
        }
        if envelope.prev_hash != device.head_hash {
            return Ok(Err(ErrorCode::ChainBroken.into()));
        }
        kept.all += command.size();
        let (receipt, verdict) = self.settle(tx, command)?;
        if verdict == Verdict::Refused {
            kept.in_vain += command.size();
        }
        Ok(Ok(receipt))
    }

    /// The command is genuine and next in its chain: decide, store it with its receipt, move the chain.
    fn settle(self, tx: &mut Tx<'_>, command: &Genuine) -> Result<(Given, Verdict), StoreError> {
        let envelope = &command.envelope;
        let mut receipt = Receipt {
            v: PROTOCOL_VERSION,
            cmd_id: envelope.cmd_id.clone(),
            work: envelope.work.clone(),
            device_id: envelope.device_id.clone(),
            device_seq: envelope.device_seq,
            hash: command.hash.clone(),
            record: envelope.record.clone(),
            by: Actor {
                id: self.asker.user.id.clone(),
                role: envelope.role.clone(),
                unit: self.asker.user.unit.clone(),
            },
            law: law::of_orders().clone(),
            verdict: Verdict::Refused,
            code: None,
            cell: None,
            rev: None,
            given: GivenFacts {
                at: self.now,
                calendar: DeadlineRules::standard().version().to_owned(),
                asked: BTreeMap::new(),
            },
            after: String::new(),
            changes: BTreeMap::new(),
            emulated: self.keys.emulated(),
        };
        let (key, of_its_history) = match &command.asks {
            Asks::Order(asked) => {
                let of_its_history = self.decide_on_order(tx, command, asked, &mut receipt)?;
                (Key::of_order(&envelope.record.id), of_its_history)
            }
            Asks::Record(act) => {
                let judged = records::judge(tx, self.ground, self.asker, envelope, act)?;
                (act.key.clone(), note(judged, &mut receipt))
            }
        };
        receipt
            .changes
            .retain(|scope, _| self.asker.scopes.iter().any(|own| own.as_str() == scope));
        let verdict = receipt.verdict;
        let payload = serde_json::to_string(&receipt).map_err(|_| StoreError::Document("receipt"))?;
        let given = tx.insert_command(&TakenCommand {
            cmd_id: &envelope.cmd_id,
            device_id: &envelope.device_id,
            device_seq: envelope.device_seq,
            actor: &envelope.actor,
            key: of_its_history.then_some(&key),
            envelope: &command.signed,
            receipt: &payload,
        })?;
        tx.advance_device(&envelope.device_id, envelope.device_seq, &command.hash)?;
        Ok((given, verdict))
    }

    /// Judge a command upon an order and put it into effect. Whether it belongs to the order's history.
    fn decide_on_order(
        self,
        tx: &mut Tx<'_>,
        command: &Genuine,
        asked: &Command,
        receipt: &mut Receipt,
    ) -> Result<bool, StoreError> {
        match self.judge(tx, command, asked)? {
            Ok(order) => {
                receipt.changes = self.put_into_effect(tx, command, asked, &order)?;
                receipt.verdict = Verdict::Accepted;
                receipt.rev = Some(order.rev);
                Ok(true)
            }
            Err(refusal) => {
                receipt.code = Some(refusal.code);
                Ok(refusal.on_the_order)
            }
        }
    }

    /// The order as the command leaves it, or why it may not.
    fn judge(
        self,
        tx: &Tx<'_>,
        command: &Genuine,
        asked: &Command,
    ) -> Result<Result<WorkOrder, Refusal>, StoreError> {
        let envelope = &command.envelope;
        let age = self.now.since(envelope.client_time);
        if !(-limits::CLOCK_AHEAD_MILLIS..=limits::CLOCK_BEHIND_MILLIS).contains(&age) {
            return Ok(Err(Refusal::of_a_stranger(ErrorCode::ClockOutOfRange)));
        }
        if !self
            .asker
            .scopes_with(&envelope.record.kind)
            .contains(&envelope.scope)
        {
            return Ok(Err(Refusal::of_a_stranger(ErrorCode::ScopeDenied)));
        }
        if envelope.role.as_str() != self.asker.user.role.name() {
            return Ok(Err(Refusal::of_a_stranger(ErrorCode::Forbidden)));
        }
        // An order that is not there and one that is somebody else's look alike to the asker.
        let stranger = Refusal::of_a_stranger(ErrorCode::OrderNotInScope);
        let Some(order) = tx.order(&envelope.record.id)? else {
            return Ok(Err(stranger));
        };
        if access::is_shown_in(&order, &envelope.scope, self.now) {
            return Ok(self
                .carry_out(order, command, asked)
                .map_err(Refusal::on_the_order));
        }
        Ok(Err(if !tx.was_in(&envelope.scope, &Key::of_order(&order.id))? {
            stranger
        } else if envelope.scope.shows_callers() && order.handler == self.asker.user.id {
            // It left because it was done long ago.
            Refusal::on_the_order(ErrorCode::WrongState)
        } else {
            Refusal::on_the_order(ErrorCode::Reassigned)
        }))
    }

    fn carry_out(
        self,
        mut order: WorkOrder,
        command: &Genuine,
        asked: &Command,
    ) -> Result<WorkOrder, ErrorCode> {
        let envelope = &command.envelope;
        if envelope.law != *law::of_orders() {
            return Err(ErrorCode::LawChanged);
        }
        // A revision nobody can have seen; an order is never opened by an act.
        if envelope.base_rev == 0 || envelope.base_rev > order.rev.saturating_add(limits::REVISIONS_AHEAD) {
            return Err(ErrorCode::Malformed);
        }
        order.state = Flow::standard()
            .apply(order.state, asked.kind(), self.asker.user.role)
            .map_err(|error| match error {
                FlowError::Forbidden { .. } => ErrorCode::Forbidden,
                FlowError::WrongState { .. } => ErrorCode::WrongState,
            })?;
        let context = FormContext {
            matter: order.matter,
            is_review: order.is_review,
            received_at: order.received_at,
            // A device's corrected clock may be a little ahead of ours: what it let pass is not in the future.
            now: self.now.max(envelope.client_time),
        };
        let kind = match asked {
            Command::Accept { .. } => TimelineKind::Accepted,
            Command::Reveal { .. } => TimelineKind::Revealed,
            Command::Contact { form, .. } => {
                well_formed(check_contact(form, &context).is_empty())?;
                order.contact = Some(self.record(form, command));
                TimelineKind::Contacted
            }
            Command::Reply { form, .. } => {
                well_formed(check_reply(form, &context).is_empty())?;
                order.reply = Some(self.record(form, command));
                TimelineKind::Replied
            }
            Command::Return { form, .. } => {
                well_formed(check_return(form, &context).is_empty())?;
                order.returned = Some(self.record(form, command));
                TimelineKind::Returned
            }
            Command::Reassign { to, reason, .. } => {
                well_formed(reason.chars().count() <= limits::TEXT_CHARS)?;
                self.give_to(&mut order, to)?;
                TimelineKind::Reassigned
            }
        };
        order.rev += 1;
        order.timeline.push(TimelineEntry {
            at: self.now,
            kind,
            by: self.asker.user.name.clone(),
        });
        if kind == TimelineKind::Reassigned {
            order.timeline.push(TimelineEntry {
                at: self.now,
                kind: TimelineKind::Assigned,
                by: format!("{} {}", order.unit_name, order.handler_name),
            });
        }
        Ok(order)
    }

    /// Make the order another handler's.
    fn give_to(self, order: &mut WorkOrder, to: &UserId) -> Result<(), ErrorCode> {
        let holder = self.directory.user(to).filter(|user| user.role == Role::Handler);
        let holder = holder.ok_or(ErrorCode::FormInvalid)?;
        if !access::may_give_to(&self.asker.user, &holder.unit) {
            return Err(ErrorCode::Forbidden);
        }
        // Nothing would change, and its holder would be told to begin anew.
        well_formed(holder.id != order.handler)?;
        order.unit = holder.unit.clone();
        order.unit_name = holder.unit_name.clone();
        order.handler = holder.id.clone();
        order.handler_name = holder.name.clone();
        Ok(())
    }

    fn record<F: Clone>(self, form: &F, command: &Genuine) -> Record<F> {
        Record {
            form: form.clone(),
            by: self.asker.user.id.clone(),
            by_name: self.asker.user.name.clone(),
            client_time: command.envelope.client_time,
            server_time: self.now,
            cmd_id: command.envelope.cmd_id.clone(),
            hash: command.hash.clone(),
        }
    }

    fn put_into_effect(
        self,
        tx: &mut Tx<'_>,
        command: &Genuine,
        asked: &Command,
        order: &WorkOrder,
    ) -> Result<BTreeMap<String, u64>, StoreError> {
        tx.update_order(order, !Flow::standard().is_final(order.state))?;
        let numbers = tx.log_change(order, &access::scopes_of_order(order, self.now))?;
        if let Some(body) = platform_feedback::message(&command.envelope, asked, order, &self.asker.user) {
            tx.queue_feedback(
                &command.envelope.cmd_id,
                order.channel,
                &order.id,
                &body,
                self.now,
            )?;
        }
        let event = match asked {
            Command::Reveal { .. } => Some(AuditEvent::CallerRevealed),
            Command::Reassign { .. } => Some(AuditEvent::OrderReassigned),
            Command::Accept { .. }
            | Command::Contact { .. }
            | Command::Reply { .. }
            | Command::Return { .. } => None,
        };
        if let Some(event) = event {
            let (actor, device) = (self.asker.user.id.as_str(), &self.asker.device);
            tx.record(event, self.now, actor, device, order.id.as_str())?;
        }
        Ok(numbers)
    }
}

/// Write into a receipt what an act upon a record came to. Whether it belongs to the record's history.
fn note(judged: records::Judged, receipt: &mut Receipt) -> bool {
    receipt.law = judged.law;
    receipt.given = judged.given;
    match judged.outcome {
        Ok(done) => {
            receipt.verdict = Verdict::Accepted;
            receipt.rev = Some(done.rev);
            receipt.after = done.after;
            receipt.changes = done.numbers;
            true
        }
        Err(refused) => {
            receipt.code = Some(refused.code);
            receipt.cell = refused.cell;
            refused.on_the_record
        }
    }
}

fn well_formed(without_issues: bool) -> Result<(), ErrorCode> {
    if without_issues {
        Ok(())
    } else {
        Err(ErrorCode::FormInvalid)
    }
}
