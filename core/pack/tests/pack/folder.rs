//! `shenhai-pack` as a person runs it, on folders good and bad.

use crate::support::FILES;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with the sample in it, gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn with_the_sample(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("a folder of an earlier run");
        }
        for (path, text) in FILES {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Exit code and lines printed.
    fn run(&self, task: &str) -> (Option<i32>, Vec<String>) {
        let output = Command::new(env!("CARGO_BIN_EXE_shenhai-pack"))
            .arg(task)
            .arg(&self.0)
            .output()
            .expect("the program is compiled with its tests");
        let printed = String::from_utf8(output.stdout).expect("text");
        (output.status.code(), printed.lines().map(str::to_owned).collect())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Whatever is left is replaced by the next run.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_sound_folder_is_built_and_checks_again() {
    let folder = Folder::with_the_sample("built");
    let (code, printed) = folder.run("build");
    assert_eq!(code, Some(0), "{printed:#?}");
    assert!(
        printed.contains(&"repair 第 3 版：没有错误，提醒 2 处".to_owned()),
        "{printed:#?}"
    );
    let lock = fs::read_to_string(folder.path("pack.lock")).expect("the lock was written");
    assert!(
        lock.starts_with("shenhai-pack-lock 1\npack repair 3\nlaw "),
        "{lock}"
    );
    assert_eq!(folder.run("check").0, Some(0));
    // The law changes under the same version: neither checked nor built.
    fs::write(
        folder.path("law/lists/trades.csv"),
        "code,label\nwater,水\npower,强电\n",
    )
    .expect("a file");
    for task in ["check", "build"] {
        let (code, printed) = folder.run(task);
        assert_eq!(code, Some(1));
        assert!(printed[0].starts_with("E701 pack.toml version："), "{printed:#?}");
    }
    assert_eq!(fs::read_to_string(folder.path("pack.lock")).ok(), Some(lock));
}

#[test]
fn what_cannot_be_part_of_a_pack_is_named_with_everything_else() {
    let folder = Folder::with_the_sample("tricks");
    symlink("/etc/hostname", folder.path("law/lists/host.csv")).expect("a link");
    symlink("..", folder.path("law/up")).expect("a link");
    fs::write(folder.path("law/.~lock.facts.csv#"), "").expect("a file");
    fs::write(folder.path("law/Facts.csv"), "").expect("a file");
    fs::write(folder.path("law/states.csv"), "kind,id,category\n").expect("a file");
    fs::write(folder.path("law/prints.csv"), vec![b'x'; 10 * 1024 * 1024]).expect("a file");
    let (code, printed) = folder.run("check");
    assert_eq!(code, Some(1));
    for expected in [
        "E120 业务包：“law/.~lock.facts.csv#”不能作包内的文件名",
        "E120 业务包：“law/Facts.csv”不能作包内的文件名",
        "E122 law/lists/host.csv：不是普通文件",
        "E122 law/up：不是普通文件",
        "E123 law/prints.csv：文件太大",
        "E504 law/acts.csv 第2行 to：没有名为“new”的状态",
    ] {
        let found = printed.iter().any(|line| line.starts_with(expected));
        assert!(found, "{expected} is not among {printed:#?}");
    }
}

#[test]
fn a_folder_without_end_is_read_to_its_bound() {
    let folder = Folder::with_the_sample("many");
    fs::create_dir_all(folder.path("examples")).expect("a folder");
    for i in 0..500 {
        fs::write(folder.path(&format!("examples/{i}.csv")), "").expect("a file");
    }
    let (code, printed) = folder.run("check");
    assert_eq!(code, Some(1));
    assert!(
        printed.iter().any(|line| line.starts_with("E124 业务包：")),
        "{printed:#?}"
    );
}

#[test]
fn a_folder_that_is_none_is_no_finding() {
    let folder = Folder::with_the_sample("none");
    fs::remove_dir_all(&folder.0).expect("the folder");
    assert_eq!(folder.run("check"), (Some(2), Vec::new()));
    assert_eq!(folder.run("bake").0, Some(2));
}
