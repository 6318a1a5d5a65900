//! The examples printed in the standards, from `tests/vectors`.

use rand_core::{TryCryptoRng, TryRng};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shenhai_crypto::{
    PublicKey, SealingKey, SecretKey, Signature, Sm3Hasher, Verdict, device_id, fingerprint, hmac_sm3, sm3,
    verify_hex, verify_hmac_sm3,
};
use shenhai_sm4::Sm4;
use shenhai_sm4::cipher::{BlockCipherEncrypt, KeyInit};
use std::convert::Infallible;

fn vectors<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/../../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn bytes(hex: &str) -> Vec<u8> {
    base16ct::lower::decode_vec(hex).expect("hex in a vector file")
}

fn array<const N: usize>(hex: &str) -> [u8; N] {
    bytes(hex).try_into().expect("length in a vector file")
}

/// Gives out bytes fixed beforehand, so that a nonce can be the one of a printed example.
struct Script(Vec<u8>);

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut word = [0; 4];
        self.try_fill_bytes(&mut word)?;
        Ok(u32::from_le_bytes(word))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut word = [0; 8];
        self.try_fill_bytes(&mut word)?;
        Ok(u64::from_le_bytes(word))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        let rest = self.0.split_off(out.len());
        out.copy_from_slice(&self.0);
        self.0 = rest;
        Ok(())
    }
}

impl TryCryptoRng for Script {}

#[derive(Deserialize)]
struct Sm3Vectors {
    cases: Vec<Sm3Case>,
}

#[derive(Deserialize)]
struct Sm3Case {
    message: String,
    digest: String,
}

#[test]
fn sm3_gives_the_digests_of_gb_t_32905() {
    for case in vectors::<Sm3Vectors>("sm3").cases {
        assert_eq!(sm3(case.message.as_bytes()).to_hex(), case.digest);
        let mut pieces = Sm3Hasher::new();
        for piece in case.message.as_bytes().chunks(7) {
            pieces.update(piece);
        }
        assert_eq!(pieces.finish().to_hex(), case.digest);
    }
}

#[derive(Deserialize)]
struct HmacVectors {
    cases: Vec<HmacCase>,
}

#[derive(Deserialize)]
struct HmacCase {
    key: String,
    message: String,
    mac: String,
}

#[test]
fn hmac_sm3_gives_the_codes_of_gm_t_0042() {
    for case in vectors::<HmacVectors>("hmac_sm3").cases {
        let (key, message, mac) = (bytes(&case.key), bytes(&case.message), bytes(&case.mac));
        assert_eq!(hmac_sm3(&key, &message).as_slice(), mac);
        assert!(verify_hmac_sm3(&key, &message, &mac));
    }
}

#[derive(Deserialize)]
struct Sm4Vectors {
    key: String,
    plaintext: String,
    once: String,
    million_times: String,
}

#[test]
fn the_sm4_block_function_is_that_of_gb_t_32907() {
    let case: Sm4Vectors = vectors("sm4");
    let cipher = Sm4::new(&array::<16>(&case.key).into());
    let mut block = array::<16>(&case.plaintext).into();
    cipher.encrypt_block(&mut block);
    assert_eq!(block[..], bytes(&case.once));
    for _ in 1..1_000_000 {
        cipher.encrypt_block(&mut block);
    }
    assert_eq!(block[..], bytes(&case.million_times));
}

#[derive(Deserialize)]
struct GcmVectors {
    key: String,
    nonce: String,
    aad: String,
    plaintext: String,
    ciphertext: String,
    tag: String,
}

#[test]
fn a_sealed_blob_is_the_version_the_nonce_and_the_sm4_gcm_of_rfc_8998() {
    let case: GcmVectors = vectors("sm4_gcm");
    let key = SealingKey::from_bytes(&array(&case.key));
    let sealed = key.seal(
        &bytes(&case.plaintext),
        &bytes(&case.aad),
        &mut Script(bytes(&case.nonce)),
    );
    let expected = format!("01{}{}{}", case.nonce, case.ciphertext, case.tag);
    assert_eq!(base16ct::lower::encode_string(&sealed), expected);
    assert_eq!(key.open(&sealed, &bytes(&case.aad)), Ok(bytes(&case.plaintext)));
}

#[derive(Deserialize)]
struct Sm2Vectors {
    cases: Vec<Sm2Case>,
    encryption: Sm2Encryption,
    device_names: DeviceNames,
}

#[derive(Deserialize)]
struct Sm2Case {
    secret_key: String,
    public_key: String,
    message: String,
    signature: String,
}

#[derive(Deserialize)]
struct Sm2Encryption {
    secret_key: String,
    plaintext: String,
    c1: String,
    c3: String,
    c2: String,
}

#[derive(Deserialize)]
struct DeviceNames {
    device_id: String,
    fingerprint: String,
}

#[test]
fn the_printed_sm2_signature_verifies_under_the_printed_key() {
    for case in vectors::<Sm2Vectors>("sm2").cases {
        assert_eq!(
            verify_hex(&case.public_key, case.message.as_bytes(), &case.signature),
            Verdict::Valid
        );
        let key = PublicKey::from_hex(&case.public_key).expect("a printed key");
        assert_eq!(key.to_hex(), case.public_key);
        let signature = Signature::from_hex(&case.signature).expect("a printed signature");
        assert_eq!(signature.to_hex(), case.signature);
    }
}

#[test]
fn the_printed_sm2_cipher_text_decrypts_in_both_forms() {
    let case = vectors::<Sm2Vectors>("sm2").encryption;
    let key = SecretKey::from_bytes(&array(&case.secret_key)).expect("a printed key");
    let plain = key.decrypt(&bytes(&["04", &case.c1, &case.c3, &case.c2].concat()));
    assert_eq!(
        plain.as_ref().map(|text| text.as_slice()),
        Ok(case.plaintext.as_bytes())
    );
    // GM/T 0009 §7.2, by hand: x begins with 04, y with e8 and takes a zero byte; C2 has 19 bytes.
    let (x, y) = case.c1.split_at(64);
    let der = format!("307c0220{x}022100{y}0420{}0413{}", case.c3, case.c2);
    let plain = key.decrypt_der(&bytes(&der));
    assert_eq!(
        plain.as_ref().map(|text| text.as_slice()),
        Ok(case.plaintext.as_bytes())
    );
}

#[test]
fn the_printed_secret_key_has_the_printed_public_key() {
    for case in vectors::<Sm2Vectors>("sm2").cases {
        let key = SecretKey::from_bytes(&array(&case.secret_key)).expect("a printed key");
        assert_eq!(key.public().to_hex(), case.public_key);
        assert_eq!(key.to_bytes().as_slice(), bytes(&case.secret_key));
    }
}

#[test]
fn a_device_is_named_by_the_digest_of_its_key() {
    let vectors: Sm2Vectors = vectors("sm2");
    let key = PublicKey::from_hex(&vectors.cases[0].public_key).expect("a printed key");
    assert_eq!(device_id(&key), vectors.device_names.device_id);
    assert_eq!(fingerprint(&key), vectors.device_names.fingerprint);
}
