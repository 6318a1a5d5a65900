//! `face/texts.zh.csv`: the words people read, by key.
//!
//! Not which texts are needed (`check::face`). Called by whoever shows something.

use crate::finding::{Findings, Place};
use crate::names::is_name;
use crate::problem::Problem;
use crate::sheet::{self, Layout};
use std::collections::BTreeMap;

const LAYOUT: Layout = Layout {
    required: &["key", "text"],
    optional: &[],
    open: false,
    rows: crate::limits::SHEET_ROWS,
};

/// Texts by key. A key is names joined by points, such as `kind.order.state.assigned`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    texts: BTreeMap<String, (String, Place)>,
}

impl Texts {
    /// The text of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(|(text, _)| text.as_str())
    }

    /// Every key with its place.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &Place)> {
        self.texts.iter().map(|(key, (_, place))| (key.as_str(), place))
    }
}

pub(crate) fn read(file: &str, bytes: &[u8], findings: &mut Findings) -> Texts {
    let mut texts = Texts::default();
    for row in sheet::rows(file, bytes, LAYOUT, findings) {
        let key = row.cell("key");
        if !key.split('.').all(is_name) {
            let text = key.chars().take(80).collect();
            findings.add(&row.at("key"), &Problem::NotAKey { text });
            continue;
        }
        if row.cell("text").is_empty() {
            findings.add(&row.at("text"), &Problem::CellMissing);
        }
        let entry = (row.cell("text").to_owned(), row.place.clone());
        if texts.texts.insert(key.to_owned(), entry).is_some() {
            let key = key.to_owned();
            findings.add(&row.at("key"), &Problem::TextTwice { key });
        }
    }
    texts
}
