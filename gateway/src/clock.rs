//! The gateway's two clocks: what time it is – the system's clock in production, a hand-turned one in tests – and how
//! long ago something was.
//!
//! Not a timer: waiting is tokio's business, and so are the windows of a connection. Called wherever an instant enters
//! a decision; `gateway/clippy.toml` forbids to ask the machine elsewhere.

#![allow(
    clippy::disallowed_methods,
    reason = "this is the one place of the gateway that may ask the machine"
)]

use shenhai_protocol::UnixMillis;
use std::fmt;
use std::ops::Add;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Answers "what time is it".
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> UnixMillis + Send + Sync>);

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::from_fn(|| {
            let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
                Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
                Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
            };
            UnixMillis(millis)
        })
    }

    /// A clock that answers what `now` answers.
    pub fn from_fn(now: impl Fn() -> UnixMillis + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now().0)
    }
}

/// A moment to measure from. Nobody can set this clock, and it goes on while the machine – a virtual one that is
/// suspended or moved – stands still; `std::time::Instant` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(Duration);

impl Moment {
    /// Now.
    pub(crate) fn now() -> Self {
        Self(since_boot())
    }

    /// What passed since then.
    pub(crate) fn elapsed(self) -> Duration {
        since_boot().saturating_sub(self.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn since_boot() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
}

/// A developer's machine that is not Linux: from the first call on.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn since_boot() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

/// Shanghai time, UTC+8 all year: the upper platforms write times as `2026-11-20 09:12:33`.
pub(crate) mod shanghai {
    use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeZone};
    use shenhai_protocol::UnixMillis;

    const OFFSET_SECONDS: i32 = 8 * 3600;
    const FORMAT: &str = "%Y-%m-%d %H:%M:%S";

    fn zone() -> Option<FixedOffset> {
        FixedOffset::east_opt(OFFSET_SECONDS)
    }

    /// The instant a platform's text names, `None` for text of another form.
    pub(crate) fn parse(text: &str) -> Option<UnixMillis> {
        let local = NaiveDateTime::parse_from_str(text, FORMAT).ok()?;
        let instant = zone()?.from_local_datetime(&local).single()?;
        Some(UnixMillis(instant.timestamp_millis()))
    }

    /// The text a platform expects for an instant, to the second. Empty for one outside the calendar, which
    /// the bounds on a command's time exclude.
    pub(crate) fn format(at: UnixMillis) -> String {
        match (DateTime::from_timestamp_millis(at.0), zone()) {
            (Some(utc), Some(zone)) => utc.with_timezone(&zone).format(FORMAT).to_string(),
            _ => String::new(),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_platforms_noon_is_four_in_the_morning_of_utc() {
            // 2026-11-20T04:00:00Z by `date -u -d @1795147200`.
            assert_eq!(parse("2026-11-20 12:00:00"), Some(UnixMillis(1_795_147_200_000)));
            assert_eq!(format(UnixMillis(1_795_147_200_000)), "2026-11-20 12:00:00");
        }

        #[test]
        fn another_form_of_time_is_refused() {
            for text in [
                "",
                "2026-11-20",
                "2026-11-20T12:00:00",
                "2026-13-01 00:00:00",
                "2026-02-29 00:00:00",
            ] {
                assert_eq!(parse(text), None, "{text}");
            }
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_counted_from_boot_with_sleep_included() {
        // `/proc/uptime` is the kernel's own account of the time since boot, suspended time included (man 5 proc).
        let before = Moment::now();
        let uptime = std::fs::read_to_string("/proc/uptime").expect("Linux");
        let seconds: f64 = uptime
            .split(' ')
            .next()
            .and_then(|text| text.parse().ok())
            .expect("a figure");
        let after = Moment::now();
        // It is written in hundredths.
        assert!(before.0.as_secs_f64() - 0.01 <= seconds && seconds <= after.0.as_secs_f64() + 0.01);
        assert!(before <= after && before + Duration::from_secs(1) > before);
    }
}
