//! SM2 encryption: only the holder reads, and nothing changed is ever given out.

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_crypto::{EncryptionError, LONGEST_PLAINTEXT, SecretKey};

fn key(seed: u64) -> SecretKey {
    SecretKey::generate(&mut StdRng::seed_from_u64(seed))
}

#[test]
fn the_holder_of_the_key_reads_and_nobody_else() {
    let rng = &mut StdRng::seed_from_u64(1);
    for len in [1, 31, 32, 33, LONGEST_PLAINTEXT] {
        let secret = vec![0x5a; len];
        let plain = key(2).public().encrypt(&secret, rng).expect("encrypts");
        assert_eq!(plain.len(), 97 + len);
        assert_eq!(key(2).decrypt(&plain).as_deref(), Ok(&secret));
        assert_eq!(key(3).decrypt(&plain), Err(EncryptionError::NotAuthentic));
        let der = key(2).public().encrypt_der(&secret, rng).expect("encrypts");
        assert_eq!(key(2).decrypt_der(&der).as_deref(), Ok(&secret));
        assert_eq!(key(3).decrypt_der(&der), Err(EncryptionError::NotAuthentic));
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let rng = &mut StdRng::seed_from_u64(4);
    let plain = key(5)
        .public()
        .encrypt(b"a key of 16 byte", rng)
        .expect("encrypts");
    let der = key(5)
        .public()
        .encrypt_der(b"a key of 16 byte", rng)
        .expect("encrypts");
    for at in 0..plain.len() {
        let mut changed = plain.clone();
        changed[at] ^= 0x20;
        assert!(key(5).decrypt(&changed).is_err(), "byte {at}");
    }
    for at in 0..der.len() {
        let mut changed = der.clone();
        changed[at] ^= 0x20;
        assert!(key(5).decrypt_der(&changed).is_err(), "byte {at}");
    }
}

#[test]
fn what_no_cipher_text_can_be_says_so() {
    let key = key(6);
    let rng = &mut StdRng::seed_from_u64(7);
    assert_eq!(key.public().encrypt(b"", rng), Err(EncryptionError::Empty));
    assert_eq!(
        key.public().encrypt(&[0; LONGEST_PLAINTEXT + 1], rng),
        Err(EncryptionError::Oversized)
    );
    assert_eq!(key.decrypt(&[4; 97]), Err(EncryptionError::Truncated));
    assert_eq!(key.decrypt(&vec![4; 1 << 20]), Err(EncryptionError::Oversized));
    assert_eq!(
        key.decrypt_der(&vec![0x30; 1 << 20]),
        Err(EncryptionError::Oversized)
    );
    assert_eq!(key.decrypt_der(&[]), Err(EncryptionError::NotAuthentic));
}

#[test]
fn a_point_beside_the_curve_is_no_cipher_text() {
    // (0, 0) and (1, 1) satisfy no curve with this b; an attacker would learn the key from such points.
    let rng = &mut StdRng::seed_from_u64(8);
    let genuine = key(9).public().encrypt(b"secret", rng).expect("encrypts");
    for coordinate in [0_u8, 1] {
        let mut forged = genuine.clone();
        forged[1..65].fill(0);
        forged[32] = coordinate;
        forged[64] = coordinate;
        assert_eq!(key(9).decrypt(&forged), Err(EncryptionError::NotAuthentic));
        let number = format!("0201{coordinate:02x}");
        let rest = base16ct::lower::encode_string(&genuine[65..97]);
        let body = format!("{number}{number}0420{rest}040161");
        let der = base16ct::lower::decode_vec(format!("30{:02x}{body}", body.len() / 2)).expect("hex");
        assert_eq!(key(9).decrypt_der(&der), Err(EncryptionError::NotAuthentic));
    }
}

#[test]
fn a_compressed_point_and_trailing_bytes_are_no_second_form() {
    let rng = &mut StdRng::seed_from_u64(10);
    let plain = key(11)
        .public()
        .encrypt(b"a secret of some length, and more of it", rng)
        .expect("encrypts");
    let compressed = [&[2 + (plain[64] & 1)], &plain[1..33], &plain[65..]].concat();
    assert_eq!(key(11).decrypt(&compressed), Err(EncryptionError::NotAuthentic));
    let mut der = key(11).public().encrypt_der(b"secret", rng).expect("encrypts");
    der.push(0);
    assert_eq!(key(11).decrypt_der(&der), Err(EncryptionError::NotAuthentic));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_decrypt(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(key(12).decrypt(&bytes).is_err());
        prop_assert!(key(12).decrypt_der(&bytes).is_err());
    }
}
