//! Orders that leave: given to another handler, or done long ago. Every scope is told, and nobody else's work is lost.

use crate::stage::{
    ADMINISTRATOR, BUREAU_REVIEWER, CITIZEN, HANDLER, NOW, OTHER_HANDLER, Session, Stage, UNIT_REVIEWER,
    assert_without_citizen, code, contact_form, order, reply_form, send,
};
use reqwest::Method;
use serde_json::{Value, json};
use shenhai_protocol::{
    ChangeKind, Command, ErrorCode, OrderId, OrderState, PeopleList, PullReply, Receipt, SignedEnvelope,
    TimelineKind, UnixMillis, Verdict, WakeReply, WorkOrder,
};
use std::time::Duration;

const DAY: i64 = 24 * 3600 * 1000;

/// A command as its author's page signs it: in the author's own scope.
fn signed(session: &mut Session, body: Command) -> SignedEnvelope {
    let mut envelope = session.envelope(body);
    envelope.scope = session.scope();
    session.device.append(&envelope)
}

fn reassign(order: &OrderId, to: &str) -> Command {
    Command::Reassign {
        order: order.clone(),
        to: to.into(),
        reason: "该地块由另一单位负责".to_owned(),
    }
}

async fn give(stage: &Stage, reviewer: &mut Session, order: &OrderId, to: &str) -> Receipt {
    let command = signed(reviewer, reassign(order, to));
    stage.push_one(reviewer, command).await
}

/// What a scope's log says of an order after `cursor`: `Some(None)` where it left.
fn said_of(pull: &PullReply, id: &OrderId) -> Option<Option<WorkOrder>> {
    pull.changes.iter().find_map(|change| match &change.kind {
        ChangeKind::Upsert { order } if order.id == *id => Some(Some((**order).clone())),
        ChangeKind::Remove { order_id } if order_id == id => Some(None),
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_given_to_another_unit_leaves_every_scope_that_showed_it() {
    let stage = Stage::start().await;
    let id = stage.take_in("SH1", "310101").await;
    let former = stage.sign_in(HANDLER).await;
    let former_unit = stage.sign_in(UNIT_REVIEWER).await;
    let next = stage.sign_in(OTHER_HANDLER).await;
    let next_unit = stage.sign_in("r310104").await;
    let mut bureau = stage.sign_in(BUREAU_REVIEWER).await;
    let before = stage.pull(&former, "person:h310101", 0).await;
    assert!(
        matches!(said_of(&before, &id), Some(Some(_))),
        "the former holder had it"
    );

    let receipt = give(&stage, &mut bureau, &id, OTHER_HANDLER).await;
    assert_eq!((receipt.verdict, receipt.rev), (Verdict::Accepted, Some(2)));

    for (session, scope) in [(&former, "person:h310101"), (&former_unit, "unit:d310101")] {
        let pull = stage.pull(session, scope, before.cursor).await;
        assert_eq!(said_of(&pull, &id), Some(None), "{scope} is told that it left");
        assert_eq!(pull.changes.len(), 1, "and nothing else");
        let text = serde_json::to_string(&pull).unwrap();
        assert_without_citizen(&text);
    }
    let pull = stage.pull(&next, "person:h310104", 0).await;
    let order = said_of(&pull, &id).flatten().expect("the new holder has it");
    assert_eq!(order.caller.name, CITIZEN, "in full");
    assert_eq!(
        (&*order.handler_name, &*order.unit_name, order.state),
        ("经办310104", "310104水务局", OrderState::Assigned)
    );
    let last: Vec<(TimelineKind, &str)> = order
        .timeline
        .iter()
        .rev()
        .take(2)
        .map(|l| (l.kind, &*l.by))
        .collect();
    assert_eq!(
        last,
        [
            (TimelineKind::Assigned, "310104水务局 经办310104"),
            (TimelineKind::Reassigned, "热线办")
        ]
    );
    let pull = stage.pull(&next_unit, "unit:d310104", 0).await;
    let order = said_of(&pull, &id).flatten().expect("the new unit has it");
    assert!(order.caller.masked, "masked");
    let pull = stage.pull(&bureau, "bureau", before.cursor).await;
    assert!(
        matches!(said_of(&pull, &id), Some(Some(_))),
        "the bureau keeps it"
    );
    stage.assert_gapless_logs();
    assert_eq!(
        stage.count("SELECT count(*) FROM audit WHERE event = 'order_reassigned' AND actor = 'bureau1'"),
        1
    );
    // Its history is no longer the former holder's to read.
    let path = format!("/v1/orders/{id}/proof");
    let (status, _) = send(stage.call(Method::GET, &path).bearer_auth(&former.grant.token)).await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_former_holder_did_too_late_is_told_apart_and_stays_in_the_history() {
    let stage = Stage::start().await;
    let id = stage.take_in("SH1", "310101").await;
    let mut former = stage.sign_in(HANDLER).await;
    let mut stranger = stage.sign_in("h310105").await;
    let mut bureau = stage.sign_in(BUREAU_REVIEWER).await;
    give(&stage, &mut bureau, &id, OTHER_HANDLER).await;

    let late = signed(&mut former, Command::Accept { order: id.clone() });
    let receipt = stage.push_one(&former, late).await;
    assert_eq!(
        (receipt.verdict, receipt.code),
        (Verdict::Refused, Some(ErrorCode::Reassigned))
    );
    let guess = signed(&mut stranger, Command::Accept { order: id.clone() });
    let receipt = stage.push_one(&stranger, guess).await;
    assert_eq!(
        receipt.code,
        Some(ErrorCode::OrderNotInScope),
        "a stranger learns nothing"
    );
    let history = format!("SELECT count(*) FROM commands WHERE order_id = '{id}' AND actor = 'h310101'");
    assert_eq!(stage.count(&history), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_comes_back_is_there_again_for_whoever_was_away() {
    let stage = Stage::start().await;
    let id = stage.take_in("SH1", "310101").await;
    let holder = stage.sign_in(HANDLER).await;
    let mut bureau = stage.sign_in(BUREAU_REVIEWER).await;
    give(&stage, &mut bureau, &id, OTHER_HANDLER).await;
    let gone = stage.pull(&holder, "person:h310101", 0).await;
    assert_eq!(said_of(&gone, &id), Some(None));
    give(&stage, &mut bureau, &id, HANDLER).await;
    for cursor in [0, 1, gone.cursor] {
        let pull = stage.pull(&holder, "person:h310101", cursor).await;
        assert_eq!(pull.changes.len(), 1, "once, as it now is");
        let order = said_of(&pull, &id).flatten().expect("it is back");
        assert_eq!(order.rev, 3);
    }
    stage.assert_gapless_logs();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_reviewers_give_orders_away_and_only_to_whom_they_may() {
    let stage = Stage::start().await;
    let id = stage.take_in("SH1", "310101").await;
    let refused = [
        (HANDLER, OTHER_HANDLER, ErrorCode::Forbidden),
        (UNIT_REVIEWER, OTHER_HANDLER, ErrorCode::Forbidden),
        (BUREAU_REVIEWER, UNIT_REVIEWER, ErrorCode::FormInvalid),
        (BUREAU_REVIEWER, "nobody", ErrorCode::FormInvalid),
        (BUREAU_REVIEWER, HANDLER, ErrorCode::FormInvalid),
    ];
    for (who, to, expected) in refused {
        let mut session = stage.sign_in(who).await;
        let receipt = give(&stage, &mut session, &id, to).await;
        assert_eq!(receipt.code, Some(expected), "{who} gives it to {to}");
    }
    let mut bureau = stage.sign_in(BUREAU_REVIEWER).await;
    let long = Command::Reassign {
        order: id.clone(),
        to: OTHER_HANDLER.into(),
        reason: "长".repeat(501),
    };
    let long = signed(&mut bureau, long);
    let receipt = stage.push_one(&bureau, long).await;
    assert_eq!(receipt.code, Some(ErrorCode::FormInvalid));
    // A reviewer's other commands have no effect either.
    let accept = signed(&mut bureau, Command::Accept { order: id.clone() });
    let receipt = stage.push_one(&bureau, accept).await;
    assert_eq!(receipt.code, Some(ErrorCode::Forbidden));
    let untouched =
        format!("SELECT count(*) FROM orders WHERE id = '{id}' AND rev = 1 AND handler = 'h310101'");
    assert_eq!(stage.count(&untouched), 1);
}

/// The pull that says that the order left. Every wait for it has to end with news.
async fn until_it_left(stage: &Stage, holder: &Session, id: &OrderId) -> PullReply {
    let mut cursor = 0;
    loop {
        let pull = stage.pull(holder, "person:h310101", cursor).await;
        if said_of(&pull, id) == Some(None) {
            return pull;
        }
        cursor = pull.cursor;
        let wake = json!({"cursors": {"person:h310101": cursor}, "wait_ms": 20_000});
        let call = stage
            .call(Method::POST, "/v1/wake")
            .bearer_auth(&holder.grant.token);
        let (status, text) = send(call.json(&wake)).await;
        let woken: WakeReply = serde_json::from_str(&text).unwrap();
        assert_eq!((status, woken.heads.len()), (200, 1), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_done_thirty_days_ago_leaves_its_handler_and_does_not_come_back() {
    let stage = Stage::start_with(|config| config.tuning.leaving_look = Duration::from_millis(10)).await;
    let id = stage.take_in("SH1", "310101").await;
    let mut holder = stage.sign_in(HANDLER).await;
    for body in [
        Command::Accept { order: id.clone() },
        Command::Contact {
            order: id.clone(),
            form: contact_form(),
        },
        Command::Reply {
            order: id.clone(),
            form: reply_form(),
        },
    ] {
        let command = signed(&mut holder, body);
        assert_eq!(stage.push_one(&holder, command).await.verdict, Verdict::Accepted);
    }
    let held_until = "SELECT until FROM held WHERE scope = 'person:h310101'";
    assert_eq!(
        stage.count(held_until),
        NOW + 30 * DAY,
        "thirty days after it was done"
    );

    stage.advance(30 * DAY);
    let holder = stage.sign_in(HANDLER).await;
    let pull = until_it_left(&stage, &holder, &id).await;

    // Urged again: its unit sees that, its former handler's phone stays empty.
    let mut again = order("SH1", "310101");
    again["urgeCount"] = json!(1);
    let (status, _) = stage.push_order("12345", &again).await;
    assert_eq!(status, 200);
    let pull = stage.pull(&holder, "person:h310101", pull.cursor).await;
    assert_eq!(pull.changes.len(), 0);
    let unit = stage.sign_in(UNIT_REVIEWER).await;
    let pull = stage.pull(&unit, "unit:d310101", 0).await;
    let seen = said_of(&pull, &id).flatten().expect("the unit keeps it");
    assert_eq!(seen.urge_count, 1);
    stage.assert_gapless_logs();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_sees_whom_they_may_give_orders_to() {
    let stage = Stage::start().await;
    stage.take_in("SH1", "310101").await;
    let ask = async |user: &str| {
        let session = stage.sign_in(user).await;
        let call = stage
            .call(Method::GET, "/v1/people")
            .bearer_auth(&session.grant.token);
        send(call).await
    };
    let (status, text) = ask(BUREAU_REVIEWER).await;
    assert_eq!(status, 200, "{text}");
    let all: PeopleList = serde_json::from_str(&text).unwrap();
    assert_eq!(
        all.units.len(),
        16,
        "every unit with a handler, and not the bureau's own"
    );
    let (_, text) = ask(UNIT_REVIEWER).await;
    let own: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        own,
        json!({"units": [{"id": "d310101", "name": "310101水务局",
            "handlers": [{"id": "h310101", "name": "经办310101", "open": 1}]}]})
    );
    for user in [HANDLER, ADMINISTRATOR] {
        let (status, text) = ask(user).await;
        assert_eq!((status, &*code(&text)), (403, "forbidden"), "{user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_reviewers_at_once_leave_one_holder() {
    let stage = Stage::start().await;
    let id = stage.take_in("SH1", "310101").await;
    let mut bureau = stage.sign_in(BUREAU_REVIEWER).await;
    let mut other = stage.sign_in(BUREAU_REVIEWER).await;
    let (first, second) = (
        signed(&mut bureau, reassign(&id, OTHER_HANDLER)),
        signed(&mut other, reassign(&id, "h310105")),
    );
    let (a, b) = tokio::join!(stage.push_one(&bureau, first), stage.push_one(&other, second));
    assert_eq!((a.verdict, b.verdict), (Verdict::Accepted, Verdict::Accepted));
    let holders = "SELECT count(*) FROM held WHERE scope LIKE 'person:%'";
    assert_eq!(stage.count(holders), 1);
    let agrees = "SELECT count(*) FROM held h JOIN orders o ON o.id = h.order_id
        WHERE h.scope = 'person:' || o.handler AND h.rev = o.rev";
    assert_eq!(stage.count(agrees), 1);
    stage.assert_gapless_logs();
    assert_eq!(a.given.at, UnixMillis(NOW));
}
