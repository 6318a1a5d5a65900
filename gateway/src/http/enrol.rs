//! Letting a device in: known ones of the same person at once, new ones by the page's policy – and by a code alone once
//! a device of theirs was revoked, for whoever has it can sign in as its owner.
//!
//! Not who the person is (`session`). Decided inside the transaction that stores the session. A refused code is
//! refused in one way, whatever is wrong with it.

use super::error::ApiError;
use crate::keys::{hex, random, unhex};
use crate::rules::{Enrolment, TrustRules};
use crate::store::{AuditEvent, DeviceRow, InvitationRow, StoreError, Tx};
use shenhai_crypto::{hmac_sm3, verify_hmac_sm3};
use shenhai_protocol::{
    DeviceInfo, ENROLMENT_ALPHABET, ENROLMENT_CODE_CHARS, EnrolledHow, ErrorCode, UnixMillis, UserId,
};

/// Whether a device may have a session.
pub(crate) enum Admission {
    Admitted,
    Refused(ErrorCode),
}

/// A device that asks, and by what it may come in.
pub(crate) struct Applicant<'a> {
    pub(crate) device: &'a DeviceInfo,
    pub(crate) user: &'a UserId,
    pub(crate) policy: Enrolment,
    /// As [`shenhai_protocol::read_enrolment_code`] gives it; `Some(None)` for text that is no code.
    pub(crate) code: Option<Option<&'a str>>,
}

pub(crate) fn refusal(code: ErrorCode) -> ApiError {
    ApiError::new(
        code,
        match code {
            ErrorCode::DeviceRevoked => "the device was revoked",
            ErrorCode::EnrolmentNeeded => "a one-time code is wanted of a new device",
            _ => "the one-time code is not good",
        },
    )
}

/// Admit the device, and set down whose it is, or say why not.
pub(crate) fn admit(
    tx: &mut Tx<'_>,
    rules: &TrustRules,
    applicant: &Applicant<'_>,
    now: UnixMillis,
) -> Result<Admission, StoreError> {
    let Applicant { device, user, .. } = *applicant;
    let known = tx.device(&device.id)?;
    if known.as_ref().is_some_and(|device| device.revoked) {
        return Ok(Admission::Refused(ErrorCode::DeviceRevoked));
    }
    let same_person = |device: &DeviceRow| device.user == *user;
    if known.as_ref().is_some_and(same_person) {
        tx.enrol_device(device, user, now)?;
        return Ok(Admission::Admitted);
    }
    let how = match (applicant.code, applicant.policy) {
        (Some(code), _) if spend(tx, rules, user, code, now)? => EnrolledHow::Code,
        (Some(_), _) => return Ok(Admission::Refused(ErrorCode::BadEnrolmentCode)),
        (None, Enrolment::Container) if !tx.is_held(user)? => EnrolledHow::Container,
        (None, Enrolment::Container | Enrolment::Code) => {
            return Ok(Admission::Refused(ErrorCode::EnrolmentNeeded));
        }
    };
    tx.enrol_device(device, user, now)?;
    tx.set_device_how(&device.id, how)?;
    let event = AuditEvent::DeviceEnrolled;
    tx.record(
        event,
        now,
        user.as_str(),
        &device.id,
        super::devices::how_name(how),
    )?;
    Ok(Admission::Admitted)
}

/// Whether `code` is this person's open one; it then is no more. A wrong one counts against it.
fn spend(
    tx: &mut Tx<'_>,
    rules: &TrustRules,
    user: &UserId,
    code: Option<&str>,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let Some(open) = tx.invitation(user)? else {
        return Ok(false);
    };
    let (Some(salt), Some(tag)) = (unhex(&open.salt), unhex(&open.tag)) else {
        return Err(StoreError::Document("invitation"));
    };
    let matches = code.is_some_and(|code| verify_hmac_sm3(&salt, code.as_bytes(), &tag));
    if matches && now < open.expires_at && open.tries < rules.invitation_attempts() {
        tx.close_invitation(user)?;
        return Ok(true);
    }
    tx.count_try(user)?;
    Ok(false)
}

/// A new code and what is kept of it.
pub(crate) fn invite(rules: &TrustRules, now: UnixMillis) -> (String, InvitationRow) {
    // 32 divides 256: every character is equally likely.
    let letters = random::<ENROLMENT_CODE_CHARS>().map(|byte| ENROLMENT_ALPHABET[usize::from(byte % 32)]);
    let code: String = letters.iter().copied().map(char::from).collect();
    let salt = random::<16>();
    let row = InvitationRow {
        salt: hex(&salt),
        tag: hex(&hmac_sm3(&salt, code.as_bytes())),
        expires_at: now.plus(rules.invitation_millis()),
        tries: 0,
    };
    (code, row)
}
