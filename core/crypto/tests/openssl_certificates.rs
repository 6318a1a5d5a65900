//! OpenSSL follows our chains of certificates, and we follow those it made.

use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_crypto::{
    Certificate, CertificateError, CertificateFault, InvalidReason, KeyRef, PublicKey, SecretKey,
    SoftwareProvider, Subject, Usage, Validity, Verdict, issue, issue_root, verify_chain,
};
use std::time::{SystemTime, UNIX_EPOCH};
use support::Bench;

mod support;

const DAY: i64 = 86_400;
const ID: &str = "distid:1234567812345678";

/// OpenSSL judges by the machine's clock, so these certificates are made for today.
#[expect(
    clippy::disallowed_methods,
    reason = "there is no host here, and OpenSSL asks this clock"
)]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("before the end of time")
}

fn days(before: i64, after: i64) -> Validity {
    Validity {
        not_before: now() - before * DAY,
        not_after: now() + after * DAY,
    }
}

fn subject(name: &str) -> Subject {
    Subject {
        common_name: name.to_owned(),
        organization: Some("上海市水务局".to_owned()),
        unit: Some("行政服务中心".to_owned()),
    }
}

/// A root, an authority below it, and a leaf of every usage below that.
struct Ours {
    root: Certificate,
    middle: Certificate,
    leaves: Vec<Certificate>,
}

fn ours(leaf_validity: Validity) -> Ours {
    let rng = &mut StdRng::seed_from_u64(1);
    let mut provider = SoftwareProvider::new(StdRng::seed_from_u64(2));
    let (top, below) = (KeyRef::new("root"), KeyRef::new("middle"));
    let middle_key = SecretKey::generate(rng);
    let middle_public = middle_key.public().clone();
    provider.add_signing_key(top.clone(), SecretKey::generate(rng));
    provider.add_signing_key(below.clone(), middle_key);
    let root = issue_root(&provider, &top, &subject("申海 设备证书 CA"), days(2, 9000)).expect("a root");
    let middle = issue(
        &provider,
        &top,
        &root,
        &subject("Gateway CA"),
        &middle_public,
        Usage::Authority,
        days(2, 900),
    )
    .expect("an authority");
    let leaves = [Usage::Gateway, Usage::Device, Usage::Person, Usage::Service].map(|usage| {
        let key = SecretKey::generate(rng);
        let name = subject(&format!("{usage:?}"));
        issue(
            &provider,
            &below,
            &middle,
            &name,
            key.public(),
            usage,
            leaf_validity,
        )
        .expect("a leaf")
    });
    Ours {
        root,
        middle,
        leaves: leaves.into(),
    }
}

/// What OpenSSL objects to in `leaf.pem` below `middle.pem` below `root.pem`. Link by link: version 3.0 hands the
/// identity of `-vfyopt` to the certificate that is named, not to those between it and the root.
fn objection(bench: &Bench) -> Option<String> {
    let strictly = ["verify", "-x509_strict", "-vfyopt", ID];
    [
        ["-CAfile", "root.pem", "middle.pem"],
        ["-CAfile", "middle.pem", "leaf.pem"],
    ]
    .into_iter()
    .map(|files| bench.run(strictly.into_iter().chain(["-partial_chain"]).chain(files)))
    .find(|output| !output.status.success())
    .map(|output| String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn openssl_follows_our_chain() {
    let bench = Bench::new("chain");
    let ours = ours(days(1, 30));
    bench.write("root.pem", ours.root.to_pem().as_bytes());
    bench.write("middle.pem", ours.middle.to_pem().as_bytes());
    for leaf in &ours.leaves {
        bench.write("leaf.pem", leaf.to_pem().as_bytes());
        assert_eq!(objection(&bench), None, "{:?}", leaf.usage());
    }
}

#[test]
fn openssl_and_we_refuse_the_same_chains() {
    let bench = Bench::new("refused");
    let (good, expired) = (ours(days(1, 30)), ours(days(2, -1)));
    bench.write("root.pem", good.root.to_pem().as_bytes());
    let mut changed = good.leaves[1].to_der().to_vec();
    let at = changed
        .windows(6)
        .position(|part| part == b"Device")
        .expect("its name");
    changed[at] = b'd';
    let changed = Certificate::from_der(&changed).expect("still a certificate");
    let no_issuer = "unable to get local issuer certificate";
    for (leaf, middle, fault, theirs) in [
        (
            &expired.leaves[1],
            &expired.middle,
            CertificateFault::Expired,
            "certificate has expired",
        ),
        (
            &changed,
            &good.middle,
            CertificateFault::BadSignature,
            "certificate signature failure",
        ),
        (
            &good.leaves[1],
            &good.leaves[0],
            CertificateFault::UnknownIssuer,
            no_issuer,
        ),
    ] {
        bench.write("middle.pem", middle.to_pem().as_bytes());
        bench.write("leaf.pem", leaf.to_pem().as_bytes());
        let said = objection(&bench).unwrap_or_default();
        assert!(said.contains(theirs), "{fault}: {said}");
        let chain = [leaf.clone(), middle.clone()];
        let verdict = verify_chain(&chain, std::slice::from_ref(&good.root), Usage::Device, now());
        assert_eq!(verdict, Verdict::Invalid(InvalidReason::Certificate(fault)));
    }
}

#[test]
fn openssl_reads_what_we_wrote_into_a_certificate() {
    let bench = Bench::new("text");
    let leaf = &ours(days(1, 30)).leaves[0];
    bench.write("leaf.pem", leaf.to_pem().as_bytes());
    let text = bench.must([
        "x509",
        "-in",
        "leaf.pem",
        "-noout",
        "-text",
        "-nameopt",
        "utf8,sep_comma_plus",
    ]);
    let text = String::from_utf8(text).expect("text");
    for part in [
        "Version: 3",
        "Signature Algorithm: SM2-with-SM3",
        "ASN1 OID: SM2",
        "Issuer: O=上海市水务局,OU=行政服务中心,CN=Gateway CA",
        "CA:FALSE",
        "Digital Signature, Non Repudiation",
        "TLS Web Server Authentication",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let serial = bench.must(["x509", "-in", "leaf.pem", "-noout", "-serial"]);
    let expected = format!("serial={}\n", leaf.serial_hex().to_uppercase());
    assert_eq!(String::from_utf8(serial), Ok(expected));
}

const LEAF: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n\
                    subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

const AUTHORITY: &str =
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n";

/// A key and a certificate for it, both made by OpenSSL: `NAME.key`, `NAME.pem`. It signs itself or has an issuer.
fn made(bench: &Bench, name: &str, issuer: Option<&str>, extensions: &str) {
    let file = |kind: &str| format!("{name}.{kind}");
    let (key, request, certificate) = (file("key"), file("csr"), file("pem"));
    let subject = format!("/C=CN/O=Peer/CN={name}");
    bench.must(["genpkey", "-algorithm", "SM2", "-out", &key]);
    let signing = ["-sm3", "-sigopt", ID];
    let asking = ["req", "-new", "-key", &key, "-subj", &subject, "-out", &request];
    bench.must(asking.into_iter().chain(signing));
    bench.write("extensions", extensions.as_bytes());
    let issuing = [
        "x509",
        "-req",
        "-vfyopt",
        ID,
        "-days",
        "10",
        "-extfile",
        "extensions",
    ];
    let files = ["-in", &request, "-out", &certificate];
    let by = match issuer {
        None => vec!["-signkey".to_owned(), key.clone()],
        Some(issuer) => {
            let files = [
                "-CA".to_owned(),
                format!("{issuer}.pem"),
                "-CAkey".to_owned(),
                format!("{issuer}.key"),
            ];
            [&files[..], &["-CAcreateserial".to_owned()]].concat()
        }
    };
    let by = by.iter().map(String::as_str);
    bench.must(issuing.into_iter().chain(files).chain(signing).chain(by));
}

fn pem(bench: &Bench, file: &str) -> Result<Certificate, CertificateError> {
    let text = bench.must(["x509", "-in", file]);
    Certificate::from_pem(std::str::from_utf8(&text).expect("PEM is text"))
}

#[test]
fn we_follow_a_chain_that_openssl_made() {
    let bench = Bench::new("theirs");
    made(&bench, "Peer CA", None, AUTHORITY);
    made(&bench, "Device 7", Some("Peer CA"), LEAF);
    let (root, leaf) = (
        pem(&bench, "Peer CA.pem").expect("a root"),
        pem(&bench, "Device 7.pem").expect("a leaf"),
    );
    assert_eq!((root.usage(), leaf.usage()), (Usage::Authority, Usage::Device));
    assert_eq!(leaf.subject().common_name, "Device 7");
    assert_eq!(leaf.issuer_common_name(), "Peer CA");
    let spki = bench.must(["pkey", "-in", "Device 7.key", "-pubout", "-outform", "DER"]);
    let key = PublicKey::from_sec1(&spki[spki.len() - 65..]).expect("a key");
    assert_eq!(leaf.public_key(), &key);
    assert_eq!(
        bench.must(["x509", "-in", "Device 7.pem", "-outform", "DER"]),
        leaf.to_der()
    );

    let chain = [leaf];
    let anchors = [root];
    assert_eq!(
        verify_chain(&chain, &anchors, Usage::Device, now() + 60),
        Verdict::Valid
    );
    for (usage, at, fault) in [
        (Usage::Gateway, now() + 60, CertificateFault::WrongUsage),
        (Usage::Device, now() + 11 * DAY, CertificateFault::Expired),
        (Usage::Device, now() - DAY, CertificateFault::NotYetValid),
    ] {
        let verdict = verify_chain(&chain, &anchors, usage, at);
        assert_eq!(verdict, Verdict::Invalid(InvalidReason::Certificate(fault)));
    }
}

#[test]
fn an_authority_that_may_have_none_below_it_has_none() {
    let bench = Bench::new("pathlen");
    made(
        &bench,
        "root",
        None,
        &AUTHORITY.replace("CA:TRUE", "CA:TRUE,pathlen:0"),
    );
    made(&bench, "middle", Some("root"), AUTHORITY);
    made(&bench, "below", Some("middle"), LEAF);
    made(&bench, "direct", Some("root"), LEAF);
    let [root, middle, below, direct] =
        ["root.pem", "middle.pem", "below.pem", "direct.pem"].map(|file| pem(&bench, file).expect(file));
    let anchors = [root];
    let verdict = |chain: &[Certificate]| verify_chain(chain, &anchors, Usage::Device, now() + 60);
    assert_eq!(verdict(&[direct]), Verdict::Valid);
    assert_eq!(
        verdict(&[below, middle]),
        Verdict::Invalid(InvalidReason::Certificate(CertificateFault::ChainTooLong))
    );
}

#[test]
fn what_a_certificate_may_not_say_here_is_refused_when_read() {
    let bench = Bench::new("odd");
    for (extensions, error) in [
        ("basicConstraints=CA:FALSE\n".to_owned(), CertificateError::Usage),
        (LEAF.replace("clientAuth", "codeSigning"), CertificateError::Usage),
        (
            LEAF.replace("clientAuth", "clientAuth,emailProtection"),
            CertificateError::Usage,
        ),
        (
            LEAF.replace("digitalSignature", "keyAgreement"),
            CertificateError::Usage,
        ),
        (LEAF.replace("CA:FALSE", "CA:TRUE"), CertificateError::Usage),
        (
            format!("{LEAF}nameConstraints=critical,permitted;DNS:a.example\n"),
            CertificateError::Extension,
        ),
    ] {
        made(&bench, "leaf", None, &extensions);
        assert_eq!(pem(&bench, "leaf.pem"), Err(error), "{extensions}");
    }
}

#[test]
fn a_certificate_of_another_algorithm_is_refused_when_read() {
    let bench = Bench::new("p256");
    let arguments = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-sha256",
    ];
    let rest = ["-subj", "/CN=P-256", "-keyout", "ca.key", "-out", "ca.pem"];
    bench.must(arguments.into_iter().chain(rest));
    assert_eq!(pem(&bench, "ca.pem"), Err(CertificateError::Algorithm));
}
