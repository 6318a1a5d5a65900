//! SM2 signatures in DER: one text for one signature, and each broken rule has its own name.

use proptest::prelude::*;
use shenhai_crypto::{Component, DerError, Signature, SignatureError};

/// n of the recommended curve (GB/T 32918.5-2017), as a DER integer with its zero byte.
const ORDER: &str = "022100fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
const BELOW: &str = "022100fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122";

fn der(hex: &str) -> Result<Signature, DerError> {
    Signature::from_der(&base16ct::lower::decode_vec(hex).expect("hex"))
}

fn sequence(body: &str) -> String {
    format!("30{:02x}{body}", body.len() / 2)
}

#[test]
fn a_signature_of_any_range_reads_back() {
    let smallest = sequence("020101020101");
    let largest = sequence(&format!("{BELOW}{BELOW}"));
    for hex in [smallest, largest, sequence("020101020200ff")] {
        let signature = der(&hex).expect("valid DER");
        assert_eq!(base16ct::lower::encode_string(&signature.to_der()), hex);
    }
}

#[test]
fn each_broken_rule_of_der_has_its_own_error() {
    for (hex, error) in [
        ("", DerError::Truncated),
        ("30", DerError::Truncated),
        ("3006", DerError::Truncated),
        ("3006020101", DerError::Truncated),
        ("300602010102", DerError::Truncated),
        // The outer length ends inside of s, or behind it.
        ("3005020101020101", DerError::Truncated),
        ("3007020101020101", DerError::Truncated),
        ("3006020101020101_00", DerError::Trailing),
        ("3007020101020101_00", DerError::Trailing),
        ("3009020101020101_020101", DerError::Trailing),
        ("308106020101020101", DerError::NonMinimal),
        ("30820006020101020101", DerError::NonMinimal),
        ("300702810101020101", DerError::NonMinimal),
        ("300702020001020101", DerError::NonMinimal),
        ("300702010102020001", DerError::NonMinimal),
        ("3080020101020101_0000", DerError::IndefiniteLength),
        ("30060201ff020101", DerError::Negative),
        ("3006020101020180", DerError::Negative),
        ("3106020101020101", DerError::UnexpectedTag),
        ("3006040101020101", DerError::UnexpectedTag),
        ("3006020101040101", DerError::UnexpectedTag),
        ("30050200020101", DerError::NonMinimal),
    ] {
        assert_eq!(der(&hex.replace('_', "")), Err(error), "{hex}");
    }
}

#[test]
fn numbers_that_no_signature_has_are_named() {
    let zero = |component| Err(DerError::OutOfRange(SignatureError::Zero(component)));
    let large = |component| Err(DerError::OutOfRange(SignatureError::TooLarge(component)));
    assert_eq!(der("3006020100020101"), zero(Component::R));
    assert_eq!(der("3006020101020100"), zero(Component::S));
    assert_eq!(der(&sequence(&format!("{ORDER}020101"))), large(Component::R));
    assert_eq!(der(&sequence(&format!("020101{ORDER}"))), large(Component::S));
    let long = format!("0221{}", "7f".repeat(33));
    assert_eq!(der(&sequence(&format!("{long}020101"))), large(Component::R));
    assert_eq!(der(&sequence(&format!("020101{long}"))), large(Component::S));
}

#[test]
fn more_bytes_than_any_signature_has_are_not_looked_at() {
    assert_eq!(Signature::from_der(&[0x30; 73]), Err(DerError::Oversized));
    assert_eq!(Signature::from_der(&vec![0; 1 << 20]), Err(DerError::Oversized));
}

proptest! {
    #[test]
    fn every_signature_has_one_der(r in 1_u128.., s in 1_u128.., high in 0_u8..0xff) {
        let mut bytes = [0_u8; 64];
        bytes[0] = high;
        bytes[16..32].copy_from_slice(&r.to_be_bytes());
        bytes[48..].copy_from_slice(&s.to_be_bytes());
        let signature = Signature::from_bytes(&bytes).expect("in range");
        prop_assert_eq!(signature.to_bytes(), bytes);
        prop_assert_eq!(Signature::from_der(&signature.to_der()), Ok(signature));
    }

    #[test]
    fn what_is_taken_is_written_the_same_again(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(signature) = Signature::from_der(&bytes) {
            prop_assert_eq!(signature.to_der(), bytes);
        }
    }
}
