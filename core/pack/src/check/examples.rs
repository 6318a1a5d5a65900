//! Do the examples speak of what there is?
//!
//! Not whether they come out as written, which is found by running them. Called once for a pack.

use super::{Scene, unknown};
use crate::Pack;
use crate::examples::{ExampleActor, ExampleStep};
use crate::finding::Findings;

pub(super) fn check(pack: &Pack, findings: &mut Findings) {
    for step in pack.examples.iter().flatten() {
        if let Some((id, kind)) = pack.law.kinds.get_key_value(&step.kind) {
            self::step(Scene { pack, id, kind }, step, findings);
        }
    }
}

fn step(scene: Scene<'_>, step: &ExampleStep, findings: &mut Findings) {
    let kind = scene.kind;
    let rows: Vec<_> = kind.rows_of(&step.act).collect();
    if rows.is_empty() {
        findings.add(&step.place.at("act"), &unknown(&step.act));
        return;
    }
    if let ExampleActor::Person { role, .. } = &step.by
        && !scene.pack.manifest.roles.contains(role)
    {
        findings.add(&step.place.at("by"), &unknown(role));
    }
    if let Some(state) = step.state.as_ref().filter(|state| kind.state(state).is_none()) {
        findings.add(&step.place.at("state"), &unknown(state));
    }
    for (name, _) in step.facts.iter().filter(|(name, _)| kind.fact(name).is_none()) {
        findings.add(&step.place.at("facts"), &unknown(name));
    }
    let forms: Vec<_> = rows
        .iter()
        .filter_map(|row| scene.pack.law.forms.get(row.form.as_ref()?))
        .collect();
    for (name, _) in &step.answers {
        if !forms.iter().any(|form| form.answer(name).is_some()) {
            findings.add(&step.place.at("answers"), &unknown(name));
        }
    }
    for (name, _) in &step.asked {
        if !rows.iter().flat_map(|row| &row.ask).any(|ask| ask.name == *name) {
            findings.add(&step.place.at("asked"), &unknown(name));
        }
    }
}
