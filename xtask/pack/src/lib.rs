//! Building and signing a service pack in a folder, for `shenhai-pack` and for tests that need a signed pack.
//!
//! Not the checks (core/pack) and nothing that is said to an author.

mod folder;
mod keys;

pub use keys::make_samples;

use shenhai_pack::{LOCK, Lock, Pack, PackFiles, Part, SIGNATURES, Signatures};
use std::path::{Path, PathBuf};

/// Who signs: the key files of an author and of an approver.
#[derive(Debug, Clone)]
pub struct Signers {
    /// Who wrote it.
    pub author: PathBuf,
    /// Who approved it.
    pub approver: PathBuf,
}

impl Signers {
    /// Those that [`make_samples`] laid into a folder.
    #[must_use]
    pub fn samples(folder: &Path) -> Self {
        Self {
            author: folder.join("author.key"),
            approver: folder.join("approver.key"),
        }
    }
}

/// Write the lock of a checked pack into its folder, and its signatures, or take away those of what it was before. Answers
/// what was written.
///
/// # Errors
/// A text that says which file cannot be read or written, or whose key may not sign the pack.
pub fn write_built(
    path: &Path,
    files: &PackFiles,
    pack: &Pack,
    signers: Option<&Signers>,
) -> Result<Vec<&'static str>, String> {
    // The names of the last build are kept; a lock that cannot be read was a finding.
    let before = files
        .get(LOCK)
        .and_then(|bytes| Lock::parse(std::str::from_utf8(bytes).ok()?));
    let lock = Lock::of(files, pack, before.as_ref());
    let signatures = match signers {
        None => None,
        Some(signers) => Some(Signatures {
            author: keys::sign(&signers.author, &lock, Part::Author)?,
            approver: keys::sign(&signers.approver, &lock, Part::Approver)?,
        }),
    };
    let write = |name: &str, text: String| {
        folder::write(path, name, text.as_bytes())
            .map_err(|error| format!("{}: {error}", path.join(name).display()))
    };
    write(LOCK, lock.to_string())?;
    match signatures {
        Some(signatures) => {
            write(SIGNATURES, signatures.to_string())?;
            Ok(vec![LOCK, SIGNATURES])
        }
        None => {
            // Signatures of what the pack was before would only mislead.
            folder::remove(path, SIGNATURES).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok(vec![LOCK])
        }
    }
}
