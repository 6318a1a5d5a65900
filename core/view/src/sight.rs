//! Personal data as it is shown: in full, as a mask, or not at all.
//!
//! Not who may see what: whoever sends a record's openings has decided that.

use shenhai_crypto::Digest32;
use shenhai_flow::masking::{mask_name, mask_phone};
use shenhai_pack::law::Class;
use std::collections::BTreeMap;

/// What is known of a withheld value.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// The value, or its mask.
    pub text: String,
    /// It is a mask.
    pub masked: bool,
}

/// Withheld values by their commitments.
pub type Openings = BTreeMap<Digest32, Opened>;

/// In place of what is not known here.
const HIDDEN: &str = "***";

/// A withheld value as it is shown, and whether that is a mask.
pub(crate) fn shown(class: Option<Class>, opened: Option<&Opened>, masked: bool) -> (String, bool) {
    match (opened, class) {
        (None, _) => (HIDDEN.to_owned(), true),
        (Some(opened), Some(class)) if masked && !opened.masked => (mask(class, &opened.text), true),
        (Some(opened), _) => (opened.text.clone(), opened.masked),
    }
}

/// What remains of a value of a class where it is not shown in full.
#[must_use]
pub fn mask(class: Class, text: &str) -> String {
    match class {
        Class::Name => mask_name(text),
        Class::Phone => mask_phone(text),
        Class::Id => ends(text, 4, 2),
        Class::Address => ends(text, 6, 0),
        Class::FreeText => HIDDEN.to_owned(),
    }
}

/// The first and last characters of a text that is at least twice as long as what is shown of it.
fn ends(text: &str, first: usize, last: usize) -> String {
    let chars: Vec<char> = text.trim().chars().collect();
    if chars.len() < 2 * (first + last) {
        return HIDDEN.to_owned();
    }
    let head: String = chars[..first].iter().collect();
    let tail: String = chars[chars.len() - last..].iter().collect();
    format!("{head}{HIDDEN}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_hides_more_than_it_shows() {
        assert_eq!(mask(Class::Phone, "13800001234"), "138****1234");
        assert_eq!(mask(Class::Name, "王小明"), "王＊＊");
        assert_eq!(mask(Class::Id, "310101199001011234"), "3101***34");
        assert_eq!(mask(Class::Id, "E1234567"), "***");
        assert_eq!(
            mask(Class::Address, "上海市黄浦区西藏南路一百弄"),
            "上海市黄浦区***"
        );
        assert_eq!(mask(Class::Address, "西藏南路"), "***");
        assert_eq!(mask(Class::FreeText, "家住西藏南路"), "***");
    }
}
