//! A world in a box: a hand-driven host and a gateway that keeps the protocol's promises, or breaks them where
//! a test asks for it.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "every test binary uses another part of this module"
)]

pub mod at_work;
pub mod book;
pub mod cases;
mod decide;
pub mod gateway;
mod orders;
pub mod trust;

use futures_channel::oneshot;
use futures_util::task::noop_waker;
use gateway::{FakeGateway, Reply};
use serde_json::{Value, json};
use shenhai_client::host::{Host, HttpAnswer, HttpError, HttpRequest, KeepError, Task};
use shenhai_client::{Config, Core, OpenError, Storage};
use shenhai_protocol::UnixMillis;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;
use zeroize::Zeroizing;

/// 2026-11-23 10:00 in Shanghai.
pub const START: i64 = 1_795_399_200_000;
pub const KEY: [u8; 16] = [7; 16];

pub struct World {
    state: Mutex<State>,
}

struct State {
    wall: i64,
    /// How far the gateway's clock is ahead of what the steady one counts.
    gateway_ahead: i64,
    tick: u64,
    random: u64,
    online: bool,
    tasks: Vec<Task<()>>,
    sleeps: Vec<(u64, oneshot::Sender<()>)>,
    gateway: FakeGateway,
    held: Vec<(HttpRequest, oneshot::Sender<Result<HttpAnswer, HttpError>>)>,
    store_key: [u8; 16],
    secrets: BTreeMap<&'static str, Vec<u8>>,
}

impl World {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                wall: START,
                gateway_ahead: 0,
                tick: 0,
                random: 1,
                online: true,
                tasks: Vec::new(),
                sleeps: Vec::new(),
                gateway: FakeGateway::new(),
                held: Vec::new(),
                store_key: KEY,
                secrets: BTreeMap::new(),
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics under this lock")
    }

    /// Ask or change the gateway.
    pub fn gateway<T>(&self, work: impl FnOnce(&mut FakeGateway) -> T) -> T {
        work(&mut self.state().gateway)
    }

    pub fn set_online(&self, online: bool) {
        self.state().online = online;
    }

    /// The person sets the phone's clock.
    pub fn set_wall(&self, wall: i64) {
        self.state().wall = wall;
    }

    /// The machine sleeps: the wall clock goes on, the steady one and every timer stand still.
    pub fn sleep_machine(&self, millis: i64) {
        self.state().wall += millis;
    }

    /// The wall clock was right all the time: what it is ahead by was slept.
    pub fn gateway_follows_the_wall(&self) {
        let mut state = self.state();
        state.gateway_ahead = state.wall - START - i64::try_from(state.tick).expect("small");
    }

    /// The process ends between two instructions: nothing is closed, the files stay as they are.
    pub fn kill(&self, core: Core, directory: &Path) {
        self.settle();
        let files = copy_files(directory);
        drop(core);
        self.settle();
        restore_files(directory, &files);
    }

    pub fn config(storage: Storage) -> Config {
        Config {
            gateway_url: "https://gateway.example".to_owned(),
            app: "hotline".to_owned(),
            device_name: "测试手机".to_owned(),
            storage,
        }
    }

    /// The platform's key store answers with another key from now on.
    pub fn set_store_key(&self, key: [u8; 16]) {
        self.state().store_key = key;
    }

    /// The key of the database, as the platform keeps it: sealed under its own.
    pub fn database_key(&self) -> [u8; 16] {
        let store_key = self.state().store_key;
        let sealed = self.secrets(|secrets| secrets["lock"].clone());
        let plain = shenhai_crypto::SealingKey::from_bytes(&store_key).open(&sealed, b"shenhai-lock-v1");
        let record: Value =
            serde_json::from_slice(&plain.expect("sealed under the store key")).expect("JSON");
        serde_json::from_value(record["key"]["platform"].clone()).expect("16 bytes")
    }

    /// The device's secret key, read past the core, which must be closed.
    pub fn device_secret(&self, directory: &Path) -> Vec<u8> {
        let place = shenhai_store::Place::Directory(directory.to_owned());
        let rng = Box::new(gateway::Sequence(6));
        let key = Zeroizing::new(self.database_key());
        let opened = self.wait(shenhai_store::Store::open(
            &place,
            shenhai_store::Keys {
                pages: &key,
                columns: &key,
            },
            rng,
            UnixMillis(START),
            None,
        ));
        let (store, _) = opened.expect("opens");
        let session = store.session().expect("reads").expect("a session");
        let identity = store.identity_by_device(&session.device_id).expect("reads");
        identity.expect("a key").secret.to_vec()
    }

    /// The database past the core, which must be closed.
    pub fn raw(&self, directory: &Path, sql: &str) {
        let connection = self.attached(directory);
        let connection = connection.connect().expect("opens");
        connection.execute_batch(sql).expect("runs");
    }

    fn attached(&self, directory: &Path) -> shenhai_vfs::Sealed {
        let sealed = shenhai_vfs::Sealed::attach(
            None,
            directory.join("shenhai.db").to_str().expect("Unicode"),
            &self.database_key(),
            &mut gateway::Sequence(5),
            shenhai_vfs::Trust::Newest,
            Duration::ZERO,
        );
        sealed.expect("attaches")
    }

    /// What the platform keeps for the core.
    pub fn secrets<T>(&self, work: impl FnOnce(&mut BTreeMap<&'static str, Vec<u8>>) -> T) -> T {
        work(&mut self.state().secrets)
    }

    pub fn open(self: &Arc<Self>, directory: &Path) -> Core {
        self.try_open(Self::config(Storage::Directory(directory.to_owned())))
            .expect("opens")
    }

    pub fn try_open(self: &Arc<Self>, config: Config) -> Result<Core, OpenError> {
        let host: Arc<dyn Host> = Arc::clone(self) as Arc<dyn Host>;
        self.wait(Core::open(config, host))
    }

    /// Run everything until nothing moves without time passing.
    pub fn settle(&self) {
        let waker = noop_waker();
        let mut context = Context::from_waker(&waker);
        for _ in 0..200 {
            let mut tasks = std::mem::take(&mut self.state().tasks);
            tasks.retain_mut(|task| task.as_mut().poll(&mut context).is_pending());
            let mut state = self.state();
            let spawned = !state.tasks.is_empty();
            tasks.append(&mut state.tasks);
            state.tasks = tasks;
            drop(state);
            if !self.deliver() && !spawned {
                // One more round for what the last poll sent to another task.
                let mut tasks = std::mem::take(&mut self.state().tasks);
                tasks.retain_mut(|task| task.as_mut().poll(&mut context).is_pending());
                let mut state = self.state();
                tasks.append(&mut state.tasks);
                state.tasks = tasks;
                drop(state);
                if !self.deliver() {
                    return;
                }
            }
        }
        panic!("the client spins: 200 rounds without time passing");
    }

    /// Let time pass; pauses end when they are due.
    pub fn pass(&self, millis: u64) {
        let end = self.state().tick + millis;
        loop {
            self.settle();
            let mut state = self.state();
            let next = state
                .sleeps
                .iter()
                .map(|(due, _)| *due)
                .filter(|due| *due <= end)
                .min();
            let at = next.unwrap_or(end).max(state.tick);
            state.wall += i64::try_from(at - state.tick).expect("small");
            state.tick = at;
            let (due, later) = std::mem::take(&mut state.sleeps)
                .into_iter()
                .partition(|(due, _)| *due <= at);
            state.sleeps = later;
            drop(state);
            let due: Vec<(u64, oneshot::Sender<()>)> = due;
            if due.is_empty() && next.is_none() {
                return;
            }
            for (_, wake) in due {
                let _ = wake.send(());
            }
        }
    }

    /// Answer what can be answered; whether anything was.
    fn deliver(&self) -> bool {
        let mut state = self.state();
        let held = std::mem::take(&mut state.held);
        let mut moved = false;
        for (request, tell) in held {
            if tell.is_canceled() {
                moved = true;
                continue;
            }
            let now = UnixMillis(START + i64::try_from(state.tick).expect("small") + state.gateway_ahead);
            let reply = if state.online {
                state.gateway.answer(&request, now)
            } else {
                Reply::Unreachable
            };
            let answer = match reply {
                Reply::Hold => {
                    state.held.push((request, tell));
                    continue;
                }
                Reply::Unreachable => Err(HttpError::Unreachable),
                Reply::Answer(status, body) => Ok(HttpAnswer { status, body }),
            };
            moved = true;
            let _ = tell.send(answer);
        }
        moved
    }

    /// Poll a future to its end, everything else going on.
    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let waker = noop_waker();
        let mut context = Context::from_waker(&waker);
        for _ in 0..50 {
            if let Poll::Ready(value) = work.as_mut().poll(&mut context) {
                return value;
            }
            self.settle();
        }
        panic!("the call waits for something that does not come");
    }

    pub fn rpc(&self, core: &Core, method: &str, params: Value) -> Value {
        let request = json!({ "method": method, "params": params }).to_string();
        let answer = self.wait(core.rpc(&request));
        serde_json::from_str(&answer).expect("an answer is JSON")
    }

    /// A call that must work.
    pub fn ok(&self, core: &Core, method: &str, params: Value) -> Value {
        let answer = self.rpc(core, method, params);
        assert!(answer.get("ok").is_some(), "{method}: {answer}");
        answer["ok"].clone()
    }

    /// The code of a call that must fail.
    pub fn code(&self, core: &Core, method: &str, params: Value) -> String {
        let answer = self.rpc(core, method, params);
        assert!(answer.get("error").is_some(), "{method}: {answer}");
        answer["error"]["code"].as_str().expect("a code").to_owned()
    }

    /// Begin and finish a sign-in as `user`.
    pub fn try_sign_in(&self, core: &Core, user: &str) -> Value {
        let begun = self.ok(
            core,
            "session.begin",
            json!({ "redirect_uri": "https://gateway.example/hotline/" }),
        );
        let code = self.gateway(|gateway| gateway.code_for(user));
        self.rpc(
            core,
            "session.sign_in",
            json!({ "code": code, "state": begun["state"] }),
        )
    }

    pub fn sign_in(&self, core: &Core, user: &str) {
        let answer = self.try_sign_in(core, user);
        assert_eq!(answer["ok"]["user"]["id"], user, "{answer}");
        self.settle();
    }
}

impl Host for World {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.state().wall)
    }

    fn monotonic(&self) -> u64 {
        self.state().tick
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        // A fixed sequence (SplitMix64): every run of a test is the same.
        let mut state = self.state();
        for byte in bytes {
            state.random = state.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state.random;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (z >> 56) as u8;
        }
    }

    fn sleep(&self, pause: Duration) -> Task<()> {
        let (tell, told) = oneshot::channel();
        let mut state = self.state();
        let due = state.tick + u64::try_from(pause.as_millis()).expect("small");
        state.sleeps.push((due, tell));
        Box::pin(async move {
            let _ = told.await;
        })
    }

    fn spawn(&self, task: Task<()>) {
        self.state().tasks.push(task);
    }

    fn http(&self, request: HttpRequest) -> Task<Result<HttpAnswer, HttpError>> {
        let (tell, told) = oneshot::channel();
        self.state().held.push((request, tell));
        Box::pin(async move { told.await.unwrap_or(Err(HttpError::Unreachable)) })
    }

    fn store_key(&self) -> Task<Result<Zeroizing<[u8; 16]>, KeepError>> {
        let key = Zeroizing::new(self.state().store_key);
        Box::pin(async move { Ok(key) })
    }

    fn keep(&self, name: &'static str, value: Option<Vec<u8>>) -> Task<Result<(), KeepError>> {
        self.secrets(|secrets| match value {
            Some(value) => secrets.insert(name, value),
            None => secrets.remove(name),
        });
        Box::pin(async { Ok(()) })
    }

    fn kept(&self, name: &'static str) -> Task<Result<Option<Vec<u8>>, KeepError>> {
        let value = self.secrets(|secrets| secrets.get(name).cloned());
        Box::pin(async move { Ok(value) })
    }
}

/// A copy of every file of the database, as somebody with the phone in hand could take.
pub fn copy_files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = std::fs::read_dir(directory).expect("reads");
    let paths = files.map(|file| file.expect("an entry").path());
    paths
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), std::fs::read(&path).expect("reads")))
        .collect()
}

/// Put the copy in the place of what is there.
pub fn restore_files(directory: &Path, copy: &[(PathBuf, Vec<u8>)]) {
    for file in std::fs::read_dir(directory).expect("reads") {
        let path = file.expect("an entry").path();
        if path.is_file() {
            std::fs::remove_file(path).expect("removes");
        }
    }
    for (path, bytes) in copy {
        std::fs::write(path, bytes).expect("restores");
    }
}

/// A contact form that may be submitted.
pub fn contact_form() -> Value {
    json!({ "reached": true, "contacted_at": START, "contact_person": "市民王女士", "note": "已约定上门时间" })
}

/// A reply form that may be submitted.
pub fn reply_form() -> Value {
    json!({
        "fact": "true", "appeal": "reasonable", "site_visit": "yes", "site_visit_at": START,
        "satisfaction": "satisfied", "mode": "phone", "department": "黄浦区排水管理所", "replied_at": START,
        "handling": "现场疏通管道并清掏雨水口", "resolved": true
    })
}
