//! Whom a device believes, what it may do, for how long, and what becomes of it when it is revoked.

mod support;

use serde_json::{Value, json};
use shenhai_client::Core;
use shenhai_protocol::OrderState;
use std::sync::Arc;
use support::gateway::{Fault, order};
use support::trust::Spoil;
use support::{START, World, contact_form, copy_files, reply_form, restore_files};

const ID: &str = "12345-SH000001";
const HOUR: u64 = 3_600_000;

fn world() -> (Arc<World>, tempfile::TempDir) {
    let world = World::new();
    world.gateway(|gateway| {
        gateway.put_order(order("wang", 1));
        gateway.put_order(order("li", 2));
    });
    (world, tempfile::tempdir().expect("a directory"))
}

fn signed_in() -> (Arc<World>, tempfile::TempDir, Core) {
    let (world, directory) = world();
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    (world, directory, core)
}

fn sign_in_with(world: &World, core: &Core, enrolment: &str) -> Value {
    let redirect = json!({ "redirect_uri": "https://gateway.example/hotline/" });
    let state = world.ok(core, "session.begin", redirect)["state"].clone();
    let code = world.gateway(|gateway| gateway.code_for("wang"));
    let params = json!({ "code": code, "state": state, "enrolment_code": enrolment });
    world.rpc(core, "session.sign_in", params)
}

fn status(world: &World, core: &Core) -> Value {
    world.ok(core, "session.status", json!({}))
}

#[test]
fn papers_that_do_not_verify_open_no_session() {
    for spoil in [
        Spoil::ForgedGrant,
        Spoil::WiderGrant,
        Spoil::OtherDevice,
        Spoil::OtherKey,
        Spoil::WrongUsage,
    ] {
        let (world, directory) = world();
        let core = world.open(directory.path());
        world.gateway(|gateway| gateway.papers.spoil = Some(spoil));
        let answer = world.try_sign_in(&core, "wang");
        assert_eq!(answer["error"]["code"], "bad_signature", "{spoil:?}");
        assert_eq!(status(&world, &core)["user"], json!(null), "{spoil:?}");
        world.gateway(|gateway| assert_eq!(gateway.requests.last().map(String::as_str), Some("end")));
    }
}

#[test]
fn another_authority_is_refused_and_nothing_is_overwritten() {
    let (world, _directory, core) = signed_in();
    let before = world.ok(&core, "device.status", json!({}))["authority_fingerprint"].clone();
    world.gateway(|gateway| assert_eq!(before, gateway.authority_fingerprint()));
    world.ok(&core, "session.sign_out", json!({}));
    world.gateway(support::gateway::FakeGateway::change_authority);
    assert_eq!(
        world.try_sign_in(&core, "wang")["error"]["code"],
        "authority_changed"
    );
    let after = world.ok(&core, "device.status", json!({}));
    assert_eq!(
        (&after["authority_fingerprint"], &after["authority_name"]),
        (&before, &json!("测试 CA"))
    );
}

#[test]
fn a_scanned_invitation_names_the_authority_to_believe() {
    let (world, directory) = world();
    let core = world.open(directory.path());
    let foreign = "shenhai-enrol:2:ABCD2345:0123456789abcdef0123456789abcdef";
    assert_eq!(
        sign_in_with(&world, &core, foreign)["error"]["code"],
        "authority_changed"
    );
    assert_eq!(
        sign_in_with(&world, &core, "ABCD-234")["error"]["code"],
        "bad_enrolment_code"
    );
    let own = world.gateway(|gateway| gateway.authority_pin());
    // The same first half and another second one: not the authority that was named.
    let half = format!("{}{}", &own[..16], "0".repeat(16));
    assert_eq!(
        sign_in_with(&world, &core, &format!("shenhai-enrol:2:ABCD2345:{half}"))["error"]["code"],
        "authority_changed"
    );
    let answer = sign_in_with(&world, &core, &format!("shenhai-enrol:2:ABCD2345:{own}"));
    assert_eq!(answer["ok"]["user"]["id"], "wang", "{answer}");
    world.gateway(|gateway| assert_eq!(gateway.enrolment_codes, ["ABCD2345"; 3]));
}

#[test]
fn after_six_hours_offline_data_stays_shut_whatever_the_clock_says_until_a_sync() {
    let (world, directory, core) = signed_in();
    world.set_online(false);
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.pass(5 * HOUR);
    world.ok(&core, "orders.get", json!({ "id": ID }));
    world.pass(HOUR + 1_000);
    world.set_wall(START);
    assert_eq!(
        world.code(&core, "orders.get", json!({ "id": ID })),
        "lease_expired"
    );
    drop(core);
    let core = world.open(directory.path());
    world.set_wall(START);
    for (method, params) in [
        ("orders.list", json!({ "filter": "open", "limit": 10 })),
        ("orders.reveal", json!({ "id": ID })),
        (
            "form.check",
            json!({ "id": ID, "draft": { "kind": "reply", "form": {} } }),
        ),
    ] {
        assert_eq!(world.code(&core, method, params), "lease_expired", "{method}");
    }
    assert_eq!(status(&world, &core)["lease_expired"], true);
    let item = world.ok(&core, "outbox.list", json!({}))["items"][0].clone();
    assert_eq!(
        (&item["kind"], &item["text"], &item["order_title"]),
        (&json!("contact"), &json!(""), &json!(null))
    );
    world.set_online(true);
    world.ok(&core, "network.hint", json!({ "online": true }));
    world.ok(&core, "sync.now", json!({}));
    world.pass(120_000);
    world.ok(&core, "orders.get", json!({ "id": ID }));
    world.gateway(|gateway| assert_eq!(gateway.orders[ID].state, OrderState::Contacted));
}

#[test]
fn a_lease_is_renewed_once_a_third_of_it_is_used() {
    let (world, _directory, core) = signed_in();
    world.pass(HOUR);
    world.gateway(|gateway| assert!(!gateway.requests.contains(&"grant".to_owned())));
    world.pass(2 * HOUR);
    world.gateway(|gateway| assert!(gateway.requests.contains(&"grant".to_owned())));
    let until = world.ok(&core, "device.status", json!({}))["lease_until"]
        .as_i64()
        .expect("a time");
    assert!(until > START + 7 * 3_600_000, "{until}");
}

#[test]
fn a_revoked_device_forgets_what_it_received_and_only_the_author_gets_the_unsent_work_back() {
    let (world, _directory, core) = signed_in();
    world.set_online(false);
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.gateway(|gateway| gateway.revoke_devices_of("wang"));
    world.set_online(true);
    world.ok(&core, "sync.now", json!({}));
    world.pass(1_000);
    let ended = status(&world, &core);
    assert_eq!(
        (&ended["revoked"], &ended["expired"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        world.code(&core, "orders.get", json!({ "id": ID })),
        "device_revoked"
    );
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["items"][0]["text"], "");

    // Whose code it is turns out at the gateway: the first try offers the other's key.
    world.ok(&core, "session.sign_out", json!({}));
    world.try_sign_in(&core, "li");
    world.sign_in(&core, "li");
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["items"], json!([]));
    world.pass(1_000);
    world.gateway(|gateway| assert_eq!(gateway.receipted(), 0));
    world.ok(&core, "session.sign_out", json!({}));

    world.try_sign_in(&core, "wang");
    if status(&world, &core)["user"] == json!(null) {
        world.sign_in(&core, "wang");
    }
    world.pass(1_000);
    world.gateway(|gateway| assert_eq!(gateway.orders[ID].state, OrderState::Contacted));
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["items"], json!([]));
    assert_eq!(status(&world, &core)["revoked"], false);
}

#[test]
fn a_new_key_takes_over_what_was_not_sent() {
    let (world, _directory, core) = signed_in();
    let old = status(&world, &core)["device_id"].clone();
    world.gateway(|gateway| gateway.fail("rotate", &[Fault::Error500]));
    assert_eq!(
        world.rpc(&core, "device.rotate", json!({}))["error"]["retryable"],
        true
    );
    assert_eq!(status(&world, &core)["device_id"], old);
    let new = world.ok(&core, "device.rotate", json!({}))["device_id"].clone();
    assert_ne!(new, old);
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.pass(1_000);
    world.gateway(|gateway| assert_eq!(gateway.orders[ID].state, OrderState::Contacted));
}

#[test]
fn commands_that_were_never_sent_follow_the_new_key_in_their_order() {
    let (world, _directory, core) = signed_in();
    let old = status(&world, &core)["device_id"].clone();
    // Where the platform says that there is no network, nothing is tried.
    world.ok(&core, "network.hint", json!({ "online": false }));
    let contact = json!({ "id": ID, "form": contact_form() });
    world.ok(&core, "orders.contact", contact);
    let reply = json!({ "id": ID, "form": reply_form() });
    world.ok(&core, "orders.reply", reply);
    let new = world.ok(&core, "device.rotate", json!({}))["device_id"].clone();
    assert_ne!(new, old);
    world.ok(&core, "network.hint", json!({ "online": true }));
    world.pass(1_000);
    assert_eq!(status(&world, &core)["device_id"], new);
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["items"], json!([]));
    world.gateway(|gateway| {
        assert_eq!(gateway.orders[ID].state, OrderState::Replied);
        let device = &gateway.devices[new.as_str().expect("an id")];
        assert_eq!(device.seq, 2, "one chain, from its beginning");
    });
}

#[test]
fn an_older_copy_of_the_data_is_noticed_and_unsent_work_in_it_is_kept() {
    let (world, directory, core) = signed_in();
    world.set_online(false);
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.wait(core.close());
    let copy = copy_files(directory.path());
    let core = world.open(directory.path());
    assert_eq!(status(&world, &core)["rollback_suspected"], false);
    let draft = json!({ "kind": "reply", "form": { "handling": "还在写" } });
    world.ok(&core, "draft.save", json!({ "id": ID, "draft": draft }));
    world.wait(core.close());
    restore_files(directory.path(), &copy);
    let core = world.open(directory.path());
    assert_eq!(status(&world, &core)["rollback_suspected"], true);
    assert_eq!(
        world.ok(&core, "device.status", json!({}))["rollback_suspected"],
        true
    );
    world.set_online(true);
    world.ok(&core, "sync.now", json!({}));
    world.pass(1_000);
    world.gateway(|gateway| assert_eq!(gateway.orders[ID].state, OrderState::Contacted));
}

#[test]
fn a_copy_from_before_the_last_touch_is_noticed_though_the_app_was_killed() {
    let (world, directory, core) = signed_in();
    world.set_online(false);
    world.settle();
    let works: [(&str, Value); 3] = [
        (
            "draft.save",
            json!({ "id": ID, "draft": { "kind": "reply", "form": { "handling": "还在写" } } }),
        ),
        ("orders.contact", json!({ "id": ID, "form": contact_form() })),
        ("orders.reply", json!({ "id": ID, "form": reply_form() })),
    ];
    let mut core = core;
    for (method, params) in works {
        let before = copy_files(directory.path());
        world.ok(&core, method, params);
        world.settle();
        // A kill: nothing is closed, and what the process would still have written never is.
        let (killed, kept) = (copy_files(directory.path()), world.secrets(|kept| kept.clone()));
        drop(core);
        world.settle();
        world.secrets(|now| now.clone_from(&kept));
        restore_files(directory.path(), &before);
        let old = world.open(directory.path());
        assert_eq!(status(&world, &old)["rollback_suspected"], true, "{method}");
        drop(old);
        world.settle();
        restore_files(directory.path(), &killed);
        world.secrets(|now| now.clone_from(&kept));
        core = world.open(directory.path());
        assert_eq!(status(&world, &core)["rollback_suspected"], false, "{method}");
    }
}

#[test]
fn an_administrator_sees_invites_and_revokes_and_nobody_else_does() {
    let (world, _directory, core) = signed_in();
    for (method, params) in [
        ("devices.list", json!({})),
        ("devices.invite", json!({ "user": "li" })),
        ("devices.revoke", json!({ "id": "x" })),
    ] {
        assert_eq!(world.code(&core, method, params), "forbidden", "{method}");
    }
    let (_, desk) = ((), tempfile::tempdir().expect("a directory"));
    world.secrets(std::collections::BTreeMap::clear);
    let admin = world.open(desk.path());
    world.sign_in(&admin, "admin");
    let list = world.ok(&admin, "devices.list", json!({}));
    let wangs = list["devices"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|device| device["user_id"] == "wang");
    let id = wangs.expect("wang's device")["id"].clone();
    assert_eq!(
        world.ok(&admin, "devices.invite", json!({ "user": "li" }))["code"],
        "ABCD-2345"
    );
    let list = world.ok(&admin, "devices.revoke", json!({ "id": id }));
    let revoked = list["devices"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|device| device["id"] == id);
    assert!(revoked.expect("still listed")["revoked_at"].is_i64());
}
