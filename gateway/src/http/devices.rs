//! Devices in an administrator's hands – list, invite, revoke – and a device's own change of key.
//!
//! Not sign-in (`session`, `enrol`). A revocation wakes every request that waits.

use super::body::{PathText, read_json};
use super::enrol;
use super::error::ApiError;
use super::session::Session;
use crate::access;
use crate::app::App;
use crate::grant::{self, Grantee};
use crate::store::{AuditEvent, DeviceRow, ListedDevice, Tx};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use shenhai_crypto::{PublicKey, device_id, fingerprint, verify_hex};
use shenhai_protocol::{
    AuthorityView, DeviceId, DeviceList, DeviceView, EnrolledHow, ErrorBody, ErrorCode, Invitation,
    InvitationRequest, RotateReply, RotateRequest, UnixMillis, show_enrolment_code,
};
use std::sync::Arc;

const REQUEST_BYTES: usize = 16 * 1024;
const NAME_CHARS: usize = 100;

pub(super) fn how_name(how: EnrolledHow) -> &'static str {
    match how {
        EnrolledHow::Container => "container",
        EnrolledHow::Code => "code",
        EnrolledHow::Rotated => "rotated",
    }
}

fn only_administrators(session: &Session) -> Result<(), ApiError> {
    if access::may_manage_devices(session.asker.user.role) {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::Forbidden,
        "only an administrator manages devices",
    ))
}

/// Every device there ever was, and who issued the certificates.
#[utoipa::path(get, path = "/v1/devices", tag = "devices", security(("session" = [])),
    responses((status = 200, description = "All devices", body = DeviceList), (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    session: Session,
) -> Result<Json<DeviceList>, ApiError> {
    only_administrators(&session)?;
    let devices = app.store.read(|rows| rows.devices()).await?;
    let authority = &app.keys.authority_certificate;
    Ok(Json(DeviceList {
        devices: devices.into_iter().map(|device| view(&app, device)).collect(),
        authority: AuthorityView {
            name: authority.subject().common_name.clone(),
            fingerprint: authority.fingerprint(),
            not_after: UnixMillis(authority.not_after().saturating_mul(1000)),
        },
    }))
}

fn view(app: &App, device: ListedDevice) -> DeviceView {
    let user = app.directory.user(&device.user);
    DeviceView {
        id: device.id,
        name: device.name,
        user_name: user.map_or_else(|| device.user.0.clone(), |user| user.name.clone()),
        unit_name: user.map_or_else(String::new, |user| user.unit_name.clone()),
        user_id: device.user,
        key_fingerprint: PublicKey::from_hex(&device.public_key)
            .map(|key| fingerprint(&key))
            .unwrap_or_default(),
        certificate_serial: device.serial.unwrap_or_default(),
        not_after: device.not_after,
        enrolled_at: device.enrolled_at,
        last_seen_at: device.last_seen_at,
        revoked_at: device.revoked_at,
        how: device.how,
        held: device.held,
    }
}

/// A one-time code for one person. Their earlier one is void.
#[utoipa::path(post, path = "/v1/devices/invitations", tag = "devices", security(("session" = [])),
    request_body = InvitationRequest,
    responses((status = 200, description = "The code and its QR text", body = Invitation), (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn invite(
    State(app): State<Arc<App>>,
    session: Session,
    body: Body,
) -> Result<Json<Invitation>, ApiError> {
    only_administrators(&session)?;
    let request: InvitationRequest = read_json(body, REQUEST_BYTES).await?;
    let Some(user) = app.directory.user(&request.user).cloned() else {
        return Err(ApiError::new(
            ErrorCode::NotFound,
            "not in this system's directory",
        ));
    };
    let now = app.clock.now();
    let (code, row) = enrol::invite(&app.rules, now);
    let expires_at = row.expires_at;
    app.store
        .write(move |tx| {
            tx.put_invitation(&request.user, &row)?;
            let (event, asker) = (AuditEvent::DeviceInvited, &session.asker);
            let subject = request.user.as_str();
            tx.record(event, now, asker.user.id.as_str(), &asker.device, subject)
        })
        .await?;
    let authority_fingerprint = app.keys.authority_certificate.fingerprint();
    Ok(Json(Invitation {
        qr_text: Invitation::qr_text_of(&code, &app.keys.authority_certificate.pin()),
        code: show_enrolment_code(&code),
        user_id: user.id,
        user_name: user.name,
        expires_at,
        authority_fingerprint,
    }))
}

/// Revoke a device: from the next request on it is refused everywhere, and waits of its own end.
#[utoipa::path(post, path = "/v1/devices/{id}/revoke", tag = "devices", security(("session" = [])),
    params(("id" = String, Path, description = "The device's id")),
    responses((status = 204, description = "Done"), (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    session: Session,
    PathText(id): PathText,
) -> Result<StatusCode, ApiError> {
    only_administrators(&session)?;
    let (id, now) = (DeviceId(id), app.clock.now());
    let found = app.store.write_at_any_cost(move |tx| {
        if tx.device(&id)?.is_none() {
            return Ok(false);
        }
        tx.revoke_device(&id, now)?;
        let (event, asker) = (AuditEvent::DeviceRevoked, &session.asker);
        tx.record(event, now, asker.user.id.as_str(), &asker.device, id.as_str())?;
        Ok(true)
    });
    match found.await? {
        true => {
            app.tell_revoked();
            Ok(StatusCode::NO_CONTENT)
        }
        false => Err(ApiError::new(ErrorCode::NotFound, "no such device")),
    }
}

/// Let the owner of a revoked device take a new one without a code again, e.g. when the phone was found.
#[utoipa::path(post, path = "/v1/devices/{id}/release", tag = "devices", security(("session" = [])),
    params(("id" = String, Path, description = "The device's id")),
    responses((status = 204, description = "A new device needs no code"),
        (status = "default", body = ErrorBody, description = "Refused")))]
pub(crate) async fn release(
    State(app): State<Arc<App>>,
    session: Session,
    PathText(id): PathText,
) -> Result<StatusCode, ApiError> {
    only_administrators(&session)?;
    let (id, now) = (DeviceId(id), app.clock.now());
    let found = app.store.write(move |tx| {
        let released = tx.release_device(&id, now)?;
        if released {
            let (event, asker) = (AuditEvent::DeviceReleased, &session.asker);
            tx.record(event, now, asker.user.id.as_str(), &asker.device, id.as_str())?;
        }
        // Released before is as good; one that was never revoked has nothing to release.
        Ok(released || tx.device(&id)?.is_some_and(|device| device.revoked))
    });
    match found.await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::new(ErrorCode::NotFound, "no such revoked device")),
    }
}

/// The session's device takes a new key, endorsed by the old one. The same request again gets the same device.
#[utoipa::path(post, path = "/v1/devices/rotate", tag = "devices", security(("session" = [])),
    request_body = RotateRequest,
    responses((status = 200, description = "The new grant", body = RotateReply), (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn rotate(
    State(app): State<Arc<App>>,
    session: Session,
    body: Body,
) -> Result<Json<RotateReply>, ApiError> {
    let request: RotateRequest = read_json(body, REQUEST_BYTES).await?;
    if request.device.name.chars().count() > NAME_CHARS {
        return Err(ApiError::new(ErrorCode::Malformed, "device.name is too long"));
    }
    let now = app.clock.now();
    let (old, old_key) = predecessor(&app, &session, &request).await?;
    endorsed(request.clone(), old.clone(), old_key).await?;
    let grantee = Grantee {
        user: session.asker.user.clone(),
        page: session.page,
        device: request.device.id.clone(),
        public_key: request.device.public_key.clone(),
        certificate: certificate_of(&app, &request.device.id).await?,
        expires_at: session.expires_at,
    };
    let granted = grant::sign(&app, grantee, now).await?;
    let (user, renewed) = (session.asker.user.id, granted.renewed);
    let rotated = app.store.write(move |tx| {
        let outcome = take_over(tx, &old, &request, &user, now)?;
        if let (Ok(_), Some(certificate)) = (&outcome, &renewed) {
            tx.set_device_certificate(&request.device.id, certificate)?;
        }
        Ok(outcome)
    });
    let device = rotated
        .await?
        .map_err(|code| ApiError::new(code, "the device cannot take this key"))?;
    app.tell_revoked();
    Ok(Json(RotateReply {
        grant: granted.reply.grant,
        credentials: granted.reply.credentials,
        device_seq: device.last_seq,
        device_head: device.head_hash,
    }))
}

/// Whose key must endorse the new one: the session's device, or, where the rotation was done before and the
/// session is the new device's already, the one it replaced.
async fn predecessor(
    app: &Arc<App>,
    session: &Session,
    request: &RotateRequest,
) -> Result<(DeviceId, String), ApiError> {
    let wrong = || ApiError::new(ErrorCode::WrongDevice, "the session is another device's");
    let (current, new) = (session.asker.device.clone(), request.device.id.clone());
    let found = app.store.read(move |rows| {
        let Some(device) = rows.device(&current)? else {
            return Ok(None);
        };
        if current != new {
            return Ok(Some((current, device.public_key)));
        }
        let Some(old) = device.replaces else {
            return Ok(None);
        };
        Ok(rows.device(&old)?.map(|device| (old, device.public_key)))
    });
    found.await?.ok_or_else(wrong)
}

/// Both keys signed that the new one follows the old one.
async fn endorsed(request: RotateRequest, old: DeviceId, old_key: String) -> Result<(), ApiError> {
    let checked = tokio::task::spawn_blocking(move || {
        let device = &request.device;
        let own_id =
            PublicKey::from_hex(&device.public_key).is_ok_and(|key| device_id(&key) == device.id.as_str());
        let text = RotateRequest::signed_text(&old, &device.id);
        own_id
            && verify_hex(&old_key, text.as_bytes(), &request.endorsement).is_valid()
            && verify_hex(&device.public_key, text.as_bytes(), &request.proof).is_valid()
    });
    if checked.await.unwrap_or(false) {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::BadSignature,
        "old and new key must both sign the change",
    ))
}

async fn certificate_of(app: &Arc<App>, id: &DeviceId) -> Result<Option<String>, ApiError> {
    let id = id.clone();
    let device = app.store.read(move |rows| rows.device(&id)).await?;
    Ok(device.and_then(|device| device.certificate))
}

fn take_over(
    tx: &mut Tx<'_>,
    old: &DeviceId,
    request: &RotateRequest,
    user: &shenhai_protocol::UserId,
    now: UnixMillis,
) -> Result<Result<DeviceRow, ErrorCode>, crate::store::StoreError> {
    let new = &request.device;
    if let Some(known) = tx.device(&new.id)? {
        return Ok(match known.replaces.as_ref() {
            Some(replaced) if replaced == old && !known.revoked => Ok(known),
            Some(replaced) if replaced == old => Err(ErrorCode::DeviceRevoked),
            _ => Err(ErrorCode::WrongDevice),
        });
    }
    match tx.device(old)? {
        Some(device) if !device.revoked => {}
        _ => return Ok(Err(ErrorCode::DeviceRevoked)),
    }
    tx.rotate_device(old, new, user, now)?;
    let event = AuditEvent::DeviceRotated;
    tx.record(event, now, user.as_str(), old, new.id.as_str())?;
    Ok(tx.device(&new.id)?.ok_or(ErrorCode::Internal))
}
