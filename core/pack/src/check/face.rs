//! Do the views show what there is, and does everything people read have its text?
//!
//! Not how a view is drawn. Called once for a pack; `index` after the filters are compiled.

use super::{Scene, unknown};
use crate::face::{ListView, Section};
use crate::finding::{Findings, Place};
use crate::law::{Act, Effect, FactType};
use crate::names::{FactId, Name};
use crate::problem::Problem;
use crate::{Pack, limits};
use std::collections::BTreeSet;

/// Most columns of a kind's index, the envelope included.
const INDEX_COLUMNS: usize = 24;

pub(super) fn check(pack: &Pack, findings: &mut Findings) {
    for list in &pack.face.lists {
        if let Some((id, kind)) = pack.law.kinds.get_key_value(&list.kind) {
            self::list(Scene { pack, id, kind }, list, findings);
        }
    }
    for (id, kind) in &pack.law.kinds {
        let scene = Scene { pack, id, kind };
        detail(scene, findings);
    }
    texts(pack, findings);
}

fn list(scene: Scene<'_>, list: &ListView, findings: &mut Findings) {
    for role in list
        .roles
        .iter()
        .filter(|role| !scene.pack.manifest.roles.contains(role))
    {
        findings.add(&list.places.roles, &unknown(role));
    }
    let card = &list.card.place;
    for name in list
        .card
        .title
        .iter()
        .chain(&list.card.lines)
        .chain(&list.card.tags)
    {
        column(scene, name, card, findings);
    }
    for clock in list
        .card
        .due
        .iter()
        .filter(|clock| scene.kind.clock(clock).is_none())
    {
        findings.add(&card.at("due"), &unknown(clock));
    }
    for by in &list.order {
        column(scene, &by.column, &list.places.order, findings);
    }
    let search = &list.places.search;
    for name in &list.search {
        match scene.kind.fact(name) {
            None => findings.add(search, &unknown(name)),
            Some(fact)
                if fact.class.is_some() || !matches!(fact.kind, FactType::Text | FactType::Code(_)) =>
            {
                let name = name.to_string();
                findings.add(search, &Problem::NotInIndex { name });
            }
            Some(_) => {}
        }
    }
    if list.search.len() > limits::SEARCHED {
        findings.add(
            search,
            &Problem::TooMany {
                what: "搜索的事实",
                max: limits::SEARCHED,
            },
        );
    }
    let mut seen = BTreeSet::new();
    for tab in list.tabs.iter().filter(|tab| !seen.insert(&tab.id)) {
        let name = tab.id.to_string();
        findings.add(&tab.filter.place.at("id"), &Problem::NamedTwice { name });
    }
}

/// A column that a list of the kind may name.
fn column(scene: Scene<'_>, name: &FactId, at: &Place, findings: &mut Findings) {
    let nameable = scene.pack.nameable(scene.id);
    if nameable.iter().any(|column| column.name == name.as_str()) {
        return;
    }
    match scene.kind.fact(name) {
        None => findings.add(at, &unknown(name)),
        Some(_) => {
            let name = name.to_string();
            findings.add(at, &Problem::NotInIndex { name });
        }
    }
}

/// Called when the filters are compiled: they name columns too.
pub(super) fn index(scene: Scene<'_>, findings: &mut Findings) {
    let mut lists = scene.pack.face.lists.iter().filter(|list| list.kind == *scene.id);
    let Some(first) = lists.next() else { return };
    let mut last = first;
    for list in lists {
        if list.card.due != first.card.due {
            findings.add(&list.card.place.at("due"), &Problem::OtherDue);
        }
        last = list;
    }
    if scene.pack.index(scene.id).len() > INDEX_COLUMNS {
        let max = INDEX_COLUMNS;
        findings.add(&last.places.list, &Problem::TooManyColumnsOfIndex { max });
    }
}

fn detail(scene: Scene<'_>, findings: &mut Findings) {
    let Some(detail) = scene.pack.face.details.get(scene.id) else {
        return;
    };
    for (section, place) in &detail.sections {
        match section {
            Section::Facts { facts, .. } => {
                for fact in facts.iter().filter(|fact| scene.kind.fact(fact).is_none()) {
                    findings.add(&place.at("facts"), &unknown(fact));
                }
            }
            Section::Step(act) => {
                if scene.kind.rows_of(act).next().is_none() {
                    findings.add(&place.at("step"), &unknown(act));
                }
            }
            Section::Part(_) => {}
        }
    }
}

fn texts(pack: &Pack, findings: &mut Findings) {
    let wanted = wanted(pack);
    let texts = &pack.face.texts;
    let at = Place::file(crate::face::TEXTS);
    for key in wanted.iter().filter(|key| texts.get(key).is_none()) {
        findings.add(&at.at("key"), &Problem::TextMissing { key: key.clone() });
    }
    for (key, place) in texts.keys().filter(|(key, _)| !wanted.contains(*key)) {
        let key = key.to_owned();
        findings.add(&place.at("key"), &Problem::TextUnused { key });
    }
}

/// The key of every text that some screen of this pack shows.
fn wanted(pack: &Pack) -> BTreeSet<String> {
    let mut wanted = BTreeSet::from(["pack".to_owned()]);
    wanted.extend(pack.manifest.roles.iter().map(|role| format!("role.{role}")));
    for (id, kind) in &pack.law.kinds {
        let own = |what: &str, name: &dyn std::fmt::Display| format!("kind.{id}.{what}.{name}");
        wanted.insert(format!("kind.{id}.name"));
        wanted.extend(kind.states.iter().map(|state| own("state", &state.id)));
        wanted.extend(kind.seats.iter().map(|seat| own("seat", &seat.id)));
        wanted.extend(kind.clocks.iter().map(|clock| own("clock", &clock.id)));
        let acts = kind.acts.iter().filter(|act| !act.is_of_the_spine());
        wanted.extend(acts.map(|act| own("act", &act.id)));
        let whys = kind.acts.iter().filter_map(|act: &Act| act.why.as_ref());
        wanted.extend(whys.map(|why| own("why", why)));
        for row in &kind.effects {
            if let Effect::Tell { text, .. } = &row.effect {
                wanted.insert(own("tell", text));
            }
        }
        if let Some(detail) = pack.face.details.get(id) {
            for (section, _) in &detail.sections {
                if let Section::Facts { id: section, .. } = section {
                    wanted.insert(own("section", section));
                }
            }
        }
    }
    for list in &pack.face.lists {
        wanted.insert(format!("list.{}.name", list.id));
        wanted.extend(
            list.tabs
                .iter()
                .map(|tab| format!("list.{}.tab.{}", list.id, tab.id)),
        );
    }
    wanted
}
