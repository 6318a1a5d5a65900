//! The same thing twice, at once and later: one effect, one answer.

use crate::stage::{HANDLER, OTHER_HANDLER, Session, Stage, order};
use serde_json::{Value, json};
use shenhai_protocol::{ChangeKind, Command, TimelineKind, WorkOrder};

fn receipts(text: &str) -> String {
    let body: Value = serde_json::from_str(text).unwrap();
    body["receipts"].to_string()
}

async fn held(stage: &Stage, session: &Session) -> Vec<WorkOrder> {
    let pull = stage.pull(session, session.scope().as_str(), 0).await;
    let orders = pull.changes.into_iter().map(|change| match change.kind {
        ChangeKind::Upsert { order } => *order,
        other => panic!("{other:?}"),
    });
    orders.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_order_twice_is_one_order() {
    let stage = Stage::start().await;
    let (_, first) = stage.push_order("12345", &order("SH1", "310101")).await;
    let state = stage.state();
    let (status, second) = stage.push_order("12345", &order("SH1", "310101")).await;
    assert_eq!(
        (&first["duplicate"], &second["duplicate"]),
        (&json!(false), &json!(true))
    );
    assert_eq!((status, &first["orderId"]), (200, &second["orderId"]));
    assert_eq!(stage.state(), state);
    // The same number of another platform is another order.
    let (_, other) = stage.push_order("110", &order("SH1", "310101")).await;
    assert_eq!(other["duplicate"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_deliveries_of_one_order_at_once_are_one_order() {
    let stage = Stage::start().await;
    let one = order("SH1", "310101");
    let pushes = (0..32).map(|_| stage.push_order("12345", &one));
    let answers = futures_util::future::join_all(pushes).await;
    assert!(answers.iter().all(|(status, _)| *status == 200));
    assert_eq!(
        answers
            .iter()
            .filter(|(_, body)| body["duplicate"] == false)
            .count(),
        1
    );
    assert_eq!(stage.count("SELECT count(*) FROM orders"), 1);
    assert_eq!(stage.count("SELECT head FROM scopes WHERE scope = 'bureau'"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_number_with_another_content_is_a_conflict_and_changes_nothing() {
    let stage = Stage::start().await;
    stage.take_in("SH1", "310101").await;
    let state = stage.state();
    let mut other = order("SH1", "310101");
    other["content"] = json!("另一件事");
    let (status, body) = stage.push_order("12345", &other).await;
    assert_eq!(
        (status, &body["code"], &body["message"]),
        (409, &json!(409), &json!("id_reused"))
    );
    assert_eq!(stage.state(), state);
}

#[tokio::test(flavor = "multi_thread")]
async fn urging_and_supervision_arrive_as_the_same_order_again() {
    let stage = Stage::start().await;
    stage.take_in("SH1", "310101").await;
    let session = stage.sign_in(HANDLER).await;
    let before = held(&stage, &session).await[0].clone();

    let mut urged = order("SH1", "310101");
    urged["urgeCount"] = json!(2);
    let (status, body) = stage.push_order("12345", &urged).await;
    assert_eq!((status, &body["duplicate"]), (200, &json!(true)));
    let after = held(&stage, &session).await[0].clone();
    assert_eq!((after.urge_count, after.rev), (2, 2));
    assert_eq!(after.timeline.last().unwrap().kind, TimelineKind::Urged);
    assert_eq!(after.deadlines, before.deadlines);

    // A late copy of the first delivery takes nothing back, the second copy of the urging urges once.
    let state = stage.state();
    stage.push_order("12345", &order("SH1", "310101")).await;
    stage.push_order("12345", &urged).await;
    assert_eq!(stage.state(), state);

    let mut supervised = urged.clone();
    supervised["supervised"] = json!(true);
    stage.push_order("12345", &supervised).await;
    let last = held(&stage, &session).await[0].clone();
    assert!(last.supervised);
    assert_eq!(last.rev, 3);
    // 督办 is due in three working days where the complaint had five.
    assert!(last.deadlines.finish_by < before.deadlines.finish_by);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_push_twice_has_one_effect_and_an_identical_receipt() {
    let stage = Stage::start().await;
    let id = stage.take_in("SH1", "310101").await;
    let mut session = stage.sign_in(HANDLER).await;
    let accept = session.command(Command::Accept { order: id });
    let (_, first) = stage.push(&session, vec![accept.clone()]).await;
    stage.advance(5_000);
    let (status, second) = stage.push(&session, vec![accept]).await;
    assert_eq!(status, 200);
    assert_eq!(receipts(&first), receipts(&second), "byte for byte");
    assert_eq!(stage.count("SELECT count(*) FROM commands"), 1);
    assert_eq!(stage.count("SELECT count(*) FROM feedback"), 1);
    assert_eq!(stage.count("SELECT last_seq FROM devices"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_through_another_session_gets_the_first_receipt_and_has_no_effect() {
    let stage = Stage::start().await;
    let id = stage.take_in("SH1", "310101").await;
    let mut session = stage.sign_in(HANDLER).await;
    let reveal = session.command(Command::Reveal { order: id });
    let (_, first) = stage.push(&session, vec![reveal.clone()]).await;
    let other = stage.sign_in(OTHER_HANDLER).await;
    let state = stage.state();
    let (_, second) = stage.push(&other, vec![reveal]).await;
    assert_eq!(receipts(&first), receipts(&second));
    assert_eq!(stage.state(), state);
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_identical_pushes_at_once_have_one_effect() {
    let stage = Stage::start().await;
    let id = stage.take_in("SH1", "310101").await;
    let mut session = stage.sign_in(HANDLER).await;
    let accept = session.command(Command::Accept { order: id });
    let pushes = (0..32).map(|_| stage.push(&session, vec![accept.clone()]));
    let answers = futures_util::future::join_all(pushes).await;
    let first = receipts(&answers[0].1);
    for (status, text) in &answers {
        assert_eq!((*status, receipts(text)), (200, first.clone()));
    }
    assert_eq!(stage.count("SELECT count(*) FROM commands"), 1);
    assert_eq!(stage.count("SELECT count(*) FROM feedback"), 1);
    stage.city.feedback_calls(1).await;
    assert_eq!(stage.city.feedback().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_of_many_devices_at_once_leave_gapless_numbers() {
    let stage = Stage::start().await;
    let mut commands = Vec::new();
    for number in 0..16 {
        let order = stage.take_in(&format!("SH{number}"), "310101").await;
        let mut session = stage.sign_in(HANDLER).await;
        let accept = session.command(Command::Accept { order });
        commands.push((session, accept));
    }
    let before = stage.running().writer_stats();
    let pushes = commands
        .iter()
        .map(|(session, command)| stage.push_one(session, command.clone()));
    let mut numbers: Vec<u64> = futures_util::future::join_all(pushes)
        .await
        .iter()
        .map(|receipt| receipt.changes["person:h310101"])
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 16);
    let after = stage.running().writer_stats();
    assert!(after.jobs >= before.jobs + 16);
    assert!(after.commits - before.commits <= after.jobs - before.jobs);
    stage.assert_gapless_logs();
}
