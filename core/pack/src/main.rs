//! `shenhai-pack check DIR` and `shenhai-pack build DIR`: a pack in a folder, checked, and locked.
//!
//! Not the checks (the library). Says one line per finding in the author's language; exit code 1 when one is an error,
//! 2 when the folder could not be read. Run by `cargo xtask pack`.

mod folder;

use shenhai_pack::{Finding, LOCK, Level, Lock, PackFiles, Roots, check};
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: shenhai-pack check DIR   读取并检查一个业务包，一次列出全部问题
       shenhai-pack build DIR   检查通过后写入 pack.lock
exit code: 0 没有错误（可能有提醒）· 1 有错误 · 2 无法读取";

enum Task {
    Check,
    Build,
}

fn main() -> ExitCode {
    let outcome = arguments().and_then(|(task, folder)| run(&task, &folder));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(text) => {
            // Where not even standard error can be written, the exit code says it.
            let _ = writeln!(io::stderr(), "shenhai-pack: {text}");
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Result<(Task, PathBuf), String> {
    let given: Vec<_> = std::env::args_os().skip(1).collect();
    let [task, folder] = given.as_slice() else {
        return Err(USAGE.to_owned());
    };
    let task = match task.to_str() {
        Some("check") => Task::Check,
        Some("build") => Task::Build,
        _ => return Err(USAGE.to_owned()),
    };
    Ok((task, PathBuf::from(folder)))
}

/// Whether the pack is without errors.
fn run(task: &Task, path: &Path) -> Result<bool, String> {
    let unreadable = |error: io::Error| format!("{}: {error}", path.display());
    let read = folder::read(path).map_err(unreadable)?;
    let checked = check(&read.files);
    let refused: Vec<_> = read
        .refused
        .iter()
        .map(shenhai_pack::FileError::finding)
        .collect();
    let mut findings: Vec<_> = refused.iter().chain(&checked.findings).collect();
    // What stops the pack first; within that, by place.
    findings.sort_by_key(|finding| finding.level());
    for finding in &findings {
        say(finding)?;
    }
    let errors = count(&findings, Level::Error);
    let warnings = count(&findings, Level::Warning);
    let Some(pack) = checked.pack.filter(|_| errors == 0) else {
        say(format_args!("错误 {errors} 处，提醒 {warnings} 处"))?;
        return Ok(false);
    };
    let (id, version) = (&pack.manifest.id, pack.manifest.version);
    let Roots { law, face } = Roots::of(&read.files);
    say(format_args!("{id} 第 {version} 版：没有错误，提醒 {warnings} 处"))?;
    say(format_args!("法则 {law}"))?;
    say(format_args!("界面 {face}"))?;
    if matches!(task, Task::Build) {
        let lock = Lock::of(&read.files, &pack, lock_before(&read.files).as_ref());
        folder::write(path, LOCK, lock.to_string().as_bytes()).map_err(unreadable)?;
        say(format_args!("已写入 {LOCK}"))?;
    }
    Ok(true)
}

/// The lock of the last build, whose names are kept.
fn lock_before(files: &PackFiles) -> Option<Lock> {
    Lock::parse(std::str::from_utf8(files.get(LOCK)?).ok()?)
}

fn count(findings: &[&Finding], level: Level) -> usize {
    findings.iter().filter(|finding| finding.level() == level).count()
}

/// One line. Cells and names are whatever their author wrote; a control character among them could forge a line.
fn say(line: impl Display) -> Result<(), String> {
    let mut shown = String::new();
    for letter in line.to_string().chars() {
        match letter.is_control() {
            true => shown.extend(letter.escape_unicode()),
            false => shown.push(letter),
        }
    }
    writeln!(io::stdout(), "{shown}").map_err(|error| error.to_string())
}
