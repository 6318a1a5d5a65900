//! Templates: `rating-{case_no}-{nth}`, by which ids and series are named.
//!
//! Not the filling in. Used for ids and for the series of `number(…)`.

use crate::finding::{Findings, Place};
use crate::names::{FactId, Name};
use crate::problem::Problem;

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// As it stands: `a-z 0-9 -`.
    Text(String),
    /// The value of a fact, escaped by whoever fills it in.
    Fact(FactId),
}

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its pieces; never empty.
    pub pieces: Vec<Piece>,
    /// Where it stands.
    pub place: Place,
}

impl Template {
    /// A template; anything else is a finding.
    pub(crate) fn parse(text: &str, place: &Place, findings: &mut Findings) -> Option<Self> {
        let pieces = pieces(text);
        if pieces.is_none() {
            let text = text.chars().take(80).collect();
            findings.add(place, &Problem::NotATemplate { text });
        }
        Some(Self {
            pieces: pieces?,
            place: place.clone(),
        })
    }

    /// The facts it reads.
    pub fn facts(&self) -> impl Iterator<Item = &FactId> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Fact(fact) => Some(fact),
            Piece::Text(_) => None,
        })
    }
}

fn pieces(text: &str) -> Option<Vec<Piece>> {
    let plain = |part: &str| {
        part.bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.find('{').unwrap_or(rest.len());
        let (before, opened) = rest.split_at(at);
        if !plain(before) {
            return None;
        }
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        let Some(opened) = opened.strip_prefix('{') else {
            break;
        };
        let (fact, after) = opened.split_once('}')?;
        pieces.push(Piece::Fact(FactId::parse(fact)?));
        rest = after;
    }
    (!pieces.is_empty()).then_some(pieces)
}
