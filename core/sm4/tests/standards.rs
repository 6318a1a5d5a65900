//! The examples printed in GB/T 32907-2016 and RFC 8998, on every backend this machine has.

use aes_gcm::AesGcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use ccm::Ccm;
use ccm::consts::{U12, U16};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shenhai_sm4::cipher::{BlockCipherDecrypt, BlockCipherEncrypt};
use shenhai_sm4::{Sm4, backends};

fn parsed<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("a vector file")
}

fn bytes(hex: &str) -> Vec<u8> {
    base16ct::lower::decode_vec(hex).expect("hex in a vector file")
}

fn array<const N: usize>(hex: &str) -> [u8; N] {
    bytes(hex).try_into().expect("length in a vector file")
}

#[derive(Deserialize)]
struct BlockVectors {
    key: String,
    plaintext: String,
    once: String,
    million_times: String,
}

#[test]
fn the_standards_block_once_and_a_million_times() {
    let vectors: BlockVectors = parsed(include_str!("../../../tests/vectors/sm4.json"));
    for backend in backends() {
        let sm4 = Sm4::with_backend(&array(&vectors.key).into(), backend).expect("available");
        let mut block = array(&vectors.plaintext).into();
        sm4.encrypt_block(&mut block);
        assert_eq!(block.0, array(&vectors.once), "{}", backend.name());
        sm4.decrypt_block(&mut block);
        assert_eq!(block.0, array(&vectors.plaintext), "{}", backend.name());
        for _ in 0..1_000_000 {
            sm4.encrypt_block(&mut block);
        }
        assert_eq!(block.0, array(&vectors.million_times), "{}", backend.name());
    }
}

#[derive(Deserialize)]
struct AeadVectors {
    key: String,
    nonce: String,
    aad: String,
    plaintext: String,
    ciphertext: String,
    tag: String,
}

fn seals_and_opens<C: Aead>(cipher: &C, vectors: &AeadVectors, on: &str)
where
    aes_gcm::aead::Nonce<C>: for<'a> TryFrom<&'a [u8]>,
{
    let (nonce, aad, plain) = (
        bytes(&vectors.nonce),
        bytes(&vectors.aad),
        bytes(&vectors.plaintext),
    );
    let nonce = aes_gcm::aead::Nonce::<C>::try_from(&nonce[..])
        .ok()
        .expect("nonce length");
    let sealed = cipher
        .encrypt(
            &nonce,
            Payload {
                msg: &plain,
                aad: &aad,
            },
        )
        .expect("seals");
    assert_eq!(
        sealed,
        bytes(&(vectors.ciphertext.clone() + &vectors.tag)),
        "{on}"
    );
    let opened = cipher.decrypt(
        &nonce,
        Payload {
            msg: &sealed,
            aad: &aad,
        },
    );
    assert_eq!(opened.expect("opens"), plain, "{on}");
}

#[test]
fn rfc_8998_gcm_and_ccm() {
    let gcm: AeadVectors = parsed(include_str!("../../../tests/vectors/sm4_gcm.json"));
    let ccm: AeadVectors = parsed(include_str!("../../../tests/vectors/sm4_ccm.json"));
    for backend in backends() {
        let sm4 = |key: &str| Sm4::with_backend(&array(key).into(), backend).expect("available");
        seals_and_opens(&AesGcm::<Sm4, U12>::from(sm4(&gcm.key)), &gcm, backend.name());
        seals_and_opens(&Ccm::<Sm4, U16, U12>::from(sm4(&ccm.key)), &ccm, backend.name());
        // The way `shenhai-crypto` takes, from the key's bytes.
        seals_and_opens(&AesGcm::<Sm4, U12>::new(&array(&gcm.key).into()), &gcm, "best");
    }
}
