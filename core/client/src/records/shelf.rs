//! The records of a session without their weight: enough to sort, filter, count and search in memory.
//!
//! Not the records themselves, which are read from the database when one is opened. Rows are derived anew when their
//! record, the unsent acts upon it, its pack or the time says otherwise.

use super::derive::Derived;
use super::names::{Key, key_of};
use super::packs::Packs;
use crate::engine::Engine;
use crate::rpc::Topic;
use shenhai_flow::record::Record;
use shenhai_protocol::{ActName, HeldRecord, HexHash, Kind, OrderId, RecordRef, ScopeId};
use shenhai_store::StoreError;
use std::collections::{BTreeMap, BTreeSet};

/// Receipts whose records have not come yet; more are forgotten, oldest first.
const EXPECTED: usize = 64;

/// One record as lists know it.
pub(super) struct Slip {
    /// Where it was received, with its revision there and whether it is seen in full. Empty: only an unsent act of this
    /// device has opened it.
    scopes: BTreeMap<ScopeId, Seen>,
    pub(super) derived: Derived,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    rev: u64,
    full: bool,
}

impl Slip {
    /// The scope that shows it best: the newest, then the one that sees all.
    fn best(&self) -> Option<&ScopeId> {
        let best = self.scopes.iter().max_by_key(|(_, seen)| **seen);
        best.map(|(scope, _)| scope)
    }

    pub(super) fn scopes(&self) -> impl Iterator<Item = &ScopeId> {
        self.best().into_iter().chain(self.scopes.keys())
    }

    pub(super) fn is_received(&self) -> bool {
        !self.scopes.is_empty()
    }
}

/// What a record has to be at a revision, as a receipt said.
struct Expected {
    key: Key,
    rev: u64,
    after: String,
}

/// The slips, packs and drafts of a session.
#[derive(Default)]
pub(crate) struct Shelf {
    slips: BTreeMap<Key, Slip>,
    pub(super) packs: Packs,
    /// What people and units are called, as records said.
    pub(super) names: BTreeMap<String, String>,
    /// What was typed and not submitted, by kind, record and act.
    drafts: BTreeSet<(Kind, Option<OrderId>, ActName)>,
    expected: Vec<Expected>,
}

impl Shelf {
    pub(super) fn slip(&self, key: &Key) -> Option<&Slip> {
        self.slips.get(key)
    }

    pub(super) fn of_kind<'s>(&'s self, kind: &'s Kind) -> impl Iterator<Item = (&'s Key, &'s Slip)> {
        self.slips.iter().filter(move |((of, _), _)| of == kind)
    }

    pub(super) fn slips(&self) -> impl Iterator<Item = (&Key, &Slip)> {
        self.slips.iter()
    }

    pub(super) fn settle(&mut self, key: &Key, how: impl FnOnce(&mut Derived)) {
        if let Some(slip) = self.slips.get_mut(key) {
            how(&mut slip.derived);
        }
    }

    /// Where a record is received best.
    pub(super) fn scope_of(&self, key: &Key) -> Option<&ScopeId> {
        self.slips.get(key).and_then(Slip::best)
    }

    /// The laws that records stand under.
    pub(super) fn laws(&self) -> impl Iterator<Item = HexHash> {
        self.slips.values().map(|slip| slip.derived.law.sm3.clone())
    }

    pub(super) fn is_drafted(&self, kind: &Kind, id: Option<&OrderId>, act: Option<&ActName>) -> bool {
        self.drafts.iter().any(|(of, record, typed)| {
            of == kind && record.as_ref() == id && act.is_none_or(|act| act == typed)
        })
    }

    pub(super) fn set_drafted(&mut self, kind: &Kind, id: Option<&OrderId>, act: &ActName, drafted: bool) {
        let draft = (kind.clone(), id.cloned(), act.clone());
        match drafted {
            true => self.drafts.insert(draft),
            false => self.drafts.remove(&draft),
        };
    }

    /// A row was derived of a record that is here, or that an unsent act opened.
    pub(super) fn set_derived(&mut self, key: &Key, derived: Derived) {
        match self.slips.get_mut(key) {
            Some(slip) => slip.derived = derived,
            None => {
                let scopes = BTreeMap::new();
                self.slips.insert(key.clone(), Slip { scopes, derived });
            }
        }
    }

    /// Neither received nor opened by an unsent act any more.
    pub(super) fn remove(&mut self, key: &Key) {
        self.slips.remove(key);
    }

    /// The copy of a scope was forgotten.
    pub(crate) fn forget(&mut self, scope: &ScopeId) {
        let gone: Vec<Key> = self.slips.keys().cloned().collect();
        for key in gone {
            self.left(scope, &key);
        }
    }

    fn left(&mut self, scope: &ScopeId, key: &Key) {
        let Some(slip) = self.slips.get_mut(key) else {
            return;
        };
        if slip.scopes.remove(scope).is_none() {
            return;
        }
        // What is left of it is looked at anew: in another scope, or as the unsent act that opened it.
        slip.derived.stale = true;
        if slip.scopes.is_empty() && !slip.derived.has_acts() {
            self.slips.remove(key);
        }
    }

    pub(super) fn expect(&mut self, key: Key, rev: u64, after: String) {
        if self.expected.len() == EXPECTED {
            self.expected.remove(0);
        }
        self.expected.push(Expected { key, rev, after });
    }

    /// A record came: whether it is what its receipts said of that revision. Nothing is expected of it any more then.
    fn is_as_receipted(&mut self, key: &Key, held: &HeldRecord) -> bool {
        let due = |one: &Expected| one.key == *key && one.rev <= held.rev;
        let said = self.expected.iter().filter(|one| due(one) && one.rev == held.rev);
        let mut said = said.map(|one| &one.after).peekable();
        // Only what a receipt spoke of is read once more.
        let read = said
            .peek()
            .is_some()
            .then(|| Record::read(held.document.as_bytes()));
        let digest = read.and_then(Result::ok).map(|record| record.digest().to_hex());
        let same = said.all(|after| digest.as_ref() == Some(after));
        self.expected.retain(|one| !due(one));
        same
    }
}

impl Engine {
    /// Read everything of packs that the session may see.
    pub(crate) fn fill_shelf(&mut self) -> Result<(), StoreError> {
        self.shelf = Shelf {
            packs: self.kept_packs()?,
            ..Shelf::default()
        };
        let Some(live) = &self.live else { return Ok(()) };
        let (user, scopes) = (live.record.user.id.clone(), live.record.scopes.clone());
        for draft in self.store()?.act_drafts(&user, None)? {
            self.shelf.drafts.insert((draft.kind, draft.id, draft.act));
        }
        for scope in &scopes {
            let (mut rows, mut names) = (Vec::new(), BTreeMap::new());
            self.store()?.each_record(scope, |held| {
                rows.push((key_of(&held.record), held.rev, self.derived(scope, &held)));
                names.extend(held.names);
            })?;
            self.shelf.names.extend(names);
            for (key, rev, derived) in rows {
                self.put_slip(scope, key, rev, derived);
            }
        }
        self.show_opened();
        Ok(())
    }

    fn put_slip(&mut self, scope: &ScopeId, key: Key, rev: u64, derived: Derived) {
        let full = self.live.as_ref().is_some_and(|live| live.sees_all(scope));
        self.shelf.packs.want(&derived.law);
        let seen = Seen { rev, full };
        match self.shelf.slips.get_mut(&key) {
            Some(slip) => {
                slip.scopes.insert(scope.clone(), seen);
                if slip.best() == Some(scope) {
                    slip.derived = derived;
                }
            }
            None => {
                let scopes = BTreeMap::from([(scope.clone(), seen)]);
                self.shelf.slips.insert(key, Slip { scopes, derived });
            }
        }
    }

    /// A page of changes was kept: records as they now are in a scope, and those that left it.
    pub(crate) fn records_came(&mut self, scope: &ScopeId, records: &[HeldRecord], gone: &[RecordRef]) {
        for held in records {
            let key = key_of(&held.record);
            if !self.shelf.is_as_receipted(&key, held) {
                tracing::error!(kind = %key.0, rev = held.rev, "a record is not what its receipt says");
            }
            self.shelf.names.extend(held.names.clone());
            let derived = self.derived(scope, held);
            self.put_slip(scope, key, held.rev, derived);
        }
        for record in gone {
            self.shelf.left(scope, &key_of(record));
        }
        if !records.is_empty() || !gone.is_empty() {
            self.mark(Topic::Orders);
            self.mark(Topic::Outbox);
            self.ask_for_wanted();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shenhai_crypto::sm3;
    use shenhai_protocol::LawRef;

    /// A record without heads: its document is its state text.
    fn document(state: &str) -> String {
        let (law, at) = ("a".repeat(64), "2026-11-23T10:00:00.000+08:00");
        format!(
            "record 1\nkind patrol\nid p\nlaw river 1 {law}\nrev 2\nstate {state} active\nopened {at}\n\
             changed {at}\nhistory 0 {}\n",
            "0".repeat(64)
        )
    }

    fn held(rev: u64, state: &str) -> HeldRecord {
        HeldRecord {
            record: RecordRef {
                kind: Kind::from("river.patrol"),
                id: OrderId::from("p"),
            },
            rev,
            law: LawRef {
                id: "river".into(),
                version: "1".to_owned(),
                sm3: HexHash("a".repeat(64)),
            },
            document: document(state),
            shown: Vec::new(),
            names: BTreeMap::new(),
        }
    }

    #[test]
    fn a_record_that_is_not_what_its_receipt_said_is_noticed_at_that_revision() {
        let key = key_of(&held(2, "walking").record);
        let after = sm3(document("walking").as_bytes()).to_hex();
        let compared = |rev: u64, state: &str| {
            let mut shelf = Shelf::default();
            shelf.expect(key.clone(), 2, after.clone());
            let same = shelf.is_as_receipted(&key, &held(rev, state));
            (same, shelf.expected.len())
        };
        assert_eq!(compared(2, "walking"), (true, 0));
        assert_eq!(compared(2, "fixing"), (false, 0));
        assert_eq!(compared(1, "fixing"), (true, 1), "not there yet");
        assert_eq!(compared(3, "fixing"), (true, 0), "somebody else was quicker");
    }
}
