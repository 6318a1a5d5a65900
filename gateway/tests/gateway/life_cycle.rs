//! Things that must not outlive what they belong to: a stolen phone's access, a copied token.

use crate::devices::{
    audited, get, granted, invite, post, refused, revoke, rotate, rotation, sign_in, with_code,
};
use crate::stage::{ADMINISTRATOR, Device, HANDLER, NOW, OTHER_HANDLER, Session, Stage, code};
use serde_json::Value;
use shenhai_crypto::{Certificate, Usage, verify_chain};
use shenhai_gateway::TrustRules;
use shenhai_protocol::{DeviceList, ErrorCode, SessionGrant};

async fn release(stage: &Stage, by: &Session, device: &Device) -> (u16, String) {
    let path = format!("/v1/devices/{}/release", device.id);
    post(stage, by, &path, &Value::Null).await
}

/// Whether the device list says that the owner of `device` needs a code.
async fn held(stage: &Stage, admin: &Session, device: &Device) -> bool {
    let (_, text) = get(stage, admin, "/v1/devices").await;
    let list: DeviceList = serde_json::from_str(&text).unwrap();
    let view = list.devices.iter().find(|view| view.id == device.id);
    view.expect("a device once listed stays listed").held
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_revocation_that_person_needs_a_code_for_any_new_device_until_they_are_released() {
    let stage = Stage::start().await;
    let admin = stage.sign_in(ADMINISTRATOR).await;
    let stolen = stage.sign_in(HANDLER).await;
    let other = stage.sign_in(HANDLER).await;
    let second = Device::new();
    assert_eq!(
        sign_in(&stage, &with_code(&stage, HANDLER, &second, None)).await,
        granted(),
        "by default the container vouches for a new device"
    );
    assert!(!held(&stage, &admin, &stolen.device).await);

    revoke(&stage, &admin, &stolen.device).await;
    assert!(held(&stage, &admin, &stolen.device).await);
    // The thief has the phone and with it the container's sign-in: as many new keys as they like.
    for _ in 0..3 {
        let fresh = with_code(&stage, HANDLER, &Device::new(), None);
        assert_eq!(sign_in(&stage, &fresh).await, refused(ErrorCode::EnrolmentNeeded));
    }
    // What its owner had enrolled before goes on, and so does everybody else.
    let known = with_code(&stage, HANDLER, &other.device, None);
    assert_eq!(sign_in(&stage, &known).await, granted());
    let colleague = with_code(&stage, OTHER_HANDLER, &Device::new(), None);
    assert_eq!(sign_in(&stage, &colleague).await, granted());
    // A colleague's phone is a new device of theirs like any other.
    let borrowed = stage.sign_in(OTHER_HANDLER).await;
    let on_borrowed = with_code(&stage, HANDLER, &borrowed.device, None);
    assert_eq!(
        sign_in(&stage, &on_borrowed).await,
        refused(ErrorCode::EnrolmentNeeded)
    );

    // A code lets one device in and no more.
    let invited = invite(&stage, &admin, HANDLER).await;
    let new_phone = Device::new();
    let request = with_code(&stage, HANDLER, &new_phone, Some(&invited.code));
    assert_eq!(sign_in(&stage, &request).await, granted());
    let next = with_code(&stage, HANDLER, &Device::new(), None);
    assert_eq!(sign_in(&stage, &next).await, refused(ErrorCode::EnrolmentNeeded));

    let handler = stage.sign_in_on(HANDLER, new_phone).await;
    let (status, text) = release(&stage, &handler, &stolen.device).await;
    assert_eq!((status, &*code(&text)), (403, "forbidden"));
    let (status, text) = release(&stage, &admin, &other.device).await;
    assert_eq!((status, &*code(&text)), (404, "not_found"), "it was not revoked");
    for _ in 0..2 {
        assert_eq!(release(&stage, &admin, &stolen.device).await.0, 204);
    }
    assert_eq!(audited(&stage, "device_released"), 1);
    assert!(!held(&stage, &admin, &stolen.device).await);
    let next = with_code(&stage, HANDLER, &Device::new(), None);
    assert_eq!(sign_in(&stage, &next).await, granted());
    let revoked = with_code(&stage, HANDLER, &stolen.device, None);
    assert_eq!(
        sign_in(&stage, &revoked).await,
        refused(ErrorCode::DeviceRevoked),
        "the stolen key itself stays dead"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thief_who_changes_the_key_in_time_is_revoked_with_it() {
    let stage = Stage::start().await;
    let admin = stage.sign_in(ADMINISTRATOR).await;
    let mut stolen = stage.sign_in(HANDLER).await;
    let mut change = async || {
        let next = Device::new();
        let request = rotation(&stolen.device, &next);
        assert_eq!(rotate(&stage, &stolen, &request).await.0, 200);
        std::mem::replace(&mut stolen.device, next)
    };
    let seen_at_the_desk = change().await;
    change().await;
    assert!(
        !held(&stage, &admin, &seen_at_the_desk).await,
        "a change of key is no revocation"
    );
    revoke(&stage, &admin, &seen_at_the_desk).await;
    let (status, text) = post(&stage, &stolen, "/v1/grant", &Value::Null).await;
    assert_eq!((status, &*code(&text)), (403, "device_revoked"));
    let again = with_code(&stage, HANDLER, &stolen.device, None);
    assert_eq!(sign_in(&stage, &again).await, refused(ErrorCode::DeviceRevoked));
    let fresh = with_code(&stage, HANDLER, &Device::new(), None);
    assert_eq!(sign_in(&stage, &fresh).await, refused(ErrorCode::EnrolmentNeeded));
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_anew_ends_the_older_tokens_of_that_device_and_of_no_other() {
    let stage = Stage::start().await;
    let mut copied = stage.sign_in(HANDLER).await;
    let elsewhere = stage.sign_in(HANDLER).await;
    let path = "/v1/grant";
    assert_eq!(post(&stage, &copied, path, &Value::Null).await.0, 200);
    let device = std::mem::replace(&mut copied.device, Device::new());
    let anew = stage.sign_in_on(HANDLER, device).await;
    let (status, text) = post(&stage, &copied, path, &Value::Null).await;
    assert_eq!((status, &*code(&text)), (401, "session_expired"));
    for alive in [&anew, &elsewhere] {
        assert_eq!(post(&stage, alive, path, &Value::Null).await.0, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateways_certificate_is_renewed_while_it_serves_and_keeps_its_key() {
    const DAY: i64 = 24 * 3600 * 1000;
    let rules = include_str!("../../data/trust.toml");
    let rules = rules.replace("gateway_certificate_days = 1095", "gateway_certificate_days = 30");
    let stage = Stage::start_with(|config| config.trust = TrustRules::parse(&rules).unwrap()).await;
    let before = stage.sign_in(HANDLER).await.grant;
    // 21 of 30 days are gone: less than a third is left. Nobody restarts anything.
    stage.advance(21 * DAY);
    let after = stage.sign_in(HANDLER).await.grant;
    let certificate =
        |grant: &SessionGrant| Certificate::from_base64(&grant.credentials.gateway_certificate).unwrap();
    let (old, new) = (certificate(&before), certificate(&after));
    assert_ne!(old.serial_hex(), new.serial_hex());
    assert_eq!(old.public_key(), new.public_key());
    assert_eq!(before.gateway_key, after.gateway_key);
    let authority = Certificate::from_base64(&after.credentials.authority_certificate).unwrap();
    let day_50 = (NOW + 50 * DAY) / 1000;
    let holds = |leaf: Certificate| {
        verify_chain(&[leaf], std::slice::from_ref(&authority), Usage::Gateway, day_50).is_valid()
    };
    assert!(!holds(old), "by then the first one has ended");
    assert!(holds(new));
    let again = stage.sign_in(HANDLER).await.grant;
    assert_eq!(
        certificate(&again).serial_hex(),
        certificate(&after).serial_hex(),
        "once"
    );
    assert_eq!(
        stage.count("SELECT count(*) FROM certificates WHERE kind = 'gateway'"),
        2
    );
}
