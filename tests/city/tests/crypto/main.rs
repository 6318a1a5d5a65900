//! The gateway's adapters against the emulated cryptographic services, over real HTTP.

#[cfg(not(feature = "production"))]
mod accepted;
#[cfg(feature = "production")]
mod production;
mod stage;
