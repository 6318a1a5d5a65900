//! schemathesis and a validator of OpenAPI documents, from PyPI into a virtual environment. See tests/openapi.

use super::python;
use crate::problem::Result;
use crate::progress::{say, step};
use crate::{stamp, workspace};
use std::path::PathBuf;

const FOLDER: &str = "tests/openapi";

/// The Python that has them, in the versions the repository names.
pub(crate) fn schemathesis() -> Result<PathBuf> {
    let dir = workspace::root().join(FOLDER);
    let requirements = dir.join("requirements.txt");
    let hash = stamp::of(std::slice::from_ref(&requirements), &[])?;
    let environment = dir.join(".venv");
    let installed = stamp::unless_current(&environment, &hash, || {
        step("install schemathesis from PyPI", || {
            python::environment(&environment, &requirements, "the tests of the OpenAPI document")
        })
    })?;
    if !installed {
        say(format!("Python packages of {FOLDER} are installed"));
    }
    Ok(environment.join("bin/python"))
}
