//! What an act asks of the directory and the counters before it can be committed.

use super::act::Act;
use super::law::Law;
use super::refusal::Refusal;
use super::{Actor, Around, Desk, dues, pinned};
use crate::record::Record;
use shenhai_forms::rule::Node;
use shenhai_forms::value::Value;
use shenhai_pack::law::Question;
use shenhai_pack::names::AskId;

/// A question with what it is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    /// The name of its answer.
    pub name: AskId,
    /// Which question.
    pub question: Question,
    /// What it is asked about; of a number, its series with `{year}` and facts filled in.
    pub about: Vec<Value>,
}

/// The next question of an act that its [`super::Given`] does not answer; none when all are. A question may be about the
/// answer to an earlier one, so they are asked one after the other.
///
/// # Errors
/// As [`super::apply`], for what comes before the effects.
pub fn next_inquiry(
    record: Option<&Record>,
    act: &Act<'_>,
    by: &Actor,
    law: &Law,
) -> Result<Option<Inquiry>, Refusal> {
    let kind = pinned(record, act, law)?;
    let dues = dues(record, act, law, kind)?;
    let around = Around {
        act,
        by,
        law,
        kind,
        dues: &dues,
    };
    if act.what.name().is_none() {
        return Ok(None);
    }
    let (row, answers) = around.choose(record)?;
    let Some(ask) = row
        .ask
        .iter()
        .find(|ask| !act.given.asked.contains_key(&ask.name))
    else {
        return Ok(None);
    };
    let draft = match record {
        Some(record) => record.clone(),
        None => around.opened(row)?,
    };
    let desk = Desk::new(draft, around, Some(row), &answers);
    let mut about = Vec::new();
    for formula in &ask.about {
        about.push(match ask.question {
            Question::Number => Value::text(series(&desk, &formula.text)),
            _ => desk.value(formula, None)?,
        });
    }
    Ok(Some(Inquiry {
        name: ask.name.clone(),
        question: ask.question,
        about,
    }))
}

/// The name of a series: `{year}` is the year of the commit, any other name an answer or else a fact.
fn series(desk: &Desk<'_>, text: &str) -> String {
    let text = text.trim_matches(['\'', '"']);
    let mut name = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        name.push_str(before);
        let (what, after) = after.split_once('}').unwrap_or((after, ""));
        let value = desk.answers.value(what).cloned();
        let fact = || desk.view().value(what).cloned();
        name.push_str(&match what {
            "year" => desk.around.act.given.at.date().to_string()[..4].to_owned(),
            _ => value.or_else(fact).unwrap_or_default().to_string(),
        });
        rest = after;
    }
    name.push_str(rest);
    name
}
