//! `pack.toml`: what a pack is called, which kinds it brings, and what it asks of the product.
//!
//! Wholly part of the law: it says nothing that is only shown. Titles are texts of the face.

use crate::document::{Section, with_root};
use crate::finding::{Findings, Place};
use crate::law::{Class, Template};
use crate::names::{FormId, KindId, LogClass, MessageId, PackId, PortId, RoleName};
use crate::problem::Problem;
use crate::{PackFiles, limits};
use std::collections::BTreeMap;

/// The file's path.
pub const MANIFEST: &str = "pack.toml";
/// Newest engine level this product knows. A pack names the level whose meaning of formulas it was written for.
pub const ENGINE: u32 = 1;
/// Most days in which a device may still open records under an earlier version.
const MOST_GRACE_DAYS: u32 = 366;
/// Highest version.
const MOST_VERSION: u32 = 1_000_000;

/// What `pack.toml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The pack.
    pub id: PackId,
    /// Counts up with every change of the law.
    pub version: u32,
    /// Engine level.
    pub engine: u32,
    /// Days in which devices may still open records under the version before.
    pub grace_days: u32,
    /// The roles its law and face speak of. Who has one is the operator's file.
    pub roles: Vec<RoleName>,
    /// Its kinds.
    pub kinds: BTreeMap<KindId, KindHead>,
    /// Ways out of the product that it uses. The operator binds them.
    pub ports: BTreeMap<PortId, Port>,
    /// Forms whose checks are the product's own code and not a form of this folder.
    pub product_forms: Vec<FormId>,
}

/// What the manifest says of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindHead {
    /// How the ids of its records are made; absent: from the work that opened them.
    pub id: Option<Template>,
    /// In which class of the log its receipts stand.
    pub log: LogClass,
    /// Where it is declared.
    pub place: Place,
}

/// What the manifest says of a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// What is sent through it.
    pub messages: Vec<MessageId>,
    /// Classes of facts it may be handed.
    pub classes: Vec<Class>,
}

/// Read the manifest. Absent or unreadable is a finding.
pub(crate) fn read(files: &PackFiles, findings: &mut Findings) -> Option<Manifest> {
    let Some(bytes) = files.get(MANIFEST) else {
        findings.add(&Place::file(MANIFEST), &Problem::FileMissing);
        return None;
    };
    with_root(MANIFEST, bytes, findings, manifest)?
}

fn manifest(root: &Section<'_>, findings: &mut Findings) -> Option<Manifest> {
    root.only(
        &[
            "id",
            "version",
            "engine",
            "grace_days",
            "roles",
            "product_forms",
            "kind",
            "port",
        ],
        findings,
    );
    for key in ["id", "version", "engine"] {
        if !root.has(key) {
            findings.add(&root.at(key), &Problem::KeyMissing);
        }
    }
    let kinds = root.named("kind", findings);
    if kinds.is_empty() || kinds.len() > limits::KINDS {
        findings.add(&root.at("kind"), &Problem::KindCount { max: limits::KINDS });
    }
    let id = root.name("id", findings);
    let version = root.number("version", (1, MOST_VERSION), findings);
    let engine = root.number("engine", (1, ENGINE), findings);
    Some(Manifest {
        id: id?,
        version: version?,
        engine: engine?,
        grace_days: root
            .number("grace_days", (0, MOST_GRACE_DAYS), findings)
            .unwrap_or(0),
        roles: root.names("roles", findings),
        product_forms: root.names("product_forms", findings),
        kinds: kinds
            .into_iter()
            .take(limits::KINDS)
            .filter_map(|(id, section)| Some((id, kind_head(&section, findings)?)))
            .collect(),
        ports: root
            .named("port", findings)
            .into_iter()
            .map(|(id, section)| (id, port(&section, findings)))
            .collect(),
    })
}

fn kind_head(section: &Section<'_>, findings: &mut Findings) -> Option<KindHead> {
    section.only(&["id", "log"], findings);
    if !section.has("log") {
        findings.add(&section.at("log"), &Problem::KeyMissing);
    }
    Some(KindHead {
        id: section
            .text("id", findings)
            .and_then(|text| Template::parse(text, &section.at("id"), findings)),
        log: section.name("log", findings)?,
        place: section.place(),
    })
}

fn port(section: &Section<'_>, findings: &mut Findings) -> Port {
    section.only(&["messages", "classes"], findings);
    let mut classes = Vec::new();
    for word in section.texts("classes", findings) {
        match Class::from_word(word) {
            Some(class) => classes.push(class),
            None => {
                let problem = Problem::UnknownWord {
                    text: word.chars().take(80).collect(),
                    known: Class::words(),
                };
                findings.add(&section.at("classes"), &problem);
            }
        }
    }
    Port {
        messages: section.names("messages", findings),
        classes,
    }
}
