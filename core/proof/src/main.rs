//! `shenhai-verify BUNDLE [--authority CA.pem]`: check an exported case without a network.
//!
//! Not the checks (the library). Says one line per checked thing and names what was changed; exit code 1 when
//! anything was, 2 when it could not begin. Run by `cargo xtask verify`.

use shenhai_crypto::{Certificate, Sm3Hasher};
use shenhai_proof::{CaseReport, Part, Status, check_case, check_files, read_case};
use shenhai_protocol::limits;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: shenhai-verify BUNDLE [--authority CA.pem]
  BUNDLE       an exported case (*.shenhai-case.json); its files are looked for beside it
  --authority  the authority's certificate, PEM, as it came from somewhere else than the bundle";

/// Far above what a certificate in PEM takes.
const AUTHORITY_BYTES: u64 = 64 * 1024;

struct Arguments {
    bundle: PathBuf,
    authority: Option<Certificate>,
}

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let outcome = arguments().and_then(|arguments| verify(&arguments, &mut out));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(text) => {
            // Where not even standard error can be written, the exit code says it.
            let _ = writeln!(io::stderr(), "shenhai-verify: {text}");
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Result<Arguments, String> {
    let mut given = std::env::args_os().skip(1);
    let (mut bundle, mut authority) = (None, None);
    while let Some(word) = given.next() {
        if word == "--authority" {
            authority = Some(read_authority(Path::new(&given.next().ok_or(USAGE)?))?);
        } else if bundle.is_none() && !word.to_string_lossy().starts_with('-') {
            bundle = Some(PathBuf::from(word));
        } else {
            return Err(USAGE.to_owned());
        }
    }
    let bundle = bundle.ok_or(USAGE)?;
    Ok(Arguments { bundle, authority })
}

fn read_authority(path: &Path) -> Result<Certificate, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut text = String::new();
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    file.take(AUTHORITY_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| unreadable(&error))?;
    Certificate::from_pem(&text).map_err(|error| unreadable(&error))
}

/// Whether nothing is wrong.
fn verify(arguments: &Arguments, out: &mut impl Write) -> Result<bool, String> {
    let unreadable = |error: io::Error| format!("{}: {error}", arguments.bundle.display());
    let unwritten = |error: io::Error| error.to_string();
    let mut bytes = Vec::new();
    let file = File::open(&arguments.bundle).map_err(unreadable)?;
    // One byte over the bound is enough to see that it is too large.
    let limit = limits::BUNDLE_BYTES as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    let bundle = match read_case(&bytes) {
        Ok(bundle) => bundle,
        Err(finding) => {
            writeln!(out, "FAILED {finding}").map_err(unwritten)?;
            return Ok(false);
        }
    };
    let authority = match &arguments.authority {
        Some(authority) => authority.clone(),
        None => match Certificate::from_base64(&bundle.authority_certificate) {
            Ok(authority) => authority,
            Err(error) => {
                writeln!(out, "FAILED {}: {error}", Part::Authority).map_err(unwritten)?;
                return Ok(false);
            }
        },
    };
    let mut report = check_case(&bundle, &authority);
    if let Some(record) = &report.record {
        let folder = arguments.bundle.parent().unwrap_or_else(|| Path::new("."));
        check_files(record, |name| look(folder, name), &mut report.findings);
    }
    tell(&report, &authority, arguments.authority.is_some(), out).map_err(unwritten)?;
    Ok(report.findings.is_empty())
}

/// Size and digest of a file beside the bundle. A name with a folder in it leads nowhere.
fn look(folder: &Path, name: &str) -> Option<(u64, shenhai_crypto::Digest32)> {
    let mut parts = Path::new(name).components();
    let (Some(Component::Normal(only)), None) = (parts.next(), parts.next()) else {
        return None;
    };
    let mut file = File::open(folder.join(only)).ok()?;
    let mut hasher = Sm3Hasher::new();
    let mut buffer = [0_u8; 64 * 1024];
    let mut bytes = 0_u64;
    loop {
        match file.read(&mut buffer).ok()? {
            0 => return Some((bytes, hasher.finish())),
            read => {
                hasher.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}

fn tell(report: &CaseReport, authority: &Certificate, given: bool, out: &mut impl Write) -> io::Result<()> {
    let (name, fingerprint) = (&authority.subject().common_name, authority.fingerprint());
    writeln!(out, "authority {name}, fingerprint {fingerprint}")?;
    if !given {
        writeln!(
            out,
            "       TAKEN FROM THE FILE ITSELF: compare this fingerprint with the one the authority makes known, \
             or give its certificate with --authority"
        )?;
    }
    if let Some(record) = &report.record {
        writeln!(
            out,
            "ok     record of the case: order {}, exported {}",
            record.order.id, record.exported_at.0
        )?;
    }
    if let Some(head) = &report.head {
        writeln!(
            out,
            "ok     head of the log: {} receipts, epoch {}",
            head.head.size, head.head.epoch
        )?;
    }
    for (entry, one) in (1..).zip(&report.entries) {
        let checks = [
            ("signature", one.signature),
            ("receipt", one.receipted),
            ("log", one.logged),
            ("certificate", one.certified),
        ];
        write!(out, "       entry {entry}:")?;
        for (name, status) in checks {
            let word = match status {
                Status::Valid => "ok",
                Status::Invalid => "FAILED",
                Status::Unchecked => "not checked",
            };
            write!(out, " {name} {word};")?;
        }
        writeln!(out, " {}", one.hash)?;
    }
    match report.anchored {
        Some(size) => writeln!(
            out,
            "ok     anchor: the first {size} receipts are in the outside chain"
        )?,
        None => writeln!(out, "       anchor: none")?,
    }
    for finding in &report.findings {
        writeln!(out, "FAILED {finding}")?;
    }
    match report.findings.len() {
        0 => writeln!(out, "nothing was changed"),
        count => writeln!(out, "{count} things are wrong"),
    }
}
