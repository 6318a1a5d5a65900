//! Acts of packs that are not done, as the person sees them, and what the person decides about those that are parked.

use super::attempt::Attempt;
use super::convert::all_labelled;
use super::detail::filled_in;
use super::names::{parts, refused};
use super::preview::opened;
use crate::engine::{Engine, Pending};
use crate::failure::Failure;
use crate::outbox::{put_away, put_away_row, standing};
use crate::rpc::{ActItem, ActKey, ActMended, ActParams, MendParams, RecordKey};
use serde_json::{Map, Value as Json};
use shenhai_pack::law::Origin;
use shenhai_pack::names::{ActId, Name};
use shenhai_protocol::{Beside, Envelope, ErrorCode};
use shenhai_store::StoreError;
use shenhai_sync::Row;
use shenhai_view::Words;

impl Engine {
    /// One act for the screen; `None` for a command on an order.
    pub(crate) fn act_item(&self, pending: &Pending) -> Option<ActItem> {
        let entry = &pending.entry;
        if pending.is_of_order() {
            return None;
        }
        // What may not be opened is listed all the same: nobody is to wonder where it went.
        let open = self.readable().is_ok();
        let letter = pending.letter.as_ref().filter(|_| open);
        let under = letter.and_then(|letter| self.shelf.packs.under(&letter.envelope.law).ok());
        let (state, next_at, reason) = standing(entry.row.state);
        let key = (entry.record_kind.clone(), entry.row.order.clone());
        let title = under.as_ref().and_then(|under| {
            let (_, kind) = parts(&entry.record_kind)?;
            let words = Words::new(&under.newest.pack().face.texts, &kind);
            Some(words.act(entry.act.as_str()))
        });
        let answers = letter
            .zip(under.as_ref())
            .and_then(|(letter, under)| filled_in(&letter.envelope, letter.filled_in()?, under, false));
        let row = self.first_row(&key).filter(|_| open);
        Some(ActItem {
            cmd_id: entry.row.cmd_id.clone(),
            record: RecordKey {
                kind: key.0.clone(),
                id: key.1,
            },
            act: entry.act.clone(),
            title: title.unwrap_or_else(|| entry.act.0.clone()),
            kind_title: match open {
                true => self.kind_title(&key.0),
                false => key.0.0.clone(),
            },
            record_title: row.map(|row| row.title),
            answers: all_labelled(answers.unwrap_or_default()),
            created_at: entry.created_at,
            state,
            attempts: entry.row.attempts,
            next_at,
            reason,
            mendable: entry.row.state.is_parked() && letter.is_some() && under.is_some(),
        })
    }

    /// `outbox.retry` of an act: the same answers, signed anew upon the record as it stands. One that would be refused
    /// again stays as it is.
    pub(crate) fn retry_act(
        &mut self,
        row: &Row,
        envelope: &Envelope,
        beside: &Beside,
    ) -> Result<(), Failure> {
        let key = self.act_key(envelope);
        let attempt = self.attempt(&key)?;
        let answers = answers(&attempt, envelope, beside)?;
        let stamp = self.stamp(Some(envelope.work.clone()));
        let tried = self
            .try_act(&attempt, &answers, &stamp)
            .map_err(|refusal| refused(&refusal))?;
        self.sign_act(attempt, tried, stamp, |write| put_away(write, row))?;
        self.decided(&row.cmd_id, put_away_row(row))?;
        Ok(())
    }

    /// `records.mend`: what was filled in goes back to where it was typed. Nothing of it is lost between: the draft is
    /// kept in the transaction that takes the act away.
    pub(crate) fn mend_act(&mut self, params: &MendParams) -> Result<ActMended, Failure> {
        let row = self.parked(&params.cmd_id)?;
        let pending = self.pending_command(&params.cmd_id);
        let letter = pending.and_then(|pending| pending.letter.as_ref());
        let letter = letter.ok_or(StoreError::Row("outbox"))?;
        let (envelope, beside) = match letter.filled_in() {
            Some(beside) => (letter.envelope.clone(), beside.clone()),
            None => return Err(Failure::Refused(ErrorCode::WrongState, "a command on an order")),
        };
        let key = self.act_key(&envelope);
        let attempt = self.attempt(&key)?;
        let mended = ActParams {
            answers: answers(&attempt, &envelope, &beside)?,
            key,
        };
        let other = self.draft_of_act(&mended.key)?;
        let other = other.is_some_and(|draft| draft.params.answers != mended.answers);
        if other && !params.replace_draft {
            return Ok(ActMended {
                key: mended.key,
                draft_in_the_way: true,
            });
        }
        let (user, draft) = (self.user()?, self.act_draft(&mended)?);
        self.store_mut()?.write(|write| {
            write.save_act_draft(&user, &draft)?;
            put_away(write, &row)
        })?;
        self.note_act_draft(&mended.key, true);
        self.decided(&params.cmd_id, put_away_row(&row))?;
        Ok(ActMended {
            key: mended.key,
            draft_in_the_way: false,
        })
    }

    /// The act of a signed text. One that opens a record is done upon none.
    fn act_key(&self, envelope: &Envelope) -> ActKey {
        let under = self.shelf.packs.under(&envelope.law).ok();
        let named = parts(&envelope.record.kind).zip(ActId::parse(envelope.act.as_str()));
        let opens = under.zip(named).is_some_and(|(under, ((_, kind), act))| {
            let kind = under.own.law.kind(&kind);
            kind.is_some_and(|kind| kind.rows_of(&act).all(|row| row.from == Origin::Nothing))
        });
        ActKey {
            kind: envelope.record.kind.clone(),
            id: (!opens).then(|| envelope.record.id.clone()),
            act: envelope.act.clone(),
            role: envelope.role.clone(),
        }
    }
}

/// What was filled in, opened.
fn answers(attempt: &Attempt, envelope: &Envelope, beside: &Beside) -> Result<Map<String, Json>, Failure> {
    opened(attempt.sheet(), envelope, beside).ok_or(Failure::Store(StoreError::Row("outbox")))
}
