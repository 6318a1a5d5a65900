//! Digests of a pack: what is pinned per record, what is signed, what is asked for by content.
//!
//! A root is SM3 over one line per file, `path SM3` and a line feed, sorted by path. The law's root covers `pack.toml`
//! and everything under `law/` but spreadsheets a form was drawn in (`.xlsx`): what a form asks stands in its XML. The
//! face's root covers everything under `face/`. Examples, the lock and the signatures are in neither.

use crate::files::PackFiles;
use crate::manifest::MANIFEST;
use crate::names::PackId;
use shenhai_crypto::{Digest32, Sm3Hasher, sm3};
use std::fmt;

/// The two digests of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roots {
    /// Of what decides.
    pub law: Digest32,
    /// Of what shows.
    pub face: Digest32,
}

/// Under which law a record stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackRef {
    /// The pack.
    pub id: PackId,
    /// Its version.
    pub version: u32,
    /// The law's root.
    pub law: Digest32,
}

impl fmt::Display for PackRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.id, self.version, self.law)
    }
}

impl Roots {
    /// The roots of these files.
    #[must_use]
    pub fn of(files: &PackFiles) -> Self {
        let root = |covered: fn(&str) -> bool| {
            let mut lines = Sm3Hasher::new();
            for (path, bytes) in files.iter().filter(|(path, _)| covered(path)) {
                lines.update(format!("{path} {}\n", sm3(bytes)).as_bytes());
            }
            lines.finish()
        };
        Self {
            law: root(is_law),
            face: root(is_face),
        }
    }
}

fn is_law(path: &str) -> bool {
    path == MANIFEST || (path.starts_with("law/") && !path.ends_with(".xlsx"))
}

fn is_face(path: &str) -> bool {
    path.starts_with("face/")
}

/// Whether some root covers a file.
pub(crate) fn is_covered(path: &str) -> bool {
    is_law(path) || is_face(path)
}
