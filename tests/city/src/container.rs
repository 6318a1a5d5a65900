//! The container's side of signing in: the account page, one-time codes, access tokens, who a code is.

use crate::config::random_hex;
use crate::directory::AccountRole;
use crate::faults::{Fault, Target};
use crate::pages;
use crate::server::Shared;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// A one-time code lives this long, seconds.
const CODE_SECONDS: i64 = 300;
/// An access token lives this long, seconds.
const TOKEN_SECONDS: i64 = 3600;

/// The codes and tokens given out.
#[derive(Default)]
pub(crate) struct Grants {
    codes: HashMap<String, (String, i64)>,
    tokens: HashMap<String, i64>,
}

impl Grants {
    /// A one-time code for `user`; `None` without random bytes.
    pub(crate) fn issue_code(&mut self, user: &str, now: i64) -> Option<String> {
        self.codes.retain(|_, (_, until)| *until > now);
        let code = random_hex().ok()?;
        self.codes
            .insert(code.clone(), (user.to_owned(), now + CODE_SECONDS));
        Some(code)
    }

    /// The user of a code, which is used up by asking.
    fn redeem(&mut self, code: &str, now: i64) -> Option<String> {
        let (user, until) = self.codes.remove(code)?;
        (until > now).then_some(user)
    }

    fn issue_token(&mut self, now: i64) -> Option<String> {
        self.tokens.retain(|_, until| *until > now - TOKEN_SECONDS);
        let token = random_hex().ok()?;
        self.tokens.insert(token.clone(), now + TOKEN_SECONDS);
        Some(token)
    }
}

/// The query of the authorisation page, shaped like WeCom's.
#[derive(Deserialize)]
pub(crate) struct Authorize {
    appid: String,
    redirect_uri: String,
    response_type: String,
    #[serde(default)]
    state: String,
}

/// `GET /connect/oauth2/authorize`: choose an account.
pub(crate) async fn authorize(State(city): State<Arc<Shared>>, Query(asked): Query<Authorize>) -> Response {
    if asked.appid != city.config.container.corp_id {
        return rejection("appid 与配置不符");
    }
    if asked.response_type != "code" {
        return rejection("response_type 只支持 code");
    }
    if page_address(&asked.redirect_uri).is_none() {
        return rejection("redirect_uri 不是网页地址");
    }
    let groups = AccountRole::HEADINGS.map(|(role, heading)| {
        let accounts = city
            .directory
            .accounts
            .iter()
            .filter(|account| account.role == role)
            .collect();
        (heading, accounts)
    });
    Html(pages::accounts(&groups, &asked.redirect_uri, &asked.state)).into_response()
}

/// What a tap on an account sends.
#[derive(Deserialize)]
pub(crate) struct Pick {
    user: String,
    redirect_uri: String,
    #[serde(default)]
    state: String,
}

/// `GET /connect/oauth2/pick`: back to the app with a one-time code.
pub(crate) async fn pick(State(city): State<Arc<Shared>>, Query(picked): Query<Pick>) -> Response {
    if city.directory.account(&picked.user).is_none() {
        return rejection("没有这个账号");
    }
    let Some(mut target) = page_address(&picked.redirect_uri) else {
        return rejection("redirect_uri 不是网页地址");
    };
    let Some(code) = city.grants().issue_code(&picked.user, (city.clock)()) else {
        return rejection("无法生成一次性代码");
    };
    target
        .query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", &picked.state);
    Redirect::to(target.as_str()).into_response()
}

fn page_address(text: &str) -> Option<reqwest::Url> {
    reqwest::Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
}

fn rejection(reason: &str) -> Response {
    (StatusCode::BAD_REQUEST, Html(pages::rejection(reason))).into_response()
}

/// The query of `gettoken`.
#[derive(Deserialize)]
pub(crate) struct TokenQuery {
    corpid: String,
    corpsecret: String,
}

/// `GET /cgi-bin/gettoken`.
pub(crate) async fn get_token(State(city): State<Arc<Shared>>, Query(asked): Query<TokenQuery>) -> Response {
    let container = &city.config.container;
    let afterwards = match city.faults.take(Target::Token) {
        Some(Fault::Refuse) => return problem(40001, "invalid credential"),
        Some(Fault::Instead(answer)) => return answer,
        Some(Fault::Afterwards(answer)) => Some(answer),
        None => None,
    };
    if asked.corpid != container.corp_id || asked.corpsecret != container.corp_secret {
        return problem(40001, "invalid credential");
    }
    match city.grants().issue_token((city.clock)()) {
        Some(token) => {
            let answer =
                json!({"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": TOKEN_SECONDS});
            afterwards.unwrap_or_else(|| Json(answer).into_response())
        }
        None => problem(-1, "system busy"),
    }
}

/// The query of `getuserinfo`.
#[derive(Deserialize)]
pub(crate) struct UserQuery {
    access_token: String,
    code: String,
}

/// `GET /cgi-bin/user/getuserinfo`.
pub(crate) async fn get_user_info(
    State(city): State<Arc<Shared>>,
    Query(asked): Query<UserQuery>,
) -> Response {
    let now = (city.clock)();
    let afterwards = match city.faults.take(Target::Userinfo) {
        Some(Fault::Refuse) => return problem(40014, "invalid access_token"),
        Some(Fault::Instead(answer)) => return answer,
        Some(Fault::Afterwards(answer)) => Some(answer),
        None => None,
    };
    let mut grants = city.grants();
    match grants.tokens.get(&asked.access_token) {
        None => return problem(40014, "invalid access_token"),
        Some(until) if *until <= now => return problem(42001, "access_token expired"),
        Some(_) => {}
    }
    let user = grants.redeem(&asked.code, now);
    drop(grants);
    if let Some(answer) = afterwards {
        return answer;
    }
    match user {
        Some(user) => Json(json!({"errcode": 0, "errmsg": "ok", "UserId": user})).into_response(),
        None => problem(40029, "invalid code"),
    }
}

/// WeCom's way of saying no: HTTP 200 and an `errcode`.
fn problem(errcode: i32, errmsg: &str) -> Response {
    Json::<Value>(json!({"errcode": errcode, "errmsg": errmsg})).into_response()
}
