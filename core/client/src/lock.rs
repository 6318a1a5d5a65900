//! Locking and unlocking what is kept on this device, and destroying it.
//!
//! Locked means: the database is closed and no key of it is in memory. A wrong PIN is counted before it is tried, so
//! that pulling the plug wins nothing; after the last one the key is destroyed. Not here: how the key is wrapped
//! (`keyring`). Called by `dispatch`, and by the engine when nobody used the app for long.

use crate::config::OpenError;
use crate::core::Shared;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::host::{HostRng, KeepError};
use crate::keyring::{
    ANCHOR, BIOMETRIC, KeyRecord, LockRules, RECORD, StoreKey, pause_after, seal_biometric, unseal_biometric,
};
use crate::rpc::{
    BiometricParams, EraseParams, LockState, LockStatus, Needs, PinParams, Request, SetPinParams, Topic,
    UnlockParams,
};
use shenhai_protocol::ErrorCode;
use shenhai_store::{Anchor, Keys, Place, Store, StoreRng};
use std::sync::Arc;
use zeroize::Zeroizing;

const MINUTE_MILLIS: u64 = 60_000;

/// What is known of the lock without opening anything.
pub(crate) struct Gate {
    pub(crate) state: LockState,
    pub(crate) rules: LockRules,
    /// There is a place to lock.
    available: bool,
    pin_set: bool,
    biometric: bool,
    attempts_left: u32,
    /// No PIN is tried before the steady clock counts this: setting the wall clock does not end the pause.
    not_before: u64,
    /// When a person last touched the app, as a tick.
    used_at: u64,
    busy: bool,
}

impl Gate {
    pub(crate) fn new(available: bool, tick: u64, steady: u64) -> Self {
        let rules = LockRules::default();
        Self {
            state: LockState::Open,
            attempts_left: rules.attempts,
            rules,
            available,
            pin_set: false,
            biometric: false,
            not_before: steady,
            used_at: tick,
            busy: false,
        }
    }

    /// Learn from the record as it is now kept.
    fn learn(&mut self, record: &KeyRecord, steady: u64) {
        self.pin_set = record.has_pin();
        self.biometric = record.biometric;
        self.attempts_left = record.attempts_left();
        self.rules = record.rules.clone();
        self.not_before = steady.saturating_add(pause_after(record.wrong));
        if record.is_erased() {
            self.state = LockState::Erased;
        }
    }

    /// The tick at which it locks by itself.
    pub(crate) fn locks_at(&self) -> Option<u64> {
        let minutes = u64::from(self.rules.after_minutes);
        let locks = self.state == LockState::Open && self.pin_set && minutes > 0;
        locks.then(|| self.used_at.saturating_add(minutes * MINUTE_MILLIS))
    }
}

impl Engine {
    /// `lock.status`.
    pub(crate) fn lock_status(&self) -> LockStatus {
        let gate = &self.gate;
        LockStatus {
            state: gate.state,
            pin_set: gate.pin_set,
            attempts_left: gate.attempts_left,
            retry_after_ms: gate.not_before.saturating_sub(self.reading().steady),
            pin_required: gate.available && gate.rules.required,
            lock_after_minutes: gate.rules.after_minutes,
            pin_digits: gate.rules.digits,
            available: gate.available,
            biometric: gate.biometric,
        }
    }

    /// Whether a request may be carried out as things stand. One that a person made counts as use; whatever was due by
    /// now has been done before this.
    pub(crate) fn admit(&mut self, request: &Request) -> Result<(), Failure> {
        let begins = matches!(request, Request::SessionBegin(_));
        let facts = request.facts();
        match (self.gate.state, facts.needs) {
            // After everything was erased a person begins anew.
            (LockState::Erased, _) if begins => {}
            _ => self.still_open(facts.needs)?,
        }
        if facts.is_use {
            self.gate.used_at = self.ticks();
            self.look();
        }
        Ok(())
    }

    /// Whether an answer may be given as things stand.
    pub(crate) fn still_open(&mut self, needs: Needs) -> Result<(), Failure> {
        match (self.gate.state, needs) {
            (_, Needs::Nothing) | (LockState::Open, Needs::Open) => Ok(()),
            (LockState::Open, Needs::Lease) => self.readable(),
            (LockState::Locked, _) => Err(Failure::Refused(ErrorCode::Locked, "the app is locked")),
            (LockState::Erased, _) => Err(Failure::Refused(
                ErrorCode::Erased,
                "the data on this device was erased",
            )),
        }
    }

    /// Close the data and forget its keys.
    pub(crate) fn shut(&mut self) {
        self.anchor_and_drop();
        self.gate.state = LockState::Locked;
        self.mark(Topic::Lock);
        self.mark(Topic::Session);
    }

    fn learn_record(&mut self, record: &KeyRecord) {
        let steady = self.reading().steady;
        self.gate.learn(record, steady);
        self.look();
        self.mark(Topic::Lock);
    }
}

/// The record of keys and the platform's key that seals it.
struct Opened {
    platform: Zeroizing<[u8; 16]>,
    record: KeyRecord,
}

impl Shared {
    /// Open what is kept, or find it locked or erased.
    pub(crate) async fn start(self: &Arc<Self>) -> Result<(), OpenError> {
        if self.place == Place::Memory {
            let (_, key) = KeyRecord::fresh(&mut HostRng(Arc::clone(&self.host)));
            return self.open_store(&key, &key).await;
        }
        let Some(opened) = self.read_record().await? else {
            return self.begin_anew().await;
        };
        self.with(|engine| {
            if opened.record.has_pin() {
                engine.gate.state = LockState::Locked;
            }
            engine.learn_record(&opened.record);
        });
        match opened.record.key() {
            Some(key) => self.open_store(&key, &opened.platform).await,
            None => Ok(()),
        }
    }

    /// Make a key and a database. The key is kept first: a database whose key is lost could never be read.
    async fn begin_anew(self: &Arc<Self>) -> Result<(), OpenError> {
        let (record, key) = KeyRecord::fresh(&mut HostRng(Arc::clone(&self.host)));
        let platform = self.host.store_key().await?;
        self.keep_record(&record, &platform).await?;
        self.with(|engine| engine.learn_record(&record));
        let opened = self.open_store(&key, &platform).await;
        if matches!(opened, Err(OpenError::WrongKey)) {
            // There is data of another record, which may come back with the platform's own backup.
            self.host.keep(RECORD, None).await?;
        }
        opened
    }

    /// `platform` is the platform's key, which version 1 used as it is.
    async fn open_store(self: &Arc<Self>, key: &StoreKey, platform: &[u8; 16]) -> Result<(), OpenError> {
        let anchor = self.host.kept(ANCHOR).await?;
        let anchor = anchor.and_then(|bytes| Anchor::from_bytes(&bytes));
        let rng: StoreRng = Box::new(HostRng(Arc::clone(&self.host)));
        let now = self.peek(Engine::server_now);
        let keys = Keys {
            pages: key,
            columns: platform,
        };
        let (store, opened) = Store::open(&self.place, keys, rng, now, anchor).await?;
        if let Some((name, rescued)) = &opened.put_aside {
            tracing::error!(%name, rescued, "the database was damaged and put aside");
        }
        self.with(|engine| {
            engine.take_store(store, &opened)?;
            engine.gate.state = LockState::Open;
            engine.gate.used_at = engine.ticks();
            engine.mark(Topic::Lock);
            Ok::<_, OpenError>(())
        })
    }

    async fn read_record(&self) -> Result<Option<Opened>, OpenError> {
        let platform = self.host.store_key().await?;
        let Some(sealed) = self.host.kept(RECORD).await? else {
            return Ok(None);
        };
        let record = KeyRecord::unseal(&platform, &sealed).map_err(|_| OpenError::WrongKey)?;
        Ok(Some(Opened { platform, record }))
    }

    /// The record of an installation that has one.
    async fn record(&self) -> Result<Opened, Failure> {
        let found = self
            .read_record()
            .await
            .map_err(|error| Failure::Open(Box::new(error)))?;
        found.ok_or(Failure::Refused(
            ErrorCode::WrongState,
            "nothing is kept on this device",
        ))
    }

    async fn keep_record(&self, record: &KeyRecord, platform: &[u8; 16]) -> Result<(), KeepError> {
        let sealed = record.seal(platform, &mut HostRng(Arc::clone(&self.host)));
        self.host.keep(RECORD, Some(sealed)).await
    }

    /// One at a time: two tries at once would count as one.
    async fn exclusively<F>(
        self: &Arc<Self>,
        work: impl FnOnce(Arc<Self>) -> F,
    ) -> Result<LockStatus, Failure>
    where
        F: Future<Output = Result<(), Failure>> + crate::host::MaybeSend + 'static,
    {
        let busy = self.with(|engine| std::mem::replace(&mut engine.gate.busy, true));
        if busy {
            return Err(Failure::Refused(
                ErrorCode::RateLimited,
                "another change is under way",
            ));
        }
        let shared = Arc::clone(self);
        let work = work(Arc::clone(self));
        self.detached(async move {
            let done = work.await;
            shared.with(|engine| engine.gate.busy = false);
            done.map(|()| shared.peek(Engine::lock_status))
        })
        .await
    }

    /// Try a PIN: counted first, then tried. After the last wrong one everything is destroyed.
    async fn try_pin(self: &Arc<Self>, opened: &mut Opened, pin: &str) -> Result<StoreKey, Failure> {
        let waits = self.peek(|engine| engine.gate.not_before > engine.reading().steady);
        if waits {
            return Err(Failure::Refused(
                ErrorCode::RateLimited,
                "too soon after a wrong PIN",
            ));
        }
        if opened.record.attempts_left() == 0 {
            self.destroy(&opened.platform).await?;
            return Err(Failure::Refused(ErrorCode::Erased, "too many wrong PINs"));
        }
        opened.record.wrong = opened.record.wrong.saturating_add(1);
        self.keep_record(&opened.record, &opened.platform).await?;
        if let Some(key) = opened.record.key_by_pin(pin) {
            opened.record.wrong = 0;
            self.keep_record(&opened.record, &opened.platform).await?;
            self.with(|engine| engine.learn_record(&opened.record));
            return Ok(key);
        }
        self.with(|engine| engine.learn_record(&opened.record));
        if opened.record.attempts_left() == 0 {
            self.destroy(&opened.platform).await?;
            return Err(Failure::Refused(ErrorCode::Erased, "too many wrong PINs"));
        }
        Err(Failure::Refused(ErrorCode::PinWrong, "not the PIN"))
    }

    /// `lock.unlock`.
    pub(crate) async fn unlock(self: &Arc<Self>, params: UnlockParams) -> Result<LockStatus, Failure> {
        let pin = params.pin.map(Zeroizing::new);
        self.exclusively(|shared| async move {
            match shared.peek(|engine| engine.gate.state) {
                LockState::Open => return Ok(()),
                LockState::Erased => {
                    return Err(Failure::Refused(
                        ErrorCode::Erased,
                        "the data on this device was erased",
                    ));
                }
                LockState::Locked => {}
            }
            let mut opened = shared.record().await?;
            let key = match pin {
                Some(pin) => shared.try_pin(&mut opened, &pin).await?,
                None if params.host_secret && opened.record.biometric => {
                    let sealed = shared.host.kept(BIOMETRIC).await?.map(Zeroizing::new);
                    let key = sealed.and_then(|sealed| unseal_biometric(&sealed, &opened.platform));
                    key.ok_or(Failure::Refused(ErrorCode::PinWrong, "the platform has no key"))?
                }
                None => return Err(Failure::Refused(ErrorCode::PinWrong, "no PIN")),
            };
            shared
                .open_store(&key, &opened.platform)
                .await
                .map_err(|error| Failure::Open(Box::new(error)))
        })
        .await
    }

    /// `lock.set_pin`.
    pub(crate) async fn set_pin(self: &Arc<Self>, params: SetPinParams) -> Result<LockStatus, Failure> {
        let pin = Zeroizing::new(params.pin);
        let old = params.old_pin.map(Zeroizing::new);
        self.exclusively(|shared| async move {
            shared.peek(Engine::lockable)?;
            if !shared.peek(|engine| engine.gate.rules.allow(&pin)) {
                return Err(Failure::Refused(
                    ErrorCode::FormInvalid,
                    "too short, or not of digits",
                ));
            }
            let mut opened = shared.record().await?;
            let key = match (opened.record.key(), &old) {
                (Some(key), _) => key,
                (None, Some(old)) => shared.try_pin(&mut opened, old).await?,
                (None, None) => {
                    return Err(Failure::Refused(
                        ErrorCode::PinWrong,
                        "the present PIN is missing",
                    ));
                }
            };
            let mut rng = HostRng(Arc::clone(&shared.host));
            let set = opened.record.set_pin(&pin, &key, &mut rng);
            set.map_err(|_| Failure::Refused(ErrorCode::FormInvalid, "not a PIN"))?;
            shared.keep_record(&opened.record, &opened.platform).await?;
            shared.with(|engine| engine.learn_record(&opened.record));
            Ok(())
        })
        .await
    }

    /// `lock.clear_pin`.
    pub(crate) async fn clear_pin(self: &Arc<Self>, params: PinParams) -> Result<LockStatus, Failure> {
        let pin = Zeroizing::new(params.pin);
        self.exclusively(|shared| async move {
            shared.peek(Engine::lockable)?;
            let mut opened = shared.record().await?;
            if opened.record.rules.required {
                return Err(Failure::Refused(ErrorCode::Forbidden, "the rules want a PIN"));
            }
            if opened.record.has_pin() {
                let key = shared.try_pin(&mut opened, &pin).await?;
                shared.host.keep(BIOMETRIC, None).await?;
                opened.record.clear_pin(&key);
                shared.keep_record(&opened.record, &opened.platform).await?;
                shared.with(|engine| engine.learn_record(&opened.record));
            }
            Ok(())
        })
        .await
    }

    /// `lock.set_biometric`.
    pub(crate) async fn set_biometric(
        self: &Arc<Self>,
        params: BiometricParams,
    ) -> Result<LockStatus, Failure> {
        let pin = Zeroizing::new(params.pin);
        self.exclusively(|shared| async move {
            shared.peek(Engine::lockable)?;
            let mut opened = shared.record().await?;
            if !opened.record.has_pin() {
                return Err(Failure::Refused(ErrorCode::WrongState, "there is no PIN"));
            }
            let key = shared.try_pin(&mut opened, &pin).await?;
            let mut rng = HostRng(Arc::clone(&shared.host));
            let secret = params
                .on
                .then(|| seal_biometric(&key, &opened.platform, &mut rng));
            shared.host.keep(BIOMETRIC, secret).await?;
            opened.record.biometric = params.on;
            shared.keep_record(&opened.record, &opened.platform).await?;
            shared.with(|engine| engine.learn_record(&opened.record));
            Ok(())
        })
        .await
    }

    /// `lock.lock`.
    pub(crate) fn lock(&self) -> Result<LockStatus, Failure> {
        self.with(|engine| {
            if engine.gate.state == LockState::Open {
                if !engine.gate.pin_set {
                    return Err(Failure::Refused(ErrorCode::WrongState, "there is no PIN"));
                }
                engine.shut();
            }
            Ok(engine.lock_status())
        })
    }

    /// `lock.erase`.
    pub(crate) async fn erase(self: &Arc<Self>, params: EraseParams) -> Result<LockStatus, Failure> {
        if params.confirm != "erase" {
            return Err(Failure::Refused(
                ErrorCode::BadRequest,
                "confirm with the word erase",
            ));
        }
        self.exclusively(|shared| async move {
            if !shared.peek(|engine| engine.gate.available) {
                return Err(Failure::Refused(
                    ErrorCode::WrongState,
                    "nothing is kept on this device",
                ));
            }
            let platform = shared.host.store_key().await?;
            shared.destroy(&platform).await
        })
        .await
    }

    /// Destroy the key first: from then on the files are noise, whether they can be removed or not.
    async fn destroy(self: &Arc<Self>, platform: &[u8; 16]) -> Result<(), Failure> {
        let record = KeyRecord::erased();
        self.keep_record(&record, platform).await?;
        self.host.keep(BIOMETRIC, None).await?;
        self.host.keep(ANCHOR, None).await?;
        self.with(|engine| {
            engine.drop_store();
            engine.forget_clocks();
            engine.learn_record(&record);
            engine.mark(Topic::Session);
        });
        if let Err(error) = Store::erase(&self.place).await {
            tracing::error!(%error, "the erased database's files could not be removed");
        }
        Ok(())
    }

    /// After everything was erased, a person who begins to sign in begins with nothing.
    pub(crate) async fn revive(self: &Arc<Self>) -> Result<(), Failure> {
        if self.peek(|engine| engine.gate.state) != LockState::Erased {
            return Ok(());
        }
        let done = self.exclusively(|shared| async move {
            if let Err(error) = Store::erase(&shared.place).await {
                return Err(Failure::Store(error));
            }
            shared
                .begin_anew()
                .await
                .map_err(|error| Failure::Open(Box::new(error)))
        });
        done.await.map(drop)
    }

    /// Keep the rules of the grant where they can be read while the data is shut.
    pub(crate) async fn keep_rules(self: &Arc<Self>) -> Result<(), Failure> {
        let wanted = self.peek(|engine| {
            let grant = engine.live.as_ref()?.grant.as_ref()?;
            let rules = LockRules::from(&grant.rules);
            (engine.gate.available && rules != engine.gate.rules).then_some(rules)
        });
        let Some(rules) = wanted else { return Ok(()) };
        let mut opened = self.record().await?;
        opened.record.rules = rules;
        self.keep_record(&opened.record, &opened.platform).await?;
        self.with(|engine| engine.learn_record(&opened.record));
        Ok(())
    }
}

impl Engine {
    /// A PIN can be set or changed now.
    fn lockable(&self) -> Result<(), Failure> {
        match self.gate.state {
            LockState::Open if self.gate.available => Ok(()),
            LockState::Open => Err(Failure::Refused(
                ErrorCode::WrongState,
                "nothing is kept on this device",
            )),
            LockState::Locked => Err(Failure::Refused(ErrorCode::Locked, "the app is locked")),
            LockState::Erased => Err(Failure::Refused(
                ErrorCode::Erased,
                "the data on this device was erased",
            )),
        }
    }
}
