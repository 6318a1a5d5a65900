//! Commands that are not done, as the person sees them, and what the person may decide about them; and how
//! synchronisation stands.

use crate::chain::Basis;
use crate::engine::{Engine, Pending};
use crate::failure::Failure;
use crate::letter::{Content, Letter};
use crate::orders::{NOT_HERE, kind_of};
use crate::rpc::{Draft, LeftDraft, MendParams, MendReply, OutboxItem, OutboxList, OutboxState, SyncStatus};
use shenhai_protocol::{CmdId, Command, CommandKind, ErrorCode, UnixMillis};
use shenhai_store::StoreError;
use shenhai_sync::{Event, Row, RowState};

impl Engine {
    /// `outbox.list`.
    pub(crate) fn outbox_list(&mut self) -> Result<OutboxList, Failure> {
        self.live()?;
        let open = self
            .pending
            .iter()
            .filter(|pending| pending.entry.row.state != RowState::Done);
        Ok(OutboxList {
            items: open
                .clone()
                .filter_map(|pending| self.outbox_item(pending))
                .collect(),
            left_drafts: self.left_drafts()?,
            acts: open.filter_map(|pending| self.act_item(pending)).collect(),
            left_acts: self.left_acts()?,
        })
    }

    /// What was typed and not submitted, of orders that are no longer here. Before the first pull is complete nothing
    /// is said to have left.
    fn left_drafts(&self) -> Result<Vec<LeftDraft>, Failure> {
        if !self.is_loaded() {
            return Ok(Vec::new());
        }
        let user = self.user()?;
        let open = self.readable().is_ok();
        let mut left = Vec::new();
        for id in self.board.drafted_elsewhere() {
            let seen = self.store()?.seen_order(&user, id)?.filter(|_| open);
            for kept in self.drafts(&user, id)? {
                left.push(LeftDraft {
                    order_id: id.clone(),
                    order_no: seen.as_ref().map(|seen| seen.source_no.clone()),
                    order_title: seen.as_ref().map(|seen| seen.title.clone()),
                    kind: kind_of(&kept.draft),
                    saved_at: kept.saved_at,
                    draft: open.then_some(kept.draft),
                });
            }
        }
        Ok(left)
    }

    /// One command on an order for the screen.
    pub(crate) fn outbox_item(&self, pending: &Pending) -> Option<OutboxItem> {
        let entry = &pending.entry;
        let kind = CommandKind::of_act(&entry.act).filter(|_| pending.is_of_order())?;
        // What may not be opened is listed all the same: nobody is to wonder where it went.
        let open = self.readable().is_ok();
        let (state, next_at, reason) = standing(entry.row.state);
        let seen = self.seen(&entry.row.order).ok().filter(|_| open);
        Some(OutboxItem {
            cmd_id: entry.row.cmd_id.clone(),
            order_id: entry.row.order.clone(),
            order_no: seen.as_ref().map(|seen| seen.source_no.clone()),
            order_title: seen.map(|seen| seen.title),
            order_left: self.board.card(&entry.row.order).is_none() && self.is_loaded(),
            kind,
            text: pending
                .letter
                .as_ref()
                .filter(|_| open)
                .and_then(Letter::command)
                .map(typed_text)
                .unwrap_or_default(),
            created_at: entry.created_at,
            state,
            attempts: entry.row.attempts,
            next_at,
            reason,
            mendable: entry.row.state.is_parked() && open && self.mendable(pending).is_ok(),
        })
    }

    /// `outbox.retry`: the same content, signed anew on the order's present revision. The refused command keeps
    /// its place in the chain, one that never had a place goes.
    ///
    /// A form that breaks a rule by now would only be refused again: `form_invalid`, and it stays to be mended.
    pub(crate) fn retry(&mut self, cmd_id: &CmdId) -> Result<OutboxList, Failure> {
        let row = self.parked(cmd_id)?;
        let Letter { envelope, content } = self
            .pending_command(cmd_id)
            .and_then(|pending| pending.letter.clone())
            .ok_or(StoreError::Row("outbox"))?;
        let command = match content {
            Content::Order(command) => command,
            Content::Act(beside) => {
                self.retry_act(&row, &envelope, &beside)?;
                return self.outbox_list();
            }
        };
        if let Some(draft) = draft_of(&command)
            && let Ok(issues) = self.issues(&row.order, &draft)
            && !issues.is_empty()
        {
            return Err(Failure::Form(issues));
        }
        let rev = self
            .board
            .card(&row.order)
            .map_or(envelope.base_rev, |card| card.order.rev);
        let basis = Basis {
            scope: envelope.scope,
            rev,
            work: Some(envelope.work),
        };
        self.submit(command, basis, |write| put_away(write, &row))?;
        self.decided(cmd_id, put_away_row(&row))?;
        self.outbox_list()
    }

    /// `outbox.mend`: the content goes back to where it was typed, as the draft of its form. Nothing of it is lost
    /// between: the draft is kept in the transaction that takes the command away.
    pub(crate) fn mend(&mut self, params: &MendParams) -> Result<MendReply, Failure> {
        let row = self.parked(&params.cmd_id)?;
        let pending = self
            .pending_command(&params.cmd_id)
            .ok_or(StoreError::Row("outbox"))?;
        let draft = self.mendable(pending)?;
        let (user, kind) = (self.user()?, kind_of(&draft));
        let in_the_way = self
            .drafts(&user, &row.order)?
            .into_iter()
            .any(|kept| kind_of(&kept.draft) == kind && kept.draft != draft);
        let reply = MendReply {
            order_id: row.order.clone(),
            kind,
            draft_in_the_way: in_the_way && !params.replace_draft,
        };
        if reply.draft_in_the_way {
            return Ok(reply);
        }
        let kept = self.draft_row(&row.order, &draft)?;
        self.store_mut()?.write(|write| {
            write.save_draft(&user, &kept)?;
            put_away(write, &row)
        })?;
        self.note_drafts(&row.order)?;
        self.decided(&params.cmd_id, put_away_row(&row))?;
        Ok(reply)
    }

    /// The form of a parked command that a person can mend: its order is here and may still be handled so.
    fn mendable(&self, pending: &Pending) -> Result<Draft, Failure> {
        let letter = pending.letter.as_ref().ok_or(StoreError::Row("outbox"))?;
        let command = letter.command();
        let (command, draft) = command
            .and_then(|command| Some((command, draft_of(command)?)))
            .ok_or(Failure::Refused(
                ErrorCode::WrongState,
                "nothing was typed into it",
            ))?;
        let card = self.board.card(&pending.entry.row.order);
        self.allowed(&card.ok_or(NOT_HERE)?.order, command)?;
        Ok(draft)
    }

    pub(crate) fn pending_command(&self, cmd_id: &CmdId) -> Option<&Pending> {
        self.pending
            .iter()
            .find(|pending| pending.entry.row.cmd_id == *cmd_id)
    }

    /// `outbox.discard`.
    pub(crate) fn discard(&mut self, cmd_id: &CmdId) -> Result<OutboxList, Failure> {
        let row = self.parked(cmd_id)?;
        self.store_mut()?.write(|write| {
            put_away(write, &row)?;
            write.forget_content(&row.cmd_id)
        })?;
        let kept = put_away_row(&row).map(|kept| Row { bytes: 0, ..kept });
        self.decided(cmd_id, kept)?;
        self.outbox_list()
    }

    pub(crate) fn parked(&self, cmd_id: &CmdId) -> Result<Row, Failure> {
        self.live()?;
        let found = self.pending_command(cmd_id).map(|pending| &pending.entry.row);
        let row = found.ok_or(Failure::Refused(ErrorCode::NotFound, "no such command"))?;
        if row.state.is_parked() {
            Ok(row.clone())
        } else {
            Err(Failure::Refused(
                ErrorCode::WrongState,
                "the command is on its way",
            ))
        }
    }

    // --- synchronisation ---

    /// `sync.status`.
    pub(crate) fn status(&mut self) -> Result<SyncStatus, Failure> {
        Ok(self.sync_status())
    }

    /// `sync.now`.
    pub(crate) fn hurry(&mut self) -> Result<SyncStatus, Failure> {
        self.step(Event::Hurry)?;
        self.ask_packs();
        Ok(self.sync_status())
    }

    /// `network.hint`.
    pub(crate) fn network(&mut self, online: bool) -> Result<SyncStatus, Failure> {
        self.step(Event::Network { online })?;
        if online {
            self.ask_for_wanted();
        }
        Ok(self.sync_status())
    }
}

/// Where a command stands, when it is tried next, and why it waits or was parked.
pub(crate) fn standing(state: RowState) -> (OutboxState, Option<UnixMillis>, Option<ErrorCode>) {
    match state {
        RowState::Queued | RowState::Done => (OutboxState::Queued, None, None),
        RowState::Leased => (OutboxState::Sending, None, None),
        RowState::Backoff { until, reason } => (OutboxState::Backoff, Some(until), Some(reason)),
        RowState::Blocked { reason } => (OutboxState::Blocked, None, Some(reason)),
        RowState::Parked { reason } => (OutboxState::Parked, None, Some(reason)),
    }
}

/// The person decided about a parked command: keep that.
pub(crate) fn put_away(write: &shenhai_store::Write<'_>, row: &Row) -> Result<(), StoreError> {
    match put_away_row(row) {
        Some(kept) => write.save_row(&kept),
        None => write.remove_command(row),
    }
}

/// How a parked command stands once the person decided: one that has a place in the chain keeps it.
pub(crate) fn put_away_row(row: &Row) -> Option<Row> {
    row.seq.is_some().then(|| Row {
        state: RowState::Done,
        ..row.clone()
    })
}

/// The form in a command, as the draft it was.
fn draft_of(command: &Command) -> Option<Draft> {
    match command {
        Command::Accept { .. } | Command::Reveal { .. } | Command::Reassign { .. } => None,
        Command::Contact { form, .. } => Some(Draft::Contact(form.clone())),
        Command::Reply { form, .. } => Some(Draft::Reply(form.clone())),
        Command::Return { form, .. } => Some(Draft::Return(form.clone())),
    }
}

/// Everything the person typed into a command.
fn typed_text(command: &Command) -> String {
    let parts: Vec<&str> = match command {
        Command::Accept { .. } | Command::Reveal { .. } => Vec::new(),
        Command::Contact { form, .. } => vec![&form.contact_person, &form.note],
        Command::Reply { form, .. } => vec![
            &form.handling,
            &form.fact_note,
            &form.appeal_note,
            &form.citizen_feedback,
            &form.department,
            &form.department_phone,
        ],
        Command::Return { form, .. } => vec![&form.reason],
        Command::Reassign { reason, .. } => vec![reason],
    };
    let typed: Vec<&str> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
    typed.join("\n")
}
