//! SM4-GCM on this block function: another implementation's cases, and every way to spoil one.
//!
//! The spoilings are those of C2SP's Wycheproof for AES-GCM: changed tag, cipher text, nonce and associated
//! data, tags cut or all alike, wrong lengths. Each must be refused, on every backend this machine has.

use aes_gcm::AesGcm;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, Payload};
use serde::Deserialize;
use shenhai_sm4::{Backend, Sm4, backends};

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Hex>,
}

#[derive(Deserialize)]
struct Hex {
    key: String,
    nonce: String,
    aad: String,
    plaintext: String,
    ciphertext: String,
    tag: String,
}

/// One sealed message.
#[derive(Clone)]
struct Sealed {
    key: [u8; 16],
    nonce: [u8; 12],
    aad: Vec<u8>,
    /// Cipher text and tag.
    body: Vec<u8>,
}

impl Sealed {
    fn open(&self, backend: Backend) -> Option<Vec<u8>> {
        let sm4 = Sm4::with_backend(&self.key.into(), backend).expect("a backend this machine has");
        let payload = Payload {
            msg: &self.body,
            aad: &self.aad,
        };
        AesGcm::<Sm4, U12>::from(sm4)
            .decrypt(&self.nonce.into(), payload)
            .ok()
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    base16ct::lower::decode_vec(hex).expect("hex in a vector file")
}

/// The cases with their plain texts.
fn cases() -> Vec<(Sealed, Vec<u8>)> {
    let text = include_str!("../../../tests/vectors/sm4_gcm_lengths.json");
    let file: Cases = serde_json::from_str(text).expect("a vector file");
    assert!(file.cases.len() > 30, "the vector file has its cases");
    file.cases
        .iter()
        .map(|hex| {
            let sealed = Sealed {
                key: bytes(&hex.key).try_into().expect("a key"),
                nonce: bytes(&hex.nonce).try_into().expect("a nonce"),
                aad: bytes(&hex.aad),
                body: bytes(&(hex.ciphertext.clone() + &hex.tag)),
            };
            (sealed, bytes(&hex.plaintext))
        })
        .collect()
}

/// Every spoiling of one message, with what was done.
fn spoiled(sealed: &Sealed) -> Vec<(String, Sealed)> {
    let mut all = Vec::new();
    let mut add = |what: String, change: &dyn Fn(&mut Sealed)| {
        let mut copy = sealed.clone();
        change(&mut copy);
        all.push((what, copy));
    };
    let tag = sealed.body.len() - 16;
    for bit in 0..128 {
        add(format!("bit {bit} of the tag"), &|s| {
            s.body[tag + bit / 8] ^= 1 << (bit % 8)
        });
    }
    for bit in [0, 1, 7, 8, 31, 63, 64, 95] {
        add(format!("bit {bit} of the nonce"), &|s| {
            s.nonce[bit / 8] ^= 1 << (bit % 8)
        });
    }
    for at in 0..tag {
        add(format!("byte {at} of the cipher text"), &|s| s.body[at] ^= 0x80);
    }
    for at in 0..sealed.aad.len() {
        add(format!("byte {at} of the associated data"), &|s| s.aad[at] ^= 1);
    }
    for byte in [0, 0xff] {
        add(format!("a tag of {byte:02x}"), &|s| s.body[tag..].fill(byte));
    }
    add("an inverted tag".into(), &|s| {
        s.body[tag..].iter_mut().for_each(|b| *b = !*b)
    });
    add("a reversed tag".into(), &|s| s.body[tag..].reverse());
    for cut in 1..=16 {
        add(format!("a tag cut by {cut}"), &|s| {
            s.body.truncate(tag + 16 - cut)
        });
    }
    add("a byte more".into(), &|s| s.body.push(0));
    add("a byte more in front".into(), &|s| s.body.insert(0, 0));
    add("longer associated data".into(), &|s| s.aad.push(0));
    add("another key".into(), &|s| s.key[15] ^= 1);
    all
}

#[test]
fn opens_what_another_implementation_sealed() {
    for backend in backends() {
        for (sealed, plain) in cases() {
            assert_eq!(sealed.open(backend), Some(plain), "{}", backend.name());
        }
    }
}

#[test]
fn opens_nothing_that_was_spoiled() {
    for backend in backends() {
        for (sealed, plain) in cases().iter().filter(|(_, plain)| plain.len() <= 64) {
            for (what, changed) in spoiled(sealed) {
                assert_eq!(
                    changed.open(backend),
                    None,
                    "{what}, {} bytes, {}",
                    plain.len(),
                    backend.name()
                );
            }
        }
    }
}

#[test]
fn lengths_of_keys_and_nonces_are_checked() {
    use shenhai_sm4::cipher::KeyInit;
    for length in (0..=64).filter(|&length| length != 16) {
        assert!(
            Sm4::new_from_slice(&vec![0; length]).is_err(),
            "a key of {length} bytes"
        );
    }
    for length in (0..=32).filter(|&length| length != 12) {
        let nonce = vec![0; length];
        assert!(
            aes_gcm::Nonce::<U12>::try_from(&nonce[..]).is_err(),
            "a nonce of {length} bytes"
        );
    }
}
