//! The questions of a form, of its sheet of answers.

use crate::words::Words;
use shenhai_flow::fold::Law;
use shenhai_pack::Kind;
use shenhai_pack::law::{Answer, FactType, Form, Holds, Seat};
use shenhai_pack::names::{ListId, Name};
use std::collections::BTreeMap;

/// The spine's act by which a seat gets another holder.
const REASSIGN: &str = "reassign";

/// A choice of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its code.
    pub code: String,
    /// What people call it.
    pub label: String,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What it wants.
    pub kind: FactType,
    /// It must be answered.
    pub required: bool,
    /// It is personal data.
    pub personal: bool,
    /// What a choice offers: codes that are not retired.
    pub choices: Vec<Choice>,
    /// Columns of a table.
    pub columns: Vec<Field>,
}

/// The questions of a form, in the order of its sheet.
#[must_use]
pub fn fields(law: &Law, form: &Form) -> Vec<Field> {
    form.answers.iter().map(|answer| field(law, answer)).collect()
}

fn field(law: &Law, answer: &Answer) -> Field {
    Field {
        name: answer.name.to_string(),
        label: answer.label.clone(),
        kind: answer.kind.clone(),
        required: answer.required,
        personal: answer.class.is_some(),
        choices: answer
            .kind
            .list()
            .map(|list| offered(law, list))
            .unwrap_or_default(),
        columns: answer.columns.iter().map(|column| field(law, column)).collect(),
    }
}

fn offered(law: &Law, list: &ListId) -> Vec<Choice> {
    let Some(list) = law.pack().law.lists.get(list) else {
        return Vec::new();
    };
    let codes = list
        .order
        .iter()
        .filter_map(|code| Some((code, list.codes.get(code)?)));
    codes
        .filter(|(_, held)| !held.retired)
        .map(|(code, held)| Choice {
            code: code.clone(),
            label: held.label.clone(),
        })
        .collect()
}

/// The questions of an act that is the product's own, where it asks any: `reassign` asks for the seat and for a person.
#[must_use]
pub fn own_fields(act: &str, kind: &Kind, words: Words<'_>) -> Option<Vec<Field>> {
    if act != REASSIGN {
        return None;
    }
    let persons = |seat: &&Seat| !seat.many && seat.holds == Holds::Person;
    let seats = kind.seats.iter().filter(persons).map(|seat| Choice {
        code: seat.id.to_string(),
        label: words.seat(seat.id.as_str()),
    });
    let field = |name: &str, label: &str, kind, choices| Field {
        name: name.to_owned(),
        label: label.to_owned(),
        kind,
        required: true,
        personal: false,
        choices,
        columns: Vec::new(),
    };
    Some(vec![
        field(
            "seat",
            Words::SEAT,
            FactType::Code(ListId::parse("seats")?),
            seats.collect(),
        ),
        field("person", Words::PERSON, FactType::Text, Vec::new()),
    ])
}

/// What each choice among questions offers, by the answer's name; of a table's column by `table/column`.
#[must_use]
pub fn choices(fields: &[Field]) -> BTreeMap<String, Vec<Choice>> {
    let mut all = BTreeMap::new();
    for field in fields {
        let columns = field.columns.iter().map(|column| {
            let name = format!("{}/{}", field.name, column.name);
            (name, column.choices.clone())
        });
        all.extend(columns);
        all.insert(field.name.clone(), field.choices.clone());
    }
    all.retain(|_, choices| !choices.is_empty());
    all
}
