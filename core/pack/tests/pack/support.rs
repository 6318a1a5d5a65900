//! A small pack in which every sheet is used, and changes of it.

use shenhai_pack::{Finding, Level, PackFiles, check};

/// 报修: somebody reports, somebody repairs, somebody confirms; a visit is a record of its own.
pub(crate) fn sample() -> PackFiles {
    let mut files = PackFiles::new();
    for (path, text) in FILES {
        files
            .insert(path, text.as_bytes().to_vec())
            .expect("the sample is a pack");
    }
    files
}

/// The sample with one file replaced or added.
pub(crate) fn with(path: &str, text: &str) -> PackFiles {
    with_bytes(path, text.as_bytes())
}

/// The same of any bytes.
pub(crate) fn with_bytes(path: &str, bytes: &[u8]) -> PackFiles {
    let mut files = sample();
    files.remove(path);
    files.insert(path, bytes.to_vec()).expect("the sample is a pack");
    files
}

/// The sample with a piece of one of its files replaced; the piece must be there.
pub(crate) fn changed(path: &str, from: &str, to: &str) -> PackFiles {
    let (_, text) = FILES
        .iter()
        .find(|(name, _)| *name == path)
        .expect("a file of the sample");
    assert!(text.contains(from), "{path} has no {from:?}");
    with(path, &text.replacen(from, to, 1))
}

/// Code and place of every finding that is an error.
pub(crate) fn errors(files: &PackFiles) -> Vec<String> {
    of_level(files, Level::Error)
}

/// Code and place of every finding that is a warning.
pub(crate) fn warnings(files: &PackFiles) -> Vec<String> {
    of_level(files, Level::Warning)
}

fn of_level(files: &PackFiles, level: Level) -> Vec<String> {
    let of = |finding: &Finding| format!("{} {}", finding.code, finding.place);
    let found = check(files).findings;
    found
        .iter()
        .filter(|finding| finding.level() == level)
        .map(of)
        .collect()
}

/// The one finding a change leads to, as an author reads it.
pub(crate) fn only_error(files: &PackFiles) -> String {
    let mut found = check(files).findings;
    found.retain(|finding| finding.level() == Level::Error);
    assert_eq!(found.len(), 1, "{found:#?}");
    found[0].to_string()
}

macro_rules! files {
    ($($path:literal)+) => {
        &[$(($path, include_str!(concat!("../sample/", $path)))),+]
    };
}

/// Path and text of each file.
pub(crate) const FILES: &[(&str, &str)] = files![
    "pack.toml"
    "law/facts.csv"
    "law/states.csv"
    "law/seats.csv"
    "law/acts.csv"
    "law/effects.csv"
    "law/sights.csv"
    "law/contracts.csv"
    "law/colours.csv"
    "law/clocks.toml"
    "law/lists/trades.csv"
    "law/forms/reported.csv"
    "law/forms/finished.csv"
    "law/forms/planned.csv"
    "law/forms/closed.csv"
    "face/views.toml"
    "face/texts.zh.csv"
    "examples/one.csv"
];
