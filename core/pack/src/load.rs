//! Taking a built pack in: exactly the files its lock names, with the digests it names, and not a finding among them.
//!
//! Not whether it may be in force, which is the operator's word, and not who signed it (`sign`). Called by the gateway
//! for its folder of packs and by devices for what they pulled.

use crate::digest::{PackRef, Roots, is_covered};
use crate::files::PackFiles;
use crate::finding::{Finding, Level};
use crate::lock::{LOCK, Lock};
use crate::names::PackId;
use crate::{Pack, check};
use shenhai_crypto::sm3;
use thiserror::Error;

/// Why a pack is not taken in. Nothing of it is then.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LoadError {
    /// No lock: it was never built.
    #[error("pack.lock is missing: the pack was not built")]
    NoLock,
    /// The lock is not one that a build writes.
    #[error("pack.lock is not one that a build writes")]
    BadLock,
    /// A file is not the one that was built.
    #[error("{0}: not the file that was built")]
    Digest(String),
    /// A file that no build has seen.
    #[error("{0}: not named in pack.lock")]
    Unlocked(String),
    /// A file of the lock is missing.
    #[error("{0}: named in pack.lock and missing")]
    Missing(String),
    /// The roots of the lock are not those of its files.
    #[error("the roots in pack.lock are not those of its files")]
    Roots,
    /// It is another pack or another law than was asked for.
    #[error("asked for {wanted}, found {found}")]
    Other {
        /// What was asked for.
        wanted: PackRef,
        /// What it is.
        found: PackRef,
    },
    /// It is older than what is in force.
    #[error("version {found} of {id} is older than {held}, which is in force")]
    Older {
        /// The pack.
        id: PackId,
        /// Its version.
        found: u32,
        /// The version in force.
        held: u32,
    },
    /// It is wrong in itself.
    #[error("{} findings, the first: {}", .0.len(), .0.first().map_or(String::new(), ToString::to_string))]
    Findings(Vec<Finding>),
}

/// Take a built pack in. The digests are looked at before anything is parsed.
///
/// # Errors
/// [`LoadError`] says what is wrong; nothing is half loaded.
pub fn load(files: &PackFiles, wanted: Option<&PackRef>) -> Result<(Pack, PackRef), LoadError> {
    let bytes = files.get(LOCK).ok_or(LoadError::NoLock)?;
    let lock = std::str::from_utf8(bytes)
        .ok()
        .and_then(Lock::parse)
        .ok_or(LoadError::BadLock)?;
    for (path, digest) in &lock.files {
        match files.get(path) {
            None => return Err(LoadError::Missing(path.clone())),
            Some(bytes) if sm3(bytes) != *digest => return Err(LoadError::Digest(path.clone())),
            Some(_) => {}
        }
    }
    let unlocked = files
        .iter()
        .find(|(path, _)| is_covered(path) && !lock.files.contains_key(*path));
    if let Some((path, _)) = unlocked {
        return Err(LoadError::Unlocked(path.to_owned()));
    }
    if Roots::of(files) != lock.roots {
        return Err(LoadError::Roots);
    }
    let found = PackRef {
        id: lock.id.clone(),
        version: lock.version,
        law: lock.roots.law,
    };
    if let Some(wanted) = wanted.filter(|wanted| **wanted != found) {
        return Err(LoadError::Other {
            wanted: wanted.clone(),
            found,
        });
    }
    // Nobody signed what no root covers, so it has no say: neither in favour nor against.
    let checked = check(&files.covered());
    let Some(pack) = checked.pack else {
        let mut findings = checked.findings;
        findings.retain(|finding| finding.level() == Level::Error);
        return Err(LoadError::Findings(findings));
    };
    if (&pack.manifest.id, pack.manifest.version) != (&found.id, found.version) {
        return Err(LoadError::BadLock);
    }
    Ok((pack, found))
}

impl PackRef {
    /// Whether this version may follow what is in force: never an older one of the same pack.
    ///
    /// # Errors
    /// [`LoadError::Older`]
    pub fn follows(&self, held: &Self) -> Result<(), LoadError> {
        if self.id == held.id && self.version < held.version {
            return Err(LoadError::Older {
                id: self.id.clone(),
                found: self.version,
                held: held.version,
            });
        }
        Ok(())
    }
}
