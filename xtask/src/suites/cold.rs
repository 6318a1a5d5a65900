//! `cargo xtask test --cold`: both commands of the README as on a machine that has never built anything.
//!
//! Each command gets a clone of what is committed and empty caches of cargo, npm, pip, Maven and of this project's own
//! tools. What stays is the machine itself: the compiler and its targets, and the distribution's packages.

use super::count::Counts;
use crate::command::Invocation;
use crate::problem::{Problem, Result};
use crate::progress::{say, step};
use crate::{setup, workspace};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

/// The pages that `cargo xtask run` reports.
const PAGES: usize = 3;

/// Both, one after the other, with the time each took.
pub(super) fn cold() -> Result<Counts> {
    setup::require_space(16_000, "building everything twice from nothing")?;
    let started = Room::new("run")?.first_start();
    let tested = Room::new("test")?.first_test();
    let counts = [started, tested].map(|outcome| {
        outcome.map_or_else(
            |problem| {
                eprintln!("{problem}");
                Counts::failure()
            },
            Counts::check,
        )
    });
    Ok(counts.into_iter().fold(Counts::default(), Counts::and))
}

/// A clone and the caches that belong to it.
struct Room {
    dir: PathBuf,
}

impl Room {
    fn new(name: &str) -> Result<Self> {
        let dir = workspace::target().join("cold").join(name);
        if dir.exists() {
            std::fs::remove_dir_all(&dir).map_err(|error| Problem::file(&dir, &error))?;
        }
        std::fs::create_dir_all(dir.join("cargo")).map_err(|error| Problem::file(&dir, &error))?;
        Invocation::new("git")
            .args(["clone", "--quiet"])
            .args([workspace::root(), dir.join("clone")])
            .run()?;
        // Which mirror a machine asks is a setting and no cache.
        for name in ["config.toml", "config"] {
            let setting = cargo_home().join(name);
            if setting.is_file() {
                let copy = dir.join("cargo").join(name);
                std::fs::copy(&setting, &copy).map_err(|error| Problem::file(&setting, &error))?;
            }
        }
        Ok(Self { dir })
    }

    fn xtask(&self, args: &[&str]) -> Invocation {
        let at = |name: &str| self.dir.join(name);
        Invocation::new("cargo")
            .args(["xtask"])
            .args(args)
            .dir(at("clone"))
            .without_env("CARGO_TARGET_DIR")
            .env("CARGO_HOME", at("cargo"))
            .env("SHENHAI_CACHE", at("tools"))
            .env("npm_config_cache", at("npm"))
            .env("PIP_CACHE_DIR", at("pip"))
            .env(
                "MAVEN_OPTS",
                format!("-Dmaven.repo.local={}", at("maven").display()),
            )
    }

    /// `cargo xtask run` until the last page is ready, and its clean end after SIGTERM.
    fn first_start(&self) -> Result<bool> {
        let port = free_pair()?.to_string();
        let begun = Instant::now();
        let mut child = self
            .xtask(&["run", "--port", &port])
            .start(Stdio::piped(), Stdio::inherit())?;
        let output = child.stdout.take().map(BufReader::new);
        let mut ready = 0;
        for line in output
            .into_iter()
            .flat_map(BufRead::lines)
            .map_while(std::result::Result::ok)
        {
            println!("{line}");
            ready += usize::from(line.starts_with("ready: "));
            if ready == PAGES {
                say(format!(
                    "from nothing to `ready`: {:.0} s",
                    begun.elapsed().as_secs_f64()
                ));
                ready += 1;
                terminate(child.id());
            }
        }
        let status = child.wait().map_err(|error| {
            Problem::new(
                format!("cargo xtask run cannot be waited for: {error}"),
                "start again",
            )
        })?;
        Ok(ready > PAGES && status.success())
    }

    /// `cargo xtask test`, whole.
    fn first_test(&self) -> Result<bool> {
        step("`cargo xtask test` from nothing", || {
            Ok(self.xtask(&["test"]).tee()?.success)
        })
    }
}

fn terminate(id: u32) {
    if let Some(pid) = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw) {
        // Fails only when it has ended already, which its exit status then tells.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}

fn cargo_home() -> PathBuf {
    std::env::var_os("CARGO_HOME").map_or_else(
        || Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(".cargo"),
        PathBuf::from,
    )
}

/// A port that is free together with the next one.
fn free_pair() -> Result<u16> {
    let pair = || -> std::io::Result<u16> {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = first.local_addr()?.port();
        TcpListener::bind((Ipv4Addr::LOCALHOST, port.wrapping_add(1)))?;
        Ok(port)
    };
    (0..32).find_map(|_| pair().ok()).ok_or_else(|| {
        Problem::new(
            "no two neighbouring ports of 127.0.0.1 are free",
            "stop some servers on this machine",
        )
    })
}
