//! Every enumerated value has the name, and every error code the status and class, of `tests/vectors/protocol.json`.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use shenhai_protocol::*;
use std::fmt::Debug;

fn golden() -> Map<String, Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/protocol.json");
    let text = std::fs::read_to_string(path).expect("the golden file");
    let file: Map<String, Value> = serde_json::from_str(&text).expect("JSON");
    file["enums"].as_object().expect("an object").clone()
}

#[test]
fn every_name_of_every_enumeration_is_the_golden_one() {
    fn names<T: Serialize + DeserializeOwned + PartialEq + Debug>(all: &[T]) -> Value {
        let written = serde_json::to_value(all).expect("serialises");
        assert_eq!(
            serde_json::from_value::<Vec<T>>(written.clone()).expect("reads"),
            all
        );
        written
    }
    let written = json!({
        "Channel": names(Channel::ALL),
        "Matter": names(Matter::ALL),
        "DataClass": names(DataClass::ALL),
        "Urgency": names(Urgency::ALL),
        "OrderState": names(OrderState::ALL),
        "TimelineKind": names(TimelineKind::ALL),
        "CommandKind": names(CommandKind::ALL),
        "Verdict": names(Verdict::ALL),
        "Role": names(Role::ALL),
        "FormKind": names(FormKind::ALL),
        "UnreachedReason": names(UnreachedReason::ALL),
        "FactFinding": names(FactFinding::ALL),
        "AppealFinding": names(AppealFinding::ALL),
        "SiteVisit": names(SiteVisit::ALL),
        "Satisfaction": names(Satisfaction::ALL),
        "ReplyMode": names(ReplyMode::ALL),
        "IssueCode": names(IssueCode::ALL),
        "Action": names(Action::ALL),
        "Sight": names(Sight::ALL),
        "Depth": names(Depth::ALL),
        "EnrolledHow": names(EnrolledHow::ALL),
        "ProviderKindView": names(ProviderKindView::ALL),
        "RevocationReason": names(RevocationReason::ALL),
    });
    let mut expected = golden();
    expected.remove("ErrorCode");
    assert_eq!(written, Value::Object(expected));
}

#[test]
fn every_error_code_has_the_golden_status_and_class() {
    let mut written = Map::new();
    for code in ErrorCode::ALL {
        let Value::String(name) = serde_json::to_value(code).expect("serialises") else {
            panic!("{code:?} is not written as a name")
        };
        let class = match code.class() {
            ErrorClass::Transient => "transient",
            ErrorClass::SignIn => "sign_in",
            ErrorClass::Permanent => "permanent",
        };
        assert_eq!(code.retryable(), class == "transient");
        written.insert(name, json!([code.http_status(), class]));
    }
    assert_eq!(Value::Object(written), golden()["ErrorCode"]);
}
