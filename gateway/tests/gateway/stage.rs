//! A gateway on a free port with a hand-turned clock, the city's stand-in beside it, devices with keys.

use crate::city::{City, SECRET};
use rand_core::UnwrapErr;
use reqwest::{Client, Method, RequestBuilder};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use shenhai_crypto::{PublicKey, SecretKey, device_id, hmac_sm3, sm3};
use shenhai_flow::forms::classed;
use shenhai_gateway::{CityConfig, Clock, Config, Directory, Gateway, Running};
use shenhai_proof::submission::close;
use shenhai_protocol::{
    Beside, CmdId, Command, ContactForm, DeviceId, DeviceInfo, Envelope, FormRef, HexHash, LawRef, OrderId,
    PROTOCOL_VERSION, PullReply, PushReply, PushRequest, Receipt, RecordRef, ReplyForm, ScopeId,
    SessionGrant, SessionRequest, SignedEnvelope, UnixMillis, UserId,
};
use std::fmt::Write;
use std::io;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, Once};
use tempfile::TempDir;

/// 2026-11-23 10:00:00 in Shanghai, a Monday.
pub(crate) const NOW: i64 = 1_795_399_200_000;
/// The citizen of every order here; no error and no log line may hold either.
pub(crate) const CITIZEN: &str = "欧阳测试";
pub(crate) const PHONE: &str = "13800001234";

pub(crate) const HANDLER: &str = "h310101";
pub(crate) const OTHER_HANDLER: &str = "h310104";
pub(crate) const UNIT_REVIEWER: &str = "r310101";
pub(crate) const BUREAU_REVIEWER: &str = "bureau1";
pub(crate) const ADMINISTRATOR: &str = "admin1";

const DISTRICTS: [&str; 16] = [
    "310101", "310104", "310105", "310106", "310107", "310109", "310110", "310112", "310113", "310114",
    "310115", "310116", "310117", "310118", "310120", "310151",
];

pub(crate) fn directory_text() -> String {
    let mut text = "version = \"test\"\n".to_owned();
    for code in DISTRICTS {
        let _ = write!(
            text,
            "[[units]]\nid = \"d{code}\"\nname = \"{code}水务局\"\nkind = \"district\"\ndistrict = \"{code}\"\n\
             [[users]]\nid = \"h{code}\"\nname = \"经办{code}\"\nrole = \"handler\"\nunit = \"d{code}\"\n\
             [[users]]\nid = \"r{code}\"\nname = \"审核{code}\"\nrole = \"unit_reviewer\"\nunit = \"d{code}\"\n"
        );
    }
    text + "[[units]]\nid = \"bureau\"\nname = \"局热线办\"\nkind = \"bureau\"\n\
        [[users]]\nid = \"bureau1\"\nname = \"热线办\"\nrole = \"bureau_reviewer\"\nunit = \"bureau\"\n\
        [[users]]\nid = \"admin1\"\nname = \"管理员\"\nrole = \"administrator\"\nunit = \"bureau\"\n"
}

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static LOG_STARTED: Once = Once::new();

struct LogWriter;

impl io::Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything every gateway of this test run has logged, as the binary would log it.
pub(crate) fn log() -> String {
    String::from_utf8(LOG.lock().unwrap().clone()).unwrap()
}

pub(crate) fn assert_without_citizen(text: &str) {
    assert!(!text.contains(CITIZEN), "a citizen's name in: {text}");
    assert!(!text.contains(PHONE), "a citizen's phone in: {text}");
}

/// The emulators of the city's systems, which stand at [`NOW`], and what they were configured with.
pub(crate) async fn emulators() -> (shenhai_city::Running, shenhai_city::CityConfig) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    client();
    let config = shenhai_city::CityConfig::fresh(&url).unwrap();
    let setup = shenhai_city::Setup {
        config: config.clone(),
        directory: shenhai_city::Directory::parse(&directory_text()).unwrap(),
        gateway: url,
        pauses: shenhai_city::Pauses::default(),
        clock: Arc::new(|| NOW / 1000),
    };
    (shenhai_city::City::start(listener, setup).unwrap(), config)
}

pub(crate) struct Stage {
    pub(crate) gateway: Option<Running>,
    pub(crate) city: City,
    pub(crate) http: Client,
    pub(crate) data: TempDir,
    pub(crate) clock: Arc<AtomicI64>,
}

/// A client that stays on this machine and follows no redirect.
pub(crate) fn client() -> Client {
    // A build of the whole workspace gives reqwest TLS without a provider: the process needs one before a client
    // can be made. Fails when it has one, which then is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

impl Stage {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(adjust: impl FnOnce(&mut Config)) -> Self {
        LOG_STARTED.call_once(|| {
            tracing_subscriber::fmt()
                .json()
                .with_env_filter("info,shenhai_gateway=trace")
                .with_writer(|| LogWriter)
                .init();
        });
        let mut stage = Self {
            gateway: None,
            city: City::start().await,
            http: client(),
            data: TempDir::new().unwrap(),
            clock: Arc::new(AtomicI64::new(NOW)),
        };
        let mut config = stage.config();
        adjust(&mut config);
        stage.gateway = Some(Gateway::start(config).await.unwrap());
        stage
    }

    pub(crate) fn config(&self) -> Config {
        let city = CityConfig::parse(&self.city.config()).unwrap();
        let directory = Directory::parse(&directory_text()).unwrap();
        let data = self.data.path().join("data");
        let mut config = Config::new("127.0.0.1:0".parse().unwrap(), data, city, directory);
        let clock = Arc::clone(&self.clock);
        config.clock = Clock::from_fn(move || UnixMillis(clock.load(Ordering::Relaxed)));
        config.tuning.feedback_first_pause = std::time::Duration::from_millis(20);
        config
    }

    pub(crate) fn running(&self) -> &Running {
        self.gateway.as_ref().unwrap()
    }

    pub(crate) async fn restart(&mut self) {
        self.gateway.take().unwrap().stop().await;
        self.gateway = Some(Gateway::start(self.config()).await.unwrap());
    }

    pub(crate) fn advance(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::Relaxed);
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.clock.load(Ordering::Relaxed) / 1000
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running().url())
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// Answer of an upper platform's call: status and body.
    pub(crate) async fn push_order(&self, platform: &str, order: &Value) -> (u16, Value) {
        let body = serde_json::to_vec(order).unwrap();
        self.push_raw(platform, &body, self.seconds(), SECRET).await
    }

    pub(crate) async fn push_raw(
        &self,
        platform: &str,
        body: &[u8],
        timestamp: i64,
        secret: &str,
    ) -> (u16, Value) {
        let signed = [format!("{timestamp}\n").as_bytes(), body].concat();
        let request = self
            .call(Method::POST, &format!("/city/v1/hotline/{platform}/orders"))
            .header("X-Platform", platform)
            .header("X-Timestamp", timestamp.to_string())
            .header("X-Signature", hex(&hmac_sm3(secret.as_bytes(), &signed)))
            .body(body.to_vec());
        let (status, text) = send(request).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    pub(crate) async fn take_in(&self, number: &str, area: &str) -> OrderId {
        let (status, body) = self.push_order("12345", &order(number, area)).await;
        assert_eq!(status, 200, "{body}");
        OrderId(body["orderId"].as_str().unwrap().to_owned())
    }

    pub(crate) async fn sign_in(&self, user: &str) -> Session {
        self.sign_in_on(user, Device::new()).await
    }

    pub(crate) async fn sign_in_on(&self, user: &str, device: Device) -> Session {
        let app = if user.starts_with('h') { "hotline" } else { "desk" };
        let request = device.session_request(app, &self.city.code_for(user));
        let (status, text) = send(self.call(Method::POST, "/v1/sessions").json(&request)).await;
        assert_eq!(status, 200, "{text}");
        Session {
            grant: serde_json::from_str(&text).unwrap(),
            device,
        }
    }

    pub(crate) async fn push(&self, session: &Session, commands: Vec<SignedEnvelope>) -> (u16, String) {
        let request = self
            .call(Method::POST, "/v1/push")
            .bearer_auth(&session.grant.token);
        send(request.json(&PushRequest { commands })).await
    }

    /// Push one command that must be receipted.
    pub(crate) async fn push_one(&self, session: &Session, command: SignedEnvelope) -> Receipt {
        let (status, text) = self.push(session, vec![command]).await;
        assert_eq!(status, 200, "{text}");
        let reply: PushReply = serde_json::from_str(&text).unwrap();
        assert_eq!(reply.stopped, None);
        reply.receipts[0].open().unwrap()
    }

    pub(crate) async fn pull(&self, session: &Session, scope: &str, cursor: u64) -> PullReply {
        let path = format!(
            "/v1/pull?scope={scope}&cursor={cursor}&epoch={}",
            session.grant.epoch
        );
        let (status, text) = send(self.call(Method::GET, &path).bearer_auth(&session.grant.token)).await;
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) fn database(&self) -> Connection {
        let path: PathBuf = self.data.path().join("data/gateway.sqlite3");
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }

    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.database().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Per scope: head, count and highest number of the log are one.
    pub(crate) fn assert_gapless_logs(&self) {
        let gaps = "SELECT count(*) FROM scopes s
            WHERE head <> (SELECT count(*) FROM changes c WHERE c.scope = s.scope)
               OR head <> (SELECT max(n) FROM changes c WHERE c.scope = s.scope)";
        assert_eq!(self.count(gaps), 0);
        assert_ne!(self.count("SELECT count(*) FROM scopes"), 0);
    }

    /// The whole of the stored business state as text: equal before and after where nothing may change.
    pub(crate) fn state(&self) -> String {
        let db = self.database();
        let mut all = String::new();
        for table in [
            "orders",
            "scopes",
            "changes",
            "devices",
            "sessions",
            "commands",
            "feedback",
            "invitations",
            "certificates",
        ] {
            let mut statement = db
                .prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))
                .unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for column in 0..columns {
                    let _ = write!(all, "{:?}|", row.get_ref(column).unwrap());
                }
                all += "\n";
            }
        }
        all
    }
}

pub(crate) struct Session {
    pub(crate) grant: SessionGrant,
    pub(crate) device: Device,
}

impl Session {
    pub(crate) fn scope(&self) -> ScopeId {
        self.grant.scopes[0].clone()
    }

    /// The next command of this session's device.
    pub(crate) fn command(&mut self, body: Command) -> SignedEnvelope {
        let envelope = self.envelope(body);
        self.device.append(&envelope)
    }

    pub(crate) fn envelope(&self, body: Command) -> Unsigned {
        self.device.envelope(&self.grant.user.id, body)
    }
}

/// A client's device: its key and the end of its chain.
pub(crate) struct Device {
    key: SecretKey,
    pub(crate) id: DeviceId,
    pub(crate) seq: u64,
    pub(crate) head: HexHash,
}

impl Device {
    pub(crate) fn new() -> Self {
        let key = SecretKey::generate(&mut UnwrapErr(getrandom::SysRng));
        Self {
            id: DeviceId(device_id(key.public())),
            key,
            seq: 0,
            head: HexHash::zero(),
        }
    }

    pub(crate) fn sign(&self, text: &str) -> String {
        self.key
            .sign(text.as_bytes(), &mut UnwrapErr(getrandom::SysRng))
            .to_hex()
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        self.key.public()
    }

    pub(crate) fn session_request(&self, app: &str, code: &str) -> SessionRequest {
        SessionRequest {
            app: app.to_owned(),
            code: code.to_owned(),
            device: DeviceInfo {
                id: self.id.clone(),
                public_key: self.key.public().to_hex(),
                name: "测试设备".to_owned(),
            },
            proof: self.sign(&SessionRequest::proof_text(app, code, &self.id)),
            enrolment_code: None,
        }
    }

    pub(crate) fn envelope(&self, actor: &UserId, body: Command) -> Unsigned {
        let kind = body.kind();
        let law = law();
        let closed = body
            .answers()
            .map(|answers| close(answers, classed(kind), &mut UnwrapErr(getrandom::SysRng)));
        let (submission, beside) =
            closed.map_or((None, Beside::default()), |(named, beside)| (Some(named), beside));
        let envelope = Envelope {
            v: PROTOCOL_VERSION,
            cmd_id: CmdId(uuid_v7()),
            work: uuid_v7().into(),
            device_id: self.id.clone(),
            device_seq: self.seq + 1,
            prev_hash: self.head.clone(),
            actor: actor.clone(),
            role: role_of(actor).into(),
            scope: ScopeId::person(actor),
            record: RecordRef {
                kind: "hotline.order".into(),
                id: body.order().clone(),
            },
            base_rev: 1,
            act: kind.act().into(),
            form: submission.as_ref().map(|_| FormRef {
                id: kind.act().into(),
                sm3: law.sm3.clone(),
            }),
            law,
            submission,
            files: Vec::new(),
            of: None,
            client_time: UnixMillis(NOW),
        };
        Unsigned { envelope, beside }
    }

    pub(crate) fn seal(&self, unsigned: &Unsigned) -> SignedEnvelope {
        let payload = serde_json::to_string(&unsigned.envelope).unwrap();
        SignedEnvelope {
            sig: self.sign(&payload),
            payload,
            beside: unsigned.beside.clone(),
        }
    }

    /// Seal and move the end of the chain.
    pub(crate) fn append(&mut self, unsigned: &Unsigned) -> SignedEnvelope {
        let signed = self.seal(unsigned);
        self.seq = unsigned.device_seq;
        self.head = HexHash(sm3(signed.payload.as_bytes()).to_hex());
        signed
    }
}

/// An act before it is signed, to be changed by a test.
#[derive(Clone)]
pub(crate) struct Unsigned {
    pub(crate) envelope: Envelope,
    pub(crate) beside: Beside,
}

impl Unsigned {
    /// Fill in something else.
    pub(crate) fn fill_in(&mut self, submission: String) {
        if let Some(named) = &mut self.envelope.submission {
            named.sm3 = HexHash(sm3(submission.as_bytes()).to_hex());
            named.bytes = submission.len() as u64;
        }
        self.beside.submission = Some(submission);
    }
}

impl Deref for Unsigned {
    type Target = Envelope;

    fn deref(&self) -> &Envelope {
        &self.envelope
    }
}

impl DerefMut for Unsigned {
    fn deref_mut(&mut self) -> &mut Envelope {
        &mut self.envelope
    }
}

/// The law as its file has it.
pub(crate) fn law() -> LawRef {
    let text = include_str!("../../../core/flow/data/hotline-flow.toml");
    LawRef {
        id: "hotline".into(),
        version: "2026.1".to_owned(),
        sm3: HexHash(sm3(text.as_bytes()).to_hex()),
    }
}

/// By the ids of [`directory_text`].
fn role_of(user: &UserId) -> &'static str {
    match user.as_str().as_bytes() {
        [b'h', ..] => "handler",
        [b'r', ..] => "unit_reviewer",
        [b'b', ..] => "bureau_reviewer",
        _ => "administrator",
    }
}

/// A UUID of version 7, as `core/client` makes them.
pub(crate) fn uuid_v7() -> String {
    let random: [u8; 16] = *uuid::Uuid::new_v4().as_bytes();
    let random = std::array::from_fn(|at| random[at]);
    let millis = u64::try_from(NOW).unwrap();
    uuid::Builder::from_unix_timestamp_millis(millis, &random)
        .into_uuid()
        .to_string()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) async fn send(request: RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// The code of an error answer.
pub(crate) fn code(text: &str) -> String {
    let body: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("an error body, not {text:?}"));
    body["code"].as_str().unwrap_or_default().to_owned()
}

/// An order as docs/city-interfaces.md shows it.
pub(crate) fn order(number: &str, area: &str) -> Value {
    json!({
        "orderNo": number, "urgency": "普通", "appealType": "投诉", "category": "排水/管道堵塞",
        "title": "路面积水", "content": "下雨后路口积水", "address": "某路 1 号", "areaCode": area,
        "lng": 121.48, "lat": 31.23, "coordType": "gcj02",
        "caller": {"name": CITIZEN, "phone": PHONE, "anonymous": false, "confidential": false},
        "acceptTime": "2026-11-23 09:12:33", "isReview": false, "supervised": false, "urgeCount": 0,
        "duplicateOrderNo": null
    })
}

pub(crate) fn contact_form() -> ContactForm {
    ContactForm {
        reached: Some(true),
        contacted_at: Some(UnixMillis(NOW - 60_000)),
        contact_person: "报修人".to_owned(),
        ..ContactForm::default()
    }
}

pub(crate) fn reply_form() -> ReplyForm {
    use shenhai_protocol::{AppealFinding, FactFinding, ReplyMode, Satisfaction, SiteVisit};
    ReplyForm {
        fact: Some(FactFinding::True),
        appeal: Some(AppealFinding::Reasonable),
        site_visit: Some(SiteVisit::Yes),
        satisfaction: Some(Satisfaction::Satisfied),
        mode: Some(ReplyMode::Phone),
        department: "养护科".to_owned(),
        replied_at: Some(UnixMillis(NOW - 30_000)),
        handling: "已疏通管道".to_owned(),
        resolved: Some(true),
        ..ReplyForm::default()
    }
}
