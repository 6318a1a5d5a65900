//! One record as it stands: received, with this device's unsent acts over it, and what is known around it.

use super::names::{Key, NOT_HERE, key_of, kind_name, law_ref, record_ref};
use super::packs::Under;
use super::preview::{counts, fold_all, salt};
use crate::engine::{Engine, Pending};
use crate::failure::Failure;
use crate::letter::Letter;
use shenhai_crypto::Digest32;
use shenhai_flow::Calendar;
use shenhai_flow::record::{Record, commitment};
use shenhai_forms::value::Time;
use shenhai_pack::names::FactId;
use shenhai_protocol::{ErrorCode, HeldRecord, LawRef, ScopeId};
use shenhai_store::StoreError;
use shenhai_view::{Around, Look, Names, Opened, Openings};
use std::collections::BTreeSet;

/// A record as this device knows it.
pub(super) struct Current {
    pub(super) key: Key,
    /// Where it is seen: of a record that only an unsent act has opened, where that act was done.
    pub(super) scope: ScopeId,
    /// Its revision as received; 0 where nothing was.
    pub(super) rev: u64,
    pub(super) law: LawRef,
    /// Its law and face, or why they are not here.
    pub(super) under: Result<Under, ErrorCode>,
    /// As it stands; without its law, as received.
    pub(super) record: Record,
    pub(super) openings: Openings,
    /// Facts that only the commit will know.
    pub(super) later: BTreeSet<FactId>,
    pub(super) names: Names,
    pub(super) now: Time,
}

impl Current {
    /// Look at it in the words of its pack. `masked`: personal data as masks.
    pub(super) fn look<'a>(&'a self, under: &'a Under, masked: bool) -> Option<Look<'a>> {
        let around = Around {
            law: &under.own.law,
            face: &under.newest.pack().face,
            calendar: Calendar::standard(),
            now: self.now,
            names: &self.names,
            openings: &self.openings,
            masked,
            later: &self.later,
        };
        Look::new(&self.record, around)
    }
}

impl Engine {
    /// Pending acts upon a record, oldest first.
    pub(super) fn pending_acts<'a>(
        &'a self,
        key: &'a Key,
    ) -> impl DoubleEndedIterator<Item = &'a Pending> + Clone {
        self.pending
            .iter()
            .filter(move |pending| pending.entry.record_kind == key.0 && pending.entry.row.order == key.1)
    }

    /// A record as it stands. Its document is read once.
    pub(super) fn current(&self, key: &Key) -> Result<Current, Failure> {
        self.live()?;
        let held = match self.shelf.scope_of(key) {
            Some(scope) => {
                let held = self.store()?.record(scope, &record_ref(key))?;
                held.map(|held| (scope.clone(), held))
            }
            None => None,
        };
        self.current_of(key, held.as_ref().map(|(scope, held)| (scope, held)))
    }

    /// The same of a record that was just read, or of one that only an unsent act has opened.
    pub(super) fn current_of(
        &self,
        key: &Key,
        held: Option<(&ScopeId, &HeldRecord)>,
    ) -> Result<Current, Failure> {
        let live = self.live()?;
        let now = self.time_now()?;
        let received = held.map(|(_, held)| read(held)).transpose()?;
        let acts = self.pending_acts(key).filter(|pending| counts(pending));
        let letters = acts.filter_map(|pending| pending.letter.as_ref());
        let first = letters.clone().next();
        let (scope, rev, law) = match (held, first) {
            (Some((scope, held)), _) => (scope.clone(), held.rev, held.law.clone()),
            (None, Some(letter)) => (letter.envelope.scope.clone(), 0, letter.envelope.law.clone()),
            (None, None) => return Err(NOT_HERE),
        };
        let mut openings = Openings::new();
        if let Some((_, held)) = held {
            openings.extend(held.shown.iter().filter_map(received_opening));
        }
        for letter in letters.clone() {
            openings.extend(own_openings(letter));
        }
        let under = self.shelf.packs.under(&law);
        let (record, later) = match &under {
            Ok(under) => fold_all(
                received,
                letters,
                &under.own.law,
                |envelope| live.actor(&envelope.record.kind, &envelope.role),
                now,
            ),
            Err(_) => (received, BTreeSet::new()),
        };
        Ok(Current {
            key: key.clone(),
            scope,
            rev,
            law,
            under,
            record: record.ok_or(NOT_HERE)?,
            openings,
            later,
            names: self.names(),
            now,
        })
    }

    /// Whether personal data of the record is shown as masks until somebody looks: the law keeps a record of that.
    pub(super) fn masks(&self, current: &Current) -> bool {
        let Ok(under) = &current.under else { return true };
        let kind = under.own.law.kind(&current.record.kind);
        let roles = self
            .live
            .as_ref()
            .map(crate::engine::Live::role_ids)
            .unwrap_or_default();
        kind.is_some_and(|kind| {
            let mut reveals = kind.acts.iter().filter(|row| row.id.to_string() == "reveal");
            reveals.any(|row| roles.iter().any(|role| row.names_role(role)))
        })
    }

    /// Remember what a record has to be once the gateway sends it: what it said in the receipt.
    pub(crate) fn expect_after(&mut self, receipt: &shenhai_protocol::Receipt) {
        if let (Some(rev), false) = (receipt.rev, receipt.after.is_empty()) {
            let key = key_of(&receipt.record);
            self.shelf.expect(key, rev, receipt.after.clone());
        }
    }
}

/// The record in a document, which has to be the one it came as.
fn read(held: &HeldRecord) -> Result<Record, Failure> {
    let unreadable = || Failure::Store(StoreError::Row("records"));
    let record = Record::read(held.document.as_bytes()).map_err(|_| unreadable())?;
    let is_it = record.id == held.record.id.as_str()
        && record.rev == held.rev
        && kind_name(&record.law.id, &record.kind) == held.record.kind
        && law_ref(&record.law) == held.law;
    is_it.then_some(record).ok_or_else(unreadable)
}

fn received_opening(shown: &shenhai_protocol::Shown) -> Option<(Digest32, Opened)> {
    let digest = Digest32::from_hex(shown.commitment.as_str())?;
    // A value that does not open its commitment is nobody's.
    let opens =
        |hex: &String| salt(hex).is_some_and(|salt| commitment(&shown.label, &salt, &shown.text) == digest);
    let masked = shown.salt.is_none();
    (masked || shown.salt.as_ref().is_some_and(opens)).then(|| {
        let text = shown.text.clone();
        (digest, Opened { text, masked })
    })
}

pub(super) fn own_openings(letter: &Letter) -> Vec<(Digest32, Opened)> {
    let disclosures = letter.filled_in().map_or(&[][..], |beside| &beside.disclosures);
    let one = |disclosure: &shenhai_protocol::Disclosure| {
        let digest = commitment(&disclosure.label, &salt(&disclosure.salt)?, &disclosure.value);
        let text = disclosure.value.clone();
        Some((digest, Opened { text, masked: false }))
    };
    disclosures.iter().filter_map(one).collect()
}
