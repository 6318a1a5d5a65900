//! DER signatures, certificates, SM2 cipher texts, chunks of sealed files and PIN records.
//!
//! Not the algorithms, which have the standards' vectors. Called by the smoke tests and the libFuzzer wrappers.

use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_crypto::{
    CHUNK, Certificate, ChunkOpener, ChunkSealer, FileKey, KeyRef, PIN_BYTES, PIN_ITERATIONS, PIN_RECORD,
    PinLock, PinParams, SealingKey, SecretKey, Signature, SoftwareProvider, Subject, Usage, Validity, issue,
    issue_root, plain_len, sealed_len, verify_chain,
};

/// Within the time of [`certificates`].
const NOW: i64 = 1_795_000_000;
/// More rounds than this are not tried: each is a microsecond, and their number is checked before.
const QUICK: u32 = 2_000;

fn rng() -> StdRng {
    StdRng::from_seed([7; 32])
}

fn secret_key() -> SecretKey {
    SecretKey::generate(&mut rng())
}

/// Bytes as a signature in DER: exactly one text stands for a signature.
pub fn der_signature(data: &[u8]) {
    if let Ok(signature) = Signature::from_der(data) {
        assert_eq!(signature.to_der(), data);
        assert_eq!(Signature::from_bytes(&signature.to_bytes()), Ok(signature));
    }
    if let Some(Ok(bytes)) = data.get(..64).map(<[u8; 64]>::try_from)
        && let Ok(signature) = Signature::from_bytes(&bytes)
    {
        assert_eq!(signature.to_bytes(), bytes);
        assert_eq!(Signature::from_der(&signature.to_der()), Ok(signature));
    }
}

/// A root and a device certificate below it, always the same.
///
/// # Panics
/// When certificates cannot be issued at all.
#[must_use]
pub fn certificates() -> [Certificate; 2] {
    let key = KeyRef::new("authority");
    let mut provider = SoftwareProvider::new(rng());
    provider.add_signing_key(key.clone(), secret_key());
    let subject = Subject {
        common_name: "申海 CA".to_owned(),
        organization: Some("上海市水务局".to_owned()),
        unit: None,
    };
    let validity = Validity {
        not_before: NOW - 1,
        not_after: NOW + 1,
    };
    let root = issue_root(&provider, &key, &subject, validity).expect("a root");
    let public = root.public_key().clone();
    let leaf = issue(&provider, &key, &root, &subject, &public, Usage::Device, validity).expect("a leaf");
    [root, leaf]
}

/// Bytes as a certificate, as PEM and as base64: what is taken keeps its bytes, and only what was issued is trusted.
pub fn certificate(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let read = [
        Certificate::from_der(data),
        Certificate::from_pem(&text),
        Certificate::from_base64(&text),
    ];
    for certificate in read.into_iter().flatten() {
        assert_eq!(
            Certificate::from_der(certificate.to_der()).as_ref(),
            Ok(&certificate)
        );
        assert_eq!(
            Certificate::from_pem(&certificate.to_pem()).as_ref(),
            Ok(&certificate)
        );
        assert_eq!(
            Certificate::from_base64(&certificate.to_base64()).as_ref(),
            Ok(&certificate)
        );
        assert!(certificate.not_before() <= certificate.not_after());
        assert!(!format!("{certificate:?}").is_empty());

        let [root, leaf] = certificates();
        let chain = [certificate];
        let trusted = verify_chain(&chain, &[root], Usage::Device, NOW).is_valid();
        assert_eq!(trusted, chain[0] == leaf, "trusts what was not issued");
    }
}

/// Bytes as a cipher text in both forms, and as a secret that is encrypted and then damaged.
pub fn sm2_ciphertext(data: &[u8]) {
    let key = secret_key();
    // Nothing from outside is authentic: it would need this key's point.
    assert!(key.decrypt(data).is_err());
    assert!(key.decrypt_der(data).is_err());

    let secret = &data[..data.len().min(40)];
    let rng = &mut rng();
    let Ok(sealed) = key.public().encrypt(secret, rng) else {
        assert!(secret.is_empty());
        return;
    };
    let mut der = key.public().encrypt_der(secret, rng).expect("as long as before");
    assert_eq!(key.decrypt(&sealed).as_deref().map(Vec::as_slice), Ok(secret));
    assert_eq!(key.decrypt_der(&der).as_deref().map(Vec::as_slice), Ok(secret));
    let at = place(data, der.len());
    der[at] ^= 1;
    assert!(key.decrypt_der(&der).is_err(), "byte {at} may change");
}

/// Bytes as a chunk of a sealed file, as its length, and as content that is sealed and then misplaced.
pub fn chunked_file(data: &[u8]) {
    let key = FileKey::generate(&mut rng());
    let (id, content) = data.split_at(data.len().min(8));
    let (sealer, opener) = (ChunkSealer::new(&key, id), ChunkOpener::new(&key, id));
    let _ = ChunkOpener::check_header(data);
    for last in [false, true] {
        assert!(
            opener.open_chunk(0, last, data).is_err(),
            "bytes from outside were authentic"
        );
    }
    if let Ok(number) = <[u8; 8]>::try_from(id) {
        let len = u64::from_le_bytes(number);
        if let Some(plain) = plain_len(len) {
            assert_eq!(sealed_len(plain), Some(len));
        }
    }

    let content = &content[..content.len().min(CHUNK)];
    let mut sealed = sealer
        .seal_chunk(0, true, content, &mut rng())
        .expect("a last chunk");
    assert_eq!(opener.open_chunk(0, true, &sealed).as_deref(), Ok(content));
    assert!(opener.open_chunk(0, false, &sealed).is_err());
    assert!(opener.open_chunk(1, true, &sealed).is_err());
    let elsewhere = ChunkOpener::new(&key, &[id, &[0]].concat());
    assert!(elsewhere.open_chunk(0, true, &sealed).is_err());
    let at = place(data, sealed.len());
    sealed[at] ^= 1;
    assert!(
        opener.open_chunk(0, true, &sealed).is_err(),
        "byte {at} may change"
    );

    let under = SealingKey::from_bytes(&[0x5a; 16]);
    assert!(
        FileKey::unwrap(&under, data, id).is_err(),
        "bytes from outside were authentic"
    );
}

/// A record behind the PIN 274691, always the same.
///
/// # Panics
/// When none can be made at all.
#[must_use]
pub fn record() -> PinLock {
    let params = PinParams { iterations: 1_000 };
    PinLock::create("274691", &[0x5a; 16], params, &mut rng()).expect("a record")
}

/// Bytes as a PIN record, and as a PIN.
pub fn pin_record(data: &[u8]) {
    if let Ok(lock) = PinLock::from_bytes(data) {
        assert_eq!(lock.to_bytes().as_slice(), data);
        assert_eq!(data.len(), PIN_RECORD);
        assert!(PIN_ITERATIONS.contains(&lock.params().iterations));
        if lock.params().iterations <= QUICK {
            assert_eq!(
                lock.open("274691").is_ok(),
                lock == record(),
                "a changed record opened"
            );
        }
    }
    let pin = String::from_utf8_lossy(data);
    if PIN_BYTES.contains(&pin.len()) {
        assert_eq!(record().open(&pin).is_ok(), pin == "274691");
    }
}

/// A place that depends on all of the input.
fn place(data: &[u8], len: usize) -> usize {
    data.iter().map(|byte| usize::from(*byte)).sum::<usize>() % len
}
