//! How many tests passed, failed and were skipped, read from what each runner reports.

use serde_json::Value;

/// The figures of one suite.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Tests that passed.
    pub(super) passed: u64,
    /// Tests that failed.
    pub(super) failed: u64,
    /// Tests that did not run.
    pub(super) skipped: u64,
    /// Why they did not.
    pub(super) reasons: Vec<String>,
}

impl Counts {
    /// One check that passed or failed.
    pub(super) fn check(passed: bool) -> Self {
        Self {
            passed: u64::from(passed),
            failed: u64::from(!passed),
            ..Self::default()
        }
    }

    /// One failure.
    pub(super) fn failure() -> Self {
        Self::check(false)
    }

    /// One check that was not made, and why.
    pub(super) fn skip(reason: impl Into<String>) -> Self {
        Self {
            skipped: 1,
            reasons: vec![reason.into()],
            ..Self::default()
        }
    }

    /// Both together.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.reasons.extend(other.reasons);
        self
    }

    /// A runner that failed without a failed test (it did not compile, it crashed) is itself a failure, and
    /// so is one that ran nothing.
    pub(super) fn with_exit(mut self, success: bool) -> Self {
        if self.failed == 0 && (!success || self.passed + self.skipped == 0) {
            self.failed = 1;
        }
        self
    }
}

/// Sum of the lines `test result: ok. 5 passed; 0 failed; 1 ignored; …` of cargo test.
pub(super) fn cargo(lines: &[String]) -> Counts {
    let mut counts = Counts::default();
    for line in lines
        .iter()
        .filter(|line| line.trim_start().starts_with("test result:"))
    {
        let number = |label: &str| -> u64 {
            line.split(['.', ';'])
                .filter_map(|part| part.trim().strip_suffix(label))
                .find_map(|number| number.trim().parse().ok())
                .unwrap_or(0)
        };
        counts.passed += number("passed");
        counts.failed += number("failed");
        counts.skipped += number("ignored");
    }
    if counts.skipped > 0 {
        counts
            .reasons
            .push(format!("{} marked #[ignore]", counts.skipped));
    }
    counts
}

/// The report of vitest's JSON reporter.
pub(super) fn vitest(report: &Value) -> Counts {
    from_json(
        report,
        "numPassedTests",
        &["numFailedTests"],
        &["numPendingTests", "numTodoTests"],
    )
}

/// The report of Playwright's JSON reporter. A test that passed only when repeated counts as failed.
pub(super) fn playwright(report: &Value) -> Counts {
    from_json(
        &report["stats"],
        "expected",
        &["unexpected", "flaky"],
        &["skipped"],
    )
}

fn from_json(report: &Value, passed: &str, failed: &[&str], skipped: &[&str]) -> Counts {
    let number = |key: &str| report[key].as_u64().unwrap_or(0);
    let skipped: u64 = skipped.iter().map(|key| number(key)).sum();
    let reasons = if skipped > 0 {
        vec![format!("{skipped} marked as skipped in the test files")]
    } else {
        vec![]
    };
    Counts {
        passed: number(passed),
        failed: failed.iter().map(|key| number(key)).sum(),
        skipped,
        reasons,
    }
}

/// Lines `ok NAME` and `not ok NAME` with an optional `# SKIP reason` (TAP, as the scenarios print it).
pub(super) fn tap(lines: &[String]) -> Counts {
    let mut counts = Counts::default();
    for line in lines {
        let Some((ok, rest)) = line
            .strip_prefix("ok ")
            .map(|rest| (true, rest))
            .or_else(|| line.strip_prefix("not ok ").map(|rest| (false, rest)))
        else {
            continue;
        };
        counts = counts.and(match rest.split_once("# SKIP") {
            Some((name, reason)) => Counts::skip(format!("{}: {}", name.trim(), reason.trim())),
            None => Counts::check(ok),
        });
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn cargo_results_of_several_crates_are_added_up() {
        let counts = cargo(&lines(
            "running 2 tests\n\
             test result: ok. 41 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.31s\n\
             noise\n\
             test result: FAILED. 7 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 2.05s",
        ));
        assert_eq!((counts.passed, counts.failed, counts.skipped), (48, 2, 1));
        assert_eq!(counts.reasons, ["1 marked #[ignore]"]);
    }

    #[test]
    fn a_flaky_browser_test_is_a_failure() {
        let report = serde_json::json!({"stats": {"expected": 9, "unexpected": 0, "flaky": 1, "skipped": 0}});
        assert_eq!((playwright(&report).passed, playwright(&report).failed), (9, 1));
    }

    #[test]
    fn a_runner_that_ran_nothing_is_a_failure() {
        assert_eq!(Counts::default().with_exit(true).failed, 1);
        assert_eq!(Counts::check(true).with_exit(false).failed, 1);
        assert_eq!(Counts::skip("no network").with_exit(true).failed, 0);
    }

    #[test]
    fn tap_lines_are_counted_and_skips_keep_their_reason() {
        let counts = tap(&lines(
            "ok 1 - signs in\nnot ok 2 - replies\nok 3 - old device # SKIP no such device\n1..3",
        ));
        assert_eq!((counts.passed, counts.failed, counts.skipped), (1, 1, 1));
        assert_eq!(counts.reasons, ["3 - old device: no such device"]);
    }
}
