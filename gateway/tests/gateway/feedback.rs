//! Telling the platforms: until they have it, in order, once in effect.

use crate::city::Fault;
use crate::stage::{HANDLER, NOW, Session, Stage, assert_without_citizen, log, send};
use reqwest::Method;
use serde_json::json;
use shenhai_gateway::Clock;
use shenhai_protocol::{Command, ReturnForm, UnixMillis};
use std::time::Instant;

/// The clock starts at [`NOW`] and runs, so that the pauses of 20, 40, 80 ms pass by themselves.
async fn with_a_running_clock() -> Stage {
    let began = Instant::now();
    Stage::start_with(|config| {
        config.clock = Clock::from_fn(move || {
            let elapsed = i64::try_from(began.elapsed().as_millis()).unwrap();
            UnixMillis(NOW + elapsed)
        });
    })
    .await
}

async fn wait_for_head(stage: &Stage, session: &Session, head: u64) {
    let cursors = json!({"cursors": {session.scope().0: head - 1}, "wait_ms": 20_000});
    let call = stage
        .call(Method::POST, "/v1/wake")
        .bearer_auth(&session.grant.token)
        .json(&cursors);
    let (_, text) = send(call).await;
    assert!(text.contains(&format!(":{head}")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn feedback_is_sent_again_until_the_platform_has_it() {
    let stage = with_a_running_clock().await;
    let id = stage.take_in("SH1", "310101").await;
    let mut session = stage.sign_in(HANDLER).await;
    let faults = [Fault::Error500, Fault::Html, Fault::Oversized];
    for fault in faults {
        stage.city.break_next("feedback", fault);
    }
    let accept = session.command(Command::Accept { order: id });
    let receipt = stage.push_one(&session, accept).await;
    stage.city.feedback_calls(faults.len() + 1).await;
    wait_for_head(&stage, &session, 3).await;
    let told = stage.city.feedback();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["feedbackId"], receipt.cmd_id.as_str());
    assert_eq!(stage.count("SELECT attempts FROM feedback"), 4);
    assert_without_citizen(&log());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_delivered_is_delivered_after_a_restart() {
    let mut stage = Stage::start().await;
    let id = stage.take_in("SH1", "310101").await;
    let mut session = stage.sign_in(HANDLER).await;
    stage.city.break_next("feedback", Fault::Error500);
    let accept = session.command(Command::Accept { order: id });
    stage.push_one(&session, accept).await;
    stage.city.feedback_calls(1).await;
    stage.restart().await;
    stage.advance(60_000);
    stage.city.feedback_calls(2).await;
    wait_for_head(&stage, &session, 3).await;
    assert_eq!(stage.city.feedback().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_hears_of_one_order_in_the_order_of_the_commands() {
    let stage = with_a_running_clock().await;
    let id = stage.take_in("SH1", "310101").await;
    let mut session = stage.sign_in(HANDLER).await;
    stage.city.break_next("feedback", Fault::Error500);
    let accept = session.command(Command::Accept { order: id.clone() });
    let form = ReturnForm {
        reason: "不属于本单位管辖".to_owned(),
        suggested_unit: Some("d310104".into()),
    };
    let give_back = session.command(Command::Return { order: id, form });
    let (status, _) = stage.push(&session, vec![accept, give_back]).await;
    assert_eq!(status, 200);
    stage.city.feedback_calls(1).await;
    assert_eq!(
        stage.city.feedback().len(),
        0,
        "the return waits for the acceptance before it"
    );
    stage.advance(60_000);
    stage.city.feedback_calls(3).await;
    let actions: Vec<_> = stage
        .city
        .feedback()
        .iter()
        .map(|told| told["action"].clone())
        .collect();
    assert_eq!(actions, ["签收", "退单"]);
    assert_eq!(stage.city.feedback()[1]["content"]["reason"], "不属于本单位管辖");
}
