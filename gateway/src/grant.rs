//! Access-control information: what a session may do and until when, signed.
//!
//! Not the roles themselves (`access`). Called at sign-in, when a lease is renewed and after a rotation.

use crate::access::{self, App as Page};
use crate::app::App;
use crate::authority;
use crate::http::error::ApiError;
use crate::store::{AuditEvent, CertificateRow, StoreError};
use shenhai_crypto::PublicKey;
use shenhai_protocol::{
    AccessGrant, Credentials, DeviceId, GrantReply, PROTOCOL_VERSION, UnixMillis, UserInfo,
};
use std::sync::Arc;

const HOUR_MILLIS: i64 = 3600 * 1000;

/// For whom a grant is.
pub(crate) struct Grantee {
    pub(crate) user: UserInfo,
    /// On which page they signed in.
    pub(crate) page: Page,
    pub(crate) device: DeviceId,
    /// 130 hex digits.
    pub(crate) public_key: String,
    /// The certificate the device has.
    pub(crate) certificate: Option<String>,
    /// End of the session.
    pub(crate) expires_at: UnixMillis,
}

/// A grant with the certificates that go with it, and the device's certificate where it is a new one, still to be
/// stored.
pub(crate) struct Granted {
    pub(crate) reply: GrantReply,
    pub(crate) renewed: Option<CertificateRow>,
}

/// Sign a grant; issue a certificate where one is due. Touches no row.
pub(crate) async fn sign(app: &Arc<App>, grantee: Grantee, now: UnixMillis) -> Result<Granted, ApiError> {
    authority::renew_gateway(app, now).await;
    let app = Arc::clone(app);
    let signed = tokio::task::spawn_blocking(move || sign_blocking(&app, &grantee, now));
    signed
        .await
        .unwrap_or(Err(StoreError::Panicked))
        .map_err(ApiError::from)
}

fn sign_blocking(app: &App, grantee: &Grantee, now: UnixMillis) -> Result<Granted, StoreError> {
    let public_key =
        PublicKey::from_hex(&grantee.public_key).map_err(|_| StoreError::Document("device key"))?;
    let (certificate, new) = authority::device_certificate(
        &app.keys,
        &app.rules,
        &grantee.device,
        &public_key,
        &grantee.user.id,
        grantee.certificate.as_deref(),
        now,
    )?;
    let grant = access_grant(app, grantee, now);
    let payload = serde_json::to_string(&grant).map_err(|_| StoreError::Document("grant"))?;
    let reply = GrantReply {
        grant: app.keys.sign_grant(payload)?,
        credentials: Credentials {
            device_certificate: certificate.certificate.clone(),
            gateway_certificate: app.keys.certificate().to_base64(),
            authority_certificate: app.keys.authority_certificate.to_base64(),
        },
    };
    Ok(Granted {
        reply,
        renewed: new.then_some(certificate),
    })
}

fn access_grant(app: &App, grantee: &Grantee, now: UnixMillis) -> AccessGrant {
    let (user, shelf) = (&grantee.user, app.packs.shelf());
    let rules = app.rules.lease(user.role);
    AccessGrant {
        v: PROTOCOL_VERSION,
        grant_id: uuid::Uuid::new_v4().to_string(),
        user: grantee.user.clone(),
        device: grantee.device.clone(),
        app: grantee.page.name().to_owned(),
        scopes: access::scopes_of(user, &shelf),
        actions: access::actions_of(user, &shelf),
        issued_at: now,
        expires_at: grantee.expires_at,
        offline_until: now.plus(i64::from(rules.offline_hours) * HOUR_MILLIS),
        rules,
    }
}

/// Keep a renewed certificate and put it on record.
pub(crate) async fn keep(
    app: &App,
    device: &DeviceId,
    user: &UserInfo,
    renewed: Option<CertificateRow>,
    now: UnixMillis,
) -> Result<(), ApiError> {
    let Some(certificate) = renewed else {
        return Ok(());
    };
    let (device, actor) = (device.clone(), user.id.clone());
    let kept = app.store.write(move |tx| {
        tx.set_device_certificate(&device, &certificate)?;
        let event = AuditEvent::CertificateRenewed;
        tx.record(event, now, actor.as_str(), &device, &certificate.serial)
    });
    Ok(kept.await?)
}
