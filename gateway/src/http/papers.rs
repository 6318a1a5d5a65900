//! The certificates that travel with an exported case.
//!
//! Not their checks (`shenhai_proof`) and not their making (`authority`). Called by the export of a case.

use crate::keys::GatewayKeys;
use crate::store::{CertificateKind, Rows, StoreError};
use shenhai_crypto::{Certificate, Usage, verify_chain};
use shenhai_protocol::{DeviceId, UnixMillis, UserId, limits};
use std::collections::BTreeSet;

const SECOND_MILLIS: i64 = 1000;

/// The present certificate of the gateway, then the earlier ones that signed one of the receipts (`signed_by`, serial
/// numbers) or were in force at `anchored`, the newest first. Those of another authority prove nothing under this
/// one and are left out: a receipt of the same key is then proved by the log.
pub(super) fn gateway_certificates(
    keys: &GatewayKeys,
    rows: &Rows<'_>,
    signed_by: &BTreeSet<String>,
    anchored: Option<UnixMillis>,
) -> Result<Vec<String>, StoreError> {
    let present = keys.certificate().to_base64();
    let mut all = vec![present.clone()];
    for text in rows.certificates(CertificateKind::Gateway)? {
        let Ok(certificate) = Certificate::from_base64(&text) else {
            return Err(StoreError::Document("certificate"));
        };
        let at_anchor = anchored.is_some_and(|at| issued(keys, &certificate, Usage::Gateway, seconds(at)));
        let at_receipt = signed_by.contains(&certificate.serial_hex())
            && issued(keys, &certificate, Usage::Gateway, certificate.not_before());
        if text != present && (at_anchor || at_receipt) {
            all.push(text);
        }
    }
    all.truncate(limits::BUNDLE_CERTIFICATES);
    Ok(all)
}

/// The certificate of a device that was in force for this person at that time, if it had one.
pub(super) fn device_certificate(
    keys: &GatewayKeys,
    rows: &Rows<'_>,
    device: &DeviceId,
    user: &UserId,
    at: UnixMillis,
) -> Result<Option<String>, StoreError> {
    let own = |text: &String| {
        Certificate::from_base64(text).is_ok_and(|certificate| {
            certificate.subject().unit.as_deref() == Some(user.as_str())
                && issued(keys, &certificate, Usage::Device, seconds(at))
        })
    };
    Ok(rows.device_certificates(device)?.into_iter().find(own))
}

fn issued(keys: &GatewayKeys, certificate: &Certificate, usage: Usage, at: i64) -> bool {
    let anchors = std::slice::from_ref(&keys.authority_certificate);
    verify_chain(std::slice::from_ref(certificate), anchors, usage, at).is_valid()
}

fn seconds(at: UnixMillis) -> i64 {
    at.0.div_euclid(SECOND_MILLIS)
}
