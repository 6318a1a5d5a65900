//! The `openssl` command: the other implementation that the cryptography's tests are held against.

use super::apt;
use crate::command::which;
use crate::problem::{Problem, Result};
use crate::progress::say;

/// Make sure that it is there; which version it is, the tests themselves say.
pub(crate) fn openssl() -> Result<()> {
    if which("openssl").is_none() {
        apt::install(&["openssl"], "the cryptography's interoperability tests")?;
    }
    let program = which("openssl").ok_or_else(|| {
        Problem::new(
            "openssl is still missing",
            "install OpenSSL 3 with the package manager",
        )
    })?;
    say(format!("OpenSSL is {}", program.display()));
    Ok(())
}
