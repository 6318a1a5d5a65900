//! `shenhai-verify BUNDLE [--gateway-key HEX]`: check an exported case without a network.
//!
//! Not the checks (the library). Says one line per checked thing and names what was changed; exit code 1 when
//! anything was, 2 when it could not begin. Run by `cargo xtask verify`.

use shenhai_crypto::{PublicKey, Sm3Hasher, fingerprint};
use shenhai_proof::{CaseReport, Status, check_case, check_files, read_case};
use shenhai_protocol::limits;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: shenhai-verify BUNDLE [--gateway-key HEX]
  BUNDLE         an exported case (*.shenhai-case.json); its files are looked for beside it
  --gateway-key  the gateway's SM2 key, 130 hex digits, as learned from somewhere else than the bundle";

struct Arguments {
    bundle: PathBuf,
    key: Option<PublicKey>,
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
    let (mut bundle, mut key) = (None, None);
    while let Some(word) = given.next() {
        if word == "--gateway-key" {
            let text = given.next().and_then(|text| text.into_string().ok());
            let read = text.and_then(|text| PublicKey::from_hex(text.trim()).ok());
            key = Some(read.ok_or("--gateway-key is not an SM2 key of 130 hex digits")?);
        } else if bundle.is_none() && !word.to_string_lossy().starts_with('-') {
            bundle = Some(PathBuf::from(word));
        } else {
            return Err(USAGE.to_owned());
        }
    }
    let bundle = bundle.ok_or(USAGE)?;
    Ok(Arguments { bundle, key })
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
    let key = match &arguments.key {
        Some(key) => key.clone(),
        None => match PublicKey::from_hex(&bundle.gateway_key) {
            Ok(key) => key,
            Err(error) => {
                writeln!(out, "FAILED gateway key: {error}").map_err(unwritten)?;
                return Ok(false);
            }
        },
    };
    let mut report = check_case(&bundle, &key);
    if let Some(record) = &report.record {
        let folder = arguments.bundle.parent().unwrap_or_else(|| Path::new("."));
        check_files(record, |name| look(folder, name), &mut report.findings);
    }
    tell(&report, &key, arguments.key.is_some(), out).map_err(unwritten)?;
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

fn tell(report: &CaseReport, key: &PublicKey, given: bool, out: &mut impl Write) -> io::Result<()> {
    let whence = if given {
        "the one given"
    } else {
        "TAKEN FROM THE FILE ITSELF: compare it with the gateway's"
    };
    writeln!(out, "gateway key {} ({whence})", fingerprint(key))?;
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
