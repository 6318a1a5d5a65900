//! Forms, lists, migrations and what is expected of other packs: sound in themselves, and used by something.
//!
//! Not what one kind says of itself (`names`). Called once for a pack.

use super::{names, unknown};
use crate::Pack;
use crate::finding::{Findings, Place};
use crate::law::{Each, FactType, Who};
use crate::names::{FormId, ListId};
use crate::problem::Problem;
use std::collections::BTreeSet;

/// What belongs to no single kind: lists and forms, and whether anything uses them.
pub(super) fn check(pack: &Pack, findings: &mut Findings) {
    for (id, form) in &pack.law.forms {
        let file = form_file(id);
        for answer in &form.answers {
            names::answer(pack, answer, findings);
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
            .filter(|kind| !pack.law.kinds.contains_key(*kind))
        {
            findings.add(&migration.place, &unknown(kind));
        }
    }
    for expected in &pack.law.expects {
        names::list(pack, &expected.kind, &expected.place, findings);
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

pub(super) fn has_answers(pack: &Pack, form: &FormId) -> bool {
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
