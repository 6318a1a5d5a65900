//! The state of one core under one lock, and the step that keeps machine, database and screens together.
//!
//! Nothing here waits: requests to the gateway are handed to the driver as [`Signal`]s, and their answers come
//! back through another step. Called by the use cases and by the driver.

use crate::board::Board;
use crate::clocks::read_clocks;
use crate::failure::Failure;
use crate::host::{Host, HostRng, dice};
use crate::lease::LeaseWatch;
use crate::letter::{self, Letter};
use crate::lock::Gate;
use crate::logwatch::{LogWatch, Seen};
use crate::records::Shelf;
use crate::rollback::Rollback;
use crate::rpc::{Durability, SyncPhase, SyncStatus, Topic};
use crate::session::key_of;
use crate::stamps::InDoubt;
use shenhai_crypto::{Certificate, SecretKey};
use shenhai_protocol::{AccessGrant, CmdId, ErrorCode, OrderId, Role, ScopeId, UserId};
use shenhai_store::{Anchor, Identity, Opened, OutboxEntry, SessionRecord, Store, StoreError, Write};
use shenhai_sync::{
    Elapsed, Event, Instruction, Machine, Now, Phase, Row, RowState, ScopeState, ServerClock, pause_millis,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use zeroize::Zeroize;

/// What the driver is to do.
#[derive(Debug)]
pub(crate) enum Signal {
    /// Keep the database's anchor outside of it. Belongs to no session.
    Anchor(Anchor),
    /// Send a request for the session of that generation.
    Request(u64, Job),
    /// Give up what is under way: it belongs to a session that is over.
    Abandon,
    /// The next point in time may have changed.
    Look,
    /// The core is closed or gone.
    Stop,
}

/// A request the machine asked for.
#[derive(Debug)]
pub(crate) enum Job {
    Push(Vec<CmdId>),
    Pull(ScopeId, u64),
    Wake(BTreeMap<String, u64>, u64),
    /// Have the lease, and a certificate that ends soon, renewed.
    Renew,
    /// Have a head of the log proved.
    CheckLog(Box<Seen>),
    /// Ask which packs there are, and fetch those that are not here.
    Packs,
}

/// The session in memory.
pub(crate) struct Live {
    pub(crate) record: SessionRecord,
    pub(crate) identity: Identity,
    /// Boxed: moving it would leave copies of the bytes behind.
    pub(crate) key: Box<SecretKey>,
    /// What the session may see and do, as verified; `None` opens nothing.
    pub(crate) grant: Option<AccessGrant>,
    /// Of `key`, as verified with the grant.
    pub(crate) certificate: Option<Certificate>,
}

/// A command whose effect is not part of the received state, with its content.
pub(crate) struct Pending {
    pub(crate) entry: OutboxEntry,
    /// `None` where the kept bytes cannot be read any more.
    pub(crate) letter: Option<Letter>,
}

impl Pending {
    /// Whether it concerns an order, and not a record of a pack.
    pub(crate) fn is_of_order(&self) -> bool {
        letter::is_order(&self.entry.record_kind)
    }
}

pub(crate) struct Engine {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) rng: HostRng,
    app: String,
    store: Option<Store>,
    pub(crate) gate: Gate,
    pub(crate) lease: LeaseWatch,
    pub(crate) rollback: Rollback,
    pub(crate) log_watch: LogWatch,
    pub(crate) durability: Durability,
    pub(crate) recovered: bool,
    pub(crate) live: Option<Live>,
    pub(crate) board: Board,
    pub(crate) pending: Vec<Pending>,
    pub(crate) shelf: Shelf,
    /// How late it is; `None` until the data was opened.
    pub(crate) clock: Option<ServerClock>,
    /// How much time passed.
    pub(crate) elapsed: Elapsed,
    pub(crate) in_doubt: InDoubt,
    machine: Machine,
    generation: u64,
    signals: Vec<Signal>,
    changed: BTreeSet<Topic>,
    told: Option<SyncStatus>,
    store_failures: u32,
    revive_at: Option<u64>,
    /// Why the database failed last, for whom waits.
    failing: ErrorCode,
}

impl Engine {
    pub(crate) fn new(app: &str, host: Arc<dyn Host>, lockable: bool) -> Self {
        let reading = read_clocks(&*host);
        let elapsed = Elapsed::since(reading, host.counts_sleep());
        let gate = Gate::new(lockable, elapsed.ticks(reading), reading.steady);
        Self {
            rng: HostRng(Arc::clone(&host)),
            host,
            app: app.to_owned(),
            store: None,
            gate,
            lease: LeaseWatch::default(),
            rollback: Rollback::default(),
            log_watch: LogWatch::default(),
            durability: Durability::Durable,
            recovered: false,
            live: None,
            board: Board::default(),
            pending: Vec::new(),
            shelf: Shelf::default(),
            clock: None,
            elapsed,
            in_doubt: InDoubt::new(),
            machine: Machine::new(),
            generation: 0,
            signals: Vec::new(),
            changed: BTreeSet::new(),
            told: None,
            store_failures: 0,
            revive_at: None,
            failing: ErrorCode::StoreFailed,
        }
    }

    /// Take the opened database: the session in it goes on.
    pub(crate) fn take_store(&mut self, store: Store, opened: &Opened) -> Result<(), StoreError> {
        self.durability = if opened.durable {
            Durability::Durable
        } else {
            Durability::BestEffort
        };
        self.recovered = opened.put_aside.is_some();
        self.rollback.opened(opened);
        self.log_watch = LogWatch::with_kept(store.log_heads()?);
        self.open_clocks(store.clock_offset()?, store.time_seen()?);
        self.store = Some(store);
        self.revive_at = None;
        self.load_session(None)?;
        if let Err(error) = self.checkpoint() {
            // A full disk must not keep the person from their unsent work.
            tracing::error!(%error, "the time could not be kept");
        }
        self.ensure_identity()
    }

    /// Let go of the database and of every key. Its anchor, to be kept outside.
    pub(crate) fn drop_store(&mut self) -> Option<Anchor> {
        self.note_time_seen();
        self.drop_session();
        self.revive_at = None;
        let anchor = self.store.as_ref().map(Store::anchor);
        self.store = None;
        anchor
    }

    // --- what the rest of the client asks for ---

    pub(crate) fn store(&self) -> Result<&Store, StoreError> {
        self.store.as_ref().ok_or(StoreError::Closed)
    }

    pub(crate) fn store_mut(&mut self) -> Result<&mut Store, StoreError> {
        self.store.as_mut().ok_or(StoreError::Closed)
    }

    pub(crate) fn live(&self) -> Result<&Live, Failure> {
        self.live.as_ref().ok_or(Failure::Refused(
            ErrorCode::Unauthenticated,
            "nobody is signed in",
        ))
    }

    pub(crate) fn user(&self) -> Result<UserId, Failure> {
        self.live().map(|live| live.record.user.id.clone())
    }

    pub(crate) fn role(&self) -> Option<Role> {
        self.live.as_ref().map(|live| live.record.user.role)
    }

    pub(crate) fn mark(&mut self, topic: Topic) {
        self.changed.insert(topic);
    }

    pub(crate) fn signal(&mut self, signal: Option<Signal>) {
        self.signals.extend(signal);
    }

    /// The next point in time may have changed.
    pub(crate) fn look(&mut self) {
        self.signals.push(Signal::Look);
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Pending commands of one order, oldest first.
    pub(crate) fn pending_of<'a>(
        &'a self,
        order: &'a OrderId,
    ) -> impl DoubleEndedIterator<Item = &'a Pending> {
        self.pending
            .iter()
            .filter(move |pending| pending.is_of_order() && pending.entry.row.order == *order)
    }

    // --- session ---

    /// Take the kept session into memory and start synchronising it. `device_seq` where the gateway just told.
    pub(crate) fn load_session(&mut self, device_seq: Option<u64>) -> Result<(), StoreError> {
        self.drop_session();
        let store = self.store()?;
        let Some(record) = store.session()? else {
            return Ok(());
        };
        let identity = store
            .identity_by_device(&record.device_id)?
            .ok_or(StoreError::Row("identities"))?;
        let key = key_of(&identity)?;
        let ended = record.ended.is_some();
        self.board = Board::load(store, &record)?;
        let mut live = Live {
            record,
            identity,
            key,
            grant: None,
            certificate: None,
        };
        if let Some(verified) = self.kept_grant(&live, &self.app) {
            live.grant = Some(verified.grant);
            live.certificate = Some(verified.device_certificate);
        }
        self.live = Some(live);
        self.reload_pending()?;
        self.fill_shelf()?;
        if !ended {
            self.ask_packs();
            self.step(Event::SignedIn {
                scopes: self.scope_states()?,
                rows: self.chain_rows()?,
                device_seq,
            })?;
        }
        Ok(())
    }

    /// Forget the session in memory and abandon its requests.
    pub(crate) fn drop_session(&mut self) {
        self.abandon();
        self.machine.handle(Event::SignedOut, self.moment());
        if let Some(live) = &mut self.live {
            live.record.token.zeroize();
        }
        self.live = None;
        self.board = Board::default();
        self.shelf = Shelf::default();
        self.pending.clear();
        self.changed
            .extend([Topic::Session, Topic::Orders, Topic::Outbox]);
    }

    /// Close the database. Every later call fails with `core_restarted`. Its last anchor is for the platform to
    /// keep; `None` where a later one has to stay.
    pub(crate) fn close(&mut self) -> Option<Anchor> {
        let anchor = self.drop_store();
        self.signals.push(Signal::Stop);
        anchor.filter(|_| !self.rollback.is_held())
    }

    /// Give up what is under way.
    pub(crate) fn abandon(&mut self) {
        self.generation += 1;
        self.signals.push(Signal::Abandon);
        self.renewal_abandoned();
    }

    fn scope_states(&self) -> Result<Vec<ScopeState>, StoreError> {
        let copies = self.store()?.scopes()?;
        let scopes = self.live.iter().flat_map(|live| &live.record.scopes);
        Ok(scopes
            .map(|scope| {
                let copy = copies.iter().find(|copy| copy.scope == *scope);
                ScopeState {
                    scope: scope.clone(),
                    cursor: copy.map_or(0, |copy| copy.cursor),
                    complete: copy.is_some_and(|copy| copy.complete),
                }
            })
            .collect())
    }

    /// The outbox rows of the live key's chain.
    fn chain_rows(&self) -> Result<Vec<Row>, StoreError> {
        let Some(live) = &self.live else {
            return Ok(Vec::new());
        };
        let entries = self.store()?.outbox(&live.record.user.id)?;
        let own = entries
            .into_iter()
            .filter(|entry| entry.device_id == live.identity.device_id);
        Ok(own.map(|entry| entry.row).collect())
    }

    /// Read anew which commands are not done, or done but not yet part of the received state. Their content is only
    /// read where it is not known.
    pub(crate) fn reload_pending(&mut self) -> Result<(), StoreError> {
        let Some(live) = &self.live else {
            self.pending.clear();
            return Ok(());
        };
        let store = self.store()?;
        let entries = store.open_outbox(&live.record.user.id)?;
        let mut contents = BTreeMap::new();
        for OutboxEntry { row, hash, .. } in &entries {
            let known =
                |pending: &Pending| pending.entry.row.cmd_id == row.cmd_id && pending.entry.hash == *hash;
            if !self.pending.iter().any(known) {
                let content = store.envelope(&row.cmd_id)?;
                let content = content.and_then(|signed| Letter::read(&signed));
                contents.insert(row.cmd_id.clone(), content);
            }
        }
        for Pending { entry, letter } in std::mem::take(&mut self.pending) {
            contents.entry(entry.row.cmd_id).or_insert(letter);
        }
        let pending = entries.into_iter().map(|entry| Pending {
            letter: contents.remove(&entry.row.cmd_id).flatten(),
            entry,
        });
        self.pending = pending.collect();
        Ok(())
    }

    /// Take over rows as they were just kept, without reading them; `false` where one of them was not pending.
    fn follow(&mut self, saved: Vec<Row>) -> bool {
        saved.into_iter().all(|row| {
            let mut pending = self.pending.iter_mut();
            let known = pending.find(|pending| pending.entry.row.cmd_id == row.cmd_id);
            known.map(|pending| pending.entry.row = row).is_some()
        })
    }

    // --- the step ---

    pub(crate) fn moment(&self) -> Now {
        Now {
            tick: self.ticks(),
            time: self.server_now(),
            dice: dice(&mut self.rng.clone()),
        }
    }

    /// Tell the machine what happened and carry its instructions out.
    pub(crate) fn step(&mut self, event: Event) -> Result<(), StoreError> {
        let done = self.try_step(event, None::<fn(&Write<'_>) -> Result<(), StoreError>>);
        self.after_step(done)
    }

    /// As [`Self::step`], with `together` in the same transaction as what the machine wants kept.
    pub(crate) fn step_with(
        &mut self,
        event: Event,
        together: impl FnOnce(&Write<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let done = self.try_step(event, Some(together));
        self.after_step(done)
    }

    /// Only a write that worked proves that the database works again.
    fn after_step(&mut self, done: Result<bool, StoreError>) -> Result<(), StoreError> {
        match &done {
            Ok(wrote) if *wrote => self.store_failures = 0,
            Ok(_) | Err(StoreError::Closed) => {}
            Err(error) => self.suspend(error),
        }
        done.map(drop)
    }

    /// Returns whether something was written.
    fn try_step(
        &mut self,
        event: Event,
        mut together: Option<impl FnOnce(&Write<'_>) -> Result<(), StoreError>>,
    ) -> Result<bool, StoreError> {
        let mut wrote = false;
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let instructions = self.machine.handle(event, self.moment());
            let kept = instructions.iter().any(is_kept);
            let together = together.take();
            let saved = only_saves(&instructions).filter(|_| together.is_none());
            if kept || together.is_some() {
                self.store_mut()?.write(|write| {
                    together.map_or(Ok(()), |together| together(write))?;
                    keep(write, &instructions)
                })?;
                wrote = true;
            }
            if self.carry_out(instructions)? {
                events.push_back(Event::Rows(self.chain_rows()?));
            }
            if kept {
                if !saved.is_some_and(|saved| self.follow(saved)) {
                    self.reload_pending()?;
                }
                self.changed.extend([Topic::Outbox, Topic::Orders]);
            }
        }
        self.signals.push(Signal::Look);
        Ok(wrote)
    }

    /// Returns whether the chain was signed anew.
    fn carry_out(&mut self, instructions: Vec<Instruction>) -> Result<bool, StoreError> {
        let mut rechained = false;
        for instruction in instructions {
            match instruction {
                Instruction::Save(_) => {}
                Instruction::Rechain => {
                    self.rechain()?;
                    rechained = true;
                }
                Instruction::Push { commands } => self.request(Job::Push(commands)),
                Instruction::Pull { scope, cursor } => self.request(Job::Pull(scope, cursor)),
                Instruction::Wake { cursors, wait_ms } => self.request(Job::Wake(cursors, wait_ms)),
                Instruction::ClearScope(scope) => self.scope_forgotten(&scope)?,
                Instruction::DropScope(scope) => {
                    self.scope_forgotten(&scope)?;
                    self.give_up_scope(&scope)?;
                }
                Instruction::RetireChain(code) => {
                    tracing::warn!(
                        ?code,
                        "the device's chain cannot be continued; a new key takes its place"
                    );
                    self.renew_identity()?;
                }
                Instruction::NeedSignIn(code) => self.session_ended(code)?,
            }
        }
        Ok(rechained)
    }

    /// The scope is no longer the person's. Kept, so that after a new start without a network nothing waits for it; the
    /// next grant says anew which scopes there are.
    fn give_up_scope(&mut self, scope: &ScopeId) -> Result<(), StoreError> {
        let Some(live) = &mut self.live else { return Ok(()) };
        live.record.scopes.retain(|own| own != scope);
        let record = live.record.clone();
        self.store_mut()?.write(|write| write.set_session(Some(&record)))
    }

    pub(crate) fn request(&mut self, job: Job) {
        self.signals.push(Signal::Request(self.generation, job));
    }

    /// The gateway ended the session; the person works on offline.
    fn session_ended(&mut self, code: ErrorCode) -> Result<(), StoreError> {
        self.abandon();
        if code == ErrorCode::DeviceRevoked {
            self.purge_received()?;
        }
        if let Some(live) = &mut self.live {
            live.record.ended = Some(code);
            let record = live.record.clone();
            self.store_mut()?
                .write(|write| write.set_session(Some(&record)))?;
        }
        self.mark(Topic::Session);
        Ok(())
    }

    /// The device was revoked: what it received goes, its key is done for, and what was not sent stays sealed until
    /// its author signs in with a new key.
    fn purge_received(&mut self) -> Result<(), StoreError> {
        self.renew_identity()?;
        self.store_mut()?.write(|write| write.keep_scopes(&[]))?;
        self.board = Board::default();
        self.fill_shelf()?;
        self.reload_pending()?;
        self.changed.extend([Topic::Orders, Topic::Outbox]);
        Ok(())
    }

    /// The database failed under a step: machine and database may differ. Stop, and start again from the
    /// database after a pause.
    pub(crate) fn suspend(&mut self, error: &StoreError) {
        tracing::error!(%error, "the database failed; synchronisation pauses");
        self.abandon();
        self.machine.handle(Event::SignedOut, self.moment());
        self.failing = match error {
            StoreError::Full => ErrorCode::StorageFull,
            _ => ErrorCode::StoreFailed,
        };
        self.store_failures = self.store_failures.saturating_add(1);
        let now = self.moment();
        self.revive_at = Some(
            now.tick
                .saturating_add(pause_millis(self.store_failures, now.dice)),
        );
        self.signals.push(Signal::Look);
    }

    /// The database failed and is not used before a pause is over.
    pub(crate) fn is_suspended(&self) -> bool {
        self.revive_at.is_some()
    }

    /// Time passed. Database failures were dealt with when this returns.
    pub(crate) fn tick(&mut self) {
        if let Some(at) = self.revive_at {
            if self.ticks() < at {
                return;
            }
            self.revive_at = None;
            if let Err(error) = self.load_session(None) {
                self.suspend(&error);
            }
            return;
        }
        // A failure has suspended the machine; there is nobody to tell but the log, which was told.
        let _ = self.step(Event::Timer);
        self.tend_lease();
        self.tend_packs();
    }

    /// Tell when the lease ends, and ask for another in time.
    fn tend_lease(&mut self) {
        self.tell_lease();
        if self.live.is_some() {
            self.consider_renewal();
        }
    }

    /// The next tick at which [`Self::tick`] has something to do.
    pub(crate) fn next_tick(&self) -> Option<u64> {
        let others = [
            self.machine.next_tick(),
            self.checkpoint_at(),
            self.lease_ends_at(),
            self.packs_due_at(),
        ];
        let due = self.revive_at.or_else(|| others.into_iter().flatten().min());
        due.into_iter().chain(self.gate.locks_at()).min()
    }

    // --- what leaves the lock ---

    /// What changed and what is to be done since this was last asked.
    pub(crate) fn drain(&mut self) -> (BTreeSet<Topic>, Vec<Signal>) {
        let status = self.sync_status();
        let same = self.told.as_ref().is_some_and(|told| {
            // The next try is shown as an instant and wobbles with the clocks it is computed from.
            SyncStatus {
                next_try_at: None,
                ..told.clone()
            } == SyncStatus {
                next_try_at: None,
                ..status.clone()
            }
        });
        let round = status.last_ok_at != self.told.as_ref().and_then(|told| told.last_ok_at);
        if round && status.last_ok_at.is_some() {
            self.round_completed();
        }
        if !same {
            self.told = Some(status);
            self.changed.insert(Topic::Sync);
        }
        self.anchor();
        (
            std::mem::take(&mut self.changed),
            std::mem::take(&mut self.signals),
        )
    }

    pub(crate) fn sync_status(&self) -> SyncStatus {
        let now = Now {
            tick: self.ticks(),
            time: self.server_now(),
            dice: 0,
        };
        let overview = self.machine.overview(now);
        let waiting = self
            .pending
            .iter()
            .filter(|pending| pending.entry.row.state != RowState::Done);
        let ended = self.live.as_ref().and_then(|live| live.record.ended);
        let failing = self.revive_at.map(|_| self.failing);
        SyncStatus {
            phase: match overview.phase {
                _ if failing.is_some() => SyncPhase::Backoff,
                Phase::SignedOut => SyncPhase::SignedOut,
                Phase::Idle => SyncPhase::Idle,
                Phase::Pushing => SyncPhase::Pushing,
                Phase::Pulling => SyncPhase::Pulling,
                Phase::Backoff => SyncPhase::Backoff,
                Phase::Offline => SyncPhase::Offline,
            },
            pending: count(waiting.clone()),
            parked: count(waiting.filter(|pending| pending.entry.row.state.is_parked())),
            last_ok_at: overview.last_ok_at,
            next_try_at: overview.next_try_at,
            last_error: failing.or(ended).or(overview.last_error),
            loaded: self.is_loaded(),
            clock_skew_ms: self.clock_offset().saturating_neg(),
            durability: self.durability,
        }
    }

    /// Everything the person may see was once received. With the session ended the machine follows nothing; then the
    /// kept copies tell.
    pub(crate) fn is_loaded(&self) -> bool {
        let ended = self.live.as_ref().is_some_and(|live| live.record.ended.is_some());
        self.machine.is_loaded() && (!ended || self.board.loaded())
    }
}

pub(crate) fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

/// Whether an instruction changes what is kept, and not only what is asked of the gateway.
fn is_kept(instruction: &Instruction) -> bool {
    !matches!(
        instruction,
        Instruction::Push { .. } | Instruction::Pull { .. } | Instruction::Wake { .. }
    )
}

/// The rows that the instructions save, where they change nothing else of what is kept.
fn only_saves(instructions: &[Instruction]) -> Option<Vec<Row>> {
    let kept = instructions.iter().filter(|instruction| is_kept(instruction));
    kept.map(|instruction| match instruction {
        Instruction::Save(row) => Some(row.clone()),
        _ => None,
    })
    .collect()
}

/// What of the instructions goes into the database.
fn keep(write: &Write<'_>, instructions: &[Instruction]) -> Result<(), StoreError> {
    for instruction in instructions {
        match instruction {
            Instruction::Save(row) => write.save_row(row)?,
            Instruction::ClearScope(scope) | Instruction::DropScope(scope) => write.clear_scope(scope)?,
            _ => {}
        }
    }
    Ok(())
}
