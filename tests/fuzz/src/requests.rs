//! What a page or a device asks: the bodies the gateway reads and the calls through the rpc waist.
//!
//! Not what the gateway does with them. Called by the smoke tests and the libFuzzer wrappers.

use crate::round_trip::{reads_back, taken};
use shenhai_client::rpc::Request;
use shenhai_protocol::{
    Beside, Envelope, EnvelopeError, PROTOCOL_VERSION, PushRequest, SessionRequest, SignedEnvelope,
    WakeRequest, limits,
};

/// A signed command, and its payload on its own.
pub fn envelope(data: &[u8]) {
    if let Some(signed) = taken::<SignedEnvelope>(data) {
        opens_within_its_rules(&signed);
    }
    if let Ok(payload) = std::str::from_utf8(data) {
        opens_within_its_rules(&SignedEnvelope {
            payload: payload.to_owned(),
            sig: String::new(),
            beside: Beside::default(),
        });
    }
}

/// A batch of signed commands.
pub fn push_request(data: &[u8]) {
    for signed in taken::<PushRequest>(data)
        .into_iter()
        .flat_map(|request| request.commands)
    {
        opens_within_its_rules(&signed);
    }
}

/// A sign-in.
pub fn session_request(data: &[u8]) {
    if let Some(request) = taken::<SessionRequest>(data) {
        let text = SessionRequest::proof_text(&request.app, &request.code, &request.device.id);
        assert!(text.ends_with(request.device.id.as_str()));
    }
}

/// A wait for news.
pub fn wake_request(data: &[u8]) {
    taken::<WakeRequest>(data);
}

/// A call of the user interface. Requests cannot be compared, so their JSON is.
pub fn rpc_request(data: &[u8]) {
    let Ok(request) = serde_json::from_slice::<Request>(data) else {
        return;
    };
    let value = serde_json::to_value(&request).expect("a request can be written");
    assert_eq!(value["method"], request.method());
    let again: Request = serde_json::from_value(value.clone()).expect("what we write, we read");
    assert_eq!(
        serde_json::to_value(&again).expect("a request can be written"),
        value
    );
}

fn opens_within_its_rules(signed: &SignedEnvelope) {
    match signed.open() {
        Ok(envelope) => {
            assert!(signed.payload.len() <= limits::ENVELOPE_BYTES);
            assert_eq!(envelope.v, PROTOCOL_VERSION);
            assert!(is_hex(envelope.device_id.as_str(), 32));
            assert!(is_hex(envelope.prev_hash.as_str(), 64));
            assert!(is_hex(&envelope.cmd_id.as_str().replace('-', ""), 32));
            reads_back::<Envelope>(&envelope, signed.payload.len());
        }
        Err(EnvelopeError::TooLarge) => assert!(
            signed.payload.len() > limits::ENVELOPE_BYTES || signed.beside.bytes() > limits::BESIDE_BYTES
        ),
        // Where, never what: the message goes into logs.
        Err(EnvelopeError::Malformed(message)) => assert!(
            message.len() < 80 && message.contains(" at line ") && message.is_ascii(),
            "{message}"
        ),
        Err(EnvelopeError::Version(version)) => assert_ne!(version, PROTOCOL_VERSION),
        Err(EnvelopeError::BadId(_) | EnvelopeError::OutOfRange(_)) => {}
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
