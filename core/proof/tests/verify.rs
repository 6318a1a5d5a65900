//! `shenhai-verify` as a person runs it, on a case a gateway exported and on that case changed in every way.
//!
//! `cases/order.shenhai-case.json` is such an export, `cases/authority.pem` the certificate of its authority. They are
//! never made anew: a case that was once exported has to stay verifiable.

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use shenhai_crypto::{Certificate, KeyRef, SecretKey, SoftwareProvider, Subject, Validity, issue_root};
use std::path::{Path, PathBuf};
use std::process::Command;

const CASE: &str = include_str!("cases/order.shenhai-case.json");
const AUTHORITY: &str = include_str!("cases/authority.pem");

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("authority.pem"), AUTHORITY).unwrap();
        Self(folder)
    }

    /// Exit code and what was printed, on both ways out.
    fn verify(&self, case: &str, authority: Option<&str>) -> (i32, String) {
        std::fs::write(self.0.join("case.json"), case).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_shenhai-verify"));
        command.current_dir(&self.0).arg("case.json");
        if let Some(authority) = authority {
            command.args(["--authority", authority]);
        }
        let output = command.output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), text)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn whole() -> Value {
    serde_json::from_str(CASE).unwrap()
}

#[test]
fn a_sound_case_passes_with_the_authoritys_certificate_and_nothing_else() {
    let (code, text) = Folder::new("sound").verify(CASE, Some("authority.pem"));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("nothing was changed"), "{text}");
    assert!(!text.contains("TAKEN FROM THE FILE"), "{text}");
    assert_eq!(
        text.matches("signature ok; receipt ok; log ok; certificate ok;")
            .count(),
        4,
        "{text}"
    );
}

#[test]
fn without_an_authority_the_fingerprint_to_compare_is_shown() {
    let (code, text) = Folder::new("unnamed").verify(CASE, None);
    let fingerprint = Certificate::from_pem(AUTHORITY).unwrap().fingerprint();
    assert_eq!(code, 3, "not anchored: {text}");
    assert!(text.contains("NOT ANCHORED"), "{text}");
    assert!(text.contains("TAKEN FROM THE FILE ITSELF"), "{text}");
    assert!(text.contains(&fingerprint), "{text}");
}

#[test]
fn each_changed_field_is_named() {
    let folder = Folder::new("changed");
    let cases = [
        ("/authority_certificate", "certificate of the authority"),
        ("/gateway_certificates/0", "certificate 1 of the gateway"),
        ("/record/payload", "record of the case"),
        ("/record/sig", "record of the case"),
        ("/head/payload", "head of the log"),
        ("/head/sig", "head of the log"),
        ("/entries/1/envelope/payload", "entry 2: payload"),
        ("/entries/1/envelope/submission", "entry 2: what was filled in"),
        ("/entries/1/envelope/sig", "entry 2: signature"),
        ("/entries/1/device_key", "entry 2: device key"),
        (
            "/entries/1/device_certificate",
            "certificate of the device of entry 2",
        ),
        ("/entries/1/receipt/payload", "receipt of entry 2"),
        (
            "/entries/1/receipt/commit/sig",
            "signature of the receipt of entry 2",
        ),
        (
            "/entries/1/receipt/commit/payload",
            "signature of the receipt of entry 2",
        ),
        ("/entries/1/inclusion/path/0", "log inclusion of entry 2"),
    ];
    for (field, part) in cases {
        let mut changed = whole();
        let value = changed.pointer_mut(field).unwrap();
        let text = value.as_str().unwrap();
        let (middle, letter) = text.char_indices().nth(text.chars().count() / 2).unwrap();
        let other = if letter == '1' { "2" } else { "1" };
        *value = json!(format!(
            "{}{other}{}",
            &text[..middle],
            &text[middle + letter.len_utf8()..]
        ));
        let (code, printed) = folder.verify(&changed.to_string(), Some("authority.pem"));
        assert_eq!(code, 1, "{field}: {printed}");
        let line = format!("FAILED {part} ");
        assert!(printed.contains(&line), "{field}: {printed}");
        // What the order then does not follow from is told too.
        let failed = printed
            .lines()
            .filter(|line| line.starts_with("FAILED ") && !line.starts_with("FAILED order: "));
        assert_eq!(failed.count(), 1, "{field}: {printed}");
    }
}

#[test]
fn a_swapped_or_missing_entry_or_certificate_is_named() {
    let folder = Folder::new("moved");
    let mut swapped = whole();
    swapped["entries"].as_array_mut().unwrap().swap(0, 1);
    let mut cut = whole();
    cut["entries"].as_array_mut().unwrap().remove(1);
    let mut uncertified = whole();
    uncertified["entries"][1]["device_certificate"] = Value::Null;
    let mut unvouched = whole();
    unvouched["gateway_certificates"] = json!([]);
    for (case, line) in [
        (swapped, "FAILED entry 2 is out of order"),
        (cut, "FAILED entry 2 is missing"),
        (
            uncertified,
            "FAILED certificate of the device of entry 2 is missing",
        ),
        (unvouched, "FAILED certificate 1 of the gateway is missing"),
    ] {
        let (code, printed) = folder.verify(&case.to_string(), Some("authority.pem"));
        assert_eq!(code, 1, "{printed}");
        assert!(printed.contains(line), "{line}: {printed}");
    }
}

#[test]
fn a_foreign_authority_vouches_for_nothing() {
    let folder = Folder::new("foreign");
    let key = KeyRef::new("authority");
    let mut rng = StdRng::seed_from_u64(1);
    let secret = SecretKey::generate(&mut rng);
    let mut provider = SoftwareProvider::new(rng);
    provider.add_signing_key(key.clone(), secret);
    let real = Certificate::from_pem(AUTHORITY).unwrap();
    // Of the same name and time: only the key tells them apart.
    let subject: Subject = real.subject().clone();
    let validity = Validity {
        not_before: real.not_before(),
        not_after: real.not_after(),
    };
    let foreign = issue_root(&provider, &key, &subject, validity).unwrap();
    std::fs::write(folder.0.join("foreign.pem"), foreign.to_pem()).unwrap();
    let (code, printed) = folder.verify(CASE, Some("foreign.pem"));
    assert_eq!(code, 1, "{printed}");
    let line = "FAILED certificate of the authority is not the one that is trusted";
    assert!(printed.contains(line), "{printed}");
    assert!(
        printed.contains("FAILED certificate 1 of the gateway "),
        "{printed}"
    );
    assert!(!printed.contains("ok     "), "{printed}");

    let mut renamed = whole();
    renamed["authority_certificate"] = json!(foreign.to_base64());
    let (code, printed) = folder.verify(&renamed.to_string(), None);
    assert_eq!(code, 1, "{printed}");
    assert!(
        printed.contains("FAILED certificate 1 of the gateway "),
        "{printed}"
    );
}

/// Bytes of the authority's name: 申海 设备证书 CA.
const LENGTH: usize = 22;

/// The authority's certificate with another name of the same length in it.
fn renamed_authority(name: &str) -> Certificate {
    let real = Certificate::from_pem(AUTHORITY).unwrap();
    let old = real.subject().common_name.as_bytes().to_vec();
    assert_eq!(name.len(), old.len(), "{name:?}");
    let mut der = real.to_der().to_vec();
    let places: Vec<_> = (0..der.len() - old.len())
        .filter(|at| der[*at..].starts_with(&old))
        .collect();
    assert_eq!(places.len(), 2, "issuer and subject");
    for at in places {
        der[at..at + old.len()].copy_from_slice(name.as_bytes());
    }
    Certificate::from_der(&der).unwrap()
}

#[test]
fn no_name_moves_the_cursor_hides_a_line_or_forges_one() {
    let folder = Folder::new("escapes");
    for name in [
        // Hidden from here on; back up a line and over it; a line of its own.
        "\u{1b}[8m\u{1b}[1F\u{1b}[2K",
        "CA\r\nok     forged",
        "\u{9b}8m\u{85}\u{7f}\u{8}",
        // Written backwards, broken, not seen.
        "\u{202e}\u{2066}\u{2028}\u{200b}\u{feff}\u{61c}",
        "\u{e0041}\u{ad}",
    ] {
        let name = &format!("{name}{}", "2".repeat(LENGTH - name.len()));
        let authority = renamed_authority(name);
        std::fs::write(folder.0.join("odd.pem"), authority.to_pem()).unwrap();
        let mut own = whole();
        own["authority_certificate"] = json!(authority.to_base64());
        for (case, given) in [(CASE.to_owned(), Some("odd.pem")), (own.to_string(), None)] {
            let (code, printed) = folder.verify(&case, given);
            assert_eq!(code, 1, "{printed:?}");
            let plain = |c: char| c == ' ' || c.is_ascii_graphic();
            let shown = name.chars().map(|c| match plain(c) {
                true => c.to_string(),
                false => format!("\\u{{{:x}}}", u32::from(c)),
            });
            let shown: String = shown.collect();
            assert!(
                printed.starts_with(&format!("authority {shown}, fingerprint ")),
                "{printed:?}"
            );
            assert!(printed.lines().all(|line| line.chars().all(plain)), "{printed:?}");
        }
    }
    let (code, printed) = folder.verify(CASE, Some("\u{1b}[2Jnobody.pem"));
    assert_eq!(code, 2);
    assert!(
        printed.starts_with("shenhai-verify: \\u{1b}[2Jnobody.pem: "),
        "{printed:?}"
    );
}

#[test]
fn what_cannot_be_read_is_said_in_one_line() {
    let folder = Folder::new("truncated");
    for end in [0, 1, CASE.len() / 3, CASE.len() - 1] {
        let (code, printed) = folder.verify(&CASE[..floor(end)], Some("authority.pem"));
        assert_eq!((code, &*printed), (1, "FAILED file cannot be read\n"));
    }
    let (code, printed) = folder.verify(CASE, Some("nobody.pem"));
    assert_eq!(code, 2, "{printed}");
    assert!(printed.starts_with("shenhai-verify: nobody.pem: "), "{printed}");
    let (code, printed) = folder.verify(CASE, Some("case.json"));
    assert_eq!(code, 2, "{printed}");
}

/// The last boundary of a character at or before `end`.
fn floor(end: usize) -> usize {
    (0..=end).rev().find(|at| CASE.is_char_boundary(*at)).unwrap()
}
