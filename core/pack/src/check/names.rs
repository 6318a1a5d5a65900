//! Does every name exist, is each given once, and does it name what the place wants?

use super::{Scene, unknown};
use crate::finding::{Findings, Place};
use crate::law::{
    Act, Anchor, Answer, Each, Fact, FactType, Holding, Holds, LinkNews, Moment, Request, SPINE_ACTS, Scope,
    Who,
};
use crate::names::{FactId, FormId, ListId, Name, SeatId};
use crate::problem::Problem;
use crate::{Pack, limits};
use std::collections::BTreeSet;

/// Instants that every record has.
pub(super) const INSTANTS: [&str; 3] = ["opened_at", "closed_at", "changed_at"];

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
    sights(scene, findings);
    contracts(scene, findings);
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

/// What belongs to no single kind: lists and forms, and whether anything uses them.
pub(super) fn check_shared(pack: &Pack, findings: &mut Findings) {
    for (id, form) in &pack.law.forms {
        let file = form_file(id);
        for answer in &form.answers {
            self::answer(pack, answer, findings);
        }
        let users: Vec<_> = pack
            .law
            .kinds
            .values()
            .flat_map(|kind| &kind.acts)
            .filter(|act| act.form.as_ref() == Some(id))
            .collect();
        let people = |who: &Who| matches!(who, Who::Role { .. } | Who::Device(_));
        let name = id.to_string();
        if users.is_empty() {
            findings.add(&Place::file(&file), &Problem::FormUnused { name });
        } else if !form.drawn
            && !pack.manifest.product_forms.contains(id)
            && users.iter().any(|act| act.who.iter().any(people))
        {
            findings.add(&Place::file(&file), &Problem::FormNotDrawn { name });
        }
    }
    for form in pack
        .manifest
        .product_forms
        .iter()
        .filter(|form| !has_answers(pack, form))
    {
        let name = form.to_string();
        let place = Place::file(crate::MANIFEST).at("product_forms");
        findings.add(&place, &Problem::FormMissing { name });
    }
    let version = pack.manifest.version;
    for migration in &pack.law.migrations {
        if migration.from >= migration.to || migration.to > version {
            findings.add(&migration.place, &Problem::BadMigration { version });
        }
        for kind in migration
            .kinds
            .keys()
            .filter(|kind| !pack.law.kinds.contains_key(kind))
        {
            findings.add(&migration.place, &unknown(kind));
        }
    }
    for expected in &pack.law.expects {
        list(pack, &expected.kind, &expected.place, findings);
    }
    let used = used_lists(pack);
    for list in pack.law.lists.keys().filter(|list| !used.contains(list)) {
        let name = list.to_string();
        findings.add(
            &Place::file(&format!("law/lists/{list}.csv")),
            &Problem::ListUnused { name },
        );
    }
}

fn form_file(id: &FormId) -> String {
    format!("law/forms/{id}.csv")
}

fn has_answers(pack: &Pack, form: &FormId) -> bool {
    pack.law
        .forms
        .get(form)
        .is_some_and(|form| !form.answers.is_empty())
}

/// Lists that a type names, or that a formula names in quotes, as `lookup` does.
fn used_lists(pack: &Pack) -> BTreeSet<&ListId> {
    let law = &pack.law;
    let facts = law.kinds.values().flat_map(|kind| &kind.facts);
    let of_facts = facts
        .flat_map(|fact| std::iter::once(fact).chain(&fact.columns))
        .map(|fact| &fact.kind);
    let answers = law.forms.values().flat_map(|form| &form.answers);
    let of_answers = answers
        .flat_map(|answer| std::iter::once(answer).chain(&answer.columns))
        .map(|answer| &answer.kind);
    let of_expected = law.expects.iter().map(|expected| &expected.kind);
    let types = of_facts.chain(of_answers).chain(of_expected);
    let mut used: BTreeSet<_> = types.filter_map(FactType::list).collect();
    let effects = law.kinds.values().flat_map(|kind| &kind.effects);
    used.extend(effects.filter_map(|row| match &row.each {
        Some(Each::List(list)) => Some(list),
        _ => None,
    }));
    let texts: Vec<_> = super::formulas_of(pack)
        .map(|formula| formula.text.as_str())
        .collect();
    for list in law.lists.keys() {
        let quoted = [format!("'{list}'"), format!("\"{list}\"")];
        if texts
            .iter()
            .any(|text| quoted.iter().any(|quoted| text.contains(quoted)))
        {
            used.insert(list);
        }
    }
    used
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

fn answer(pack: &Pack, answer: &Answer, findings: &mut Findings) {
    list(pack, &answer.kind, &answer.place, findings);
    if answer.kind == FactType::Table && answer.columns.is_empty() {
        findings.add(&answer.place.at("type"), &Problem::TableWithoutColumns);
    }
    for column in &answer.columns {
        list(pack, &column.kind, &column.place, findings);
    }
}

fn list(pack: &Pack, kind: &FactType, place: &Place, findings: &mut Findings) {
    if let Some(list) = kind.list().filter(|list| !pack.law.lists.contains_key(list)) {
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
    if let Some(form) = act.form.as_ref().filter(|form| !has_answers(scene.pack, form)) {
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
fn seat(
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
            Scope::Person(seat) => self::seat(scene, seat, (Holds::Person, "人员"), &at, findings),
            Scope::Place(seat) => self::seat(scene, seat, (Holds::Place, "场所"), &at, findings),
            Scope::Unit { seat, .. } => {
                if scene
                    .kind
                    .seat(seat)
                    .is_none_or(|seat| seat.holds == Holds::Place)
                {
                    self::seat(scene, seat, (Holds::Person, "人员或单位"), &at, findings);
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
        let default = |other: &crate::law::SightRow| other.scope == row.scope && other.class.is_none();
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
