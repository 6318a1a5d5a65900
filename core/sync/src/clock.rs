//! The server's clock as seen from a device whose own clock may be years off.
//!
//! Not a clock: every instant is passed in. Used for countdowns and for the time written into commands.

use shenhai_protocol::UnixMillis;

/// Offset between the device's clock and the server's, learnt from every answer and kept over restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServerClock {
    offset_millis: i64,
}

impl ServerClock {
    /// A change below this is the jitter of the network and not worth writing down.
    const NOTEWORTHY_MILLIS: u64 = 1_000;

    /// With the offset kept from earlier.
    #[must_use]
    pub fn with_offset(offset_millis: i64) -> Self {
        Self { offset_millis }
    }

    /// Server time minus device time, milliseconds.
    #[must_use]
    pub fn offset_millis(self) -> i64 {
        self.offset_millis
    }

    /// An answer carried `server_time` and was read when the device's clock showed `local`. Says whether the
    /// offset moved enough to be kept.
    pub fn learn(&mut self, server_time: UnixMillis, local: UnixMillis) -> bool {
        let offset = server_time.since(local);
        let moved = offset.abs_diff(self.offset_millis) >= Self::NOTEWORTHY_MILLIS;
        if moved {
            self.offset_millis = offset;
        }
        moved
    }

    /// What the server's clock shows when the device's shows `local`.
    #[must_use]
    pub fn corrected(self, local: UnixMillis) -> UnixMillis {
        local.plus(self.offset_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_ten_years_ahead_is_corrected_to_the_servers_time() {
        let server = UnixMillis(1_795_000_000_000);
        let local = server.plus(10 * 365 * 86_400_000);
        let mut clock = ServerClock::default();
        assert!(clock.learn(server, local));
        assert_eq!(clock.corrected(local.plus(60_000)), server.plus(60_000));
    }

    #[test]
    fn network_jitter_is_not_written_down() {
        let mut clock = ServerClock::with_offset(5_000);
        assert!(!clock.learn(UnixMillis(105_400), UnixMillis(100_000)));
        assert_eq!(clock.offset_millis(), 5_000);
    }

    #[test]
    fn hostile_times_do_not_overflow() {
        let mut clock = ServerClock::default();
        clock.learn(UnixMillis(i64::MAX), UnixMillis(i64::MIN));
        assert_eq!(clock.corrected(UnixMillis(i64::MAX)), UnixMillis(i64::MAX));
    }
}
