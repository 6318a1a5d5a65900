//! Signing in and out, several people on one device, sessions and devices that end.

mod support;

use serde_json::json;
use shenhai_client::{OpenError, Storage};
use shenhai_protocol::{ErrorCode, OrderState};
use std::sync::Arc;
use support::gateway::{Fault, order};
use support::{KEY, START, World, contact_form, copy_files, restore_files};

const ID: &str = "12345-SH000001";

fn world() -> (Arc<World>, tempfile::TempDir) {
    let world = World::new();
    world.gateway(|gateway| {
        gateway.put_order(order("wang", 1));
        gateway.put_order(order("li", 2));
    });
    (world, tempfile::tempdir().expect("a directory"))
}

#[test]
fn a_code_with_a_state_that_was_not_given_out_here_is_refused() {
    let (world, directory) = world();
    let core = world.open(directory.path());
    let code = world.gateway(|gateway| gateway.code_for("wang"));
    assert_eq!(
        world.code(&core, "session.sign_in", json!({ "code": code, "state": "" })),
        "bad_login_code"
    );
    world.ok(
        &core,
        "session.begin",
        json!({ "redirect_uri": "https://gateway.example/hotline/" }),
    );
    let stolen = json!({ "code": code, "state": "0123456789abcdef0123456789abcdef" });
    assert_eq!(world.code(&core, "session.sign_in", stolen), "bad_login_code");
    world.gateway(|gateway| assert!(!gateway.requests.contains(&"sessions".to_owned())));
}

#[test]
fn a_sign_in_survives_the_pages_trip_to_the_container() {
    let (world, directory) = world();
    let core = world.open(directory.path());
    let begun = world.ok(
        &core,
        "session.begin",
        json!({ "redirect_uri": "https://gateway.example/hotline/" }),
    );
    let url = begun["authorize_url"].as_str().expect("an address");
    assert!(
        url.contains("redirect_uri=https%3A%2F%2Fgateway.example%2Fhotline%2F"),
        "{url}"
    );
    drop(core);
    let core = world.open(directory.path());
    let code = world.gateway(|gateway| gateway.code_for("wang"));
    let params = json!({ "code": code, "state": begun["state"] });
    let status = world.ok(&core, "session.sign_in", params.clone());
    assert_eq!(status["user"]["name"], "wang的姓名");
    assert_eq!(
        world.code(&core, "session.sign_in", params),
        "bad_login_code",
        "a state works once"
    );
}

#[test]
fn of_sign_ins_begun_side_by_side_either_may_finish_and_both_may() {
    let (world, directory) = world();
    let core = world.open(directory.path());
    let begin = || {
        let params = json!({ "redirect_uri": "https://gateway.example/hotline/" });
        world.ok(&core, "session.begin", params)["state"].clone()
    };
    let (first, second) = (begin(), begin());
    let finish = |state: &serde_json::Value| {
        let code = world.gateway(|gateway| gateway.code_for("wang"));
        world.rpc(&core, "session.sign_in", json!({ "code": code, "state": state }))
    };
    assert_eq!(finish(&first)["ok"]["user"]["name"], "wang的姓名");
    assert_eq!(finish(&second)["ok"]["user"]["name"], "wang的姓名");
    for spent in [&first, &second] {
        assert_eq!(
            finish(spent)["error"]["code"],
            "bad_login_code",
            "a state works once"
        );
    }
}

#[test]
fn a_sign_in_begun_too_long_ago_or_before_too_many_others_is_forgotten() {
    let (world, directory) = world();
    let core = world.open(directory.path());
    let begin = || {
        let params = json!({ "redirect_uri": "https://gateway.example/hotline/" });
        world.ok(&core, "session.begin", params)["state"].clone()
    };
    let code_of = |state: &serde_json::Value| {
        let code = world.gateway(|gateway| gateway.code_for("wang"));
        world.code(&core, "session.sign_in", json!({ "code": code, "state": state }))
    };
    let pushed_out = begin();
    let mut kept = serde_json::Value::Null;
    for _ in 0..8 {
        kept = begin();
    }
    assert_eq!(code_of(&pushed_out), "bad_login_code");
    world.pass(16 * 60 * 1000);
    assert_eq!(code_of(&kept), "bad_login_code");
}

#[test]
fn nothing_is_shown_while_nobody_is_signed_in() {
    let (world, directory) = world();
    let core = world.open(directory.path());
    for (method, params) in [
        ("orders.list", json!({ "filter": "open", "limit": 10 })),
        ("orders.get", json!({ "id": ID })),
        ("orders.accept", json!({ "id": ID })),
        ("orders.contact", json!({ "id": ID, "form": contact_form() })),
        ("orders.reveal", json!({ "id": ID })),
        ("orders.proof", json!({ "id": ID })),
        (
            "draft.save",
            json!({ "id": ID, "draft": { "kind": "return", "form": {} } }),
        ),
        ("draft.discard", json!({ "id": ID, "kind": "return" })),
        (
            "form.check",
            json!({ "id": ID, "draft": { "kind": "return", "form": {} } }),
        ),
        (
            "form.check",
            json!({ "id": ID, "draft": { "kind": "reply", "form": {} } }),
        ),
        ("outbox.list", json!({})),
        ("outbox.retry", json!({ "cmd_id": "x" })),
        ("outbox.discard", json!({ "cmd_id": "x" })),
    ] {
        assert_eq!(world.code(&core, method, params), "unauthenticated", "{method}");
    }
    assert_eq!(world.ok(&core, "sync.status", json!({}))["phase"], "signed_out");
}

#[test]
fn a_second_person_sees_nothing_of_the_first_and_the_first_finds_their_work_again() {
    let (world, directory) = world();
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    let wang_device = world.ok(&core, "session.status", json!({}))["device_id"].clone();
    world.set_online(false);
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    let draft = json!({ "kind": "reply", "form": { "handling": "还在写" } });
    world.ok(&core, "draft.save", json!({ "id": ID, "draft": draft }));
    world.ok(&core, "session.sign_out", json!({}));
    world.set_online(true);

    // Whose code it is turns out only at the gateway: the first try offers the wrong key and is undone.
    assert_eq!(world.try_sign_in(&core, "li")["error"]["code"], "unauthenticated");
    world.gateway(|gateway| assert_eq!(gateway.requests.last().map(String::as_str), Some("end")));
    world.sign_in(&core, "li");
    assert_ne!(
        world.ok(&core, "session.status", json!({}))["device_id"],
        wang_device
    );
    let list = world.ok(&core, "orders.list", json!({ "filter": "open", "limit": 10 }));
    assert_eq!(list["total"], 1);
    assert_eq!(list["items"][0]["id"], "12345-SH000002");
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["items"], json!([]));
    assert_eq!(world.code(&core, "orders.get", json!({ "id": ID })), "not_found");
    world.gateway(|gateway| {
        assert_eq!(
            gateway.receipted(),
            0,
            "one's work is not sent under another's session"
        )
    });
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": "12345-SH000002", "form": contact_form() }),
    );
    world.pass(1_000);
    world.ok(&core, "session.sign_out", json!({}));

    assert_eq!(
        world.try_sign_in(&core, "wang")["error"]["code"],
        "unauthenticated"
    );
    world.sign_in(&core, "wang");
    assert_eq!(
        world.ok(&core, "session.status", json!({}))["device_id"],
        wang_device
    );
    world.pass(1_000);
    world.gateway(|gateway| assert_eq!(gateway.orders[ID].state, OrderState::Contacted));
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(detail["drafts"][0]["draft"]["form"]["handling"], "还在写");
}

#[test]
fn an_ended_session_leaves_the_person_at_work_and_sends_after_the_next_sign_in() {
    let (world, directory) = world();
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    world.gateway(|gateway| gateway.end_sessions());
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.pass(1_000);
    let status = world.ok(&core, "session.status", json!({}));
    assert_eq!(
        (status["expired"].as_bool(), status["user"]["id"].as_str()),
        (Some(true), Some("wang"))
    );
    assert_eq!(
        world.ok(&core, "sync.status", json!({}))["last_error"],
        "unauthenticated"
    );
    assert_eq!(
        world.ok(&core, "outbox.list", json!({}))["items"][0]["state"],
        "queued"
    );
    drop(core);
    let core = world.open(directory.path());
    assert_eq!(world.ok(&core, "session.status", json!({}))["expired"], true);
    world.ok(&core, "orders.get", json!({ "id": ID }));

    world.sign_in(&core, "wang");
    world.pass(1_000);
    assert_eq!(world.ok(&core, "session.status", json!({}))["expired"], false);
    world.gateway(|gateway| assert_eq!(gateway.orders[ID].state, OrderState::Contacted));
}

#[test]
fn a_revoked_device_keeps_the_text_and_the_next_sign_in_may_be_somebody_elses() {
    let (world, directory) = world();
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    world.gateway(|gateway| gateway.fail("push", &[Fault::Code(ErrorCode::DeviceRevoked)]));
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.pass(1_000);
    let item = world.ok(&core, "outbox.list", json!({}))["items"][0].clone();
    assert_eq!(
        (item["state"].as_str(), item["reason"].as_str()),
        (Some("parked"), Some("device_revoked"))
    );
    assert_eq!(world.ok(&core, "session.status", json!({}))["expired"], true);

    world.gateway(|gateway| gateway.fail("sessions", &[Fault::Code(ErrorCode::DeviceRevoked)]));
    assert_eq!(world.try_sign_in(&core, "li")["error"]["code"], "device_revoked");
    world.sign_in(&core, "li");
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["items"], json!([]));
}

#[test]
fn signing_out_removes_received_orders_and_tells_the_gateway() {
    let (world, directory) = world();
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    assert_eq!(
        world.ok(&core, "session.sign_out", json!({}))["user"],
        json!(null)
    );
    world.gateway(|gateway| assert_eq!(gateway.requests.last().map(String::as_str), Some("end")));
    drop(core);
    let core = world.open(directory.path());
    assert_eq!(world.ok(&core, "session.status", json!({}))["user"], json!(null));
    assert_eq!(
        world.code(&core, "orders.get", json!({ "id": ID })),
        "unauthenticated"
    );
}

#[test]
fn a_reviewer_sees_masked_callers_and_may_only_give_orders_to_others() {
    let (world, directory) = world();
    let core = world.open(directory.path());
    world.sign_in(&core, "reviewer");
    assert_eq!(
        world.ok(&core, "orders.list", json!({ "filter": "open", "limit": 10 }))["total"],
        2
    );
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(detail["actions"], json!(["reassign"]));
    assert_eq!(detail["caller"]["phone"], "138****1234");
    assert_eq!(detail["caller"]["revealable"], false);
    assert_eq!(
        world.code(&core, "orders.reveal", json!({ "id": ID })),
        "forbidden"
    );
    assert_eq!(
        world.code(
            &core,
            "orders.contact",
            json!({ "id": ID, "form": contact_form() })
        ),
        "forbidden"
    );
}

#[test]
fn a_phone_whose_clock_is_ten_years_off_signs_with_the_servers_time() {
    let (world, directory) = world();
    world.set_wall(START + 10 * 365 * 86_400_000);
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    let list = world.ok(&core, "orders.list", json!({ "filter": "open", "limit": 10 }));
    assert_eq!(list["now"], START);
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.settle();
    world.gateway(|gateway| {
        let record = gateway.orders[ID].contact.clone().expect("taken");
        assert_eq!(record.client_time.0, START);
    });
    let status = world.ok(&core, "sync.status", json!({}));
    assert_eq!(status["clock_skew_ms"], 10_i64 * 365 * 86_400_000);
}

#[test]
fn another_key_is_refused_and_changes_nothing() {
    let (world, directory) = world();
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    drop(core);
    let file = directory.path().join("shenhai.db");
    let before = std::fs::read(&file).expect("a file");
    let config = World::config(Storage::Directory(directory.path().to_owned()));
    world.set_store_key([8; 16]);
    assert!(matches!(world.try_open(config), Err(OpenError::WrongKey)));
    world.set_store_key(KEY);
    assert_eq!(std::fs::read(&file).expect("a file"), before);
    let core = world.open(directory.path());
    assert_eq!(world.ok(&core, "session.status", json!({}))["user"]["id"], "wang");
}

#[test]
fn data_open_elsewhere_is_refused() {
    let (world, directory) = world();
    let core = world.open(directory.path());
    let second = world.try_open(World::config(Storage::Directory(directory.path().to_owned())));
    assert!(matches!(second, Err(OpenError::InUse)));
    world.wait(core.close());
    assert_eq!(world.code(&core, "session.status", json!({})), "core_restarted");
    world.open(directory.path());
}

#[test]
fn a_phone_restored_from_an_older_copy_gets_a_new_key_and_loses_no_text() {
    let (world, directory) = world();
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    let device = world.ok(&core, "session.status", json!({}))["device_id"].clone();
    world.wait(core.close());
    let copy = copy_files(directory.path());
    let core = world.open(directory.path());
    world.ok(&core, "orders.reveal", json!({ "id": ID }));
    world.pass(1_000);
    world.wait(core.close());
    restore_files(directory.path(), &copy);

    let core = world.open(directory.path());
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.pass(1_000);
    let status = world.ok(&core, "session.status", json!({}));
    assert_eq!(status["expired"], true);
    assert_ne!(
        status["device_id"], device,
        "two chains under one key could never be told apart"
    );
    let item = world.ok(&core, "outbox.list", json!({}))["items"][0].clone();
    assert_eq!(
        (item["state"].as_str(), item["text"].as_str()),
        (Some("parked"), Some("市民王女士\n已约定上门时间"))
    );

    world.sign_in(&core, "wang");
    world.ok(&core, "outbox.retry", json!({ "cmd_id": item["cmd_id"] }));
    world.pass(1_000);
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["items"], json!([]));
    world.gateway(|gateway| assert_eq!(gateway.orders[ID].state, OrderState::Contacted));
}

#[test]
fn a_restored_phone_with_nothing_unsent_goes_on_where_the_gateway_is() {
    let (world, directory) = world();
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    world.wait(core.close());
    let copy = copy_files(directory.path());
    let core = world.open(directory.path());
    world.ok(&core, "orders.reveal", json!({ "id": ID }));
    world.pass(1_000);
    world.wait(core.close());
    restore_files(directory.path(), &copy);

    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.pass(1_000);
    world.gateway(|gateway| assert_eq!(gateway.orders[ID].state, OrderState::Contacted));
}
