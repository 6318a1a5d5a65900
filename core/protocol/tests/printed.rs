//! What is printed of a sign-in opens nothing.

use serde_json::Value;
use shenhai_protocol::{SessionGrant, SessionRequest};

fn golden(name: &str) -> Value {
    let text = include_str!("../../../tests/vectors/protocol.json");
    let mut file: Value = serde_json::from_str(text).expect("the vectors are JSON");
    file["types"][name].take()
}

/// `{:?}` and `{:#?}`.
fn printed(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}\n{value:#?}")
}

#[test]
fn a_request_for_a_session_prints_neither_code_nor_proof() {
    let mut request: SessionRequest = serde_json::from_value(golden("session_request")).expect("golden");
    request.code = "one-time-login-code".to_owned();
    request.enrolment_code = Some("K7QM-3XW9".to_owned());
    let text = printed(&request);
    for secret in ["one-time-login-code", "K7QM", "3XW9", &request.proof] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(text.contains(request.device.id.as_str()), "{text}");
    assert!(text.contains("with_enrolment_code: true"), "{text}");
}

#[test]
fn a_granted_session_does_not_print_its_token() {
    let mut grant: SessionGrant = serde_json::from_value(golden("session_grant")).expect("golden");
    grant.token = "5e55105e".repeat(8);
    let text = printed(&grant);
    assert!(!text.contains("5e55105e"), "{text}");
    assert!(!text.contains(&grant.grant.sig), "{text}");
    assert!(text.contains(grant.user.id.as_str()), "{text}");
}
