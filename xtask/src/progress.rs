//! One line per step, with the time since the start: what is being done, and how long it took.

use crate::problem::Result;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

static START: OnceLock<Instant> = OnceLock::new();
static TO_STDERR: AtomicBool = AtomicBool::new(false);

fn since_start() -> Duration {
    START.get_or_init(Instant::now).elapsed()
}

/// From now on progress goes to standard error: standard output is for a machine.
pub(crate) fn to_stderr() {
    TO_STDERR.store(true, Ordering::Relaxed);
}

/// Say one thing.
pub(crate) fn say(line: impl AsRef<str>) {
    let line = format!("[{:6.1} s] {}", since_start().as_secs_f64(), line.as_ref());
    if TO_STDERR.load(Ordering::Relaxed) {
        eprintln!("{line}");
    } else {
        println!("{line}");
    }
}

/// Announce `name`, do the work, say how long it took.
pub(crate) fn step<T>(name: impl AsRef<str>, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let name = name.as_ref();
    say(format!("{name} …"));
    let begun = Instant::now();
    let outcome = work();
    let verb = if outcome.is_ok() { "done" } else { "FAILED" };
    say(format!(
        "{name}: {verb} in {:.1} s",
        begun.elapsed().as_secs_f64()
    ));
    outcome
}
