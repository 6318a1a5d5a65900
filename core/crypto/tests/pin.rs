//! A key behind a PIN: only the PIN opens it, and a forged record costs no more than seconds.

use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_crypto::{PIN_ITERATIONS, PIN_RECORD, PinError, PinLock, PinParams};

const QUICK: PinParams = PinParams { iterations: 1_000 };
const SECRET: [u8; 16] = *b"sixteen secrets.";

fn lock(pin: &str) -> PinLock {
    PinLock::create(pin, &SECRET, QUICK, &mut StdRng::seed_from_u64(1)).expect("good parameters")
}

#[test]
fn the_pin_opens_and_another_does_not() {
    let lock = lock("274691");
    assert_eq!(lock.open("274691").as_deref(), Ok(&SECRET));
    assert_eq!(lock.open("274692"), Err(PinError::WrongPin));
    assert_eq!(lock.open("2746910"), Err(PinError::WrongPin));
}

#[test]
fn a_record_reads_back_with_its_parameters() {
    let lock = lock("274691");
    let read = PinLock::from_bytes(lock.to_bytes()).expect("its own bytes");
    assert_eq!(read, lock);
    assert_eq!(read.params(), QUICK);
    assert_eq!(read.open("274691").as_deref(), Ok(&SECRET));
}

#[test]
fn every_changed_byte_of_a_record_is_noticed() {
    let lock = lock("274691");
    for at in 0..PIN_RECORD {
        let mut bytes = *lock.to_bytes();
        bytes[at] ^= 1;
        let opened = PinLock::from_bytes(&bytes).and_then(|lock| lock.open("274691"));
        assert!(opened.is_err(), "byte {at}");
    }
}

#[test]
fn a_forged_record_cannot_demand_hours() {
    for iterations in [0, 999, 2_000_001, u32::MAX] {
        let mut bytes = *lock("274691").to_bytes();
        bytes[6..10].copy_from_slice(&iterations.to_be_bytes());
        assert_eq!(
            PinLock::from_bytes(&bytes),
            Err(PinError::Iterations),
            "{iterations}"
        );
        let made = PinLock::create(
            "274691",
            &SECRET,
            PinParams { iterations },
            &mut StdRng::seed_from_u64(2),
        );
        assert_eq!(made, Err(PinError::Iterations), "{iterations}");
    }
    assert!(PIN_ITERATIONS.contains(&PinParams::default().iterations));
}

#[test]
fn what_is_no_record_and_no_pin_says_so() {
    let record = *lock("274691").to_bytes();
    assert_eq!(PinLock::from_bytes(&[]), Err(PinError::Length));
    assert_eq!(
        PinLock::from_bytes(&record[..PIN_RECORD - 1]),
        Err(PinError::Length)
    );
    assert_eq!(
        PinLock::from_bytes(&[&record[..], &[0]].concat()),
        Err(PinError::Length)
    );
    for at in 0..6 {
        let mut other = record;
        other[at] ^= 2;
        assert_eq!(PinLock::from_bytes(&other), Err(PinError::UnknownVersion));
    }
    for pin in ["", "123", &"1".repeat(65)] {
        assert_eq!(lock("274691").open(pin), Err(PinError::PinLength));
    }
}

#[test]
fn two_records_of_one_pin_have_nothing_in_common() {
    let rng = &mut StdRng::seed_from_u64(3);
    let mut make = || {
        *PinLock::create("274691", &SECRET, QUICK, rng)
            .expect("good")
            .to_bytes()
    };
    let (first, second) = (make(), make());
    assert_ne!(first[10..26], second[10..26], "the salts");
    assert_ne!(first[26..], second[26..], "the wrapped keys");
    assert_eq!(format!("{:?}", lock("274691")), "PinLock(1000 iterations)");
}
