//! Time as the city's systems speak it: Unix seconds in headers, Shanghai wall time in bodies.

use chrono::{DateTime, FixedOffset};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Gives the present as Unix seconds; tests put their own in its place.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The machine's clock.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

/// Shanghai time (UTC+8, no summer time since 1991) as `2026-11-20 09:12:33`; empty for an instant beyond
/// the calendar.
#[must_use]
pub fn shanghai_text(unix_seconds: i64) -> String {
    shanghai(unix_seconds)
        .map(|time| time.format("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default()
}

/// The Shanghai date as `20261120`.
pub(crate) fn shanghai_day(unix_seconds: i64) -> String {
    shanghai(unix_seconds)
        .map(|time| time.format("%Y%m%d").to_string())
        .unwrap_or_default()
}

fn shanghai(unix_seconds: i64) -> Option<DateTime<FixedOffset>> {
    let utc = DateTime::from_timestamp(unix_seconds, 0)?;
    Some(utc.with_timezone(&FixedOffset::east_opt(8 * 3600)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shanghai_is_eight_hours_ahead_of_utc() {
        // `TZ=Asia/Shanghai date -d @1000000000` is 2001-09-09 09:46:40.
        assert_eq!(shanghai_text(1_000_000_000), "2001-09-09 09:46:40");
        assert_eq!(shanghai_day(1_000_000_000), "20010909");
    }

    #[test]
    fn an_instant_beyond_the_calendar_has_no_text() {
        assert_eq!(shanghai_text(i64::MAX), "");
    }
}
