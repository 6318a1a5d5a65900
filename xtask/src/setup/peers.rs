//! Two more implementations that the cryptography's tests are held against: `cryptography` from PyPI, in a virtual
//! environment, and `sm-crypto-v2` from npm. See tests/peers.

use super::{apt, node};
use crate::command::Invocation;
use crate::problem::Result;
use crate::progress::{say, step};
use crate::{stamp, workspace};
use std::path::Path;

const FOLDER: &str = "tests/peers";

/// Install both, in the versions the repository names.
pub(crate) fn peers() -> Result<()> {
    node::node()?;
    node::install_packages(FOLDER)?;
    python()
}

fn python() -> Result<()> {
    let dir = workspace::root().join(FOLDER);
    let hash = stamp::of(&[dir.join("requirements.txt")], &[])?;
    let environment = dir.join(".venv");
    let installed = stamp::unless_current(&environment, &hash, || {
        if !can_make_environments() {
            apt::install(
                &["python3", "python3-venv"],
                "the cryptography's interoperability tests",
            )?;
        }
        step("install cryptography from PyPI", || {
            Invocation::new("python3")
                .args(["-m", "venv", "--clear", ".venv"])
                .dir(&dir)
                .run_quietly()?;
            pip(&environment).dir(&dir).run_quietly().map_err(|problem| {
                problem
                    .advise("check that PyPI answers, or name a mirror in PIP_INDEX_URL, and start again")
                    .zh("pip 安装失败：请检查 PyPI 能否访问，或用环境变量 PIP_INDEX_URL 指定镜像后重试")
            })
        })
    })?;
    if !installed {
        say(format!("Python packages of {FOLDER} are installed"));
    }
    Ok(())
}

fn pip(environment: &Path) -> Invocation {
    // A wheel or nothing: building OpenSSL and Rust here would take long and test another library.
    Invocation::new(environment.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(["--only-binary", ":all:", "--requirement", "requirements.txt"])
}

fn can_make_environments() -> bool {
    Invocation::new("python3")
        .args(["-c", "import venv, ensurepip"])
        .run_quietly()
        .is_ok()
}
