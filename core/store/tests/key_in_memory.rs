//! After closing, the process no longer holds the key, nor what was derived of it. A program of its own: nothing else may hold such bytes.
#![cfg(target_os = "linux")]

use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_crypto::hmac_sm3;
use shenhai_protocol::UnixMillis;
use shenhai_sm4::cipher::KeyInit;
use shenhai_store::{Keys, Place, Store};
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

fn unmasked() -> [u8; 16] {
    let mut key = KEY;
    // Through a volatile read, so that the key is not worked out at compile time.
    let mask = std::hint::black_box(MASK);
    key.iter_mut().for_each(|byte| *byte ^= mask);
    key
}

/// The first round keys, masked, in the form in which this machine's instructions want them: read from the memory of
/// a cipher that is gone when this returns.
fn masked_round_keys(key: &[u8; 16]) -> [u8; 16] {
    let cipher = Box::new(shenhai_sm4::Sm4::new(&(*key).into()));
    let memory = File::open("/proc/self/mem").expect("opens");
    let mut words = [0; 16];
    let address = std::ptr::from_ref(&*cipher).addr();
    let read = memory.read_at(&mut words, u64::try_from(address).expect("fits"));
    assert_eq!(read.expect("reads"), 16);
    words.iter_mut().for_each(|byte| *byte ^= MASK);
    words
}

/// The key that seals the devices' secret keys, derived as the format says, masked.
fn masked_vault_key(key: &[u8; 16]) -> [u8; 16] {
    let mut derived = hmac_sm3(key, b"shenhai-identity-v1");
    let mut vault = [0; 16];
    vault.copy_from_slice(&derived[..16]);
    derived.zeroize();
    vault.iter_mut().for_each(|byte| *byte ^= MASK);
    vault
}

/// Overwrite what returned calls left on the stack.
#[inline(never)]
fn wipe_stack() {
    let mut stack = [MASK; 1 << 19];
    std::hint::black_box(&mut stack).zeroize();
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
    let needles = [masked_round_keys(&key), masked_vault_key(&key)];
    wipe_stack();
    assert_eq!(needles.each_ref().map(found), [0, 0], "a dropped cipher");
    let rng = Box::new(StdRng::seed_from_u64(1));
    let keys = Keys {
        pages: &key,
        columns: &key,
    };
    let opened = match pin!(Store::open(&place, keys, rng, UnixMillis(0), None))
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(opened) => opened,
        Poll::Pending => panic!("opening waits"),
    };
    key.zeroize();
    let mut store = opened.expect("opens").0;
    store.write(|write| write.set_clock_offset(1)).expect("writes");
    let working = needles.each_ref().map(|needle| found(needle) > 0);
    assert_eq!(working, [true, true], "an open store works with both");
    drop(store);
    assert_eq!(needles.each_ref().map(found), [0, 0], "round keys, derived key");
    assert_eq!(found(&KEY), 0, "the key itself");
}
