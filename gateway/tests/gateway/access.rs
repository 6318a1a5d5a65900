//! Who may do what, and what of a citizen each of them sees.

use crate::stage::{
    ADMINISTRATOR, BUREAU_REVIEWER, CITIZEN, HANDLER, OTHER_HANDLER, PHONE, Session, Stage, UNIT_REVIEWER,
    assert_without_citizen, code, order, send,
};
use reqwest::Method;
use serde_json::{Value, json};
use shenhai_protocol::{ChangeKind, Command, WorkOrder};

const NOBODY: &str = "";

/// Every call of the protocol that needs a session, as each role is answered.
#[tokio::test(flavor = "multi_thread")]
async fn each_role_reaches_its_own_calls_and_no_others() {
    let stage = Stage::start().await;
    let order = stage.take_in("SH1", "310101").await;
    let device = stage.sign_in(OTHER_HANDLER).await.device.id;
    let proof = format!("/v1/orders/{order}/proof");
    let revoke = format!("/v1/devices/{device}/revoke");
    let wake = |scope: &str| json!({"cursors": {scope: 0}, "wait_ms": 0});
    let calls: [(&str, Method, &str, Value); 8] = [
        ("push", Method::POST, "/v1/push", json!({"commands": []})),
        (
            "handler scope",
            Method::GET,
            "/v1/pull?scope=person:h310101",
            Value::Null,
        ),
        (
            "unit scope",
            Method::GET,
            "/v1/pull?scope=unit:d310101",
            Value::Null,
        ),
        ("bureau scope", Method::GET, "/v1/pull?scope=bureau", Value::Null),
        ("wake handler", Method::POST, "/v1/wake", wake("person:h310101")),
        ("wake bureau", Method::POST, "/v1/wake", wake("bureau")),
        ("proof", Method::GET, &proof, Value::Null),
        ("revoke", Method::POST, &revoke, Value::Null),
    ];
    let expected: [(&str, [u16; 8]); 6] = [
        (NOBODY, [401; 8]),
        (HANDLER, [200, 200, 403, 403, 200, 403, 200, 403]),
        (OTHER_HANDLER, [200, 403, 403, 403, 403, 403, 404, 403]),
        (UNIT_REVIEWER, [200, 403, 200, 403, 403, 403, 200, 403]),
        (BUREAU_REVIEWER, [200, 403, 403, 200, 403, 200, 200, 403]),
        (ADMINISTRATOR, [403, 403, 403, 403, 403, 403, 404, 204]),
    ];
    for (user, answers) in expected {
        let token = match user {
            NOBODY => "none".to_owned(),
            user => stage.sign_in(user).await.grant.token,
        };
        for ((name, method, path, body), expected) in calls.iter().zip(answers) {
            let mut call = stage.call(method.clone(), path).bearer_auth(&token);
            if !body.is_null() {
                call = call.json(body);
            }
            let (status, text) = send(call).await;
            assert_eq!(status, expected, "{user} calls {name}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_lets_in_its_own_roles_only() {
    let stage = Stage::start().await;
    let may = [
        (HANDLER, "hotline", 200),
        (HANDLER, "desk", 403),
        (UNIT_REVIEWER, "hotline", 403),
        (UNIT_REVIEWER, "desk", 200),
        (BUREAU_REVIEWER, "hotline", 403),
        (BUREAU_REVIEWER, "desk", 200),
        (ADMINISTRATOR, "hotline", 403),
        (ADMINISTRATOR, "desk", 200),
    ];
    for (user, app, expected) in may {
        let request = crate::stage::Device::new().session_request(app, &stage.city.code_for(user));
        let (status, text) = send(stage.call(Method::POST, "/v1/sessions").json(&request)).await;
        assert_eq!(status, expected, "{user} on {app}: {text}");
    }
    assert_eq!(stage.count("SELECT count(*) FROM sessions"), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_a_device_nobody_enrolled_is_not_found() {
    let stage = Stage::start().await;
    let admin = stage.sign_in(ADMINISTRATOR).await;
    let call = stage.call(
        Method::POST,
        "/v1/devices/ffffffffffffffffffffffffffffffff/revoke",
    );
    let (status, text) = send(call.bearer_auth(&admin.grant.token)).await;
    assert_eq!((status, &*code(&text)), (404, "not_found"));
}

async fn seen_by(stage: &Stage, session: &Session) -> (WorkOrder, String) {
    let scope = session.scope();
    let path = format!("/v1/pull?scope={scope}&cursor=0");
    let (_, text) = send(stage.call(Method::GET, &path).bearer_auth(&session.grant.token)).await;
    let pull: shenhai_protocol::PullReply = serde_json::from_str(&text).unwrap();
    match pull.changes.into_iter().next_back().unwrap().kind {
        ChangeKind::Upsert { order } => (*order, text),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_assigned_handler_sees_the_caller_in_full() {
    let stage = Stage::start().await;
    stage.take_in("SH1", "310101").await;
    let (own, _) = seen_by(&stage, &stage.sign_in(HANDLER).await).await;
    assert_eq!(
        (&*own.caller.name, &*own.caller.phone, own.caller.masked),
        (CITIZEN, PHONE, false)
    );
    for user in [UNIT_REVIEWER, BUREAU_REVIEWER] {
        let (order, text) = seen_by(&stage, &stage.sign_in(user).await).await;
        assert_eq!(
            (&*order.caller.name, &*order.caller.phone),
            ("欧＊＊", "138****1234")
        );
        assert!(order.caller.masked);
        assert_without_citizen(&text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_anonymous_or_confidential_caller_the_desk_sees_nothing() {
    let stage = Stage::start().await;
    let desk = stage.sign_in(BUREAU_REVIEWER).await;
    for (number, wish) in [("SH1", "anonymous"), ("SH2", "confidential")] {
        let mut order = order(number, "310101");
        order["caller"][wish] = json!(true);
        stage.push_order("12345", &order).await;
        let (seen, text) = seen_by(&stage, &desk).await;
        assert_eq!(seen.source_no, number);
        assert_eq!((&*seen.caller.name, &*seen.caller.phone), ("***", "***"));
        assert!(!text.contains("1234\""), "not even the last digits");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reveal_of_a_caller_is_on_record() {
    let stage = Stage::start().await;
    let id = stage.take_in("SH1", "310101").await;
    let mut session = stage.sign_in(HANDLER).await;
    let reveal = session.command(Command::Reveal { order: id });
    stage.push_one(&session, reveal).await;
    let audited = "SELECT count(*) FROM audit WHERE event = 'caller_revealed' AND actor = 'h310101' AND subject = '12345-SH1'";
    assert_eq!(stage.count(audited), 1);
    assert_eq!(
        stage.count("SELECT count(*) FROM feedback"),
        0,
        "the platform is not told"
    );
    let (order, _) = seen_by(&stage, &session).await;
    assert_eq!(
        order.timeline.last().unwrap().kind,
        shenhai_protocol::TimelineKind::Revealed
    );
    assert_eq!(order.timeline.last().unwrap().by, "经办310101");
}
