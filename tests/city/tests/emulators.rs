//! The rules of the emulated systems, seen from outside over HTTP.

use serde_json::{Value, json};
use shenhai_city::{
    City, CityConfig, Directory, MAX_SKEW_SECONDS, Pauses, Running, SampleOrders, Setup, Spread, sign,
};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const NOW: i64 = 1_795_500_000;

type Call = (axum::http::HeaderMap, Vec<u8>);

/// A gateway that answers pushes as it is told to and remembers what it was sent.
#[derive(Clone, Default)]
struct Gateway {
    answers: Arc<Mutex<VecDeque<u16>>>,
    seen: Arc<Mutex<Vec<Call>>>,
}

impl Gateway {
    async fn start(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let gateway = self.clone();
        let app = axum::Router::new().route(
            "/city/v1/hotline/{platform}/orders",
            axum::routing::post(
                |headers: axum::http::HeaderMap, body: axum::body::Bytes| async move {
                    let status = gateway
                        .answers
                        .lock()
                        .expect("answers")
                        .pop_front()
                        .unwrap_or(200);
                    let mut seen = gateway.seen.lock().expect("seen");
                    let duplicate = seen.iter().any(|(_, earlier)| *earlier == body);
                    seen.push((headers, body.to_vec()));
                    let status = axum::http::StatusCode::from_u16(status).expect("a status");
                    (status, axum::Json(json!({"code": 0, "duplicate": duplicate})))
                },
            ),
        );
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
    }

    fn will_answer(&self, statuses: &[u16]) {
        self.answers.lock().expect("answers").extend(statuses);
    }

    fn calls(&self) -> usize {
        self.seen.lock().expect("seen").len()
    }
}

struct Fixture {
    city: Running,
    config: CityConfig,
    gateway: Gateway,
    clock: Arc<AtomicI64>,
    http: reqwest::Client,
}

impl Fixture {
    async fn start() -> Self {
        let gateway = Gateway::default();
        let gateway_url = gateway.start().await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let config = CityConfig::fresh(&url).expect("random bytes");
        let clock = Arc::new(AtomicI64::new(NOW));
        let read = Arc::clone(&clock);
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/sample/directory.toml");
        let setup = Setup {
            config: config.clone(),
            directory: Directory::read(sample.as_ref()).expect("the sample directory"),
            gateway: gateway_url,
            pauses: Pauses {
                first: Duration::from_millis(1),
                longest: Duration::from_millis(4),
                attempts: 5,
            },
            clock: Arc::new(move || read.load(Ordering::SeqCst)),
        };
        let city = City::start(listener, setup).expect("the emulators start");
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self {
            city,
            config,
            gateway,
            clock,
            http,
        }
    }

    fn wait_seconds(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let answer = self
            .http
            .post(format!("{}{path}", self.city.url()))
            .json(&body)
            .send()
            .await
            .expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    async fn get(&self, path: &str) -> Result<Value, reqwest::Error> {
        self.http
            .get(format!("{}{path}", self.city.url()))
            .send()
            .await?
            .json()
            .await
    }

    /// Send feedback to 12345 as a gateway would; the status and body, or `None` when the answer was cut.
    async fn feedback(&self, body: &Value, at: i64, secret: &str) -> Option<(u16, Option<Value>)> {
        let bytes = body.to_string().into_bytes();
        let answer = self
            .http
            .post(&self.config.platforms["12345"].feedback_url)
            .header("X-Platform", "12345")
            .header("X-Timestamp", at.to_string())
            .header("X-Signature", sign(secret, at, &bytes))
            .body(bytes)
            .send()
            .await
            .ok()?;
        let status = answer.status().as_u16();
        let text = answer.text().await.ok()?;
        Some((status, serde_json::from_str(&text).ok()))
    }

    async fn signed_feedback(&self, body: &Value) -> Option<(u16, Option<Value>)> {
        let secret = self.config.platforms["12345"].secret.clone();
        self.feedback(body, self.clock.load(Ordering::SeqCst), &secret)
            .await
    }

    async fn deliveries(&self, order_no: &str) -> Vec<u64> {
        let answer = self
            .get(&format!("/admin/feedback?order_no={order_no}"))
            .await
            .expect("feedback");
        let list = answer["feedback"].as_array().expect("a list").clone();
        list.iter()
            .map(|one| one["deliveries"].as_u64().expect("a count"))
            .collect()
    }

    async fn token(&self) -> String {
        let container = &self.config.container;
        let path = format!(
            "/cgi-bin/gettoken?corpid={}&corpsecret={}",
            container.corp_id, container.corp_secret
        );
        let answer = self.get(&path).await.expect("a token answer");
        assert_eq!(answer["expires_in"], 3600);
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    async fn code(&self, user: &str) -> String {
        let (status, answer) = self.post("/admin/login-code", json!({"user": user})).await;
        assert_eq!(status, 200);
        answer["code"].as_str().expect("a code").to_owned()
    }

    async fn who(&self, token: &str, code: &str) -> Value {
        self.get(&format!(
            "/cgi-bin/user/getuserinfo?access_token={token}&code={code}"
        ))
        .await
        .expect("an answer")
    }
}

fn feedback(id: &str, content: &str) -> Value {
    json!({
        "feedbackId": id, "orderNo": "SH1", "action": "办结", "unitName": "黄浦区水务局（样例）",
        "operatorName": "黄浦经办01", "time": "2026-11-23 10:00:00", "content": {"handling": content}
    })
}

#[test]
fn the_signature_is_hmac_sm3_over_timestamp_newline_body() {
    // printf '1700000000\n{}' | openssl dgst -sm3 -mac HMAC -macopt key:secret
    assert_eq!(
        sign("secret", 1_700_000_000, b"{}"),
        "0cfc828d535b692fb315a3be77625eb1349de983592cbea54a6811e4efd244ef"
    );
}

#[tokio::test]
async fn feedback_with_a_wrong_or_stale_signature_is_refused_and_not_counted() {
    let fixture = Fixture::start().await;
    let secret = fixture.config.platforms["12345"].secret.clone();
    let other = fixture.config.platforms["110"].secret.clone();
    let body = feedback("f1", "已疏通");
    for (at, key) in [
        (NOW, other.as_str()),
        (NOW - MAX_SKEW_SECONDS - 1, secret.as_str()),
        (NOW + MAX_SKEW_SECONDS + 1, secret.as_str()),
    ] {
        let (status, answer) = fixture.feedback(&body, at, key).await.expect("an answer");
        assert_eq!(status, 401);
        assert_eq!(answer.expect("JSON")["code"], 401);
    }
    assert!(fixture.deliveries("SH1").await.is_empty());
}

#[tokio::test]
async fn the_same_feedback_again_is_counted_once_and_other_content_is_a_conflict() {
    let fixture = Fixture::start().await;
    for _ in 0..3 {
        let answer = fixture.signed_feedback(&feedback("f1", "已疏通")).await;
        assert_eq!(answer, Some((200, Some(json!({"code": 0})))));
    }
    assert_eq!(fixture.deliveries("SH1").await, [3]);
    let (status, _) = fixture
        .signed_feedback(&feedback("f1", "未处理"))
        .await
        .expect("an answer");
    assert_eq!(status, 409);
    assert_eq!(fixture.deliveries("SH1").await, [3]);
}

#[tokio::test]
async fn feedback_that_is_not_of_the_form_is_refused() {
    let fixture = Fixture::start().await;
    let mut body = feedback("f1", "已疏通");
    body["action"] = json!("转办");
    assert_eq!(fixture.signed_feedback(&body).await.expect("an answer").0, 400);
    assert!(fixture.deliveries("SH1").await.is_empty());
}

#[tokio::test]
async fn a_fault_breaks_just_the_ordered_number_of_answers() {
    let fixture = Fixture::start().await;
    let order = |mode: &str| json!({"target": "feedback", "mode": mode, "count": 1});

    fixture.post("/admin/faults", order("error500")).await;
    assert_eq!(
        fixture
            .signed_feedback(&feedback("f1", "a"))
            .await
            .expect("an answer")
            .0,
        500
    );
    fixture.post("/admin/faults", order("html")).await;
    assert_eq!(
        fixture.signed_feedback(&feedback("f1", "a")).await,
        Some((200, None))
    );
    fixture.post("/admin/faults", order("refuse")).await;
    let (status, answer) = fixture
        .signed_feedback(&feedback("f1", "a"))
        .await
        .expect("an answer");
    assert_eq!((status, &answer.expect("JSON")["code"]), (200, &json!(1)));
    assert!(
        fixture.deliveries("SH1").await.is_empty(),
        "no fault so far took the feedback"
    );

    fixture.post("/admin/faults", order("drop_ack")).await;
    assert_eq!(
        fixture.signed_feedback(&feedback("f1", "a")).await,
        None,
        "the answer is cut"
    );
    assert_eq!(fixture.deliveries("SH1").await, [1], "but the platform has it");
    assert_eq!(
        fixture
            .signed_feedback(&feedback("f1", "a"))
            .await
            .expect("an answer")
            .0,
        200
    );
}

#[tokio::test]
async fn a_code_works_once_and_for_300_seconds() {
    let fixture = Fixture::start().await;
    let token = fixture.token().await;
    let code = fixture.code("h-310101-1").await;
    assert_eq!(fixture.who(&token, &code).await["UserId"], "h-310101-1");
    assert_eq!(fixture.who(&token, &code).await["errcode"], 40029);

    let late = fixture.code("h-310101-1").await;
    fixture.wait_seconds(300);
    assert_eq!(fixture.who(&token, &late).await["errcode"], 40029);
}

#[tokio::test]
async fn a_stale_token_is_told_apart_from_an_invented_one() {
    let fixture = Fixture::start().await;
    let token = fixture.token().await;
    let code = fixture.code("h-310101-1").await;
    assert_eq!(fixture.who("invented", &code).await["errcode"], 40014);
    fixture.wait_seconds(3600);
    let code = fixture.code("h-310101-1").await;
    assert_eq!(fixture.who(&token, &code).await["errcode"], 42001);
    assert_eq!(
        fixture.who(&fixture.token().await, &code).await["UserId"],
        "h-310101-1",
        "the code is not used up"
    );
}

#[tokio::test]
async fn a_wrong_corp_secret_gets_no_token() {
    let fixture = Fixture::start().await;
    let path = format!(
        "/cgi-bin/gettoken?corpid={}&corpsecret=guess",
        fixture.config.container.corp_id
    );
    let answer = fixture.get(&path).await.expect("an answer");
    assert_eq!(answer["errcode"], 40001);
    assert_eq!(answer["access_token"], Value::Null);
}

#[tokio::test]
async fn choosing_an_account_returns_to_the_page_with_code_and_state() {
    let fixture = Fixture::start().await;
    let authorize = format!(
        "{}?appid={}&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fhotline%2F&response_type=code&scope=snsapi_base&state=s1",
        fixture.config.container.authorize_url, fixture.config.container.corp_id
    );
    let page = fixture
        .http
        .get(authorize)
        .send()
        .await
        .expect("a page")
        .text()
        .await
        .expect("text");
    for expected in [
        "EMULATOR",
        "经办人",
        "单位审核",
        "局热线办",
        "管理员",
        "黄浦经办01",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    let link = page
        .split("href=\"")
        .find(|part| part.contains("h-310101-1"))
        .expect("the account's link");
    let link = link
        .split('"')
        .next()
        .expect("an attribute")
        .replace("&amp;", "&");
    let answer = fixture
        .http
        .get(format!("{}{link}", fixture.city.url()))
        .send()
        .await
        .expect("an answer");
    assert!(answer.status().is_redirection());
    let target = answer.headers()["location"].to_str().expect("text");
    let target = reqwest::Url::parse(target).expect("a URL");
    assert_eq!(
        target.as_str().split('?').next(),
        Some("http://127.0.0.1:9/hotline/")
    );
    let query: std::collections::HashMap<_, _> = target.query_pairs().into_owned().collect();
    assert_eq!(query["state"], "s1");
    assert_eq!(
        fixture.who(&fixture.token().await, &query["code"]).await["UserId"],
        "h-310101-1"
    );
}

#[tokio::test]
async fn another_systems_appid_and_a_redirect_that_is_no_page_are_refused() {
    let fixture = Fixture::start().await;
    let container = &fixture.config.container;
    for (appid, redirect) in [
        ("other", "http://127.0.0.1/"),
        (container.corp_id.as_str(), "javascript:alert(1)"),
    ] {
        let query = [
            ("appid", appid),
            ("redirect_uri", redirect),
            ("response_type", "code"),
        ];
        let url = reqwest::Url::parse_with_params(&container.authorize_url, query).expect("a URL");
        assert_eq!(
            fixture.http.get(url).send().await.expect("an answer").status(),
            400
        );
    }
}

#[tokio::test]
async fn a_push_is_signed_and_sent_again_after_500_429_until_it_is_taken() {
    let fixture = Fixture::start().await;
    fixture.gateway.will_answer(&[500, 429, 503]);
    let (status, answer) = fixture
        .post("/admin/push", json!({"channel": "12319", "count": 1, "seed": 1}))
        .await;
    assert_eq!(status, 200);
    // The emulated gateway keeps what it answered with an error, so the last attempt is a duplicate.
    assert_eq!((&answer["duplicates"], &answer["failed"]), (&json!(1), &json!(0)));
    assert_eq!(fixture.gateway.calls(), 4);
    let seen = fixture.gateway.seen.lock().expect("seen");
    let (headers, body) = &seen[0];
    assert_eq!(headers["x-platform"], "12319");
    assert_eq!(
        headers["x-signature"],
        sign(&fixture.config.platforms["12319"].secret, NOW, body)
    );
}

#[tokio::test]
async fn a_push_refused_for_good_is_not_sent_again() {
    let fixture = Fixture::start().await;
    fixture.gateway.will_answer(&[409]);
    let (_, answer) = fixture
        .post(
            "/admin/push-order",
            json!({"channel": "12345", "order": {"orderNo": "X"}}),
        )
        .await;
    assert_eq!(answer["status"], 409);
    assert_eq!(fixture.gateway.calls(), 1);
}

#[tokio::test]
async fn pushing_a_seed_again_pushes_the_same_orders() {
    let fixture = Fixture::start().await;
    let batch = json!({"channel": "12345", "count": 40, "seed": 7});
    let (_, first) = fixture.post("/admin/push", batch.clone()).await;
    assert_eq!((&first["pushed"], &first["duplicates"]), (&json!(40), &json!(0)));
    fixture.wait_seconds(3600);
    let (_, again) = fixture.post("/admin/push", batch).await;
    assert_eq!((&again["pushed"], &again["duplicates"]), (&json!(0), &json!(40)));
    assert_eq!(first["order_nos"], again["order_nos"]);
}

#[tokio::test]
async fn the_console_shows_what_was_pushed_and_received() {
    let fixture = Fixture::start().await;
    let row = SampleOrders {
        channel: "110".to_owned(),
        seed: 3,
        base: NOW,
        spread: Spread::Backlog,
    };
    fixture
        .post(
            "/admin/push-order",
            json!({"channel": "110", "order": row.order(0)}),
        )
        .await;
    fixture.signed_feedback(&feedback("f1", "已疏通")).await;
    let page = fixture
        .http
        .get(fixture.city.url())
        .send()
        .await
        .expect("a page")
        .text()
        .await
        .expect("text");
    for expected in [
        "EMULATOR",
        &row.order(0).order_no,
        "已接收",
        "办结",
        "黄浦经办01",
        "110 推送",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
}

#[test]
fn a_fresh_configuration_is_the_owners_alone_and_never_overwritten() {
    let folder = std::env::temp_dir().join(format!("shenhai-city-config-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("city.toml");
    let fresh = CityConfig::fresh("http://127.0.0.1:8701/").expect("random bytes");
    fresh.write_new(&path).expect("written");
    let read = CityConfig::read(&path).expect("read");
    assert_eq!(
        read.container.authorize_url,
        "http://127.0.0.1:8701/connect/oauth2/authorize"
    );
    assert_eq!(read.platforms["110"].secret, fresh.platforms["110"].secret);
    assert_ne!(read.platforms["110"].secret, read.platforms["12345"].secret);
    assert!(fresh.write_new(&path).is_err());
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&path).expect("metadata"));
        assert_eq!(mode & 0o777, 0o600);
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn the_chain_keeps_a_digest_once_and_links_its_blocks() {
    let fixture = Fixture::start().await;
    let chain = fixture.config.anchor.as_ref().expect("a chain");
    let first = json!({"dataClass": "order_closing", "digest": "a".repeat(64)}).to_string();
    let second = json!({"dataClass": "order_closing", "digest": "b".repeat(64)}).to_string();
    let post = async |body: &str, secret: &str| {
        let request = fixture.http.post(&chain.url).body(body.to_owned());
        let request = request
            .header("X-Timestamp", NOW.to_string())
            .header("X-Signature", sign(secret, NOW, body.as_bytes()));
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap_or_default())
    };
    assert_eq!(post(&first, "another secret").await.0, 401);
    let (_, taken) = post(&first, &chain.secret).await;
    assert_eq!(taken["code"], 0);
    assert_eq!(
        post(&first, &chain.secret).await.1,
        taken,
        "the same transaction again"
    );

    let faults = fixture.http.post(format!("{}/admin/faults", fixture.city.url()));
    let order = json!({"target": "anchor", "mode": "error500", "count": 1});
    faults.json(&order).send().await.expect("ordered");
    assert_eq!(post(&second, &chain.secret).await.0, 500);
    assert_eq!(post(&second, &chain.secret).await.1["code"], 0);

    let blocks: Value = fixture
        .http
        .get(&chain.url)
        .send()
        .await
        .expect("blocks")
        .json()
        .await
        .expect("JSON");
    let blocks = blocks["blocks"].as_array().expect("a list").clone();
    assert_eq!(blocks.len(), 2);
    assert_eq!(blocks[1]["previous"], taken["transactionId"]);
}

#[tokio::test]
async fn the_chain_takes_the_three_classes_of_data_and_says_that_it_is_an_emulator() {
    let fixture = Fixture::start().await;
    let chain = fixture.config.anchor.as_ref().expect("a chain");
    let digest = "c".repeat(64);
    let mut statuses = Vec::new();
    for (class, digest) in [
        ("order_closing", &*digest),
        ("inspection_evidence", &digest),
        ("rating", &digest),
        ("calls", &digest),
        ("rating", &digest[1..]),
    ] {
        let body = json!({"dataClass": class, "digest": digest}).to_string();
        let tag = sign(&chain.secret, NOW, body.as_bytes());
        let request = fixture.http.post(&chain.url).body(body);
        let request = request.header("X-Timestamp", NOW.to_string());
        let answer = request
            .header("X-Signature", tag)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.headers()["x-provider"], "emulated", "{class}");
        statuses.push(answer.status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 400, 400]);
}
