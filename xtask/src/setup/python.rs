//! Virtual environments of Python with what a requirements file pins.

use super::apt;
use crate::command::Invocation;
use crate::problem::Result;
use std::path::Path;

/// Make the environment `at` anew and install what `requirements` pins into it.
pub(super) fn environment(at: &Path, requirements: &Path, purpose: &str) -> Result<()> {
    if !can_make_environments() {
        apt::install(&["python3", "python3-venv"], purpose)?;
    }
    Invocation::new("python3")
        .args(["-m", "venv", "--clear"])
        .args([at])
        .run_quietly()?;
    // A wheel or nothing: building from source here would take long and give another program.
    Invocation::new(at.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(["--only-binary", ":all:", "--requirement"])
        .args([requirements])
        .run_quietly()
        .map_err(|problem| {
            problem
                .advise("check that PyPI answers, or name a mirror in PIP_INDEX_URL, and start again")
                .zh("pip 安装失败：请检查 PyPI 能否访问，或用环境变量 PIP_INDEX_URL 指定镜像后重试")
        })
}

fn can_make_environments() -> bool {
    Invocation::new("python3")
        .args(["-c", "import venv, ensurepip"])
        .run_quietly()
        .is_ok()
}
