//! A service that does not answer is left alone for a while, so that it does not hold the writer on every call.
//!
//! Not a queue: a call during the pause fails at once and is tried again by whoever made it.

use crate::clock::Moment;
use std::time::Duration;

/// Failures in a row after which the service is left alone.
const FAILURES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What is known of a service's health.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    closed_until: Option<Moment>,
}

impl Breaker {
    /// Whether to ask at all. After a pause one call is let through as a trial; others wait for its outcome.
    pub(crate) fn may_ask(&mut self, now: Moment) -> bool {
        match self.closed_until {
            Some(until) if now < until => false,
            Some(_) => {
                self.closed_until = Some(now + self.pause());
                true
            }
            None => true,
        }
    }

    /// It answered, if only with a refusal.
    pub(crate) fn answered(&mut self) {
        *self = Self::default();
    }

    /// No answer, or none that can be read.
    pub(crate) fn failed(&mut self, now: Moment) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            self.closed_until = Some(now + self.pause());
        }
    }

    fn pause(&self) -> Duration {
        let doublings = self.failures.saturating_sub(FAILURES).min(16);
        FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(times: u32, now: Moment) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..times {
            breaker.failed(now);
        }
        breaker
    }

    #[test]
    fn the_third_failure_in_a_row_leaves_the_service_alone_for_a_second() {
        let now = Moment::now();
        assert!(failed(2, now).may_ask(now));
        let mut breaker = failed(3, now);
        assert!(!breaker.may_ask(now + Duration::from_millis(999)));
        assert!(breaker.may_ask(now + Duration::from_secs(1)));
    }

    #[test]
    fn after_the_pause_one_call_tries_and_its_answer_opens_the_way() {
        let now = Moment::now();
        let mut breaker = failed(3, now);
        let later = now + Duration::from_secs(1);
        assert!(breaker.may_ask(later));
        assert!(!breaker.may_ask(later), "a second call does not try as well");
        breaker.answered();
        assert!(breaker.may_ask(later));
    }

    #[test]
    fn the_pause_doubles_to_half_a_minute_and_no_further() {
        let now = Moment::now();
        for (failures, seconds) in [(4, 2), (5, 4), (7, 16), (8, 30), (u32::MAX, 30)] {
            let mut breaker = Breaker {
                failures: failures - 1,
                closed_until: None,
            };
            breaker.failed(now);
            assert!(
                !breaker.may_ask(now + Duration::from_millis(seconds * 1000 - 1)),
                "{failures}"
            );
            assert!(breaker.may_ask(now + Duration::from_secs(seconds)), "{failures}");
        }
    }
}
