//! Certificates: a chain holds, and each thing that breaks it is named.

use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_crypto::{
    Certificate, CertificateFault, InvalidReason, KeyRef, Provider, SecretKey, SoftwareProvider, Subject,
    Usage, Validity, Verdict, issue, issue_root, verify_chain,
};

const NOW: i64 = 1_795_000_000;
const YEAR: i64 = 31_536_000;

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

#[test]
fn a_device_certificate_leads_to_the_root() {
    let mut provider = SoftwareProvider::new(StdRng::seed_from_u64(1));
    let authority = KeyRef::new("authority");
    provider.add_signing_key(
        authority.clone(),
        SecretKey::generate(&mut StdRng::seed_from_u64(2)),
    );
    let root = issue_root(&provider, &authority, &subject("申海 设备证书 CA"), years(10)).expect("a root");
    let device = SecretKey::generate(&mut StdRng::seed_from_u64(3));
    let leaf = issue(
        &provider,
        &authority,
        &root,
        &subject("PAD 07"),
        device.public(),
        Usage::Device,
        years(1),
    )
    .expect("a certificate");
    assert_eq!(leaf.usage(), Usage::Device);
    assert_eq!(leaf.public_key(), device.public());
    assert_eq!(leaf.issuer_common_name(), "申海 设备证书 CA");
    assert_eq!(Certificate::from_pem(&leaf.to_pem()), Ok(leaf.clone()));
    assert_eq!(Certificate::from_base64(&leaf.to_base64()), Ok(leaf.clone()));
    let anchors = [root.clone()];
    assert_eq!(
        verify_chain(&[leaf.clone()], &anchors, Usage::Device, NOW),
        Verdict::Valid
    );
    assert_eq!(
        provider.verify_certificate(&[leaf.clone(), root], &anchors, Usage::Device, NOW),
        Verdict::Valid
    );
    let expired = Verdict::Invalid(InvalidReason::Certificate(CertificateFault::Expired));
    assert_eq!(
        verify_chain(&[leaf], &anchors, Usage::Device, NOW + 2 * YEAR),
        expired
    );
}
