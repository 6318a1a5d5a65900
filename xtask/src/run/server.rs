//! A server as a child process: started with a log file, watched, stopped with SIGTERM and waited for.

use crate::command::Invocation;
use crate::problem::{Problem, Result};
use crate::progress::say;
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take until its first answer, and to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
pub(super) struct Server {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Start it; its output goes to `DATA/logs/NAME.log`, the previous run's log is kept as `NAME.log.1`.
    pub(super) fn start(invocation: Invocation, name: &'static str, data: &Path) -> Result<Self> {
        let logs = data.join("logs");
        std::fs::create_dir_all(&logs).map_err(|error| Problem::file(&logs, &error))?;
        let log = logs.join(format!("{name}.log"));
        if log.exists() {
            std::fs::rename(&log, logs.join(format!("{name}.log.1")))
                .map_err(|error| Problem::file(&log, &error))?;
        }
        let file = File::create(&log).map_err(|error| Problem::file(&log, &error))?;
        let copy = file.try_clone().map_err(|error| Problem::file(&log, &error))?;
        let child = invocation.start(file.into(), copy.into())?;
        Ok(Self { name, child, log })
    }

    /// Fails with the end of its log when it has ended by itself.
    pub(super) fn still_running(&mut self) -> Result<()> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(Problem::new(
                format!(
                    "{} ended with {status}; its last words:\n{}",
                    self.name,
                    self.last_words()
                ),
                format!("read {}, and start again", self.log.display()),
            )
            .zh(format!(
                "{} 意外退出：请查看日志 {} 后重新启动",
                self.name,
                self.log.display()
            ))),
            Err(error) => Err(Problem::new(
                format!("{} cannot be watched: {error}", self.name),
                "start again",
            )),
        }
    }

    fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    /// Ask it to stop and wait. A server that does not stop in time is killed, and that is said.
    pub(super) fn stop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
        {
            // Fails only when it has ended already, which is what is wanted.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        say(format!(
            "{} did not stop within {} s and was killed",
            self.name,
            PATIENCE.as_secs()
        ));
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    /// A failure on the way must not leave a server behind.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}

/// Wait until `url` answers 200. False when a signal came first.
pub(super) fn answers(url: &str, servers: &mut [Server], stop: &AtomicBool) -> Result<bool> {
    let begun = Instant::now();
    let mut last = String::from("no connection");
    while begun.elapsed() < PATIENCE {
        if stop.load(Ordering::Relaxed) {
            return Ok(false);
        }
        for server in servers.iter_mut() {
            server.still_running()?;
        }
        match request("GET", url, "") {
            Ok((200, _)) => return Ok(true),
            Ok((status, _)) => last = format!("status {status}"),
            Err(error) => last = error.to_string(),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(Problem::new(
        format!("{url} does not answer after {} s: {last}", PATIENCE.as_secs()),
        "read the logs in the data folder, and start again",
    )
    .zh("服务未能启动：请查看数据目录 logs 下的日志"))
}

/// One HTTP request to a loopback server, answered with status and body.
///
/// HTTP/1.0, so that the server neither keeps the connection nor cuts the body into chunks; that is all the
/// HTTP a task runner needs.
pub(super) fn request(method: &str, url: &str, body: &str) -> std::io::Result<(u16, String)> {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(120)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split_whitespace().nth(1).and_then(|code| code.parse().ok());
    status
        .map(|status| (status, body.to_owned()))
        .ok_or_else(|| std::io::Error::other("the answer is not HTTP"))
}
