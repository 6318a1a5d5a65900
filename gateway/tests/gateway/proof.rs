//! Proof over HTTP: the log of receipts, its heads, and an exported case that is broken in every place once.

use crate::stage::{
    ADMINISTRATOR, BUREAU_REVIEWER, HANDLER, OTHER_HANDLER, Stage, UNIT_REVIEWER, assert_without_citizen,
    code, contact_form, reply_form, send,
};
use reqwest::Method;
use serde_json::{Value, json};
use shenhai_crypto::{Certificate, PublicKey, sm3};
use shenhai_proof::{
    CaseReport, Fault, Finding, Head, Part, Signers, Status, check_case, check_growth, open_head, read_case,
};
use shenhai_protocol::{CaseBundle, Command, LogConsistency, OrderId, OrderProof, SignedHead, Verdict};

async fn get(stage: &Stage, token: &str, path: &str) -> (u16, String) {
    send(stage.call(Method::GET, path).bearer_auth(token)).await
}

/// An order brought from 签收 to 办结, with one refused command between; and the bureau's export of it.
struct Played {
    stage: Stage,
    order: OrderId,
    desk: String,
    signers: Signers,
    authority: Certificate,
}

impl Played {
    async fn new() -> Self {
        let stage = Stage::start().await;
        let order = stage.take_in("SH1", "310101").await;
        let other = stage.take_in("SH2", "310101").await;
        let mut session = stage.sign_in(HANDLER).await;
        let (form, reply) = (contact_form(), reply_form());
        for body in [
            Command::Accept { order: order.clone() },
            Command::Accept { order: other.clone() },
            Command::Contact {
                order: order.clone(),
                form,
            },
            Command::Accept { order: order.clone() },
            Command::Reply {
                order: order.clone(),
                form: reply,
            },
        ] {
            let command = session.command(body);
            stage.push_one(&session, command).await;
        }
        let desk = stage.sign_in(BUREAU_REVIEWER).await.grant;
        Self {
            stage,
            order,
            signers: Signers::pinned(&PublicKey::from_hex(&desk.gateway_key).unwrap()),
            authority: Certificate::from_base64(&desk.credentials.authority_certificate).unwrap(),
            desk: desk.token,
        }
    }

    async fn export(&self, order: &OrderId) -> String {
        let (status, text) = get(&self.stage, &self.desk, &format!("/v1/orders/{order}/bundle")).await;
        assert_eq!(status, 200, "{text}");
        text
    }

    async fn bundle(&self) -> CaseBundle {
        read_case(self.export(&self.order).await.as_bytes()).unwrap()
    }

    fn check(&self, bundle: &CaseBundle) -> CaseReport {
        check_case(bundle, &self.authority)
    }
}

fn found(report: &CaseReport, part: Part, fault: Fault) {
    let expected = Finding { part, fault };
    assert!(
        report.findings.contains(&expected),
        "{expected:?} is not among {:?}",
        report.findings
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exported_case_proves_itself_with_the_authoritys_certificate_alone() {
    let played = Played::new().await;
    let text = played.export(&played.order).await;
    assert_without_citizen(&text);
    let report = played.check(&read_case(text.as_bytes()).unwrap());
    assert_eq!(report.findings, []);
    assert_eq!(report.entries.len(), 4);
    for entry in &report.entries {
        let checks = [entry.signature, entry.receipted, entry.logged, entry.certified];
        assert_eq!(checks, [Status::Valid; 4]);
    }
    assert_eq!(
        report.entries[2].receipt.as_ref().unwrap().verdict,
        Verdict::Refused
    );
    assert_eq!(
        report.head.unwrap().head.size,
        5,
        "the other order's receipt is in the log too"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_broken_field_of_a_case_is_named() {
    let played = Played::new().await;
    let whole = serde_json::to_value(played.bundle().await).unwrap();
    let entry = 3;
    let at = |field: &str| format!("/entries/2/{field}");
    let cases = [
        (
            "/authority_certificate".to_owned(),
            Part::Authority,
            Fault::NotTrusted,
        ),
        ("/record/payload".to_owned(), Part::Record, Fault::BadSignature),
        ("/record/sig".to_owned(), Part::Record, Fault::BadSignature),
        ("/head/payload".to_owned(), Part::Head, Fault::BadSignature),
        ("/head/sig".to_owned(), Part::Head, Fault::BadSignature),
        (at("envelope/payload"), Part::Payload { entry }, Fault::Changed),
        (at("envelope/sig"), Part::Signature { entry }, Fault::Changed),
        (at("device_key"), Part::DeviceKey { entry }, Fault::Changed),
        (at("receipt/payload"), Part::Receipt { entry }, Fault::Changed),
        (
            at("receipt/commit/sig"),
            Part::ReceiptSignature { entry },
            Fault::Changed,
        ),
        (
            at("device_certificate"),
            Part::DeviceCertificate { entry },
            Fault::Changed,
        ),
        (at("inclusion/path/0"), Part::Inclusion { entry }, Fault::Changed),
        (at("inclusion/path/2"), Part::Inclusion { entry }, Fault::Changed),
    ];
    for (field, part, fault) in cases {
        let text = whole.pointer(&field).unwrap().as_str().unwrap().to_owned();
        // The first, the middle and the last byte: a digit or a letter becomes another.
        for place in [0, text.len() / 2, text.len() - 1] {
            let mut broken = whole.clone();
            *broken.pointer_mut(&field).unwrap() = json!(changed(&text, place));
            let report = played.check(&serde_json::from_value(broken).unwrap());
            found(&report, part.clone(), fault);
            assert_eq!(
                report.findings.len(),
                1,
                "{field} at {place}: {:?}",
                report.findings
            );
        }
    }
    for (field, fault) in [("index", Fault::Changed), ("size", Fault::OtherHead)] {
        let mut broken = whole.clone();
        let pointer = at(&format!("inclusion/{field}"));
        *broken.pointer_mut(&pointer).unwrap() = json!(1_000_000);
        let report = played.check(&serde_json::from_value(broken).unwrap());
        found(&report, Part::Inclusion { entry }, fault);
    }
    for (field, other) in [("format", json!("other-case")), ("v", json!(3))] {
        let mut broken = whole.clone();
        broken[field] = other;
        let part = Part::Bundle;
        let fault = Fault::UnsupportedVersion;
        assert_eq!(
            read_case(broken.to_string().as_bytes()),
            Err(Finding { part, fault })
        );
    }
}

/// `text` with the ASCII character at or after `place` replaced by another of its kind.
fn changed(text: &str, place: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = (place..bytes.len()).find(|at| bytes[*at].is_ascii()).unwrap();
    bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
    String::from_utf8(bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn swapped_replayed_moved_and_left_out_entries_are_named() {
    let played = Played::new().await;
    let whole = played.bundle().await;

    let mut swapped = whole.clone();
    let (first, second) = (whole.entries[0].receipt.clone(), whole.entries[1].receipt.clone());
    (swapped.entries[0].receipt, swapped.entries[1].receipt) = (second, first);
    let report = played.check(&swapped);
    found(&report, Part::Receipt { entry: 1 }, Fault::OtherCommand);
    found(&report, Part::Receipt { entry: 2 }, Fault::OtherCommand);

    let mut replayed = whole.clone();
    replayed.entries[1] = whole.entries[0].clone();
    let report = played.check(&replayed);
    found(&report, Part::Entry { entry: 2 }, Fault::Repeated);
    found(&report, Part::Chain { entry: 2 }, Fault::Inconsistent);

    let mut moved = whole.clone();
    moved.entries.swap(0, 1);
    let report = played.check(&moved);
    found(&report, Part::Entry { entry: 1 }, Fault::OutOfOrder);
    found(&report, Part::Entry { entry: 2 }, Fault::OutOfOrder);

    let mut cut = whole.clone();
    cut.entries.remove(1);
    found(&played.check(&cut), Part::Entry { entry: 2 }, Fault::Missing);
    cut.entries.clear();
    found(&played.check(&cut), Part::Entry { entry: 4 }, Fault::Missing);

    let text = serde_json::to_string(&whole).unwrap();
    for end in [0, 1, text.len() / 2, text.len() - 1] {
        assert_eq!(
            read_case(&text.as_bytes()[..end]).unwrap_err().fault,
            Fault::Malformed
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_another_order_does_not_pass() {
    let played = Played::new().await;
    let mut bundle = played.bundle().await;
    let other = played.export(&"12345-SH2".into()).await;
    bundle.entries[1] = read_case(other.as_bytes()).unwrap().entries.remove(0);
    let report = played.check(&bundle);
    found(&report, Part::Payload { entry: 2 }, Fault::OtherOrder);
    found(&report, Part::Entry { entry: 2 }, Fault::Unexpected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_of_an_older_size_does_not_carry_the_newer_entries() {
    let played = Played::new().await;
    let older = played.bundle().await.head;
    let mut session = played.stage.sign_in(HANDLER).await;
    let reveal = session.command(Command::Reveal {
        order: played.order.clone(),
    });
    played.stage.push_one(&session, reveal).await;
    let mut newer = played.bundle().await;
    newer.head = older;
    let report = played.check(&newer);
    for entry in 1..=newer.entries.len() {
        found(&report, Part::Inclusion { entry }, Fault::OtherHead);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_of_another_gateway_is_not_trusted() {
    let (played, stranger) = (Played::new().await, Played::new().await);
    let report = check_case(&played.bundle().await, &stranger.authority);
    found(&report, Part::Authority, Fault::NotTrusted);
    let gateway = Part::GatewayCertificate { certificate: 1 };
    found(&report, gateway, Fault::NotTrusted);
    assert!(
        report.record.is_none(),
        "nothing is believed of a gateway that nobody vouches for"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_receipted_before_a_revocation_stays_good() {
    let played = Played::new().await;
    played.stage.advance(60_000);
    let device = played.bundle().await.entries[0]
        .envelope
        .open()
        .unwrap()
        .device_id;
    let admin = played.stage.sign_in(ADMINISTRATOR).await.grant.token;
    let revoke = played
        .stage
        .call(Method::POST, &format!("/v1/devices/{device}/revoke"));
    assert_eq!(send(revoke.bearer_auth(admin)).await.0, 204);
    let report = played.check(&played.bundle().await);
    assert_eq!(report.findings, []);
    let record = report.record.unwrap();
    assert!(record.devices[0].revoked_at.is_some());
}

async fn head(played: &Played) -> Head {
    let (status, text) = get(&played.stage, &played.desk, "/v1/log/head").await;
    assert_eq!(status, 200, "{text}");
    open_head(
        &serde_json::from_str::<SignedHead>(&text).unwrap(),
        &played.signers,
    )
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_only_grows_and_says_so_across_a_restart() {
    let mut played = Played::new().await;
    let older = head(&played).await;
    played.stage.restart().await;
    let mut session = played
        .stage
        .sign_in_on(OTHER_HANDLER, crate::stage::Device::new())
        .await;
    played.desk = played.stage.sign_in(BUREAU_REVIEWER).await.grant.token;
    for _ in 0..3 {
        let refused = session.command(Command::Accept {
            order: played.order.clone(),
        });
        played.stage.push_one(&session, refused).await;
    }
    let newer = head(&played).await;
    assert_eq!((older.head.size, newer.head.size), (5, 8));
    assert_eq!(older.head.epoch, newer.head.epoch);
    let path = "/v1/log/consistency?from=5&to=8";
    let (_, text) = get(&played.stage, &played.desk, path).await;
    let proof: LogConsistency = serde_json::from_str(&text).unwrap();
    assert_eq!(check_growth(&older, &newer, &proof.path), Ok(()));
    assert_eq!(
        check_growth(&newer, &older, &proof.path),
        Err(Fault::LogForked),
        "it shrank"
    );
    let mut broken = proof.path.clone();
    broken[0] = broken[1].clone();
    assert_eq!(check_growth(&older, &newer, &broken), Err(Fault::LogForked));
    for wrong in ["from=6&to=5", "from=0&to=9", "from=9&to=9"] {
        let (status, text) = get(
            &played.stage,
            &played.desk,
            &format!("/v1/log/consistency?{wrong}"),
        )
        .await;
        assert_eq!((status, &*code(&text)), (404, "not_found"), "{wrong}");
    }
    // A head of an earlier size is signed anew over the root of then.
    let fetch = async |path: &str| -> SignedHead {
        serde_json::from_str(&get(&played.stage, &played.desk, path).await.1).unwrap()
    };
    let now = fetch("/v1/log/head").await;
    let size = now.open().unwrap().size;
    let then = fetch(&format!("/v1/log/head?size={size}")).await;
    assert_eq!(then.open().unwrap().root, now.open().unwrap().root);
    let empty = fetch("/v1/log/head?size=0").await;
    assert_eq!(empty.open().unwrap().root.as_str(), sm3(b"").to_hex());
    for (query, expected) in [
        (format!("size={}", size + 1), (404, "not_found")),
        ("size=-1".to_owned(), (400, "malformed")),
    ] {
        let path = format!("/v1/log/head?{query}");
        let (status, text) = get(&played.stage, &played.desk, &path).await;
        assert_eq!((status, &*code(&text)), expected);
    }
    let (status, text) = get(&played.stage, &played.desk, "/v1/log/consistency?from=x&to=1").await;
    assert_eq!((status, &*code(&text)), (400, "malformed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_brings_the_head_and_a_quiet_log_is_signed_once() {
    let played = Played::new().await;
    let session = played.stage.sign_in(BUREAU_REVIEWER).await;
    let first = played.stage.pull(&session, "bureau", 0).await.log.unwrap();
    let second = played.stage.pull(&session, "bureau", 0).await.log.unwrap();
    assert_eq!(first, second);
    assert_eq!(open_head(&first, &played.signers).unwrap().head.size, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proof_of_an_order_places_every_receipt_in_the_log() {
    let played = Played::new().await;
    let (_, text) = get(
        &played.stage,
        &played.desk,
        &format!("/v1/orders/{}/proof", played.order),
    )
    .await;
    let proof: OrderProof = serde_json::from_str(&text).unwrap();
    let places: Vec<u64> = proof
        .entries
        .iter()
        .map(|entry| entry.inclusion.as_ref().unwrap().index)
        .collect();
    assert_eq!(places, [0, 2, 3, 4], "the second receipt is another order's");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_reviewers_of_the_order_may_export_it() {
    let played = Played::new().await;
    let stage = &played.stage;
    let bundle = format!("/v1/orders/{}/bundle", played.order);
    let paths = [&*bundle, "/v1/log/head", "/v1/log/consistency?from=1&to=2"];
    for (user, expected) in [
        (HANDLER, [403, 200, 200]),
        (OTHER_HANDLER, [403, 200, 200]),
        (UNIT_REVIEWER, [200, 200, 200]),
        ("r310104", [404, 200, 200]),
        (BUREAU_REVIEWER, [200, 200, 200]),
        (ADMINISTRATOR, [403, 200, 200]),
    ] {
        let token = stage.sign_in(user).await.grant.token;
        for (path, expected) in paths.iter().zip(expected) {
            let (status, text) = get(stage, &token, path).await;
            assert_eq!(status, expected, "{user} calls {path}: {text}");
        }
    }
    for path in paths {
        assert_eq!(get(stage, "none", path).await.0, 401, "{path}");
    }
    let (status, _) = get(stage, &played.desk, "/v1/orders/12345-NONE/bundle").await;
    assert_eq!(status, 404);
}

#[test]
fn oversized_deep_and_foreign_files_are_refused_before_anything_is_verified() {
    let refused = |bytes: &[u8]| read_case(bytes).unwrap_err().fault;
    assert_eq!(refused(&vec![b' '; 16 * 1024 * 1024 + 1]), Fault::TooLarge);
    assert_eq!(refused("[".repeat(1_000_000).as_bytes()), Fault::Malformed);
    assert_eq!(refused(b"\xff\xfe{}"), Fault::Malformed);
    let extra: Value = json!({"format": "shenhai-case", "v": 1, "more": true});
    assert_eq!(refused(extra.to_string().as_bytes()), Fault::Malformed);
}
