//! Enrolment, leases, certificates, rotation, revocation and the list anyone may verify with – and every wrong use.

use crate::stage::{
    ADMINISTRATOR, BUREAU_REVIEWER, Device, HANDLER, NOW, OTHER_HANDLER, Session, Stage, UNIT_REVIEWER, code,
    log, send,
};
use base64ct::{Base64, Encoding};
use reqwest::Method;
use serde_json::{Value, json};
use shenhai_crypto::{
    Certificate, CertificateFault, InvalidReason, Usage, Verdict, verify_chain, verify_hex,
};
use shenhai_gateway::{Config, TrustRules};
use shenhai_protocol::{
    AccessGrant, ActName, Action, Command, Credentials, Depth, DeviceList, EnrolledHow, ErrorCode,
    GrantReply, Invitation, PushReply, RevocationReason, RotateReply, RotateRequest, SessionRequest, Sight,
    SignedGrant, SignedRevocations, TrustInfo, UnixMillis,
};
use std::sync::atomic::Ordering;

const DAY: i64 = 24 * 3600 * 1000;
const MINUTE: i64 = 60_000;
const TEN_YEARS: i64 = 3653 * DAY;

/// The hotline wants a code of a new device; the desk lets the container vouch, so that there is an administrator.
fn by_code(config: &mut Config) {
    let rules = include_str!("../../data/trust.toml");
    let rules = rules.replace("hotline = \"container\"", "hotline = \"code\"");
    config.trust = TrustRules::parse(&rules).unwrap();
}

pub(crate) async fn post(stage: &Stage, session: &Session, path: &str, body: &Value) -> (u16, String) {
    let call = stage.call(Method::POST, path).bearer_auth(&session.grant.token);
    send(call.json(body)).await
}

pub(crate) async fn get(stage: &Stage, session: &Session, path: &str) -> (u16, String) {
    send(stage.call(Method::GET, path).bearer_auth(&session.grant.token)).await
}

pub(crate) async fn invite(stage: &Stage, admin: &Session, user: &str) -> Invitation {
    let (status, text) = post(stage, admin, "/v1/devices/invitations", &json!({"user": user})).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn with_code(
    stage: &Stage,
    user: &str,
    device: &Device,
    enrolment: Option<&str>,
) -> SessionRequest {
    let mut request = device.session_request("hotline", &stage.city.code_for(user));
    request.enrolment_code = enrolment.map(str::to_owned);
    request
}

/// Status and code of a sign-in; `""` for a granted one.
pub(crate) async fn sign_in(stage: &Stage, request: &SessionRequest) -> (u16, String) {
    let (status, text) = send(stage.call(Method::POST, "/v1/sessions").json(request)).await;
    (status, if status == 200 { String::new() } else { code(&text) })
}

pub(crate) fn refused(code: ErrorCode) -> (u16, String) {
    let name = serde_json::to_value(code).unwrap();
    (code.http_status(), name.as_str().unwrap().to_owned())
}

pub(crate) fn granted() -> (u16, String) {
    (200, String::new())
}

fn certificate(text: &str) -> Certificate {
    Certificate::from_base64(text).unwrap()
}

/// The grant as a device reads it: from its authority's certificate down to the signature.
fn verified(grant: &SignedGrant, credentials: &Credentials, at: i64) -> AccessGrant {
    let authority = [certificate(&credentials.authority_certificate)];
    let gateway = certificate(&credentials.gateway_certificate);
    let chain = [gateway.clone()];
    assert_eq!(
        verify_chain(&chain, &authority, Usage::Gateway, at / 1000),
        Verdict::Valid
    );
    let text = SignedGrant::signed_text(&grant.payload);
    let key = gateway.public_key().to_hex();
    assert_eq!(verify_hex(&key, text.as_bytes(), &grant.sig), Verdict::Valid);
    grant.open().unwrap()
}

pub(crate) fn rotation(old: &Device, new: &Device) -> RotateRequest {
    let text = RotateRequest::signed_text(&old.id, &new.id);
    RotateRequest {
        device: new.session_request("hotline", "").device,
        endorsement: old.sign(&text),
        proof: new.sign(&text),
    }
}

pub(crate) async fn rotate(stage: &Stage, session: &Session, request: &RotateRequest) -> (u16, String) {
    let body = serde_json::to_value(request).unwrap();
    post(stage, session, "/v1/devices/rotate", &body).await
}

pub(crate) async fn revoke(stage: &Stage, admin: &Session, device: &Device) {
    let path = format!("/v1/devices/{}/revoke", device.id);
    assert_eq!(post(stage, admin, &path, &Value::Null).await.0, 204);
}

async fn trust(stage: &Stage) -> TrustInfo {
    let (status, text) = send(stage.call(Method::GET, "/v1/trust")).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn audited(stage: &Stage, event: &str) -> i64 {
    stage.count(&format!("SELECT count(*) FROM audit WHERE event = '{event}'"))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_reaches_its_own_calls_about_devices() {
    let stage = Stage::start().await;
    let calls = [
        (Method::POST, "/v1/grant", Value::Null),
        (Method::GET, "/v1/devices", Value::Null),
        (
            Method::POST,
            "/v1/devices/invitations",
            json!({"user": OTHER_HANDLER}),
        ),
        // Of everybody's session, but not with these signatures.
        (
            Method::POST,
            "/v1/devices/rotate",
            serde_json::to_value(rotation(&Device::new(), &Device::new())).unwrap(),
        ),
        (Method::GET, "/v1/trust", Value::Null),
    ];
    let expected = [
        ("nobody", [401, 401, 401, 401, 200]),
        (HANDLER, [200, 403, 403, 403, 200]),
        (UNIT_REVIEWER, [200, 403, 403, 403, 200]),
        (BUREAU_REVIEWER, [200, 403, 403, 403, 200]),
        (ADMINISTRATOR, [200, 200, 200, 403, 200]),
    ];
    for (user, answers) in expected {
        let token = match user {
            "nobody" => "none".to_owned(),
            user => stage.sign_in(user).await.grant.token,
        };
        for ((method, path, body), expected) in calls.iter().zip(answers) {
            let mut call = stage.call(method.clone(), path).bearer_auth(&token);
            if !body.is_null() {
                call = call.json(body);
            }
            let (status, text) = send(call).await;
            assert_eq!(status, expected, "{user} calls {method} {path}: {text}");
        }
    }
    assert_eq!(stage.count("SELECT count(*) FROM invitations"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_brings_a_grant_that_leads_back_to_the_authority() {
    let stage = Stage::start().await;
    let session = stage.sign_in(HANDLER).await;
    let credentials = &session.grant.credentials;
    let grant = verified(&session.grant.grant, credentials, NOW);
    assert_eq!(grant.user, session.grant.user);
    assert_eq!(
        (grant.app.as_str(), &grant.device),
        ("hotline", &session.device.id)
    );
    assert_eq!(grant.scope_ids(), session.grant.scopes);
    let scope = &grant.scopes[0];
    assert_eq!((scope.sight, scope.depth), (Sight::Full, Depth::Full));
    assert_eq!(scope.kinds, ["hotline.order".into()]);
    assert_eq!(
        scope.acts,
        ["accept", "contact", "reply", "return", "reveal"].map(ActName::from)
    );
    assert_eq!(
        grant.actions,
        [Action::ReadOrders, Action::SubmitCommands, Action::ReadProofs]
    );
    assert_eq!(grant.expires_at, UnixMillis(NOW + 12 * 3600 * 1000));
    assert_eq!(grant.offline_until, UnixMillis(NOW + 3 * DAY));
    assert_eq!((grant.rules.pin_attempts, grant.rules.pin_digits), (10, 6));
    assert_eq!(
        session.grant.gateway_key,
        certificate(&credentials.gateway_certificate)
            .public_key()
            .to_hex()
    );

    let device = certificate(&credentials.device_certificate);
    let authority = [certificate(&credentials.authority_certificate)];
    assert_eq!(device.subject().common_name, session.device.id.0);
    assert_eq!(device.subject().unit.as_deref(), Some(HANDLER));
    assert_eq!(authority[0].subject().common_name, "申海 设备证书 CA");
    let at = |millis: i64| {
        verify_chain(
            std::slice::from_ref(&device),
            &authority,
            Usage::Device,
            millis / 1000,
        )
    };
    let fault = |fault| Verdict::Invalid(InvalidReason::Certificate(fault));
    assert_eq!(at(NOW), Verdict::Valid);
    assert_eq!(at(NOW + 180 * DAY), Verdict::Valid);
    assert_eq!(at(NOW + 180 * DAY + MINUTE), fault(CertificateFault::Expired));
    assert_eq!(at(NOW - TEN_YEARS), fault(CertificateFault::NotYetValid));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_is_granted_devices_and_no_orders() {
    let stage = Stage::start().await;
    let session = stage.sign_in(ADMINISTRATOR).await;
    let grant = verified(&session.grant.grant, &session.grant.credentials, NOW);
    assert_eq!(grant.actions, [Action::ManageDevices]);
    assert_eq!(grant.scopes, []);
    assert_eq!(grant.offline_until, UnixMillis(NOW + DAY / 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_renewed_and_the_sessions_end_stays() {
    let stage = Stage::start().await;
    let session = stage.sign_in(HANDLER).await;
    stage.advance(11 * 3600 * 1000);
    let (status, text) = post(&stage, &session, "/v1/grant", &Value::Null).await;
    assert_eq!(status, 200, "{text}");
    let reply: GrantReply = serde_json::from_str(&text).unwrap();
    assert_eq!(
        reply.credentials, session.grant.credentials,
        "nothing was due for renewal"
    );
    let now = NOW + 11 * 3600 * 1000;
    let grant = verified(&reply.grant, &reply.credentials, now);
    assert_eq!(grant.expires_at, session.grant.expires_at);
    assert_eq!(grant.offline_until, UnixMillis(now + 3 * DAY));
    assert_ne!(grant.grant_id, session.grant.grant.open().unwrap().grant_id);
    stage.advance(3600 * 1000);
    let (status, text) = post(&stage, &session, "/v1/grant", &Value::Null).await;
    assert_eq!((status, &*code(&text)), (401, "session_expired"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_certificate_is_renewed_when_less_than_a_third_of_its_life_is_left() {
    let stage = Stage::start().await;
    let session = stage.sign_in(HANDLER).await;
    let first = session.grant.credentials.device_certificate.clone();
    stage.advance(119 * DAY);
    let session = stage.sign_in_on(HANDLER, session.device).await;
    assert_eq!(session.grant.credentials.device_certificate, first);
    stage.advance(2 * DAY);
    let session = stage.sign_in_on(HANDLER, session.device).await;
    let second = session.grant.credentials.device_certificate.clone();
    assert_ne!(second, first);
    assert_eq!(
        certificate(&second).public_key(),
        certificate(&first).public_key()
    );
    assert_eq!(audited(&stage, "certificate_renewed"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_person_on_the_same_device_gets_a_certificate_of_their_own() {
    let stage = Stage::start().await;
    let session = stage.sign_in(HANDLER).await;
    let session = stage.sign_in_on(OTHER_HANDLER, session.device).await;
    let device = certificate(&session.grant.credentials.device_certificate);
    assert_eq!(device.subject().unit.as_deref(), Some(OTHER_HANDLER));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_certificates_stay_over_a_restart_and_a_clock_ten_years_off() {
    let mut stage = Stage::start().await;
    let session = stage.sign_in(HANDLER).await;
    let before = trust(&stage).await;
    stage.restart().await;
    assert_eq!(
        trust(&stage).await.gateway_certificate,
        before.gateway_certificate
    );

    stage.clock.store(NOW + TEN_YEARS, Ordering::Relaxed);
    stage.restart().await;
    let later = trust(&stage).await;
    assert_eq!(later.authority_certificate, before.authority_certificate);
    assert_ne!(later.gateway_certificate, before.gateway_certificate);
    assert_eq!(
        later.earlier_gateway_certificates,
        std::slice::from_ref(&before.gateway_certificate)
    );
    let session = stage.sign_in_on(HANDLER, session.device).await;
    verified(&session.grant.grant, &session.grant.credentials, NOW + TEN_YEARS);
    assert_eq!(
        session.grant.gateway_key,
        certificate(&before.gateway_certificate).public_key().to_hex(),
        "old receipts verify with the same key"
    );

    stage.clock.store(NOW - TEN_YEARS, Ordering::Relaxed);
    stage.restart().await;
    let session = stage.sign_in_on(HANDLER, session.device).await;
    verified(&session.grant.grant, &session.grant.credentials, NOW - TEN_YEARS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_wants_a_code_lets_a_new_device_in_with_one_and_never_asks_again() {
    let stage = Stage::start_with(by_code).await;
    let admin = stage.sign_in(ADMINISTRATOR).await;
    let device = Device::new();
    let without = with_code(&stage, HANDLER, &device, None);
    assert_eq!(
        sign_in(&stage, &without).await,
        refused(ErrorCode::EnrolmentNeeded)
    );
    let invitation = invite(&stage, &admin, HANDLER).await;
    assert_eq!(invitation.expires_at, UnixMillis(NOW + 15 * MINUTE));
    // The container's code was not spent by the first answer.
    let with = SessionRequest {
        enrolment_code: Some(invitation.code.to_lowercase()),
        ..without
    };
    assert_eq!(sign_in(&stage, &with).await, granted());
    let again = with_code(&stage, HANDLER, &device, None);
    assert_eq!(sign_in(&stage, &again).await, granted());

    let (_, text) = get(&stage, &admin, "/v1/devices").await;
    let list: DeviceList = serde_json::from_str(&text).unwrap();
    let listed = list.devices.iter().find(|listed| listed.id == device.id).unwrap();
    assert_eq!(listed.how, EnrolledHow::Code);
    assert_eq!(
        (&*listed.user_name, &*listed.unit_name),
        ("经办310101", "310101水务局")
    );
    assert_eq!(listed.not_after, Some(UnixMillis(NOW + 180 * DAY)));
    assert_eq!(listed.key_fingerprint, device.id.0[..16]);
    assert_eq!(invitation.authority_fingerprint, list.authority.fingerprint);
    let (_, trust) = send(stage.call(Method::GET, "/v1/trust")).await;
    let trust: Value = serde_json::from_str(&trust).unwrap();
    let shown = trust["authority_certificate"].as_str().unwrap();
    let der = Base64::decode_vec(shown).unwrap();
    // 128 bits of the digest: 64, which a person compares, can be met by trying.
    let pin = shenhai_crypto::sm3(&der).to_hex()[..32].to_owned();
    assert!(pin.starts_with(&list.authority.fingerprint.replace(' ', "")));
    assert_eq!(
        Invitation::read_qr_text(&invitation.qr_text),
        Some((invitation.code.replace('-', ""), pin))
    );
    assert_eq!(
        (
            audited(&stage, "device_invited"),
            audited(&stage, "device_enrolled")
        ),
        (1, 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_unknown_used_ended_or_another_persons_is_refused_in_one_way() {
    let stage = Stage::start_with(by_code).await;
    let admin = stage.sign_in(ADMINISTRATOR).await;
    let invitation = invite(&stage, &admin, HANDLER).await;
    let attempt = async |user: &str, code: &str| {
        let request = with_code(&stage, user, &Device::new(), Some(code));
        let (status, text) = send(stage.call(Method::POST, "/v1/sessions").json(&request)).await;
        (status, text)
    };
    let mut answers = vec![
        attempt(OTHER_HANDLER, &invitation.code).await,
        attempt(HANDLER, "0000-0000").await,
        attempt(HANDLER, "no code at all").await,
        attempt(HANDLER, "").await,
        attempt(HANDLER, &"7".repeat(4000)).await,
    ];
    assert_eq!(stage.count("SELECT count(*) FROM sessions"), 1);
    // Two wrong tries of this person do not void it; its own use does.
    let second = invite(&stage, &admin, HANDLER).await;
    answers.push(attempt(HANDLER, &invitation.code).await);
    assert_eq!(attempt(HANDLER, &second.code).await.0, 200);
    answers.push(attempt(HANDLER, &second.code).await);
    let third = invite(&stage, &admin, HANDLER).await;
    stage.advance(15 * MINUTE);
    answers.push(attempt(HANDLER, &third.code).await);
    for (status, text) in &answers {
        assert_eq!((*status, &*code(text)), (401, "bad_enrolment_code"));
        assert_eq!(text, &answers[0].1, "one answer for all of them");
    }
    assert_eq!(audited(&stage, "enrolment_refused"), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_void_after_too_many_wrong_tries() {
    let stage = Stage::start_with(by_code).await;
    let admin = stage.sign_in(ADMINISTRATOR).await;
    let invitation = invite(&stage, &admin, HANDLER).await;
    for _ in 0..5 {
        let wrong = with_code(&stage, HANDLER, &Device::new(), Some("ZZZZ-ZZZZ"));
        assert_eq!(
            sign_in(&stage, &wrong).await,
            refused(ErrorCode::BadEnrolmentCode)
        );
    }
    let right = with_code(&stage, HANDLER, &Device::new(), Some(&invitation.code));
    assert_eq!(
        sign_in(&stage, &right).await,
        refused(ErrorCode::BadEnrolmentCode)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_codes_is_slowed_per_address_and_per_person() {
    let stage = Stage::start_with(|config| {
        by_code(config);
        config.tuning.enrolments_per_address = 4;
        config.tuning.enrolments_per_person = 2;
    })
    .await;
    let attempt = async |user: &str, code: &str| {
        let request = with_code(&stage, user, &Device::new(), Some(code));
        sign_in(&stage, &request).await.0
    };
    assert_eq!(attempt(HANDLER, "AA00-0000").await, 401);
    assert_eq!(attempt(HANDLER, "AB00-0000").await, 401);
    assert_eq!(attempt(HANDLER, "AC00-0000").await, 429, "the person's third");
    assert_eq!(
        attempt(OTHER_HANDLER, "AA00-0000").await,
        401,
        "one guesser shuts out nobody else"
    );
    assert_eq!(
        attempt(OTHER_HANDLER, "BB00-0000").await,
        429,
        "the fifth from the address"
    );
    stage.advance(MINUTE);
    assert_eq!(attempt(HANDLER, "AA00-0003").await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_the_log_nor_the_database_holds_a_code_or_a_key() {
    let stage = Stage::start_with(by_code).await;
    let admin = stage.sign_in(ADMINISTRATOR).await;
    let used = invite(&stage, &admin, HANDLER).await;
    let request = with_code(&stage, HANDLER, &Device::new(), Some(&used.code));
    assert_eq!(sign_in(&stage, &request).await, granted());
    let open = invite(&stage, &admin, OTHER_HANDLER).await;
    let key = std::fs::read_to_string(stage.data.path().join("data/gateway.key")).unwrap();
    let database = std::fs::read(stage.data.path().join("data/gateway.sqlite3")).unwrap();
    let wal = std::fs::read(stage.data.path().join("data/gateway.sqlite3-wal")).unwrap();
    let stored = String::from_utf8_lossy(&[database, wal].concat()).into_owned();
    assert!(stored.contains(OTHER_HANDLER), "the search sees what is stored");
    let codes = [&used.code, &open.code];
    let plain = codes.map(|code| code.replace('-', ""));
    for secret in codes.into_iter().chain(&plain).chain([&key]) {
        assert!(!stored.contains(secret.as_str()), "a secret in the database");
        assert!(!log().contains(secret.as_str()), "a secret in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_oversized_or_misdirected_invitation_or_rotation_is_refused() {
    let stage = Stage::start().await;
    let admin = stage.sign_in(ADMINISTRATOR).await;
    let before = stage.state();
    for (body, expected) in [
        ("{".to_owned(), (400, "malformed")),
        ("{\"user\": 5}".to_owned(), (400, "malformed")),
        (
            "{\"user\": \"h310101\", \"days\": 9}".to_owned(),
            (400, "malformed"),
        ),
        (" ".repeat(17_000), (413, "too_large")),
        ("{\"user\": \"nobody\"}".to_owned(), (404, "not_found")),
    ] {
        let call = stage.call(Method::POST, "/v1/devices/invitations");
        let (status, text) = send(call.bearer_auth(&admin.grant.token).body(body)).await;
        assert_eq!((status, &*code(&text)), expected);
    }
    let mut long = rotation(&admin.device, &Device::new());
    long.device.name = "名".repeat(101);
    for (body, expected) in [
        ("[]".to_owned(), (400, "malformed")),
        (" ".repeat(17_000), (413, "too_large")),
        (serde_json::to_string(&long).unwrap(), (400, "malformed")),
    ] {
        let call = stage.call(Method::POST, "/v1/devices/rotate");
        let (status, text) = send(call.bearer_auth(&admin.grant.token).body(body)).await;
        assert_eq!((status, &*code(&text)), expected);
    }
    assert_eq!(stage.state(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_takes_a_new_key_and_the_old_one_counts_no_more() {
    let stage = Stage::start().await;
    let order = stage.take_in("SH1", "310101").await;
    let mut session = stage.sign_in(HANDLER).await;
    let pushed = session.command(Command::Accept { order: order.clone() });
    let receipt = stage.push(&session, vec![pushed.clone()]).await.1;

    let new = Device::new();
    let request = rotation(&session.device, &new);
    let (status, text) = rotate(&stage, &session, &request).await;
    assert_eq!(status, 200, "{text}");
    let reply: RotateReply = serde_json::from_str(&text).unwrap();
    assert_eq!(reply.device_seq, 0);
    let grant = verified(&reply.grant, &reply.credentials, NOW);
    assert_eq!(grant.device, new.id);
    let cert = certificate(&reply.credentials.device_certificate);
    assert_eq!(cert.subject().common_name, new.id.0);

    // The answer was lost: the same bytes again get the same device.
    let (status, text) = rotate(&stage, &session, &request).await;
    assert_eq!(status, 200, "{text}");
    let again: RotateReply = serde_json::from_str(&text).unwrap();
    assert_eq!(again.credentials, reply.credentials);
    assert_eq!(audited(&stage, "device_rotated"), 1);

    // A receipt that was lost comes again, byte for byte; nothing new is taken from the old key.
    let old = std::mem::replace(&mut session.device, new);
    let (status, text) = stage.push(&session, vec![pushed]).await;
    let receipts = |text: &str| serde_json::from_str::<PushReply>(text).unwrap().receipts;
    assert_eq!((status, receipts(&text)), (200, receipts(&receipt)));
    let late = old.envelope(&session.grant.user.id, Command::Accept { order: order.clone() });
    let (status, text) = stage.push(&session, vec![old.seal(&late)]).await;
    assert_eq!((status, &*code(&text)), (403, "device_revoked"));
    let reveal = session.command(Command::Reveal { order });
    assert_eq!(stage.push_one(&session, reveal).await.device_seq, 1);

    let code = stage.city.code_for(HANDLER);
    let with_old_key = old.session_request("hotline", &code);
    assert_eq!(
        sign_in(&stage, &with_old_key).await,
        refused(ErrorCode::DeviceRevoked)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_needs_both_keys_and_a_device_of_the_sessions_own() {
    let stage = Stage::start().await;
    let session = stage.sign_in(HANDLER).await;
    let other = stage.sign_in(OTHER_HANDLER).await;
    let new = Device::new();
    let before = stage.state();
    let good = rotation(&session.device, &new);
    let stranger = Device::new();
    let text = RotateRequest::signed_text(&session.device.id, &new.id);
    let wrong = [
        (
            "endorsed by a stranger",
            RotateRequest {
                endorsement: stranger.sign(&text),
                ..good.clone()
            },
            ErrorCode::BadSignature,
        ),
        (
            "the new key did not sign",
            RotateRequest {
                proof: session.device.sign(&text),
                ..good.clone()
            },
            ErrorCode::BadSignature,
        ),
        (
            "endorsed for another new device",
            RotateRequest {
                endorsement: rotation(&session.device, &stranger).endorsement,
                ..good.clone()
            },
            ErrorCode::BadSignature,
        ),
        (
            "the endorsement of another's device",
            rotation(&other.device, &new),
            ErrorCode::BadSignature,
        ),
        (
            "a device that is enrolled already",
            rotation(&session.device, &other.device),
            ErrorCode::WrongDevice,
        ),
        (
            "to itself, never rotated",
            rotation(&session.device, &session.device),
            ErrorCode::WrongDevice,
        ),
    ];
    for (what, request, expected) in wrong {
        let (status, text) = rotate(&stage, &session, &request).await;
        assert_eq!((status, code(&text)), refused(expected), "{what}");
    }
    let (status, text) = rotate(&stage, &other, &good).await;
    assert_eq!(
        (status, code(&text)),
        refused(ErrorCode::BadSignature),
        "another's session"
    );
    assert_eq!(stage.state(), before);
    assert_eq!(rotate(&stage, &session, &good).await.0, 200);
    // An endorsement replayed for a key the device has left behind.
    let newer = Device::new();
    assert_eq!(rotate(&stage, &session, &rotation(&new, &newer)).await.0, 200);
    let (status, text) = rotate(&stage, &session, &good).await;
    assert_eq!((status, code(&text)), refused(ErrorCode::BadSignature));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_is_refused_by_every_call_at_once() {
    let stage = Stage::start().await;
    let order = stage.take_in("SH1", "310101").await;
    let admin = stage.sign_in(ADMINISTRATOR).await;
    let session = stage.sign_in(HANDLER).await;
    revoke(&stage, &admin, &session.device).await;
    let wake = json!({"cursors": {"person:h310101": 0}, "wait_ms": 0});
    let proof = format!("/v1/orders/{order}/proof");
    let turned = serde_json::to_value(rotation(&session.device, &Device::new())).unwrap();
    let calls = [
        (Method::POST, "/v1/push", json!({"commands": []})),
        (Method::GET, "/v1/pull?scope=person:h310101", Value::Null),
        (Method::POST, "/v1/wake", wake),
        (Method::GET, &*proof, Value::Null),
        (Method::POST, "/v1/grant", Value::Null),
        (Method::GET, "/v1/devices", Value::Null),
        (Method::POST, "/v1/devices/invitations", json!({"user": HANDLER})),
        (Method::POST, "/v1/devices/rotate", turned),
        (Method::POST, "/v1/devices/00/revoke", Value::Null),
        (Method::DELETE, "/v1/sessions/current", Value::Null),
    ];
    for (method, path, body) in calls {
        let call = stage.call(method, path).bearer_auth(&session.grant.token);
        let (status, text) = send(call.json(&body)).await;
        assert_eq!((status, &*code(&text)), (403, "device_revoked"), "{path}");
    }
    let again = session
        .device
        .session_request("hotline", &stage.city.code_for(HANDLER));
    assert_eq!(sign_in(&stage, &again).await, refused(ErrorCode::DeviceRevoked));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_waits_for_news_hears_at_once_that_it_is_revoked() {
    let stage = Stage::start().await;
    let admin = stage.sign_in(ADMINISTRATOR).await;
    let session = stage.sign_in(HANDLER).await;
    let steady = stage.sign_in(OTHER_HANDLER).await;
    let wait = |session: &Session, millis: u64| {
        let scope = session.scope().0;
        let call = stage
            .call(Method::POST, "/v1/wake")
            .bearer_auth(&session.grant.token);
        tokio::spawn(send(
            call.json(&json!({"cursors": {scope: 0}, "wait_ms": millis})),
        ))
    };
    let (waiting, other) = (wait(&session, 25_000), wait(&steady, 1_500));
    let began = std::time::Instant::now();
    revoke(&stage, &admin, &session.device).await;
    let (status, text) = waiting.await.unwrap();
    assert_eq!((status, &*code(&text)), (403, "device_revoked"));
    assert!(began.elapsed().as_secs() < 20, "not after the whole wait");
    assert_eq!(other.await.unwrap().0, 200, "another's wait goes on to its end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_waits_while_it_changes_its_key_waits_on() {
    let stage = Stage::start().await;
    let session = stage.sign_in(HANDLER).await;
    let call = stage
        .call(Method::POST, "/v1/wake")
        .bearer_auth(&session.grant.token);
    let body = json!({"cursors": {"person:h310101": 0}, "wait_ms": 25_000});
    let waiting = tokio::spawn(send(call.json(&body)));
    let turned = rotation(&session.device, &Device::new());
    assert_eq!(rotate(&stage, &session, &turned).await.0, 200);
    stage.take_in("SH1", "310101").await;
    let (status, text) = waiting.await.unwrap();
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("person:h310101"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn anyone_can_verify_which_devices_no_longer_count() {
    let stage = Stage::start().await;
    let admin = stage.sign_in(ADMINISTRATOR).await;
    let lost = stage.sign_in(HANDLER).await;
    let turned = stage.sign_in(OTHER_HANDLER).await;
    let list = |info: &TrustInfo| {
        let key = certificate(&info.gateway_certificate).public_key().to_hex();
        let text = SignedRevocations::signed_text(&info.revoked.payload);
        assert_eq!(
            verify_hex(&key, text.as_bytes(), &info.revoked.sig),
            Verdict::Valid
        );
        info.revoked.open().unwrap()
    };
    let info = trust(&stage).await;
    assert_eq!(list(&info).devices, []);
    assert_eq!(info.provider.name, "software");
    assert!(!info.provider.emulated && info.provider.certified.is_none());
    revoke(&stage, &admin, &lost.device).await;
    let request = rotation(&turned.device, &Device::new());
    assert_eq!(rotate(&stage, &turned, &request).await.0, 200);
    let mut expected = vec![
        (lost.device.id.clone(), RevocationReason::Revoked),
        (turned.device.id.clone(), RevocationReason::Rotated),
    ];
    expected.sort();
    let info = trust(&stage).await;
    let devices = list(&info).devices.into_iter();
    let found: Vec<_> = devices.map(|device| (device.device, device.reason)).collect();
    assert_eq!(found, expected);
    assert_eq!(trust(&stage).await.revoked, info.revoked, "signed once");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_device_was_last_heard_is_kept_to_the_minute() {
    let stage = Stage::start().await;
    let admin = stage.sign_in(ADMINISTRATOR).await;
    let session = stage.sign_in(HANDLER).await;
    let seen = async || {
        let (_, text) = get(&stage, &admin, "/v1/devices").await;
        let list: DeviceList = serde_json::from_str(&text).unwrap();
        let of = |listed: &shenhai_protocol::DeviceView| listed.id == session.device.id;
        list.devices.into_iter().find(of).unwrap().last_seen_at.unwrap().0
    };
    stage.advance(MINUTE - 1);
    stage.pull(&session, "person:h310101", 0).await;
    assert_eq!(seen().await, NOW);
    stage.advance(1);
    stage.pull(&session, "person:h310101", 0).await;
    assert_eq!(seen().await, NOW + MINUTE);
}
