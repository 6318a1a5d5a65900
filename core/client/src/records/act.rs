//! `records.act`: an act, tried, signed and kept, in one transaction with the end of its draft.

use super::attempt::{Attempt, Stamp, Tried};
use super::current::Current;
use super::names::{law_ref, refused};
use super::preview::{asked_facts, opened};
use crate::chain::{Basis, Deed};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::letter::{Content, Letter};
use crate::orders::TWICE_MILLIS;
use crate::rpc::{ActDone, ActParams};
use serde_json::{Map, Value as Json};
use shenhai_protocol::{CmdId, OrderId, RecordRef, SignedEnvelope, Verdict};
use shenhai_store::{StoreError, Write};
use shenhai_view::Openings;
use std::collections::BTreeSet;

impl Engine {
    /// `records.act`.
    pub(crate) fn do_act(&mut self, params: &ActParams) -> Result<ActDone, Failure> {
        let attempt = match self.attempt(&params.key) {
            Ok(attempt) => attempt,
            // It may have left while the form was open.
            Err(failure) => return self.save_act(params).and(Err(failure)),
        };
        if let Some((cmd_id, record)) = self.was_just_done(&attempt, &params.answers)? {
            let current = match attempt.current {
                Some(current) => current,
                None => self.current(&(params.key.kind.clone(), record))?,
            };
            let masked = self.masks(&current);
            let record = self.detail_of_record(&current, masked)?;
            return Ok(ActDone { cmd_id, record });
        }
        let stamp = self.stamp(None);
        let tried = match self.try_act(&attempt, &params.answers, &stamp) {
            Ok(tried) => tried,
            Err(refusal) => return self.save_act(params).and(Err(refused(&refusal))),
        };
        let (user, key) = (self.user()?, params.key.clone());
        let cmd_id = stamp.cmd_id.clone();
        let revealed = params.key.act.as_str() == "reveal";
        let current = self.sign_act(attempt, tried, stamp, |write| {
            write.remove_act_draft(&user, &key.kind, key.id.as_ref(), &key.act)
        })?;
        self.note_act_draft(&params.key, false);
        // Whoever asked to see is shown, this once.
        let masked = !revealed && self.masks(&current);
        let record = self.detail_of_record(&current, masked)?;
        Ok(ActDone { cmd_id, record })
    }

    /// Sign what was tried. The record as it stands then.
    pub(super) fn sign_act(
        &mut self,
        attempt: Attempt,
        tried: Tried,
        stamp: Stamp,
        together: impl FnOnce(&Write<'_>) -> Result<(), StoreError>,
    ) -> Result<Current, Failure> {
        let law = law_ref(attempt.under.own.law.reference());
        let id = OrderId(tried.record.id.clone());
        let deed = Deed {
            cmd_id: stamp.cmd_id.clone(),
            client_time: stamp.at,
            record: RecordRef {
                kind: attempt.key.kind.clone(),
                id: id.clone(),
            },
            act: attempt.key.act.clone(),
            role: attempt.key.role.clone(),
            law: law.clone(),
            closed: tried.closed,
        };
        let basis = Basis {
            scope: attempt.scope.clone(),
            rev: attempt.rev(),
            work: Some(stamp.work),
        };
        self.append(deed, basis, |beside| Content::Act(beside.clone()), together)?;
        let mut current = match attempt.current {
            Some(current) => Current {
                record: tried.record,
                ..current
            },
            None => Current {
                key: (attempt.key.kind.clone(), id),
                scope: attempt.scope,
                rev: 0,
                law,
                under: Ok(attempt.under),
                record: tried.record,
                openings: Openings::new(),
                later: BTreeSet::new(),
                names: self.names(),
                now: attempt.now,
            },
        };
        let signed = self.pending_command(&stamp.cmd_id);
        let letter = signed.and_then(|pending| pending.letter.clone());
        if let (Some(letter), Ok(under)) = (letter, &current.under) {
            current
                .later
                .extend(asked_facts(&under.own.law, &letter.envelope));
            current.openings.extend(super::current::own_openings(&letter));
        }
        Ok(current)
    }

    /// Whether the same was signed just now and was not refused: two taps, or two tabs.
    fn was_just_done(
        &self,
        attempt: &Attempt,
        answers: &Map<String, Json>,
    ) -> Result<Option<(CmdId, OrderId)>, Failure> {
        let now = self.server_now();
        let (after, before) = (now.plus(-TWICE_MILLIS), now.plus(TWICE_MILLIS));
        let key = &attempt.key;
        let (store, user) = (self.store()?, self.user()?);
        let id = key.id.as_ref();
        let signed = store.signed_between(&user, &key.kind, id, &key.act, after, before)?;
        for entry in signed.into_iter().filter(|entry| !entry.row.state.is_parked()) {
            let kept = store.envelope(&entry.row.cmd_id)?;
            let same = kept.is_some_and(|signed| is_same(attempt, &signed, answers));
            // What was refused and taken back to be mended is meant when it is signed again.
            let receipt = store
                .receipt(&entry.row.cmd_id)?
                .and_then(|signed| signed.open().ok());
            let refused = receipt.is_some_and(|receipt| receipt.verdict == Verdict::Refused);
            if same && !refused {
                return Ok(Some((entry.row.cmd_id, entry.row.order)));
            }
        }
        Ok(None)
    }
}

fn is_same(attempt: &Attempt, signed: &SignedEnvelope, answers: &Map<String, Json>) -> bool {
    let Some(Letter { envelope, .. }) = Letter::read(signed) else {
        return false;
    };
    let opened = opened(attempt.sheet(), &envelope, &signed.beside);
    envelope.role == attempt.key.role && opened.as_ref().is_some_and(|opened| opened == answers)
}
