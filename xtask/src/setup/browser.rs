//! Chromium with Chinese fonts, for the end-to-end tests and the page-ready measurement.

use super::apt;
use crate::command::which;
use crate::problem::{Problem, Result};
use crate::progress::say;
use std::path::{Path, PathBuf};

/// Chromium's path. `SHENHAI_CHROMIUM` names another one.
pub(crate) fn chromium() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("SHENHAI_CHROMIUM") {
        return Ok(PathBuf::from(given));
    }
    let fonts = Path::new("/usr/share/fonts/opentype/noto").is_dir();
    match which("chromium") {
        Some(program) if fonts => {
            say(format!("Chromium is {}", program.display()));
            return Ok(program);
        }
        Some(_) => apt::install(&["fonts-noto-cjk"], "Chinese text in screenshots")?,
        None => apt::install(&["chromium", "fonts-noto-cjk"], "the browser tests")?,
    }
    which("chromium").ok_or_else(|| {
        Problem::new(
            "chromium is still missing",
            "install Chromium and set SHENHAI_CHROMIUM to its path",
        )
    })
}
