//! Keys of people who sign packs, in files: the secret key's 64 hex digits in the first line, then the certificate in PEM.
//!
//! For demonstrations and for authors without a certified module. Whoever has one signs the same text
//! (`shenhai_pack::signed_text`) with it.

use getrandom::SysRng;
use rand_core::UnwrapErr;
use shenhai_crypto::{
    Certificate, KeyRef, PublicKey, SecretKey, SoftwareProvider, Subject, Usage, Validity, issue, issue_root,
};
use shenhai_pack::{Lock, Part, Signed, may_sign, signed_text};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Far above what a key and a certificate take.
const KEY_FILE_BYTES: usize = 64 * 1024;
const DAY: i64 = 24 * 3600;

/// Sign a lock with a key file.
pub(crate) fn sign(path: &Path, lock: &Lock, part: Part) -> Result<Signed, String> {
    let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
    if text.len() > KEY_FILE_BYTES {
        return Err(wrong(&"not a key file"));
    }
    let (digits, pem) = text.split_once('\n').ok_or_else(|| wrong(&"not a key file"))?;
    let key = secret(digits).ok_or_else(|| wrong(&"the first line is not the 64 hex digits of a key"))?;
    let certificate = Certificate::from_pem(pem).map_err(|error| wrong(&error))?;
    if certificate.public_key() != key.public() {
        return Err(wrong(&"the certificate is of another key"));
    }
    if certificate.usage() != Usage::Person || !may_sign(&certificate, lock) {
        return Err(wrong(&format_args!(
            "the certificate does not name the pack {}",
            lock.id
        )));
    }
    let signature = key.sign(signed_text(lock, part).as_bytes(), &mut UnwrapErr(SysRng));
    Ok(Signed {
        certificate,
        signature,
    })
}

/// An authority whose certificate alone is kept, `authority.pem`, and two people it certified, `author.key` and
/// `approver.key`.
///
/// # Errors
/// A text that says what cannot be written, or is there already.
pub fn make_samples(folder: &Path) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(|error| text(&error))?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|error| text(&error))?;
    let now = i64::try_from(now.as_secs()).map_err(|error| text(&error))?;
    let validity = Validity {
        not_before: now - DAY,
        not_after: now + 3650 * DAY,
    };
    let subject = |name: &str, unit: Option<&str>| Subject {
        // Whoever is shown such a certificate is told that it proves nothing outside of a test.
        common_name: format!("{name}（模拟）"),
        organization: None,
        unit: unit.map(str::to_owned),
    };
    let issuer = KeyRef::new("authority");
    let mut provider = SoftwareProvider::new(UnwrapErr(SysRng));
    provider.add_signing_key(issuer.clone(), SecretKey::generate(&mut UnwrapErr(SysRng)));
    let root = issue_root(&provider, &issuer, &subject("业务包颁发机构", None), validity)
        .map_err(|error| text(&error))?;
    write_new(&folder.join("authority.pem"), &root.to_pem())?;
    for (file, name) in [("author.key", "业务包作者"), ("approver.key", "业务包审批人")] {
        let key = SecretKey::generate(&mut UnwrapErr(SysRng));
        let person = subject(name, Some("pack:*"));
        let public: &PublicKey = key.public();
        let certificate = issue(
            &provider,
            &issuer,
            &root,
            &person,
            public,
            Usage::Person,
            validity,
        )
        .map_err(|error| text(&error))?;
        let digits: String = key.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        write_new(&folder.join(file), &format!("{digits}\n{}", certificate.to_pem()))?;
    }
    Ok(())
}

fn secret(digits: &str) -> Option<SecretKey> {
    let plain = digits.len() == 64 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let mut bytes = [0_u8; 32];
    for (at, byte) in bytes.iter_mut().enumerate().filter(|_| plain) {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    SecretKey::from_bytes(&bytes).ok().filter(|_| plain)
}

/// Write a file that only its owner reads; one that is there stays.
fn write_new(path: &Path, text: &str) -> Result<(), String> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("{}: {error}", path.display()))
}
