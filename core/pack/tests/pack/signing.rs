//! Who may answer for a pack: two people, each certified for it.

use crate::support::sample;
use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_crypto::{
    Certificate, KeyRef, SecretKey, SoftwareProvider, Subject, Usage, Validity, issue, issue_root,
};
use shenhai_pack::{Lock, Part, SignatureFault, Signatures, Signed, check, may_sign, signed_text};

const AT: i64 = 1_780_000_000;
const VALIDITY: Validity = Validity {
    not_before: AT - 1_000,
    not_after: AT + 1_000,
};

/// An authority that certifies anybody for anything.
struct Authority {
    provider: SoftwareProvider,
    root: Certificate,
}

fn subject(name: &str, unit: &str) -> Subject {
    Subject {
        common_name: name.to_owned(),
        organization: None,
        unit: (!unit.is_empty()).then(|| unit.to_owned()),
    }
}

impl Authority {
    fn new() -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        let key = KeyRef::new("authority");
        let secret = SecretKey::generate(&mut rng);
        let mut provider = SoftwareProvider::new(rng);
        provider.add_signing_key(key.clone(), secret);
        let root = issue_root(&provider, &key, &subject("authority", ""), VALIDITY).expect("a root");
        Self { provider, root }
    }

    /// What somebody signs, certified like this.
    fn signed(&self, (name, unit, usage): (&str, &str, Usage), key: u64, part: Part) -> Signed {
        let mut rng = StdRng::seed_from_u64(key);
        let secret = SecretKey::generate(&mut rng);
        let issuer = KeyRef::new("authority");
        let (provider, public) = (&self.provider, secret.public());
        let person = subject(name, unit);
        let certificate =
            issue(provider, &issuer, &self.root, &person, public, usage, VALIDITY).expect("a certificate");
        let signature = secret.sign(signed_text(&lock(), part).as_bytes(), &mut rng);
        Signed {
            certificate,
            signature,
        }
    }
}

fn lock() -> Lock {
    let files = sample();
    let pack = check(&files).pack.expect("a sound pack");
    Lock::of(&files, &pack, None)
}

type Who<'w> = (&'w str, &'w str, Usage, u64);

/// What becomes of a pack that these two signed.
fn verified(author: Who<'_>, approver: Who<'_>) -> Result<(), SignatureFault> {
    let authority = Authority::new();
    let signed = |(name, unit, usage, key): Who<'_>, part| authority.signed((name, unit, usage), key, part);
    let signatures = Signatures {
        author: signed(author, Part::Author),
        approver: signed(approver, Part::Approver),
    };
    signatures.verify(&lock(), &[authority.root], AT)
}

const CHIEF: Who<'_> = ("chief", "pack:*", Usage::Person, 3);

#[test]
fn two_people_certified_for_the_pack_may() {
    for unit in ["pack:repair", "pack:*", "pack:visit pack:repair"] {
        assert_eq!(
            verified(("author", unit, Usage::Person, 2), CHIEF),
            Ok(()),
            "{unit}"
        );
    }
}

#[test]
fn nobody_else_may() {
    for unit in [
        "",
        "pack:visit",
        "pack:repairs",
        "repair",
        "pack:",
        "pack:repair2 pack:re",
    ] {
        let found = verified(("author", unit, Usage::Person, 2), CHIEF);
        assert_eq!(found, Err(SignatureFault::OtherPack(Part::Author)), "{unit}");
        let found = verified(CHIEF, ("author", unit, Usage::Person, 2));
        assert_eq!(found, Err(SignatureFault::OtherPack(Part::Approver)), "{unit}");
    }
    // A device's or a gateway's certificate is no person's.
    for usage in [Usage::Device, Usage::Gateway, Usage::Service] {
        let found = verified(("author", "pack:repair", usage, 2), CHIEF);
        assert!(
            matches!(
                found,
                Err(SignatureFault::Certificate {
                    part: Part::Author,
                    ..
                })
            ),
            "{usage:?}"
        );
    }
}

#[test]
fn one_person_is_not_two() {
    let same = Err(SignatureFault::SamePerson);
    // One key under two names, and one name with two keys.
    assert_eq!(verified(("author", "pack:*", Usage::Person, 3), CHIEF), same);
    assert_eq!(verified(("chief", "pack:*", Usage::Person, 2), CHIEF), same);
}

#[test]
fn what_is_signed_is_told_line_by_line() {
    let lock = lock();
    let text = signed_text(&lock, Part::Approver);
    let expected = format!(
        "shenhai-pack-v1\napprover\nrepair 3\nlaw {}\nface {}\n",
        lock.roots.law.to_hex(),
        lock.roots.face.to_hex()
    );
    assert_eq!(text, expected);
    let authority = Authority::new();
    let signed = authority.signed(("author", "pack:repair", Usage::Person), 2, Part::Author);
    assert!(may_sign(&signed.certificate, &lock));
}
