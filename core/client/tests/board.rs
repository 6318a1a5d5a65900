//! The list: sorted by what is due, counted, searched – and what arrives on the waist that should not.

mod support;

use serde_json::{Value, json};
use shenhai_client::rpc::Topic;
use shenhai_client::{Core, Storage};
use shenhai_protocol::{OrderState, UnixMillis};
use std::sync::{Arc, Mutex};
use support::gateway::{FakeGateway, order};
use support::{START, World, contact_form};

const HOUR: i64 = 3_600_000;

fn signed_in(fill: impl FnOnce(&mut FakeGateway)) -> (Arc<World>, Core) {
    let world = World::new();
    world.gateway(fill);
    let core = world.try_open(World::config(Storage::Memory)).expect("opens");
    world.sign_in(&core, "wang");
    (world, core)
}

fn put(gateway: &mut FakeGateway, number: u32, state: OrderState, contact_in: i64, finish_in: i64) {
    let mut order = order("wang", number);
    order.state = state;
    order.deadlines.contact_by = UnixMillis(START + contact_in);
    order.deadlines.finish_by = UnixMillis(START + finish_in);
    gateway.put_order(order);
}

fn ids(list: &Value) -> Vec<&str> {
    list["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| item["source_no"].as_str().expect("a number"))
        .collect()
}

#[test]
fn the_overdue_come_first_then_what_is_due_soonest() {
    let (world, core) = signed_in(|gateway| {
        put(gateway, 1, OrderState::Contacted, 0, 30 * HOUR);
        put(gateway, 2, OrderState::Assigned, 2 * HOUR, 90 * HOUR);
        put(gateway, 3, OrderState::Accepted, -HOUR, 80 * HOUR);
        put(gateway, 4, OrderState::Replied, -9 * HOUR, -5 * HOUR);
    });
    let list = world.ok(&core, "orders.list", json!({ "filter": "open", "limit": 10 }));
    assert_eq!(ids(&list), ["SH000003", "SH000002", "SH000001"]);
    assert_eq!(list["items"][0]["overdue"], true);
    assert_eq!(
        list["items"][0]["next_due"],
        json!({ "kind": "contact", "at": START - HOUR })
    );
    assert_eq!(list["items"][2]["next_due"]["kind"], "reply");
    let counts =
        json!({ "open": 3, "overdue": 1, "due_today": 1, "to_accept": 1, "to_contact": 1, "done": 1 });
    assert_eq!(list["counts"], counts);
    for (tab, found) in [
        ("overdue", vec!["SH000003"]),
        ("due_today", vec!["SH000002"]),
        ("to_accept", vec!["SH000002"]),
        ("to_contact", vec!["SH000003"]),
        ("done", vec!["SH000004"]),
    ] {
        assert_eq!(
            ids(&world.ok(&core, "orders.list", json!({ "filter": tab, "limit": 10 }))),
            found,
            "{tab}"
        );
    }
}

#[test]
fn a_pages_offset_limit_and_search_are_kept() {
    let (world, core) = signed_in(|gateway| {
        for number in 1..=5 {
            put(
                gateway,
                number,
                OrderState::Accepted,
                i64::from(number) * HOUR,
                90 * HOUR,
            );
        }
    });
    let page = json!({ "filter": "open", "offset": 1, "limit": 2 });
    let list = world.ok(&core, "orders.list", page);
    assert_eq!(
        (ids(&list), list["total"].as_u64()),
        (vec!["SH000002", "SH000003"], Some(5))
    );
    for (search, total) in [
        ("sh000004", 1),
        ("污水井冒水", 5),
        ("西藏南路", 5),
        ("外溢3", 1),
        ("没有这回事", 0),
    ] {
        let list = world.ok(
            &core,
            "orders.list",
            json!({ "filter": "open", "limit": 10, "search": search }),
        );
        assert_eq!(list["total"], total, "{search}");
    }
    let past = json!({ "filter": "open", "offset": u32::MAX, "limit": u32::MAX });
    assert_eq!(ids(&world.ok(&core, "orders.list", past)), Vec::<&str>::new());
}

#[test]
fn unsent_work_counts_in_list_and_tabs_at_once() {
    let (world, core) = signed_in(|gateway| put(gateway, 1, OrderState::Accepted, HOUR, 90 * HOUR));
    world.set_online(false);
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": "12345-SH000001", "form": contact_form() }),
    );
    let list = world.ok(&core, "orders.list", json!({ "filter": "open", "limit": 10 }));
    assert_eq!(list["counts"]["to_contact"], 0);
    assert_eq!(list["items"][0]["state"], "contacted");
    assert_eq!(list["items"][0]["pending"], 1);
}

#[test]
fn news_arrives_by_itself_and_a_removed_order_goes() {
    let (world, core) = signed_in(|gateway| put(gateway, 1, OrderState::Accepted, HOUR, 90 * HOUR));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    let subscription =
        core.subscribe(move |event| log.lock().expect("unpoisoned").push((event.topic, event.version)));
    let first: Vec<Topic> = heard
        .lock()
        .expect("unpoisoned")
        .drain(..)
        .map(|(topic, _)| topic)
        .collect();
    assert_eq!(
        first,
        [
            Topic::Session,
            Topic::Orders,
            Topic::Outbox,
            Topic::Sync,
            Topic::Lock
        ]
    );

    world.gateway(|gateway| put(gateway, 2, OrderState::Assigned, HOUR, 90 * HOUR));
    world.settle();
    assert!(
        heard
            .lock()
            .expect("unpoisoned")
            .iter()
            .any(|(topic, _)| *topic == Topic::Orders)
    );
    let open = json!({ "filter": "open", "limit": 10 });
    assert_eq!(world.ok(&core, "orders.list", open.clone())["total"], 2);

    drop(subscription);
    heard.lock().expect("unpoisoned").clear();
    world.gateway(|gateway| gateway.remove_order("12345-SH000001"));
    world.settle();
    assert_eq!(world.ok(&core, "orders.list", open)["total"], 1);
    assert!(heard.lock().expect("unpoisoned").is_empty());
}

#[test]
fn the_calls_of_a_quiet_hour_are_few() {
    let (world, core) = signed_in(|gateway| put(gateway, 1, OrderState::Accepted, HOUR, 90 * HOUR));
    world.gateway(|gateway| gateway.requests.clear());
    world.set_online(false);
    world.ok(&core, "sync.now", json!({}));
    world.pass(3_600_000);
    world.set_online(true);
    world.pass(120_000);
    assert_eq!(world.ok(&core, "sync.status", json!({}))["phase"], "idle");
    let calls = world.gateway(|gateway| gateway.requests.len());
    assert!(calls < 10, "{calls}");
}

#[test]
#[allow(clippy::disallowed_methods, reason = "measures real time")]
fn two_and_a_half_thousand_orders_are_listed_at_once() {
    let (world, core) = signed_in(|gateway| {
        for number in 1..=2_500 {
            put(
                gateway,
                number,
                OrderState::Accepted,
                i64::from(number) * HOUR,
                9_000 * HOUR,
            );
        }
    });
    let started = std::time::Instant::now();
    let list = world.ok(
        &core,
        "orders.list",
        json!({ "filter": "open", "limit": 50, "search": "污水" }),
    );
    let took = started.elapsed();
    assert_eq!((list["total"].as_u64(), ids(&list).len()), (Some(2_500), 50));
    assert!(
        took < std::time::Duration::from_millis(250),
        "unoptimised, with room for a busy machine: {took:?}"
    );
}

#[test]
fn rubbish_on_the_waist_gets_an_error_and_changes_nothing() {
    let (world, core) = signed_in(|gateway| put(gateway, 1, OrderState::Accepted, HOUR, 90 * HOUR));
    let deep = "[".repeat(100_000);
    for request in [
        "",
        "null",
        "{}",
        "[]",
        "\u{0}",
        "{\"method\":\"orders.get\"}",
        "{\"method\":\"nothing\",\"params\":{}}",
        "{\"method\":\"orders.get\",\"params\":{\"id\":7}}",
        "{\"method\":\"orders.get\",\"params\":{\"id\":\"a\",\"sql\":\"b\"}}",
        "{\"method\":\"orders.list\",\"params\":{\"filter\":\"open\",\"limit\":-1}}",
        "{\"method\":\"orders.contact\",\"params\":{\"id\":\"12345-SH000001\",\"form\":{\"reached\":\"maybe\"}}}",
        &deep,
    ] {
        let answer: Value = serde_json::from_str(&world.wait(core.rpc(request))).expect("JSON");
        assert_eq!(answer["error"]["code"], "bad_request", "{request:.60}");
    }
    let huge = format!(
        "{{\"method\":\"session.status\",\"params\":\"{}\"}}",
        "x".repeat(1 << 20)
    );
    let answer: Value = serde_json::from_str(&world.wait(core.rpc(&huge))).expect("JSON");
    assert_eq!(answer["error"]["code"], "too_large");
    let injected = json!({ "id": "' OR 1=1; DROP TABLE orders; --" });
    assert_eq!(world.code(&core, "orders.get", injected), "not_found");
    assert_eq!(
        world.code(&core, "orders.accept", json!({ "id": "12345-SH000001" })),
        "wrong_state"
    );
    assert_eq!(
        world.ok(&core, "orders.list", json!({ "filter": "open", "limit": 1 }))["total"],
        1
    );
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["items"], json!([]));
}

#[test]
fn what_was_typed_is_never_quoted_in_an_error() {
    let (world, core) = signed_in(|_| {});
    let request =
        json!({ "method": "draft.save", "params": { "id": "x", "draft": { "kind": "13800001234" } } });
    let answer = world.wait(core.rpc(&request.to_string()));
    assert!(!answer.contains("13800001234"), "{answer}");
}

#[test]
fn memory_is_said_to_be_best_effort() {
    let (world, core) = signed_in(|_| {});
    assert_eq!(
        world.ok(&core, "session.status", json!({}))["durability"],
        "best_effort"
    );
    assert_eq!(
        world.ok(&core, "sync.status", json!({}))["durability"],
        "best_effort"
    );
}
