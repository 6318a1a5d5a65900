//! Reading a kept record back. What is not written exactly as [`Record::document`] writes it is no record.
//!
//! Not here: whether the law allows what stands in it; a document comes from one's own store and only saves the replay.

use super::spelling::{NOTHING, plain, read_item, read_value};
use super::{Fact, Head, Holder, Link, MAX_HEADS, Pending, Record, Row, Step, Steps};
use crate::clock::{ClockState, Pause};
use shenhai_crypto::Digest32;
use shenhai_forms::value::{Time, Value};
use shenhai_pack::PackRef;
use shenhai_pack::law::{Category, KindRef};
use shenhai_pack::names::{ActId, ClockId, FactId, KindId, LinkId, Name, PackId, SeatId, StateId};
use std::collections::BTreeMap;
use thiserror::Error;

/// Longest document of a record, in bytes.
pub const MAX_DOCUMENT: usize = 128 * 1024;

/// Why bytes are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DocumentError {
    /// More than [`MAX_DOCUMENT`] bytes.
    #[error("a record of more than {MAX_DOCUMENT} bytes")]
    TooLarge,
    /// Not UTF-8.
    #[error("not a text")]
    NotText,
    /// This line, or the one after it, is not one that a record has there.
    #[error("line {0} or the next is not one of a record")]
    Line(usize),
    /// The lines say something, but not in the one spelling.
    #[error("not as a record is written")]
    Spelling,
}

impl Record {
    /// The record that a document says.
    ///
    /// # Errors
    /// [`DocumentError`]; the memory taken is bounded by [`MAX_DOCUMENT`].
    pub fn read(document: &[u8]) -> Result<Self, DocumentError> {
        if document.len() > MAX_DOCUMENT {
            return Err(DocumentError::TooLarge);
        }
        let text = std::str::from_utf8(document).map_err(|_| DocumentError::NotText)?;
        let mut lines = Lines {
            lines: text.split('\n').peekable(),
            number: 0,
        };
        let record = lines.record().ok_or(DocumentError::Line(lines.number.max(1)))?;
        // One comparison instead of a check per line: order, repetition, needless zeros, a missing last line feed.
        if record.document() != text {
            return Err(DocumentError::Spelling);
        }
        Ok(record)
    }
}

/// The lines still to be read.
struct Lines<'t> {
    lines: std::iter::Peekable<std::str::Split<'t, char>>,
    /// How many were taken.
    number: usize,
}

/// The fields of one line.
struct Fields<'t>(std::str::Split<'t, char>);

impl<'t> Lines<'t> {
    /// The fields of the next line if it begins with this word.
    fn line(&mut self, word: &str) -> Option<Fields<'t>> {
        let line = self.lines.peek()?;
        let mut fields = line.split(' ');
        if fields.next() != Some(word) {
            return None;
        }
        self.lines.next();
        self.number += 1;
        Some(Fields(fields))
    }

    fn record(&mut self) -> Option<Record> {
        self.line("record")?.is("1")?;
        let kind = self.line("kind")?.name::<KindId>()?;
        let id = self.line("id")?.text()?;
        let law = self.line("law")?.law()?;
        let rev = self.line("rev")?.number()?;
        let mut fields = self.line("state")?;
        let (state, category) = (fields.name::<StateId>()?, fields.category()?);
        let came_from = match self.line("came_from") {
            Some(mut fields) => Some(fields.name::<StateId>()?),
            None => None,
        };
        let opened = self.line("opened")?.time()?;
        let changed = self.line("changed")?.time()?;
        let closed = match self.line("closed") {
            Some(mut fields) => Some(fields.time()?),
            None => None,
        };
        Some(Record {
            kind,
            id,
            rev,
            law,
            state,
            category,
            came_from,
            opened,
            changed,
            closed,
            seats: self.seats()?,
            facts: self.facts()?,
            tables: self.tables()?,
            clocks: self.clocks()?,
            links: self.links()?,
            steps: self.steps()?,
        })
    }

    fn seats(&mut self) -> Option<BTreeMap<SeatId, Vec<Holder>>> {
        let mut seats: BTreeMap<SeatId, Vec<Holder>> = BTreeMap::new();
        while let Some(mut fields) = self.line("seat") {
            let seat = fields.name()?;
            let holder = Holder {
                person: fields.text_value()?,
                unit: fields.text_value()?,
                place: fields.text_value()?,
            };
            seats.entry(seat).or_default().push(holder);
        }
        Some(seats)
    }

    fn facts(&mut self) -> Option<BTreeMap<FactId, Fact>> {
        let mut facts = BTreeMap::new();
        while let Some(mut fields) = self.line("fact") {
            let name = fields.name()?;
            let rev = fields.number()?;
            let item = read_item(fields.0.next()?)?;
            facts.insert(name, Fact { item, rev });
        }
        Some(facts)
    }

    fn tables(&mut self) -> Option<BTreeMap<FactId, Vec<Row>>> {
        let mut tables: BTreeMap<FactId, Vec<Row>> = BTreeMap::new();
        while let Some(mut fields) = self.line("row") {
            let (table, rev) = (fields.name()?, fields.number()?);
            let mut cells = BTreeMap::new();
            while let Some(mut fields) = self.line("cell") {
                let column = fields.name()?;
                cells.insert(column, read_item(fields.0.next()?)?);
            }
            tables.entry(table).or_default().push(Row { rev, cells });
        }
        Some(tables)
    }

    fn clocks(&mut self) -> Option<BTreeMap<ClockId, ClockState>> {
        let mut clocks = BTreeMap::new();
        while let Some(mut fields) = self.line("clock") {
            let id = fields.name()?;
            let mut state = ClockState {
                generation: fields.number()?,
                began: fields.time()?,
                ended: fields.option(Fields::time)?,
                pauses: Vec::new(),
                fired: Vec::new(),
            };
            while let Some(mut fields) = self.line("pause") {
                state.pauses.push(Pause {
                    from: fields.time()?,
                    to: fields.option(Fields::time)?,
                });
            }
            while let Some(mut fields) = self.line("fired") {
                state.fired.push(u32::try_from(fields.number()?).ok()?);
            }
            clocks.insert(id, state);
        }
        Some(clocks)
    }

    fn links(&mut self) -> Option<Vec<Link>> {
        let mut links = Vec::new();
        while let Some(mut fields) = self.line("link") {
            let mut link = Link {
                name: fields.name::<LinkId>()?,
                key: fields.digest()?,
                kind: fields.kind()?,
                id: fields.option(Fields::text)?,
                category: fields.option(Fields::category)?,
                pending: Vec::new(),
                gives: BTreeMap::new(),
            };
            while let Some(mut fields) = self.line("pending") {
                link.pending.push(fields.pending()?);
            }
            while let Some(mut fields) = self.line("gives") {
                let name = fields.name()?;
                link.gives.insert(name, read_value(fields.0.next()?)?);
            }
            links.push(link);
        }
        Some(links)
    }

    fn steps(&mut self) -> Option<Steps> {
        let mut steps = Steps::default();
        while let Some(mut fields) = self.line("step") {
            let act = fields.name::<ActId>()?;
            let step = Step {
                count: fields.number()?,
                rev: fields.number()?,
                at: read_value(fields.0.next()?).filter(|at| matches!(at, Value::Time(_)))?,
                by: fields.text_value()?,
                role: fields.text_value()?,
                unit: fields.text_value()?,
            };
            steps.acts.insert(act, step);
        }
        let mut fields = self.line("history")?;
        steps.count = fields.number()?;
        steps.digest = fields.digest()?;
        while let Some(mut fields) = self.line("head") {
            steps.heads.push_back(Head {
                rev: fields.number()?,
                act: fields.option(Fields::name)?,
                entry: fields.text()?,
                device: fields.option(Fields::text)?,
                at: fields.time()?,
                submission: fields.option(Fields::digest)?,
            });
        }
        (steps.heads.len() <= MAX_HEADS).then_some(steps)
    }
}

impl Fields<'_> {
    fn is(&mut self, word: &str) -> Option<()> {
        (self.0.next()? == word).then_some(())
    }

    fn name<N: Name>(&mut self) -> Option<N> {
        N::parse(self.0.next()?)
    }

    fn text(&mut self) -> Option<String> {
        plain(self.0.next()?)
    }

    fn number(&mut self) -> Option<u64> {
        self.0.next()?.parse().ok()
    }

    fn time(&mut self) -> Option<Time> {
        Time::read(self.0.next()?)
    }

    fn digest(&mut self) -> Option<Digest32> {
        Digest32::from_hex(self.0.next()?)
    }

    fn category(&mut self) -> Option<Category> {
        Category::from_word(self.0.next()?)
    }

    fn text_value(&mut self) -> Option<Value> {
        read_value(self.0.next()?).filter(|value| matches!(value, Value::Absent | Value::Text(_)))
    }

    fn law(&mut self) -> Option<PackRef> {
        Some(PackRef {
            id: self.name::<PackId>()?,
            version: u32::try_from(self.number()?).ok()?,
            law: self.digest()?,
        })
    }

    fn kind(&mut self) -> Option<KindRef> {
        let text = self.0.next()?;
        let (pack, kind) = match text.split_once('.') {
            Some((pack, kind)) => (Some(PackId::parse(pack)?), kind),
            None => (None, text),
        };
        Some(KindRef {
            pack,
            kind: KindId::parse(kind)?,
        })
    }

    fn pending(&mut self) -> Option<Pending> {
        match self.0.next()? {
            "open" => Some(Pending::Open),
            "do" => self.name().map(Pending::Act),
            _ => None,
        }
    }

    /// `None` where the field is neither nothing nor what it may be.
    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.0.clone().next()? == NOTHING {
            self.0.next();
            return Some(None);
        }
        read(self).map(Some)
    }
}
