//! A value as people write it. Days and instants are those of +08:00, whatever the device's zone.

use crate::words::Words;
use shenhai_flow::fold::Law;
use shenhai_forms::value::{Type, Value};
use shenhai_pack::law::Category;

/// A value of a type: codes by their labels, an instant to the minute. Absent is the empty text.
pub(crate) fn written(value: &Value, kind: &Type, law: &Law) -> String {
    match (value, kind) {
        (Value::Text(code), Type::Code(list)) => label(law, list, code),
        (Value::Codes(codes), Type::Codes(list)) => {
            let labels: Vec<String> = codes.iter().map(|code| label(law, list, code)).collect();
            labels.join("、")
        }
        (Value::Bool(yes), _) => (if *yes { Words::YES } else { Words::NO }).to_owned(),
        (Value::Time(_), _) => {
            // `2026-01-31T08:00:00.000+08:00`, the year being of four digits.
            let text = value.to_string();
            match (text.get(..10), text.get(11..16)) {
                (Some(day), Some(minute)) => format!("{day} {minute}"),
                _ => text,
            }
        }
        _ => value.to_string(),
    }
}

/// A code of a list of the law, or of one of the product's own.
fn label(law: &Law, list: &str, code: &str) -> String {
    let held = law
        .pack()
        .law
        .lists
        .get(list)
        .and_then(|list| list.codes.get(code));
    let category = || Category::from_word(code).filter(|_| list.starts_with('@'));
    match (held, category()) {
        (Some(code), _) => code.label.clone(),
        (None, Some(category)) => Words::category(category).to_owned(),
        (None, None) => code.to_owned(),
    }
}
