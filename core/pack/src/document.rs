//! TOML files of a pack, read with the line of every key.
//!
//! Not what a key means. Read key by key and not into structs, so that an author gets every finding at once and each
//! with its line, not the first one only.

use crate::finding::{Findings, Place};
use crate::formula::Formula;
use crate::limits;
use crate::names::Name;
use crate::problem::Problem;
use crate::sheet;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table of a file: its keys, and where each stands.
#[derive(Debug)]
pub(crate) struct Section<'d> {
    file: &'d str,
    text: &'d str,
    /// Path from the root, such as `clock.finish`; empty for the root.
    pub(crate) table: String,
    line: u32,
    entries: BTreeMap<&'d str, (u32, &'d Spanned<DeValue<'d>>)>,
}

/// Read a file and hand its root table on. What is no TOML is a finding.
pub(crate) fn with_root<T>(
    file: &str,
    bytes: &[u8],
    findings: &mut Findings,
    read: impl FnOnce(&Section<'_>, &mut Findings) -> T,
) -> Option<T> {
    let text = sheet::utf8(file, bytes, findings)?;
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let line = sheet::line_of(&text.as_bytes()[..at]);
        let problem = Problem::NotToml {
            message: error.message().chars().take(200).collect(),
        };
        findings.add(&Place::row(file, line), &problem);
    }
    if !errors.is_empty() {
        return None;
    }
    let section = Section::new(file, text, String::new(), 1, root.get_ref());
    Some(read(&section, findings))
}

impl<'d> Section<'d> {
    fn new(file: &'d str, text: &'d str, table: String, line: u32, entries: &'d DeTable<'d>) -> Self {
        let line_at = |offset: usize| sheet::line_of(&text.as_bytes()[..offset.min(text.len())]);
        Self {
            file,
            text,
            table,
            line,
            entries: entries
                .iter()
                .map(|(key, value)| (key.get_ref().as_ref(), (line_at(key.span().start), value)))
                .collect(),
        }
    }

    /// The table itself.
    pub(crate) fn place(&self) -> Place {
        Place {
            table: Some(self.table.clone()).filter(|table| !table.is_empty()),
            ..Place::row(self.file, self.line)
        }
    }

    /// One of its keys, present or not.
    pub(crate) fn at(&self, key: &str) -> Place {
        let line = self.entries.get(key).map_or(self.line, |(line, _)| *line);
        Place {
            row: Some(line),
            ..self.place().at(key)
        }
    }

    /// Report every key that is none of `known`.
    pub(crate) fn only(&self, known: &[&str], findings: &mut Findings) {
        for key in self.entries.keys().filter(|key| !known.contains(key)) {
            let problem = Problem::UnknownKey {
                known: known.join(" "),
            };
            let key: String = key.chars().take(80).collect();
            findings.add(&self.at(&key), &problem);
        }
    }

    /// Its keys, by name.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'d str> {
        self.entries.keys().copied()
    }

    /// Whether a key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    fn value(&self, key: &str) -> Option<&'d DeValue<'d>> {
        self.entries.get(key).map(|(_, value)| value.get_ref())
    }

    fn wrong(&self, key: &str, wanted: &'static str, findings: &mut Findings) {
        findings.add(&self.at(key), &Problem::WrongValue { wanted });
    }

    /// A text; `None` where the key is absent or holds something else, which is a finding.
    pub(crate) fn text(&self, key: &str, findings: &mut Findings) -> Option<&'d str> {
        match self.value(key)? {
            DeValue::String(text) if text.len() <= limits::CELL_BYTES => Some(text.as_ref()),
            DeValue::String(_) => {
                findings.add(
                    &self.at(key),
                    &Problem::CellTooLong {
                        max: limits::CELL_BYTES,
                    },
                );
                None
            }
            _ => {
                self.wrong(key, "文字，写在引号里", findings);
                None
            }
        }
    }

    /// A formula.
    pub(crate) fn formula(&self, key: &str, findings: &mut Findings) -> Option<Formula> {
        let text = self.text(key, findings)?;
        Formula::new(text, self.at(key))
    }

    /// A name.
    pub(crate) fn name<N: Name>(&self, key: &str, findings: &mut Findings) -> Option<N> {
        let text = self.text(key, findings)?;
        sheet::name(text, &self.at(key), findings)
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn number(
        &self,
        key: &str,
        (least, most): (u32, u32),
        findings: &mut Findings,
    ) -> Option<u32> {
        let value = self.value(key)?;
        let number = value
            .as_integer()
            .filter(|number| number.radix() == 10)
            .and_then(|number| number.as_str().parse().ok())
            .filter(|number| (least..=most).contains(number));
        if number.is_none() {
            findings.add(&self.at(key), &Problem::NotInRange { least, most });
        }
        number
    }

    /// True or false; absent is false.
    pub(crate) fn flag(&self, key: &str, findings: &mut Findings) -> bool {
        match self.value(key) {
            None => false,
            Some(DeValue::Boolean(flag)) => *flag,
            Some(_) => {
                self.wrong(key, "true 或 false", findings);
                false
            }
        }
    }

    /// The texts of a list; absent is empty.
    pub(crate) fn texts(&self, key: &str, findings: &mut Findings) -> Vec<&'d str> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let texts = value.as_array().map(|list| {
            list.iter()
                .map(|item| item.get_ref().as_str())
                .collect::<Vec<_>>()
        });
        match texts.and_then(|texts| texts.into_iter().collect::<Option<Vec<_>>>()) {
            Some(texts) => texts,
            None => {
                self.wrong(key, "文字的列表，如 [\"a\", \"b\"]", findings);
                Vec::new()
            }
        }
    }

    /// The names of a list; absent is empty.
    pub(crate) fn names<N: Name>(&self, key: &str, findings: &mut Findings) -> Vec<N> {
        let at = self.at(key);
        let mut names = Vec::new();
        for text in self.texts(key, findings) {
            match sheet::name::<N>(text, &at, findings) {
                Some(name) if names.contains(&name) => {
                    findings.add(
                        &at,
                        &Problem::NamedTwice {
                            name: name.to_string(),
                        },
                    );
                }
                Some(name) => names.push(name),
                None => {}
            }
        }
        names
    }

    /// A table below this one.
    pub(crate) fn section(&self, key: &str, findings: &mut Findings) -> Option<Section<'d>> {
        let (line, value) = self.entries.get(key)?;
        match value.get_ref() {
            DeValue::Table(entries) => Some(self.below(key, *line, entries)),
            _ => {
                self.wrong(key, "一个表", findings);
                None
            }
        }
    }

    /// Every table below the table `key`, by name.
    pub(crate) fn named<N: Name>(&self, key: &str, findings: &mut Findings) -> Vec<(N, Section<'d>)> {
        let Some(parent) = self.section(key, findings) else {
            return Vec::new();
        };
        let mut all: Vec<_> = parent.entries.iter().collect();
        // In the order of the file: authors put first what is looked at first.
        all.sort_by_key(|(_, (line, _))| *line);
        let mut named = Vec::new();
        for (name, _) in all {
            let at = parent.at(name);
            if let (Some(parsed), Some(section)) = (
                sheet::name::<N>(name, &at, findings),
                parent.section(name, findings),
            ) {
                named.push((parsed, section));
            }
        }
        named
    }

    /// The tables of a list of tables, in order; absent is empty.
    pub(crate) fn each(&self, key: &str, findings: &mut Findings) -> Vec<Section<'d>> {
        let Some((line, value)) = self.entries.get(key) else {
            return Vec::new();
        };
        let mut sections = Vec::new();
        let items = value.get_ref().as_array();
        for item in items.into_iter().flat_map(|list| list.iter()) {
            if let DeValue::Table(entries) = item.get_ref() {
                let at = sheet::line_of(&self.text.as_bytes()[..item.span().start.min(self.text.len())]);
                sections.push(self.below(key, at.max(*line), entries));
            } else {
                self.wrong(key, "表的列表，如 [{…}, {…}]", findings);
            }
        }
        if items.is_none() {
            self.wrong(key, "表的列表，如 [{…}, {…}]", findings);
        }
        sections
    }

    fn below(&self, key: &str, line: u32, entries: &'d DeTable<'d>) -> Section<'d> {
        let table = match self.table.is_empty() {
            true => key.to_owned(),
            false => format!("{}.{key}", self.table),
        };
        Section::new(self.file, self.text, table, line, entries)
    }

    /// Whether a key holds a text, where it may also hold something else.
    pub(crate) fn is_text(&self, key: &str) -> bool {
        self.value(key).is_some_and(DeValue::is_str)
    }
}
