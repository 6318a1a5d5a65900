//! `form.open` and `records.check`: what a form asks, and what is wrong with its answers.

use super::attempt::Stamp;
use super::convert::{choice, fields};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::host::uuid_v7;
use crate::rpc::{ActKey, ActParams, ActReport, AnswerIssue, FormView};
use shenhai_flow::fold::{Code, Issue, Refusal};
use shenhai_protocol::{CmdId, WorkId};
use shenhai_view::{Words, choices};

impl Engine {
    /// `form.open`.
    pub(crate) fn open_form(&self, key: &ActKey) -> Result<FormView, Failure> {
        let attempt = self.attempt(key)?;
        let words = Words::new(&attempt.under.newest.pack().face.texts, &attempt.kind);
        let draft = self.draft_of_act(key)?;
        let saved_at = draft.as_ref().map(|draft| draft.saved_at);
        Ok(FormView {
            key: key.clone(),
            title: words.act(key.act.as_str()),
            fields: fields(attempt.questions()),
            answers: draft.map(|draft| draft.params.answers).unwrap_or_default(),
            saved_at,
        })
    }

    /// `records.check`.
    pub(crate) fn check_act(&self, params: &ActParams) -> Result<ActReport, Failure> {
        let attempt = self.attempt(&params.key)?;
        let tried = self.try_act(&attempt, &params.answers, &self.stamp(None));
        let (issues, refused) = match tried {
            Ok(_) => (Vec::new(), None),
            Err(refusal) if refusal.code == Code::Form || !refusal.issues.is_empty() => {
                (refusal.issues.into_iter().map(issue).collect(), None)
            }
            Err(refusal) => {
                let words = Words::new(&attempt.under.newest.pack().face.texts, &attempt.kind);
                (Vec::new(), Some(why(&refusal, words)))
            }
        };
        let asked = attempt.questions();
        let required = asked.iter().filter(|field| field.required);
        Ok(ActReport {
            issues,
            refused,
            required: required.map(|field| field.name.clone()).collect(),
            relevant: asked.iter().map(|field| field.name.clone()).collect(),
            offered: choices(&asked)
                .into_iter()
                .map(|(name, all)| (name, all.into_iter().map(choice).collect()))
                .collect(),
        })
    }

    /// Under which ids and when an act is signed; `work` where it goes on with what was signed before.
    pub(super) fn stamp(&self, work: Option<WorkId>) -> Stamp {
        let at = self.server_now();
        let cmd_id = uuid_v7(at, &mut self.rng.clone());
        Stamp {
            work: work.unwrap_or_else(|| WorkId(cmd_id.clone())),
            cmd_id: CmdId(cmd_id),
            at,
        }
    }
}

/// In the pack's words; empty where it has none.
fn why(refusal: &Refusal, words: Words<'_>) -> String {
    let why = refusal.why.as_ref().filter(|_| refusal.code == Code::Guard);
    why.map(|why| words.why(&why.to_string())).unwrap_or_default()
}

/// An answer that was to be closed and could not be was not a text.
fn issue(issue: Issue) -> AnswerIssue {
    AnswerIssue {
        answer: issue.answer,
        code: match issue.code.as_str() {
            "commitment" | "disclosure" | "not_json" => "type".to_owned(),
            _ => issue.code,
        },
    }
}
