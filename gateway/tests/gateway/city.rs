//! A stand-in for the city's systems, small enough to see through: the container's two calls and the platforms'
//! feedback address. The full emulators are in `tests/city`; these tests do not depend on them.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use shenhai_crypto::verify_hmac_sm3;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

pub(crate) const SECRET: &str = "platform-secret";
pub(crate) const CORP_SECRET: &str = "corp-secret";

/// What the next call of a kind is answered with instead of the truth.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Error500,
    Html,
    StaleToken401,
    StaleTokenCode,
    Oversized,
}

#[derive(Default)]
struct Ledger {
    codes: HashMap<String, String>,
    next_code: u32,
    tokens: u32,
    faults: HashMap<&'static str, VecDeque<Fault>>,
    feedback: Vec<Value>,
}

pub(crate) struct City {
    pub(crate) addr: SocketAddr,
    ledger: Arc<Mutex<Ledger>>,
    feedback_count: watch::Receiver<usize>,
}

#[derive(Clone)]
struct Shared {
    ledger: Arc<Mutex<Ledger>>,
    feedback_count: Arc<watch::Sender<usize>>,
}

impl City {
    pub(crate) async fn start() -> Self {
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let (sender, feedback_count) = watch::channel(0);
        let shared = Shared {
            ledger: Arc::clone(&ledger),
            feedback_count: Arc::new(sender),
        };
        let router = Router::new()
            .route("/cgi-bin/gettoken", get(gettoken))
            .route("/cgi-bin/user/getuserinfo", get(getuserinfo))
            .route("/hotline/{platform}/feedback", post(take_feedback))
            .with_state(shared);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            addr,
            ledger,
            feedback_count,
        }
    }

    /// A one-time code for somebody, known to the gateway's directory or not.
    pub(crate) fn code_for(&self, user: &str) -> String {
        let mut ledger = self.ledger.lock().unwrap();
        ledger.next_code += 1;
        let code = format!("code-{}", ledger.next_code);
        ledger.codes.insert(code.clone(), user.to_owned());
        code
    }

    pub(crate) fn break_next(&self, target: &'static str, fault: Fault) {
        self.ledger
            .lock()
            .unwrap()
            .faults
            .entry(target)
            .or_default()
            .push_back(fault);
    }

    pub(crate) fn tokens_given(&self) -> u32 {
        self.ledger.lock().unwrap().tokens
    }

    /// Every verified feedback delivery so far.
    pub(crate) fn feedback(&self) -> Vec<Value> {
        self.ledger.lock().unwrap().feedback.clone()
    }

    /// Wait until `count` feedback calls came in, broken ones included.
    pub(crate) async fn feedback_calls(&self, count: usize) {
        let mut calls = self.feedback_count.clone();
        calls.wait_for(|seen| *seen >= count).await.unwrap();
    }

    pub(crate) fn config(&self) -> String {
        let addr = self.addr;
        let mut text = format!(
            "[container]\ncorp_id = \"corp\"\ncorp_secret = \"{CORP_SECRET}\"\napi_url = \"http://{addr}\"\n\
             authorize_url = \"http://{addr}/connect/oauth2/authorize\"\n"
        );
        for number in ["12345", "110"] {
            text += &format!(
                "[platforms.{number}]\nsecret = \"{SECRET}\"\nfeedback_url = \"http://{addr}/hotline/{number}/feedback\"\n"
            );
        }
        text
    }
}

impl Shared {
    fn fault(&self, target: &'static str) -> Option<Fault> {
        self.ledger.lock().unwrap().faults.get_mut(target)?.pop_front()
    }
}

fn broken(fault: Fault) -> Response {
    match fault {
        Fault::Error500 => (StatusCode::INTERNAL_SERVER_ERROR, "down").into_response(),
        Fault::Html => Html("<html>a proxy's page</html>").into_response(),
        Fault::StaleToken401 => StatusCode::UNAUTHORIZED.into_response(),
        Fault::StaleTokenCode => {
            Json(json!({"errcode": 42001, "errmsg": "access_token expired"})).into_response()
        }
        Fault::Oversized => {
            format!("{{\"code\": 0, \"pad\": \"{}\"}}", "x".repeat(1_000_000)).into_response()
        }
    }
}

async fn gettoken(State(shared): State<Shared>, Query(query): Query<HashMap<String, String>>) -> Response {
    if let Some(fault) = shared.fault("token") {
        return broken(fault);
    }
    if query.get("corpsecret").map(String::as_str) != Some(CORP_SECRET) {
        return Json(json!({"errcode": 40001, "errmsg": "invalid credential"})).into_response();
    }
    let mut ledger = shared.ledger.lock().unwrap();
    ledger.tokens += 1;
    let token = format!("token-{}", ledger.tokens);
    Json(json!({"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 3600})).into_response()
}

async fn getuserinfo(State(shared): State<Shared>, Query(query): Query<HashMap<String, String>>) -> Response {
    if let Some(fault) = shared.fault("userinfo") {
        return broken(fault);
    }
    let mut ledger = shared.ledger.lock().unwrap();
    let user = query.get("code").and_then(|code| ledger.codes.remove(code));
    match user {
        Some(user) => Json(json!({"errcode": 0, "errmsg": "ok", "UserId": user})).into_response(),
        None => Json(json!({"errcode": 40029, "errmsg": "invalid code"})).into_response(),
    }
}

async fn take_feedback(
    State(shared): State<Shared>,
    Path(platform): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let answer = match shared.fault("feedback") {
        Some(fault) => broken(fault),
        None => {
            let header = |name: &str| headers[name].to_str().unwrap().to_owned();
            let signed = format!("{}\n{body}", header("x-timestamp"));
            let digits = header("x-signature");
            let tag: Vec<u8> = (0..digits.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
                .collect();
            assert!(
                verify_hmac_sm3(SECRET.as_bytes(), signed.as_bytes(), &tag),
                "the gateway signs what it sends"
            );
            assert_eq!(header("x-platform"), platform);
            shared
                .ledger
                .lock()
                .unwrap()
                .feedback
                .push(serde_json::from_str(&body).unwrap());
            Json(json!({"code": 0})).into_response()
        }
    };
    shared.feedback_count.send_modify(|count| *count += 1);
    answer
}
