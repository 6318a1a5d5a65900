//! The push side of the machine: which commands go next, and what their answers do to them.

use super::{Instruction, Machine, Now, Stop, Verdicts};
use crate::{Decision, RowState};
use shenhai_protocol::{CmdId, ErrorClass, ErrorCode, limits};

/// JSON around one command in a push body, and the escapes of its payload's quotes, bytes.
const FRAMING: usize = 256;

impl Machine {
    pub(super) fn has_sendable(&self) -> bool {
        self.rows.iter().any(|row| row.sendable_seq().is_some())
    }

    /// The next commands of the chain, oldest first, within the limits of one push.
    fn next_batch(&self) -> Vec<CmdId> {
        let mut waiting: Vec<_> = self
            .rows
            .iter()
            .filter_map(|row| Some((row.sendable_seq()?, row)))
            .collect();
        waiting.sort_by_key(|(seq, _)| *seq);
        let mut bytes = 0;
        waiting
            .into_iter()
            .take(self.batch_limit)
            .take_while(|(_, row)| {
                let first = bytes == 0;
                // A payload is JSON inside a JSON string: every quote in it doubles.
                bytes += row.bytes * 2 + FRAMING;
                first || bytes <= limits::PUSH_BYTES
            })
            .map(|(_, row)| row.cmd_id.clone())
            .collect()
    }

    pub(super) fn pump_push(&mut self, now: Now, out: &mut Vec<Instruction>) {
        if self.awaiting_rows || !self.push.ready(now.tick) || !self.has_sendable() {
            return;
        }
        let batch = self.next_batch();
        for row in self.rows.iter_mut().filter(|row| batch.contains(&row.cmd_id)) {
            row.attempts = row.attempts.saturating_add(1);
            row.state = RowState::Leased;
            out.push(Instruction::Save(row.clone()));
        }
        self.push.busy = true;
        self.in_flight.clone_from(&batch);
        out.push(Instruction::Push { commands: batch });
    }

    pub(super) fn push_answered(&mut self, verdicts: Verdicts, now: Now, out: &mut Vec<Instruction>) {
        let mut rest = std::mem::take(&mut self.in_flight);
        let progress = !verdicts.decisions.is_empty();
        for decision in verdicts.decisions {
            rest.retain(|cmd_id| *cmd_id != decision.cmd_id);
            self.decide(&decision, out);
        }
        if progress {
            self.push.succeeded();
            self.batch_limit = limits::PUSH_COMMANDS;
            for follow in &mut self.follows {
                follow.wanted = true;
            }
        }
        if verdicts.unverified {
            self.back_off(&rest, ErrorCode::BadAnswer, now, out);
        } else if let Some(stop) = verdicts.stop {
            self.stopped(&rest, stop, now, out);
        } else if progress {
            self.push.busy = false;
            self.release(&rest, out);
            self.note_round(now);
        } else {
            self.back_off(&rest, ErrorCode::BadAnswer, now, out);
        }
    }

    pub(super) fn push_failed(&mut self, code: ErrorCode, now: Now, out: &mut Vec<Instruction>) {
        let rest = std::mem::take(&mut self.in_flight);
        self.push.busy = false;
        if self.session_lost(code, out) {
            return;
        }
        let needs_detail = matches!(code, ErrorCode::SeqGap | ErrorCode::ChainBroken);
        if needs_detail || code.class() == ErrorClass::Transient {
            self.back_off(&rest, code, now, out);
        } else if rest.len() > 1 {
            // Which of them it does not like is not said: send them one by one.
            self.batch_limit = 1;
            self.release(&rest, out);
        } else {
            self.park_out_of_chain(&rest, code, out);
        }
    }

    fn stopped(&mut self, rest: &[CmdId], stop: Stop, now: Now, out: &mut Vec<Instruction>) {
        self.push.busy = false;
        if self.session_lost(stop.code, out) {
            return;
        }
        match stop.code {
            ErrorCode::SeqGap => match stop.expected_seq {
                Some(expected) => self.send_again_from(rest, expected, now, out),
                None => self.back_off(rest, stop.code, now, out),
            },
            ErrorCode::ChainBroken => self.retire(stop.code, out),
            code if code.class() == ErrorClass::Transient => self.back_off(rest, code, now, out),
            code => {
                let (first, others) = rest.split_at(rest.len().min(1));
                self.release(others, out);
                self.park_out_of_chain(first, code, out);
            }
        }
    }

    fn decide(&mut self, decision: &Decision, out: &mut Vec<Instruction>) {
        let Some(row) = self.rows.iter_mut().find(|row| row.cmd_id == decision.cmd_id) else {
            return;
        };
        row.state = match decision.refused {
            None => RowState::Done,
            Some(reason) => RowState::Parked { reason },
        };
        out.push(Instruction::Save(row.clone()));
        let Some(reason) = decision.refused else { return };
        let (order, seq) = (row.order.clone(), row.seq);
        for later in self
            .rows
            .iter_mut()
            .filter(|row| row.order == order && row.sendable_seq() > seq)
        {
            later.state = RowState::Blocked { reason };
            out.push(Instruction::Save(later.clone()));
        }
    }

    /// Back to waiting, nothing wrong.
    fn release(&mut self, commands: &[CmdId], out: &mut Vec<Instruction>) {
        for row in self.rows.iter_mut().filter(|row| commands.contains(&row.cmd_id)) {
            if row.state == RowState::Leased {
                row.state = RowState::Queued;
                out.push(Instruction::Save(row.clone()));
            }
        }
    }

    fn back_off(&mut self, commands: &[CmdId], reason: ErrorCode, now: Now, out: &mut Vec<Instruction>) {
        let pause = self.push.failed(now.tick, now.dice);
        let until = now.time.plus(i64::try_from(pause).unwrap_or(i64::MAX));
        self.last_error = Some(reason);
        for row in self.rows.iter_mut().filter(|row| commands.contains(&row.cmd_id)) {
            row.state = RowState::Backoff { until, reason };
            out.push(Instruction::Save(row.clone()));
        }
    }

    fn park_out_of_chain(&mut self, commands: &[CmdId], reason: ErrorCode, out: &mut Vec<Instruction>) {
        self.last_error = Some(reason);
        for row in self.rows.iter_mut().filter(|row| commands.contains(&row.cmd_id)) {
            row.state = RowState::Parked { reason };
            row.seq = None;
            out.push(Instruction::Save(row.clone()));
        }
        self.awaiting_rows = true;
        out.push(Instruction::Rechain);
    }

    pub(super) fn park_all(&mut self, reason: ErrorCode, out: &mut Vec<Instruction>) {
        let sendable: Vec<CmdId> = self
            .rows
            .iter()
            .filter(|row| row.sendable_seq().is_some())
            .map(|row| row.cmd_id.clone())
            .collect();
        self.park_out_of_chain(&sendable, reason, out);
    }

    fn retire(&mut self, code: ErrorCode, out: &mut Vec<Instruction>) {
        self.park_all(code, out);
        out.push(Instruction::RetireChain(code));
        self.expire(code, out);
    }

    /// The gateway wants `expected` next.
    fn send_again_from(&mut self, rest: &[CmdId], expected: u64, now: Now, out: &mut Vec<Instruction>) {
        let first = self.rows.iter().filter_map(crate::Row::sendable_seq).min();
        match first {
            Some(first) if expected < first => {
                self.back_off(rest, ErrorCode::SeqGap, now, out);
                self.queue_again(expected, first, out);
            }
            Some(first) if expected > first => self.retire(ErrorCode::SeqGap, out),
            _ => self.back_off(rest, ErrorCode::SeqGap, now, out),
        }
    }

    /// The gateway told how much of the chain it holds.
    pub(super) fn compare_chain(&mut self, device_seq: u64, now: Now, out: &mut Vec<Instruction>) {
        let first = self.rows.iter().filter_map(crate::Row::sendable_seq).min();
        let last = self
            .rows
            .iter()
            .filter_map(|row| row.seq)
            .max()
            .unwrap_or_default();
        let receipted = first.map_or(last, |first| first - 1);
        if device_seq > last && first.is_some() {
            self.retire(ErrorCode::SeqGap, out);
        } else if device_seq < receipted {
            self.queue_again(device_seq + 1, receipted + 1, out);
            self.note_round(now);
        }
    }

    /// Queue the receipted commands numbered `from..to` with their old bytes; they must all still be here.
    fn queue_again(&mut self, from: u64, to: u64, out: &mut Vec<Instruction>) {
        let lost = |row: &crate::Row| row.seq.is_some_and(|seq| (from..to).contains(&seq)) && row.bytes > 0;
        let kept = self.rows.iter().filter(|row| lost(row)).count() as u64;
        if kept < to.saturating_sub(from) {
            self.retire(ErrorCode::SeqGap, out);
            return;
        }
        for row in self.rows.iter_mut().filter(|row| lost(row)) {
            row.state = RowState::Queued;
            out.push(Instruction::Save(row.clone()));
        }
    }
}
