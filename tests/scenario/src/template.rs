//! `${name}` in the steps: the values saved so far take their place.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Put the saved values in. A text that is nothing but `${name}` becomes the value itself, number or not;
/// within a longer text the value appears as text.
///
/// # Errors
/// The name that is not known.
pub(crate) fn fill(template: &Value, saved: &BTreeMap<String, Value>) -> Result<Value, String> {
    Ok(match template {
        Value::String(text) => fill_text(text, saved)?,
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| fill(item, saved))
                .collect::<Result<_, _>>()?,
        ),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| Ok((name.clone(), fill(value, saved)?)))
                .collect::<Result<Map<_, _>, String>>()?,
        ),
        other => other.clone(),
    })
}

fn fill_text(text: &str, saved: &BTreeMap<String, Value>) -> Result<Value, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| format!("unclosed ${{ in {text:?}"))?;
        let value = saved.get(name).ok_or_else(|| name.to_owned())?;
        if before.is_empty() && after.is_empty() && filled.is_empty() {
            return Ok(value.clone());
        }
        filled.push_str(before);
        match value {
            Value::String(value) => filled.push_str(value),
            other => filled.push_str(&other.to_string()),
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(Value::String(filled))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_lone_name_keeps_its_type_and_a_name_in_a_text_becomes_text() {
        let saved = BTreeMap::from([("n".to_owned(), json!(7)), ("s".to_owned(), json!("x"))]);
        let filled = fill(&json!({"a": "${n}", "b": ["${s}-${n}"], "c": "plain"}), &saved);
        assert_eq!(filled, Ok(json!({"a": 7, "b": ["x-7"], "c": "plain"})));
    }

    #[test]
    fn an_unknown_name_is_an_error() {
        assert_eq!(fill(&json!("${gone}"), &BTreeMap::new()), Err("gone".to_owned()));
    }
}
