//! Signatures and keys as text, and sealed blobs.
//!
//! Not the algorithms, which have the standards' vectors. Called by the smoke tests and the libFuzzer wrappers.

use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_crypto::{
    InvalidReason, OpenError, PublicKey, SealingKey, Signature, Verdict, device_id, fingerprint, verify_hex,
};

/// The order of the curve, GB/T 32918.5-2017.
const ORDER: &str = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
/// A blob's bytes beside its content: version, nonce, tag.
const OVERHEAD: usize = 29;
/// Most lengths that one input is cut to.
const CUTS: usize = 64;

/// The text as a signature and as a key, the bytes as both in hex, and the lines as key, signature, message.
pub fn crypto_text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    signature_text(&text);
    key_text(&text);
    signature_text(&hex(&data[..data.len().min(64)]));
    key_text(&format!("04{}", hex(&data[..data.len().min(64)])));

    let mut lines = text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    checked(line(), line(), line());
}

/// Bytes as a sealed blob, and as the content of a genuine one that is then damaged.
pub fn sealed_blob(data: &[u8]) {
    let key = SealingKey::from_bytes(&[0x5a; 16]);
    let (aad, content) = data.split_at(data.len().min(8));

    assert!(key.open(data, aad).is_err(), "bytes from outside were authentic");
    assert!(
        key.open(content, aad).is_err(),
        "bytes from outside were authentic"
    );

    let sealed = key.seal(content, aad, &mut StdRng::from_seed([7; 32]));
    assert_eq!(sealed.len(), content.len() + OVERHEAD);
    assert_eq!(key.open(&sealed, aad).as_deref(), Ok(content));

    for cut in (0..sealed.len()).step_by(sealed.len() / CUTS + 1) {
        let expected = match cut < OVERHEAD {
            true => OpenError::Truncated,
            false => OpenError::NotAuthentic,
        };
        assert_eq!(key.open(&sealed[..cut], aad), Err(expected), "cut to {cut}");
    }
    let longer = [sealed.as_slice(), &[0]].concat();
    assert_eq!(key.open(&longer, aad), Err(OpenError::NotAuthentic));
    let elsewhere = [aad, &[1]].concat();
    assert_eq!(key.open(&sealed, &elsewhere), Err(OpenError::NotAuthentic));

    let at = data.iter().map(|b| usize::from(*b)).sum::<usize>() % sealed.len();
    let mut changed = sealed;
    changed[at] ^= 1;
    assert!(key.open(&changed, aad).is_err(), "byte {at} may change");
}

fn signature_text(text: &str) {
    let Ok(signature) = Signature::from_hex(text) else {
        assert!(
            !is_lower_hex(text, 128) || !in_order(&text[..64]) || !in_order(&text[64..]),
            "{text} was refused"
        );
        return;
    };
    assert!(is_lower_hex(text, 128) && in_order(&text[..64]) && in_order(&text[64..]));
    assert_eq!(signature.to_hex(), text);
    let upper = text.to_ascii_uppercase();
    assert!(upper == text || Signature::from_hex(&upper).is_err());
}

fn key_text(text: &str) {
    let Ok(key) = PublicKey::from_hex(text) else {
        return;
    };
    assert!(is_lower_hex(text, 130) && text.starts_with("04"));
    assert_eq!(key.to_hex(), text);
    assert!(is_lower_hex(&device_id(&key), 32));
    assert!(device_id(&key).starts_with(&fingerprint(&key)));
    let upper = text.to_ascii_uppercase();
    assert!(upper == text || PublicKey::from_hex(&upper).is_err());
}

fn checked(key: &str, signature: &str, message: &str) {
    let verdict = verify_hex(key, message.as_bytes(), signature);
    let key_reads = PublicKey::from_hex(key).is_ok();
    let signature_reads = Signature::from_hex(signature).is_ok();
    match verdict {
        Verdict::Valid => {
            assert!(key_reads && signature_reads);
            let other = format!("{message}.");
            let mismatch = Verdict::Invalid(InvalidReason::Mismatch);
            assert_eq!(verify_hex(key, other.as_bytes(), signature), mismatch);
        }
        Verdict::Invalid(InvalidReason::Key(_)) => assert!(!key_reads),
        Verdict::Invalid(InvalidReason::Signature(_)) => assert!(key_reads && !signature_reads),
        Verdict::Invalid(InvalidReason::Mismatch) => assert!(key_reads && signature_reads),
        Verdict::Invalid(InvalidReason::Certificate(_)) | Verdict::Indeterminate(_) => {
            panic!("no certificate and no provider was asked")
        }
    }
}

/// Whether 64 lower-case digits are a number from 1 to n − 1. Of one length, they compare as numbers do.
fn in_order(digits: &str) -> bool {
    digits < ORDER && digits.bytes().any(|b| b != b'0')
}

fn is_lower_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
