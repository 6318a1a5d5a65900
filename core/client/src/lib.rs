//! The facade of the core: sessions, use cases, the synchronisation loop and the rpc waist.
//!
//! A binding makes a [`host`], opens a [`Core`], passes requests to [`Core::rpc`] and listens with
//! [`Core::subscribe`]. It holds no rule of its own; the rules of the business are `shenhai-flow`'s, those of
//! synchronisation `shenhai-sync`'s, and what is kept is `shenhai-store`'s.

#![cfg_attr(
    target_arch = "wasm32",
    allow(
        clippy::arc_with_non_send_sync,
        reason = "a Worker has one thread; elsewhere the same types are Send"
    )
)]

mod board;
mod chain;
mod clocks;
mod config;
mod core;
mod devices;
mod dispatch;
mod driver;
mod engine;
mod failure;
mod gateway;
pub mod host;
mod keyring;
mod lease;
mod letter;
mod lock;
mod logwatch;
mod orders;
mod outbox;
mod proof;
mod reassign;
mod records;
mod rollback;
pub mod rpc;
mod session;
mod stamps;
mod topics;
mod trust;

pub use crate::core::Core;
pub use config::{Config, OpenError, Storage};
pub use shenhai_store::Tally;
pub use topics::Subscription;
