//! The provider: keys by name, each for its own use, and indecision that never counts as a yes.

use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_crypto::{
    Certificate, CertificateFault, Digest32, IndeterminateReason, InvalidReason, KeyRef, Origin, Provider,
    ProviderError, ProviderKind, PublicKey, SealingKey, SecretKey, Signature, SoftwareProvider, Subject,
    Usage, Validity, Verdict, issue, issue_root, sm3,
};
use zeroize::Zeroizing;

fn names() -> (KeyRef, KeyRef, KeyRef) {
    (KeyRef::new("receipt"), KeyRef::new("rows"), KeyRef::new("nobody"))
}

fn software() -> SoftwareProvider {
    let (signing, sealing, _) = names();
    let rng = &mut StdRng::seed_from_u64(1);
    let mut provider = SoftwareProvider::new(StdRng::seed_from_u64(2));
    provider.add_signing_key(signing, SecretKey::generate(rng));
    provider.add_sealing_key(sealing, SealingKey::from_bytes(b"sixteen secrets."));
    provider
}

#[test]
fn the_software_provider_says_that_nobody_certified_it() {
    let origin = software().origin();
    assert_eq!(
        (origin.kind, origin.emulated, origin.certified),
        (ProviderKind::Software, false, None)
    );
}

#[test]
fn a_sealed_text_opens_with_its_key_in_its_place() {
    let (_, rows, _) = names();
    let provider = software();
    let sealed = provider.seal(&rows, b"text", b"orders/1").expect("seals");
    assert_eq!(
        provider.open(&rows, &sealed, b"orders/1").as_deref(),
        Ok(&b"text"[..])
    );
    assert_eq!(
        provider.open(&rows, &sealed, b"orders/2"),
        Err(ProviderError::NotAuthentic)
    );
    assert_eq!(
        provider.open(&rows, b"", b"orders/1"),
        Err(ProviderError::Malformed)
    );
}

#[test]
fn a_key_is_wrapped_by_a_key_of_either_kind() {
    let (receipt, rows, _) = names();
    let provider = software();
    for key in [&receipt, &rows] {
        let wrapped = provider.wrap(key, b"a key of 16 byte").expect("wraps");
        let opened = provider.unwrap(key, &wrapped);
        assert_eq!(
            opened.as_ref().map(|key| key.as_slice()),
            Ok(&b"a key of 16 byte"[..]),
            "{key}"
        );
        let mut changed = wrapped;
        let last = changed.len() - 1;
        changed[last] ^= 1;
        assert_eq!(
            provider.unwrap(key, &changed),
            Err(ProviderError::NotAuthentic),
            "{key}"
        );
        assert_eq!(
            provider.unwrap(key, &changed[..5]),
            Err(ProviderError::Malformed),
            "{key}"
        );
    }
}

#[test]
fn a_wrapped_key_is_no_sealed_text() {
    let (_, rows, _) = names();
    let provider = software();
    let wrapped = provider.wrap(&rows, b"a key of 16 byte").expect("wraps");
    assert_eq!(
        provider.open(&rows, &wrapped, b""),
        Err(ProviderError::NotAuthentic)
    );
}

#[test]
fn a_key_does_what_it_is_for_and_an_unknown_one_nothing() {
    let (receipt, rows, nobody) = names();
    let provider = software();
    for (key, error) in [
        (&rows, ProviderError::WrongUse),
        (&nobody, ProviderError::UnknownKey),
    ] {
        assert_eq!(provider.sign(key, b"m").err(), Some(error));
        assert_eq!(provider.public_key(key).err(), Some(error));
    }
    for (key, error) in [
        (&receipt, ProviderError::WrongUse),
        (&nobody, ProviderError::UnknownKey),
    ] {
        assert_eq!(provider.seal(key, b"m", b""), Err(error));
        assert_eq!(provider.open(key, &[1; 40], b""), Err(error));
    }
    assert_eq!(provider.wrap(&nobody, b"m"), Err(ProviderError::UnknownKey));
    assert_eq!(provider.unwrap(&nobody, b"m"), Err(ProviderError::UnknownKey));
}

#[test]
fn digests_and_random_bytes_come_from_the_provider_too() {
    let provider = software();
    assert_eq!(provider.digest(b"abc"), Ok(sm3(b"abc")));
    let (mut first, mut second) = ([0; 16], [0; 16]);
    assert_eq!(provider.random(&mut first), Ok(()));
    assert_eq!(provider.random(&mut second), Ok(()));
    assert_ne!(first, second);
}

#[test]
fn a_printed_provider_shows_the_names_of_its_keys_only() {
    let printed = format!("{:?}", software());
    assert_eq!(printed, r#"SoftwareProvider(keys ["receipt", "rows"])"#);
}

/// A service that answers a check in one way only, e.g. not in time.
struct Elsewhere(Verdict);

impl Provider for Elsewhere {
    fn origin(&self) -> Origin {
        Origin {
            name: "elsewhere".to_owned(),
            kind: ProviderKind::SignatureService,
            emulated: true,
            certified: None,
        }
    }

    fn verify(&self, _: &PublicKey, _: &[u8], _: &Signature) -> Verdict {
        self.0
    }

    fn public_key(&self, _: &KeyRef) -> Result<PublicKey, ProviderError> {
        Err(ProviderError::Timeout)
    }

    fn sign(&self, _: &KeyRef, _: &[u8]) -> Result<Signature, ProviderError> {
        Err(ProviderError::Timeout)
    }

    fn digest(&self, _: &[u8]) -> Result<Digest32, ProviderError> {
        Err(ProviderError::Timeout)
    }

    fn seal(&self, _: &KeyRef, _: &[u8], _: &[u8]) -> Result<Vec<u8>, ProviderError> {
        Err(ProviderError::Unsupported)
    }

    fn open(&self, _: &KeyRef, _: &[u8], _: &[u8]) -> Result<Vec<u8>, ProviderError> {
        Err(ProviderError::Unsupported)
    }

    fn wrap(&self, _: &KeyRef, _: &[u8]) -> Result<Vec<u8>, ProviderError> {
        Err(ProviderError::Unsupported)
    }

    fn unwrap(&self, _: &KeyRef, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        Err(ProviderError::Unsupported)
    }

    fn random(&self, _: &mut [u8]) -> Result<(), ProviderError> {
        Err(ProviderError::Timeout)
    }
}

fn root_and_leaf() -> (Certificate, Certificate) {
    let provider = software();
    let (key, _, _) = names();
    let subject = Subject {
        common_name: "申海".to_owned(),
        organization: None,
        unit: None,
    };
    let validity = Validity {
        not_before: 0,
        not_after: 1000,
    };
    let root = issue_root(&provider, &key, &subject, validity).expect("a root");
    let public = SecretKey::generate(&mut StdRng::seed_from_u64(3))
        .public()
        .clone();
    let leaf = issue(&provider, &key, &root, &subject, &public, Usage::Device, validity).expect("a leaf");
    (root, leaf)
}

#[test]
fn a_check_that_was_not_answered_in_time_is_never_a_yes() {
    let (root, leaf) = root_and_leaf();
    let chain = [leaf];
    let anchors = [root];
    for reason in [
        IndeterminateReason::Timeout,
        IndeterminateReason::Unavailable,
        IndeterminateReason::UnknownKey,
        IndeterminateReason::Refused,
        IndeterminateReason::Garbled,
    ] {
        let verdict = Verdict::Indeterminate(reason);
        assert!(!verdict.is_valid());
        let found = Elsewhere(verdict).verify_certificate(&chain, &anchors, Usage::Device, 5);
        assert_eq!(found, verdict);
    }
    let mismatch = Elsewhere(Verdict::Invalid(InvalidReason::Mismatch));
    let found = mismatch.verify_certificate(&chain, &anchors, Usage::Device, 5);
    assert_eq!(
        found,
        Verdict::Invalid(InvalidReason::Certificate(CertificateFault::BadSignature))
    );
}

#[test]
fn a_provider_that_does_not_answer_issues_nothing() {
    let (root, leaf) = root_and_leaf();
    let silent = Elsewhere(Verdict::Valid);
    let validity = Validity {
        not_before: 0,
        not_after: 1,
    };
    let key = KeyRef::new("receipt");
    let issued = issue(
        &silent,
        &key,
        &root,
        leaf.subject(),
        leaf.public_key(),
        Usage::Device,
        validity,
    );
    assert_eq!(issued.err(), Some(ProviderError::Timeout));
}
