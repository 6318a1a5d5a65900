//! The face of a pack: what only shows. The newest one applies, to every record.

mod index;
mod texts;
mod views;

pub(crate) use index::{CATEGORY_LIST, COLOUR_LIST, STATE_LIST};
pub use index::{IndexColumn, Shows};
pub use texts::Texts;
pub use views::{Card, Detail, ListPlaces, ListView, OrderBy, Part, Section, Tab};

use crate::PackFiles;
use crate::document::with_root;
use crate::finding::{Findings, Place};
use crate::law::Kinds;
use crate::manifest::Manifest;
use crate::names::KindId;
use crate::problem::Problem;
use std::collections::BTreeMap;

pub(crate) const VIEWS: &str = "face/views.toml";
pub(crate) const TEXTS: &str = "face/texts.zh.csv";

/// The face of a pack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Face {
    /// Lists, in the order of the file.
    pub lists: Vec<ListView>,
    /// How a record of each kind is laid out.
    pub details: BTreeMap<KindId, Detail>,
    /// Every text a person reads.
    pub texts: Texts,
}

/// Read every file of the face.
pub(crate) fn read(files: &PackFiles, manifest: &Manifest, findings: &mut Findings) -> Face {
    let mut face = Face::default();
    match files.get(TEXTS) {
        Some(bytes) => face.texts = texts::read(TEXTS, bytes, findings),
        None => findings.add(&Place::file(TEXTS), &Problem::FileMissing),
    }
    match files.get(VIEWS) {
        Some(bytes) => {
            let views = with_root(VIEWS, bytes, findings, |root, findings| {
                views::read(root, Kinds(manifest), findings)
            });
            (face.lists, face.details) = views.unwrap_or_default();
        }
        None => findings.add(&Place::file(VIEWS), &Problem::FileMissing),
    }
    face
}

/// Whether a file of `face/` is one that is read.
pub(crate) fn is_known(path: &str) -> bool {
    [VIEWS, TEXTS].contains(&path)
}
