//! The records that a record holds as links.

use crate::look::{Labelled, Look};
use crate::written::written;
use shenhai_pack::law::{Category, Fact, KindRef};
use shenhai_pack::names::Name;

/// A linked record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What people call its kind.
    pub title: String,
    /// Its kind; of another pack where that is named.
    pub kind: KindRef,
    /// Its id, once it is known.
    pub id: Option<String>,
    /// What is known of where it stands.
    pub category: Option<Category>,
    /// What it gives.
    pub gives: Vec<Labelled>,
    /// Something asked of it has no outcome yet.
    pub pending: bool,
}

/// In the order in which they came.
pub(crate) fn links(look: &Look<'_>) -> Vec<Link> {
    look.record.links.iter().map(|link| one(look, link)).collect()
}

fn one(look: &Look<'_>, link: &shenhai_flow::record::Link) -> Link {
    let own = link.kind.pack.is_none();
    let texts = &look.around.face.texts;
    let title = texts
        .get(&format!("kind.{}.name", link.kind.kind))
        .filter(|_| own);
    let gives = link.gives.iter().map(|(name, value)| {
        let known: Option<&Fact> = look
            .around
            .law
            .kind(&link.kind.kind)
            .filter(|_| own)
            .and_then(|kind| kind.fact(name));
        let kind = known.and_then(|fact| fact.kind.value_type());
        Labelled {
            name: name.to_string(),
            label: known.map_or_else(|| name.to_string(), |fact| fact.label.clone()),
            text: kind.map_or_else(
                || value.to_string(),
                |kind| written(value, &kind, look.around.law),
            ),
            masked: false,
        }
    });
    Link {
        title: title.unwrap_or(link.name.as_str()).to_owned(),
        kind: link.kind.clone(),
        id: link.id.clone(),
        category: link.category,
        gives: gives.collect(),
        pending: !link.pending.is_empty(),
    }
}
