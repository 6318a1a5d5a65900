//! Emulators of the city's systems: the hotline platforms 12345, 12319 and 110, and the container
//! (随申办政务云) in which the light app runs, the cryptographic services, and an outside chain.
//!
//! Not the city's: every order is synthetic (样例), every page says EMULATOR, and the wire types are written
//! from `docs/city-interfaces.md` without sharing code with the gateway, so that a mistake on one side shows.
//! Called by `shenhai-city`, by the scenario's stack and by `cargo xtask run`.

mod admin;
mod chain;
mod clock;
mod config;
mod container;
mod crypto;
mod delivery;
mod directory;
mod faults;
mod hotline;
mod ledger;
mod orders;
mod pages;
mod server;
mod signature;

pub use clock::{Clock, shanghai_text, system_clock};
pub use config::{Anchor, CityConfig, ConfigError, Container, Platform};
pub use crypto::{CryptoService, identity_headers};
pub use delivery::Pauses;
pub use directory::{Account, AccountRole, Directory, SAMPLE_DIRECTORY};
pub use orders::{CHANNELS, Caller, Order, SampleOrders, Spread};
pub use server::{City, Running, Setup};
pub use signature::{MAX_SKEW_SECONDS, sign};
