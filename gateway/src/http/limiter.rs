//! A count per key and minute: stops a flood of sign-ins.
//!
//! Not a fair queue and not shared between gateways. Called by sign-in.

use shenhai_protocol::UnixMillis;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const WINDOW_MILLIS: i64 = 60_000;

#[derive(Default)]
pub(crate) struct Limiter(Mutex<Window>);

#[derive(Default)]
struct Window {
    number: i64,
    counts: HashMap<String, u32>,
}

impl Limiter {
    /// Whether `key` may go on: at most `most` times in one minute of the clock.
    pub(crate) fn admit(&self, key: String, most: u32, now: UnixMillis) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.0.div_euclid(WINDOW_MILLIS);
        if window.number != number {
            // Forgetting everybody at once keeps the map as small as one minute's traffic.
            *window = Window {
                number,
                counts: HashMap::new(),
            };
        }
        let count = window.counts.entry(key).or_insert(0);
        *count = count.saturating_add(1);
        *count <= most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_try_of_a_minute_is_refused_and_the_next_minute_starts_anew() {
        let limiter = Limiter::default();
        let at = |millis| UnixMillis(1_000_000 * WINDOW_MILLIS + millis);
        assert!(limiter.admit("a".to_owned(), 2, at(0)));
        assert!(limiter.admit("a".to_owned(), 2, at(1)));
        assert!(!limiter.admit("a".to_owned(), 2, at(59_999)));
        assert!(limiter.admit("b".to_owned(), 2, at(59_999)));
        assert!(limiter.admit("a".to_owned(), 2, at(60_000)));
    }
}
