//! What the wire types do besides being written and read: instants, channels, scopes, signed texts, codes.
//!
//! Their JSON is in `vectors.rs`.

use serde_json::{Value, json};
use shenhai_protocol::*;

/// 2026-11-23 09:12:33 in Shanghai.
const T: i64 = 1_795_396_353_000;

#[test]
fn an_instant_saturates_instead_of_overflowing() {
    assert_eq!(UnixMillis(i64::MAX).plus(1), UnixMillis(i64::MAX));
    assert_eq!(UnixMillis(i64::MIN).plus(-1), UnixMillis(i64::MIN));
    assert_eq!(UnixMillis(i64::MIN).since(UnixMillis(i64::MAX)), i64::MIN);
    assert_eq!(UnixMillis(T).since(UnixMillis(T - 5)), 5);
}

#[test]
fn a_channel_is_named_by_the_number_citizens_dial() {
    for (number, channel) in [
        ("12345", Channel::H12345),
        ("12319", Channel::H12319),
        ("110", Channel::H110),
    ] {
        assert_eq!(Channel::from_number(number), Some(channel));
        assert_eq!(channel.number(), number);
    }
    assert_eq!(Channel::from_number("12314"), None);
}

#[test]
fn only_a_handlers_own_scope_shows_callers() {
    assert!(ScopeId::person(&"u".into()).shows_callers());
    assert!(!ScopeId::unit(&"u".into()).shows_callers());
    assert!(!ScopeId::bureau().shows_callers());
}

#[test]
fn the_texts_that_are_signed_say_first_what_they_are() {
    assert_eq!(SignedGrant::signed_text("{}"), "shenhai-grant-v1\n{}");
    assert_eq!(SignedRevocations::signed_text("{}"), "shenhai-revoked-v1\n{}");
    assert_eq!(
        RotateRequest::signed_text(&"old".into(), &"new".into()),
        "shenhai-rotate-v1\nold\nnew"
    );
}

#[test]
fn an_enrolment_code_is_read_as_people_write_it() {
    for written in ["7K3M-9QXT", "7k3m9qxt", " 7K3M 9QXT "] {
        assert_eq!(read_enrolment_code(written).as_deref(), Some("7K3M9QXT"));
    }
    assert_eq!(read_enrolment_code("OIL0-1110").as_deref(), Some("01101110"));
    assert_eq!(show_enrolment_code("7K3M9QXT"), "7K3M-9QXT");
    for no_code in [
        "",
        "7K3M-9QX",
        "7K3M-9QXTT",
        "7K3M-9QXU",
        "7K3M_9QXT",
        "７K3M9QXT",
    ] {
        assert_eq!(read_enrolment_code(no_code), None, "{no_code}");
    }
}

#[test]
fn a_scanned_qr_code_gives_the_code_and_the_fingerprint_to_compare() {
    let read = Invitation::read_qr_text("shenhai-enrol:2:7K3M9QXT:66c7f0f462eeedd966c7f0f462eeedd9");
    let expected = (
        "7K3M9QXT".to_owned(),
        "66c7f0f462eeedd966c7f0f462eeedd9".to_owned(),
    );
    assert_eq!(read, Some(expected));
    for other in [
        "https://sh.example/",
        "shenhai-enrol:1:7K3M9QXT:66c7f0f462eeedd9",
        "shenhai-enrol:1:7K3M9QXT:66c7f0f462eeedd966c7f0f462eeedd9",
        "shenhai-enrol:2:7K3M9QXT:66c7f0f462eeedd9",
        "shenhai-enrol:2:7K3M9QXT",
        "shenhai-enrol:2:7K3M9QX:66c7f0f462eeedd966c7f0f462eeedd9",
        "shenhai-enrol:2:7K3M9QXT:66C7F0F462EEEDD966C7F0F462EEEDD9",
        "shenhai-enrol:2:7K3M9QXT:66c7f0f462eeedd966c7f0f462eeedd9aa",
    ] {
        assert_eq!(Invitation::read_qr_text(other), None, "{other}");
    }
}

#[test]
fn an_invitation_does_not_print_its_code() {
    let invitation = Invitation {
        code: "7K3M-9QXT".to_owned(),
        user_id: "u".into(),
        user_name: "样例经办人".to_owned(),
        expires_at: UnixMillis(T),
        authority_fingerprint: String::new(),
        qr_text: "shenhai-enrol:1:7K3M9QXT:66c7f0f462eeedd9".to_owned(),
    };
    let printed = format!("{invitation:?}");
    assert!(!printed.contains("7K3M"), "{printed}");
}

#[test]
fn a_new_command_has_a_uuid_7_and_a_revision_that_can_be() {
    let new = |field: &'static str, value: Value| {
        let golden = include_str!("../../../tests/vectors/protocol.json");
        let golden: Value = serde_json::from_str(golden).expect("JSON");
        let mut envelope = golden["types"]["envelope"].clone();
        envelope[field] = value;
        let signed = SignedEnvelope {
            payload: envelope.to_string(),
            sig: String::new(),
            beside: Beside::default(),
        };
        // Readable, as one in a case from earlier may be.
        signed.open().expect("an envelope").check_new()
    };
    // RFC 9562 §4.2: the version stands in the 13th digit, the variant in the 17th.
    for other in [
        "919108f7-52d1-4320-9bac-f847db4148a8",
        "017f22e2-79b0-8cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ] {
        let refused = new("cmd_id", json!(other));
        assert_eq!(refused, Err(EnvelopeError::BadId("cmd_id")), "{other}");
    }
    // RFC 9562 appendix A.6.
    assert!(new("cmd_id", json!("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")).is_ok());
    for rev in [1_000_001, u64::MAX] {
        let refused = new("base_rev", json!(rev));
        assert_eq!(refused, Err(EnvelopeError::OutOfRange("base_rev")), "{rev}");
    }
}
