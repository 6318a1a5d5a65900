//! What became of a linked record: the link mirrors it, and a row of the law may answer.

use super::answers::Answers;
use super::outward::Outward;
use super::refusal::{Code, Refusal};
use super::{Around, Desk};
use crate::record::{Pending, Record};
use shenhai_crypto::Digest32;
use shenhai_forms::value::Value;
use shenhai_pack::law::{Category, LinkNews, Who};
use shenhai_pack::names::FactId;
use std::collections::BTreeMap;

/// News of a linked record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The key of the link.
    pub key: Digest32,
    /// What happened.
    pub what: LinkNews,
    /// Of which ask this is the outcome; absent where the other changed by itself.
    pub outcome_of: Option<Pending>,
    /// The other's id, once it is known.
    pub id: Option<String>,
    /// The other's category.
    pub category: Option<Category>,
    /// What its contract gives.
    pub gives: BTreeMap<FactId, Value>,
    /// The code of a refusal.
    pub code: Option<String>,
}

/// The record after news of a link. Without a row that answers, the link alone changes.
pub(super) fn apply(
    around: Around<'_>,
    record: &Record,
    news: &News,
) -> Result<(Record, Vec<Outward>), Refusal> {
    let mut draft = record.clone();
    let link = draft
        .links
        .iter_mut()
        .find(|link| link.key == news.key)
        .ok_or(Code::NoLink)?;
    if let Some(outcome) = &news.outcome_of {
        let nth = link.pending.iter().position(|pending| pending == outcome);
        link.pending.remove(nth.ok_or(Code::NoLink)?);
    }
    if news.id.is_some() {
        link.id.clone_from(&news.id);
    }
    link.category = news.category.or(link.category);
    link.gives.extend(news.gives.clone());
    link.gives.retain(|_, value| !value.is_absent());
    let name = link.name.clone();
    let state = around.kind.state(&draft.state).ok_or(Code::LawChanged)?;
    let answers = Answers::default();
    let mut answering = None;
    for row in around.kind.acts.iter().filter(|row| row.from.includes(state)) {
        let is_it =
            |who: &Who| matches!(who, Who::Link { link, news: what } if *link == name && *what == news.what);
        if !row.who.iter().any(is_it) {
            continue;
        }
        let holds = match &row.when {
            None => true,
            Some(when) => Desk::new(draft.clone(), around, Some(row), &answers).holds(when, None)?,
        };
        if holds {
            answering = Some(row);
            break;
        }
    }
    around.carry_out(draft, false, answering, &answers)
}
