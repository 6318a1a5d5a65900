//! A JDK and Maven, for the Kotlin binding's scenario on the JVM.

use super::apt;
use crate::command::{Invocation, which};
use crate::problem::{Problem, Result};
use crate::progress::say;
use std::path::PathBuf;

const OLDEST_JAVA: u32 = 17;

/// Where the programs are.
pub(crate) struct Jdk {
    /// The virtual machine.
    pub(crate) java: PathBuf,
    /// Maven.
    pub(crate) maven: PathBuf,
}

/// JDK 17 or newer, and Maven.
pub(crate) fn jdk() -> Result<Jdk> {
    if which("javac").is_none() || java_version().unwrap_or(0) < OLDEST_JAVA {
        let package = ["openjdk-21-jdk-headless", "openjdk-17-jdk-headless"]
            .into_iter()
            .find(|p| apt::offers(p))
            .unwrap_or("default-jdk-headless");
        apt::install(&[package], "the Kotlin scenario")?;
    }
    if which("mvn").is_none() {
        apt::install(&["maven"], "the Kotlin scenario")?;
    }
    match (which("java"), which("mvn"), java_version()) {
        (Some(java), Some(maven), Some(version)) if version >= OLDEST_JAVA => {
            say(format!("JDK {version} and Maven"));
            Ok(Jdk { java, maven })
        }
        _ => Err(Problem::new(
            format!("no JDK {OLDEST_JAVA} or newer with Maven on the PATH"),
            "install a JDK and Maven, and put them first on the PATH",
        )),
    }
}

/// The major version, from `java.version=17.0.15` of the machine's own settings.
fn java_version() -> Option<u32> {
    let text = Invocation::new("java").args(["--version"]).output().ok()?;
    let number = text.split_whitespace().nth(1)?;
    number.split(['.', '-', '+']).next()?.parse().ok()
}
