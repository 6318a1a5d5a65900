//! The spine knows no business: it names no kind, state, act, fact or form of any pack.
//!
//! What is looked at are whole words in quotation marks, types and their variants. What still goes by code of its own – the
//! hotline's orders – is not the spine's yet and is not looked at.

use shenhai_arch::{files, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where the spine lives.
const SPINE: [&str; 12] = [
    "core/folder/src",
    "core/forms/src",
    "core/index/src",
    "core/pack/src",
    "core/replay/src",
    "core/view/src",
    "core/flow/src/fold",
    "core/flow/src/record",
    "core/client/src/records",
    "gateway/src/records",
    "gateway/src/packs",
    "gateway/src/lists",
];
/// Its pages: text and markup.
const PAGES: [&str; 2] = ["miniapp/cases/src", "miniapp/ui/src/parts/records"];

/// Words that some pack uses as a name and the spine says in a meaning of its own, with that meaning.
const OWN_WORDS: [(&str, &str); 25] = [
    ("accept", "what becomes of a former holder's act"),
    ("accepted", "an outcome of examples"),
    ("address", "a class of personal data"),
    ("closed", "a line of a record's document"),
    ("depth", "a function of the language"),
    ("fact", "a line of a record's document, a column of a sheet"),
    ("finding", "what a check found"),
    ("found", "the number of hits in a text"),
    ("late", "a due that has passed"),
    ("name", "a column of sheets"),
    ("note", "a column of sheets"),
    ("number", "a question of the closed list"),
    ("ok", "a tone of a mark"),
    ("open", "an effect; whether a link is open"),
    ("order", "a column of effects, the order of a list"),
    ("place", "what may hold a seat"),
    ("point", "a type"),
    ("reach", "how far a role sees"),
    ("reason", "why a pack is not taken in"),
    ("received", "when a clock is met; how far an act got"),
    ("refuse", "what becomes of a former holder's act"),
    ("refused", "a link's news; an answer of a check"),
    ("start", "an axis of the grammar"),
    ("title", "a part of a card"),
    ("what", "a property of a component, a type of the fold"),
];
/// No more of them than a reader can keep in mind.
const MOST_OWN_WORDS: usize = 40;

/// The names of all packs, each with the packs that use it.
fn names() -> BTreeMap<String, BTreeSet<String>> {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for shelf in ["packs", "tests/packs"] {
        for (path, text) in files(&root().join(shelf)) {
            let inside = path.strip_prefix(root().join(shelf)).expect("below the shelf");
            let pack = inside
                .iter()
                .next()
                .expect("a folder")
                .to_string_lossy()
                .into_owned();
            let mut note = |name: &str| {
                let name = name.trim();
                if !name.is_empty() {
                    names.entry(name.to_owned()).or_default().insert(pack.clone());
                }
            };
            let file = path.file_name().expect("a file").to_string_lossy().into_owned();
            let of_law = inside.iter().any(|part| part == "law");
            match file.as_str() {
                "pack.toml" => {
                    let kinds = text.lines().filter_map(|line| line.strip_prefix("[kind."));
                    kinds.for_each(|kind| note(kind.trim_end_matches(']')));
                }
                "acts.csv" => column(&text, "act").iter().for_each(|name| note(name)),
                "states.csv" => column(&text, "id").iter().for_each(|name| note(name)),
                "facts.csv" => column(&text, "name")
                    .iter()
                    .flat_map(|name| name.split('.'))
                    .for_each(note),
                _ if of_law && path.parent().is_some_and(|parent| parent.ends_with("forms")) => {
                    note(file.split('.').next().expect("a name"));
                    column(&text, "name")
                        .iter()
                        .flat_map(|name| name.split('/'))
                        .for_each(note);
                }
                _ => {}
            }
        }
    }
    // What every pack says alike is the spine's own: docs/packs.md, "acts.csv".
    for own in ["reveal", "reassign", "adopt", "repin", "amend", "import", "erase"] {
        names.remove(own);
    }
    names
}

/// A column of a sheet. Names stand before any cell with a comma in it.
fn column(sheet: &str, heading: &str) -> Vec<String> {
    let mut lines = sheet.lines();
    let headings = lines.next().unwrap_or_default();
    let Some(nth) = headings.split(',').position(|own| own == heading) else {
        return Vec::new();
    };
    lines
        .filter_map(|line| line.split(',').nth(nth))
        .map(str::to_owned)
        .collect()
}

/// The words in quotation marks of one line.
fn quoted(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for mark in ['"', '\'', '`'] {
        found.extend(line.split(mark).skip(1).step_by(2));
    }
    found
}

/// Types and variants that a line declares, as a pack would spell them.
fn declared(line: &str) -> Option<String> {
    let line = line.trim_start();
    let rest = [
        "pub struct ",
        "struct ",
        "pub enum ",
        "enum ",
        "export interface ",
        "interface ",
        "export type ",
    ]
    .iter()
    .find_map(|word| line.strip_prefix(word));
    let name: String = rest?.chars().take_while(char::is_ascii_alphanumeric).collect();
    let mut spelt = String::new();
    for (nth, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && nth > 0 {
            spelt.push('_');
        }
        spelt.push(letter.to_ascii_lowercase());
    }
    Some(spelt)
}

fn spine() -> Vec<(PathBuf, String)> {
    let folders = SPINE.iter().chain(&PAGES);
    let mut all: Vec<(PathBuf, String)> = folders.flat_map(|folder| files(&root().join(folder))).collect();
    for (path, text) in &mut all {
        let is_code = path.extension().is_some_and(|kind| kind == "rs");
        // Tests name what they like, and stand at the end.
        if let Some(end) = text.find("#[cfg(test)]").filter(|_| is_code) {
            text.truncate(end);
        }
    }
    all
}

#[test]
fn the_spine_names_nothing_of_a_pack() {
    let names = names();
    assert!(names.len() > 100, "{}", names.len());
    let own: BTreeSet<&str> = OWN_WORDS.iter().map(|(word, _)| *word).collect();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut met = BTreeSet::new();
    for (path, text) in spine() {
        let place = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
        for (number, line) in (1..).zip(text.lines()) {
            if is_comment(&path, line) {
                continue;
            }
            let words = quoted(line).into_iter().map(str::to_owned).chain(declared(line));
            for word in words.filter(|word| names.contains_key(word)) {
                if own.contains(word.as_str()) {
                    met.insert(word);
                } else {
                    found.entry(word).or_default().push(format!("{place}:{number}"));
                }
            }
        }
    }
    assert_eq!(found, BTreeMap::new());
    let idle: Vec<&str> = own.into_iter().filter(|word| !met.contains(*word)).collect();
    assert_eq!(idle, Vec::<&str>::new(), "words that nobody needs any more");
    assert!(OWN_WORDS.len() <= MOST_OWN_WORDS);
}

fn is_comment(path: &Path, line: &str) -> bool {
    let line = line.trim_start();
    let marks: &[&str] = match path.extension().and_then(|kind| kind.to_str()) {
        Some("vue") => &["//", "<!--", "*"],
        _ => &["//", "*", "/*"],
    };
    marks.iter().any(|mark| line.starts_with(mark))
}
