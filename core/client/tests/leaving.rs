//! Orders that leave a device: what was received goes, what the person made stays and is decided one by one.

mod support;

use serde_json::{Value, json};
use shenhai_client::Core;
use shenhai_protocol::OrderState;
use std::path::Path;
use std::sync::Arc;
use support::gateway::{Fault, order};
use support::{World, contact_form, reply_form};

const ID: &str = "12345-SH000001";
const OTHER: &str = "12345-SH000002";

fn signed_in() -> (Arc<World>, tempfile::TempDir, Core) {
    let world = World::new();
    world.gateway(|gateway| {
        gateway.put_order(order("wang", 1));
        gateway.put_order(order("wang", 2));
    });
    let directory = tempfile::tempdir().expect("a directory");
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    (world, directory, core)
}

fn reconnect(world: &World, core: &Core) {
    world.set_online(true);
    world.ok(core, "network.hint", json!({ "online": true }));
    world.ok(core, "sync.now", json!({}));
    world.pass(5_000);
}

fn outbox(world: &World, core: &Core) -> Value {
    world.ok(core, "outbox.list", json!({}))
}

fn keep_draft(world: &World, core: &Core, handling: &str) {
    let draft = json!({ "kind": "reply", "form": { "handling": handling } });
    world.ok(core, "draft.save", json!({ "id": ID, "draft": draft }));
}

/// How many rows of a table speak of the order, read past the core, which must be closed.
fn rows(world: &World, directory: &Path, table: &str, column: &str) -> i64 {
    let place = shenhai_vfs::Sealed::attach(
        None,
        directory.join("shenhai.db").to_str().expect("Unicode"),
        &world.database_key(),
        &mut support::gateway::Sequence(5),
        shenhai_vfs::Trust::Newest,
        std::time::Duration::ZERO,
    );
    let place = place.expect("attaches");
    let connection = place.connect().expect("opens");
    let count = format!("SELECT count(*) FROM {table} WHERE {column} = '{ID}'");
    connection.query_row(&count, [], |row| row.get(0)).expect("reads")
}

#[test]
fn a_reassigned_order_goes_with_all_that_was_derived_of_it_and_the_others_stay() {
    let (world, directory, core) = signed_in();
    world.gateway(|gateway| gateway.reassign(ID, "li"));
    world.settle();
    assert_eq!(world.code(&core, "orders.get", json!({ "id": ID })), "not_found");
    let open = json!({ "filter": "open", "limit": 10, "search": "小区污水外溢1" });
    assert_eq!(world.ok(&core, "orders.list", open)["total"], 0);
    world.ok(&core, "orders.get", json!({ "id": OTHER }));
    world.wait(core.close());
    for (table, column) in [("orders", "id"), ("seen_orders", "order_id")] {
        assert_eq!(rows(&world, directory.path(), table, column), 0, "{table}");
    }
}

#[test]
fn what_a_person_did_offline_to_an_order_given_away_comes_back_with_its_text_and_whose_it_was() {
    let (world, directory, core) = signed_in();
    world.set_online(false);
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.ok(&core, "orders.reply", json!({ "id": ID, "form": reply_form() }));
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": OTHER, "form": contact_form() }),
    );
    world.gateway(|gateway| gateway.reassign(ID, "li"));
    reconnect(&world, &core);

    let check = |core: &Core| {
        let list = outbox(&world, core);
        let items = list["items"].as_array().expect("items");
        assert_eq!(items.len(), 2, "the other order's contact is through: {list}");
        for (item, (kind, text)) in items.iter().zip([
            ("contact", "市民王女士\n已约定上门时间"),
            ("reply", "现场疏通管道并清掏雨水口\n黄浦区排水管理所"),
        ]) {
            assert_eq!(item["kind"], kind);
            assert_eq!(
                (&item["state"], &item["reason"]),
                (&json!("parked"), &json!("reassigned"))
            );
            assert_eq!(
                (&item["order_no"], &item["order_title"], &item["order_left"]),
                (&json!("SH000001"), &json!("小区污水外溢1"), &json!(true))
            );
            assert_eq!(item["text"], text);
            assert_eq!(item["mendable"], false, "there is no order to hand it in for");
        }
        items.clone()
    };
    check(&core);
    world.gateway(|gateway| {
        assert_eq!(gateway.receipted(), 3, "one by one, each with its receipt");
        assert_eq!(gateway.orders[ID].state, OrderState::Assigned);
        assert_eq!(gateway.orders[OTHER].state, OrderState::Contacted);
    });

    drop(core);
    let core = world.open(directory.path());
    world.settle();
    for item in check(&core) {
        world.ok(&core, "outbox.discard", json!({ "cmd_id": item["cmd_id"] }));
    }
    assert_eq!(outbox(&world, &core)["items"], json!([]));
    world.wait(core.close());
    assert_eq!(rows(&world, directory.path(), "seen_orders", "order_id"), 0);
}

#[test]
fn a_draft_outlives_its_order_is_still_a_form_and_goes_only_when_told_to() {
    let (world, directory, core) = signed_in();
    keep_draft(&world, &core, "已派人疏通");
    world.set_online(false);
    world.gateway(|gateway| gateway.reassign(ID, "li"));
    reconnect(&world, &core);
    drop(core);
    let core = world.open(directory.path());
    world.settle();

    let left = outbox(&world, &core)["left_drafts"].clone();
    assert_eq!(left.as_array().map(Vec::len), Some(1), "{left}");
    assert_eq!(
        (
            &left[0]["order_id"],
            &left[0]["order_no"],
            &left[0]["order_title"]
        ),
        (&json!(ID), &json!("SH000001"), &json!("小区污水外溢1"))
    );
    assert_eq!(left[0]["kind"], "reply");
    assert_eq!(left[0]["draft"]["form"]["handling"], "已派人疏通");

    // What is typed while the order goes is kept as before, and the form still knows what it asks.
    keep_draft(&world, &core, "已派人疏通，约周三复查");
    let left = outbox(&world, &core)["left_drafts"].clone();
    assert_eq!(left[0]["draft"]["form"]["handling"], "已派人疏通，约周三复查");
    let draft = json!({ "id": ID, "draft": left[0]["draft"] });
    let issues = world.ok(&core, "form.check", draft)["issues"].clone();
    assert!(
        issues
            .as_array()
            .expect("issues")
            .contains(&json!({ "field": "fact", "code": "required" })),
        "{issues}"
    );
    let given = world.rpc(&core, "orders.reply", json!({ "id": ID, "form": reply_form() }));
    assert_eq!(given["error"]["code"], "not_found");
    let left = outbox(&world, &core)["left_drafts"].clone();
    assert_eq!(
        left[0]["draft"]["form"]["handling"], "现场疏通管道并清掏雨水口",
        "what could not be handed in is kept"
    );

    world.ok(&core, "draft.discard", json!({ "id": ID, "kind": "reply" }));
    assert_eq!(outbox(&world, &core)["left_drafts"], json!([]));
    let again = json!({ "id": ID, "draft": { "kind": "reply", "form": {} } });
    assert_eq!(world.code(&core, "draft.save", again), "not_found");
    world.wait(core.close());
    assert_eq!(rows(&world, directory.path(), "seen_orders", "order_id"), 0);
}

#[test]
fn a_draft_is_at_its_order_again_when_the_order_comes_back() {
    let (world, _directory, core) = signed_in();
    keep_draft(&world, &core, "已派人疏通");
    world.gateway(|gateway| gateway.reassign(ID, "li"));
    world.settle();
    assert_eq!(outbox(&world, &core)["left_drafts"][0]["order_id"], ID);
    world.gateway(|gateway| gateway.reassign(ID, "wang"));
    world.settle();
    assert_eq!(outbox(&world, &core)["left_drafts"], json!([]));
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(detail["drafts"][0]["draft"]["form"]["handling"], "已派人疏通");
    assert_eq!(detail["summary"]["has_draft"], true);
}

#[test]
fn before_the_first_pull_is_complete_no_draft_is_said_to_be_of_an_order_that_left() {
    let (world, _directory, core) = signed_in();
    keep_draft(&world, &core, "已派人疏通");
    world.ok(&core, "session.sign_out", json!({}));
    world.gateway(|gateway| gateway.fail("pull", &[Fault::Error500]));
    world.sign_in(&core, "wang");
    assert_eq!(world.ok(&core, "sync.status", json!({}))["loaded"], false);
    assert_eq!(outbox(&world, &core)["left_drafts"], json!([]));
    world.pass(5_000);
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(detail["drafts"][0]["draft"]["form"]["handling"], "已派人疏通");
}

#[test]
fn a_scope_taken_away_takes_its_orders_and_leaves_the_persons_own_work() {
    let (world, directory, core) = signed_in();
    keep_draft(&world, &core, "已派人疏通");
    world.set_online(false);
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.gateway(|gateway| gateway.withdraw("wang"));
    reconnect(&world, &core);
    let open = json!({ "filter": "open", "limit": 10 });
    assert_eq!(world.ok(&core, "orders.list", open)["total"], 0);
    let list = outbox(&world, &core);
    let item = &list["items"][0];
    assert_eq!(
        (
            &item["state"],
            &item["reason"],
            &item["order_title"],
            &item["order_left"]
        ),
        (
            &json!("parked"),
            &json!("scope_denied"),
            &json!("小区污水外溢1"),
            &json!(true)
        )
    );
    assert_eq!(item["text"], "市民王女士\n已约定上门时间");
    assert_eq!(list["left_drafts"][0]["draft"]["form"]["handling"], "已派人疏通");
    world.wait(core.close());
    assert_eq!(rows(&world, directory.path(), "orders", "id"), 0);

    world.set_online(false);
    let core = world.open(directory.path());
    world.settle();
    let again = outbox(&world, &core);
    assert_eq!(
        again["left_drafts"], list["left_drafts"],
        "also without a network"
    );
    assert_eq!(again["items"][0]["order_left"], true);
}

#[test]
fn a_scope_that_a_renewed_grant_no_longer_names_is_purged_likewise() {
    let (world, directory, core) = signed_in();
    keep_draft(&world, &core, "已派人疏通");
    world.gateway(|gateway| gateway.withdraw("wang"));
    // A third of the lease of six hours, and the next contact.
    world.pass(3 * 3_600_000);
    world.gateway(|gateway| assert!(gateway.requests.contains(&"grant".to_owned())));
    let open = json!({ "filter": "open", "limit": 10 });
    assert_eq!(world.ok(&core, "orders.list", open)["total"], 0);
    let left = outbox(&world, &core)["left_drafts"].clone();
    assert_eq!(left[0]["draft"]["form"]["handling"], "已派人疏通");
    world.wait(core.close());
    assert_eq!(rows(&world, directory.path(), "orders", "id"), 0);
}

#[test]
fn once_the_lease_is_over_work_on_an_order_that_left_is_listed_without_its_content() {
    let (world, _directory, core) = signed_in();
    keep_draft(&world, &core, "已派人疏通");
    world.gateway(|gateway| gateway.reassign(ID, "li"));
    world.settle();
    world.set_online(false);
    world.pass(7 * 3_600_000);
    let left = outbox(&world, &core)["left_drafts"].clone();
    assert_eq!(
        left,
        json!([{
            "order_id": ID, "order_no": null, "order_title": null, "kind": "reply", "draft": null,
            "saved_at": left[0]["saved_at"]
        }])
    );
}
