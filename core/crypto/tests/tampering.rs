//! What was changed, swapped or malformed is refused, each with its own reason where a reason may be told.

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_crypto::{
    Component, InvalidReason, KeyError, KeyRef, OpenError, Provider, PublicKey, SealingKey, SecretKey,
    Signature, SignatureError, SoftwareProvider, Verdict, device_id, fingerprint, hmac_sm3, verify_hex,
    verify_hmac_sm3,
};

const MISMATCH: Verdict = Verdict::Invalid(InvalidReason::Mismatch);
/// n, the order of the recommended curve (GB/T 32918.5-2017).
const ORDER: &str = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
/// p, the prime of its field.
const PRIME: &str = "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff";

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn number(hex: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    base16ct::lower::decode(hex, &mut bytes).expect("64 hex digits");
    bytes
}

#[test]
fn a_signature_counts_for_its_message_and_its_key_only() {
    let rng = &mut rng(1);
    let (mine, other) = (SecretKey::generate(rng), SecretKey::generate(rng));
    let signature = mine.sign("办结".as_bytes(), rng);
    assert_eq!(
        mine.public().verify("办结".as_bytes(), &signature),
        Verdict::Valid
    );
    assert_eq!(mine.public().verify("退单".as_bytes(), &signature), MISMATCH);
    assert_eq!(other.public().verify("办结".as_bytes(), &signature), MISMATCH);
}

#[test]
fn every_changed_bit_of_a_signature_is_noticed() {
    let rng = &mut rng(2);
    let key = SecretKey::generate(rng);
    let signature = key.sign(b"payload", rng).to_hex();
    let bytes = base16ct::lower::decode_vec(&signature).expect("hex");
    for bit in 0..512 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let changed = base16ct::lower::encode_string(&changed);
        assert!(
            !verify_hex(&key.public().to_hex(), b"payload", &changed).is_valid(),
            "bit {bit}"
        );
    }
}

#[test]
fn r_and_s_of_zero_or_beyond_the_order_are_refused() {
    let (zero, one) = ("0".repeat(64), format!("{:0>64}", 1));
    let max = "f".repeat(64);
    for (r, s, error) in [
        (zero.as_str(), one.as_str(), SignatureError::Zero(Component::R)),
        (&one, &zero, SignatureError::Zero(Component::S)),
        (ORDER, &one, SignatureError::TooLarge(Component::R)),
        (&one, ORDER, SignatureError::TooLarge(Component::S)),
        (&max, &one, SignatureError::TooLarge(Component::R)),
        (&one, &max, SignatureError::TooLarge(Component::S)),
    ] {
        assert_eq!(Signature::from_hex(&format!("{r}{s}")), Err(error));
    }
    let below = format!("{}2", &ORDER[..63]);
    assert!(Signature::from_hex(&format!("{below}{below}")).is_ok());
}

#[test]
fn r_plus_s_of_the_order_does_not_verify() {
    // GB/T 32918.2 §7.1 B5: t = r + s mod n = 0 would make every key the signer.
    let below = format!("{}2", &ORDER[..63]);
    let one = format!("{:0>64}", 1);
    let key = SecretKey::generate(&mut rng(3));
    assert_eq!(
        verify_hex(&key.public().to_hex(), b"m", &format!("{below}{one}")),
        MISMATCH
    );
}

#[test]
fn text_that_is_no_signature_says_why() {
    let key = SecretKey::generate(&mut rng(4)).public().to_hex();
    for (text, error) in [
        (String::new(), SignatureError::Length),
        ("1".repeat(127), SignatureError::Length),
        ("1".repeat(129), SignatureError::Length),
        ("g".repeat(128), SignatureError::NotHex),
        ("A".repeat(128), SignatureError::NotHex),
        (format!("{}é", "1".repeat(126)), SignatureError::NotHex),
    ] {
        assert_eq!(
            verify_hex(&key, b"m", &text),
            Verdict::Invalid(InvalidReason::Signature(error)),
            "{text}"
        );
    }
}

#[test]
fn text_that_is_no_public_key_says_why() {
    let good = SecretKey::generate(&mut rng(5)).public().to_hex();
    let (x, y) = (&good[2..66], &good[66..]);
    let other_y = if y.ends_with('0') {
        format!("{}1", &y[..63])
    } else {
        format!("{}0", &y[..63])
    };
    for (text, error) in [
        (String::new(), KeyError::Length),
        (format!("02{x}"), KeyError::Length),
        (format!("{good}00"), KeyError::Length),
        (good.to_uppercase(), KeyError::NotHex),
        (format!("05{x}{y}"), KeyError::NotUncompressed),
        (format!("04{x}{other_y}"), KeyError::NotOnCurve),
        (format!("04{PRIME}{y}"), KeyError::NotOnCurve),
        ("0".repeat(130), KeyError::NotUncompressed),
        (format!("04{}", "0".repeat(128)), KeyError::NotOnCurve),
    ] {
        assert_eq!(PublicKey::from_hex(&text).err(), Some(error), "{text}");
        let verdict = verify_hex(&text, b"m", &"1".repeat(128));
        assert_eq!(verdict, Verdict::Invalid(InvalidReason::Key(error)));
    }
}

#[test]
fn a_secret_key_lies_between_1_and_n_minus_2() {
    for refused in [
        "0".repeat(64),
        ORDER.to_owned(),
        format!("{}2", &ORDER[..63]),
        "f".repeat(64),
    ] {
        assert_eq!(
            SecretKey::from_bytes(&number(&refused)).err(),
            Some(KeyError::OutOfRange),
            "{refused}"
        );
    }
    for taken in [format!("{:0>64}", 1), format!("{}1", &ORDER[..63])] {
        assert!(SecretKey::from_bytes(&number(&taken)).is_ok(), "{taken}");
    }
}

#[test]
fn the_largest_and_the_smallest_secret_key_sign() {
    let rng = &mut rng(6);
    for edge in [format!("{:0>64}", 1), format!("{}1", &ORDER[..63])] {
        let key = SecretKey::from_bytes(&number(&edge)).expect("in range");
        let signature = key.sign(b"edge", rng);
        assert_eq!(key.public().verify(b"edge", &signature), Verdict::Valid);
    }
}

#[test]
fn a_printed_key_shows_its_fingerprint_and_nothing_secret() {
    let rng = &mut rng(7);
    let key = SecretKey::generate(rng);
    let secret = base16ct::lower::encode_string(key.to_bytes().as_slice());
    let printed = format!("{key:?}");
    assert!(printed.contains(&fingerprint(key.public())));
    assert!(!printed.contains(&secret));
    assert_eq!(format!("{:?}", SealingKey::generate(rng)), "SealingKey(..)");
}

#[test]
fn the_software_provider_signs_with_its_key_and_checks_others() {
    let rng = &mut rng(8);
    let key = KeyRef::new("receipt");
    let mut ours = SoftwareProvider::new(StdRng::seed_from_u64(88));
    ours.add_signing_key(key.clone(), SecretKey::generate(rng));
    let theirs = SecretKey::generate(rng);
    let provider: &dyn Provider = &ours;
    let signature = provider.sign(&key, b"receipt").expect("a kept key signs");
    let public = provider.public_key(&key).expect("a kept key has a public half");
    assert_eq!(provider.verify(&public, b"receipt", &signature), Verdict::Valid);
    assert_eq!(provider.verify(theirs.public(), b"receipt", &signature), MISMATCH);
}

#[test]
fn two_devices_have_two_names() {
    let rng = &mut rng(9);
    let (a, b) = (SecretKey::generate(rng), SecretKey::generate(rng));
    assert_ne!(device_id(a.public()), device_id(b.public()));
    assert!(device_id(a.public()).starts_with(&fingerprint(a.public())));
}

#[test]
fn a_code_counts_for_its_message_its_key_and_its_length_only() {
    let mac = hmac_sm3(b"secret", b"body");
    assert!(verify_hmac_sm3(b"secret", b"body", &mac));
    assert!(!verify_hmac_sm3(b"other", b"body", &mac));
    assert!(!verify_hmac_sm3(b"secret", b"bodY", &mac));
    assert!(!verify_hmac_sm3(b"secret", b"body", &mac[..31]));
    assert!(!verify_hmac_sm3(b"secret", b"body", &[]));
}

#[test]
fn every_changed_byte_of_a_sealed_blob_is_noticed() {
    let rng = &mut rng(10);
    let key = SealingKey::generate(rng);
    let sealed = key.seal("来电人:样例".as_bytes(), b"callers/1", rng);
    for i in 1..sealed.len() {
        let mut changed = sealed.clone();
        changed[i] ^= 0x80;
        assert_eq!(
            key.open(&changed, b"callers/1"),
            Err(OpenError::NotAuthentic),
            "byte {i}"
        );
    }
}

#[test]
fn a_blob_opens_only_with_its_key_and_in_its_place() {
    let rng = &mut rng(11);
    let key = SealingKey::generate(rng);
    let sealed = key.seal(b"draft", b"drafts/1", rng);
    assert_eq!(key.open(&sealed, b"drafts/1").as_deref(), Ok(b"draft".as_slice()));
    assert_eq!(key.open(&sealed, b"drafts/2"), Err(OpenError::NotAuthentic));
    assert_eq!(
        SealingKey::generate(rng).open(&sealed, b"drafts/1"),
        Err(OpenError::NotAuthentic)
    );
    let again = SealingKey::from_bytes(&key.to_bytes());
    assert_eq!(
        again.open(&sealed, b"drafts/1").as_deref(),
        Ok(b"draft".as_slice())
    );
}

#[test]
fn a_cut_or_foreign_blob_says_so() {
    let rng = &mut rng(12);
    let key = SealingKey::generate(rng);
    let sealed = key.seal(b"", b"", rng);
    assert_eq!(sealed.len(), 29);
    assert_eq!(key.open(&[], b""), Err(OpenError::Truncated));
    assert_eq!(key.open(&sealed[..28], b""), Err(OpenError::Truncated));
    assert_eq!(key.open(&[2; 40], b""), Err(OpenError::UnknownVersion(2)));
}

#[test]
fn the_same_text_is_never_sealed_to_the_same_blob() {
    let rng = &mut rng(13);
    let key = SealingKey::generate(rng);
    assert_ne!(key.seal(b"x", b"", rng), key.seal(b"x", b"", rng));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_signed_verifies(message in proptest::collection::vec(any::<u8>(), 0..300), seed: u64) {
        let rng = &mut rng(seed);
        let key = SecretKey::generate(rng);
        let signature = key.sign(&message, rng);
        prop_assert!(verify_hex(&key.public().to_hex(), &message, &signature.to_hex()).is_valid());
    }

    #[test]
    fn whatever_is_sealed_opens(
        text in proptest::collection::vec(any::<u8>(), 0..300),
        aad in proptest::collection::vec(any::<u8>(), 0..40),
        seed: u64,
    ) {
        let rng = &mut rng(seed);
        let key = SealingKey::generate(rng);
        prop_assert_eq!(key.open(&key.seal(&text, &aad, rng), &aad), Ok(text));
    }

    #[test]
    fn arbitrary_text_never_breaks_a_parser(text in ".{0,140}") {
        prop_assert!(PublicKey::from_hex(&text).is_err());
        prop_assert!(Signature::from_hex(&text).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_open(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let key = SealingKey::from_bytes(&[7; 16]);
        prop_assert!(key.open(&bytes, b"").is_err());
    }
}
