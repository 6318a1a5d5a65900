//! What the face of a pack makes of a record: its row in a list, its page, the forms and acts it offers.
//!
//! Not here: which records there are, where they are kept, and whatever decides (`shenhai-flow`): an act is offered
//! because the fold would take it. Called by the core on devices; knows neither clock nor storage, so the same row comes
//! of the same record everywhere. A rule that has no value shows nothing.

mod answered;
mod card;
mod colour;
mod detail;
mod fields;
mod index;
mod links;
mod list;
mod look;
mod offers;
mod sight;
mod steps;
mod words;
mod written;

pub use answered::answered;
pub use card::{Card, Due, card};
pub use detail::{Facts, Section, Table, dues, seats, sections};
pub use fields::{Choice, Field, choices, fields, own_fields};
pub use index::{IndexRow, index_row};
pub use links::Link;
pub use list::{Tab, folded, haystack, in_order, lists_of, stands_in, tabs};
pub use look::{Around, Labelled, Look, Names};
pub use offers::{Offer, offers};
pub use sight::{Opened, Openings};
pub use steps::Step;
pub use words::{Words, pack_title};
