//! What each method needs to be open holds for every method of the waist, those to come included.

mod support;

use serde_json::{Value, json};
use shenhai_client::rpc::{Needs, Request};
use support::gateway::order;
use support::{World, contact_form, reply_form};

const ID: &str = "12345-SH000001";

fn act_key() -> Value {
    json!({ "kind": "river.patrol", "id": "p", "act": "start", "role": "inspector" })
}

/// Parameters that a method takes.
fn params(method: &str) -> Value {
    let draft = json!({ "kind": "contact", "form": contact_form() });
    match method {
        "session.begin" => json!({ "redirect_uri": "https://gateway.example/hotline/" }),
        "session.sign_in" => json!({ "code": "c", "state": "s" }),
        "orders.list" => json!({ "filter": "open", "limit": 10 }),
        "orders.get" | "orders.accept" | "orders.reveal" | "orders.proof" | "orders.bundle" => {
            json!({ "id": ID })
        }
        "orders.contact" => json!({ "id": ID, "form": contact_form() }),
        "orders.reply" => json!({ "id": ID, "form": reply_form() }),
        "orders.return" => json!({ "id": ID, "form": { "reason": "不属于本单位职责" } }),
        "orders.reassign" => json!({ "id": ID, "to": "li" }),
        "draft.save" | "form.check" => json!({ "id": ID, "draft": draft }),
        "draft.discard" => json!({ "id": ID, "kind": "contact" }),
        "outbox.retry" | "outbox.mend" | "outbox.discard" | "records.mend" => json!({ "cmd_id": "c" }),
        "records.list" => json!({ "pack": "river", "list": "patrols", "limit": 10 }),
        "records.get" => json!({ "kind": "river.patrol", "id": "p" }),
        "form.open" | "records.discard" => act_key(),
        "records.check" | "records.save" | "records.act" => json!({ "key": act_key(), "answers": {} }),
        "devices.invite" => json!({ "user": "li" }),
        "devices.revoke" | "devices.release" => json!({ "id": "d" }),
        "network.hint" => json!({ "online": true }),
        "lock.set_pin" | "lock.clear_pin" | "lock.unlock" => json!({ "pin": "471108" }),
        "lock.set_biometric" => json!({ "pin": "471108", "on": true }),
        "lock.erase" => json!({ "confirm": "no" }),
        _ => json!({}),
    }
}

fn signed_in() -> (std::sync::Arc<World>, tempfile::TempDir, shenhai_client::Core) {
    let world = World::new();
    world.gateway(|gateway| gateway.put_order(order("wang", 1)));
    let directory = tempfile::tempdir().expect("a directory");
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    (world, directory, core)
}

#[test]
fn a_locked_core_answers_only_what_says_nothing_of_what_is_kept() {
    let (world, _directory, core) = signed_in();
    world.ok(&core, "lock.set_pin", json!({ "pin": "471108" }));
    world.ok(&core, "lock.lock", json!({}));
    for (method, facts) in Request::METHODS {
        if facts.needs != Needs::Nothing {
            assert_eq!(world.code(&core, method, params(method)), "locked", "{method}");
        }
    }
}

#[test]
fn once_the_lease_is_over_whatever_shows_personal_data_is_shut() {
    let (world, _directory, core) = signed_in();
    world.set_online(false);
    world.pass(7 * 3_600_000);
    for (method, facts) in Request::METHODS {
        if facts.needs == Needs::Lease {
            assert_eq!(
                world.code(&core, method, params(method)),
                "lease_expired",
                "{method}"
            );
        }
    }
    for method in ["outbox.list", "sync.status", "device.status", "network.hint"] {
        world.ok(&core, method, params(method));
    }
}

#[test]
fn nothing_that_signs_or_removes_is_asked_twice() {
    let repeatable: Vec<&str> = Request::METHODS
        .iter()
        .filter(|(_, facts)| facts.repeatable)
        .map(|(method, _)| *method)
        .collect();
    assert_eq!(
        repeatable,
        [
            "session.status",
            "orders.list",
            "orders.get",
            "orders.proof",
            "orders.bundle",
            "records.packs",
            "records.list",
            "records.get",
            "form.open",
            "records.check",
            "records.save",
            "people.list",
            "draft.save",
            "form.check",
            "outbox.list",
            "lock.status",
            "lock.touch",
            "lock.lock",
            "device.status",
            "devices.list",
            "sync.status",
            "sync.now",
            "network.hint"
        ]
    );
}
