//! The questions of a form, of its sheet of answers.

use shenhai_flow::fold::Law;
use shenhai_pack::law::{Answer, FactType, Form};
use shenhai_pack::names::ListId;
use std::collections::BTreeMap;

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

/// What each choice of a form offers, by the answer's name; of a table's column by `table/column`.
#[must_use]
pub fn choices(law: &Law, form: &Form) -> BTreeMap<String, Vec<Choice>> {
    let mut all = BTreeMap::new();
    for field in fields(law, form) {
        for column in field.columns {
            if !column.choices.is_empty() {
                all.insert(format!("{}/{}", field.name, column.name), column.choices);
            }
        }
        if !field.choices.is_empty() {
            all.insert(field.name, field.choices);
        }
    }
    all
}
