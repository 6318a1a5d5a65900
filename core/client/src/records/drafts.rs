//! What was typed for acts and not submitted: kept with every change, given back when the form is opened again.

use super::names::{Key, record_ref};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::rpc::{ActDraft, ActKey, ActParams, DraftSaved, Topic};
use shenhai_protocol::{ErrorCode, OrderId, RecordRef};
use shenhai_store::{KeptActDraft, StoreError};

impl Engine {
    /// `records.save`.
    pub(crate) fn save_act(&mut self, params: &ActParams) -> Result<DraftSaved, Failure> {
        let user = self.user()?;
        let draft = self.act_draft(params)?;
        self.store_mut()?
            .write(|write| write.save_act_draft(&user, &draft))?;
        self.note_act_draft(&params.key, true);
        Ok(DraftSaved {
            saved_at: draft.saved_at,
        })
    }

    /// `records.discard`.
    pub(crate) fn discard_act(&mut self, key: &ActKey) -> Result<DraftSaved, Failure> {
        let user = self.user()?;
        self.store_mut()?
            .write(|write| write.remove_act_draft(&user, &key.kind, key.id.as_ref(), &key.act))?;
        self.note_act_draft(key, false);
        Ok(DraftSaved {
            saved_at: self.server_now(),
        })
    }

    /// A draft as it is kept.
    pub(super) fn act_draft(&self, params: &ActParams) -> Result<KeptActDraft, Failure> {
        let unreadable = |_| Failure::Refused(ErrorCode::Internal, "the draft has no JSON");
        Ok(KeptActDraft {
            kind: params.key.kind.clone(),
            id: params.key.id.clone(),
            act: params.key.act.clone(),
            saved_at: self.server_now(),
            json: serde_json::to_string(params).map_err(unreadable)?,
        })
    }

    /// The lists show whether there is a draft.
    pub(super) fn note_act_draft(&mut self, key: &ActKey, drafted: bool) {
        let had = self.shelf.is_drafted(&key.kind, key.id.as_ref(), Some(&key.act));
        self.shelf
            .set_drafted(&key.kind, key.id.as_ref(), &key.act, drafted);
        if had != drafted {
            self.mark(Topic::Orders);
        }
    }

    /// The drafts upon a record.
    pub(super) fn drafts_of(&self, key: &Key) -> Result<Vec<ActDraft>, Failure> {
        self.kept_drafts(Some(&record_ref(key)))
    }

    /// The draft of an act.
    pub(super) fn draft_of_act(&self, key: &ActKey) -> Result<Option<ActDraft>, Failure> {
        let record = RecordRef {
            kind: key.kind.clone(),
            // As the drafts of acts that open a record are kept.
            id: key.id.clone().unwrap_or_else(|| OrderId(String::new())),
        };
        let drafts = self.kept_drafts(Some(&record))?;
        Ok(drafts.into_iter().find(|draft| draft.params.key.act == key.act))
    }

    /// Drafts of records that are no longer here. Before the first pull is complete nothing is said to have left.
    pub(crate) fn left_acts(&self) -> Result<Vec<ActDraft>, Failure> {
        if !self.is_loaded() || self.readable().is_err() {
            return Ok(Vec::new());
        }
        let mut left = self.kept_drafts(None)?;
        left.retain(|draft| {
            let key = &draft.params.key;
            let record = key.id.clone().map(|id| (key.kind.clone(), id));
            record.is_some_and(|record| self.shelf.slip(&record).is_none())
        });
        Ok(left)
    }

    fn kept_drafts(&self, record: Option<&RecordRef>) -> Result<Vec<ActDraft>, Failure> {
        let user = self.user()?;
        let read = |kept: KeptActDraft| {
            let params = serde_json::from_str(&kept.json).map_err(|_| StoreError::Row("act_drafts"))?;
            Ok(ActDraft {
                params,
                saved_at: kept.saved_at,
            })
        };
        let kept = self.store()?.act_drafts(&user, record)?;
        Ok(kept.into_iter().map(read).collect::<Result<_, StoreError>>()?)
    }
}
