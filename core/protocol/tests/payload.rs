//! Which payloads are envelopes, and what is said of those that are not.

use serde_json::{Map, Value, json};
use shenhai_protocol::*;

const CMD: &str = "019344aa-7c00-7000-8000-000000000001";
const ORDER: &str = "12345-SH20261123000017";
const LAW: &str = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";

/// The golden envelope's JSON.
fn golden() -> Map<String, Value> {
    let text = include_str!("../../../tests/vectors/protocol.json");
    let file: Value = serde_json::from_str(text).expect("JSON");
    file["types"]["envelope"].as_object().expect("an object").clone()
}

fn opened(change: impl FnOnce(&mut Map<String, Value>)) -> Result<Envelope, EnvelopeError> {
    let mut object = golden();
    change(&mut object);
    SignedEnvelope {
        payload: Value::Object(object).to_string(),
        sig: String::new(),
        beside: Beside::default(),
    }
    .open()
}

#[test]
fn a_payload_opens_to_the_envelope_it_is() {
    let envelope: Envelope = serde_json::from_value(Value::Object(golden())).expect("an envelope");
    assert_eq!(opened(|_| {}), Ok(envelope));
}

#[test]
fn a_payload_that_is_no_envelope_says_why() {
    let set = |field: &'static str, value: Value| {
        opened(move |object| {
            object.insert(field.to_owned(), value);
        })
    };
    assert_eq!(set("v", json!(1)), Err(EnvelopeError::Version(1)));
    assert_eq!(set("cmd_id", json!("1")), Err(EnvelopeError::BadId("cmd_id")));
    assert_eq!(
        set("cmd_id", json!(CMD.to_uppercase())),
        Err(EnvelopeError::BadId("cmd_id"))
    );
    assert_eq!(
        set("device_id", json!("x".repeat(32))),
        Err(EnvelopeError::BadId("device_id"))
    );
    assert_eq!(
        set("prev_hash", json!("0".repeat(63))),
        Err(EnvelopeError::BadId("digest"))
    );
    assert!(matches!(
        set("device_seq", json!(-1)),
        Err(EnvelopeError::Malformed(_))
    ));
    assert!(matches!(set("extra", json!(1)), Err(EnvelopeError::Malformed(_))));
    for (field, value) in [
        ("work", json!("1")),
        ("act", json!("Accept")),
        ("act", json!("")),
        ("role", json!("unit-reviewer")),
        ("role", json!("x".repeat(65))),
        ("record", json!({"kind": "hotline", "id": ORDER})),
        ("law", json!({"id": "hotline", "version": "1", "sm3": "ab"})),
        ("form", json!({"id": "2nd", "sm3": LAW})),
    ] {
        assert!(
            matches!(set(field, value.clone()), Err(EnvelopeError::BadId(_))),
            "{field}: {value}"
        );
    }
    let long = json!("x".repeat(limits::ENVELOPE_BYTES));
    assert_eq!(set("actor", long), Err(EnvelopeError::TooLarge));
}

#[test]
fn a_malformed_payload_does_not_leak_into_the_message() {
    let payload = r#"{"v":1,"cmd_id":{"phone":"13812341234"}}"#.to_owned();
    let error = SignedEnvelope {
        payload,
        sig: String::new(),
        beside: Beside::default(),
    }
    .open()
    .expect_err("no envelope");
    let EnvelopeError::Malformed(message) = error else {
        panic!("{error:?}")
    };
    assert!(
        !message.contains("13812341234") && !message.contains("phone"),
        "{message}"
    );
}
