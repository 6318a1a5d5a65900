//! The acts that somebody may ask of a record, in the words of the pack. The rules are the fold's.

use crate::words::Words;
use shenhai_flow::fold::{Actor, Code, Given, Law, offered};
use shenhai_flow::record::Record;
use shenhai_pack::Face;
use shenhai_pack::names::{ActId, FormId, KindId, Name};

/// An act that the law knows for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The act.
    pub act: ActId,
    /// What people call it.
    pub title: String,
    /// The form it wants filled in.
    pub form: Option<FormId>,
    /// It can be done now.
    pub enabled: bool,
    /// Why not, in the pack's words; empty where the state says it.
    pub why: String,
}

/// The name of the form of an act that is the product's own.
fn own_form(act: &ActId) -> Option<FormId> {
    FormId::parse(act.as_str()).filter(|_| act.as_str() == "reassign")
}

/// Acts that can be done now, then those that cannot; each in the order of the sheet.
#[must_use]
pub fn offers(
    record: Option<&Record>,
    kind: &KindId,
    given: &Given<'_>,
    by: &Actor,
    law: &Law,
    face: &Face,
) -> Vec<Offer> {
    let words = Words::new(&face.texts, kind);
    let all = offered(record, kind, given, by, law).unwrap_or_default();
    let mut offers: Vec<Offer> = all
        .into_iter()
        .map(|one| Offer {
            title: words.act(one.act.as_str()),
            form: one.form.or_else(|| own_form(&one.act)),
            act: one.act,
            enabled: one.refusal.is_none(),
            why: match &one.refusal {
                Some(refusal) if refusal.code == Code::Guard => {
                    let why = refusal.why.as_ref();
                    why.map(|why| words.why(why.as_str())).unwrap_or_default()
                }
                _ => String::new(),
            },
        })
        .collect();
    // Stable: within both groups the order stays.
    offers.sort_by_key(|offer| !offer.enabled);
    offers
}
