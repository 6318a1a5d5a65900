//! Two more implementations that the cryptography's tests are held against: `cryptography` from PyPI, in a virtual
//! environment, and `sm-crypto-v2` from npm. See tests/peers.

use super::{node, python};
use crate::problem::Result;
use crate::progress::{say, step};
use crate::{stamp, workspace};

const FOLDER: &str = "tests/peers";

/// Install both, in the versions the repository names.
pub(crate) fn peers() -> Result<()> {
    node::node()?;
    node::install_packages(FOLDER)?;
    python_packages()
}

fn python_packages() -> Result<()> {
    let dir = workspace::root().join(FOLDER);
    let hash = stamp::of(&[dir.join("requirements.txt")], &[])?;
    let environment = dir.join(".venv");
    let installed = stamp::unless_current(&environment, &hash, || {
        step("install cryptography from PyPI", || {
            python::environment(
                &environment,
                &dir.join("requirements.txt"),
                "the cryptography's interoperability tests",
            )
        })
    })?;
    if !installed {
        say(format!("Python packages of {FOLDER} are installed"));
    }
    Ok(())
}
