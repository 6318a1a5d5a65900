//! Locking, wrong PINs, erasing, and starting anew.

mod support;

use serde_json::{Value, json};
use shenhai_client::Core;
use shenhai_client::rpc::Topic;
use std::sync::{Arc, Mutex};
use support::gateway::order;
use support::{World, contact_form, copy_files};

const ID: &str = "12345-SH000001";
const PIN: &str = "471108";

fn signed_in() -> (Arc<World>, tempfile::TempDir, Core) {
    let world = World::new();
    world.gateway(|gateway| gateway.put_order(order("wang", 1)));
    let directory = tempfile::tempdir().expect("a directory");
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    (world, directory, core)
}

fn locked() -> (Arc<World>, tempfile::TempDir, Core) {
    let (world, directory, core) = signed_in();
    world.ok(&core, "lock.set_pin", json!({ "pin": PIN }));
    world.ok(&core, "lock.lock", json!({}));
    (world, directory, core)
}

fn unlock(world: &World, core: &Core, pin: &str) -> Value {
    world.rpc(core, "lock.unlock", json!({ "pin": pin }))
}

#[test]
fn a_locked_core_answers_nothing_and_tells_the_screens() {
    let (world, _directory, core) = signed_in();
    let heard: Arc<Mutex<Vec<Topic>>> = Arc::default();
    let log = Arc::clone(&heard);
    let _subscription = core.subscribe(move |event| log.lock().expect("unpoisoned").push(event.topic));
    assert_eq!(
        world.code(&core, "lock.lock", json!({})),
        "wrong_state",
        "no PIN yet"
    );
    world.ok(&core, "lock.set_pin", json!({ "pin": PIN }));
    heard.lock().expect("unpoisoned").clear();
    assert_eq!(world.ok(&core, "lock.lock", json!({}))["state"], "locked");
    assert!(heard.lock().expect("unpoisoned").contains(&Topic::Lock));
    for (method, params) in [
        ("orders.list", json!({ "filter": "open", "limit": 10 })),
        ("orders.get", json!({ "id": ID })),
        ("outbox.list", json!({})),
        ("sync.now", json!({})),
        ("device.status", json!({})),
        (
            "session.begin",
            json!({ "redirect_uri": "https://gateway.example/hotline/" }),
        ),
        ("session.sign_out", json!({})),
    ] {
        assert_eq!(world.code(&core, method, params), "locked", "{method}");
    }
    let status = world.ok(&core, "session.status", json!({}));
    assert_eq!(
        (&status["lock"], &status["user"]),
        (&json!("locked"), &json!(null))
    );
    world.gateway(|gateway| gateway.requests.clear());
    world.pass(600_000);
    world.gateway(|gateway| {
        assert!(
            gateway.requests.is_empty(),
            "nothing is synchronised while locked"
        )
    });

    assert_eq!(unlock(&world, &core, PIN)["ok"]["state"], "open");
    assert_eq!(world.ok(&core, "session.status", json!({}))["user"]["id"], "wang");
    world.ok(&core, "orders.get", json!({ "id": ID }));
}

#[test]
fn a_pin_outlives_a_restart_and_changes_without_touching_the_data() {
    let (world, directory, core) = locked();
    drop(core);
    let core = world.open(directory.path());
    assert_eq!(world.ok(&core, "lock.status", json!({}))["state"], "locked");
    assert_eq!(unlock(&world, &core, PIN)["ok"]["state"], "open");
    assert_eq!(
        world.code(&core, "lock.set_pin", json!({ "pin": "000111" })),
        "pin_wrong"
    );
    assert_eq!(
        world.code(&core, "lock.set_pin", json!({ "pin": "12345", "old_pin": PIN })),
        "form_invalid",
        "six digits"
    );
    world.ok(&core, "lock.set_pin", json!({ "pin": "000111", "old_pin": PIN }));
    world.ok(&core, "lock.lock", json!({}));
    assert_eq!(unlock(&world, &core, PIN)["error"]["code"], "pin_wrong");
    assert_eq!(unlock(&world, &core, "000111")["ok"]["attempts_left"], 5);
    world.ok(&core, "lock.clear_pin", json!({ "pin": "000111" }));
    drop(core);
    let core = world.open(directory.path());
    assert_eq!(world.ok(&core, "session.status", json!({}))["user"]["id"], "wang");
}

#[test]
fn the_fifth_wrong_pin_erases_and_a_person_begins_with_nothing() {
    let (world, directory, core) = locked();
    for left in (1..5).rev() {
        assert_eq!(unlock(&world, &core, "999999")["error"]["code"], "pin_wrong");
        let status = world.ok(&core, "lock.status", json!({}));
        assert_eq!(status["attempts_left"], left);
        world.pass(status["retry_after_ms"].as_u64().expect("a pause"));
    }
    assert_eq!(unlock(&world, &core, "999999")["error"]["code"], "erased");
    assert_eq!(world.ok(&core, "lock.status", json!({}))["state"], "erased");
    assert_eq!(
        unlock(&world, &core, PIN)["error"]["code"],
        "erased",
        "the right one is too late"
    );
    assert_eq!(world.code(&core, "orders.get", json!({ "id": ID })), "erased");
    drop(core);
    let core = world.open(directory.path());
    assert_eq!(world.ok(&core, "session.status", json!({}))["lock"], "erased");
    world.sign_in(&core, "wang");
    world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(world.ok(&core, "lock.status", json!({}))["pin_set"], false);
}

#[test]
fn erased_on_request_the_same_core_lets_a_person_sign_in_anew() {
    let (world, directory, core) = signed_in();
    let old = world.ok(&core, "session.status", json!({}))["device_id"].clone();
    let draft = json!({ "kind": "contact", "form": contact_form() });
    world.ok(&core, "draft.save", json!({ "id": ID, "draft": draft }));
    let key = world.database_key();
    assert_eq!(
        world.code(&core, "lock.erase", json!({ "confirm": "yes" })),
        "bad_request"
    );
    let erased = world.ok(&core, "lock.erase", json!({ "confirm": "erase" }));
    assert_eq!(erased["state"], "erased");
    assert_eq!(copy_files(directory.path()), [], "no file is left");
    assert_eq!(world.code(&core, "orders.get", json!({ "id": ID })), "erased");

    world.sign_in(&core, "wang");
    let status = world.ok(&core, "session.status", json!({}));
    assert_ne!(status["device_id"], old);
    assert_ne!(world.database_key(), key);
    let shown = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(shown["drafts"], json!([]));
}

#[test]
fn data_of_version_1_is_taken_over_under_a_key_of_its_own() {
    let world = World::new();
    // Version 1 used the platform's key as it is.
    let platform = *b"0123456789abcdef";
    world.set_store_key(platform);
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("shenhai.db");
    let plain = rusqlite::Connection::open(&file).expect("opens");
    let version_1 = include_str!("../../store/tests/version-1.sql");
    plain.execute_batch(version_1).expect("version 1");
    // Its command is no command: for the store any text will do.
    plain.execute_batch("DELETE FROM outbox").expect("runs");
    drop(plain);

    for run in ["taken over", "opened again"] {
        let core = world.open(directory.path());
        let status = world.ok(&core, "session.status", json!({}));
        let who = (&status["user"]["id"], &status["device_id"]);
        assert_eq!(who, (&json!("wang"), &json!("d1")), "{run}");
        assert_eq!(status["recovered"], false, "{run}: nothing was damaged");
        drop(core);
        let sealed = std::fs::read(&file).expect("reads");
        let readable = sealed.windows(12).any(|text| text == b"CREATE TABLE");
        assert!(!readable, "{run}: its pages are sealed");
    }
    assert_ne!(world.database_key(), platform);
}

#[test]
fn wrong_pins_are_counted_over_restarts_and_wait_ever_longer() {
    let (world, directory, core) = locked();
    unlock(&world, &core, "999999");
    unlock(&world, &core, "999999");
    assert_eq!(world.ok(&core, "lock.status", json!({}))["retry_after_ms"], 5_000);
    assert_eq!(unlock(&world, &core, PIN)["error"]["code"], "rate_limited");
    drop(core);
    world.set_wall(support::START + 86_400_000);
    let core = world.open(directory.path());
    let status = world.ok(&core, "lock.status", json!({}));
    assert_eq!(
        (&status["attempts_left"], &status["retry_after_ms"]),
        (&json!(3), &json!(5_000))
    );
    assert_eq!(unlock(&world, &core, PIN)["error"]["code"], "rate_limited");
    world.pass(5_000);
    assert_eq!(unlock(&world, &core, PIN)["ok"]["attempts_left"], 5);
}

#[test]
fn it_locks_by_itself_five_minutes_after_the_last_touch() {
    let (world, _directory, core) = signed_in();
    world.ok(&core, "lock.set_pin", json!({ "pin": PIN }));
    world.pass(4 * 60_000);
    assert_eq!(world.ok(&core, "lock.touch", json!({}))["state"], "open");
    world.pass(4 * 60_000);
    world.ok(&core, "orders.list", json!({ "filter": "open", "limit": 10 }));
    assert_eq!(world.ok(&core, "lock.status", json!({}))["state"], "open");
    world.pass(61_000);
    assert_eq!(world.ok(&core, "lock.status", json!({}))["state"], "locked");
    assert_eq!(
        world.ok(&core, "lock.touch", json!({}))["state"],
        "locked",
        "a touch opens nothing"
    );
}

#[test]
fn a_phone_left_lying_locks_whatever_its_page_goes_on_asking() {
    let (world, _directory, core) = signed_in();
    world.ok(&core, "lock.set_pin", json!({ "pin": PIN }));
    for minute in 0..5 {
        // A word in the search box, a list beyond its first page, the order on the screen, a draft kept by a timer.
        for (method, params) in [
            (
                "orders.list",
                json!({ "filter": "open", "limit": 10, "search": "污水" }),
            ),
            (
                "orders.list",
                json!({ "filter": "open", "limit": 10, "offset": minute }),
            ),
            ("orders.get", json!({ "id": ID })),
            (
                "form.check",
                json!({ "id": ID, "draft": { "kind": "reply", "form": {} } }),
            ),
            (
                "draft.save",
                json!({ "id": ID, "draft": { "kind": "reply", "form": {} } }),
            ),
            ("outbox.list", json!({})),
            ("sync.now", json!({})),
            ("network.hint", json!({ "online": true })),
            ("device.status", json!({})),
        ] {
            world.ok(&core, method, params);
        }
        world.pass(60_000);
    }
    assert_eq!(world.ok(&core, "lock.status", json!({}))["state"], "locked");
}

#[test]
fn a_phone_asleep_for_an_hour_wakes_locked_whatever_asks_first() {
    for (method, params) in [
        ("orders.get", json!({ "id": ID })),
        ("orders.list", json!({ "filter": "open", "limit": 10 })),
        ("sync.status", json!({})),
    ] {
        let (world, _directory, core) = signed_in();
        world.ok(&core, "lock.set_pin", json!({ "pin": PIN }));
        world.sleep_machine(3_600_000);
        assert_eq!(world.code(&core, method, params), "locked", "{method}");
    }
    let (world, _directory, core) = signed_in();
    world.ok(&core, "lock.set_pin", json!({ "pin": PIN }));
    world.sleep_machine(3_600_000);
    let touched = world.ok(&core, "lock.touch", json!({}));
    assert_eq!(
        touched["state"], "locked",
        "the hand that wakes it comes too late"
    );
}

#[test]
fn a_phone_that_woke_up_locks_although_nobody_asks_anything() {
    let (world, _directory, core) = signed_in();
    world.ok(&core, "lock.set_pin", json!({ "pin": PIN }));
    let heard: Arc<Mutex<Vec<Topic>>> = Arc::default();
    let log = Arc::clone(&heard);
    let _subscription = core.subscribe(move |event| log.lock().expect("unpoisoned").push(event.topic));
    world.sleep_machine(3_600_000);
    heard.lock().expect("unpoisoned").clear();
    // The timer that was set for five minutes has most of them left.
    world.pass(6_000);
    assert!(heard.lock().expect("unpoisoned").contains(&Topic::Lock));
}

#[test]
fn an_answer_that_comes_after_the_sleep_is_not_given() {
    let (world, _directory, core) = signed_in();
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.pass(1_000);
    world.ok(&core, "lock.set_pin", json!({ "pin": PIN }));
    let request = json!({ "method": "orders.proof", "params": { "id": ID } }).to_string();
    let mut asked = std::pin::pin!(core.rpc(&request));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(
        asked.as_mut().poll(&mut context).is_pending(),
        "the gateway is asked"
    );
    world.sleep_machine(3_600_000);
    let answer: Value = serde_json::from_str(&world.wait(asked)).expect("JSON");
    assert_eq!(answer["error"]["code"], "locked", "{answer}");
}

#[test]
fn setting_the_clock_forward_does_not_end_the_pause_after_a_wrong_pin() {
    let (world, _directory, core) = locked();
    unlock(&world, &core, "999999");
    unlock(&world, &core, "999999");
    assert_eq!(world.ok(&core, "lock.status", json!({}))["retry_after_ms"], 5_000);
    world.set_wall(support::START + 86_400_000);
    assert_eq!(world.ok(&core, "lock.status", json!({}))["retry_after_ms"], 5_000);
    assert_eq!(unlock(&world, &core, PIN)["error"]["code"], "rate_limited");
}

#[test]
fn the_platform_unlocks_after_it_recognised_the_person() {
    let (world, _directory, core) = signed_in();
    world.ok(&core, "lock.set_pin", json!({ "pin": PIN }));
    let by_platform = json!({ "host_secret": true });
    world.ok(&core, "lock.lock", json!({}));
    assert_eq!(world.code(&core, "lock.unlock", by_platform.clone()), "pin_wrong");
    unlock(&world, &core, PIN);
    world.ok(&core, "lock.set_biometric", json!({ "pin": PIN, "on": true }));
    world.ok(&core, "lock.lock", json!({}));
    assert_eq!(world.ok(&core, "lock.unlock", by_platform)["state"], "open");
    world.ok(&core, "lock.set_biometric", json!({ "pin": PIN, "on": false }));
    world.secrets(|secrets| assert!(!secrets.contains_key("bio")));
}

#[test]
fn unsent_work_waits_behind_the_lock_and_is_sent_afterwards() {
    let (world, _directory, core) = signed_in();
    world.set_online(false);
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    world.ok(&core, "lock.set_pin", json!({ "pin": PIN }));
    world.ok(&core, "lock.lock", json!({}));
    world.set_online(true);
    world.pass(60_000);
    world.gateway(|gateway| assert_eq!(gateway.receipted(), 0));
    unlock(&world, &core, PIN);
    world.pass(1_000);
    world.gateway(|gateway| assert_eq!(gateway.receipted(), 1));
}
