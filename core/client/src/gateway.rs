//! The gateway's calls as requests, and its answers read with suspicion.
//!
//! Not here: when to call and what an answer means. Called by the session use cases and by the driver.

use crate::failure::Failure;
use crate::host::{Host, HttpAnswer, HttpError, HttpRequest, Method};
use serde::{Serialize, de::DeserializeOwned};
use shenhai_protocol::{
    CaseBundle, DeviceId, DeviceList, ErrorCode, GrantReply, HexHash, Invitation, InvitationRequest,
    LogConsistency, LoginTarget, OrderId, OrderProof, PackFolder, PackList, PeopleList, PullReply, PushReply,
    PushRequest, RotateReply, RotateRequest, ScopeId, SessionGrant, SessionRequest, SignedEnvelope,
    SignedHead, UserId, WakeReply, WakeRequest, limits,
};
use shenhai_sync::{read_answer, read_push_answer};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// A call that moves a few kilobytes.
const CALL: Duration = Duration::from_secs(20);
/// Ending a session is a courtesy: nobody waits long for it.
const COURTESY: Duration = Duration::from_secs(3);
/// On top of the wait asked for, for the way there and back.
const WAKE_SLACK: Duration = Duration::from_secs(10);
/// A page of 500 orders with long texts stays well below this.
const BIG_BODY: usize = 32 * 1024 * 1024;
const SMALL_BODY: usize = 1024 * 1024;
/// Orders asked for at once.
const PAGE: usize = 200;

/// The gateway of this core.
#[derive(Clone)]
pub(crate) struct Gateway {
    host: Arc<dyn Host>,
    base: String,
    app: String,
}

impl Gateway {
    pub(crate) fn new(host: Arc<dyn Host>, base: &str, app: &str) -> Self {
        Self {
            host,
            base: base.trim_end_matches('/').to_owned(),
            app: app.to_owned(),
        }
    }

    pub(crate) fn app(&self) -> &str {
        &self.app
    }

    pub(crate) async fn login_target(&self, redirect_uri: &str, state: &str) -> Result<LoginTarget, Failure> {
        let path = format!(
            "/v1/apps/{}/login?redirect_uri={}&state={}",
            encode(&self.app),
            encode(redirect_uri),
            encode(state)
        );
        self.call(self.request(Method::Get, &path, None))
            .await
            .map_err(Failure::Gateway)
    }

    pub(crate) async fn open_session(&self, request: &SessionRequest) -> Result<SessionGrant, Failure> {
        let mut http = self.request(Method::Post, "/v1/sessions", None);
        http.body = Some(json(request).map_err(Failure::Gateway)?);
        self.call(http).await.map_err(Failure::Gateway)
    }

    /// Tell the gateway that the session is over. Without a network it ends there by its own expiry.
    pub(crate) async fn end_session(&self, token: &str) {
        let mut http = self.request(Method::Delete, "/v1/sessions/current", Some(token));
        http.timeout = COURTESY;
        if self.host.http(http).await.is_err() {
            tracing::info!("the gateway was not told of the end of the session");
        }
    }

    pub(crate) async fn push(
        &self,
        token: &str,
        commands: Vec<SignedEnvelope>,
    ) -> Result<PushReply, ErrorCode> {
        let mut http = self.request(Method::Post, "/v1/push", Some(token));
        http.body = Some(json(&PushRequest { commands })?);
        let answer = self.send(http).await?;
        read_push_answer(answer.status, &answer.body)
    }

    pub(crate) async fn pull(
        &self,
        token: &str,
        scope: &ScopeId,
        cursor: u64,
        epoch: &str,
    ) -> Result<PullReply, ErrorCode> {
        let mut path = format!(
            "/v1/pull?scope={}&cursor={cursor}&limit={PAGE}",
            encode(scope.as_str())
        );
        if !epoch.is_empty() {
            path.push_str("&epoch=");
            path.push_str(&encode(epoch));
        }
        let mut http = self.request(Method::Get, &path, Some(token));
        http.timeout = CALL * 3;
        http.max_body = BIG_BODY;
        self.call(http).await
    }

    pub(crate) async fn wake(&self, token: &str, request: &WakeRequest) -> Result<WakeReply, ErrorCode> {
        let mut http = self.request(Method::Post, "/v1/wake", Some(token));
        http.body = Some(json(request)?);
        http.timeout = Duration::from_millis(request.wait_ms.min(limits::WAKE_MILLIS)) + WAKE_SLACK;
        self.call(http).await
    }

    /// Which packs there are for this session.
    pub(crate) async fn packs(&self, token: &str) -> Result<PackList, ErrorCode> {
        self.call(self.request(Method::Get, "/v1/packs", Some(token)))
            .await
    }

    /// The newest folder with that law.
    pub(crate) async fn pack(&self, token: &str, law: &HexHash) -> Result<PackFolder, ErrorCode> {
        let path = format!("/v1/packs/{}", encode(law.as_str()));
        let mut http = self.request(Method::Get, &path, Some(token));
        http.timeout = CALL * 3;
        http.max_body = BIG_BODY;
        self.call(http).await
    }

    /// The lease anew, and a certificate where the old one ends soon.
    pub(crate) async fn renew(&self, token: &str) -> Result<GrantReply, ErrorCode> {
        self.call(self.request(Method::Post, "/v1/grant", Some(token)))
            .await
    }

    pub(crate) async fn rotate(&self, token: &str, request: &RotateRequest) -> Result<RotateReply, Failure> {
        let mut http = self.request(Method::Post, "/v1/devices/rotate", Some(token));
        http.body = Some(json(request).map_err(Failure::Gateway)?);
        self.call(http).await.map_err(Failure::Gateway)
    }

    pub(crate) async fn devices(&self, token: &str) -> Result<DeviceList, Failure> {
        let mut http = self.request(Method::Get, "/v1/devices", Some(token));
        http.max_body = BIG_BODY;
        self.call(http).await.map_err(Failure::Gateway)
    }

    pub(crate) async fn invite(&self, token: &str, user: UserId) -> Result<Invitation, Failure> {
        let mut http = self.request(Method::Post, "/v1/devices/invitations", Some(token));
        http.body = Some(json(&InvitationRequest { user }).map_err(Failure::Gateway)?);
        self.call(http).await.map_err(Failure::Gateway)
    }

    pub(crate) async fn revoke(&self, token: &str, device: &DeviceId) -> Result<(), Failure> {
        self.decide(token, device, "revoke").await
    }

    pub(crate) async fn release(&self, token: &str, device: &DeviceId) -> Result<(), Failure> {
        self.decide(token, device, "release").await
    }

    async fn decide(&self, token: &str, device: &DeviceId, what: &str) -> Result<(), Failure> {
        let path = format!("/v1/devices/{}/{what}", encode(device.as_str()));
        let answer = self.send(self.request(Method::Post, &path, Some(token))).await;
        let answer = answer.map_err(Failure::Gateway)?;
        if answer.status == 204 {
            return Ok(());
        }
        let refused = read_answer::<serde_json::Value>(answer.status, &answer.body).err();
        Err(Failure::Gateway(refused.unwrap_or(ErrorCode::BadAnswer)))
    }

    pub(crate) async fn people(&self, token: &str) -> Result<PeopleList, Failure> {
        let http = self.request(Method::Get, "/v1/people", Some(token));
        self.call(http).await.map_err(Failure::Gateway)
    }

    pub(crate) async fn proof(&self, token: &str, order: &OrderId) -> Result<OrderProof, Failure> {
        let path = format!("/v1/orders/{}/proof", encode(order.as_str()));
        let mut http = self.request(Method::Get, &path, Some(token));
        http.max_body = BIG_BODY;
        self.call(http).await.map_err(Failure::Gateway)
    }

    /// The log's head as it now is, or as it was when it had `size` leaves.
    pub(crate) async fn log_head(&self, token: &str, size: Option<u64>) -> Result<SignedHead, Failure> {
        let path = size.map_or("/v1/log/head".to_owned(), |size| {
            format!("/v1/log/head?size={size}")
        });
        let http = self.request(Method::Get, &path, Some(token));
        self.call(http).await.map_err(Failure::Gateway)
    }

    pub(crate) async fn consistency(
        &self,
        token: &str,
        from: u64,
        to: u64,
    ) -> Result<LogConsistency, Failure> {
        let path = format!("/v1/log/consistency?from={from}&to={to}");
        let http = self.request(Method::Get, &path, Some(token));
        self.call(http).await.map_err(Failure::Gateway)
    }

    pub(crate) async fn bundle(&self, token: &str, order: &OrderId) -> Result<CaseBundle, Failure> {
        let path = format!("/v1/orders/{}/bundle", encode(order.as_str()));
        let mut http = self.request(Method::Get, &path, Some(token));
        http.max_body = BIG_BODY;
        self.call(http).await.map_err(Failure::Gateway)
    }

    fn request(&self, method: Method, path: &str, token: Option<&str>) -> HttpRequest {
        HttpRequest {
            method,
            url: format!("{}{path}", self.base),
            bearer: token.map(str::to_owned),
            body: None,
            timeout: CALL,
            max_body: SMALL_BODY,
        }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, ErrorCode> {
        self.host.http(request).await.map_err(|error| match error {
            HttpError::Unreachable | HttpError::Timeout => ErrorCode::Offline,
            HttpError::Broken => ErrorCode::BadAnswer,
        })
    }

    async fn call<T: DeserializeOwned>(&self, request: HttpRequest) -> Result<T, ErrorCode> {
        let answer = self.send(request).await?;
        read_answer(answer.status, &answer.body)
    }
}

fn json<T: Serialize>(value: &T) -> Result<String, ErrorCode> {
    serde_json::to_string(value).map_err(|_| ErrorCode::Internal)
}

/// Percent-encode all but RFC 3986's unreserved characters.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn a_redirect_address_survives_as_one_parameter() {
        assert_eq!(
            encode("http://127.0.0.1:8700/hotline/?a=1&b=工"),
            "http%3A%2F%2F127.0.0.1%3A8700%2Fhotline%2F%3Fa%3D1%26b%3D%E5%B7%A5"
        );
    }
}
