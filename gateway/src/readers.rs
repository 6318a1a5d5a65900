//! Readers of outside bytes that are private to the gateway, for fuzzing alone.
//!
//! Not part of the gateway's interface. Called by tests/fuzz.

use crate::authority::read_sealing_key;
use crate::container::{Asked, read_token, read_user};
use crate::ingest::PlatformOrder;
use crate::keys;
use shenhai_protocol::{Channel, ErrorCode, OrderId, UnixMillis, UserId};
use std::time::Duration;
use zeroize::Zeroizing;

/// A platform's order, received at `now`: the id it gets.
///
/// # Errors
/// What the platform is answered.
pub fn order(channel: Channel, body: &[u8], now: UnixMillis) -> Result<OrderId, ErrorCode> {
    PlatformOrder::parse(body, now).map(|order| order.id(channel))
}

/// The container's answer to a request for a token.
///
/// # Errors
/// What the person who signs in is answered.
pub fn container_token(body: &[u8]) -> Result<(String, Duration), ErrorCode> {
    read_token(body)
}

/// The container's answer about a code; `None` where the token is stale.
///
/// # Errors
/// What the person who signs in is answered.
pub fn container_user(body: &[u8]) -> Result<Option<UserId>, ErrorCode> {
    read_user(body).map(|asked| match asked {
        Asked::User(user) => Some(user),
        Asked::StaleToken => None,
    })
}

/// The text of a key file.
#[must_use]
pub fn sealing_key(text: &str) -> Option<Zeroizing<[u8; 16]>> {
    read_sealing_key(text)
}

/// Hex digits, as of a platform's signature and of what is sealed in the database.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    keys::unhex(text)
}
