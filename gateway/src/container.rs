//! The container (随申办政务云): where a browser signs in, and who a one-time code stands for.
//!
//! Not what that person may do here (`directory`, `access`). Called by sign-in. Interface:
//! docs/city-interfaces.md.

use crate::clock::Moment;
use crate::config::ContainerConfig;
use crate::outbound::Outbound;
use reqwest::Url;
use serde::Deserialize;
use shenhai_protocol::{ErrorCode, UserId};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The container's answers about a token or a code.
mod errcode {
    pub(super) const OK: i64 = 0;
    pub(super) const BAD_CODE: i64 = 40029;
    pub(super) const BAD_TOKEN: i64 = 40014;
    pub(super) const TOKEN_EXPIRED: i64 = 42001;
}

/// A token is fetched anew this long before it ends.
const TOKEN_MARGIN: Duration = Duration::from_secs(60);
/// No token is kept longer than a day, whatever the container says.
const TOKEN_LONGEST_SECONDS: u64 = 24 * 3600;

#[derive(Clone)]
struct Token {
    text: String,
    good_until: Moment,
}

pub(crate) struct Container {
    config: ContainerConfig,
    // Held only to look or to replace, never while the container is asked: two sign-ins at once may then fetch
    // two tokens, which is harmless.
    token: Mutex<Option<Token>>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    errcode: i64,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct UserAnswer {
    errcode: i64,
    #[serde(rename = "UserId")]
    user_id: Option<String>,
}

pub(crate) enum Asked {
    User(UserId),
    StaleToken,
}

impl Container {
    pub(crate) fn new(config: ContainerConfig) -> Self {
        Self {
            config,
            token: Mutex::new(None),
        }
    }

    /// The page to send a browser to. `None` where the configured address is none, which the configuration's
    /// check excludes.
    pub(crate) fn authorize_url(&self, redirect_uri: &str, state: &str) -> Option<String> {
        let mut url = Url::parse(&self.config.authorize_url).ok()?;
        url.query_pairs_mut()
            .append_pair("appid", &self.config.corp_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", "snsapi_base")
            .append_pair("state", state);
        Some(url.into())
    }

    /// Trade a one-time code for the person it stands for.
    pub(crate) async fn exchange(&self, http: &Outbound, code: &str) -> Result<UserId, ErrorCode> {
        let kept = self.kept_token();
        let was_kept = kept.is_some();
        let token = match kept {
            Some(token) => token,
            None => self.fetch_token(http).await?,
        };
        match self.ask(http, &token, code).await? {
            Asked::User(user) => Ok(user),
            Asked::StaleToken if was_kept => {
                let fresh = self.fetch_token(http).await?;
                match self.ask(http, &fresh, code).await? {
                    Asked::User(user) => Ok(user),
                    Asked::StaleToken => Err(ErrorCode::UpstreamUnavailable),
                }
            }
            Asked::StaleToken => {
                self.keep_token(None);
                Err(ErrorCode::UpstreamUnavailable)
            }
        }
    }

    fn kept_token(&self) -> Option<String> {
        let kept = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let token = kept.as_ref().filter(|token| Moment::now() < token.good_until)?;
        Some(token.text.clone())
    }

    fn keep_token(&self, token: Option<Token>) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    async fn fetch_token(&self, http: &Outbound) -> Result<String, ErrorCode> {
        let query = [
            ("corpid", &*self.config.corp_id),
            ("corpsecret", &*self.config.corp_secret),
        ];
        let url = self.api("/cgi-bin/gettoken", &query)?;
        let (text, life) = match get(http, url).await? {
            (200, body) => read_token(&body)?,
            _ => return Err(ErrorCode::UpstreamUnavailable),
        };
        self.keep_token(Some(Token {
            text: text.clone(),
            good_until: Moment::now() + life.saturating_sub(TOKEN_MARGIN),
        }));
        Ok(text)
    }

    async fn ask(&self, http: &Outbound, token: &str, code: &str) -> Result<Asked, ErrorCode> {
        let url = self.api(
            "/cgi-bin/user/getuserinfo",
            &[("access_token", token), ("code", code)],
        )?;
        match get(http, url).await? {
            (200, body) => read_user(&body),
            (401, _) => Ok(Asked::StaleToken),
            _ => Err(ErrorCode::UpstreamUnavailable),
        }
    }

    fn api(&self, path: &str, query: &[(&str, &str)]) -> Result<Url, ErrorCode> {
        let text = format!("{}{path}", self.config.api_url.trim_end_matches('/'));
        let mut url = Url::parse(&text).map_err(|_| ErrorCode::Internal)?;
        url.query_pairs_mut().extend_pairs(query);
        Ok(url)
    }
}

async fn get(http: &Outbound, url: Url) -> Result<(u16, Vec<u8>), ErrorCode> {
    match http.fetch(http.client().get(url)).await {
        Ok(answer) => Ok((answer.status, answer.body)),
        Err(_) => Err(ErrorCode::UpstreamUnavailable),
    }
}

/// A token and how long it is good.
pub(crate) fn read_token(body: &[u8]) -> Result<(String, Duration), ErrorCode> {
    let answer: TokenAnswer = read(body)?;
    match (answer.errcode, answer.access_token) {
        (errcode::OK, Some(text)) => {
            let life = Duration::from_secs(answer.expires_in.unwrap_or(0).min(TOKEN_LONGEST_SECONDS));
            Ok((text, life))
        }
        (errcode, _) => {
            tracing::warn!(errcode, "the container gave no token");
            Err(ErrorCode::UpstreamUnavailable)
        }
    }
}

/// Whose code it was.
pub(crate) fn read_user(body: &[u8]) -> Result<Asked, ErrorCode> {
    let answer: UserAnswer = read(body)?;
    match (answer.errcode, answer.user_id) {
        (errcode::OK, Some(user)) if !user.is_empty() => Ok(Asked::User(UserId(user))),
        (errcode::BAD_TOKEN | errcode::TOKEN_EXPIRED, _) => Ok(Asked::StaleToken),
        // No user behind a good answer: the code is of somebody outside the organisation.
        (errcode::OK | errcode::BAD_CODE, _) => Err(ErrorCode::BadLoginCode),
        (errcode, _) => {
            tracing::warn!(errcode, "the container did not say whose code it is");
            Err(ErrorCode::UpstreamUnavailable)
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, ErrorCode> {
    serde_json::from_slice(body).map_err(|_| ErrorCode::UpstreamUnavailable)
}
