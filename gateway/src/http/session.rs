//! Signing in and out, and finding out whose session a request came with.
//!
//! Not the container's interface (`container`) and not the roles (`access`).

use super::body::{PathText, read_json};
use super::caller::Caller;
use super::enrol::{self, Admission, Applicant};
use super::error::ApiError;
use super::limiter::TooOften;
use crate::access::{self, App as Page};
use crate::app::App;
use crate::crypto::SecurityGatewayError;
use crate::crypto::security_gateway::Identity;
use crate::decide::Asker;
use crate::grant::{self, Grantee};
use crate::keys::{new_token, token_hash};
use crate::rules::Enrolment;
use crate::store::{AuditEvent, CertificateRow, DeviceRow, SessionRow};
use axum::body::Body;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use serde::Deserialize;
use shenhai_crypto::{PublicKey, device_id, verify_hex};
use shenhai_protocol::{
    DeviceId, DeviceInfo, ErrorCode, LoginTarget, SessionGrant, SessionRequest, UnixMillis, UserInfo,
    read_enrolment_code,
};
use std::sync::Arc;
use std::time::Duration;

const SESSION_MILLIS: i64 = 12 * 3600 * 1000;
/// An ended session is remembered this long, so that its token is answered `session_expired`.
const REMEMBERED_MILLIS: i64 = 7 * 24 * 3600 * 1000;
const REQUEST_BYTES: usize = 16 * 1024;
const CODE_BYTES: usize = 512;
const STATE_BYTES: usize = 256;
/// Of a page: browsers and proxies cut or refuse much longer ones.
const ADDRESS_BYTES: usize = 2048;
const NAME_CHARS: usize = 100;
/// How often it is set down that a device was heard.
const SEEN_MILLIS: i64 = 60_000;
/// How long a request waits for that.
const SEEN_PATIENCE: Duration = Duration::from_millis(500);

/// A request's session, checked: not ended, its device not revoked, its user still in the directory.
pub(crate) struct Session {
    pub(crate) asker: Asker,
    /// The page it was opened for.
    pub(crate) page: Page,
    pub(crate) token_hash: String,
    pub(crate) expires_at: UnixMillis,
    /// Of the device, 130 hex digits.
    pub(crate) public_key: String,
    /// Of the device, base64 of DER.
    pub(crate) certificate: Option<String>,
}

/// What a request's token came to, looked up before its body is read (`room`).
#[derive(Clone)]
pub(super) enum Presented {
    /// It brought none.
    Nothing,
    /// None that is good.
    Refused(ApiError),
    /// A session that is.
    Good(Arc<Found>),
}

/// A session and its device, both good.
pub(super) struct Found {
    pub(super) session: SessionRow,
    device: DeviceRow,
    token_hash: String,
}

/// The session of the token a request brings.
pub(super) async fn present(app: &Arc<App>, headers: &HeaderMap) -> Presented {
    let Some(token_hash) = token_of(headers) else {
        return Presented::Nothing;
    };
    match of_token(app, &token_hash).await {
        Ok((session, device)) => Presented::Good(Arc::new(Found {
            session,
            device,
            token_hash,
        })),
        Err(error) => Presented::Refused(error),
    }
}

/// The digest of the token a request brings.
fn token_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(token_hash)
}

impl FromRequestParts<Arc<App>> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let presented = parts.extensions.get::<Presented>();
        let found = match presented.cloned().unwrap_or(Presented::Nothing) {
            Presented::Good(found) => found,
            Presented::Refused(error) => return Err(error),
            Presented::Nothing => return Err(no_session()),
        };
        let Found { session, device, .. } = &*found;
        let user =
            app.directory.user(&session.user).cloned().ok_or_else(|| {
                ApiError::new(ErrorCode::UnknownUser, "the user is no longer in the directory")
            })?;
        let identity = parts.extensions.get::<Identity>();
        authenticated(app, identity, |identity| {
            identity.is_of(&session.user, &session.device)
        })?;
        note_seen(app, &session.device, device.last_seen_at).await;
        let granted = access::scopes_of(&user, &app.packs.shelf());
        Ok(Self {
            page: Page::from_name(&session.app).unwrap_or_else(|| access::page_of(user.role)),
            asker: Asker {
                scopes: access::ids_of(&granted),
                granted,
                user,
                device: session.device.clone(),
            },
            token_hash: found.token_hash.clone(),
            expires_at: session.expires_at,
            public_key: device.public_key.clone(),
            certificate: device.certificate.clone(),
        })
    }
}

/// Behind a security gateway: what it authenticated is what `fits`. Without one nothing is asked.
fn authenticated(
    app: &App,
    identity: Option<&Identity>,
    fits: impl FnOnce(&Identity) -> bool,
) -> Result<(), ApiError> {
    if app.city.security_gateway.is_none() || identity.is_some_and(fits) {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::Forbidden,
        SecurityGatewayError::Stranger.text(),
    ))
}

fn no_session() -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated, "no session; sign in")
}

/// The session of a token and its device, both still good.
pub(super) async fn of_token(app: &Arc<App>, token_hash: &str) -> Result<(SessionRow, DeviceRow), ApiError> {
    let sought = token_hash.to_owned();
    let found = app.store.read(move |rows| {
        let Some(session) = rows.session(&sought)? else {
            return Ok(None);
        };
        let device = rows.device(&session.device)?;
        Ok(device.map(|device| (session, device)))
    });
    let (session, device) = found.await?.ok_or_else(no_session)?;
    if device.revoked {
        return Err(enrol::refusal(ErrorCode::DeviceRevoked));
    }
    if session.expires_at <= app.clock.now() {
        return Err(ApiError::new(
            ErrorCode::SessionExpired,
            "the session ended; sign in again",
        ));
    }
    Ok((session, device))
}

/// Set down when the device was last heard, to the minute. A full disk does not keep anybody from reading, nor does
/// a writer that waits for a signature: after [`SEEN_PATIENCE`] the note is left to it.
async fn note_seen(app: &Arc<App>, device: &DeviceId, last: Option<UnixMillis>) {
    let now = app.clock.now();
    if last.is_some_and(|last| now.since(last).abs() < SEEN_MILLIS) {
        return;
    }
    let device = device.clone();
    let noting = Arc::clone(app);
    let noted = tokio::spawn(async move {
        noting
            .store
            .write(move |tx| tx.device_was_seen(&device, now))
            .await
    });
    if let Ok(Ok(Err(error))) = tokio::time::timeout(SEEN_PATIENCE, noted).await {
        tracing::warn!(%error, "when a device was last heard is not noted");
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LoginQuery {
    /// This page's own address.
    redirect_uri: String,
    /// Comes back with the code.
    state: String,
}

/// Where to send the browser to sign in.
#[utoipa::path(get, path = "/v1/apps/{app}/login", tag = "sessions",
    params(("app" = String, Path, description = "`hotline` or `desk`"), LoginQuery),
    responses((status = 200, description = "Where to go", body = LoginTarget), (status = "default", description = "Not done; `code` says why", body = shenhai_protocol::ErrorBody)))]
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
    if query.redirect_uri.len() > ADDRESS_BYTES {
        return Err(ApiError::new(ErrorCode::Malformed, "redirect_uri is too long"));
    }
    let page = own_page(&app, &query.redirect_uri);
    let page =
        page.ok_or_else(|| ApiError::new(ErrorCode::Forbidden, "redirect_uri lies on another origin"))?;
    let target = app.container.authorize_url(page.as_str(), &query.state);
    let authorize_url =
        target.ok_or_else(|| ApiError::new(ErrorCode::Internal, "the container is not configured"))?;
    Ok(Json(LoginTarget { authorize_url }))
}

/// The code may travel only to a page of ours: anywhere else it would sign somebody else in. The address goes on as it
/// was understood here, not as it was written: another reader may understand a backslash or a line break otherwise.
fn own_page(app: &App, redirect_uri: &str) -> Option<reqwest::Url> {
    let url = reqwest::Url::parse(redirect_uri).ok()?;
    // The origin of `blob:` is that of the address within.
    let own = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && app.origins.contains(&url.origin().ascii_serialization());
    own.then_some(url)
}

/// Trade the container's one-time code for a session.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", request_body = SessionRequest,
    responses((status = 200, description = "The session", body = SessionGrant), (status = "default", description = "Not done; `code` says why", body = shenhai_protocol::ErrorBody)))]
pub(crate) async fn sign_in(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    identity: Option<Extension<Identity>>,
    body: Body,
) -> Result<Json<SessionGrant>, ApiError> {
    let now = app.clock.now();
    let identity = identity.as_deref();
    // Behind a security gateway all have its address, and it says who each of them is.
    let asker = match identity {
        Some(identity) => format!("certificate {}", identity.serial()),
        None => format!("address {}", caller.counted_by()),
    };
    let tuning = &app.tuning;
    admit(&app, format!("sign-ins of {asker}"), tuning.sign_ins_per_address)?;
    let request: SessionRequest = read_json(body, REQUEST_BYTES).await?;
    let page = check_shape(&request)?;
    if request.enrolment_code.is_some() {
        admit(&app, format!("codes of {asker}"), tuning.enrolments_per_address)?;
    }
    authenticated(&app, identity, |identity| identity.may_be(&request.device.id))?;
    prove(&request).await?;
    // Counted only now: a device's id is no secret, and whoever merely names it must not lock the device out.
    let of_device = format!("device {}", request.device.id);
    admit(&app, of_device, tuning.sign_ins_per_device)?;
    let known = {
        let id = request.device.id.clone();
        app.store.read(move |rows| rows.device(&id)).await?
    };
    // Said before the container's code is spent: the person can still use it.
    check_before(&app, page, &request, known.as_ref())?;
    let user = recognise(&app, page, &request).await?;
    if request.enrolment_code.is_some() {
        admit(
            &app,
            format!("codes of {}", user.id),
            tuning.enrolments_per_person,
        )?;
    }
    authenticated(&app, identity, |identity| {
        identity.is_of(&user.id, &request.device.id)
    })?;
    let expires_at = now.plus(SESSION_MILLIS);
    let grantee = Grantee {
        user: user.clone(),
        page,
        device: request.device.id.clone(),
        public_key: request.device.public_key.clone(),
        certificate: known.and_then(|device| device.certificate),
        expires_at,
    };
    let granted = grant::sign(&app, grantee, now).await?;
    let token = new_token();
    let session = SessionRow {
        device: request.device.id.clone(),
        user: user.id.clone(),
        app: page.name().to_owned(),
        expires_at,
    };
    let device = open_session(&app, page, request, session, &token, granted.renewed, now).await?;
    Ok(Json(SessionGrant {
        token,
        expires_at,
        scopes: access::ids_of(&access::scopes_of(&user, &app.packs.shelf())),
        user,
        gateway_key: app.keys.public_hex(),
        epoch: app.epoch.clone(),
        server_time: app.clock.now(),
        device_seq: device.last_seq,
        device_head: device.head_hash,
        grant: granted.reply.grant,
        credentials: granted.reply.credentials,
    }))
}

fn check_before(
    app: &App,
    page: Page,
    request: &SessionRequest,
    known: Option<&DeviceRow>,
) -> Result<(), ApiError> {
    match known {
        Some(device) if device.revoked => Err(enrol::refusal(ErrorCode::DeviceRevoked)),
        None if app.rules.enrolment(page) == Enrolment::Code && request.enrolment_code.is_none() => {
            Err(enrol::refusal(ErrorCode::EnrolmentNeeded))
        }
        _ => Ok(()),
    }
}

/// Let the device in and store the session, or neither.
async fn open_session(
    app: &Arc<App>,
    page: Page,
    request: SessionRequest,
    session: SessionRow,
    token: &str,
    certificate: Option<CertificateRow>,
    now: UnixMillis,
) -> Result<DeviceRow, ApiError> {
    let (hash, deciding) = (token_hash(token), Arc::clone(app));
    let opened = app.store.write(move |tx| {
        let device = &request.device;
        let code = request.enrolment_code.as_deref().map(read_enrolment_code);
        let applicant = Applicant {
            device,
            user: &session.user,
            policy: deciding.rules.enrolment(page),
            code: code.as_ref().map(Option::as_deref),
        };
        let admission = enrol::admit(tx, &deciding.rules, &applicant, now)?;
        let actor = session.user.as_str();
        if let Admission::Refused(code) = admission {
            tx.record(AuditEvent::EnrolmentRefused, now, actor, &device.id, "")?;
            return Ok(Err(code));
        }
        if let Some(certificate) = &certificate {
            tx.set_device_certificate(&device.id, certificate)?;
            let event = AuditEvent::CertificateRenewed;
            tx.record(event, now, actor, &device.id, &certificate.serial)?;
        }
        // A token that was copied from the device ends with the next sign-in on it.
        tx.end_sessions_of(&device.id, now)?;
        tx.insert_session(&hash, &session, now)?;
        tx.forget_sessions(now.plus(-REMEMBERED_MILLIS))?;
        tx.record(AuditEvent::SignedIn, now, actor, &device.id, "")?;
        Ok(tx.device(&device.id)?.ok_or(ErrorCode::Internal))
    });
    opened.await?.map_err(enrol::refusal)
}

fn admit(app: &App, key: String, most: u32) -> Result<(), ApiError> {
    let admitted = app.sign_ins.admit(key, most, app.clock.now());
    admitted.map_err(|TooOften { retry_after }| {
        ApiError::new(ErrorCode::RateLimited, "too many sign-ins; wait a minute").retry_after(retry_after)
    })
}

fn check_shape(request: &SessionRequest) -> Result<Page, ApiError> {
    let malformed = |message| ApiError::new(ErrorCode::Malformed, message);
    let page =
        Page::from_name(&request.app).ok_or_else(|| malformed("app is none of hotline, desk and cases"))?;
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
        Some(user) if access::may_enter(page, user, &app.packs.shelf()) => return Ok(user.clone()),
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
    responses((status = 204, description = "Done"), (status = "default", description = "Not done; `code` says why", body = shenhai_protocol::ErrorBody)))]
pub(crate) async fn sign_out(State(app): State<Arc<App>>, session: Session) -> Result<StatusCode, ApiError> {
    let now = app.clock.now();
    app.store
        .write_at_any_cost(move |tx| {
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
