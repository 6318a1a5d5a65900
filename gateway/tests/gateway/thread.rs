//! The whole way of one order: from the platform to the handler and back.

use crate::stage::{
    BUREAU_REVIEWER, CITIZEN, HANDLER, NOW, PHONE, Session, Stage, UNIT_REVIEWER, contact_form, order,
    reply_form, send,
};
use reqwest::Method;
use serde_json::json;
use shenhai_crypto::verify_hex;
use shenhai_protocol::{
    Change, ChangeKind, Command, ErrorCode, OrderId, OrderProof, OrderState, PullReply, TimelineKind,
    UnixMillis, Verdict, WakeReply, WorkOrder,
};

fn orders(pull: &PullReply) -> Vec<&WorkOrder> {
    let upserts = pull.changes.iter().filter_map(|change| match &change.kind {
        ChangeKind::Upsert { order } => Some(&**order),
        _ => None,
    });
    upserts.collect()
}

async fn work_through(stage: &Stage, session: &mut Session, id: &OrderId) {
    let accept = session.command(Command::Accept { order: id.clone() });
    let contact = session.command(Command::Contact {
        order: id.clone(),
        form: contact_form(),
    });
    let reply = session.command(Command::Reply {
        order: id.clone(),
        form: reply_form(),
    });
    for command in [accept, contact, reply] {
        let receipt = stage.push_one(session, command).await;
        assert_eq!((receipt.verdict, receipt.code), (Verdict::Accepted, None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_travels_to_the_handler_and_its_reply_back() {
    let stage = Stage::start().await;
    let id = stage.take_in("SH1", "310101").await;
    assert_eq!(id.as_str(), "12345-SH1");
    let mut session = stage.sign_in(HANDLER).await;
    let scope = session.scope();
    assert_eq!(scope.as_str(), "person:h310101");

    let first = stage.pull(&session, scope.as_str(), 0).await;
    let taken = orders(&first)[0].clone();
    assert_eq!((first.cursor, first.head, first.more), (1, 1, false));
    assert_eq!((taken.state, taken.rev), (OrderState::Assigned, 1));
    assert_eq!((&*taken.caller.name, &*taken.caller.phone), (CITIZEN, PHONE));
    // 2026-11-23 09:12:33 in Shanghai is 01:12:33Z.
    assert_eq!(taken.received_at, UnixMillis(1_795_396_353_000));
    assert_eq!(taken.district_name, "黄浦区");
    assert_eq!(taken.handler_name, "经办310101");

    work_through(&stage, &mut session, &id).await;
    stage.city.feedback_calls(2).await;
    let told = stage.city.feedback();
    assert_eq!(
        (&told[0]["action"], &told[1]["action"]),
        (&json!("签收"), &json!("办结"))
    );
    assert_eq!(told[1]["orderNo"], "SH1");
    assert_eq!(told[1]["operatorName"], "经办310101");
    assert_eq!(told[1]["time"], "2026-11-23 10:00:00");
    assert_eq!(told[1]["content"]["handling"], "已疏通管道");
    assert_eq!(told[1]["content"]["fact"], "true");

    // Received and three commands, two deliveries told of: six changes, the last of which wakes whoever waits.
    let woken = wait_for_head(&stage, &session, 6).await;
    assert_eq!(woken, 6);
    let last = stage.pull(&session, scope.as_str(), first.cursor).await;
    assert_eq!(
        (last.changes.len(), last.changes[0].n, last.device_seq),
        (1, 6, 3)
    );
    let done = orders(&last)[0];
    assert_eq!((done.state, done.rev), (OrderState::Replied, 6));
    let reply = done.reply.as_ref().unwrap();
    assert_eq!(reply.form, reply_form());
    assert_eq!(
        (reply.client_time, reply.server_time),
        (UnixMillis(NOW), UnixMillis(NOW))
    );
    let lines: Vec<TimelineKind> = done.timeline.iter().map(|line| line.kind).collect();
    assert_eq!(
        lines
            .iter()
            .filter(|kind| **kind == TimelineKind::FeedbackDelivered)
            .count(),
        2
    );
    assert_eq!(lines[..2], [TimelineKind::Received, TimelineKind::Assigned]);
}

async fn wait_for_head(stage: &Stage, session: &Session, head: u64) -> u64 {
    let mut cursor = 0;
    while cursor < head {
        let request = json!({"cursors": {session.scope().0: cursor}, "wait_ms": 20_000});
        let call = stage
            .call(Method::POST, "/v1/wake")
            .bearer_auth(&session.grant.token)
            .json(&request);
        let (status, text) = send(call).await;
        assert_eq!(status, 200, "{text}");
        let reply: WakeReply = serde_json::from_str(&text).unwrap();
        cursor = *reply
            .heads
            .get(session.scope().as_str())
            .expect("news, not the end of the wait");
    }
    cursor
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_verifies_every_signature_of_an_order_itself() {
    let stage = Stage::start().await;
    let id = stage.take_in("SH1", "310101").await;
    let mut session = stage.sign_in(HANDLER).await;
    work_through(&stage, &mut session, &id).await;
    // A refused command on the order belongs to its history too.
    let again = session.command(Command::Accept { order: id.clone() });
    assert_eq!(
        stage.push_one(&session, again).await.code,
        Some(ErrorCode::WrongState)
    );

    let desk = stage.sign_in(UNIT_REVIEWER).await;
    let call = stage
        .call(Method::GET, &format!("/v1/orders/{id}/proof"))
        .bearer_auth(&desk.grant.token);
    let (status, text) = send(call).await;
    assert_eq!(status, 200, "{text}");
    let proof: OrderProof = serde_json::from_str(&text).unwrap();
    assert_eq!(proof.gateway_key, desk.grant.gateway_key);
    let mut kinds = Vec::new();
    for entry in &proof.entries {
        let signed = verify_hex(
            &entry.device_key,
            entry.envelope.payload.as_bytes(),
            &entry.envelope.sig,
        );
        assert!(signed.is_valid(), "{signed:?}");
        let commit = &entry.receipt.commit;
        let signed = format!("shenhai-commit-v1\n{}", commit.payload);
        let receipted = verify_hex(&proof.gateway_key, signed.as_bytes(), &commit.sig);
        assert!(receipted.is_valid(), "{receipted:?}");
        // Alone in its commit: the root is the receipt's own hash.
        let leaf = shenhai_crypto::sm3(&[&[0], entry.receipt.payload.as_bytes()].concat());
        assert_eq!(commit.open().unwrap().root.as_str(), leaf.to_hex());
        let receipt = entry.receipt.open().unwrap();
        let hash = shenhai_crypto::sm3(entry.envelope.payload.as_bytes()).to_hex();
        assert_eq!(receipt.hash.as_str(), hash);
        assert_eq!(
            (&*entry.actor_name, &*entry.device_name),
            ("经办310101", "测试设备")
        );
        kinds.push((receipt.device_seq, receipt.verdict));
    }
    assert_eq!(
        kinds,
        [
            (1, Verdict::Accepted),
            (2, Verdict::Accepted),
            (3, Verdict::Accepted),
            (4, Verdict::Refused)
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_orders_chains_sessions_receipts_and_the_epoch() {
    let mut stage = Stage::start().await;
    let id = stage.take_in("SH1", "310101").await;
    let mut session = stage.sign_in(HANDLER).await;
    let accept = session.command(Command::Accept { order: id.clone() });
    let (_, before) = stage.push(&session, vec![accept.clone()]).await;
    stage.city.feedback_calls(1).await;
    wait_for_head(&stage, &session, 3).await;
    let state = stage.state();

    stage.restart().await;
    assert_eq!(stage.state(), state);
    let (_, after) = stage.push(&session, vec![accept]).await;
    let receipts = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["receipts"].clone();
    assert_eq!(receipts(&after), receipts(&before));
    // The same log goes on: cursor and epoch of before are good, and the chain continues at 2.
    let pull = stage.pull(&session, "person:h310101", 3).await;
    assert_eq!((pull.epoch, pull.head), (session.grant.epoch.clone(), 3));
    let contact = session.command(Command::Contact {
        order: id,
        form: contact_form(),
    });
    let receipt = stage.push_one(&session, contact).await;
    assert_eq!((receipt.device_seq, receipt.changes["person:h310101"]), (2, 4));
    let key = session.grant.gateway_key.clone();
    assert_eq!(
        stage.sign_in_on(HANDLER, session.device).await.grant.gateway_key,
        key
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_sign_in_tells_the_device_where_its_chain_ends() {
    let stage = Stage::start().await;
    let id = stage.take_in("SH1", "310101").await;
    let mut session = stage.sign_in(HANDLER).await;
    assert_eq!(session.grant.device_seq, 0);
    let accept = session.command(Command::Accept { order: id });
    stage.push_one(&session, accept).await;
    let again = stage.sign_in_on(HANDLER, session.device).await;
    assert_eq!(again.grant.device_seq, 1);
    assert_eq!(again.grant.device_head, again.device.head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_from_zero_gives_each_order_once_in_pages_and_a_cursor_never_skips() {
    let stage = Stage::start().await;
    for number in 0..7 {
        stage.take_in(&format!("SH{number}"), "310101").await;
    }
    let mut session = stage.sign_in(HANDLER).await;
    let reveal = session.command(Command::Reveal {
        order: "12345-SH2".into(),
    });
    let receipt = stage.push_one(&session, reveal).await;
    assert_eq!(receipt.changes["person:h310101"], 8);

    let mut cursor = 0;
    let mut seen: Vec<(u64, String)> = Vec::new();
    loop {
        let path = format!(
            "/v1/pull?scope=bureau&cursor={cursor}&epoch={}&limit=3",
            session.grant.epoch
        );
        let desk = stage.sign_in(BUREAU_REVIEWER).await;
        let (status, text) = send(stage.call(Method::GET, &path).bearer_auth(&desk.grant.token)).await;
        assert_eq!(status, 200, "{text}");
        let page: PullReply = serde_json::from_str(&text).unwrap();
        seen.extend(page.changes.iter().map(|Change { n, kind }| match kind {
            ChangeKind::Upsert { order } => (*n, order.source_no.clone()),
            ChangeKind::Remove { order_id } => (*n, order_id.0.clone()),
            other => panic!("{other:?}"),
        }));
        cursor = page.cursor;
        if !page.more {
            break;
        }
    }
    let numbers: Vec<u64> = seen.iter().map(|(n, _)| *n).collect();
    // Number 3 was SH2's first change; SH2 comes once, at its last.
    assert_eq!(numbers, [1, 2, 4, 5, 6, 7, 8]);
    assert_eq!(seen.iter().filter(|(_, order)| order == "SH2").count(), 1);
    stage.assert_gapless_logs();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_epoch_or_beyond_the_head_is_gone() {
    let stage = Stage::start().await;
    stage.take_in("SH1", "310101").await;
    let session = stage.sign_in(HANDLER).await;
    let epoch = &session.grant.epoch;
    for query in [
        "cursor=1&epoch=another".to_owned(),
        "cursor=1".to_owned(),
        format!("cursor=2&epoch={epoch}"),
    ] {
        let path = format!("/v1/pull?scope=person:h310101&{query}");
        let (status, text) = send(stage.call(Method::GET, &path).bearer_auth(&session.grant.token)).await;
        assert_eq!(
            (status, &*crate::stage::code(&text)),
            (410, "cursor_gone"),
            "{query}"
        );
    }
    assert_eq!(stage.pull(&session, "person:h310101", 1).await.changes, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_a_unit_go_to_the_handler_with_the_fewest_open_ones() {
    let stage = Stage::start_with(|config| {
        let second = "[[users]]\nid = \"h310101b\"\nname = \"乙\"\nrole = \"handler\"\nunit = \"d310101\"\n";
        let text = crate::stage::directory_text() + second;
        config.directory = shenhai_gateway::Directory::parse(&text).unwrap();
    })
    .await;
    let handler_of = |id: &OrderId| -> String {
        let sql = "SELECT handler FROM orders WHERE id = ?1";
        stage
            .database()
            .query_row(sql, [id.as_str()], |row| row.get(0))
            .unwrap()
    };
    let first = stage.take_in("SH1", "310101").await;
    let second = stage.take_in("SH2", "310101").await;
    let third = stage.take_in("SH3", "310101").await;
    assert_eq!(handler_of(&first), "h310101");
    assert_eq!(handler_of(&second), "h310101b");
    assert_eq!(handler_of(&third), "h310101");
    // Two orders done, the first handler has none open any more.
    let mut session = stage.sign_in("h310101").await;
    for id in [first, third] {
        let form = shenhai_protocol::ReturnForm {
            reason: "不属于本单位管辖".to_owned(),
            suggested_unit: None,
        };
        let give_back = session.command(Command::Return { order: id, form });
        assert_eq!(
            stage.push_one(&session, give_back).await.verdict,
            Verdict::Accepted
        );
    }
    let fourth = stage.take_in("SH4", "310101").await;
    assert_eq!(handler_of(&fourth), "h310101");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_channel_that_is_connected_takes_orders() {
    let stage = Stage::start().await;
    let (status, body) = stage.push_order("110", &order("P1", "310115")).await;
    assert_eq!(
        (status, &body["orderId"], &body["duplicate"]),
        (200, &json!("110-P1"), &json!(false))
    );
}
