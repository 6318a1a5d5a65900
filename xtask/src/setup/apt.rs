//! Debian packages. Installed only as root or where sudo asks no password; else the command is printed.

use crate::command::{Invocation, which};
use crate::problem::{Problem, Result};
use crate::progress::step;

/// Install packages that `purpose` needs.
pub(super) fn install(packages: &[&str], purpose: &str) -> Result<()> {
    let list = packages.join(" ");
    let by_hand = format!("apt-get update && apt-get install -y --no-install-recommends {list}");
    if which("apt-get").is_none() {
        return Err(Problem::new(
            format!("{purpose} is missing and this system has no apt-get"),
            format!("install the equivalent of the Debian packages: {list}"),
        )
        .zh(format!(
            "缺少软件：请用本系统的包管理器安装与 Debian 软件包 {list} 相当的软件后重试"
        )));
    }
    let Some(prefix) = privilege() else {
        return Err(Problem::new(
            format!("{purpose} is missing and this user may not install packages"),
            format!("run as root: {by_hand}"),
        )
        .zh(format!("缺少软件且当前用户无权安装：请用 root 执行 {by_hand}")));
    };
    step(format!("install {list} (for {purpose})"), || {
        // The list of packages may be missing or old on a new machine; a failing mirror of something else
        // must not stop an installation that would work.
        let updated = apt(prefix, &["update", "-q"]).run_quietly();
        let mut args = vec!["install", "-y", "-q", "--no-install-recommends"];
        args.extend(packages);
        apt(prefix, &args).run_quietly().map_err(|problem| {
            problem
                .after(updated.err())
                .advise(format!(
                    "check that the Debian mirror answers, then run: {by_hand}"
                ))
                .zh(format!(
                    "安装失败：请检查 Debian 软件源是否可用，然后执行 {by_hand}"
                ))
        })
    })
}

/// The words to put before apt-get, or nothing when packages cannot be installed.
fn privilege() -> Option<&'static [&'static str]> {
    if rustix::process::geteuid().is_root() {
        return Some(&[]);
    }
    let sudo = which("sudo").is_some() && Invocation::new("sudo").args(["-n", "true"]).run_quietly().is_ok();
    sudo.then_some(&["sudo", "-n"])
}

fn apt(prefix: &[&str], args: &[&str]) -> Invocation {
    // Another package run on the same machine is waited for instead of failing at once.
    let mut words: Vec<&str> = prefix.to_vec();
    words.extend([
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "-o",
        "DPkg::Lock::Timeout=300",
    ]);
    words.extend(args);
    Invocation::new(words[0]).args(&words[1..])
}

/// Whether the distribution offers a package.
pub(super) fn offers(package: &str) -> bool {
    Invocation::new("apt-cache")
        .args(["show", "--no-all-versions", package])
        .output()
        .is_ok_and(|text| text.contains("Package:"))
}
