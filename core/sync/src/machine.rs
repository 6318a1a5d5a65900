//! The machine itself: one [`Event`] in, a list of [`Instruction`]s out.
//!
//! Called by `shenhai_client`'s engine under its lock. The rules are in the crate's documentation; the push
//! side is in `push`.

use crate::backoff::{Lane, pause_millis};
use crate::pull::Follow;
use crate::{Decision, Row, RowState};
use shenhai_protocol::{CmdId, ErrorClass, ErrorCode, ScopeId, UnixMillis, limits};
use std::collections::BTreeMap;

mod push;

/// The moment of an event.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Milliseconds that passed, never going back; what the machine plans by.
    pub tick: u64,
    /// What time it is, by the server's clock as far as it is known; what is shown and kept.
    pub time: UnixMillis,
    /// A random number, for jitter.
    pub dice: u64,
}

/// A scope to follow and how far its copy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeState {
    /// Which.
    pub scope: ScopeId,
    /// Everything up to this change is here.
    pub cursor: u64,
    /// It was once pulled to its end.
    pub complete: bool,
}

/// Where and why the gateway stopped in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Why.
    pub code: ErrorCode,
    /// With `seq_gap`: the number it expects.
    pub expected_seq: Option<u64>,
}

/// What a push came to, after verification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// From verified receipts, in the order of the batch.
    pub decisions: Vec<Decision>,
    /// The receipt after these did not verify.
    pub unverified: bool,
    /// The gateway went no further.
    pub stop: Option<Stop>,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A session began or was found at start.
    SignedIn {
        /// What to follow.
        scopes: Vec<ScopeState>,
        /// The user's outbox in this device's chain.
        rows: Vec<Row>,
        /// The chain's last number at the gateway, where it was just told.
        device_seq: Option<u64>,
    },
    /// The session ended.
    SignedOut,
    /// The outbox was changed by a [`Instruction::Rechain`]: this is all of it.
    Rows(Vec<Row>),
    /// The person signed one more command, at the chain's end.
    RowAppended(Row),
    /// The person decided about a parked command: it stands like this now.
    RowChanged(Row),
    /// The person decided about a parked command, and its row is gone.
    RowRemoved(CmdId),
    /// A push was answered.
    PushAnswered(Verdicts),
    /// A push was not answered, or answered with an error as a whole.
    PushFailed(ErrorCode),
    /// A page of changes was taken over.
    PullAnswered {
        /// Of which scope.
        scope: ScopeId,
        /// The cursor after it.
        cursor: u64,
        /// There is more.
        more: bool,
        /// Last number of this device's chain the gateway holds.
        device_seq: u64,
    },
    /// A pull failed.
    PullFailed {
        /// Of which scope.
        scope: ScopeId,
        /// How.
        code: ErrorCode,
    },
    /// A wake was answered.
    WakeAnswered {
        /// Heads of scopes with news.
        heads: BTreeMap<String, u64>,
    },
    /// A wake failed.
    WakeFailed(ErrorCode),
    /// The lease was not renewed.
    RenewalFailed(ErrorCode),
    /// The gateway said outside of the session that this device was revoked.
    Revoked,
    /// The host saw the network come or go.
    Network {
        /// Whether there is one.
        online: bool,
    },
    /// The person wants it now.
    Hurry,
    /// Time passed.
    Timer,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instruction {
    /// Keep this row's new state.
    Save(Row),
    /// Sign the sendable rows again, in their order, as the continuation of the last receipted command, and
    /// report [`Event::Rows`].
    Rechain,
    /// Send these commands' bytes.
    Push {
        /// In chain order.
        commands: Vec<CmdId>,
    },
    /// Fetch the changes after `cursor`.
    Pull {
        /// Of which scope.
        scope: ScopeId,
        /// After which change.
        cursor: u64,
    },
    /// Ask the gateway to answer when there is news.
    Wake {
        /// What is here already.
        cursors: BTreeMap<String, u64>,
        /// Longest wait, milliseconds.
        wait_ms: u64,
    },
    /// Forget the copy of this scope (not the outbox, not the drafts); its cursor is 0 again.
    ClearScope(ScopeId),
    /// The scope is no longer the user's: forget its copy and do not ask again.
    DropScope(ScopeId),
    /// Sending and receiving need a new sign-in.
    NeedSignIn(ErrorCode),
    /// The device's chain cannot be continued: its key is not to be used again.
    RetireChain(ErrorCode),
}

/// What it is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nobody is signed in, or the session ended.
    SignedOut,
    /// Waiting for news.
    Idle,
    /// Sending.
    Pushing,
    /// Receiving.
    Pulling,
    /// Waiting after a failure.
    Backoff,
    /// The host says there is no network.
    Offline,
}

/// How synchronisation stands, for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overview {
    /// What it is doing.
    pub phase: Phase,
    /// When everything was last sent and received.
    pub last_ok_at: Option<UnixMillis>,
    /// Next try after a failure.
    pub next_try_at: Option<UnixMillis>,
    /// Last failure since `last_ok_at`.
    pub last_error: Option<ErrorCode>,
    /// Every scope was once pulled to its end.
    pub loaded: bool,
}

/// Synchronisation of one user on one device.
#[derive(Debug)]
pub struct Machine {
    active: bool,
    online: bool,
    rows: Vec<Row>,
    push: Lane,
    in_flight: Vec<CmdId>,
    batch_limit: usize,
    awaiting_rows: bool,
    follows: Vec<Follow>,
    check_chain: bool,
    wake: Lane,
    wake_started: u64,
    quick_wakes: u32,
    last_ok_at: Option<UnixMillis>,
    last_error: Option<ErrorCode>,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            active: false,
            online: true,
            rows: Vec::new(),
            push: Lane::default(),
            in_flight: Vec::new(),
            batch_limit: limits::PUSH_COMMANDS,
            awaiting_rows: false,
            follows: Vec::new(),
            check_chain: false,
            wake: Lane::default(),
            wake_started: 0,
            quick_wakes: 0,
            last_ok_at: None,
            last_error: None,
        }
    }
}

/// A wake answered faster than this was not a wait.
const QUICK_MILLIS: u64 = 1_000;
/// So many quick wakes in a row are taken for real news.
const QUICK_WAKES: u32 = 3;

impl Machine {
    /// Nobody signed in, network assumed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Take an event in.
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Instruction> {
        let mut out = Vec::new();
        match event {
            Event::SignedIn {
                scopes,
                rows,
                device_seq,
            } => self.begin(scopes, rows, device_seq, now, &mut out),
            Event::SignedOut => self.end(),
            Event::Rows(rows) => {
                self.rows = rows;
                self.awaiting_rows = false;
            }
            Event::RowAppended(row) => self.rows.push(row),
            Event::RowChanged(row) => {
                // A row of an earlier key's chain is not among these.
                if let Some(known) = self.rows.iter_mut().find(|known| known.cmd_id == row.cmd_id) {
                    *known = row;
                }
            }
            Event::RowRemoved(cmd_id) => self.rows.retain(|row| row.cmd_id != cmd_id),
            Event::PushAnswered(verdicts) => self.push_answered(verdicts, now, &mut out),
            Event::PushFailed(code) => self.push_failed(code, now, &mut out),
            Event::PullAnswered {
                scope,
                cursor,
                more,
                device_seq,
            } => {
                self.pull_answered(&scope, cursor, more, device_seq, now, &mut out);
            }
            Event::PullFailed { scope, code } => self.pull_failed(&scope, code, now, &mut out),
            Event::WakeAnswered { heads } => self.wake_answered(&heads, now),
            Event::WakeFailed(code) => self.wake_failed(code, now, &mut out),
            Event::RenewalFailed(code) => {
                // When to ask again is not this machine's business; what ends the session is.
                self.session_lost(code, &mut out);
            }
            Event::Revoked => {
                self.session_lost(ErrorCode::DeviceRevoked, &mut out);
            }
            Event::Network { online } => self.network(online),
            Event::Hurry => {
                self.online = true;
                self.hurry();
            }
            Event::Timer => {}
        }
        self.pump(now, &mut out);
        out
    }

    /// When to report [`Event::Timer`], as a tick; `None` when only other events matter.
    #[must_use]
    pub fn next_tick(&self) -> Option<u64> {
        if !self.active || !self.online {
            return None;
        }
        let push = (!self.push.busy && self.has_sendable()).then_some(self.push.not_before);
        let pulls = self
            .follows
            .iter()
            .filter(|f| f.wanted && !f.lane.busy)
            .map(|f| f.lane.not_before);
        let wake = (!self.wake.busy && self.is_caught_up()).then_some(self.wake.not_before);
        push.into_iter().chain(pulls).chain(wake).min()
    }

    /// How it stands at `now`.
    #[must_use]
    pub fn overview(&self, now: Now) -> Overview {
        let waiting = self
            .waiting_lanes()
            .map(|lane| lane.not_before)
            .filter(|at| *at > now.tick)
            .min();
        let phase = if !self.active {
            Phase::SignedOut
        } else if self.push.busy {
            Phase::Pushing
        } else if self.follows.iter().any(|f| f.lane.busy) {
            Phase::Pulling
        } else if !self.online {
            Phase::Offline
        } else if waiting.is_some() {
            Phase::Backoff
        } else {
            Phase::Idle
        };
        let until = |tick: u64| i64::try_from(tick.saturating_sub(now.tick)).unwrap_or(i64::MAX);
        Overview {
            phase,
            last_ok_at: self.last_ok_at,
            next_try_at: waiting
                .filter(|_| phase == Phase::Backoff)
                .map(|tick| now.time.plus(until(tick))),
            last_error: self.last_error,
            loaded: self.is_loaded(),
        }
    }

    /// Whether every scope was once pulled to its end.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.follows.iter().all(|f| f.complete)
    }

    /// The rows as they now stand.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    fn waiting_lanes(&self) -> impl Iterator<Item = &Lane> {
        let push = Some(&self.push).filter(|_| self.has_sendable());
        let pulls = self.follows.iter().filter(|f| f.wanted).map(|f| &f.lane);
        push.into_iter()
            .chain(pulls)
            .chain([&self.wake])
            .filter(|lane| lane.failures > 0 && !lane.busy)
    }

    fn begin(
        &mut self,
        scopes: Vec<ScopeState>,
        rows: Vec<Row>,
        device_seq: Option<u64>,
        now: Now,
        out: &mut Vec<Instruction>,
    ) {
        let online = self.online;
        *self = Self {
            active: true,
            online,
            rows,
            ..Self::default()
        };
        self.follows = scopes
            .into_iter()
            .map(|s| Follow::new(s.scope, s.cursor, s.complete))
            .collect();
        // What was under way or waiting when the last session or process ended is simply due again.
        for row in &mut self.rows {
            if matches!(row.state, RowState::Leased | RowState::Backoff { .. }) {
                row.state = RowState::Queued;
                out.push(Instruction::Save(row.clone()));
            }
        }
        if let Some(device_seq) = device_seq {
            self.compare_chain(device_seq, now, out);
        }
    }

    fn end(&mut self) {
        *self = Self {
            online: self.online,
            ..Self::default()
        };
    }

    /// The session is over but the person's rows stay in view.
    fn expire(&mut self, code: ErrorCode, out: &mut Vec<Instruction>) {
        self.active = false;
        self.last_error = Some(code);
        self.push = Lane::default();
        self.in_flight.clear();
        self.wake = Lane::default();
        for follow in &mut self.follows {
            follow.lane = Lane::default();
        }
        for row in &mut self.rows {
            if matches!(row.state, RowState::Leased | RowState::Backoff { .. }) {
                row.state = RowState::Queued;
                out.push(Instruction::Save(row.clone()));
            }
        }
        out.push(Instruction::NeedSignIn(code));
    }

    fn network(&mut self, online: bool) {
        let returned = online && !self.online;
        self.online = online;
        if returned {
            self.hurry();
            for follow in &mut self.follows {
                follow.wanted = true;
            }
        }
    }

    fn hurry(&mut self) {
        self.push.hurry();
        self.wake.hurry();
        for follow in &mut self.follows {
            follow.lane.hurry();
            follow.wanted = true;
        }
    }

    fn pump(&mut self, now: Now, out: &mut Vec<Instruction>) {
        if !self.active || !self.online {
            return;
        }
        self.pump_push(now, out);
        for follow in &mut self.follows {
            if follow.wanted && follow.lane.ready(now.tick) {
                follow.wanted = false;
                follow.lane.busy = true;
                out.push(Instruction::Pull {
                    scope: follow.scope.clone(),
                    cursor: follow.cursor,
                });
            }
        }
        if self.wake.ready(now.tick) && self.is_caught_up() {
            self.wake.busy = true;
            self.wake_started = now.tick;
            let cursors = self
                .follows
                .iter()
                .map(|f| (f.scope.0.clone(), f.cursor))
                .collect();
            out.push(Instruction::Wake {
                cursors,
                wait_ms: limits::WAKE_MILLIS,
            });
        }
    }

    fn is_caught_up(&self) -> bool {
        !self.follows.is_empty() && self.follows.iter().all(|f| !f.wanted && !f.lane.busy)
    }

    fn note_round(&mut self, now: Now) {
        let settled = self.follows.iter().all(|f| !f.wanted && !f.lane.busy);
        if settled && !self.push.busy && !self.has_sendable() {
            self.last_ok_at = Some(now.time);
            self.last_error = None;
        }
    }

    fn pull_answered(
        &mut self,
        scope: &ScopeId,
        cursor: u64,
        more: bool,
        device_seq: u64,
        now: Now,
        out: &mut Vec<Instruction>,
    ) {
        let Some(follow) = self.follows.iter_mut().find(|f| f.scope == *scope) else {
            return;
        };
        if cursor < follow.cursor || (more && cursor == follow.cursor) {
            // Going back or standing still with more to come would be asked for ever.
            self.pull_failed(scope, ErrorCode::BadAnswer, now, out);
            return;
        }
        follow.cursor = cursor;
        follow.lane.succeeded();
        follow.wanted |= more;
        follow.complete |= !more;
        if std::mem::take(&mut self.check_chain) {
            self.compare_chain(device_seq, now, out);
        }
        self.note_round(now);
    }

    fn pull_failed(&mut self, scope: &ScopeId, code: ErrorCode, now: Now, out: &mut Vec<Instruction>) {
        if self.session_lost(code, out) {
            return;
        }
        let Some(index) = self.follows.iter().position(|f| f.scope == *scope) else {
            return;
        };
        if matches!(code, ErrorCode::ScopeDenied | ErrorCode::Forbidden) {
            self.follows.remove(index);
            out.push(Instruction::DropScope(scope.clone()));
            return;
        }
        let follow = &mut self.follows[index];
        follow.wanted = true;
        let was_gone = code == ErrorCode::CursorGone && follow.cursor > 0;
        if was_gone {
            follow.lane.succeeded();
            follow.cursor = 0;
            follow.complete = false;
            self.check_chain = true;
            out.push(Instruction::ClearScope(scope.clone()));
        } else {
            follow.lane.failed(now.tick, now.dice);
            self.last_error = Some(code);
        }
    }

    fn wake_answered(&mut self, heads: &BTreeMap<String, u64>, now: Now) {
        self.wake.succeeded();
        if now.tick.saturating_sub(self.wake_started) < QUICK_MILLIS {
            self.quick_wakes = self.quick_wakes.saturating_add(1);
        } else {
            self.quick_wakes = 0;
        }
        if self.quick_wakes > QUICK_WAKES {
            let pause = pause_millis(self.quick_wakes - QUICK_WAKES, now.dice);
            self.wake.not_before = now.tick.saturating_add(pause);
        }
        for follow in &mut self.follows {
            // A head below the cursor is news too: the log began anew.
            follow.wanted |= heads
                .get(follow.scope.as_str())
                .is_some_and(|head| *head != follow.cursor);
        }
        self.note_round(now);
    }

    fn wake_failed(&mut self, code: ErrorCode, now: Now, out: &mut Vec<Instruction>) {
        if self.session_lost(code, out) {
            return;
        }
        self.wake.failed(now.tick, now.dice);
        self.last_error = Some(code);
        // Without a wake, asking is the only way to hear of news.
        for follow in &mut self.follows {
            follow.wanted = true;
            follow.lane.not_before = follow.lane.not_before.max(self.wake.not_before);
        }
    }

    /// Codes that end the session whatever was asked.
    fn session_lost(&mut self, code: ErrorCode, out: &mut Vec<Instruction>) -> bool {
        if code.class() == ErrorClass::SignIn || code == ErrorCode::UnknownUser {
            self.expire(code, out);
            return true;
        }
        if matches!(
            code,
            ErrorCode::DeviceRevoked | ErrorCode::UnknownDevice | ErrorCode::WrongDevice
        ) {
            self.park_all(code, out);
            self.expire(code, out);
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests;
