//! Records of packs on this device: which packs there are, lists, pages, forms and acts of their records.
//!
//! Everything a screen shows is the received record with this device's own unsent acts folded over it, in the words of
//! the pack (`shenhai-view`). Not here: signing and sending (`chain`, `driver`), and any rule (`shenhai-flow`).
//! Called by `dispatch` and `driver`.

mod act;
mod attempt;
mod convert;
mod current;
mod derive;
mod detail;
mod drafts;
mod fetch;
mod form;
mod list;
mod names;
mod outbox;
mod packs;
mod preview;
mod shelf;
mod workable;

pub(crate) use fetch::fetch;
pub(crate) use shelf::Shelf;
