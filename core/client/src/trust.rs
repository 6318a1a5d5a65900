//! Whom this device believes, and what it is allowed: certificates back to one authority, and the signed grant.
//!
//! The authority is pinned at the first sign-in, or has to be the one a scanned invitation names; from then on a
//! gateway of another authority is refused and nothing is overwritten. What a session may see and do is read from the
//! grant alone, after its signature was checked. Not here: when a lease ends (`lease`). Called at sign-in, when a
//! grant is renewed, and when a kept session is loaded.

use crate::engine::{Engine, Live};
use crate::failure::Failure;
use shenhai_crypto::{Certificate, PublicKey, Signature, Usage, verify_chain};
use shenhai_protocol::{
    AccessGrant, Action, Credentials, DeviceId, ErrorCode, Invitation, SignedGrant, UnixMillis, UserId,
    read_enrolment_code,
};
use shenhai_store::{TrustRecord, Write};

/// An invitation as typed or scanned.
pub(crate) struct Enrolment {
    /// As the gateway compares it.
    pub(crate) code: String,
    /// Of the authority's certificate, where the text was a QR code's: its pin, 32 hex digits.
    pub(crate) authority: Option<String>,
}

impl Enrolment {
    /// Read what the person typed or scanned.
    pub(crate) fn read(text: &str) -> Result<Self, Failure> {
        let text = text.trim();
        let read = match Invitation::read_qr_text(text) {
            Some((code, authority)) => Some((code, Some(authority))),
            None => read_enrolment_code(text).map(|code| (code, None)),
        };
        let (code, authority) = read.ok_or(Failure::Refused(
            ErrorCode::BadEnrolmentCode,
            "not an enrolment code",
        ))?;
        Ok(Self { code, authority })
    }
}

/// Who a grant has to be for.
pub(crate) struct Holder<'a> {
    pub(crate) user: &'a UserId,
    pub(crate) device: &'a DeviceId,
    pub(crate) key: &'a PublicKey,
    pub(crate) app: &'a str,
}

/// What was checked.
pub(crate) struct Verified {
    pub(crate) grant: AccessGrant,
    /// Of the gateway's certificate, 130 hex digits.
    pub(crate) gateway_key: String,
    pub(crate) device_certificate: Certificate,
}

/// Check certificates and grant. `pinned` is the authority's certificate kept from earlier; `named` the pin a
/// scanned invitation names; `at` the gateway's time.
pub(crate) fn verify(
    credentials: &Credentials,
    grant: &SignedGrant,
    holder: &Holder<'_>,
    pinned: Option<&str>,
    named: Option<&str>,
    at: UnixMillis,
) -> Result<Verified, Failure> {
    let authority = read(&credentials.authority_certificate)?;
    let other = pinned.is_some_and(|pinned| pinned != credentials.authority_certificate)
        || named.is_some_and(|named| authority.pin() != named);
    if other {
        return Err(Failure::Refused(
            ErrorCode::AuthorityChanged,
            "the gateway's certificate is not from the authority this device trusts",
        ));
    }
    let gateway = read(&credentials.gateway_certificate)?;
    let device = read(&credentials.device_certificate)?;
    let anchors = [authority];
    let seconds = at.0.div_euclid(1000);
    let gateway = [gateway];
    let device = [device];
    let chained = verify_chain(&gateway, &anchors, Usage::Gateway, seconds).is_valid()
        && verify_chain(&device, &anchors, Usage::Device, seconds).is_valid();
    let [gateway] = gateway;
    let [device] = device;
    if !chained || device.public_key() != holder.key {
        return Err(unproven("a certificate does not verify"));
    }
    let grant = open(grant, gateway.public_key())?;
    let fits = grant.user.id == *holder.user && grant.device == *holder.device && grant.app == holder.app;
    if !fits {
        return Err(unproven("the grant is not this session's"));
    }
    Ok(Verified {
        grant,
        gateway_key: gateway.public_key().to_hex(),
        device_certificate: device,
    })
}

fn open(grant: &SignedGrant, key: &PublicKey) -> Result<AccessGrant, Failure> {
    let text = SignedGrant::signed_text(&grant.payload);
    let signature = Signature::from_hex(&grant.sig).map_err(|_| unproven("the grant is not signed"))?;
    if !key.verify(text.as_bytes(), &signature).is_valid() {
        return Err(unproven("the grant is not signed by the gateway"));
    }
    grant.open().map_err(|_| Failure::Gateway(ErrorCode::BadAnswer))
}

fn read(certificate: &str) -> Result<Certificate, Failure> {
    Certificate::from_base64(certificate).map_err(|_| unproven("a certificate cannot be read"))
}

fn unproven(why: &'static str) -> Failure {
    Failure::Refused(ErrorCode::BadSignature, why)
}

impl Live {
    /// Whether the grant allows this. Without a verified grant nothing is.
    pub(crate) fn may(&self, action: Action) -> bool {
        self.grant
            .as_ref()
            .is_some_and(|grant| grant.actions.contains(&action))
    }

    /// Less than a third of the certificate's life is left.
    pub(crate) fn certificate_ends_soon(&self, now: UnixMillis) -> bool {
        self.certificate.as_ref().is_some_and(|certificate| {
            let life = certificate.not_after() - certificate.not_before();
            certificate.not_after() - now.0.div_euclid(1000) < life / 3
        })
    }
}

impl Engine {
    /// The kept grant, verified again as it was when it came; `None` where there is none that verifies.
    pub(crate) fn kept_grant(&self, live: &Live, app: &str) -> Option<Verified> {
        let trust = self.store().ok()?.trust().ok()??;
        let (grant, credentials) = (trust.grant.as_ref()?, trust.credentials.as_ref()?);
        let holder = Holder {
            user: &live.record.user.id,
            device: &live.identity.device_id,
            key: live.key.public(),
            app,
        };
        // As of the day it was issued: a certificate that ended since is renewed at the next contact.
        let issued = grant.open().ok()?.issued_at;
        verify(
            credentials,
            grant,
            &holder,
            Some(&trust.authority_certificate),
            None,
            issued,
        )
        .ok()
    }

    /// The authority this device trusts, as kept.
    pub(crate) fn pinned_authority(&self) -> Result<Option<String>, Failure> {
        Ok(self.store()?.trust()?.map(|trust| trust.authority_certificate))
    }

    /// What the session's certificates are, for `device.status`.
    pub(crate) fn authority(&self) -> Option<Certificate> {
        let pinned = self.pinned_authority().ok()??;
        Certificate::from_base64(&pinned).ok()
    }
}

/// Keep what was verified.
pub(crate) fn keep(
    write: &Write<'_>,
    grant: &SignedGrant,
    credentials: &Credentials,
) -> Result<(), shenhai_store::StoreError> {
    write.set_trust(&TrustRecord {
        authority_certificate: credentials.authority_certificate.clone(),
        credentials: Some(credentials.clone()),
        grant: Some(grant.clone()),
    })
}
