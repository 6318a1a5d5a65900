//! Anchoring over HTTP: a chain that is down, slow to agree, or answers nonsense, and what the case says in the end.

use crate::stage::{BUREAU_REVIEWER, HANDLER, NOW, Stage, send};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use reqwest::Method;
use serde_json::{Value, json};
use shenhai_crypto::{Certificate, sm3};
use shenhai_gateway::{AnchorConfig, Clock, Config};
use shenhai_proof::{Fault, Part, check_case, read_case};
use shenhai_protocol::{CaseBundle, Command, SignedCase, UnixMillis};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::watch;

#[derive(Clone)]
struct Chain {
    faults: Arc<Mutex<VecDeque<Value>>>,
    digests: Arc<watch::Sender<Vec<String>>>,
}

impl Chain {
    /// A chain whose first answers are these instead of the truth.
    async fn start(faults: Vec<Value>) -> (Self, AnchorConfig) {
        let chain = Self {
            faults: Arc::new(Mutex::new(faults.into())),
            digests: Arc::new(watch::Sender::new(Vec::new())),
        };
        let router = Router::new()
            .route("/anchors", post(take))
            .with_state(chain.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = AnchorConfig {
            url: format!("http://{}/anchors", listener.local_addr().unwrap()),
            secret: "chain-secret".to_owned(),
            every_seconds: 0,
        };
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (chain, config)
    }

    /// Wait until that many digests were taken.
    async fn taken(&self, count: usize) -> Vec<String> {
        let mut digests = self.digests.subscribe();
        digests
            .wait_for(|taken| taken.len() >= count)
            .await
            .unwrap()
            .clone()
    }
}

async fn take(State(chain): State<Chain>, headers: HeaderMap, Json(question): Json<Value>) -> Response {
    assert!(headers.contains_key("x-timestamp") && headers.contains_key("x-signature"));
    let fault = chain.faults.lock().unwrap().pop_front();
    match fault {
        Some(Value::Null) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(answer) => return Json(answer).into_response(),
        None => {}
    }
    let digest = question["digest"].as_str().unwrap().to_owned();
    assert_eq!(question["dataClass"], "order_closing");
    let answer = json!({"code": 0, "digest": digest, "chain": "样例链", "transactionId": "tx-1", "time": 1_795_399_200_000_i64});
    chain.digests.send_modify(|taken| taken.push(digest));
    Json(answer).into_response()
}

/// With this chain, and a clock that runs: the pauses between tries are counted by it.
pub(crate) fn anchored(gateway: &mut Config, chain: AnchorConfig) {
    gateway.city.anchor = Some(chain);
    let began = Instant::now();
    gateway.clock =
        Clock::from_fn(move || UnixMillis(NOW + i64::try_from(began.elapsed().as_millis()).unwrap()));
}

pub(crate) async fn accept_one(stage: &Stage) {
    let order = stage.take_in("SH1", "310101").await;
    let mut session = stage.sign_in(HANDLER).await;
    let command = session.command(Command::Accept { order });
    stage.push_one(&session, command).await;
}

async fn export(stage: &Stage) -> (CaseBundle, Certificate) {
    let desk = stage.sign_in(BUREAU_REVIEWER).await.grant;
    let call = stage.call(Method::GET, "/v1/orders/12345-SH1/bundle");
    let (status, text) = send(call.bearer_auth(&desk.token)).await;
    assert_eq!(status, 200, "{text}");
    let authority = Certificate::from_base64(&desk.credentials.authority_certificate).unwrap();
    (read_case(text.as_bytes()).unwrap(), authority)
}

/// Ask until the gateway has stored what the chain answered.
pub(crate) async fn export_anchored(stage: &Stage) -> (CaseBundle, Certificate) {
    loop {
        let (bundle, authority) = export(stage).await;
        if bundle.record.open().unwrap().anchor.is_some() {
            return (bundle, authority);
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_is_anchored_after_a_chain_that_was_down_and_answered_nonsense() {
    let other = json!({"code": 0, "digest": "00", "chain": "c", "transactionId": "t", "time": 0});
    let nameless = json!({"code": 0, "digest": "00", "chain": "", "transactionId": "", "time": 0});
    let faults = vec![Value::Null, json!("garbage"), json!({"code": 1}), other, nameless];
    let (chain, config) = Chain::start(faults).await;
    let stage = Stage::start_with(|gateway| anchored(gateway, config)).await;
    accept_one(&stage).await;
    let digests = chain.taken(1).await;
    let (bundle, authority) = export_anchored(&stage).await;
    let anchor = bundle.record.open().unwrap().anchor.unwrap();
    assert_eq!(anchor.digest.as_str(), digests[0]);
    assert_eq!(
        sm3(anchor.head.payload.as_bytes()).to_hex(),
        digests[0],
        "what was anchored is the head's digest"
    );
    assert_eq!((&*anchor.chain, &*anchor.transaction), ("样例链", "tx-1"));
    let report = check_case(&bundle, &authority);
    assert_eq!(report.findings, []);
    assert_eq!(report.anchored, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_anchor_breaks_the_record_that_carries_it() {
    let (chain, config) = Chain::start(Vec::new()).await;
    let stage = Stage::start_with(|gateway| anchored(gateway, config)).await;
    accept_one(&stage).await;
    chain.taken(1).await;
    let (mut bundle, authority) = export_anchored(&stage).await;
    bundle.record = SignedCase {
        payload: bundle.record.payload.replace("tx-1", "tx-2"),
        sig: bundle.record.sig,
    };
    let findings = check_case(&bundle, &authority).findings;
    assert_eq!(
        (findings[0].part.clone(), findings[0].fault),
        (Part::Record, Fault::BadSignature)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_waits_is_anchored_by_the_next_gateway_with_the_same_digest() {
    let (chain, config) = Chain::start(Vec::new()).await;
    let mut stage = Stage::start_with(|gateway| {
        gateway.city.anchor = Some(AnchorConfig {
            url: "http://127.0.0.1:9/anchors".to_owned(),
            ..config.clone()
        });
    })
    .await;
    accept_one(&stage).await;
    let waiting = "SELECT count(*) FROM anchors WHERE anchored_at IS NULL AND attempts > 0";
    while stage.count(waiting) == 0 {
        tokio::task::yield_now().await;
    }
    let payload: String = stage
        .database()
        .query_row("SELECT payload FROM anchors", [], |row| row.get(0))
        .unwrap();
    stage.gateway.take().unwrap().stop().await;
    let mut again = stage.config();
    again.city.anchor = Some(config);
    stage.advance(600_000);
    stage.gateway = Some(shenhai_gateway::Gateway::start(again).await.unwrap());
    assert_eq!(chain.taken(1).await, [sm3(payload.as_bytes()).to_hex()]);
}
