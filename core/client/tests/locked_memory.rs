//! After locking, the process no longer holds the key of the database. A program of its own: nothing else may hold such
//! bytes. The device's key is the control: it lies in the open database's pages, which SQLite frees without
//! overwriting them, so nothing is claimed of it here.
#![cfg(target_os = "linux")]

mod support;

use serde_json::json;
use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::Path;
use support::World;
use support::gateway::order;
use zeroize::Zeroize;

/// Covers the needles in this program's own memory.
const MASK: u8 = 0x5A;
const PIN: &str = "471108";

fn mask(bytes: &mut [u8]) -> Vec<u8> {
    let masked = bytes.iter().map(|byte| byte ^ black_box(MASK)).collect();
    bytes.zeroize();
    masked
}

/// How often the masked needle lies in this process's writable memory.
fn found(needle: &[u8]) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("lists");
    let memory = File::open("/proc/self/mem").expect("opens");
    let mut chunk = vec![0_u8; 1 << 16];
    let mut count = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (range, _) = line.split_once(' ').expect("a range");
        let (from, to) = range.split_once('-').expect("a range");
        let from = u64::from_str_radix(from, 16).expect("hex");
        let to = u64::from_str_radix(to, 16).expect("hex");
        for at in (from..to).step_by(chunk.len() - needle.len()) {
            let len = usize::try_from(to - at).expect("fits").min(chunk.len());
            let Ok(read) = memory.read_at(&mut chunk[..len], at) else {
                break;
            };
            count += chunk[..read]
                .windows(needle.len())
                .filter(|window| window.iter().zip(needle).all(|(a, b)| a ^ MASK == *b))
                .count();
            chunk.as_mut_slice().zeroize();
        }
    }
    count
}

/// What this program itself needed to learn the needles is not what is searched for.
#[inline(never)]
fn wipe_stack() {
    let mut stack = [0_u8; 256 * 1024];
    black_box(&mut stack).zeroize();
}

#[inline(never)]
fn needles(world: &World, directory: &Path) -> (Vec<u8>, Vec<u8>) {
    let mut secret = world.device_secret(directory);
    let mut key = world.database_key();
    (mask(&mut key), mask(&mut secret))
}

#[test]
fn a_locked_core_leaves_no_key_in_memory() {
    let world = World::new();
    world.gateway(|gateway| gateway.put_order(order("wang", 1)));
    let directory = tempfile::tempdir().expect("a directory");
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    world.wait(core.close());
    drop(core);
    let (key, secret) = needles(&world, directory.path());
    wipe_stack();

    let core = world.open(directory.path());
    world.ok(&core, "orders.list", json!({ "filter": "open", "limit": 10 }));
    assert!(
        found(&secret) > 0,
        "an open core holds the device's key: the search itself works"
    );
    world.ok(&core, "lock.set_pin", json!({ "pin": PIN }));
    world.ok(&core, "lock.lock", json!({}));
    world.settle();
    wipe_stack();
    assert_eq!(found(&key), 0, "the database's key");

    world.ok(&core, "lock.unlock", json!({ "pin": PIN }));
    world.ok(&core, "orders.list", json!({ "filter": "open", "limit": 10 }));
    assert!(found(&secret) > 0, "open again");
    world.ok(&core, "lock.lock", json!({}));
    world.settle();
    wipe_stack();
    assert_eq!(found(&key), 0, "the database's key, after unlocking");
}
