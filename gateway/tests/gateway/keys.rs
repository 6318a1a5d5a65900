//! Where the gateway's keys rest and where they come from.

use crate::stage::{Device, HANDLER, NOW, Session, Stage, hex, send};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use reqwest::Method;
use rusqlite::Connection;
use shenhai_crypto::{
    Certificate, KeyRef, PublicKey, SecretKey, SoftwareProvider, Subject, Usage, Validity, Verdict,
    issue_root, verify_chain,
};
use shenhai_gateway::{AuthorityError, Gateway, GivenAuthority, GivenKeys, StartError};
use shenhai_proof::{Exhibit, Signers, Status, examine, open_head};
use shenhai_protocol::{Command, OrderId, OrderProof};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

async fn stopped(stage: &mut Stage) {
    stage.gateway.take().unwrap().stop().await;
}

async fn refusal(stage: &Stage) -> AuthorityError {
    match Gateway::start(stage.config()).await {
        Err(StartError::Keys(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it started"),
    }
}

fn key_file(stage: &Stage) -> PathBuf {
    stage.data.path().join("data/gateway.key")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_its_key_file_or_with_another_signs_nothing() {
    let mut stage = Stage::start().await;
    stopped(&mut stage).await;
    let key = std::fs::read_to_string(key_file(&stage)).unwrap();
    std::fs::remove_file(key_file(&stage)).unwrap();
    assert!(matches!(refusal(&stage).await, AuthorityError::KeyFileMissing));
    assert!(!key_file(&stage).exists(), "no new key beside an old database");
    std::fs::write(key_file(&stage), "00".repeat(16)).unwrap();
    assert!(matches!(refusal(&stage).await, AuthorityError::Sealed));
    for garbage in ["", "zz", &"0".repeat(31), &"00".repeat(17)] {
        std::fs::write(key_file(&stage), garbage).unwrap();
        let error = refusal(&stage).await;
        assert!(matches!(error, AuthorityError::KeyFile(_)), "{error}");
    }
    std::fs::write(key_file(&stage), key).unwrap();
    stage.gateway = Some(Gateway::start(stage.config()).await.unwrap());
    stage.sign_in(HANDLER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_file_may_lie_elsewhere_and_is_for_its_owner_only() {
    let elsewhere = tempfile::TempDir::new().unwrap();
    let path = elsewhere.path().join("sealing.key");
    let given = path.clone();
    let stage = Stage::start_with(|config| config.key_file = Some(given)).await;
    stage.sign_in(HANDLER).await;
    assert!(!key_file(&stage).exists());
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_an_earlier_version_goes_on_and_stands_in_the_clear_no_more() {
    let mut stage = Stage::start().await;
    stopped(&mut stage).await;
    let secret = SecretKey::generate(&mut UnwrapErr(SysRng));
    let clear = hex(secret.to_bytes().as_slice());
    let database = stage.data.path().join("data/gateway.sqlite3");
    {
        // As version 1 kept it.
        let db = Connection::open(&database).unwrap();
        let back = "DELETE FROM meta WHERE name LIKE 'sealed_key_%'; DELETE FROM certificates;";
        db.execute_batch(back).unwrap();
        db.execute("INSERT INTO meta VALUES ('signing_key', ?1)", [&clear])
            .unwrap();
    }
    std::fs::remove_file(key_file(&stage)).unwrap();
    stage.gateway = Some(Gateway::start(stage.config()).await.unwrap());
    let session = stage.sign_in(HANDLER).await;
    assert_eq!(session.grant.gateway_key, secret.public().to_hex());
    stopped(&mut stage).await;
    let stored = std::fs::read(&database).unwrap();
    let holds = |text: &str| stored.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("sealed_key_receipt"), "the search sees what is stored");
    assert!(!holds(&clear));
}

fn days(from: i64, to: i64) -> Validity {
    const DAY: i64 = 24 * 3600;
    Validity {
        not_before: NOW / 1000 + from * DAY,
        not_after: NOW / 1000 + to * DAY,
    }
}

/// A provider with a receipt and an authority key, and a root of the latter.
fn city() -> (GivenKeys, Certificate) {
    let mut rng = UnwrapErr(SysRng);
    let mut provider = SoftwareProvider::new(UnwrapErr(SysRng));
    let (receipt, authority) = (KeyRef::new("r-1"), KeyRef::new("a-1"));
    provider.add_signing_key(receipt.clone(), SecretKey::generate(&mut rng));
    provider.add_signing_key(authority.clone(), SecretKey::generate(&mut rng));
    let subject = Subject {
        common_name: "市级样例 CA".to_owned(),
        organization: None,
        unit: None,
    };
    let root = issue_root(&provider, &authority, &subject, days(-1, 100)).unwrap();
    let provider = Arc::new(provider);
    let authority = GivenAuthority {
        provider: Arc::clone(&provider) as _,
        key: authority,
        certificate: Some(root.clone()),
    };
    let keys = GivenKeys {
        provider,
        receipt,
        gateway_certificate: None,
        authority: Some(authority),
    };
    (keys, root)
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_citys_authority_everything_leads_back_to_it() {
    let (keys, root) = city();
    let stage = Stage::start_with(|config| config.given_keys = Some(keys)).await;
    assert!(!key_file(&stage).exists(), "no keys of its own were made");
    let session = stage.sign_in(HANDLER).await;
    let credentials = &session.grant.credentials;
    assert_eq!(
        Certificate::from_base64(&credentials.authority_certificate).unwrap(),
        root
    );
    for (text, usage) in [
        (&credentials.device_certificate, Usage::Device),
        (&credentials.gateway_certificate, Usage::Gateway),
    ] {
        let leaf = [Certificate::from_base64(text).unwrap()];
        let anchors = std::slice::from_ref(&root);
        assert_eq!(verify_chain(&leaf, anchors, usage, NOW / 1000), Verdict::Valid);
        assert_eq!(
            leaf[0].not_after(),
            days(-1, 100).not_after,
            "not longer than its issuer"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_only_signs_is_certified_by_the_gateways_own_authority() {
    let (mut keys, root) = city();
    keys.authority = None;
    let stage = Stage::start_with(|config| config.given_keys = Some(keys)).await;
    let session = stage.sign_in(HANDLER).await;
    let credentials = &session.grant.credentials;
    let own = [Certificate::from_base64(&credentials.authority_certificate).unwrap()];
    assert_ne!(own[0], root);
    let gateway = [Certificate::from_base64(&credentials.gateway_certificate).unwrap()];
    assert_eq!(
        verify_chain(&gateway, &own, Usage::Gateway, NOW / 1000),
        Verdict::Valid
    );
}

/// How many receipts of the proof hold, for a device that pinned the present key, without and with the certificates
/// that came along.
async fn receipts_that_hold(stage: &Stage, session: &Session, order: &OrderId) -> [usize; 2] {
    let path = format!("/v1/orders/{order}/proof");
    let call = stage.call(Method::GET, &path).bearer_auth(&session.grant.token);
    let (status, text) = send(call).await;
    assert_eq!(status, 200, "{text}");
    let proof: OrderProof = serde_json::from_str(&text).unwrap();
    let authority = Certificate::from_base64(&session.grant.credentials.authority_certificate).unwrap();
    let pinned = Signers::pinned(&PublicKey::from_hex(&session.grant.gateway_key).unwrap());
    let certified = pinned
        .clone()
        .and_certified(&proof.gateway_certificates, &authority);
    [pinned, certified].map(|signers| {
        let head = open_head(proof.head.as_ref().unwrap(), &signers).unwrap();
        let exhibits: Vec<Exhibit<'_>> = proof
            .entries
            .iter()
            .map(|entry| Exhibit {
                envelope: &entry.envelope,
                receipt: &entry.receipt,
                device_key: &entry.device_key,
                inclusion: entry.inclusion.as_ref(),
            })
            .collect();
        let examined = examine(order, &signers, Some(&head), &exhibits, &mut Vec::new());
        let valid = examined.iter().filter(|one| one.receipted == Status::Valid);
        valid.count()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_still_holds_after_the_gateways_key_changed() {
    let mut stage = Stage::start().await;
    let order = stage.take_in("SH1", "310101").await;
    let mut session = stage.sign_in(HANDLER).await;
    let accept = session.command(Command::Accept { order: order.clone() });
    stage.push_one(&session, accept).await;
    assert_eq!(receipts_that_hold(&stage, &session, &order).await, [1, 1]);

    for receipts in [2, 3] {
        stopped(&mut stage).await;
        // Another key signs from now on, certified by the same authority.
        let (mut keys, _) = city();
        keys.authority = None;
        let mut config = stage.config();
        config.given_keys = Some(keys);
        stage.gateway = Some(Gateway::start(config).await.unwrap());
        let device = std::mem::replace(&mut session.device, Device::new());
        session = stage.sign_in_on(HANDLER, device).await;
        let reveal = session.command(Command::Reveal { order: order.clone() });
        stage.push_one(&session, reveal).await;
        assert_eq!(
            receipts_that_hold(&stage, &session, &order).await,
            [1, receipts],
            "the pinned key alone knows only its own receipts"
        );
    }
    // A certificate that the pinned authority did not issue brings no key along.
    let stranger = Stage::start().await;
    let foreign = stranger.sign_in(HANDLER).await.grant.credentials;
    let own = Certificate::from_base64(&session.grant.credentials.authority_certificate).unwrap();
    let pinned = Signers::pinned(&PublicKey::from_hex(&session.grant.gateway_key).unwrap());
    let path = format!("/v1/orders/{order}/proof");
    let call = stage.call(Method::GET, &path).bearer_auth(&session.grant.token);
    let proof: OrderProof = serde_json::from_str(&send(call).await.1).unwrap();
    let forged = pinned.and_certified(&[foreign.gateway_certificate], &own);
    let first = &proof.entries[0];
    let exhibit = Exhibit {
        envelope: &first.envelope,
        receipt: &first.receipt,
        device_key: &first.device_key,
        inclusion: None,
    };
    let examined = examine(&order, &forged, None, &[exhibit], &mut Vec::new());
    assert_eq!(examined[0].receipted, Status::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_does_not_go_with_its_key_stops_the_start() {
    let mut stage = Stage::start().await;
    stopped(&mut stage).await;
    let start = async |keys: GivenKeys| {
        let mut config = stage.config();
        config.given_keys = Some(keys);
        match Gateway::start(config).await {
            Err(StartError::Keys(AuthorityError::Mismatch(which))) => which,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it started"),
        }
    };
    let ((mut strange, _), (other, root)) = (city(), city());
    strange.authority.as_mut().unwrap().certificate = Some(root.clone());
    assert_eq!(start(strange).await, "authority");
    let mut strange = other;
    strange.gateway_certificate = Some(root);
    assert_eq!(start(strange).await, "gateway");
}
