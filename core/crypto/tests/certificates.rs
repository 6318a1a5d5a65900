//! Certificates: a chain holds, and each thing that breaks it is named.

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_crypto::{
    Certificate, CertificateError, CertificateFault, DerError, InvalidReason, KeyError, KeyRef, Provider,
    ProviderError, SecretKey, SoftwareProvider, Subject, Usage, Validity, Verdict, issue, issue_root,
    verify_chain,
};

/// 2026-11-18T08:26:40Z.
const NOW: i64 = 1_795_000_000;
const YEAR: i64 = 31_536_000;
/// 2050-01-01T00:00:00Z, from which on X.509 writes years with four digits.
const IN_2050: i64 = 2_524_608_000;

fn subject(name: &str) -> Subject {
    Subject {
        common_name: name.to_owned(),
        organization: Some("上海市水务局".to_owned()),
        unit: None,
    }
}

fn years(count: i64) -> Validity {
    Validity {
        not_before: NOW - YEAR,
        not_after: NOW + count * YEAR,
    }
}

fn key(seed: u64) -> SecretKey {
    SecretKey::generate(&mut StdRng::seed_from_u64(seed))
}

/// Keys called by the numbers they are made of.
fn provider(keys: &[u64]) -> SoftwareProvider {
    let mut provider = SoftwareProvider::new(StdRng::seed_from_u64(1));
    for seed in keys {
        provider.add_signing_key(named(*seed), key(*seed));
    }
    provider
}

fn named(seed: u64) -> KeyRef {
    KeyRef::new(seed.to_string())
}

fn root(name: &str, seed: u64) -> Certificate {
    issue_root(&provider(&[seed]), &named(seed), &subject(name), years(10)).expect("a root")
}

/// A certificate for the key of `seed` by `issuer`, who holds the key of `by`.
fn below(issuer: &Certificate, by: u64, seed: u64, usage: Usage) -> Certificate {
    let subject = subject(&format!("key {seed}"));
    let public = key(seed).public().clone();
    issue(
        &provider(&[by]),
        &named(by),
        issuer,
        &subject,
        &public,
        usage,
        years(1),
    )
    .expect("a certificate")
}

fn invalid(fault: CertificateFault) -> Verdict {
    Verdict::Invalid(InvalidReason::Certificate(fault))
}

#[test]
fn a_device_certificate_leads_to_the_root() {
    let root = root("申海 设备证书 CA", 10);
    let leaf = below(&root, 10, 11, Usage::Device);
    let anchors = [root.clone()];
    let alone = std::slice::from_ref(&leaf);
    assert_eq!(verify_chain(alone, &anchors, Usage::Device, NOW), Verdict::Valid);
    let with_root = [leaf, root];
    assert_eq!(
        verify_chain(&with_root, &anchors, Usage::Device, NOW),
        Verdict::Valid
    );
    let asked = provider(&[]).verify_certificate(&with_root, &anchors, Usage::Device, NOW);
    assert_eq!(asked, Verdict::Valid);
}

#[test]
fn a_certificate_says_what_was_ordered() {
    let root = root("申海 设备证书 CA", 10);
    for usage in [
        Usage::Authority,
        Usage::Gateway,
        Usage::Device,
        Usage::Person,
        Usage::Service,
    ] {
        let leaf = below(&root, 10, 11, usage);
        assert_eq!(leaf.usage(), usage);
        assert_eq!(leaf.public_key(), key(11).public());
        assert_eq!(leaf.subject(), &subject("key 11"));
        assert_eq!(leaf.issuer_common_name(), "申海 设备证书 CA");
        assert_eq!((leaf.not_before(), leaf.not_after()), (NOW - YEAR, NOW + YEAR));
        assert_eq!(leaf.serial_hex().len(), 32);
    }
}

#[test]
fn no_two_certificates_have_one_serial_number() {
    let provider = provider(&[10]);
    let (name, public) = (subject("key 11"), key(11).public().clone());
    let root = issue_root(&provider, &named(10), &subject("CA"), years(10)).expect("a root");
    let serial = || {
        let leaf = issue(
            &provider,
            &named(10),
            &root,
            &name,
            &public,
            Usage::Device,
            years(1),
        );
        leaf.expect("a certificate").serial_hex()
    };
    assert_ne!(serial(), serial());
}

#[test]
fn a_certificate_reads_back_in_all_its_forms() {
    let leaf = below(&root("CA", 10), 10, 11, Usage::Gateway);
    assert_eq!(Certificate::from_der(leaf.to_der()), Ok(leaf.clone()));
    assert_eq!(Certificate::from_pem(&leaf.to_pem()), Ok(leaf.clone()));
    assert_eq!(Certificate::from_base64(&leaf.to_base64()), Ok(leaf.clone()));
    let digits = leaf.digest().to_hex();
    let groups = [&digits[..4], &digits[4..8], &digits[8..12], &digits[12..16]];
    assert_eq!(leaf.fingerprint(), groups.join(" "));
    assert!(format!("{leaf:?}").contains(&leaf.fingerprint()));
}

#[test]
fn a_certificate_may_end_after_2049() {
    let validity = Validity {
        not_before: IN_2050 - 1,
        not_after: IN_2050 + 1,
    };
    let root = issue_root(&provider(&[10]), &named(10), &subject("CA"), validity).expect("a root");
    assert_eq!((root.not_before(), root.not_after()), (IN_2050 - 1, IN_2050 + 1));
    let chain = [root];
    assert_eq!(
        verify_chain(&chain, &chain, Usage::Authority, IN_2050),
        Verdict::Valid
    );
}

#[test]
fn a_certificate_counts_from_its_first_to_its_last_second() {
    let anchors = [root("CA", 10)];
    let chain = [below(&anchors[0], 10, 11, Usage::Device)];
    let at = |second| verify_chain(&chain, &anchors, Usage::Device, second);
    assert_eq!(at(NOW - YEAR - 1), invalid(CertificateFault::NotYetValid));
    assert_eq!(at(NOW - YEAR), Verdict::Valid);
    assert_eq!(at(NOW + YEAR), Verdict::Valid);
    assert_eq!(at(NOW + YEAR + 1), invalid(CertificateFault::Expired));
}

#[test]
fn an_expired_root_carries_nobody() {
    let short = Validity {
        not_before: NOW - YEAR,
        not_after: NOW - 1,
    };
    let root = issue_root(&provider(&[10]), &named(10), &subject("CA"), short).expect("a root");
    let chain = [below(&root, 10, 11, Usage::Device)];
    assert_eq!(
        verify_chain(&chain, &[root], Usage::Device, NOW),
        invalid(CertificateFault::Expired)
    );
}

#[test]
fn a_certificate_for_one_use_is_none_for_another() {
    let anchors = [root("CA", 10)];
    let usages = [
        Usage::Authority,
        Usage::Gateway,
        Usage::Device,
        Usage::Person,
        Usage::Service,
    ];
    for issued in usages {
        let chain = [below(&anchors[0], 10, 11, issued)];
        for asked in usages {
            let expected = match issued == asked {
                true => Verdict::Valid,
                false => invalid(CertificateFault::WrongUsage),
            };
            assert_eq!(
                verify_chain(&chain, &anchors, asked, NOW),
                expected,
                "{issued:?} as {asked:?}"
            );
        }
    }
}

#[test]
fn a_device_issues_nothing() {
    let root = root("CA", 10);
    let device = below(&root, 10, 11, Usage::Device);
    let public = key(12).public().clone();
    let by_device = issue(
        &provider(&[11]),
        &named(11),
        &device,
        &subject("x"),
        &public,
        Usage::Device,
        years(1),
    );
    assert_eq!(by_device.err(), Some(ProviderError::WrongUse));
    // A hostile device writes the certificate all the same: as an authority of its own name and key.
    let own_root = issue_root(&provider(&[11]), &named(11), &subject("key 11"), years(10)).expect("a root");
    let forged = below(&own_root, 11, 12, Usage::Device);
    assert_eq!(
        verify_chain(&[forged, device], &[root], Usage::Device, NOW),
        invalid(CertificateFault::WrongUsage)
    );
}

#[test]
fn an_authority_of_the_same_name_is_another_authority() {
    let (genuine, impostor) = (root("申海 设备证书 CA", 10), root("申海 设备证书 CA", 20));
    let chain = [below(&impostor, 20, 11, Usage::Device)];
    assert_eq!(
        verify_chain(&chain, std::slice::from_ref(&genuine), Usage::Device, NOW),
        invalid(CertificateFault::UnknownIssuer)
    );
    // While an authority changes its key both are trusted.
    let both = [genuine, impostor];
    assert_eq!(verify_chain(&chain, &both, Usage::Device, NOW), Verdict::Valid);
}

#[test]
fn an_authority_of_another_name_is_another_authority_even_with_the_same_key() {
    let (one, other) = (root("申海 设备证书 CA", 10), root("申海 测试 CA", 10));
    let chain = [below(&one, 10, 11, Usage::Device)];
    assert_eq!(
        verify_chain(&chain, &[other], Usage::Device, NOW),
        invalid(CertificateFault::UnknownIssuer)
    );
}

#[test]
fn a_chain_without_its_middle_or_in_another_order_does_not_hold() {
    let top = root("CA", 10);
    let middle = below(&top, 10, 11, Usage::Authority);
    let leaf = below(&middle, 11, 12, Usage::Device);
    let anchors = [top];
    let verdict = |chain: &[Certificate]| verify_chain(chain, &anchors, Usage::Device, NOW);
    assert_eq!(verdict(&[leaf.clone(), middle.clone()]), Verdict::Valid);
    assert_eq!(
        verdict(std::slice::from_ref(&leaf)),
        invalid(CertificateFault::UnknownIssuer)
    );
    assert_eq!(
        verdict(&[leaf.clone(), leaf.clone(), middle.clone()]),
        invalid(CertificateFault::UnknownIssuer)
    );
    assert_eq!(
        verdict(&[middle, leaf.clone()]),
        invalid(CertificateFault::WrongUsage)
    );
    assert_eq!(verdict(&[]), invalid(CertificateFault::Malformed));
    assert_eq!(
        verify_chain(&[leaf], &[], Usage::Device, NOW),
        invalid(CertificateFault::UnknownIssuer)
    );
}

#[test]
fn a_chain_of_four_is_followed_and_one_of_five_is_not() {
    let anchors = [root("CA", 10)];
    let mut issuer = anchors[0].clone();
    let mut chain = Vec::new();
    for seed in 11..15 {
        let usage = if seed == 14 {
            Usage::Device
        } else {
            Usage::Authority
        };
        issuer = below(&issuer, seed - 1, seed, usage);
        chain.insert(0, issuer.clone());
    }
    assert_eq!(verify_chain(&chain, &anchors, Usage::Device, NOW), Verdict::Valid);
    chain.push(anchors[0].clone());
    assert_eq!(
        verify_chain(&chain, &anchors, Usage::Device, NOW),
        invalid(CertificateFault::ChainTooLong)
    );
}

#[test]
fn every_changed_byte_breaks_a_certificate_or_its_chain() {
    let anchors = [root("CA", 10)];
    let leaf = below(&anchors[0], 10, 11, Usage::Device);
    for at in 0..leaf.to_der().len() {
        let mut changed = leaf.to_der().to_vec();
        changed[at] ^= 1;
        if let Ok(changed) = Certificate::from_der(&changed) {
            let verdict = verify_chain(&[changed], &anchors, Usage::Device, NOW);
            assert!(!verdict.is_valid(), "byte {at}");
        }
    }
}

#[test]
fn bytes_that_are_no_certificate_say_why() {
    let leaf = below(&root("CA", 10), 10, 11, Usage::Device);
    let der = leaf.to_der();
    assert_eq!(
        Certificate::from_der(&[]),
        Err(CertificateError::Der(DerError::Truncated))
    );
    for cut in 0..der.len() {
        assert!(Certificate::from_der(&der[..cut]).is_err(), "cut to {cut}");
    }
    let longer = [der, &[0]].concat();
    assert_eq!(
        Certificate::from_der(&longer),
        Err(CertificateError::Der(DerError::Trailing))
    );
    assert_eq!(
        Certificate::from_der(&[0x30; 8193]),
        Err(CertificateError::Oversized)
    );
    let mut off_curve = der.to_vec();
    let point = leaf.public_key().to_sec1();
    let at = der
        .windows(65)
        .position(|part| *part == point[..])
        .expect("its key");
    off_curve[at + 64] ^= 1;
    assert_eq!(
        Certificate::from_der(&off_curve),
        Err(CertificateError::Key(KeyError::NotOnCurve))
    );
}

/// GM/T 0015 leaves the parameters of the algorithm out, older software writes a NULL; both places must say the same.
#[test]
fn an_algorithm_named_otherwise_outside_than_inside_is_refused() {
    let leaf = below(&root("CA", 10), 10, 11, Usage::Device);
    let der = leaf.to_der();
    // SEQUENCE { OID 1.2.156.10197.1.501 }: inside what is signed and after it.
    let bare = [
        0x30, 0x0a, 0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x75,
    ];
    let with_null = [&[0x30, 0x0c], &bare[2..], &[0x05, 0x00]].concat();
    let outside = der
        .windows(bare.len())
        .rposition(|part| *part == bare)
        .expect("the outer one");
    let mut other = [&der[..outside], &with_null, &der[outside + bare.len()..]].concat();
    let length = u16::from_be_bytes([der[2], der[3]]) + 2;
    assert_eq!(der[..2], [0x30, 0x82]);
    other[2..4].copy_from_slice(&length.to_be_bytes());
    assert_eq!(Certificate::from_der(&other), Err(CertificateError::Algorithm));
}

#[test]
fn text_that_is_no_certificate_says_why() {
    let leaf = below(&root("CA", 10), 10, 11, Usage::Device);
    for text in [
        String::new(),
        "x".to_owned(),
        leaf.to_pem().replace("CERTIFICATE", "PRIVATE KEY"),
    ] {
        assert_eq!(
            Certificate::from_pem(&text),
            Err(CertificateError::NotPem),
            "{text}"
        );
    }
    let base64 = leaf.to_base64();
    for text in [
        format!("{base64}\n"),
        base64.replace('M', "_"),
        base64[1..].to_owned(),
    ] {
        assert_eq!(Certificate::from_base64(&text), Err(CertificateError::NotBase64));
    }
    let long = "A".repeat(1 << 20);
    assert_eq!(Certificate::from_base64(&long), Err(CertificateError::Oversized));
    assert_eq!(Certificate::from_pem(&long), Err(CertificateError::Oversized));
}

#[test]
fn a_subject_or_a_time_that_cannot_be_written_is_refused() {
    let provider = provider(&[10]);
    let root = |subject: &Subject, validity| issue_root(&provider, &named(10), subject, validity).err();
    for name in ["", "line\nbreak", &"长".repeat(65)] {
        assert_eq!(
            root(&subject(name), years(1)),
            Some(ProviderError::Malformed),
            "{name}"
        );
    }
    assert_eq!(root(&subject(&"长".repeat(64)), years(1)), None);
    for (not_before, not_after) in [(NOW, NOW - 1), (-1, NOW), (NOW, i64::MAX)] {
        let validity = Validity {
            not_before,
            not_after,
        };
        assert_eq!(
            root(&subject("CA"), validity),
            Some(ProviderError::Malformed),
            "{not_before} {not_after}"
        );
    }
    assert_eq!(
        issue_root(&provider, &named(99), &subject("CA"), years(1)).err(),
        Some(ProviderError::UnknownKey)
    );
}

#[test]
fn nobody_issues_with_the_key_of_another() {
    let root = root("CA", 10);
    let public = key(12).public().clone();
    let issued = issue(
        &provider(&[10, 20]),
        &named(20),
        &root,
        &subject("x"),
        &public,
        Usage::Device,
        years(1),
    );
    assert_eq!(issued.err(), Some(ProviderError::WrongUse));
}

proptest! {
    #[test]
    fn what_is_read_was_read_from_exactly_these_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(certificate) = Certificate::from_der(&bytes) {
            prop_assert_eq!(certificate.to_der(), bytes);
        }
    }
}
