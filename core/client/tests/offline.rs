//! Work done without a network: kept over restarts and crashes, sent once, shown all the while.

mod support;

use serde_json::json;
use shenhai_protocol::OrderState;
use support::gateway::{Fault, order};
use support::{World, contact_form, reply_form};

const ID: &str = "12345-SH000001";

fn signed_in() -> (std::sync::Arc<World>, tempfile::TempDir, shenhai_client::Core) {
    let world = World::new();
    world.gateway(|gateway| gateway.put_order(order("wang", 1)));
    let directory = tempfile::tempdir().expect("a directory");
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    (world, directory, core)
}

#[test]
fn an_offline_contact_and_reply_survive_a_restart_and_are_sent_once() {
    let (world, directory, core) = signed_in();
    world.set_online(false);
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    let detail = world.ok(&core, "orders.reply", json!({ "id": ID, "form": reply_form() }));
    assert_eq!(detail["summary"]["state"], "replied");
    assert_eq!(detail["reply"]["delivery"], "on_device");
    drop(core);

    let core = world.open(directory.path());
    world.settle();
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(detail["contact"]["form"]["note"], "已约定上门时间");
    assert_eq!(detail["reply"]["form"]["handling"], "现场疏通管道并清掏雨水口");
    assert_eq!(world.ok(&core, "sync.status", json!({}))["pending"], 2);

    world.set_online(true);
    world.ok(&core, "network.hint", json!({ "online": true }));
    world.ok(&core, "sync.now", json!({}));
    world.pass(1_000);
    world.gateway(|gateway| {
        assert_eq!(gateway.receipted(), 2);
        assert_eq!(gateway.orders[ID].state, OrderState::Replied);
    });
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(detail["reply"]["delivery"], "received");
    assert_eq!(detail["outbox"], json!([]));
    assert_eq!(world.ok(&core, "sync.status", json!({}))["phase"], "idle");
}

#[test]
fn what_is_submitted_twice_at_once_is_one_record() {
    let (world, _directory, core) = signed_in();
    world.set_online(false);
    for (method, params) in [
        ("orders.reveal", json!({ "id": ID })),
        ("orders.contact", json!({ "id": ID, "form": contact_form() })),
        ("orders.reply", json!({ "id": ID, "form": reply_form() })),
    ] {
        let before = world.ok(&core, "sync.status", json!({}))["pending"].clone();
        let first = world.ok(&core, method, params.clone());
        let second = world.ok(&core, method, params);
        assert_eq!(first["summary"], second["summary"], "{method}");
        let pending = world.ok(&core, "sync.status", json!({}))["pending"].as_u64();
        assert_eq!(pending, before.as_u64().map(|count| count + 1), "{method}");
    }
    assert_eq!(
        world.ok(&core, "orders.get", json!({ "id": ID }))["drafts"],
        json!([]),
        "nothing submitted comes back as a draft"
    );
}

#[test]
fn the_citizen_may_be_called_again_and_again_with_the_same_outcome() {
    let (world, _directory, core) = signed_in();
    world.set_online(false);
    for expected in 1..=3 {
        let params = json!({ "id": ID, "form": contact_form() });
        world.ok(&core, "orders.contact", params);
        assert_eq!(world.ok(&core, "sync.status", json!({}))["pending"], expected);
        world.pass(6_000);
    }
}

#[test]
fn a_lost_acknowledgement_sends_the_same_bytes_again_and_has_one_effect() {
    let (world, _directory, core) = signed_in();
    world.gateway(|gateway| gateway.fail("push", &[Fault::LostAnswer]));
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.pass(5_000);
    world.gateway(|gateway| {
        assert_eq!(gateway.pushed.len(), 2);
        assert_eq!(gateway.pushed[0], gateway.pushed[1]);
        assert_eq!(gateway.receipted(), 1);
    });
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["items"], json!([]));
}

#[test]
fn a_proxys_page_an_error_and_a_cut_answer_only_delay() {
    let (world, _directory, core) = signed_in();
    world.gateway(|gateway| {
        gateway.fail("push", &[Fault::Html, Fault::Error500, Fault::Truncated]);
    });
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.settle();
    let item = world.ok(&core, "outbox.list", json!({}))["items"][0].clone();
    assert_eq!(
        (item["state"].as_str(), item["reason"].as_str()),
        (Some("backoff"), Some("bad_answer"))
    );
    assert_eq!(item["text"], "市民王女士\n已约定上门时间");
    world.pass(30_000);
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["items"], json!([]));
    world.gateway(|gateway| assert_eq!(gateway.receipted(), 1));
}

#[test]
fn a_receipt_of_another_signer_or_for_other_bytes_never_drops_a_command() {
    let (world, _directory, core) = signed_in();
    world.gateway(|gateway| {
        gateway.fail(
            "push",
            &[Fault::ForgedReceipts, Fault::OtherBytes, Fault::ForgedReceipts],
        )
    });
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    for pause in [0, 1_000, 2_000] {
        world.pass(pause);
        let items = world.ok(&core, "outbox.list", json!({}));
        assert_eq!(items["items"][0]["reason"], "bad_answer");
    }
    world.gateway(|gateway| assert_eq!(gateway.pushed.len(), 3));
    world.pass(20_000);
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["items"], json!([]));
}

#[test]
fn a_refused_command_keeps_the_text_and_can_be_signed_anew() {
    let (world, _directory, core) = signed_in();
    world.gateway(|gateway| gateway.fail("push", &[Fault::Refuse(shenhai_protocol::ErrorCode::FormInvalid)]));
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.pass(1_000);
    let items = world.ok(&core, "outbox.list", json!({}));
    let item = &items["items"][0];
    assert_eq!(
        (item["state"].as_str(), item["reason"].as_str()),
        (Some("parked"), Some("form_invalid"))
    );
    assert_eq!(item["text"], "市民王女士\n已约定上门时间");
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(detail["summary"]["state"], "accepted");
    assert_eq!(detail["contact"]["delivery"], "parked");

    let after = world.ok(&core, "outbox.retry", json!({ "cmd_id": item["cmd_id"] }));
    assert_eq!(after["items"].as_array().map(Vec::len), Some(1));
    world.pass(1_000);
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["items"], json!([]));
    world.gateway(|gateway| assert_eq!(gateway.orders[ID].state, OrderState::Contacted));
}

#[test]
fn a_discarded_command_is_gone_and_the_chain_goes_on() {
    let (world, _directory, core) = signed_in();
    world.gateway(|gateway| gateway.fail("push", &[Fault::Refuse(shenhai_protocol::ErrorCode::FormInvalid)]));
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.pass(1_000);
    let cmd_id = world.ok(&core, "outbox.list", json!({}))["items"][0]["cmd_id"].clone();
    assert_eq!(
        world.ok(&core, "outbox.discard", json!({ "cmd_id": cmd_id }))["items"],
        json!([])
    );
    assert_eq!(
        world.code(&core, "outbox.retry", json!({ "cmd_id": cmd_id })),
        "not_found"
    );
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.pass(1_000);
    world.gateway(|gateway| assert_eq!(gateway.orders[ID].state, OrderState::Contacted));
}

#[test]
fn bytes_that_are_never_taken_are_parked_and_those_behind_move_up() {
    let (world, _directory, core) = signed_in();
    world.set_online(false);
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.gateway(|gateway| gateway.put_order(order("wang", 2)));
    world.ok(&core, "orders.reveal", json!({ "id": ID }));
    world.set_online(true);
    world.gateway(|gateway| {
        gateway.fail(
            "push",
            &[Fault::StopAtFirst(shenhai_protocol::ErrorCode::Malformed)],
        )
    });
    world.ok(&core, "sync.now", json!({}));
    world.pass(5_000);
    let items = world.ok(&core, "outbox.list", json!({}));
    assert_eq!(items["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(items["items"][0]["reason"], "malformed");
    world.gateway(|gateway| assert_eq!(gateway.receipted(), 1));
    world.ok(
        &core,
        "outbox.retry",
        json!({ "cmd_id": items["items"][0]["cmd_id"] }),
    );
    world.pass(5_000);
    world.gateway(|gateway| assert_eq!(gateway.orders[ID].state, OrderState::Contacted));
}

#[test]
fn a_gateway_restored_from_a_backup_gets_its_lost_commands_again() {
    let (world, _directory, core) = signed_in();
    world.gateway(|gateway| gateway.take_backup());
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.pass(1_000);
    world.ok(&core, "orders.reply", json!({ "id": ID, "form": reply_form() }));
    world.pass(1_000);
    world.gateway(|gateway| {
        assert_eq!(gateway.orders[ID].state, OrderState::Replied);
        gateway.restore_backup();
        assert_eq!(gateway.orders[ID].state, OrderState::Accepted);
    });
    world.ok(&core, "sync.now", json!({}));
    world.pass(10_000);
    world.gateway(|gateway| {
        assert_eq!(gateway.orders[ID].state, OrderState::Replied);
        assert_eq!(gateway.pushed[0..2], gateway.pushed[2..4]);
    });
    assert_eq!(
        world.ok(&core, "orders.get", json!({ "id": ID }))["reply"]["delivery"],
        "received"
    );
}

#[test]
fn a_draft_survives_a_crash_and_goes_when_it_is_submitted() {
    let (world, directory, core) = signed_in();
    let draft = json!({ "kind": "contact", "form": { "note": "打了两次没人接" } });
    world.ok(&core, "draft.save", json!({ "id": ID, "draft": draft }));
    drop(core);
    let core = world.open(directory.path());
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(detail["drafts"][0]["draft"]["form"]["note"], "打了两次没人接");
    assert_eq!(detail["summary"]["has_draft"], true);

    let empty = json!({ "id": ID, "form": { "note": "还没填完" } });
    let refused = world.rpc(&core, "orders.contact", empty);
    assert_eq!(refused["error"]["code"], "form_invalid");
    assert_eq!(
        refused["error"]["issues"][0],
        json!({ "field": "reached", "code": "required" })
    );
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(detail["drafts"][0]["draft"]["form"]["note"], "还没填完");

    let detail = world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    assert_eq!(detail["drafts"], json!([]));
    assert_eq!(detail["summary"]["has_draft"], false);
}

#[test]
fn an_order_taken_away_while_offline_leaves_the_text_with_its_author() {
    let (world, _directory, core) = signed_in();
    world.set_online(false);
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.gateway(|gateway| gateway.remove_order(ID));
    world.set_online(true);
    world.ok(&core, "sync.now", json!({}));
    world.pass(5_000);
    assert_eq!(world.code(&core, "orders.get", json!({ "id": ID })), "not_found");
    let item = world.ok(&core, "outbox.list", json!({}))["items"][0].clone();
    assert_eq!(item["reason"], "order_not_in_scope");
    assert_eq!(item["text"], "市民王女士\n已约定上门时间");
}

#[test]
fn a_reveal_works_offline_and_is_on_record() {
    let (world, _directory, core) = signed_in();
    world.set_online(false);
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(
        (
            detail["caller"]["name"].as_str(),
            detail["caller"]["phone"].as_str()
        ),
        (Some("张＊＊"), Some("138****1234"))
    );
    let full = world.ok(&core, "orders.reveal", json!({ "id": ID }));
    assert_eq!(
        (full["name"].as_str(), full["phone"].as_str()),
        (Some("张三丰"), Some("13800001234"))
    );
    assert_eq!(
        world.ok(&core, "outbox.list", json!({}))["items"][0]["kind"],
        "reveal"
    );
}

#[test]
fn an_orders_proof_is_verified_on_the_device() {
    let (world, _directory, core) = signed_in();
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.pass(1_000);
    let proof = world.ok(&core, "orders.proof", json!({ "id": ID }));
    assert_eq!(proof["all_valid"], true);
    assert_eq!(proof["items"][0]["kind"], "contact");
    assert_eq!(
        proof["items"][0]["key_fingerprint"],
        world.ok(&core, "session.status", json!({}))["key_fingerprint"]
    );
}

#[test]
fn a_proof_that_was_tampered_with_is_said_to_be_invalid() {
    let (world, _directory, core) = signed_in();
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.pass(1_000);
    for (fault, signature, receipt) in [
        (Fault::ForgedReceipts, "valid", "invalid"),
        (Fault::OtherBytes, "valid", "invalid"),
        (Fault::ChangedText, "invalid", "valid"),
        (Fault::ChangedAct, "invalid", "invalid"),
    ] {
        world.gateway(|gateway| gateway.fail("proof", &[fault]));
        let proof = world.ok(&core, "orders.proof", json!({ "id": ID }));
        let item = &proof["items"][0];
        assert_eq!(proof["all_valid"], false, "{fault:?}");
        assert_eq!(item["signature"], signature, "{fault:?}");
        assert_eq!(item["receipt"], receipt, "{fault:?}");
    }
}

#[test]
fn a_database_that_refuses_writes_is_reported_tried_ever_less_often_and_recovers() {
    let (world, directory, core) = signed_in();
    world.wait(core.close());
    world.raw(
        directory.path(),
        "CREATE TRIGGER full BEFORE INSERT ON orders BEGIN SELECT RAISE(ABORT, 'no'); END;",
    );
    let core = world.open(directory.path());
    world.gateway(|gateway| {
        gateway.put_order(order("wang", 2));
        gateway.requests.clear();
    });
    world.pass(3_600_000);
    let status = world.ok(&core, "sync.status", json!({}));
    assert_eq!(
        (status["phase"].as_str(), status["last_error"].as_str()),
        (Some("backoff"), Some("store_failed"))
    );
    let calls = world.gateway(|gateway| gateway.requests.len());
    assert!((10..300).contains(&calls), "{calls} calls in an hour");
    world.ok(&core, "orders.get", json!({ "id": ID }));

    world.wait(core.close());
    world.raw(directory.path(), "DROP TRIGGER full;");
    let core = world.open(directory.path());
    world.pass(1_000);
    world.ok(&core, "orders.get", json!({ "id": "12345-SH000002" }));
    assert_eq!(world.ok(&core, "sync.status", json!({}))["phase"], "idle");
}

#[test]
fn a_damaged_database_is_reported_and_the_drafts_are_still_there() {
    let (world, directory, core) = signed_in();
    let draft = json!({ "kind": "contact", "form": { "note": "打了两次没人接" } });
    world.ok(&core, "draft.save", json!({ "id": ID, "draft": draft }));
    for number in 2..200 {
        world.gateway(|gateway| gateway.put_order(order("wang", number)));
    }
    world.settle();
    world.wait(core.close());
    let file = directory.path().join("shenhai.db");
    let mut bytes = std::fs::read(&file).expect("reads");
    let last_page = bytes.len() - 4096;
    bytes[last_page..].fill(0xFF);
    std::fs::write(&file, bytes).expect("damages");

    let core = world.open(directory.path());
    world.settle();
    let status = world.ok(&core, "session.status", json!({}));
    assert_eq!(
        (status["recovered"].as_bool(), status["user"]["id"].as_str()),
        (Some(true), Some("wang"))
    );
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(detail["drafts"][0]["draft"]["form"]["note"], "打了两次没人接");
}

#[test]
fn one_call_says_what_a_form_asks_wants_offers_and_lacks() {
    let (world, _directory, core) = signed_in();
    let check = |form: serde_json::Value| {
        let params = json!({ "id": ID, "draft": { "kind": "contact", "form": form } });
        world.ok(&core, "form.check", params)
    };
    let blank = check(json!({}));
    assert_eq!(blank["relevant"], json!(["reached", "note"]));
    assert_eq!(blank["required"], json!(["reached"]));
    assert_eq!(
        blank["offered"]["unreached_reason"],
        json!(["powered_off", "no_answer", "other"])
    );
    assert_eq!(
        blank["offered"]["fact"],
        json!(["true", "partly_true", "false"]),
        "the order is a complaint"
    );
    // The reason was chosen before it turned out that somebody answered: no longer asked, it is in nobody's way.
    let mut changed = contact_form();
    changed["unreached_reason"] = json!("no_answer");
    let report = check(changed);
    assert_eq!(report["issues"], json!([]));
    assert_eq!(
        report["relevant"],
        json!(["reached", "contacted_at", "contact_person", "note"])
    );
    assert_eq!(
        report["required"],
        json!(["reached", "contacted_at", "contact_person"])
    );
}
