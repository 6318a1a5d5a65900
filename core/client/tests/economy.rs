//! What one act costs: one decoding of its order, one look into the outbox, and no row that is long done.

mod support;

use serde_json::{Value, json};
use shenhai_client::{Core, Tally};
use shenhai_protocol::OrderState;
use std::sync::Arc;
use support::gateway::order;
use support::{World, contact_form, reply_form};

/// Acts that were done, receipted and covered before the one that is counted.
const DONE: usize = 40;

/// Signed in, with an order in each state and an outbox that is long done.
fn at_work() -> (Arc<World>, tempfile::TempDir, Core) {
    let world = World::new();
    world.gateway(|gateway| {
        for (number, state) in [
            (1, OrderState::Assigned),
            (2, OrderState::Accepted),
            (3, OrderState::Contacted),
            (4, OrderState::Contacted),
        ] {
            let mut order = order("wang", number);
            order.state = state;
            gateway.put_order(order);
        }
    });
    let directory = tempfile::tempdir().expect("a directory");
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    for _ in 0..DONE {
        world.ok(&core, "orders.reveal", json!({ "id": "12345-SH000003" }));
        world.pass(6_000);
    }
    world.gateway(|gateway| assert_eq!(gateway.receipted(), DONE));
    assert_eq!(world.ok(&core, "sync.status", json!({}))["pending"], 0);
    (world, directory, core)
}

fn cost(core: &Core, work: impl FnOnce()) -> Tally {
    let before = core.tally().expect("open");
    work();
    let after = core.tally().expect("open");
    Tally {
        orders_decoded: after.orders_decoded - before.orders_decoded,
        records_read: after.records_read - before.records_read,
        outbox_reads: after.outbox_reads - before.outbox_reads,
        outbox_rows: after.outbox_rows - before.outbox_rows,
    }
}

fn acts() -> [(&'static str, Value); 5] {
    let reason = json!({ "reason": "该处属小区内部管道，由物业养护", "suggested_unit": null });
    [
        ("orders.accept", json!({ "id": "12345-SH000001" })),
        (
            "orders.contact",
            json!({ "id": "12345-SH000002", "form": contact_form() }),
        ),
        (
            "orders.reply",
            json!({ "id": "12345-SH000003", "form": reply_form() }),
        ),
        ("orders.reveal", json!({ "id": "12345-SH000004" })),
        ("orders.return", json!({ "id": "12345-SH000004", "form": reason })),
    ]
}

#[test]
fn an_act_decodes_its_order_once_and_reads_the_outbox_once() {
    let (world, _directory, core) = at_work();
    world.set_online(false);
    for (method, params) in acts() {
        let spent = cost(&core, || {
            world.ok(&core, method, params);
        });
        let expected = Tally {
            orders_decoded: 1,
            records_read: 0,
            outbox_reads: 1,
            outbox_rows: 0,
        };
        assert_eq!(spent, expected, "{method}");
    }
}

#[test]
fn the_list_an_order_and_the_outbox_read_no_rows_of_the_outbox() {
    let (world, _directory, core) = at_work();
    world.set_online(false);
    world.ok(&core, "orders.accept", json!({ "id": "12345-SH000001" }));
    for (method, params, decoded) in [
        ("orders.list", json!({ "filter": "open", "limit": 10 }), 0),
        ("orders.get", json!({ "id": "12345-SH000001" }), 1),
        ("outbox.list", json!({}), 0),
        ("sync.status", json!({}), 0),
    ] {
        let spent = cost(&core, || {
            world.ok(&core, method, params);
        });
        assert_eq!(
            (spent.orders_decoded, spent.outbox_reads),
            (decoded, 0),
            "{method}"
        );
    }
}

#[test]
fn sending_an_act_and_receiving_what_came_of_it_reads_none_of_what_is_long_done() {
    let (world, _directory, core) = at_work();
    let spent = cost(&core, || {
        world.ok(
            &core,
            "orders.reply",
            json!({ "id": "12345-SH000003", "form": reply_form() }),
        );
        world.pass(1_000);
    });
    world.gateway(|gateway| assert_eq!(gateway.receipted(), DONE + 1));
    // The act itself, its receipt, and the change that covers it.
    assert_eq!((spent.orders_decoded, spent.outbox_reads), (1, 3));
    assert_eq!(spent.outbox_rows, 1, "the act, when its receipt came");
}

#[test]
fn what_was_decided_about_is_gone_at_once_and_after_a_new_start() {
    let (world, directory, core) = at_work();
    let refused = shenhai_protocol::ErrorCode::FormInvalid;
    for _ in 0..2 {
        world.gateway(|gateway| gateway.fail("push", &[support::gateway::Fault::Refuse(refused)]));
        world.ok(
            &core,
            "orders.contact",
            json!({ "id": "12345-SH000002", "form": contact_form() }),
        );
        world.pass(6_000);
    }
    let items = world.ok(&core, "outbox.list", json!({}))["items"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(2), "{items}");
    let ids = [&items[0]["cmd_id"], &items[1]["cmd_id"]];
    let left = world.ok(&core, "outbox.discard", json!({ "cmd_id": ids[0] }))["items"].clone();
    assert_eq!(left[0]["cmd_id"], *ids[1]);
    world.set_online(false);
    let signed_anew = world.ok(&core, "outbox.retry", json!({ "cmd_id": ids[1] }))["items"].clone();
    assert_eq!(signed_anew.as_array().map(Vec::len), Some(1), "{signed_anew}");
    assert_ne!(signed_anew[0]["cmd_id"], *ids[1]);
    world.wait(core.close());
    let core = world.open(directory.path());
    let again = world.ok(&core, "outbox.list", json!({}))["items"].clone();
    assert_eq!(again[0]["cmd_id"], signed_anew[0]["cmd_id"]);
    assert_eq!(again.as_array().map(Vec::len), Some(1), "{again}");
}
