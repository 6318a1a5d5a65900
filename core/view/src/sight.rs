//! Personal data as it is shown: in full, as a mask, or not at all.
//!
//! Not who may see what: whoever sends a record's openings has decided that.

use shenhai_crypto::Digest32;
use shenhai_flow::masking::mask;
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
