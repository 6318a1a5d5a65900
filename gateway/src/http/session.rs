//! Signing in and out, and finding out whose session a request came with.
//!
//! Not the container's interface (`container`) and not the roles (`access`).

use super::body::{PathText, read_json};
use super::error::ApiError;
use crate::access::{self, App as Page};
use crate::app::App;
use crate::crypto::security_gateway::Identity;
use crate::decide::Asker;
use crate::grant;
use crate::keys::{new_token, token_hash};
use crate::store::{AuditEvent, DeviceRow, SessionRow, StoreError};
use axum::Json;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, Query, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde::Deserialize;
use shenhai_crypto::{PublicKey, device_id, verify_hex};
use shenhai_protocol::{
    Credentials, DeviceId, DeviceInfo, ErrorCode, LoginTarget, SessionGrant, SessionRequest, UserInfo,
};
use std::net::SocketAddr;
use std::sync::Arc;

const SESSION_MILLIS: i64 = 12 * 3600 * 1000;
/// An ended session is remembered this long, so that its token is answered `session_expired`.
const REMEMBERED_MILLIS: i64 = 7 * 24 * 3600 * 1000;
const REQUEST_BYTES: usize = 16 * 1024;
const CODE_BYTES: usize = 512;
const STATE_BYTES: usize = 256;
const NAME_CHARS: usize = 100;

/// A request's session, checked: not ended, its device not revoked, its user still in the directory.
pub(crate) struct Session {
    pub(crate) asker: Asker,
    pub(crate) token_hash: String,
}

impl FromRequestParts<Arc<App>> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let missing = ApiError::new(ErrorCode::Unauthenticated, "no session; sign in");
        let token = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let Some(hash) = token.map(token_hash) else {
            return Err(missing);
        };
        let sought = hash.clone();
        let found = app.store.read(move |rows| {
            let Some(session) = rows.session(&sought)? else {
                return Ok(None);
            };
            let device = rows.device(&session.device)?;
            Ok(device.map(|device| (session, device)))
        });
        let Some((session, device)) = found.await? else {
            return Err(missing);
        };
        if app.city.security_gateway.is_some() {
            let identity = parts.extensions.get::<Identity>();
            if !identity.is_some_and(|identity| identity.is_of(&session.user, &session.device)) {
                let text = "the security gateway authenticated somebody else";
                return Err(ApiError::new(ErrorCode::Forbidden, text));
            }
        }
        check_session(app, &session, &device).map(|user| Self {
            asker: Asker {
                scopes: access::scopes_of(&user),
                user,
                device: session.device,
            },
            token_hash: hash,
        })
    }
}

fn check_session(app: &App, session: &SessionRow, device: &DeviceRow) -> Result<UserInfo, ApiError> {
    if device.revoked {
        return Err(revoked());
    }
    if session.expires_at <= app.clock.now() {
        return Err(ApiError::new(
            ErrorCode::SessionExpired,
            "the session ended; sign in again",
        ));
    }
    let user = app.directory.user(&session.user).cloned();
    user.ok_or_else(|| ApiError::new(ErrorCode::UnknownUser, "the user is no longer in the directory"))
}

fn revoked() -> ApiError {
    ApiError::new(ErrorCode::DeviceRevoked, "the device was revoked")
}

#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct LoginQuery {
    /// This page's own address.
    redirect_uri: String,
    /// Comes back with the code.
    state: String,
}

/// Where to send the browser to sign in.
#[utoipa::path(get, path = "/v1/apps/{app}/login", tag = "sessions",
    params(("app" = String, Path, description = "`hotline` or `desk`"), LoginQuery),
    responses((status = 200, body = LoginTarget), (status = "default", body = shenhai_protocol::ErrorBody)))]
pub(crate) async fn login(
    State(app): State<Arc<App>>,
    PathText(page): PathText,
    query: Result<Query<LoginQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<LoginTarget>, ApiError> {
    if Page::from_name(&page).is_none() {
        return Err(ApiError::new(ErrorCode::UnknownEndpoint, "no such app"));
    }
    let Query(query) =
        query.map_err(|_| ApiError::new(ErrorCode::Malformed, "redirect_uri and state are needed"))?;
    if query.state.is_empty() || query.state.len() > STATE_BYTES {
        return Err(ApiError::new(ErrorCode::Malformed, "state is empty or too long"));
    }
    if !is_own_page(&app, &query.redirect_uri) {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "redirect_uri lies on another origin",
        ));
    }
    let target = app.container.authorize_url(&query.redirect_uri, &query.state);
    let authorize_url =
        target.ok_or_else(|| ApiError::new(ErrorCode::Internal, "the container is not configured"))?;
    Ok(Json(LoginTarget { authorize_url }))
}

/// The code may travel only to a page of ours: anywhere else it would sign somebody else in.
fn is_own_page(app: &App, redirect_uri: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(redirect_uri) else {
        return false;
    };
    url.username().is_empty()
        && url.password().is_none()
        && app.origins.contains(&url.origin().ascii_serialization())
}

/// Trade the container's one-time code for a session.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", request_body = SessionRequest,
    responses((status = 200, body = SessionGrant), (status = "default", body = shenhai_protocol::ErrorBody)))]
pub(crate) async fn sign_in(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    body: Body,
) -> Result<Json<SessionGrant>, ApiError> {
    let now = app.clock.now();
    let address = format!("address {}", peer.ip());
    admit(&app, address, app.tuning.sign_ins_per_address)?;
    let request: SessionRequest = read_json(body, REQUEST_BYTES).await?;
    let page = check_shape(&request)?;
    admit(
        &app,
        format!("device {}", request.device.id),
        app.tuning.sign_ins_per_device,
    )?;
    prove(&request).await?;
    let device = request.device.clone();
    let known = {
        let id = device.id.clone();
        app.store.read(move |rows| rows.device(&id)).await?
    };
    if known.is_some_and(|device| device.revoked) {
        return Err(revoked());
    }
    let user = recognise(&app, page, &request).await?;
    let token = new_token();
    let session = SessionRow {
        device: device.id.clone(),
        user: user.id.clone(),
        expires_at: now.plus(SESSION_MILLIS),
    };
    let expires_at = session.expires_at;
    let hash = token_hash(&token);
    let granted = app.store.write(move |tx| {
        if tx.device(&device.id)?.is_some_and(|device| device.revoked) {
            return Ok(None);
        }
        tx.enrol_device(&device, &session.user, now)?;
        tx.insert_session(&hash, &session, now)?;
        tx.forget_sessions(now.plus(-REMEMBERED_MILLIS))?;
        tx.record(AuditEvent::SignedIn, now, session.user.as_str(), &device.id, "")?;
        tx.device(&device.id)
    });
    let device = granted.await?.ok_or_else(revoked)?;
    let grant = grant::signed(&app.key, &user, &request.device.id, &request.app, now, expires_at)
        .map_err(StoreError::from)?;
    Ok(Json(SessionGrant {
        token,
        expires_at,
        grant,
        credentials: Credentials {
            device_certificate: String::new(),
            gateway_certificate: String::new(),
            authority_certificate: String::new(),
        },
        scopes: access::scopes_of(&user),
        user,
        gateway_key: app.key.public_hex().to_owned(),
        epoch: app.epoch.clone(),
        server_time: app.clock.now(),
        device_seq: device.last_seq,
        device_head: device.head_hash,
    }))
}

fn admit(app: &App, key: String, most: u32) -> Result<(), ApiError> {
    if app.sign_ins.admit(key, most, app.clock.now()) {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::RateLimited,
        "too many sign-ins; wait a minute",
    ))
}

fn check_shape(request: &SessionRequest) -> Result<Page, ApiError> {
    let malformed = |message| ApiError::new(ErrorCode::Malformed, message);
    let page = Page::from_name(&request.app).ok_or_else(|| malformed("app is neither hotline nor desk"))?;
    if request.code.is_empty() || request.code.len() > CODE_BYTES {
        return Err(malformed("code is empty or too long"));
    }
    if request.device.name.chars().count() > NAME_CHARS {
        return Err(malformed("device.name is too long"));
    }
    Ok(page)
}

/// The asker holds the key the device's id is made from. Done before the code is spent.
async fn prove(request: &SessionRequest) -> Result<(), ApiError> {
    let DeviceInfo { id, public_key, .. } = request.device.clone();
    let text = SessionRequest::proof_text(&request.app, &request.code, &id);
    let proof = request.proof.clone();
    let proven = tokio::task::spawn_blocking(move || {
        let own_id = PublicKey::from_hex(&public_key).is_ok_and(|key| device_id(&key) == id.as_str());
        own_id && verify_hex(&public_key, text.as_bytes(), &proof).is_valid()
    });
    if proven.await.unwrap_or(false) {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::BadSignature,
        "the proof is not this device's over this code",
    ))
}

/// Who the code stands for, if they are in the directory and their role belongs on this page. Deny by default.
async fn recognise(app: &App, page: Page, request: &SessionRequest) -> Result<UserInfo, ApiError> {
    let id = app
        .container
        .exchange(&app.http, &request.code)
        .await
        .map_err(|code| match code {
            ErrorCode::BadLoginCode => ApiError::new(code, "the code is unknown, used or expired"),
            code => ApiError::new(code, "the container did not answer"),
        })?;
    let refusal = match app.directory.user(&id) {
        Some(user) if access::may_enter(page, user.role) => return Ok(user.clone()),
        Some(_) => ApiError::new(ErrorCode::Forbidden, "this page is not for the user's role"),
        None => ApiError::new(ErrorCode::UnknownUser, "not in this system's directory"),
    };
    let (now, device, subject) = (app.clock.now(), request.device.id.clone(), request.app.clone());
    app.store
        .write(move |tx| tx.record(AuditEvent::TurnedAway, now, id.as_str(), &device, &subject))
        .await?;
    Err(refusal)
}

/// End the session this request came with.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "sessions", security(("session" = [])),
    responses((status = 204), (status = "default", body = shenhai_protocol::ErrorBody)))]
pub(crate) async fn sign_out(State(app): State<Arc<App>>, session: Session) -> Result<StatusCode, ApiError> {
    let now = app.clock.now();
    app.store
        .write(move |tx| {
            tx.delete_session(&session.token_hash)?;
            let asker = &session.asker;
            tx.record(
                AuditEvent::SignedOut,
                now,
                asker.user.id.as_str(),
                &asker.device,
                "",
            )
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revoke a device: from the next request on it is refused everywhere.
#[utoipa::path(post, path = "/v1/devices/{id}/revoke", tag = "devices", security(("session" = [])),
    params(("id" = String, Path, description = "The device's id")),
    responses((status = 204), (status = "default", body = shenhai_protocol::ErrorBody)))]
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    session: Session,
    PathText(id): PathText,
) -> Result<StatusCode, ApiError> {
    if !access::may_revoke(session.asker.user.role) {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "only an administrator may revoke devices",
        ));
    }
    let (id, now) = (DeviceId(id), app.clock.now());
    let found = app.store.write(move |tx| {
        if tx.device(&id)?.is_none() {
            return Ok(false);
        }
        tx.revoke_device(&id, now)?;
        let asker = &session.asker;
        tx.record(
            AuditEvent::DeviceRevoked,
            now,
            asker.user.id.as_str(),
            &asker.device,
            id.as_str(),
        )?;
        Ok(true)
    });
    match found.await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::new(ErrorCode::NotFound, "no such device")),
    }
}
