//! A count per key and minute: stops a flood of sign-ins.
//!
//! Not a fair queue and not shared between gateways. Called by sign-in.

use shenhai_protocol::UnixMillis;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const WINDOW_MILLIS: i64 = 60_000;
/// Keys of one minute that are told apart; those beyond share one count. Whoever has a million addresses does not
/// fill the memory with them.
const KEYS: usize = 65_536;

#[derive(Default)]
pub(crate) struct Limiter(Mutex<Window>);

#[derive(Default)]
struct Window {
    number: i64,
    counts: HashMap<String, u32>,
    rest: u32,
}

/// Too often in this minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooOften {
    /// When the next minute begins, seconds from now, rounded up.
    pub(crate) retry_after: u64,
}

impl Limiter {
    /// Let `key` go on at most `most` times in one minute of the clock.
    pub(crate) fn admit(&self, key: String, most: u32, now: UnixMillis) -> Result<(), TooOften> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.0.div_euclid(WINDOW_MILLIS);
        if window.number != number {
            // Forgetting everybody at once keeps the map as small as one minute's traffic.
            *window = Window {
                number,
                ..Window::default()
            };
        }
        let known = window.counts.contains_key(&key) || window.counts.len() < KEYS;
        let count = match known {
            true => window.counts.entry(key).or_insert(0),
            false => &mut window.rest,
        };
        *count = count.saturating_add(1);
        if *count <= most {
            return Ok(());
        }
        let left = WINDOW_MILLIS - now.0.rem_euclid(WINDOW_MILLIS);
        Err(TooOften {
            retry_after: left.unsigned_abs().div_ceil(1000),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_try_of_a_minute_is_refused_and_the_next_minute_starts_anew() {
        let limiter = Limiter::default();
        let at = |millis| UnixMillis(1_000_000 * WINDOW_MILLIS + millis);
        let try_at = |key: &str, millis| limiter.admit(key.to_owned(), 2, at(millis));
        let wait = |retry_after| Err(TooOften { retry_after });
        assert_eq!(try_at("a", 0), Ok(()));
        assert_eq!(try_at("a", 1), Ok(()));
        assert_eq!(try_at("a", 2), wait(60));
        assert_eq!(try_at("a", 59_999), wait(1));
        assert_eq!(try_at("b", 59_999), Ok(()));
        assert_eq!(try_at("a", 60_000), Ok(()));
    }

    #[test]
    fn a_flood_of_names_is_counted_together_and_shuts_out_nobody_who_is_known() {
        let limiter = Limiter::default();
        let at = UnixMillis(0);
        assert_eq!(limiter.admit("known".to_owned(), 2, at), Ok(()));
        for name in 1..KEYS {
            assert_eq!(limiter.admit(name.to_string(), 2, at), Ok(()));
        }
        let outcomes = [0, 1, 2].map(|name| limiter.admit(format!("more {name}"), 2, at).is_ok());
        assert_eq!(outcomes, [true, true, false]);
        assert_eq!(limiter.admit("known".to_owned(), 2, at), Ok(()));
    }
}
