//! 改派 from the desk.

mod support;

use serde_json::{Value, json};
use shenhai_client::Core;
use shenhai_protocol::{ErrorCode, OrderState};
use std::sync::Arc;
use support::World;
use support::gateway::{Fault, order};

const ID: &str = "12345-SH000001";

fn at_the_desk() -> (Arc<World>, tempfile::TempDir, Core) {
    let world = World::new();
    world.gateway(|gateway| {
        gateway.put_order(order("wang", 1));
        gateway.put_order(order("wang", 2));
    });
    let directory = tempfile::tempdir().expect("a directory");
    let core = world.open(directory.path());
    world.sign_in(&core, "reviewer");
    (world, directory, core)
}

fn give(to: &str) -> Value {
    json!({ "id": ID, "to": to, "reason": "王师傅休假" })
}

#[test]
fn a_reviewer_gives_an_order_to_another_handler_who_begins_anew() {
    let (world, directory, core) = at_the_desk();
    let people = world.ok(&core, "people.list", json!({}));
    assert_eq!(
        people["units"][0]["handlers"],
        json!([
            { "id": "li", "name": "li的姓名", "open": 0 },
            { "id": "wang", "name": "wang的姓名", "open": 2 }
        ])
    );
    let given = world.ok(&core, "orders.reassign", give("li"));
    assert_eq!(given["outbox"][0]["kind"], "reassign");
    assert_eq!(given["outbox"][0]["text"], "王师傅休假");
    world.pass(1_000);
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(
        (&detail["summary"]["handler_name"], &detail["summary"]["state"]),
        (&json!("li的姓名"), &json!("assigned"))
    );
    assert_eq!(detail["outbox"], json!([]));
    world.gateway(|gateway| {
        let command: Value = serde_json::from_str(&gateway.pushed[0]).expect("JSON");
        assert_eq!(command["scope"], "unit:hp", "where the reviewer saw it");
        assert_eq!(
            (&command["act"], &command["record"]),
            (&json!("reassign"), &json!({ "kind": "hotline.order", "id": ID }))
        );
        let filled_in = gateway.envelopes[0]
            .1
            .beside
            .submission
            .as_deref()
            .expect("a form");
        let answers: Value = serde_json::from_str(filled_in).expect("JSON");
        assert_eq!(answers, json!({ "to": "li", "reason": "王师傅休假" }));
        assert_eq!(gateway.orders[ID].state, OrderState::Assigned);
    });
    // Its effect is part of what was received: nothing of it is laid over the state again after a new start.
    world.gateway(|gateway| {
        let mut order = gateway.orders[ID].clone();
        order.state = OrderState::Contacted;
        gateway.put_order(order);
    });
    drop(core);
    let core = world.open(directory.path());
    world.settle();
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(detail["summary"]["state"], "contacted");
}

#[test]
fn given_away_offline_it_shows_what_waits_and_is_sent_later() {
    let (world, _directory, core) = at_the_desk();
    world.set_online(false);
    assert_eq!(world.code(&core, "people.list", json!({})), "offline");
    let given = world.ok(&core, "orders.reassign", give("li"));
    assert_eq!(
        (&given["summary"]["state"], &given["summary"]["pending"]),
        (&json!("assigned"), &json!(1))
    );
    world.set_online(true);
    world.ok(&core, "sync.now", json!({}));
    world.pass(5_000);
    world.gateway(|gateway| assert_eq!(gateway.orders[ID].handler.as_str(), "li"));
}

#[test]
fn what_the_gateway_refuses_is_shown_with_the_order_and_can_be_let_go() {
    let (world, _directory, core) = at_the_desk();
    world.gateway(|gateway| gateway.fail("push", &[Fault::Refuse(ErrorCode::WrongState)]));
    world.ok(&core, "orders.reassign", give("li"));
    world.pass(1_000);
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    let item = &detail["outbox"][0];
    assert_eq!(
        (&item["state"], &item["reason"], &item["order_title"]),
        (&json!("parked"), &json!("wrong_state"), &json!("小区污水外溢1"))
    );
    assert_eq!(item["mendable"], false);
    assert_eq!(detail["summary"]["state"], "accepted");
    let left = world.ok(&core, "outbox.discard", json!({ "cmd_id": item["cmd_id"] }));
    assert_eq!(left["items"], json!([]));
}

#[test]
fn nobody_gives_what_is_not_theirs_to_give_nor_to_whom_it_is_already() {
    let (world, _directory, core) = at_the_desk();
    let refused = world.rpc(&core, "orders.reassign", give("wang"));
    assert_eq!(
        refused["error"]["issues"],
        json!([{ "field": "to", "code": "not_offered" }])
    );
    let long = json!({ "id": ID, "to": "li", "reason": "长".repeat(501) });
    let refused = world.rpc(&core, "orders.reassign", long);
    assert_eq!(
        refused["error"]["issues"],
        json!([{ "field": "reason", "code": "too_long" }])
    );
    let longest = json!({ "id": ID, "to": "li", "reason": "长".repeat(500) });
    world.ok(&core, "orders.reassign", longest);
    let unknown = json!({ "id": "12345-NONE", "to": "li" });
    assert_eq!(world.code(&core, "orders.reassign", unknown), "not_found");
    world.pass(1_000);
    world.ok(&core, "session.sign_out", json!({}));

    // A handler has no such act, whatever their page asks.
    assert_eq!(world.try_sign_in(&core, "li")["error"]["code"], "unauthenticated");
    world.sign_in(&core, "li");
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert!(
        !detail["actions"]
            .as_array()
            .expect("actions")
            .contains(&json!("reassign")),
        "{detail}"
    );
    assert_eq!(world.code(&core, "orders.reassign", give("wang")), "forbidden");
    assert_eq!(world.code(&core, "people.list", json!({})), "forbidden");
}

#[test]
fn between_its_receipt_and_the_change_that_covers_it_the_effect_stays_in_view() {
    let (world, _directory, core) = at_the_desk();
    world.gateway(|gateway| gateway.fail("pull", &[Fault::Error500]));
    world.ok(&core, "orders.reassign", give("li"));
    world.settle();
    world.gateway(|gateway| assert_eq!(gateway.receipted(), 1));
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(detail["outbox"], json!([]), "it is through");
    assert_eq!(
        (&detail["summary"]["handler_name"], &detail["summary"]["state"]),
        (&json!("wang的姓名"), &json!("assigned")),
        "what came of it is not received yet"
    );
    world.pass(10_000);
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(detail["summary"]["handler_name"], "li的姓名");
}
