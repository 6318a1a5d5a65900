//! What went wrong and what the reader can do about it. The one error type of this program.
//!
//! Every failure that reaches a person is made here; a bare error text without a remedy is not printed.

use std::fmt;

/// Shorthand for everything that can fail.
pub(crate) type Result<T> = std::result::Result<T, Problem>;

/// A failure with its remedy.
#[derive(Debug)]
pub(crate) struct Problem {
    what: String,
    remedy: String,
    remedy_zh: Option<String>,
}

impl Problem {
    /// What happened, and what to do about it.
    pub(crate) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            remedy: remedy.into(),
            remedy_zh: None,
        }
    }

    /// The same remedy in one line of Chinese, for whoever only starts the demonstration.
    pub(crate) fn zh(mut self, remedy: impl Into<String>) -> Self {
        self.remedy_zh = Some(remedy.into());
        self
    }

    /// The same failure with a remedy that fits better.
    pub(crate) fn advise(self, remedy: impl Into<String>) -> Self {
        Self {
            what: self.what,
            remedy: remedy.into(),
            remedy_zh: None,
        }
    }

    /// The same failure, with what led to it.
    pub(crate) fn after(mut self, earlier: Option<Self>) -> Self {
        if let Some(earlier) = earlier {
            self.what = format!(
                "{}
before that: {}",
                self.what, earlier.what
            );
        }
        self
    }

    /// What happened, without the remedy.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// A file could not be read or written.
    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(
            format!("{}: {error}", path.display()),
            "check that the path exists, is writable, and that the disk is not full",
        )
        .zh("请检查该路径是否存在、可写，以及磁盘空间")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n  what to do: {}", self.what, self.remedy)?;
        match &self.remedy_zh {
            Some(zh) => write!(f, "\n  处理办法：{zh}"),
            None => Ok(()),
        }
    }
}
