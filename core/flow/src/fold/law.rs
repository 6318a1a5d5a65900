//! A law as the fold takes it: a pack that was checked, and the reference under which records are pinned to it.

use shenhai_pack::law::{Amount, Due, Effect, Form};
use shenhai_pack::names::{FormId, KindId};
use shenhai_pack::{Formula, Kind, Pack, PackRef};
use std::collections::BTreeSet;

/// A checked pack and its reference.
#[derive(Debug, Clone)]
pub struct Law {
    pack: Pack,
    reference: PackRef,
    /// Kinds with a rule that asks a clock something; for the others dues need not be worked out before an act.
    reads_clocks: BTreeSet<KindId>,
}

impl Law {
    /// A pack as [`shenhai_pack::load`] hands it over.
    #[must_use]
    pub fn new(pack: Pack, reference: PackRef) -> Self {
        let reads_clocks = pack
            .law
            .kinds
            .iter()
            .filter(|(_, kind)| {
                formulas(kind).into_iter().any(|formula| {
                    let rule = formula.rule().map(shenhai_forms::rule::Rule::reads);
                    let reads = rule.or(formula.rows().map(shenhai_forms::rule::Rows::reads));
                    reads.is_some_and(|names| names.iter().any(|name| name.contains('.')))
                })
            })
            .map(|(id, _)| id.clone())
            .collect();
        Self {
            pack,
            reference,
            reads_clocks,
        }
    }

    /// The pack.
    #[must_use]
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// Under what records are pinned to it.
    #[must_use]
    pub fn reference(&self) -> &PackRef {
        &self.reference
    }

    /// One of its kinds.
    #[must_use]
    pub fn kind(&self, id: &KindId) -> Option<&Kind> {
        self.pack.law.kinds.get(id)
    }

    /// One of its forms.
    #[must_use]
    pub fn form(&self, id: &FormId) -> Option<&Form> {
        self.pack.law.forms.get(id)
    }

    pub(crate) fn reads_clocks(&self, kind: &KindId) -> bool {
        self.reads_clocks.contains(kind)
    }
}

/// Every formula that is evaluated in the course of an act, or for a record's scopes.
fn formulas(kind: &Kind) -> Vec<&Formula> {
    let mut all: Vec<&Formula> = kind.facts.iter().filter_map(|fact| fact.calc.as_ref()).collect();
    for act in &kind.acts {
        all.extend(&act.when);
        all.extend(act.ask.iter().flat_map(|ask| &ask.about));
    }
    for row in &kind.effects {
        all.extend(&row.guard);
        all.extend(row.each.as_ref().and_then(shenhai_pack::law::Each::rows));
        match &row.effect {
            Effect::Set { value, .. } => all.push(value),
            Effect::Drop { rows, .. } => all.push(rows),
            Effect::Seat { holder, .. } => all.push(holder),
            Effect::Link { id, .. } => all.push(id),
            Effect::Put { cells: with, .. }
            | Effect::Open { with, .. }
            | Effect::Do { with, .. }
            | Effect::Send { with, .. } => all.extend(with.iter().map(|(_, formula)| formula)),
            Effect::SetAnswered | Effect::Pop { .. } | Effect::Tell { .. } => {}
        }
    }
    for clock in &kind.clocks {
        all.extend(
            [&clock.running, &clock.pause, &clock.reset, &clock.from]
                .into_iter()
                .flatten(),
        );
        all.extend(clock.extra.as_ref().map(|(extra, _)| extra));
        for term in &clock.terms {
            all.extend(&term.when);
            match &term.due {
                Due::Until(until) => all.push(until),
                Due::After { amount, from, .. } => {
                    all.extend(from);
                    if let Amount::Rule(rule) = amount {
                        all.push(rule);
                    }
                }
            }
        }
    }
    all.extend(kind.sights.iter().filter_map(|row| row.guard.as_ref()));
    all
}
