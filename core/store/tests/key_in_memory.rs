//! After closing, the process no longer holds the key. A program of its own: nothing else may hold such bytes.
#![cfg(target_os = "linux")]

use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_protocol::UnixMillis;
use shenhai_store::{Place, Store};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use zeroize::Zeroize;

/// Covers the needles in this program's own data.
const MASK: u8 = 0x5A;

const fn masked<const N: usize>(mut bytes: [u8; N]) -> [u8; N] {
    let mut at = 0;
    while at < N {
        bytes[at] ^= MASK;
        at += 1;
    }
    bytes
}

/// The key of GB/T 32907-2016, appendix A, masked.
const KEY: [u8; 16] = masked([
    0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10,
]);
/// Its round keys 0 to 3 as the appendix prints them, as a machine that keeps words lays them down, masked.
const ROUND_KEYS: [u8; 16] = masked([
    0xf9, 0x86, 0x21, 0xf1, 0x61, 0x2b, 0x66, 0x41, 0x9a, 0xb1, 0x6a, 0x5a, 0x77, 0x20, 0xa9, 0x7b,
]);

fn unmasked() -> [u8; 16] {
    let mut key = KEY;
    // Through a volatile read, so that the key is not worked out at compile time.
    let mask = std::hint::black_box(MASK);
    key.iter_mut().for_each(|byte| *byte ^= mask);
    key
}

/// How often the masked needle lies in this process's writable memory.
fn found(needle: &[u8; 16]) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("lists");
    let memory = File::open("/proc/self/mem").expect("opens");
    let mut chunk = vec![0_u8; 1 << 16];
    let mut count = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (from, to) = line
            .split_once(' ')
            .and_then(|(range, _)| range.split_once('-'))
            .expect("a range");
        let from = u64::from_str_radix(from, 16).expect("hex");
        let to = u64::from_str_radix(to, 16).expect("hex");
        // Chunks overlap by a needle's length.
        for at in (from..to).step_by(chunk.len() - 16) {
            let len = usize::try_from(to - at).expect("fits").min(chunk.len());
            let Ok(read) = memory.read_at(&mut chunk[..len], at) else {
                break;
            };
            count += chunk[..read]
                .windows(16)
                .filter(|window| window.iter().zip(needle).all(|(a, b)| a ^ MASK == *b))
                .count();
            chunk.as_mut_slice().zeroize();
        }
    }
    count
}

#[test]
fn a_closed_store_leaves_no_key_in_memory() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = Place::Directory(directory.path().to_owned());
    let mut key = unmasked();
    assert!(found(&KEY) > 0, "the search itself works");
    let rng = Box::new(StdRng::seed_from_u64(1));
    let opened = match pin!(Store::open(&place, &key, rng, UnixMillis(0), None))
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(opened) => opened,
        Poll::Pending => panic!("opening waits"),
    };
    key.zeroize();
    let mut store = opened.expect("opens").0;
    store.write(|write| write.set_clock_offset(1)).expect("writes");
    assert!(found(&ROUND_KEYS) > 0, "an open store works with round keys");
    drop(store);
    assert_eq!(found(&ROUND_KEYS), 0, "round keys");
    assert_eq!(found(&KEY), 0, "the key itself");
}
