//! Service packs: a folder of sheets becomes a law and a face, or a list of findings in the words of its author.
//!
//! Not here: files and folders (a pack is given as paths and bytes, so that gateway, phone and browser read alike), the
//! language of formulas (`shenhai-forms`), and the fold that applies a law to a record. Called by the gateway, the
//! clients and `shenhai-pack`. How a pack is written is told in `docs/packs.md`.

mod check;
mod digest;
mod document;
pub mod examples;
pub mod face;
mod files;
mod finding;
mod formula;
pub mod law;
pub mod limits;
mod load;
mod lock;
mod manifest;
pub mod names;
mod problem;
mod sheet;
mod sign;

pub use check::check_together;
pub use digest::{PackRef, Roots};
pub use face::Face;
pub use files::{FileError, PackFiles, check_path};
pub use finding::{Finding, Level, Place};
pub use formula::Formula;
pub use law::{Kind, Law};
pub use load::{LoadError, load};
pub use lock::{LOCK, Lock, Used};
pub use manifest::{ENGINE, KindHead, MANIFEST, Manifest, Port};
pub use sign::{Part, SIGNATURES, SignatureFault, Signatures, Signed, may_sign, signed_text};

use examples::Example;
use finding::Findings;
use problem::Problem;

/// A pack that was read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// What it is called and asks of the product.
    pub manifest: Manifest,
    /// What decides.
    pub law: Law,
    /// What shows.
    pub face: Face,
    /// What its author expects of it.
    pub examples: Vec<Example>,
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The pack; absent where a finding is an error.
    pub pack: Option<Pack>,
    /// Every finding, by place.
    pub findings: Vec<Finding>,
}

/// Read and check a pack: everything that is wrong with it at once.
#[must_use]
pub fn check(files: &PackFiles) -> Checked {
    let mut findings = Findings::default();
    for (path, _) in files.iter().filter(|(path, _)| !is_known(path)) {
        findings.add(&Place::file(path), &Problem::UnknownFile);
    }
    let pack = manifest::read(files, &mut findings).map(|manifest| {
        let law = law::read(files, &manifest, &mut findings);
        let face = face::read(files, &manifest, &mut findings);
        let examples = examples::read(files, &manifest, &mut findings);
        let pack = Pack {
            manifest,
            law,
            face,
            examples,
        };
        check::check(&pack, &mut findings);
        lock::check(files, &pack, &mut findings);
        pack
    });
    let findings = findings.finish();
    let wrong = findings.iter().any(|finding| finding.level() == Level::Error);
    Checked {
        pack: pack.filter(|_| !wrong),
        findings,
    }
}

/// Whether a path is one that a pack has a place for.
fn is_known(path: &str) -> bool {
    [MANIFEST, LOCK, SIGNATURES].contains(&path)
        || examples::is_known(path)
        || law::is_known(path)
        || face::is_known(path)
}

#[cfg(test)]
mod tests {
    /// The section of a sheet in the manual: from its heading to the next.
    fn section(manual: &str, sheet: &str) -> String {
        let heading = format!("## {sheet}");
        let lines = manual
            .lines()
            .skip_while(|line| !line.starts_with(&heading))
            .skip(1);
        lines
            .take_while(|line| !line.starts_with("## "))
            .map(|line| format!("{line}\n"))
            .collect()
    }

    #[test]
    fn the_manual_tells_of_every_column_of_every_sheet() {
        let manual = include_str!("../../../docs/packs.md");
        for (sheet, layout) in crate::law::LAYOUTS {
            let told = section(manual, sheet);
            assert!(!told.is_empty(), "{sheet} has no section");
            for column in layout
                .required
                .iter()
                .chain(layout.optional)
                .filter(|column| **column != "kind")
            {
                assert!(told.contains(&format!("`{column}`")), "{sheet}: {column}");
            }
        }
    }
}
