//! Commands that are not done, as the person sees them, and what the person may decide about them; and how
//! synchronisation stands.

use crate::engine::{Engine, Pending};
use crate::failure::Failure;
use crate::rpc::{OutboxItem, OutboxList, OutboxState, SyncStatus};
use shenhai_protocol::{CmdId, Command, ErrorCode};
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
            items: open.map(|pending| self.outbox_item(pending)).collect(),
        })
    }

    /// One command for the screen.
    pub(crate) fn outbox_item(&self, pending: &Pending) -> OutboxItem {
        let entry = &pending.entry;
        // What may not be opened is listed all the same: nobody is to wonder where it went.
        let open = self.readable().is_ok();
        let (state, next_at, reason) = match entry.row.state {
            RowState::Queued | RowState::Done => (OutboxState::Queued, None, None),
            RowState::Leased { .. } => (OutboxState::Sending, None, None),
            RowState::Backoff { until, reason } => (OutboxState::Backoff, Some(until), Some(reason)),
            RowState::Blocked { reason } => (OutboxState::Blocked, None, Some(reason)),
            RowState::Parked { reason } => (OutboxState::Parked, None, Some(reason)),
        };
        OutboxItem {
            cmd_id: entry.row.cmd_id.clone(),
            order_id: entry.row.order.clone(),
            order_title: self
                .board
                .card(&entry.row.order)
                .filter(|_| open)
                .map(|card| card.order.title.clone()),
            kind: entry.kind,
            text: pending
                .envelope
                .as_ref()
                .filter(|_| open)
                .map(|envelope| typed_text(&envelope.body))
                .unwrap_or_default(),
            created_at: entry.created_at,
            state,
            attempts: entry.row.attempts,
            next_at,
            reason,
        }
    }

    /// `outbox.retry`: the same content, signed anew on the order's present revision. The refused command keeps
    /// its place in the chain, one that never had a place goes.
    pub(crate) fn retry(&mut self, cmd_id: &CmdId) -> Result<OutboxList, Failure> {
        let row = self.parked(cmd_id)?;
        let envelope = self
            .pending
            .iter()
            .find(|pending| pending.entry.row.cmd_id == *cmd_id);
        let envelope = envelope
            .and_then(|pending| pending.envelope.clone())
            .ok_or(StoreError::Row("outbox"))?;
        let rev = self
            .board
            .card(&row.order)
            .map_or(envelope.base_rev, |card| card.order.rev);
        self.submit(envelope.body, rev, |write| put_away(write, &row))?;
        self.outbox_list()
    }

    /// `outbox.discard`.
    pub(crate) fn discard(&mut self, cmd_id: &CmdId) -> Result<OutboxList, Failure> {
        let row = self.parked(cmd_id)?;
        self.store_mut()?.write(|write| {
            put_away(write, &row)?;
            write.forget_content(&row.cmd_id)
        })?;
        self.outbox_changed()?;
        self.outbox_list()
    }

    fn parked(&self, cmd_id: &CmdId) -> Result<Row, Failure> {
        self.live()?;
        let found = self
            .pending
            .iter()
            .map(|pending| &pending.entry.row)
            .find(|row| row.cmd_id == *cmd_id);
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
        Ok(self.sync_status())
    }

    /// `network.hint`.
    pub(crate) fn network(&mut self, online: bool) -> Result<SyncStatus, Failure> {
        self.step(Event::Network { online })?;
        Ok(self.sync_status())
    }
}

/// The person decided about a parked command.
fn put_away(write: &shenhai_store::Write<'_>, row: &Row) -> Result<(), StoreError> {
    if row.seq.is_some() {
        write.save_row(&Row {
            state: RowState::Done,
            ..row.clone()
        })
    } else {
        write.remove_command(&row.cmd_id)
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
    };
    let typed: Vec<&str> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
    typed.join("\n")
}
