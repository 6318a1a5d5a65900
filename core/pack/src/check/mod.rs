//! What holds across the sheets of a pack: every finding at once.
//!
//! Not the reading of one sheet (`law`, `face`). Each file here asks one question of the whole pack.

mod clocks;
mod effects;
mod examples;
mod face;
mod flow;
mod formulas;
mod names;
mod shared;
mod sights;
mod together;

pub use together::check_together;

use crate::Formula;
use crate::Pack;
use crate::finding::Findings;
use crate::law::{Act, Amount, Due, Each, Effect, Kind, KindRef, Origin, Who};
use crate::names::{ActId, KindId, LinkId, Name};
use crate::problem::Problem;
use std::collections::BTreeMap;

/// One kind of the pack under check.
#[derive(Debug, Clone, Copy)]
struct Scene<'p> {
    pack: &'p Pack,
    id: &'p KindId,
    kind: &'p Kind,
}

/// Ask every question.
pub(crate) fn check(pack: &Pack, findings: &mut Findings) {
    for (id, kind) in &pack.law.kinds {
        let scene = Scene { pack, id, kind };
        names::check(scene, findings);
        sights::check(scene, findings);
        flow::check(scene, findings);
        effects::check(scene, findings);
        clocks::check(scene, findings);
    }
    formulas::check(pack, findings);
    shared::check(pack, findings);
    examples::check(pack, findings);
    face::check(pack, findings);
    for (id, kind) in &pack.law.kinds {
        face::index(Scene { pack, id, kind }, findings);
    }
}

impl<'p> Scene<'p> {
    /// The links its effects make, with the kind each leads to. A name that leads to two is a finding of `effects`.
    fn links(self) -> BTreeMap<&'p LinkId, &'p KindRef> {
        let mut links = BTreeMap::new();
        for row in &self.kind.effects {
            if let Effect::Open { kind, link, .. } | Effect::Link { kind, link, .. } = &row.effect {
                links.entry(link).or_insert(kind);
            }
        }
        links
    }

    /// The kind of this pack that a reference names.
    fn own(self, kind: &KindRef) -> Option<Scene<'p>> {
        let own = kind
            .pack
            .as_ref()
            .is_none_or(|pack| *pack == self.pack.manifest.id);
        let (id, kind) = self.pack.law.kinds.get_key_value(&kind.kind).filter(|_| own)?;
        Some(Scene { id, kind, ..self })
    }

    /// The row by which another record opens one of this kind.
    fn opened_by_request(self) -> Option<&'p Act> {
        let asked = |act: &&Act| act.from == Origin::Nothing && act.who.contains(&Who::Asked);
        self.kind.acts.iter().find(asked)
    }

    /// The first row by which another record may ask for an act.
    fn asked(self, act: &ActId) -> Option<&'p Act> {
        self.kind
            .acts
            .iter()
            .find(|row| row.id == *act && row.who.contains(&Who::Asked))
    }
}

/// Every formula of a pack, wherever it stands.
fn formulas_of(pack: &Pack) -> impl Iterator<Item = &Formula> {
    let tabs = pack
        .face
        .lists
        .iter()
        .flat_map(|list| &list.tabs)
        .map(|tab| &tab.filter);
    pack.law.kinds.values().flat_map(formulas_of_kind).chain(tabs)
}

fn formulas_of_kind(kind: &Kind) -> Vec<&Formula> {
    let mut all: Vec<&Formula> = Vec::new();
    all.extend(kind.facts.iter().filter_map(|fact| fact.calc.as_ref()));
    all.extend(kind.acts.iter().filter_map(|act| act.when.as_ref()));
    for row in &kind.effects {
        all.extend(row.guard.iter().chain(row.each.as_ref().and_then(Each::rows)));
        match &row.effect {
            Effect::Set { value: formula, .. }
            | Effect::Drop { rows: formula, .. }
            | Effect::Seat { holder: formula, .. }
            | Effect::Link { id: formula, .. } => all.push(formula),
            Effect::Put { cells: with, .. }
            | Effect::Open { with, .. }
            | Effect::Do { with, .. }
            | Effect::Send { with, .. } => all.extend(with.iter().map(|(_, formula)| formula)),
            Effect::SetAnswered | Effect::Pop { .. } | Effect::Tell { .. } => {}
        }
    }
    for clock in &kind.clocks {
        all.extend(
            [&clock.running, &clock.from, &clock.pause, &clock.reset]
                .into_iter()
                .flatten(),
        );
        all.extend(clock.extra.iter().map(|(formula, _)| formula));
        for term in &clock.terms {
            all.extend(&term.when);
            match &term.due {
                Due::Until(formula) => all.push(formula),
                Due::After { amount, from, .. } => {
                    all.extend(from);
                    if let Amount::Rule(formula) = amount {
                        all.push(formula);
                    }
                }
            }
        }
    }
    all.extend(kind.sights.iter().filter_map(|row| row.guard.as_ref()));
    all.extend(kind.colours.iter().map(|row| &row.when));
    all
}

fn unknown<N: Name>(name: &N) -> Problem {
    Problem::Unknown {
        what: N::WHAT,
        name: name.to_string(),
    }
}
