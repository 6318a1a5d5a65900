//! What a lease, a lock and a stamp make of clocks that are set, machines that sleep and processes that are killed.

mod support;

use serde_json::{Value, json};
use shenhai_client::Core;
use shenhai_protocol::ErrorCode;
use std::sync::Arc;
use support::gateway::{Fault, order};
use support::{START, World, contact_form};

const ID: &str = "12345-SH000001";
const PIN: &str = "471108";
const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const TEN_YEARS: i64 = 3_652 * 86_400_000;

/// Signed in, then without a network, with a lease of so many hours and a lock that does not fall in between.
fn offline(hours: u32) -> (Arc<World>, tempfile::TempDir, Core) {
    let world = World::new();
    world.gateway(|gateway| {
        gateway.put_order(order("wang", 1));
        gateway.papers.rules.offline_hours = hours;
        gateway.papers.rules.lock_after_minutes = 24 * 60;
    });
    let directory = tempfile::tempdir().expect("a directory");
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    world.set_online(false);
    (world, directory, core)
}

fn shows_orders(world: &World, core: &Core) -> bool {
    let answer = world.rpc(core, "orders.get", json!({ "id": ID }));
    match answer["error"]["code"].as_str() {
        None => true,
        Some("lease_expired") => false,
        Some(other) => panic!("{other}"),
    }
}

// --- the lease ---

#[test]
fn a_lease_counts_on_from_a_restart_under_a_clock_set_back_ten_years() {
    let (world, directory, core) = offline(6);
    world.pass(HOUR);
    drop(core);
    world.set_wall(START - TEN_YEARS);
    let core = world.open(directory.path());
    world.pass(4 * HOUR);
    assert!(shows_orders(&world, &core), "five of six hours");
    world.pass(HOUR + MINUTE);
    assert!(!shows_orders(&world, &core), "six hours and a minute");
    drop(core);
    world.set_wall(START - TEN_YEARS);
    let core = world.open(directory.path());
    assert!(
        !shows_orders(&world, &core),
        "a second restart gives nothing back"
    );
}

#[test]
fn a_lease_counts_on_behind_the_lock_and_after_it_under_a_clock_set_back() {
    let (world, _directory, core) = offline(6);
    world.ok(&core, "lock.set_pin", json!({ "pin": PIN }));
    world.pass(HOUR);
    world.set_wall(START - TEN_YEARS);
    world.ok(&core, "lock.lock", json!({}));
    world.pass(2 * HOUR);
    world.ok(&core, "lock.unlock", json!({ "pin": PIN }));
    world.pass(2 * HOUR);
    assert!(shows_orders(&world, &core), "five of six hours");
    world.pass(HOUR + MINUTE);
    assert!(!shows_orders(&world, &core), "six hours and a minute");
}

#[test]
fn killing_the_app_again_and_again_does_not_lengthen_a_lease() {
    let (world, directory, mut core) = offline(1);
    // 75 times 50 seconds are 62.5 minutes; no run lasts to the next mark.
    for _ in 0..75 {
        world.pass(50_000);
        world.kill(core, directory.path());
        world.set_wall(START - TEN_YEARS);
        core = world.open(directory.path());
    }
    assert!(!shows_orders(&world, &core));
}

#[test]
fn a_phone_asleep_for_seven_hours_wakes_with_its_lease_ended_and_stays_so_when_killed_at_once() {
    let (world, directory, core) = offline(6);
    // Set back first, so that the hours asleep are all there is to tell.
    world.set_wall(START - TEN_YEARS);
    assert!(shows_orders(&world, &core));
    world.sleep_machine(7 * HOUR as i64);
    assert!(!shows_orders(&world, &core));
    world.kill(core, directory.path());
    let core = world.open(directory.path());
    assert!(!shows_orders(&world, &core));
}

#[test]
fn a_clock_set_forward_and_back_again_does_not_keep_the_data_shut_after_a_contact() {
    let (world, _directory, core) = offline(6);
    world.set_wall(START + TEN_YEARS);
    assert!(!shows_orders(&world, &core), "forward only shuts early");
    world.set_wall(START);
    world.set_online(true);
    world.ok(&core, "network.hint", json!({ "online": true }));
    world.ok(&core, "sync.now", json!({}));
    world.pass(2 * MINUTE);
    assert!(shows_orders(&world, &core));
}

// --- the stamp ---

fn contact(world: &World, core: &Core) -> Value {
    world.ok(
        core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    )
}

fn back_online(world: &World, core: &Core) {
    world.set_online(true);
    world.ok(core, "network.hint", json!({ "online": true }));
    world.ok(core, "sync.now", json!({}));
    world.pass(1_000);
}

/// The stamp under which the gateway took the contact.
fn stamp(world: &World) -> Option<i64> {
    world.gateway(|gateway| {
        gateway.orders[ID]
            .contact
            .as_ref()
            .map(|record| record.client_time.0)
    })
}

/// Both are on the same second.
fn same(found: Option<i64>, wanted: i64) -> bool {
    found.is_some_and(|found| (found - wanted).abs() < 1_000)
}

#[test]
fn a_clock_set_by_three_hours_while_the_page_is_open_stamps_rightly() {
    for step in [3 * HOUR as i64, -3 * HOUR as i64, TEN_YEARS, -TEN_YEARS] {
        let (world, _directory, core) = offline(24 * 30);
        world.pass(10 * MINUTE);
        let now = START + 10 * MINUTE as i64;
        world.set_wall(now + step);
        // Set forward by years the lease counts as used up; that is for the next contact to mend.
        if step < TEN_YEARS {
            let detail = contact(&world, &core);
            assert!(
                same(detail["contact"]["client_time"].as_i64(), now),
                "shown: {step}"
            );
            assert!(same(detail["now"].as_i64(), now), "the countdown: {step}");
            world.pass(MINUTE);
            back_online(&world, &core);
            assert!(same(stamp(&world), now), "{step}: {:?}", stamp(&world));
            assert_eq!(
                world.ok(&core, "outbox.list", json!({}))["items"],
                json!([]),
                "{step}"
            );
        } else {
            back_online(&world, &core);
            world.pass(2 * MINUTE);
            assert!(
                same(
                    contact(&world, &core)["contact"]["client_time"].as_i64(),
                    now + 121_000
                ),
                "{step}"
            );
        }
    }
}

#[test]
fn what_was_stamped_after_a_sleep_is_put_right_before_it_is_sent() {
    let (world, _directory, core) = offline(24);
    world.gateway(|gateway| gateway.put_order(order("wang", 2)));
    world.pass(10 * MINUTE);
    let second = "12345-SH000002";
    world.set_online(true);
    world.pass(2 * MINUTE);
    world.set_online(false);
    // Before the sleep, after it, and after another: the gateway then tells that the wall clock was right.
    let begun = START + 12 * MINUTE as i64;
    contact(&world, &core);
    world.sleep_machine(HOUR as i64);
    let form = json!({ "id": second, "form": contact_form() });
    world.ok(&core, "orders.contact", form);
    world.sleep_machine(2 * HOUR as i64);
    world.gateway_follows_the_wall();
    back_online(&world, &core);
    assert!(same(stamp(&world), begun), "{:?}", stamp(&world));
    let of_second = world
        .gateway(|gateway| gateway.orders[second].contact.clone())
        .expect("taken");
    assert!(
        same(Some(of_second.client_time.0), begun + HOUR as i64),
        "{of_second:?}"
    );
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["items"], json!([]));
}

#[test]
fn what_was_stamped_under_a_clock_set_while_the_app_was_closed_is_put_right_before_it_is_sent() {
    for step in [3 * HOUR as i64, -3 * HOUR as i64] {
        let (world, directory, core) = offline(24);
        world.pass(10 * MINUTE);
        drop(core);
        world.set_wall(START + 10 * MINUTE as i64 + step);
        let core = world.open(directory.path());
        contact(&world, &core);
        world.pass(5 * MINUTE);
        back_online(&world, &core);
        let wanted = START + 10 * MINUTE as i64;
        assert!(same(stamp(&world), wanted), "{step}: {:?}", stamp(&world));
    }
}

#[test]
fn what_was_sent_keeps_its_bytes_whatever_the_clock_did() {
    let (world, _directory, core) = offline(24);
    world.set_online(true);
    world.gateway(|gateway| gateway.fail("push", &[Fault::LostAnswer, Fault::LostAnswer]));
    contact(&world, &core);
    world.pass(100);
    world.sleep_machine(HOUR as i64);
    world.pass(MINUTE);
    world.gateway(|gateway| {
        assert!(gateway.pushed.len() > 1, "sent again");
        assert!(
            gateway.pushed.iter().all(|text| *text == gateway.pushed[0]),
            "the same bytes"
        );
        assert_eq!(gateway.receipted(), 1);
    });
}

// --- mending ---

/// A contact that the gateway refused with this code.
fn refused(code: ErrorCode, form: Value) -> (Arc<World>, tempfile::TempDir, Core, Value) {
    let (world, directory, core) = offline(24);
    world.set_online(true);
    world.pass(MINUTE);
    world.gateway(|gateway| gateway.fail("push", &[Fault::Refuse(code)]));
    world.ok(&core, "orders.contact", json!({ "id": ID, "form": form }));
    world.pass(1_000);
    let item = world.ok(&core, "outbox.list", json!({}))["items"][0].clone();
    assert_eq!(
        (&item["state"], &item["reason"]),
        (&json!("parked"), &json!(code))
    );
    (world, directory, core, item)
}

#[test]
fn what_was_refused_for_its_form_or_its_time_opens_for_mending_with_its_text() {
    for code in [
        ErrorCode::FormInvalid,
        ErrorCode::ClockOutOfRange,
        ErrorCode::TooLarge,
    ] {
        let (world, _directory, core, item) = refused(code, contact_form());
        assert_eq!(item["mendable"], true, "{code:?}");
        let mend = json!({ "cmd_id": item["cmd_id"] });
        let opened = world.ok(&core, "outbox.mend", mend.clone());
        assert_eq!(
            opened,
            json!({ "order_id": ID, "kind": "contact", "draft_in_the_way": false })
        );
        assert_eq!(
            world.code(&core, "outbox.mend", mend),
            "not_found",
            "it is a draft now"
        );
        let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
        let mut form = detail["drafts"][0]["draft"]["form"].clone();
        assert_eq!(form, contact_form_as_kept(), "{code:?}: every word of it");
        form["note"] = json!("已改约下午");
        world.ok(&core, "orders.contact", json!({ "id": ID, "form": form }));
        world.pass(1_000);
        assert_eq!(
            world.ok(&core, "outbox.list", json!({}))["items"],
            json!([]),
            "{code:?}"
        );
        let note = world.gateway(|gateway| gateway.orders[ID].contact.clone().expect("taken").form.note);
        assert_eq!(note, "已改约下午");
    }
}

fn contact_form_as_kept() -> Value {
    let mut form = contact_form();
    form["unreached_reason"] = json!(null);
    form
}

#[test]
fn mending_asks_before_it_takes_the_place_of_another_draft() {
    let (world, directory, core, item) = refused(ErrorCode::FormInvalid, contact_form());
    let newer = json!({ "kind": "contact", "form": { "note": "又打了一次" } });
    world.ok(&core, "draft.save", json!({ "id": ID, "draft": newer }));
    let asked = world.ok(&core, "outbox.mend", json!({ "cmd_id": item["cmd_id"] }));
    assert_eq!(asked["draft_in_the_way"], true);
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(detail["drafts"][0]["draft"]["form"]["note"], "又打了一次");
    assert_eq!(detail["outbox"][0]["state"], "parked", "nothing was done");
    let replace = json!({ "cmd_id": item["cmd_id"], "replace_draft": true });
    assert_eq!(world.ok(&core, "outbox.mend", replace)["draft_in_the_way"], false);
    drop(core);
    let core = world.open(directory.path());
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(
        detail["drafts"][0]["draft"]["form"]["note"],
        contact_form()["note"]
    );
    assert_eq!(detail["outbox"], json!([]));
}

#[test]
fn a_retry_that_could_only_be_refused_again_says_what_is_wrong_and_keeps_the_command() {
    let (world, _directory, core) = offline(24);
    // The wheel stood at three hours from now while the clock might have been right.
    let mut form = contact_form();
    form["contacted_at"] = json!(START + 3 * HOUR as i64);
    world.set_wall(START + 3 * HOUR as i64 + 1_000);
    world.ok(&core, "orders.contact", json!({ "id": ID, "form": form }));
    world.gateway(|gateway| gateway.fail("push", &[Fault::Refuse(ErrorCode::FormInvalid)]));
    world.set_wall(START);
    back_online(&world, &core);
    let item = world.ok(&core, "outbox.list", json!({}))["items"][0].clone();
    assert_eq!(
        (&item["state"], &item["mendable"]),
        (&json!("parked"), &json!(true))
    );
    let retry = world.rpc(&core, "outbox.retry", json!({ "cmd_id": item["cmd_id"] }));
    assert_eq!(retry["error"]["code"], "form_invalid", "{retry}");
    assert_eq!(retry["error"]["issues"][0]["field"], "contacted_at", "{retry}");
    assert_eq!(
        world.ok(&core, "outbox.list", json!({}))["items"][0]["cmd_id"],
        item["cmd_id"]
    );
    let opened = world.ok(&core, "outbox.mend", json!({ "cmd_id": item["cmd_id"] }));
    assert_eq!(opened["kind"], "contact");
}

#[test]
fn what_no_mending_can_help_is_not_offered_for_it() {
    let (world, _directory, core, item) = refused(ErrorCode::OrderNotInScope, contact_form());
    assert_eq!(item["mendable"], true, "the order is still here");
    world.gateway(|gateway| gateway.remove_order(ID));
    world.pass(1_000);
    let item = world.ok(&core, "outbox.list", json!({}))["items"][0].clone();
    assert_eq!(item["mendable"], false);
    let mend = json!({ "cmd_id": item["cmd_id"] });
    assert_eq!(world.code(&core, "outbox.mend", mend), "not_found");
    assert_eq!(item["text"], "市民王女士\n已约定上门时间");
}
