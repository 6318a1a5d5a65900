//! What was filled into a form, as people read it.

use crate::look::Labelled;
use crate::written::written;
use serde_json::{Map, Value as Json};
use shenhai_flow::fold::Law;
use shenhai_flow::masking::mask;
use shenhai_forms::value::{Type, Value};
use shenhai_pack::law::{Answer, Form};

/// The answers that were given, in the order of the form's sheet; a table by how many rows it has. With `masked`,
/// personal data stands as its mask.
#[must_use]
pub fn answered(law: &Law, form: &Form, given: &Map<String, Json>, masked: bool) -> Vec<Labelled> {
    let shown = |answer: &Answer| {
        let name = answer.name.to_string();
        let (text, is_mask) = match (given.get(&name)?, answer.kind.value_type(), answer.class) {
            (Json::Array(rows), None, _) => (rows.len().to_string(), false),
            (Json::String(text), _, Some(class)) if masked => (mask(class, text), true),
            (given, Some(kind), _) => (one(law, &kind, given)?, false),
            (_, None, _) => return None,
        };
        (!text.is_empty()).then(|| Labelled {
            name,
            label: answer.label.clone(),
            text,
            masked: is_mask,
        })
    };
    form.answers.iter().filter_map(shown).collect()
}

/// An answer as it is sent, which is its spelling or one of JSON's own.
fn one(law: &Law, kind: &Type, given: &Json) -> Option<String> {
    let spelling = match given {
        Json::String(text) => text.clone(),
        Json::Bool(yes) => yes.to_string(),
        Json::Number(number) => number.to_string(),
        Json::Array(codes) => {
            let codes: Option<Vec<&str>> = codes.iter().map(Json::as_str).collect();
            codes?.join(" ")
        }
        _ => return None,
    };
    let value = Value::read(kind, &spelling).unwrap_or(Value::text(spelling));
    Some(written(&value, kind, law))
}
