//! The one task of a core: sends what the machine asks for and reports back what came of it.
//!
//! It holds no state of its own but what is under way. It ends when its core is closed or dropped.

use crate::core::Shared;
use crate::engine::{Engine, Job, Signal};
use crate::host::Task;
use crate::keyring::ANCHOR;
use crate::logwatch;
use crate::records;
use crate::rpc::Topic;
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::future::{FutureExt, poll_fn};
use futures_util::stream::{FuturesUnordered, StreamExt};
use shenhai_crypto::{PublicKey, sm3};
use shenhai_proof::{Commits, Signers};
use shenhai_protocol::{
    Change, ChangeKind, CmdId, ErrorClass, ErrorCode, HexHash, PullReply, PushReply, Receipt, ScopeId,
    SignedEnvelope, SignedReceipt, Verdict, WakeRequest,
};
use shenhai_store::{Anchor, PageOfChanges, ScopeCopy};
use shenhai_sync::{Decision, Event, Stop, Verdicts};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

enum Turn {
    Signal(Signal),
    Answered,
    Kept,
    Due,
}

/// One anchor on its way to the platform's store, and the newest that is waiting: an older one must not arrive
/// after a newer one.
#[derive(Default)]
struct Keeping {
    now: Option<Task<()>>,
    next: Option<Anchor>,
}

impl Keeping {
    /// Begin with what waits, unless something is under way.
    fn go_on(&mut self, shared: &Arc<Shared>) {
        if self.now.is_none()
            && let Some(next) = self.next.take()
        {
            let shared = Arc::clone(shared);
            self.now = Some(Box::pin(async move { anchor(&shared, next).await }));
        }
    }
}

/// Run until stopped.
pub(crate) async fn run(shared: Arc<Shared>, mut signals: UnboundedReceiver<Signal>) {
    let mut requests: FuturesUnordered<Task<()>> = FuturesUnordered::new();
    let mut timer: Option<Timer> = None;
    let mut keeping = Keeping::default();
    loop {
        set_timer(&shared, &mut timer);
        keeping.go_on(&shared);
        let turn = poll_fn(|context| {
            if let Poll::Ready(signal) = signals.poll_next_unpin(context) {
                return Poll::Ready(Turn::Signal(signal.unwrap_or(Signal::Stop)));
            }
            if let Poll::Ready(Some(())) = requests.poll_next_unpin(context) {
                return Poll::Ready(Turn::Answered);
            }
            if let Some(task) = &mut keeping.now
                && task.poll_unpin(context).is_ready()
            {
                return Poll::Ready(Turn::Kept);
            }
            match &mut timer {
                Some(timer) => timer.pause.poll_unpin(context).map(|()| Turn::Due),
                None => Poll::Pending,
            }
        })
        .await;
        match turn {
            Turn::Signal(Signal::Stop) => return,
            Turn::Signal(Signal::Abandon) => requests = FuturesUnordered::new(),
            Turn::Signal(Signal::Request(generation, job)) => {
                requests.push(Box::pin(carry_out(Arc::clone(&shared), generation, job)));
            }
            Turn::Signal(Signal::Anchor(anchor)) => keeping.next = Some(anchor),
            Turn::Signal(Signal::Look) | Turn::Answered => {}
            Turn::Kept => keeping.now = None,
            Turn::Due => {
                timer = None;
                shared.with(Engine::tick);
            }
        }
    }
}

/// A pause under way.
struct Timer {
    /// The tick it is for.
    due: u64,
    /// The tick at which it ends: no later, where the machine may sleep meanwhile.
    ends: u64,
    pause: Task<()>,
}

/// Keep the pause that is under way as long as it ends at the right moment.
fn set_timer(shared: &Shared, timer: &mut Option<Timer>) {
    let (due, now, longest) =
        shared.peek(|engine| (engine.next_tick(), engine.ticks(), engine.longest_pause()));
    let Some(due) = due else {
        *timer = None;
        return;
    };
    let ends = due.min(now.saturating_add(longest));
    let kept = timer
        .as_ref()
        .is_some_and(|set| set.due == due && set.ends <= ends.max(now));
    if !kept {
        let pause = Duration::from_millis(ends.saturating_sub(now));
        *timer = Some(Timer {
            due,
            ends,
            pause: shared.host.sleep(pause),
        });
    }
}

async fn carry_out(shared: Arc<Shared>, generation: u64, job: Job) {
    match job {
        Job::Push(commands) => push(&shared, generation, commands).await,
        Job::Pull(scope, cursor) => pull(&shared, generation, scope, cursor).await,
        Job::Wake(cursors, wait_ms) => wake(&shared, generation, cursors, wait_ms).await,
        Job::Renew => renew(&shared, generation).await,
        Job::Packs => records::fetch(&shared, generation).await,
        Job::CheckLog(seen) => logwatch::check(&shared, generation, *seen).await,
    }
}

/// Report to the engine if the session the request belonged to is still the one.
fn report(shared: &Shared, generation: u64, what: impl FnOnce(&mut Engine)) {
    shared.with(|engine| {
        if engine.generation() == generation {
            what(engine);
        }
    });
}

/// What the engine does with a failing database is its own business; it has logged and paused.
fn step(engine: &mut Engine, event: Event) {
    let _ = engine.step(event);
}

// --- lease and anchor ---

async fn renew(shared: &Arc<Shared>, generation: u64) {
    let Some(token) = shared.with(|engine| token(engine, generation)) else {
        return;
    };
    let answer = shared.gateway.renew(&token).await;
    report(shared, generation, |engine| match answer {
        Ok(reply) => {
            if let Err(failure) = engine.take_renewal(shared.gateway.app(), &reply) {
                tracing::warn!(%failure, "the renewed grant was not taken");
                engine.renewal_failed();
            }
        }
        Err(code) => {
            engine.renewal_failed();
            step(engine, Event::RenewalFailed(code));
        }
    });
    if let Err(failure) = shared.keep_rules().await {
        tracing::error!(%failure, "the rules of the lock could not be kept");
    }
}

/// The token of the session of that generation.
fn token(engine: &Engine, generation: u64) -> Option<String> {
    let live = engine.live.as_ref()?;
    (engine.generation() == generation).then(|| live.record.token.clone())
}

pub(crate) async fn anchor(shared: &Shared, anchor: Anchor) {
    let bytes = anchor.to_bytes().to_vec();
    if let Err(error) = shared.host.keep(ANCHOR, Some(bytes)).await {
        tracing::error!(%error, "the anchor could not be kept");
    }
}

// --- push ---

async fn push(shared: &Shared, generation: u64, commands: Vec<CmdId>) {
    if shared.with(|engine| engine.stamps_in_doubt(&commands)) && !ask_time(shared, generation).await {
        return;
    }
    let Some((token, batch)) = shared.with(|engine| collect(engine, generation, &commands)) else {
        return;
    };
    let answer = shared.gateway.push(&token, batch.clone()).await;
    report(shared, generation, |engine| match answer {
        Ok(reply) => push_answered(engine, &commands, &batch, reply),
        Err(code) => step(engine, Event::PushFailed(code)),
    });
}

/// Have the gateway tell the time, which puts right what was stamped in doubt. `false` when the push ends here.
async fn ask_time(shared: &Shared, generation: u64) -> bool {
    let scope = shared.peek(live_scope);
    let Some((token, epoch, cursor)) = shared.with(|engine| pull_terms(engine, generation, &scope)) else {
        return false;
    };
    let answer = shared.gateway.pull(&token, &scope, cursor, &epoch).await;
    let mut go_on = false;
    report(shared, generation, |engine| match answer {
        Ok(reply) if engine.learn_time(reply.server_time).is_ok() => go_on = true,
        Ok(_) => step(engine, Event::PushFailed(ErrorCode::StoreFailed)),
        // A refusal that says nothing of the commands: the gateway judges them as they are stamped.
        Err(code) if code.class() == ErrorClass::Permanent && code != ErrorCode::DeviceRevoked => {
            go_on = true
        }
        Err(code) => step(engine, Event::PushFailed(code)),
    });
    go_on
}

/// The token and the bytes of a batch.
fn collect(
    engine: &mut Engine,
    generation: u64,
    commands: &[CmdId],
) -> Option<(String, Vec<SignedEnvelope>)> {
    if engine.generation() != generation {
        return None;
    }
    let token = engine.live.as_ref()?.record.token.clone();
    let bytes: Option<Vec<_>> = commands
        .iter()
        .map(|cmd_id| {
            engine
                .store()
                .and_then(|store| store.envelope(cmd_id))
                .ok()
                .flatten()
        })
        .collect();
    if bytes.is_none() {
        tracing::error!("a command's bytes cannot be read");
        step(engine, Event::PushFailed(ErrorCode::StoreFailed));
    }
    Some((token, bytes?))
}

/// A receipt that was checked against the command it is for.
struct Checked {
    cmd_id: CmdId,
    signed: SignedReceipt,
    receipt: Receipt,
    hash: HexHash,
    /// The command's.
    scope: ScopeId,
}

fn push_answered(engine: &mut Engine, commands: &[CmdId], batch: &[SignedEnvelope], reply: PushReply) {
    if engine.learn_time(reply.server_time).is_err() {
        step(engine, Event::PushFailed(ErrorCode::StoreFailed));
        return;
    }
    let Some(live) = &engine.live else { return };
    let Ok(key) = PublicKey::from_hex(&live.record.gateway_key) else {
        step(engine, Event::PushFailed(ErrorCode::BadAnswer));
        return;
    };
    let device = live.identity.device_id.clone();
    let given = reply.receipts.len();
    let gateway = Signers::pinned(&key);
    let mut given_by = Commits::of(&gateway);
    let checked: Vec<Checked> = commands
        .iter()
        .zip(batch)
        .zip(reply.receipts)
        .map_while(|((cmd_id, envelope), signed)| check(&mut given_by, cmd_id, envelope, signed))
        .collect();
    let unverified = checked.len() < given;
    if unverified {
        tracing::warn!("a receipt did not verify; the command is kept and sent again");
    }
    let verdicts = Verdicts {
        decisions: checked.iter().map(decision).collect(),
        unverified,
        stop: reply.stopped.map(|stop| Stop {
            code: stop.code,
            expected_seq: stop.expected_seq,
        }),
    };
    for one in &checked {
        engine.expect_after(&one.receipt);
    }
    let end = checked
        .last()
        .map(|last| (last.receipt.device_seq, last.hash.clone()));
    let kept = engine.step_with(Event::PushAnswered(verdicts), |write| {
        for one in &checked {
            let covered_by = one.receipt.changes.get(one.scope.as_str()).copied();
            write.save_receipt(&one.cmd_id, &one.signed, one.receipt.given.at, covered_by)?;
        }
        match &end {
            Some((seq, hash)) => write.set_chain_acked(&device, *seq, hash),
            None => Ok(()),
        }
    });
    if let (Ok(()), Some((seq, hash)), Some(live)) = (kept, end, &mut engine.live)
        && live.identity.device_id == device
        && seq >= live.identity.acked_seq
    {
        live.identity.acked_seq = seq;
        live.identity.acked_hash = hash;
    }
}

fn live_scope(engine: &Engine) -> ScopeId {
    engine
        .live
        .as_ref()
        .map_or_else(ScopeId::bureau, |live| ScopeId::person(&live.record.user.id))
}

/// A receipt counts when the pinned key signed its commit and it speaks of exactly this command's bytes.
fn check(
    given_by: &mut Commits<'_>,
    cmd_id: &CmdId,
    envelope: &SignedEnvelope,
    signed: SignedReceipt,
) -> Option<Checked> {
    if !given_by.gave(&signed) {
        return None;
    }
    let receipt = signed.open().ok()?;
    let own = envelope.open().ok()?;
    let hash = HexHash(sm3(envelope.payload.as_bytes()).to_hex());
    let fits = receipt.cmd_id == *cmd_id
        && receipt.device_id == own.device_id
        && receipt.device_seq == own.device_seq
        && receipt.hash == hash;
    fits.then(|| Checked {
        cmd_id: cmd_id.clone(),
        signed,
        receipt,
        hash,
        scope: own.scope,
    })
}

fn decision(checked: &Checked) -> Decision {
    let refused = match checked.receipt.verdict {
        Verdict::Accepted => None,
        Verdict::Refused => Some(checked.receipt.code.unwrap_or(ErrorCode::Internal)),
    };
    Decision {
        cmd_id: checked.cmd_id.clone(),
        refused,
    }
}

// --- pull ---

async fn pull(shared: &Shared, generation: u64, scope: ScopeId, cursor: u64) {
    let Some((token, epoch, _)) = shared.with(|engine| pull_terms(engine, generation, &scope)) else {
        return;
    };
    let answer = shared.gateway.pull(&token, &scope, cursor, &epoch).await;
    report(shared, generation, |engine| match answer {
        Ok(reply) => pull_answered(engine, scope, cursor, &epoch, reply),
        Err(code) => step(engine, Event::PullFailed { scope, code }),
    });
}

/// The token, and epoch and cursor of the copy.
fn pull_terms(engine: &mut Engine, generation: u64, scope: &ScopeId) -> Option<(String, String, u64)> {
    if engine.generation() != generation {
        return None;
    }
    let token = engine.live.as_ref()?.record.token.clone();
    let Ok(copies) = engine.store().and_then(shenhai_store::Store::scopes) else {
        step(
            engine,
            Event::PullFailed {
                scope: scope.clone(),
                code: ErrorCode::StoreFailed,
            },
        );
        return None;
    };
    let copy = copies.into_iter().find(|copy| copy.scope == *scope);
    let (epoch, cursor) = copy.map(|copy| (copy.epoch, copy.cursor)).unwrap_or_default();
    Some((token, epoch, cursor))
}

fn pull_answered(engine: &mut Engine, scope: ScopeId, cursor: u64, epoch: &str, reply: PullReply) {
    if !epoch.is_empty() && !reply.epoch.is_empty() && reply.epoch != epoch {
        step(
            engine,
            Event::PullFailed {
                scope,
                code: ErrorCode::CursorGone,
            },
        );
        return;
    }
    if reply.scope != scope || reply.cursor < cursor || reply.epoch.is_empty() {
        step(
            engine,
            Event::PullFailed {
                scope,
                code: ErrorCode::BadAnswer,
            },
        );
        return;
    }
    if engine.learn_time(reply.server_time).is_err() {
        step(
            engine,
            Event::PullFailed {
                scope,
                code: ErrorCode::StoreFailed,
            },
        );
        return;
    }
    engine.compare_with_gateway(reply.device_seq);
    if let Some(head) = &reply.log {
        engine.saw_head(head);
    }
    let was_complete = engine
        .store()
        .and_then(shenhai_store::Store::scopes)
        .is_ok_and(|copies| copies.iter().any(|copy| copy.scope == scope && copy.complete));
    let mut page = PageOfChanges {
        copy: ScopeCopy {
            scope: scope.clone(),
            epoch: reply.epoch,
            cursor: reply.cursor,
            complete: was_complete || !reply.more,
        },
        upserts: Vec::new(),
        removes: Vec::new(),
        records: Vec::new(),
        gone: Vec::new(),
    };
    for Change { kind, .. } in reply.changes {
        match kind {
            ChangeKind::Upsert { order } => page.upserts.push(*order),
            ChangeKind::Remove { order_id } => page.removes.push(order_id),
            ChangeKind::Record { record } => page.records.push(*record),
            ChangeKind::Gone { record } => page.gone.push(record),
        }
    }
    let records = !page.records.is_empty() || !page.gone.is_empty();
    let news = records || !page.upserts.is_empty() || !page.removes.is_empty();
    let event = Event::PullAnswered {
        scope: scope.clone(),
        cursor: reply.cursor,
        more: reply.more,
        device_seq: reply.device_seq,
    };
    if engine.step_with(event, |write| write.take_over(&page)).is_err() {
        return;
    }
    for order in page.upserts {
        engine.board.put(&scope, order);
    }
    engine.records_came(&scope, &page.records, &page.gone);
    if news {
        engine.mark(Topic::Orders);
        // What was waiting to be covered may be by now. A failing database is found by the next step.
        let shown = engine.orders_left(&scope, &page.removes);
        if let Err(error) = shown.and_then(|()| engine.reload_pending()) {
            tracing::error!(%error, "what changed cannot be read");
        }
    }
}

// --- wake ---

async fn wake(shared: &Shared, generation: u64, cursors: BTreeMap<String, u64>, wait_ms: u64) {
    let Some(token) = shared.with(|engine| token(engine, generation)) else {
        return;
    };
    let answer = shared
        .gateway
        .wake(&token, &WakeRequest { cursors, wait_ms })
        .await;
    report(shared, generation, |engine| match answer {
        Ok(reply) => {
            if engine.learn_time(reply.server_time).is_ok() {
                step(engine, Event::WakeAnswered { heads: reply.heads });
            } else {
                step(engine, Event::WakeFailed(ErrorCode::StoreFailed));
            }
        }
        Err(code) => step(engine, Event::WakeFailed(code)),
    });
}
