//! Running other programs: inherited output, captured output, or both at once.

use crate::problem::{Problem, Result};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// Find a program on the PATH.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|p| p.is_file())
}

/// One invocation of a program.
pub(crate) struct Invocation {
    command: Command,
}

impl Invocation {
    /// `program` in the workspace's root.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.current_dir(crate::workspace::root());
        // `cargo run` tells this program about its own package. Passed on to another cargo, these would make
        // build scripts that watch them (ring's does) run again, and with them everything above: 25 s a start.
        let of_cargo = |name: &str| {
            name == "CARGO" || name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_PKG_")
        };
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_cargo)) {
            command.env_remove(name);
        }
        Self { command }
    }

    /// Add arguments.
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Set an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Remove an environment variable.
    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Run in another folder.
    pub(crate) fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.command.current_dir(dir);
        self
    }

    fn shown(&self) -> String {
        let mut shown = self.command.get_program().to_string_lossy().into_owned();
        for arg in self.command.get_args() {
            shown.push(' ');
            shown.push_str(&arg.to_string_lossy());
        }
        shown
    }

    fn did_not_start(&self, error: &std::io::Error) -> Problem {
        Problem::new(
            format!("cannot start `{}`: {error}", self.shown()),
            "run `cargo xtask setup`, which installs what is missing",
        )
        .zh("请先运行 cargo xtask setup 安装缺少的工具")
    }

    fn failed(&self, status: ExitStatus, output: &str) -> Problem {
        let mut what = format!("`{}` ended with {status}", self.shown());
        if !output.trim().is_empty() {
            what.push('\n');
            what.push_str(&ends(output.trim_end()));
        }
        Problem::new(
            what,
            "the lines above say why; after repairing it, run the same command again",
        )
        .zh("原因见上方输出；处理后重新运行同一命令即可")
    }

    /// Run with the terminal's own output.
    pub(crate) fn run(mut self) -> Result<()> {
        let status = self
            .command
            .stdin(Stdio::null())
            .status()
            .map_err(|error| self.did_not_start(&error))?;
        if status.success() {
            Ok(())
        } else {
            Err(self.failed(status, ""))
        }
    }

    /// Run quietly; the output is shown only with a failure.
    pub(crate) fn run_quietly(self) -> Result<()> {
        self.output().map(drop)
    }

    /// Run and give back what it wrote to standard output.
    pub(crate) fn output(mut self) -> Result<String> {
        let output = self
            .command
            .stdin(Stdio::null())
            .output()
            .map_err(|error| self.did_not_start(&error))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(text);
        }
        let all = format!("{text}{}", String::from_utf8_lossy(&output.stderr));
        Err(self.failed(output.status, &all))
    }

    /// Start it and leave it running, with its output going where the caller says. It gets its own process
    /// group: the terminal's Ctrl-C reaches only the caller, who stops its servers in order.
    pub(crate) fn start(mut self, stdout: Stdio, stderr: Stdio) -> Result<Child> {
        self.command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .map_err(|error| self.did_not_start(&error))
    }

    /// Run, pass every line on to the terminal as it comes, and give the lines back with the exit status.
    pub(crate) fn tee(mut self) -> Result<Transcript> {
        let mut child = self
            .command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| self.did_not_start(&error))?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let readers: Vec<_> = [
            child.stdout.take().map(|s| Box::new(s) as Box<dyn Read + Send>),
            child.stderr.take().map(|s| Box::new(s) as Box<dyn Read + Send>),
        ]
        .into_iter()
        .flatten()
        .map(|stream| {
            let lines = Arc::clone(&lines);
            std::thread::spawn(move || pass_on(stream, &lines))
        })
        .collect();
        let status = child.wait().map_err(|error| self.did_not_start(&error))?;
        for reader in readers {
            // A reader can only end early by a panic in println!, i.e. a closed terminal: nobody is left to tell.
            let _ = reader.join();
        }
        let lines = std::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Transcript {
            lines,
            success: status.success(),
            code: status.code(),
        })
    }
}

/// What a program wrote, and whether it ended well.
pub(crate) struct Transcript {
    /// Standard output and standard error, line by line as they came.
    pub(crate) lines: Vec<String>,
    /// Exit status 0.
    pub(crate) success: bool,
    /// The exit status; `None` after a signal.
    pub(crate) code: Option<i32>,
}

/// The beginning and the end of a long output: tools name the cause in one and give up in the other.
fn ends(output: &str) -> String {
    const EACH: usize = 15;
    let lines: Vec<&str> = output.lines().collect();
    if lines.len() <= 2 * EACH {
        return output.to_owned();
    }
    let left_out = format!("… {} lines left out …", lines.len() - 2 * EACH);
    [&lines[..EACH], &[left_out.as_str()], &lines[lines.len() - EACH..]]
        .concat()
        .join("\n")
}

fn pass_on(stream: impl Read, lines: &Mutex<Vec<String>>) {
    for line in BufReader::new(stream)
        .split(b'\n')
        .map_while(std::result::Result::ok)
    {
        let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
        println!("{line}");
        lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}
