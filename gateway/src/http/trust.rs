//! `GET /v1/trust`, for anyone who verifies, and `POST /v1/grant`, a session's new lease.
//!
//! Not the keys (`keys`) nor the certificates' making (`authority`).

use super::error::ApiError;
use super::session::Session;
use crate::app::App;
use crate::grant::{self, Grantee};
use crate::store::{CertificateKind, StoreError};
use axum::Json;
use axum::extract::State;
use shenhai_crypto::{Origin, ProviderKind};
use shenhai_protocol::{
    ErrorBody, GrantReply, PROTOCOL_VERSION, ProviderKindView, ProviderView, RevocationList,
    SignedRevocations, TrustInfo, UnixMillis,
};
use std::sync::{Arc, Mutex, PoisonError};

/// A list is signed anew when it changes or is this old: anyone may ask, and a signature costs time.
const LIST_MILLIS: i64 = 3600 * 1000;

/// The list of revoked devices as last signed, and how many revocations there had been.
#[derive(Default)]
pub(crate) struct KeptList(Mutex<Option<(u64, UnixMillis, SignedRevocations)>>);

impl KeptList {
    fn good(&self, revocations: u64, now: UnixMillis) -> Option<SignedRevocations> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref()
            .filter(|(of, at, _)| *of == revocations && (0..LIST_MILLIS).contains(&now.since(*at)))
            .map(|(_, _, list)| list.clone())
    }

    fn keep(&self, revocations: u64, now: UnixMillis, list: SignedRevocations) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((revocations, now, list));
    }
}

/// What receipts and grants of this gateway are verified with.
#[utoipa::path(get, path = "/v1/trust", tag = "devices",
    responses((status = 200, description = "Certificates and revocations", body = TrustInfo), (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn trust(State(app): State<Arc<App>>) -> Result<Json<TrustInfo>, ApiError> {
    let certificates = app
        .store
        .read(|rows| rows.certificates(CertificateKind::Gateway))
        .await?;
    let current = app.keys.certificate().to_base64();
    Ok(Json(TrustInfo {
        authority_certificate: app.keys.authority_certificate.to_base64(),
        earlier_gateway_certificates: certificates.into_iter().filter(|text| *text != current).collect(),
        gateway_certificate: current,
        provider: provider_view(app.keys.provider.origin()),
        revoked: revoked(&app).await?,
    }))
}

async fn revoked(app: &Arc<App>) -> Result<SignedRevocations, ApiError> {
    // Counted before the rows are read: a revocation in between makes the list too fresh, never too old.
    let (revocations, now) = (*app.revocations.borrow(), app.clock.now());
    if let Some(list) = app.revoked.good(revocations, now) {
        return Ok(list);
    }
    let devices = app.store.read(|rows| rows.revoked_devices()).await?;
    let list = RevocationList {
        v: PROTOCOL_VERSION,
        issued_at: now,
        devices,
    };
    let payload = serde_json::to_string(&list).map_err(|_| StoreError::Document("list"))?;
    let signing = Arc::clone(app);
    let signed = tokio::task::spawn_blocking(move || signing.keys.sign_revocations(payload));
    let signed = signed.await.map_err(|_| StoreError::Panicked)?;
    let list = signed.map_err(StoreError::from)?;
    app.revoked.keep(revocations, now, list.clone());
    Ok(list)
}

fn provider_view(origin: Origin) -> ProviderView {
    ProviderView {
        name: origin.name,
        kind: match origin.kind {
            ProviderKind::Software => ProviderKindView::Software,
            ProviderKind::Platform => ProviderKindView::Platform,
            ProviderKind::SignatureService => ProviderKindView::SignatureService,
            ProviderKind::CryptoService => ProviderKindView::CryptoService,
            ProviderKind::SecurityGateway => ProviderKindView::SecurityGateway,
        },
        emulated: origin.emulated,
        certified: origin.certified,
    }
}

/// A new grant for the session's device: its lease begins anew. The session's end stays where it is.
#[utoipa::path(post, path = "/v1/grant", tag = "devices", security(("session" = [])),
    responses((status = 200, description = "The new grant", body = GrantReply), (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn renew(
    State(app): State<Arc<App>>,
    session: Session,
) -> Result<Json<GrantReply>, ApiError> {
    let now = app.clock.now();
    let page = session.page;
    let (user, device) = (session.asker.user, session.asker.device);
    let grantee = Grantee {
        user: user.clone(),
        page,
        device: device.clone(),
        public_key: session.public_key,
        certificate: session.certificate,
        expires_at: session.expires_at,
    };
    let granted = grant::sign(&app, grantee, now).await?;
    grant::keep(&app, &device, &user, granted.renewed, now).await?;
    Ok(Json(granted.reply))
}
