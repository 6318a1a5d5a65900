//! After locking, the process holds neither the key of the database nor the device's own. A program of its own: nothing
//! else may hold such bytes.
#![cfg(target_os = "linux")]

mod support;

use serde_json::json;
use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::Path;
use support::gateway::order;
use support::{World, contact_form};
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

struct Needles {
    database: Vec<u8>,
    device: Vec<u8>,
    /// The device's key as little-endian machines compute with it.
    scalar: Vec<u8>,
}

#[inline(never)]
fn needles(world: &World, directory: &Path) -> Needles {
    let mut device = world.device_secret(directory);
    let mut scalar: Vec<u8> = device.iter().rev().copied().collect();
    let mut database = world.database_key();
    Needles {
        database: mask(&mut database),
        device: mask(&mut device),
        scalar: mask(&mut scalar),
    }
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
    let needles = needles(&world, directory.path());
    wipe_stack();

    let core = world.open(directory.path());
    world.ok(&core, "lock.set_pin", json!({ "pin": PIN }));
    for run in 1..=3 {
        world.ok(&core, "orders.list", json!({ "filter": "open", "limit": 10 }));
        world.ok(
            &core,
            "orders.contact",
            json!({ "id": "12345-SH000001", "form": contact_form() }),
        );
        world.settle();
        assert!(
            found(&needles.device) > 0,
            "an open core holds the device's key: the search itself works"
        );
        if cfg!(target_endian = "little") {
            assert!(found(&needles.scalar) > 0, "and the scalar it signs with");
        }
        world.ok(&core, "lock.lock", json!({}));
        world.settle();
        let left = [&needles.database, &needles.device, &needles.scalar].map(|needle| found(needle));
        assert_eq!(left, [0, 0, 0], "database, device, scalar; run {run}");
        world.ok(&core, "lock.unlock", json!({ "pin": PIN }));
    }
    world.wait(core.close());
    drop(core);
    let left = [&needles.database, &needles.device, &needles.scalar].map(|needle| found(needle));
    assert_eq!(left, [0, 0, 0], "after closing");
}
