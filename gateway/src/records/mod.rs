//! Records of packs: what is done to them is prepared outside the writer, committed inside it, shown by the law's sights.
//!
//! Not the fold (`shenhai-flow`) and not the packs (`crate::packs`). Nothing here knows any business: kinds, acts and facts
//! are names that a law gives.

mod act;
mod alarms;
mod ask;
mod carry;
mod commit;
mod contract;
mod errand;
mod keep;
mod own;
mod prepare;
mod sight;

pub(crate) use alarms::serve as sound_alarms;
pub(crate) use carry::serve as carry_out;
pub(crate) use commit::{Judged, judge, read as read_row};
pub(crate) use keep::{Ground, show_anew};
pub(crate) use prepare::{Prepared, prepare};
pub(crate) use sight::held;
