//! Can every state be reached and left, and does every row get its turn?
//!
//! Not what formulas say: a guard counts as one that may hold or not. Called for each kind.

use super::Scene;
use crate::finding::Findings;
use crate::law::{Act, Category, Clock, Holding, Origin, State, Target, Who};
use crate::names::{Name, StateId};
use crate::problem::Problem;
use std::collections::BTreeSet;

pub(super) fn check(scene: Scene<'_>, findings: &mut Findings) {
    states(scene, findings);
    for (i, act) in scene.kind.acts.iter().enumerate() {
        row(scene, i, findings);
        let earlier = scene.kind.acts[..i]
            .iter()
            .find(|earlier| takes_all_of(scene, earlier, act));
        if let Some(earlier) = earlier {
            let earlier = earlier.place.row.unwrap_or(0);
            findings.add(&act.place, &Problem::NeverTried { earlier });
        }
    }
}

fn states(scene: Scene<'_>, findings: &mut Findings) {
    let kind = scene.kind;
    let reached = reached(scene);
    if reached.is_empty() {
        let place = scene
            .pack
            .manifest
            .kinds
            .get(scene.id)
            .map(|head| head.place.clone());
        findings.add(&place.unwrap_or_default(), &Problem::NoOpening);
        return;
    }
    for state in &kind.states {
        let at = state.place.at("id");
        let name = state.id.to_string();
        if !reached.contains(&state.id) {
            findings.add(&at, &Problem::Unreachable { name });
        } else if state.category.is_open() && !kind.acts.iter().any(|act| leads_away(act, state)) {
            findings.add(&at, &Problem::DeadEnd { name });
        }
    }
}

fn leads_away(act: &Act, state: &State) -> bool {
    act.from.includes(state)
        && match &act.to {
            Target::Same => false,
            Target::Back => true,
            Target::State(to) => *to != state.id,
        }
}

/// States to which some chain of acts leads. `@back` leads to where the record was before, so to nothing new.
pub(super) fn reached<'p>(scene: Scene<'p>) -> BTreeSet<&'p StateId> {
    let target = |act: &'p Act| match &act.to {
        Target::State(to) => scene.kind.state(to),
        Target::Same | Target::Back => None,
    };
    let opening = scene.kind.acts.iter().filter(|act| act.from == Origin::Nothing);
    let mut reached: BTreeSet<&StateId> = BTreeSet::new();
    let mut next: Vec<&State> = opening.filter_map(target).collect();
    while let Some(state) = next.pop() {
        if reached.insert(&state.id) {
            let onward = scene.kind.acts.iter().filter(|act| act.from.includes(state));
            next.extend(onward.filter_map(target));
        }
    }
    reached
}

fn row(scene: Scene<'_>, i: usize, findings: &mut Findings) {
    let act = &scene.kind.acts[i];
    // Where a later row is tried whenever this one could be, nobody is refused with this row's reason.
    let answered = || {
        scene.kind.acts[i + 1..]
            .iter()
            .any(|later| is_tried_with(scene, later, act))
    };
    match (&act.when, &act.why) {
        (Some(_), None) if !answered() => findings.add(&act.place.at("why"), &Problem::WhenWithoutWhy),
        (None, Some(_)) => findings.add(&act.place.at("why"), &Problem::WhyWithoutWhen),
        _ => {}
    }
    if act.from == Origin::Nothing && !matches!(act.to, Target::State(_)) && !act.is_of_the_spine() {
        findings.add(&act.place.at("to"), &Problem::OpensNowhere);
    }
    if act.from == Origin::Nothing {
        for who in &act.who {
            let seat = match who {
                Who::Role {
                    holding: Holding::Seat(seat) | Holding::UnitOf(seat),
                    ..
                }
                | Who::Device(seat) => seat.to_string(),
                _ => continue,
            };
            findings.add(&act.place.at("who"), &Problem::OpenedFromSeat { seat });
        }
    }
    for who in &act.who {
        let Who::Clock(id) = who else { continue };
        let calls = |clock: &Clock| {
            clock
                .alarms
                .iter()
                .any(|alarm| alarm.act.as_ref() == Some(&act.id))
        };
        if scene.kind.clock(id).is_some_and(|clock| !calls(clock)) {
            let clock = id.to_string();
            findings.add(&act.place.at("who"), &Problem::NoAlarm { clock });
        }
    }
    if act.to == Target::Back {
        let working = |state: &&State| act.from.includes(state) && state.category != Category::Waiting;
        if let Some(state) = scene.kind.states.iter().find(working) {
            let name = state.id.to_string();
            findings.add(&act.place.at("to"), &Problem::BackFromWork { name });
        }
    }
    // Somebody else begins anew or goes on: where it leads is the business's own.
    let leads = act.to != Target::Same && act.id.as_str() != "reassign";
    if act.is_of_the_spine() && (leads || act.form.is_some() || !act.ask.is_empty()) {
        findings.add(&act.place.at("act"), &Problem::SpineAct);
    }
}

/// Whether `wide` answers whenever `narrow` could: it is tried then, and has no guard.
fn takes_all_of(scene: Scene<'_>, wide: &Act, narrow: &Act) -> bool {
    wide.when.is_none() && is_tried_with(scene, wide, narrow)
}

/// Whether `wide` is tried whenever `narrow` is: the same act, every state, everybody.
fn is_tried_with(scene: Scene<'_>, wide: &Act, narrow: &Act) -> bool {
    let opens = |act: &Act| act.from == Origin::Nothing;
    let states = |act: &Act| -> BTreeSet<&str> {
        let states = scene.kind.states.iter().filter(|state| act.from.includes(state));
        states.map(|state| state.id.as_str()).collect()
    };
    wide.id == narrow.id
        && opens(wide) == opens(narrow)
        && states(narrow).is_subset(&states(wide))
        && narrow
            .who
            .iter()
            .all(|who| wide.who.iter().any(|wider| includes(wider, who)))
}

/// Whether everybody who is `who` is also `wider`.
fn includes(wider: &Who, who: &Who) -> bool {
    match (wider, who) {
        (
            Who::Role {
                role,
                holding: Holding::Any,
            },
            Who::Role { role: named, .. },
        ) => role == named,
        _ => wider == who,
    }
}
