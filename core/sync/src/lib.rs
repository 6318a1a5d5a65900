//! Synchronisation as a pure machine: what happened goes in, what to do comes out.
//!
//! Not here: sockets, timers, the database, keys. `shenhai-client` performs the [`Instruction`]s and reports
//! back with [`Event`]s; `shenhai-store` keeps the [`Row`]s. Nothing here can fail and nothing here waits.
//!
//! # How the outbox keeps both orders
//!
//! The gateway takes a device's commands in `device_seq` order without a gap, and each command names the
//! hash of the one before. A push is therefore always the unreceipted part of the device's chain, oldest
//! first; no command overtakes another, of the same work order or of another.
//!
//! * **No answer, or one not understood** (no network, 5xx, a proxy's page, a cut, an unverifiable receipt):
//!   the whole push waits, growing pauses with jitter, and sends *the same bytes* again. The gateway answers
//!   what it already has with the same receipts.
//! * **A refused receipt** parks that command and nothing else. It keeps its place in the chain, so later
//!   commands go on. Those of the same order that were signed on the strength of it are shown as *blocked*
//!   until their own receipts arrive; they are still sent, since leaving them out would tear the chain, and
//!   the gateway refuses them by state if they depend on the refused one.
//! * **A stop without a receipt** (malformed, bad signature, reused id) says those bytes will never be taken
//!   and that the sequence did not move. The command is parked and leaves the chain, and the commands behind
//!   it are signed again one place earlier ([`Instruction::Rechain`]) – same ids, same content. They had no
//!   effect yet, so this changes nothing anybody has seen.
//! * **The gateway expects an earlier number** (a backup was restored): receipted commands from there on are
//!   queued again with their old bytes.
//! * **The device is revoked or its chain does not continue the gateway's**: everything unreceipted is
//!   parked out of the chain and the person signs in again; a parked command can then be signed anew.
//!
//! A row is dropped from the device only after its receipt was verified; parked rows wait for the person.

mod answer;
mod backoff;
mod clock;
mod machine;
mod outbox;
mod pull;

pub use answer::{read_answer, read_push_answer};
pub use backoff::{CAP_MILLIS, FIRST_MILLIS, pause_millis};
pub use clock::{Correction, Elapsed, Reading, ServerClock};
pub use machine::{Event, Instruction, Machine, Now, Overview, Phase, ScopeState, Stop, Verdicts};
pub use outbox::{Decision, Row, RowState};
