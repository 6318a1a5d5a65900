//! Which record of a log holds which bytes of the file it stands for; later writes cover earlier ones.
//!
//! Called by `journal` alone.

use std::collections::BTreeMap;

/// A run of bytes inside one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Bytes in the run.
    pub(crate) len: u64,
    /// The record's number.
    pub(crate) record: usize,
    /// Where in the record's data the run begins.
    pub(crate) skip: u64,
}

/// Runs by the offset they begin at; they never overlap.
#[derive(Debug, Default)]
pub(crate) struct Extents(BTreeMap<u64, Piece>);

impl Extents {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Record `record` was written at `at`, `len` bytes.
    pub(crate) fn insert(&mut self, at: u64, len: u64, record: usize) {
        self.cut(at, at.saturating_add(len));
        if len > 0 {
            self.0.insert(at, Piece { len, record, skip: 0 });
        }
    }

    /// Nothing at or after `size` any more.
    pub(crate) fn truncate(&mut self, size: u64) {
        self.cut(size, u64::MAX);
    }

    /// The runs that reach into `from..to`, cut to it.
    pub(crate) fn within(&self, from: u64, to: u64) -> Vec<(u64, Piece)> {
        let first = self.0.range(..=from).next_back().map_or(from, |(at, _)| *at);
        self.0
            .range(first..to)
            .filter_map(|(at, piece)| part(*at, *piece, from, to))
            .collect()
    }

    fn cut(&mut self, from: u64, to: u64) {
        for (at, whole) in self.overlapping(from, to) {
            self.0.remove(&at);
            for (at, kept) in [part(at, whole, 0, from), part(at, whole, to, u64::MAX)]
                .into_iter()
                .flatten()
            {
                self.0.insert(at, kept);
            }
        }
    }

    fn overlapping(&self, from: u64, to: u64) -> Vec<(u64, Piece)> {
        let first = self.0.range(..=from).next_back().map_or(from, |(at, _)| *at);
        self.0
            .range(first..to)
            .filter(|(at, piece)| part(**at, **piece, from, to).is_some())
            .map(|(at, piece)| (*at, *piece))
            .collect()
    }
}

/// What of a run lies in `from..to`.
fn part(at: u64, piece: Piece, from: u64, to: u64) -> Option<(u64, Piece)> {
    let start = at.max(from);
    let end = at.saturating_add(piece.len).min(to);
    (start < end).then(|| {
        let cut = Piece {
            len: end - start,
            record: piece.record,
            skip: piece.skip + (start - at),
        };
        (start, cut)
    })
}

#[cfg(test)]
mod tests {
    use super::Extents;

    /// (offset, length, record, skip) of every run.
    fn runs(extents: &Extents) -> Vec<(u64, u64, usize, u64)> {
        let all = extents.within(0, u64::MAX);
        all.iter().map(|(at, p)| (*at, p.len, p.record, p.skip)).collect()
    }

    #[test]
    fn a_later_write_covers_an_earlier_one_and_leaves_both_its_ends() {
        let mut extents = Extents::default();
        extents.insert(100, 50, 0);
        extents.insert(110, 10, 1);
        assert_eq!(
            runs(&extents),
            [(100, 10, 0, 0), (110, 10, 1, 0), (120, 30, 0, 20)]
        );
        extents.insert(90, 25, 2);
        assert_eq!(runs(&extents), [(90, 25, 2, 0), (115, 5, 1, 5), (120, 30, 0, 20)]);
    }

    #[test]
    fn truncating_cuts_the_run_it_falls_into() {
        let mut extents = Extents::default();
        extents.insert(0, 10, 0);
        extents.insert(10, 10, 1);
        extents.truncate(13);
        assert_eq!(runs(&extents), [(0, 10, 0, 0), (10, 3, 1, 0)]);
        extents.truncate(0);
        assert_eq!(runs(&extents), []);
    }

    #[test]
    fn only_what_was_asked_for_is_given() {
        let mut extents = Extents::default();
        extents.insert(0, 10, 0);
        extents.insert(20, 10, 1);
        let found = extents.within(5, 22);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].0, found[0].1.len, found[0].1.skip), (5, 5, 5));
        assert_eq!((found[1].0, found[1].1.len, found[1].1.skip), (20, 2, 0));
    }
}
