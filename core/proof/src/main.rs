//! `shenhai-verify BUNDLE [--authority CA.pem]`: check an exported case without a network.
//!
//! Not the checks (the library). Says one line per checked thing and names what was changed; exit code 1 when
//! anything was, 2 when it could not begin, 3 when nothing was but the authority is the one the file itself brought,
//! which anybody can make. Run by `cargo xtask verify`.

use shenhai_crypto::{Certificate, Sm3Hasher};
use shenhai_proof::{CaseReport, Part, Status, check_case, check_files, read_case};
use shenhai_protocol::limits;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: shenhai-verify BUNDLE [--authority CA.pem]
  BUNDLE       an exported case (*.shenhai-case.json); its files are looked for beside it
  --authority  the authority's certificate, PEM, as it came from somewhere else than the bundle
exit code: 0 nothing was changed · 1 something was · 2 it could not be checked · 3 not anchored: nothing was changed,
  but only the file itself (without --authority) or an emulator vouches for it";

/// Far above what a certificate in PEM takes.
const AUTHORITY_BYTES: u64 = 64 * 1024;

struct Arguments {
    bundle: PathBuf,
    authority: Option<Certificate>,
}

fn main() -> ExitCode {
    let mut out = Lines(io::stdout().lock());
    let outcome = arguments().and_then(|arguments| verify(&arguments, &mut out));
    ExitCode::from(match outcome {
        Ok(Outcome::Sound) => 0,
        Ok(Outcome::Changed) => 1,
        Ok(Outcome::NotAnchored) => 3,
        Err(text) => {
            // Where not even standard error can be written, the exit code says it.
            let mut lines = text.lines();
            let first = lines.next().unwrap_or_default();
            let mut err = Lines(io::stderr());
            let _ = err.line(format_args!("shenhai-verify: {first}"));
            for more in lines {
                let _ = err.line(format_args!("{more}"));
            }
            2
        }
    })
}

/// What a check came to.
enum Outcome {
    /// Nothing was changed, and the authority is the one that was given.
    Sound,
    /// Something was changed.
    Changed,
    /// Nothing was changed, by the word of the file itself or of an emulator.
    NotAnchored,
}

/// Lines for a terminal. Names in certificates, orders and files are whatever their maker wrote; a control character
/// among them could hide or forge a line, so none is passed on.
struct Lines<W>(W);

impl<W: Write> Lines<W> {
    fn line(&mut self, text: std::fmt::Arguments<'_>) -> io::Result<()> {
        let mut shown = String::new();
        for letter in text.to_string().chars() {
            if hides(letter) {
                shown.extend(letter.escape_unicode());
            } else {
                shown.push(letter);
            }
        }
        shown.push('\n');
        self.0.write_all(shown.as_bytes())
    }
}

/// Moves the cursor, turns the direction of writing, or cannot be seen.
fn hides(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}'
            | '\u{ffa0}' | '\u{feff}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
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

fn verify(arguments: &Arguments, out: &mut Lines<impl Write>) -> Result<Outcome, String> {
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
            out.line(format_args!("FAILED {finding}")).map_err(unwritten)?;
            return Ok(Outcome::Changed);
        }
    };
    let authority = match &arguments.authority {
        Some(authority) => authority.clone(),
        None => match Certificate::from_base64(&bundle.authority_certificate) {
            Ok(authority) => authority,
            Err(error) => {
                out.line(format_args!("FAILED {}: {error}", Part::Authority))
                    .map_err(unwritten)?;
                return Ok(Outcome::Changed);
            }
        },
    };
    let mut report = check_case(&bundle, &authority);
    if let Some(record) = &report.record {
        let folder = arguments.bundle.parent().unwrap_or_else(|| Path::new("."));
        check_files(record, |name| look(folder, name), &mut report.findings);
    }
    let given = arguments.authority.is_some();
    let emulated = report.emulated() || authority.names_an_emulator();
    tell(&report, &authority, (given, emulated), out).map_err(unwritten)?;
    Ok(match (report.findings.is_empty(), given && !emulated) {
        (false, _) => Outcome::Changed,
        (true, true) => Outcome::Sound,
        (true, false) => Outcome::NotAnchored,
    })
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

fn tell(
    report: &CaseReport,
    authority: &Certificate,
    (given, emulated): (bool, bool),
    out: &mut Lines<impl Write>,
) -> io::Result<()> {
    let (name, fingerprint) = (&authority.subject().common_name, authority.fingerprint());
    out.line(format_args!("authority {name}, fingerprint {fingerprint}"))?;
    if !given {
        out.line(format_args!(
            "       TAKEN FROM THE FILE ITSELF: compare this fingerprint with the one the authority makes known, \
             or give its certificate with --authority"
        ))?;
    }
    if emulated {
        out.line(format_args!(
            "       EMULATED: an emulator of a cryptographic service signed; this proves nothing outside a test"
        ))?;
    }
    if let Some(record) = &report.record {
        out.line(format_args!(
            "ok     record of the case: order {}, exported {}",
            record.order.id, record.exported_at.0
        ))?;
    }
    if let Some(head) = &report.head {
        out.line(format_args!(
            "ok     head of the log: {} receipts, epoch {}",
            head.head.size, head.head.epoch
        ))?;
    }
    for (entry, one) in (1..).zip(&report.entries) {
        let word = |status| match status {
            Status::Valid => "ok",
            Status::Invalid => "FAILED",
            Status::Unchecked => "not checked",
        };
        let checks = [
            ("signature", one.signature),
            ("receipt", one.receipted),
            ("log", one.logged),
            ("certificate", one.certified),
        ];
        let said: String = checks
            .map(|(name, status)| format!(" {name} {};", word(status)))
            .concat();
        out.line(format_args!("       entry {entry}:{said} {}", one.hash))?;
    }
    match report.anchored {
        Some(size) => out.line(format_args!(
            "ok     anchor: the first {size} receipts are in the outside chain"
        ))?,
        None => out.line(format_args!("       anchor: none"))?,
    }
    for finding in &report.findings {
        out.line(format_args!("FAILED {finding}"))?;
    }
    match (report.findings.len(), given) {
        (0, _) if emulated => out.line(format_args!(
            "NOT ANCHORED: nothing was changed, but an emulator vouches for it"
        )),
        (0, true) => out.line(format_args!("nothing was changed")),
        (0, false) => out.line(format_args!(
            "NOT ANCHORED: nothing was changed, but only the file itself says who vouches for it"
        )),
        (count, _) => out.line(format_args!("{count} things are wrong")),
    }
}
