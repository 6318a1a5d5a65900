//! The fold of acts into records under a pack's law (`fold`, `record`, `clock`), and the business rules of hotline orders
//! that the hotline's pack replaces: who may do what when, what is due when, what a form must say.
//!
//! Not here: any clock, storage or network – the caller passes every instant in – and no decision about
//! what happens next; the gateway decides, a client previews with the same code.
//! Called by the gateway and by `shenhai-client`. The rules that a district may set otherwise are the
//! versioned files in `data/`, each with the tag of where it comes from.

mod calendar;
pub mod clock;
mod deadlines;
mod flow;
pub mod fold;
pub mod forms;
pub mod labels;
pub mod masking;
pub mod record;
mod statutory;

pub use calendar::{Calendar, CalendarError, ShanghaiDay, WorkingDay, due_today};
pub use deadlines::{DeadlineRules, RulesError};
pub use flow::{Flow, FlowError, FlowFileError};
