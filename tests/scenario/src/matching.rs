//! Whether an answer fulfils an expectation: everything expected is there, more may be.

use serde_json::Value;

/// Where and how `got` falls short of `expected`; `None` when it does not.
///
/// Objects: every expected field matches (`null` also matches a missing one). Arrays: same length, item by
/// item. `{"$contains": x}`: an array with at least one item that matches. `{"$present": true}`: anything but
/// `null`. Everything else: equal, numbers by value.
#[must_use]
pub fn mismatch(expected: &Value, got: &Value) -> Option<String> {
    at("", expected, got)
}

fn at(path: &str, expected: &Value, got: &Value) -> Option<String> {
    match (expected, got) {
        (Value::Object(fields), _) if fields.contains_key("$present") => got
            .is_null()
            .then(|| format!("{path}: expected something, got {got}")),
        (Value::Object(fields), _) if fields.contains_key("$contains") => {
            let wanted = &fields["$contains"];
            let found = got
                .as_array()
                .is_some_and(|items| items.iter().any(|item| at("", wanted, item).is_none()));
            (!found).then(|| format!("{path}: expected an item like {wanted}, got {got}"))
        }
        (Value::Object(fields), Value::Object(_)) => fields.iter().find_map(|(name, value)| {
            at(
                &format!("{path}/{name}"),
                value,
                got.get(name).unwrap_or(&Value::Null),
            )
        }),
        (Value::Array(wanted), Value::Array(items)) if wanted.len() == items.len() => wanted
            .iter()
            .zip(items)
            .enumerate()
            .find_map(|(index, (wanted, item))| at(&format!("{path}/{index}"), wanted, item)),
        (Value::Number(wanted), Value::Number(number)) if wanted.as_f64() == number.as_f64() => None,
        _ if expected == got => None,
        _ => Some(format!("{path}: expected {expected}, got {got}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn more_than_expected_fulfils() {
        assert_eq!(
            mismatch(&json!({"a": 1, "b": null}), &json!({"a": 1.0, "c": 2})),
            None
        );
    }

    #[test]
    fn lists_match_item_by_item_and_in_length() {
        assert_eq!(
            mismatch(&json!([{"a": 1}, {}]), &json!([{"a": 1, "b": 2}, {"c": 3}])),
            None
        );
        assert_eq!(
            mismatch(&json!({"l": [1]}), &json!({"l": [1, 2]})),
            Some("/l: expected [1], got [1,2]".to_owned())
        );
        assert_eq!(
            mismatch(&json!({"l": [1, 3]}), &json!({"l": [1, 2]})),
            Some("/l/1: expected 3, got 2".to_owned())
        );
    }

    #[test]
    fn contains_asks_for_one_item_and_present_for_anything() {
        assert_eq!(
            mismatch(&json!({"$contains": {"a": 2}}), &json!([{"a": 1}, {"a": 2}])),
            None
        );
        assert!(mismatch(&json!({"$contains": {"a": 3}}), &json!([{"a": 1}])).is_some());
        assert_eq!(
            mismatch(&json!({"a": {"$present": true}}), &json!({"a": false})),
            None
        );
        assert!(mismatch(&json!({"a": {"$present": true}}), &json!({})).is_some());
    }
}
