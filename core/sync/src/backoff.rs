//! How long to wait after a failure: doubling, capped, with jitter so that a thousand phones do not return
//! in the same second after an outage.

/// Longest first pause, milliseconds.
pub const FIRST_MILLIS: u64 = 1_000;
/// Longest pause, milliseconds.
pub const CAP_MILLIS: u64 = 60_000;

/// The pause after `failures` failures in a row (from 1): between half and all of `FIRST · 2^(failures-1)`,
/// at most [`CAP_MILLIS`]. `dice` is any random number.
#[must_use]
pub fn pause_millis(failures: u32, dice: u64) -> u64 {
    let doublings = failures.saturating_sub(1).min(16);
    let longest = (FIRST_MILLIS << doublings).min(CAP_MILLIS);
    let half = longest / 2;
    half + dice % (half + 1)
}

/// One kind of request: whether it is under way and when it may be tried again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lane {
    pub(crate) busy: bool,
    pub(crate) failures: u32,
    pub(crate) not_before: u64,
}

impl Lane {
    pub(crate) fn ready(&self, tick: u64) -> bool {
        !self.busy && tick >= self.not_before
    }

    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Returns the pause.
    pub(crate) fn failed(&mut self, tick: u64, dice: u64) -> u64 {
        self.busy = false;
        self.failures = self.failures.saturating_add(1);
        let pause = pause_millis(self.failures, dice);
        self.not_before = tick.saturating_add(pause);
        pause
    }

    /// Somebody asked to try now, or the network came back.
    pub(crate) fn hurry(&mut self) {
        self.not_before = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_stop_at_a_minute() {
        let longest: Vec<u64> = (1..=8)
            .map(|failures| {
                (0..=60_000)
                    .map(|dice| pause_millis(failures, dice))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        assert_eq!(
            longest,
            [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]
        );
    }

    #[test]
    fn a_pause_is_never_shorter_than_half() {
        for (failures, half) in [(1, 500), (4, 4_000), (30, 30_000), (u32::MAX, 30_000)] {
            assert!((0..1_000).all(|dice| pause_millis(failures, dice * 7_919) >= half));
        }
    }
}
