//! What was done to a record, as far as its heads are kept.

use crate::look::{Labelled, Look};
use shenhai_flow::record::Head;
use shenhai_forms::value::{Time, Value};
use shenhai_pack::names::{ActId, Name};

/// An act that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The act.
    pub act: ActId,
    /// What people call it.
    pub title: String,
    /// By whom; empty where no person acted, or where it is not known any more.
    pub by: String,
    /// When it was applied.
    pub at: Time,
    /// The entry's id.
    pub entry: String,
    /// The device that signed it.
    pub device: Option<String>,
    /// What was filled in; whoever has it puts it here.
    pub answers: Vec<Labelled>,
}

/// Oldest first, and how many older ones are not kept. What a link only reported is left out.
pub(crate) fn timeline(look: &Look<'_>) -> (Vec<Step>, u64) {
    let steps = &look.record.steps;
    let heads = u64::try_from(steps.heads.len()).unwrap_or(u64::MAX);
    let shown = steps.heads.iter().filter_map(|head| step(look, head));
    (shown.collect(), steps.count.saturating_sub(heads))
}

/// The last time an act was done, while its head is kept.
pub(crate) fn last(look: &Look<'_>, act: &ActId) -> Option<Step> {
    let rev = look.record.steps.acts.get(act)?.rev;
    let head = look.record.steps.heads.iter().find(|head| head.rev == rev)?;
    step(look, head)
}

fn step(look: &Look<'_>, head: &Head) -> Option<Step> {
    let act = head.act.clone()?;
    // Who did it is kept of the last time only.
    let last = look
        .record
        .steps
        .acts
        .get(&act)
        .filter(|step| step.rev == head.rev);
    let person = last.filter(|step| !step.role.is_absent());
    let by = match person.map(|step| &step.by) {
        Some(Value::Text(id)) => look.name_of(id),
        _ => String::new(),
    };
    Some(Step {
        title: look.words.act(act.as_str()),
        act,
        by,
        at: head.at,
        entry: head.entry.clone(),
        device: head.device.clone(),
        answers: Vec::new(),
    })
}
