//! What a lease, a lock and a stamp make of clocks that are set, machines that sleep and processes that are killed.

mod support;

use serde_json::json;
use shenhai_client::Core;
use std::sync::Arc;
use support::gateway::order;
use support::{START, World};

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
