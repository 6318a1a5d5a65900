//! The row of a record for the lists, derived of the record as it stands.

use super::current::Current;
use super::names::{Key, key_of};
use super::preview::counts;
use crate::engine::Engine;
use shenhai_flow::record::Record;
use shenhai_forms::value::Time;
use shenhai_pack::law::Category;
use shenhai_pack::names::{Name, ViewId};
use shenhai_protocol::{CmdId, ErrorCode, HeldRecord, LawRef, ScopeId};
use shenhai_view::{IndexRow, haystack, index_row};
use std::collections::{BTreeMap, BTreeSet};

/// What lists know of a record.
pub(super) struct Derived {
    pub(super) law: LawRef,
    /// Its row; `None` where its law is not here.
    pub(super) row: Option<IndexRow>,
    /// Why there is none.
    pub(super) missing: Option<ErrorCode>,
    /// State and category, by their names, as far as the document can be read.
    pub(super) standing: Option<(String, Category)>,
    /// Per list what a search looks in.
    pub(super) haystacks: BTreeMap<ViewId, String>,
    /// The unsent acts that are folded into it, and those that are parked.
    acts: Vec<(CmdId, bool)>,
    /// Of which state of the packs it was made.
    generation: u64,
    /// It has to be derived again.
    pub(super) stale: bool,
}

impl Derived {
    pub(super) fn has_acts(&self) -> bool {
        self.acts.iter().any(|(_, counts)| *counts)
    }
}

impl Engine {
    /// The row of a record that was just received or read.
    pub(super) fn derived(&self, scope: &ScopeId, held: &HeldRecord) -> Derived {
        let key = key_of(&held.record);
        match self.current_of(&key, Some((scope, held))) {
            Ok(current) => self.derived_of(&current),
            Err(failure) => {
                tracing::error!(%failure, kind = %key.0, "a received record cannot be read");
                Derived {
                    missing: Some(ErrorCode::UnsupportedVersion),
                    ..self.bare(&key, &held.law)
                }
            }
        }
    }

    /// The row of a record as it stands.
    pub(super) fn derived_of(&self, current: &Current) -> Derived {
        let mut derived = Derived {
            standing: Some(standing(&current.record)),
            ..self.bare(&current.key, &current.law)
        };
        let under = match &current.under {
            Ok(under) => under,
            Err(code) => {
                derived.missing = Some(*code);
                return derived;
            }
        };
        let Some(look) = current.look(under, true) else {
            derived.missing = Some(ErrorCode::UnsupportedVersion);
            return derived;
        };
        let kind = &current.record.kind;
        derived.row = Some(index_row(&look, under.newest.columns(kind)));
        let lists = under
            .newest
            .pack()
            .face
            .lists
            .iter()
            .filter(|list| list.kind == *kind);
        let haystacks = lists.map(|list| (list.id.clone(), haystack(&look, list)));
        derived.haystacks = haystacks.collect();
        derived
    }

    fn bare(&self, key: &Key, law: &LawRef) -> Derived {
        Derived {
            law: law.clone(),
            row: None,
            missing: None,
            standing: None,
            haystacks: BTreeMap::new(),
            acts: self.acts_upon(key),
            generation: self.shelf.packs.generation,
            stale: false,
        }
    }

    fn acts_upon(&self, key: &Key) -> Vec<(CmdId, bool)> {
        let acts = self.pending_acts(key);
        acts.map(|pending| (pending.entry.row.cmd_id.clone(), counts(pending)))
            .collect()
    }

    /// Records that are only there because an unsent act opens them, and that are not on the shelf yet.
    pub(super) fn show_opened(&mut self) {
        let acts = self.pending.iter().filter(|pending| !pending.is_of_order());
        let keys: BTreeSet<Key> = acts
            .map(|pending| (pending.entry.record_kind.clone(), pending.entry.row.order.clone()))
            .filter(|key| self.shelf.slip(key).is_none())
            .collect();
        for key in keys {
            self.derive_again(&key);
        }
    }

    /// Bring the rows of the lists up to what is known by now.
    pub(super) fn freshen(&mut self, now: Time) {
        self.show_opened();
        let mut acts: BTreeMap<Key, Vec<(CmdId, bool)>> = BTreeMap::new();
        for pending in self.pending.iter().filter(|pending| !pending.is_of_order()) {
            let key = (pending.entry.record_kind.clone(), pending.entry.row.order.clone());
            let act = (pending.entry.row.cmd_id.clone(), counts(pending));
            acts.entry(key).or_default().push(act);
        }
        let generation = self.shelf.packs.generation;
        let none = Vec::new();
        let old = self.shelf.slips().filter(|(key, slip)| {
            let derived = &slip.derived;
            let next = derived.row.as_ref().and_then(|row| row.next_at);
            derived.stale
                || derived.generation != generation
                || next.is_some_and(|next| next <= now)
                || derived.acts != *acts.get(*key).unwrap_or(&none)
        });
        let old: Vec<Key> = old.map(|(key, _)| key.clone()).collect();
        for key in old {
            self.derive_again(&key);
        }
    }

    fn derive_again(&mut self, key: &Key) {
        match self.current(key) {
            Ok(current) => {
                let derived = self.derived_of(&current);
                self.shelf.set_derived(key, derived);
            }
            Err(_) if self.shelf.slip(key).is_some_and(|slip| slip.is_received()) => {
                // What cannot be read keeps its last row and is not tried again until something changes.
                let (acts, generation) = (self.acts_upon(key), self.shelf.packs.generation);
                self.shelf.settle(key, |derived| {
                    derived.acts = acts;
                    derived.generation = generation;
                    derived.stale = false;
                    if let Some(row) = &mut derived.row {
                        row.next_at = None;
                    }
                });
            }
            Err(_) => self.shelf.remove(key),
        }
    }
}

fn standing(record: &Record) -> (String, Category) {
    (record.state.as_str().to_owned(), record.category)
}
