//! The `openssl` command in a folder of its own below the target directory, for the tests that hold ours against it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// One test's folder.
pub(crate) struct Bench {
    dir: PathBuf,
}

impl Bench {
    /// An empty folder. Fails without OpenSSL 3: its absence is no reason to skip.
    pub(crate) fn new(name: &str) -> Self {
        let version = Command::new("openssl").arg("version").output();
        assert!(
            version.is_ok_and(|output| output.stdout.starts_with(b"OpenSSL 3")),
            "this test needs OpenSSL 3; `cargo xtask setup` installs it"
        );
        let dir =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("openssl-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a directory below target");
        Self { dir }
    }

    /// Put a file there.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.dir.join(name), bytes).expect("a file below target");
    }

    /// Run openssl there.
    pub(crate) fn run<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Output {
        Command::new("openssl")
            .args(arguments)
            .current_dir(&self.dir)
            .output()
            .expect("openssl runs")
    }

    /// Run openssl there and give out what it writes; it must succeed.
    pub(crate) fn must<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
