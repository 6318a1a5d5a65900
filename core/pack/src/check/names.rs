//! Does every name exist, is each given once, and does it name what the place wants?
//!
//! Not whether what they name fits together. Called for each kind; the other checks ask here for seats and types.

use super::{Scene, unknown};
use crate::finding::{Findings, Place};
use crate::law::{Act, Answer, Fact, FactType, Holding, Holds, LinkNews, Scope, Who};
use crate::names::{FactId, Name, SeatId};
use crate::problem::Problem;
use crate::{Pack, limits};
use std::collections::BTreeSet;

pub(super) fn check(scene: Scene<'_>, findings: &mut Findings) {
    let kind = scene.kind;
    once(
        kind.facts.iter().map(|fact| (&fact.name, &fact.place)),
        "name",
        findings,
    );
    once(
        kind.states.iter().map(|state| (&state.id, &state.place)),
        "id",
        findings,
    );
    once(
        kind.seats.iter().map(|seat| (&seat.id, &seat.place)),
        "id",
        findings,
    );
    once(
        kind.clocks.iter().map(|clock| (&clock.id, &clock.place)),
        "kind",
        findings,
    );
    bounds(scene, findings);
    for fact in &kind.facts {
        self::fact(scene, fact, findings);
    }
    for act in &kind.acts {
        self::act(scene, act, findings);
    }
    clocks(scene, findings);
    template(scene, findings);
    migrations(scene, findings);
}

/// What a migration to this version leads to must be there.
fn migrations(scene: Scene<'_>, findings: &mut Findings) {
    let (kind, version) = (scene.kind, scene.pack.manifest.version);
    for migration in scene
        .pack
        .law
        .migrations
        .iter()
        .filter(|migration| migration.to == version)
    {
        let Some(of) = migration.kinds.get(scene.id) else {
            continue;
        };
        let at = &migration.place;
        for new in of.states.values().filter(|new| kind.state(new).is_none()) {
            findings.add(at, &unknown(new));
        }
        for new in of.facts.values().flatten().filter(|new| kind.fact(new).is_none()) {
            findings.add(at, &unknown(new));
        }
        for new in of.seats.values().flatten().filter(|new| kind.seat(new).is_none()) {
            findings.add(at, &unknown(new));
        }
        for new in of
            .clocks
            .values()
            .flatten()
            .filter(|new| kind.clock(new).is_none())
        {
            findings.add(at, &unknown(new));
        }
    }
}

fn once<'n, N: Name + 'n>(
    names: impl Iterator<Item = (&'n N, &'n Place)>,
    column: &str,
    findings: &mut Findings,
) {
    let mut seen = BTreeSet::new();
    for (name, place) in names {
        if !seen.insert(name) {
            let problem = Problem::NamedTwice {
                name: name.to_string(),
            };
            findings.add(&place.at(column), &problem);
        }
    }
}

fn bounds(scene: Scene<'_>, findings: &mut Findings) {
    let kind = scene.kind;
    let facts = kind.facts.iter().map(|fact| 1 + fact.columns.len()).sum();
    let counts = [
        (
            facts,
            limits::FACTS,
            "事实",
            kind.facts.last().map(|fact| &fact.place),
        ),
        (
            kind.states.len(),
            limits::STATES,
            "状态",
            kind.states.last().map(|state| &state.place),
        ),
        (
            kind.seats.len(),
            limits::SEATS,
            "席位",
            kind.seats.last().map(|seat| &seat.place),
        ),
        (
            kind.clocks.len(),
            limits::CLOCKS,
            "时钟",
            kind.clocks.last().map(|clock| &clock.place),
        ),
        (
            kind.sights.len(),
            limits::SCOPES * 6,
            "范围",
            kind.sights.last().map(|row| &row.place),
        ),
    ];
    for (count, max, what, place) in counts {
        if let Some(place) = place.filter(|_| count > max) {
            findings.add(place, &Problem::TooMany { what, max });
        }
    }
    let mut scopes: Vec<&Scope> = Vec::new();
    for row in &kind.sights {
        if !scopes.contains(&&row.scope) {
            scopes.push(&row.scope);
        }
        if scopes.len() > limits::SCOPES {
            findings.add(
                &row.place,
                &Problem::TooMany {
                    what: "范围",
                    max: limits::SCOPES,
                },
            );
            return;
        }
    }
}

fn fact(scene: Scene<'_>, fact: &Fact, findings: &mut Findings) {
    list(scene.pack, &fact.kind, &fact.place, findings);
    once(
        fact.columns.iter().map(|column| (&column.name, &column.place)),
        "name",
        findings,
    );
    if fact.kind == FactType::Table && fact.columns.is_empty() {
        findings.add(&fact.place.at("type"), &Problem::TableWithoutColumns);
    }
    for column in &fact.columns {
        list(scene.pack, &column.kind, &column.place, findings);
    }
    // A seat and a fact, or a clock's due and a fact, would be one column of a list.
    let taken = scene
        .kind
        .seats
        .iter()
        .any(|seat| seat.id.as_str() == fact.name.as_str())
        || scene
            .kind
            .clocks
            .iter()
            .any(|clock| format!("{}_due", clock.id) == fact.name.as_str());
    if taken {
        let name = fact.name.to_string();
        findings.add(&fact.place.at("name"), &Problem::NamedTwice { name });
    }
}

pub(super) fn answer(pack: &Pack, answer: &Answer, findings: &mut Findings) {
    list(pack, &answer.kind, &answer.place, findings);
    if answer.kind == FactType::Table && answer.columns.is_empty() {
        findings.add(&answer.place.at("type"), &Problem::TableWithoutColumns);
    }
    for column in &answer.columns {
        list(pack, &column.kind, &column.place, findings);
    }
}

pub(super) fn list(pack: &Pack, kind: &FactType, place: &Place, findings: &mut Findings) {
    if let Some(list) = kind.list().filter(|list| !pack.law.lists.contains_key(*list)) {
        findings.add(&place.at("list"), &unknown(list));
    }
}

fn act(scene: Scene<'_>, act: &Act, findings: &mut Findings) {
    if let crate::law::Origin::States(states) = &act.from {
        for state in states.iter().filter(|state| scene.kind.state(state).is_none()) {
            findings.add(&act.place.at("from"), &unknown(state));
        }
    }
    if let crate::law::Target::State(state) = &act.to
        && scene.kind.state(state).is_none()
    {
        findings.add(&act.place.at("to"), &unknown(state));
    }
    for who in &act.who {
        self::who(scene, who, &act.place.at("who"), findings);
    }
    if let Some(form) = act
        .form
        .as_ref()
        .filter(|form| !super::shared::has_answers(scene.pack, form))
    {
        let name = form.to_string();
        findings.add(&act.place.at("form"), &Problem::FormMissing { name });
    }
}

pub(super) fn who(scene: Scene<'_>, who: &Who, at: &Place, findings: &mut Findings) {
    match who {
        Who::Role { role, holding } => {
            if !scene.pack.manifest.roles.contains(role) {
                findings.add(at, &unknown(role));
            }
            match holding {
                Holding::Seat(seat) | Holding::UnitOf(seat) => {
                    self::seat(scene, seat, (Holds::Person, "人员"), at, findings);
                }
                Holding::Any => {}
            }
        }
        Who::Device(seat) => self::seat(scene, seat, (Holds::Place, "场所"), at, findings),
        Who::Clock(clock) => {
            if scene.kind.clock(clock).is_none() {
                findings.add(at, &unknown(clock));
            }
        }
        Who::Link { link, news } => match scene.links().get(link) {
            None => {
                let name = link.to_string();
                findings.add(at, &Problem::LinkUnknown { name });
            }
            Some(kind) => {
                if let (LinkNews::Accepted(act), Some(other)) = (news, scene.own(kind))
                    && other.asked(act).is_none()
                {
                    let act = act.to_string();
                    findings.add(at, &Problem::LinkNewsUnknown { act });
                }
            }
        },
        Who::Adapter(_) | Who::Asked => {}
    }
}

/// A seat must exist and hold what the place needs.
pub(super) fn seat(
    scene: Scene<'_>,
    seat: &SeatId,
    (holds, wanted): (Holds, &'static str),
    at: &Place,
    findings: &mut Findings,
) {
    match scene.kind.seat(seat) {
        None => findings.add(at, &unknown(seat)),
        Some(found) if found.holds != holds => {
            let name = seat.to_string();
            findings.add(at, &Problem::SeatHoldsOther { name, wanted });
        }
        Some(_) => {}
    }
}

fn clocks(scene: Scene<'_>, findings: &mut Findings) {
    for clock in &scene.kind.clocks {
        if clock.terms.is_empty() {
            findings.add(&clock.place, &Problem::NoTerm);
        }
        for alarm in &clock.alarms {
            let Some(act) = &alarm.act else { continue };
            let at = alarm.place.at("act");
            let answered = |row: &&Act| row.who.contains(&Who::Clock(clock.id.clone()));
            if scene.kind.rows_of(act).next().is_none() {
                findings.add(&at, &unknown(act));
            } else if scene.kind.rows_of(act).find(answered).is_none() {
                let act = act.to_string();
                findings.add(
                    &at,
                    &Problem::ActOfNobody {
                        act, who: "clock:…"
                    },
                );
            }
        }
    }
}

fn template(scene: Scene<'_>, findings: &mut Findings) {
    let head = scene.pack.manifest.kinds.get(scene.id);
    let Some(template) = head.and_then(|head| head.id.as_ref()) else {
        return;
    };
    for name in template.facts() {
        templated(scene, name, &template.place, findings);
    }
}

/// A fact that an id or a number is made of: plain, and nobody's.
pub(super) fn templated(scene: Scene<'_>, name: &FactId, at: &Place, findings: &mut Findings) {
    let problem = match scene.kind.fact(name) {
        None => unknown(name),
        Some(fact) if fact.class.is_some() => Problem::ClassedInTemplate {
            name: name.to_string(),
        },
        Some(fact) => match fact.kind {
            FactType::Text | FactType::Code(_) | FactType::Int | FactType::Date => return,
            _ => Problem::TemplateType {
                name: name.to_string(),
            },
        },
    };
    findings.add(at, &problem);
}
