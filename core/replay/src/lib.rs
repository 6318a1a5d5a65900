//! From what is signed to what is folded: acts and own entries as they stand on the wire become acts of the fold, and a
//! history of them is judged again under the law then in force.
//!
//! Not here: signatures, places in the log (`shenhai-proof`) and the deciding (`shenhai-flow`). Called by the gateway
//! before it answers, by devices for what they have not sent yet, and by whoever checks a case.

mod code;
mod history;
mod names;
mod wording;

pub use code::code_of;
pub use history::{Difference, Divergence, Entry, Shelf, replay};
pub use names::{law_ref, pack_ref, split_kind};
pub use wording::{MAX_DEPTH, Unreadable, Wording, after_entry, asked, disclosures, given, person};
