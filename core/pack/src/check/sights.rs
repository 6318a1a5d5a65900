//! Who sees a record and in which colour, and what other kinds may ask of it: does each row name what there is?
//!
//! Not how much is asked of others (`effects`, `together`). Called for each kind.

use super::{Scene, names, unknown};
use crate::finding::{Findings, Place};
use crate::law::{Anchor, Fact, FactType, Holds, Moment, Request, SPINE_ACTS, Scope, SightRow};
use crate::names::Name;
use crate::problem::Problem;

/// Instants that every record has.
const INSTANTS: [&str; 3] = ["opened_at", "closed_at", "changed_at"];

pub(super) fn check(scene: Scene<'_>, findings: &mut Findings) {
    sights(scene, findings);
    contracts(scene, findings);
}

fn sights(scene: Scene<'_>, findings: &mut Findings) {
    // Where no kind of several has a row, the sheet is missing or spoilt, which was found.
    let mut kinds = scene.pack.law.kinds.values();
    let has_rows = scene.pack.law.kinds.len() == 1 || kinds.any(|kind| !kind.sights.is_empty());
    if scene.kind.sights.is_empty() && has_rows {
        let place = scene
            .pack
            .manifest
            .kinds
            .get(scene.id)
            .map(|head| head.place.clone());
        let kind = scene.id.to_string();
        findings.add(&place.unwrap_or_default(), &Problem::SeenByNobody { kind });
    }
    for (i, row) in scene.kind.sights.iter().enumerate() {
        let at = row.place.at("scope");
        match &row.scope {
            Scope::Person(seat) => names::seat(scene, seat, (Holds::Person, "人员"), &at, findings),
            Scope::Place(seat) => names::seat(scene, seat, (Holds::Place, "场所"), &at, findings),
            Scope::Unit { seat, .. } => {
                if scene
                    .kind
                    .seat(seat)
                    .is_none_or(|seat| seat.holds == Holds::Place)
                {
                    names::seat(scene, seat, (Holds::Person, "人员或单位"), &at, findings);
                }
            }
            Scope::Named(_) => {}
        }
        let shadowed = scene.kind.sights[..i].iter().any(|earlier| {
            earlier.scope == row.scope && earlier.class == row.class && earlier.guard.is_none()
        });
        if shadowed {
            findings.add(&row.place, &Problem::ScopeTwice);
        }
        let default = |other: &SightRow| other.scope == row.scope && other.class.is_none();
        if !scene.kind.sights.iter().any(default) {
            findings.add(&row.place.at("class"), &Problem::ScopeWithoutDefault);
        }
        if let Some(until) = &row.until {
            moment(scene, until, findings);
        }
    }
    for from in scene.kind.colours.iter().filter_map(|row| row.from.as_ref()) {
        moment(scene, from, findings);
    }
}

fn moment(scene: Scene<'_>, moment: &Moment, findings: &mut Findings) {
    match &moment.anchor {
        Anchor::Due(clock) => {
            if scene.kind.clock(clock).is_none() {
                findings.add(&moment.place, &unknown(clock));
            }
        }
        Anchor::Fact(name) if INSTANTS.contains(&name.as_str()) => {}
        Anchor::Fact(name) => match scene.kind.fact(name) {
            None => findings.add(&moment.place, &unknown(name)),
            Some(fact) if !matches!(fact.kind, FactType::Time | FactType::Date) => {
                let name = name.to_string();
                findings.add(&moment.place, &Problem::NotAMomentFact { name });
            }
            Some(fact) => unclassed(fact, &moment.place, findings),
        },
    }
}

fn unclassed(fact: &Fact, at: &Place, findings: &mut Findings) {
    if fact.class.is_some() {
        let name = fact.name.to_string();
        findings.add(at, &Problem::ClassedValue { name });
    }
}

fn contracts(scene: Scene<'_>, findings: &mut Findings) {
    for row in &scene.kind.contracts {
        let at = row.place.at("may");
        let asked = match &row.may {
            Request::Open => {
                let found = scene.opened_by_request();
                if found.is_none() {
                    findings.add(&at, &Problem::NoOpening);
                }
                found
            }
            Request::Act(act) if SPINE_ACTS.contains(&act.as_str()) => {
                findings.add(&at, &Problem::SpineAct);
                None
            }
            Request::Act(act) => {
                let found = scene.asked(act);
                if found.is_none() {
                    let act = act.to_string();
                    findings.add(&at, &Problem::ActOfNobody { act, who: "asked" });
                }
                found
            }
            Request::Link => None,
        };
        let form = asked
            .and_then(|act| act.form.as_ref())
            .and_then(|form| scene.pack.law.forms.get(form));
        for name in row
            .takes
            .iter()
            .filter(|name| form.is_none_or(|form| form.answer(name).is_none()))
        {
            findings.add(&row.place.at("takes"), &unknown(name));
        }
        for name in &row.gives {
            match scene.kind.fact(name) {
                None => findings.add(&row.place.at("gives"), &unknown(name)),
                Some(fact) if fact.class.is_some() => {
                    let name = name.to_string();
                    findings.add(&row.place.at("gives"), &Problem::ContractGivesClassed { name });
                }
                Some(_) => {}
            }
        }
        if row.who.pack.is_none() && !scene.pack.law.kinds.contains_key(&row.who.kind) {
            findings.add(&row.place.at("who"), &unknown(&row.who.kind));
        }
    }
}
