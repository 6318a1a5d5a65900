//! The suite `openapi`: the document of the calls is valid, and the gateway answers as it says.

use super::count::{self, Counts};
use super::pages;
use crate::command::Invocation;
use crate::problem::Result;
use crate::{compile, setup, workspace};

/// Signs a handler in: the tool in Python speaks no SM2.
const SESSION: &str = "shenhai-session";

/// Validate the document and let schemathesis ask, as a stranger and with a session.
pub(super) fn openapi() -> Result<Counts> {
    let python = setup::schemathesis()?;
    pages::build_stack()?;
    let session = compile::program(SESSION)?;
    let transcript = Invocation::new(python)
        .args(["run.py"])
        .env("SHENHAI_STACK", pages::stack())
        .env("SHENHAI_SESSION", session)
        .dir(workspace::root().join("tests/openapi"))
        .tee()?;
    Ok(count::tap(&transcript.lines).with_exit(transcript.success))
}
