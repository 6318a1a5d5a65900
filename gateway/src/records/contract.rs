//! What one kind may ask of another: the contracts of the asked kind, and the answers its form wants.
//!
//! Not the carrying out (`carry`) and not the guards of the act, which are the fold's.

use super::errand::wire;
use crate::packs::Held;
use shenhai_flow::fold::Answers;
use shenhai_flow::record::Item;
use shenhai_pack::Kind as KindLaw;
use shenhai_pack::law::{Answer, Request};
use shenhai_pack::names::{ActId, Name};
use shenhai_protocol::Kind;

/// Whether one contract of the asked kind lets the asker make this request and hand over these answers.
pub(super) fn allows(
    held: &Held,
    asked: &KindLaw,
    asker: &Kind,
    request: &Request,
    answers: &Answers,
) -> bool {
    asked.contracts.iter().any(|one| {
        let takes = |name: &String| one.takes.iter().any(|fact| fact.as_str() == name);
        one.may == *request
            && wire(held, &one.who) == *asker
            && answers.items.keys().chain(answers.rows.keys()).all(takes)
    })
}

/// Whether answers are those of an act's form: known, of their types, the required ones there.
pub(super) fn fit(held: &Held, asked: &KindLaw, act: &ActId, answers: &Answers) -> bool {
    let mut forms = asked.rows_of(act).filter_map(|row| row.form.as_ref());
    match forms.next() {
        None => answers.items.is_empty() && answers.rows.is_empty(),
        Some(form) => held
            .law
            .form(form)
            .is_some_and(|form| group_fits(&form.answers, answers)),
    }
}

fn group_fits(sheet: &[Answer], answers: &Answers) -> bool {
    let known = |name: &String| sheet.iter().any(|answer| answer.name.as_str() == name);
    let all_known = answers.items.keys().chain(answers.rows.keys()).all(known);
    all_known && sheet.iter().all(|answer| answer_fits(answer, answers))
}

fn answer_fits(answer: &Answer, answers: &Answers) -> bool {
    let name = answer.name.as_str();
    let item = answers.items.get(name).filter(|item| item.is_there());
    let rows = answers.rows.get(name).map_or(&[][..], Vec::as_slice);
    let typed = match (item, answer.kind.value_type()) {
        (None, _) => true,
        (Some(Item::Committed(_)), _) => answer.class.is_some(),
        (Some(Item::Plain(value)), Some(kind)) => answer.class.is_none() && value.is_of(&kind),
        (Some(Item::Plain(_)), None) => false,
    };
    let there = item.is_some() || !rows.is_empty();
    typed && (there || !answer.required) && rows.iter().all(|row| group_fits(&answer.columns, row))
}
