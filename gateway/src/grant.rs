//! Access-control information: what a session may do and until when, signed.
//!
//! Not the roles themselves (`access`). Called by sign-in.

use crate::access;
use crate::keys::GatewayKey;
use shenhai_crypto::ProviderError;
use shenhai_protocol::{
    AccessGrant, DeviceId, LeaseRules, PROTOCOL_VERSION, SignedGrant, UnixMillis, UserInfo,
};

const HOUR_MILLIS: i64 = 3600 * 1000;

/// A grant for one session on one device.
pub(crate) fn signed(
    key: &GatewayKey,
    user: &UserInfo,
    device: &DeviceId,
    app: &str,
    now: UnixMillis,
    expires_at: UnixMillis,
) -> Result<SignedGrant, ProviderError> {
    let rules = LeaseRules {
        version: "1".to_owned(),
        offline_hours: 72,
        pin_attempts: 10,
        pin_digits: 6,
        lock_after_minutes: 5,
        pin_required: false,
    };
    let grant = AccessGrant {
        v: PROTOCOL_VERSION,
        grant_id: uuid::Uuid::new_v4().to_string(),
        user: user.clone(),
        device: device.clone(),
        app: app.to_owned(),
        scopes: access::scopes_of(user),
        actions: access::actions_of(user.role),
        issued_at: now,
        expires_at,
        offline_until: now.plus(i64::from(rules.offline_hours) * HOUR_MILLIS),
        rules,
    };
    let payload = serde_json::to_string(&grant).unwrap_or_default();
    let sig = key.sign(SignedGrant::signed_text(&payload))?.sig;
    Ok(SignedGrant { payload, sig })
}
