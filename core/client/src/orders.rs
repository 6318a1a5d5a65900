//! One order: everything a screen shows of it, and everything the person may do with it.

use crate::chain::Basis;
use crate::engine::{Engine, Pending};
use crate::failure::Failure;
use crate::letter::{self, Letter};
use crate::rpc::{
    CallerView, Delivery, Draft, DraftKey, DraftSaved, FormOptions, FormReport, KeptDraft, OrderDetail,
    RecordView, RevealedCaller, SubmitParams, Topic,
};
use shenhai_flow::{Flow, forms, masking};
use shenhai_protocol::{
    Action, Command, CommandKind, ContactForm, ErrorCode, FormIssue, FormKind, Matter, OrderId, Record,
    ReplyForm, ReturnForm, WorkOrder,
};
use shenhai_store::{SeenOrder, StoreError};
use shenhai_sync::RowState;

/// The same command signed again within this is one that was meant once: two taps, or two tabs.
pub(crate) const TWICE_MILLIS: i64 = 5_000;

/// The order is not on this device, or no longer.
pub(crate) const NOT_HERE: Failure = Failure::Refused(ErrorCode::NotFound, "no such order on this device");

impl Engine {
    /// The order in full, from the scope in which it is shown.
    pub(crate) fn order(&self, id: &OrderId) -> Result<WorkOrder, Failure> {
        self.live()?;
        let card = self.board.card(id).ok_or(NOT_HERE)?;
        self.store()?.order(&card.scope, id)?.ok_or(NOT_HERE)
    }

    // --- looking ---

    /// `orders.get`.
    pub(crate) fn detail(&self, id: &OrderId) -> Result<OrderDetail, Failure> {
        self.detail_of(self.order(id)?)
    }

    /// The same of an order that was just read.
    pub(crate) fn detail_of(&self, order: WorkOrder) -> Result<OrderDetail, Failure> {
        let id = &order.id;
        let summary = self.summary(&order);
        let actions = self.actions(&order)?;
        let caller = &order.caller;
        let user = self.user()?;
        let open = self
            .pending_of(id)
            .filter(|pending| pending.entry.row.state != RowState::Done);
        Ok(OrderDetail {
            caller: CallerView {
                name: if caller.masked {
                    caller.name.clone()
                } else {
                    masking::mask_name(&caller.name)
                },
                phone: if caller.masked {
                    caller.phone.clone()
                } else {
                    masking::mask_phone(&caller.phone)
                },
                anonymous: caller.anonymous,
                confidential: caller.confidential,
                revealable: !caller.masked && actions.contains(&CommandKind::Reveal),
            },
            contact: self.record(id, order.contact.as_ref(), |command| match command {
                Command::Contact { form, .. } => Some(form.clone()),
                _ => None,
            }),
            reply: self.record(id, order.reply.as_ref(), |command| match command {
                Command::Reply { form, .. } => Some(form.clone()),
                _ => None,
            }),
            returned: self.record(id, order.returned.as_ref(), |command| match command {
                Command::Return { form, .. } => Some(form.clone()),
                _ => None,
            }),
            drafts: self.drafts(&user, id)?,
            outbox: open.filter_map(|pending| self.outbox_item(pending)).collect(),
            now: self.server_now(),
            contact_by: order.deadlines.contact_by,
            finish_by: order.deadlines.finish_by,
            unit: order.unit,
            handler: order.handler,
            content: order.content,
            point: order.point,
            duplicate_of: order.duplicate_of,
            timeline: order.timeline,
            summary,
            actions,
        })
    }

    /// What the person may do now.
    fn actions(&self, order: &WorkOrder) -> Result<Vec<CommandKind>, Failure> {
        let live = self.live()?;
        if !live.may(Action::SubmitCommands) {
            return Ok(Vec::new());
        }
        let mut actions = Flow::standard().actions(self.state_of(order), live.record.user.role);
        actions.retain(|kind| self.is_whose(order, *kind));
        Ok(actions)
    }

    /// Whether it is the signed-in person's to do this: granted where the order shows, and an order is its handler's but
    /// for giving it to another.
    fn is_whose(&self, order: &WorkOrder, kind: CommandKind) -> bool {
        let Some(live) = &self.live else { return false };
        let granted = live.grant.as_ref().zip(self.board.card(&order.id));
        let granted = granted.is_some_and(|(grant, card)| grant.allows(&card.scope, kind.act()));
        granted && (kind == CommandKind::Reassign || order.handler == live.record.user.id)
    }

    /// The record a screen shows: the person's own newest one that is on its way, else the received one, else
    /// the own one that was refused.
    fn record<F: Clone>(
        &self,
        id: &OrderId,
        received: Option<&Record<F>>,
        form_of: impl Fn(&Command) -> Option<F>,
    ) -> Option<RecordView<F>> {
        let own = |parked: bool| {
            self.pending_of(id)
                .rev()
                .filter(|pending| pending.entry.row.state.is_parked() == parked)
                .find_map(|pending| self.own_record(pending, &form_of))
        };
        let received_view = || {
            received.map(|record| RecordView {
                form: record.form.clone(),
                by_name: record.by_name.clone(),
                client_time: record.client_time,
                server_time: Some(record.server_time),
                cmd_id: record.cmd_id.clone(),
                hash: record.hash.clone(),
                delivery: Delivery::Received,
            })
        };
        let on_its_way = own(false).filter(|own| received.is_none_or(|record| record.cmd_id != own.cmd_id));
        on_its_way.or_else(received_view).or_else(|| own(true))
    }

    fn own_record<F>(
        &self,
        pending: &Pending,
        form_of: impl Fn(&Command) -> Option<F>,
    ) -> Option<RecordView<F>> {
        let letter = pending.letter.as_ref()?;
        let envelope = &letter.envelope;
        Some(RecordView {
            form: form_of(letter.command()?)?,
            by_name: self.live.as_ref()?.record.user.name.clone(),
            client_time: envelope.client_time,
            server_time: pending.entry.server_time,
            cmd_id: envelope.cmd_id.clone(),
            hash: pending.entry.hash.clone(),
            delivery: match pending.entry.row.state {
                RowState::Parked { .. } => Delivery::Parked,
                RowState::Done => Delivery::Received,
                _ => Delivery::OnDevice,
            },
        })
    }

    pub(crate) fn drafts(
        &self,
        user: &shenhai_protocol::UserId,
        id: &OrderId,
    ) -> Result<Vec<KeptDraft>, Failure> {
        let kept = self.store()?.drafts(user, id)?;
        let read = |kept: shenhai_store::KeptDraft| {
            let draft = serde_json::from_str(&kept.json).map_err(|_| StoreError::Row("drafts"))?;
            Ok(KeptDraft {
                draft,
                saved_at: kept.saved_at,
            })
        };
        Ok(kept.into_iter().map(read).collect::<Result<_, StoreError>>()?)
    }

    // --- acting ---

    /// `orders.accept`.
    pub(crate) fn accept(&mut self, id: &OrderId) -> Result<OrderDetail, Failure> {
        let order = self.order(id)?;
        self.act(&order, Command::Accept { order: id.clone() })?;
        self.detail_of(order)
    }

    /// `orders.contact`.
    pub(crate) fn contact(&mut self, params: SubmitParams<ContactForm>) -> Result<OrderDetail, Failure> {
        let draft = Draft::Contact(params.form.clone());
        self.hand_in(
            &params.id,
            draft,
            Command::Contact {
                order: params.id.clone(),
                form: params.form,
            },
        )
    }

    /// `orders.reply`.
    pub(crate) fn reply(&mut self, params: SubmitParams<ReplyForm>) -> Result<OrderDetail, Failure> {
        let draft = Draft::Reply(params.form.clone());
        self.hand_in(
            &params.id,
            draft,
            Command::Reply {
                order: params.id.clone(),
                form: params.form,
            },
        )
    }

    /// `orders.return`.
    pub(crate) fn send_back(&mut self, params: SubmitParams<ReturnForm>) -> Result<OrderDetail, Failure> {
        let draft = Draft::Return(params.form.clone());
        self.hand_in(
            &params.id,
            draft,
            Command::Return {
                order: params.id.clone(),
                form: params.form,
            },
        )
    }

    /// `orders.reveal`: the record of who looked is kept before anything is shown.
    pub(crate) fn reveal(&mut self, id: &OrderId) -> Result<RevealedCaller, Failure> {
        let order = self.order(id)?;
        if order.caller.masked {
            return Err(Failure::Refused(
                ErrorCode::Forbidden,
                "the caller is not shown in this scope",
            ));
        }
        self.act(&order, Command::Reveal { order: id.clone() })?;
        Ok(RevealedCaller {
            name: order.caller.name,
            phone: order.caller.phone,
        })
    }

    /// Submit a filled form: checked, signed, kept, and its draft removed, in one transaction. A form that may
    /// not be submitted stays as a draft, so that nothing typed is lost.
    fn hand_in(&mut self, id: &OrderId, draft: Draft, command: Command) -> Result<OrderDetail, Failure> {
        let order = match self.order(id) {
            Ok(order) => order,
            // It may have left while the form was open.
            Err(failure) => return self.save_draft(id, &draft).and(Err(failure)),
        };
        let kind = kind_of(&draft);
        let user = self.user()?;
        if self.was_just_signed(&command)? {
            return self.detail_of(order);
        }
        let issues = self.issues(id, &draft)?;
        let refused = if issues.is_empty() {
            self.allowed(&order, &command).err()
        } else {
            Some(Failure::Form(issues))
        };
        if let Some(failure) = refused {
            self.save_draft(id, &draft)?;
            return Err(failure);
        }
        let basis = self.basis(&order)?;
        self.submit(command, basis, |write| write.remove_draft(&user, id, kind))?;
        self.note_drafts(id)?;
        self.detail_of(order)
    }

    /// Sign what nothing was typed into, unless the same was signed just now.
    pub(crate) fn act(&mut self, order: &WorkOrder, command: Command) -> Result<(), Failure> {
        if self.was_just_signed(&command)? {
            return Ok(());
        }
        self.allowed(order, &command)?;
        let basis = self.basis(order)?;
        self.submit(command, basis, |_| Ok(()))
    }

    fn basis(&self, order: &WorkOrder) -> Result<Basis, Failure> {
        let card = self.board.card(&order.id).ok_or(NOT_HERE)?;
        Ok(Basis {
            scope: card.scope.clone(),
            rev: order.rev,
            work: None,
        })
    }

    /// Whether the person may do this to the order as it stands.
    pub(crate) fn allowed(&self, order: &WorkOrder, command: &Command) -> Result<(), Failure> {
        let live = self.live()?;
        Flow::standard().apply(self.state_of(order), command.kind(), live.record.user.role)?;
        if !live.may(Action::SubmitCommands) {
            return Err(Failure::Refused(ErrorCode::Forbidden, "not granted"));
        }
        if !self.is_whose(order, command.kind()) {
            return Err(Failure::Refused(
                ErrorCode::Forbidden,
                "the order is another handler's",
            ));
        }
        Ok(())
    }

    fn was_just_signed(&self, command: &Command) -> Result<bool, Failure> {
        let now = self.server_now();
        let (after, before) = (now.plus(-TWICE_MILLIS), now.plus(TWICE_MILLIS));
        let store = self.store()?;
        let (user, order) = (self.user()?, command.order());
        let (kind, act) = (letter::ORDER.into(), command.kind().act().into());
        for entry in store.signed_between(&user, &kind, Some(order), &act, after, before)? {
            let kept = store.envelope(&entry.row.cmd_id)?;
            let same = kept
                .and_then(|signed| Letter::read(&signed))
                .is_some_and(|letter| letter.command() == Some(command));
            if same && !entry.row.state.is_parked() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    // --- forms and drafts ---

    /// What a form reads of its order, and by what a person knows that order: from the order, or, where it left, from
    /// what was kept with the person's unsent work on it.
    pub(crate) fn seen(&self, id: &OrderId) -> Result<SeenOrder, Failure> {
        let user = self.user()?;
        if let Some(card) = self.board.card(id) {
            return Ok(card.seen());
        }
        let kept = self.store()?.seen_order(&user, id)?;
        kept.ok_or(NOT_HERE)
    }

    /// `draft.save`. Of an order that left only while there is unsent work on it: what is being typed goes on being kept.
    pub(crate) fn save_draft(&mut self, id: &OrderId, draft: &Draft) -> Result<DraftSaved, Failure> {
        let user = self.user()?;
        let seen = self.seen(id)?;
        let kept = self.draft_row(id, draft)?;
        self.store_mut()?.write(|write| {
            write.save_draft(&user, &kept)?;
            write.keep_seen(&user, id, &seen)
        })?;
        self.note_drafts(id)?;
        Ok(DraftSaved {
            saved_at: kept.saved_at,
        })
    }

    /// A draft as it is kept.
    pub(crate) fn draft_row(&self, id: &OrderId, draft: &Draft) -> Result<shenhai_store::KeptDraft, Failure> {
        let unreadable = |_| Failure::Refused(ErrorCode::Internal, "the draft has no JSON");
        Ok(shenhai_store::KeptDraft {
            order: id.clone(),
            kind: kind_of(draft),
            saved_at: self.server_now(),
            json: serde_json::to_string(draft).map_err(unreadable)?,
        })
    }

    /// `draft.discard`.
    pub(crate) fn discard_draft(&mut self, key: &DraftKey) -> Result<DraftSaved, Failure> {
        let user = self.user()?;
        self.store_mut()?
            .write(|write| write.remove_draft(&user, &key.id, key.kind))?;
        self.note_drafts(&key.id)?;
        Ok(DraftSaved {
            saved_at: self.server_now(),
        })
    }

    /// The list shows whether there is a draft; what stands in it is known to whoever typed it.
    pub(crate) fn note_drafts(&mut self, id: &OrderId) -> Result<(), Failure> {
        let user = self.user()?;
        let drafted = !self.store()?.drafts(&user, id)?.is_empty();
        if self.board.set_drafted(id, drafted) {
            self.mark(Topic::Orders);
        }
        Ok(())
    }

    /// `form.check`.
    pub(crate) fn check_form(&self, id: &OrderId, draft: &Draft) -> Result<FormReport, Failure> {
        let context = self.form_context(id)?;
        let look = match draft {
            Draft::Contact(form) => forms::look_asked(form, &context),
            Draft::Reply(form) => forms::look_asked(form, &context),
            Draft::Return(form) => forms::look_asked(form, &context),
        };
        let names = |fields: Vec<&str>| fields.into_iter().map(str::to_owned).collect();
        Ok(FormReport {
            issues: look.issues,
            required: names(look.required),
            relevant: names(look.relevant),
            offered: offered(context.matter),
        })
    }

    /// What is wrong with a form as it is given.
    pub(crate) fn issues(&self, id: &OrderId, draft: &Draft) -> Result<Vec<FormIssue>, Failure> {
        let context = self.form_context(id)?;
        Ok(match draft {
            Draft::Contact(form) => forms::check_contact(form, &context),
            Draft::Reply(form) => forms::check_reply(form, &context),
            Draft::Return(form) => forms::check_return(form, &context),
        })
    }

    fn form_context(&self, id: &OrderId) -> Result<forms::FormContext, Failure> {
        let seen = self.seen(id)?;
        Ok(forms::FormContext {
            matter: seen.matter,
            is_review: seen.is_review,
            received_at: seen.received_at,
            now: self.latest_now(),
        })
    }
}

fn offered(matter: Matter) -> FormOptions {
    let offered = forms::options(matter);
    FormOptions {
        unreached_reason: offered.unreached_reason.to_vec(),
        fact: offered.fact.to_vec(),
        appeal: offered.appeal.to_vec(),
        site_visit: offered.site_visit.to_vec(),
        satisfaction: offered.satisfaction.to_vec(),
        mode: offered.mode.to_vec(),
        text_chars: offered.text_chars,
    }
}

pub(crate) fn kind_of(draft: &Draft) -> FormKind {
    match draft {
        Draft::Contact(_) => FormKind::Contact,
        Draft::Reply(_) => FormKind::Reply,
        Draft::Return(_) => FormKind::Return,
    }
}
