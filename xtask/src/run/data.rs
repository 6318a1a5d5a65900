//! The data folder of `cargo xtask run`: its marker, its secrets, and the rule for removing it.

use super::Ports;
use crate::problem::{Problem, Result};
use crate::progress::say;
use crate::workspace;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Its presence says that this command made the folder and may remove it.
const MARKER: &str = ".shenhai-data";
const SECRETS: &str = "secrets.json";
const SECRET_NAMES: [&str; 4] = ["container", "12345", "12319", "110"];

/// Make the folder ready: absolute path, marker, secrets, and the configuration for these ports.
pub(crate) fn prepare(data: &Path, fresh: bool, ports: &Ports) -> Result<PathBuf> {
    let data = std::path::absolute(data).map_err(|error| Problem::file(data, &error))?;
    let ours = data.join(MARKER).is_file();
    if data.exists() && !ours && !is_empty(&data)? {
        return Err(Problem::new(
            format!("{} holds files that this command did not make", data.display()),
            "choose an empty or new folder with --data; nothing was touched",
        )
        .zh("该目录中有其他文件，未做任何改动：请用 --data 指定一个空目录"));
    }
    if fresh && ours {
        std::fs::remove_dir_all(&data).map_err(|error| Problem::file(&data, &error))?;
        say(format!("removed {}", data.display()));
    }
    std::fs::create_dir_all(data.join("gateway")).map_err(|error| Problem::file(&data, &error))?;
    workspace::write(
        &data.join(MARKER),
        b"made by cargo xtask run; --fresh removes this folder\n",
    )?;
    write_private(&data.join("city.toml"), &configuration(&secrets(&data)?, ports))?;
    Ok(data)
}

fn is_empty(dir: &Path) -> Result<bool> {
    let mut entries = std::fs::read_dir(dir).map_err(|error| Problem::file(dir, &error))?;
    Ok(entries.next().is_none())
}

/// One secret per name, made once and kept: the gateway must know the platforms again after a restart.
fn secrets(data: &Path) -> Result<Vec<String>> {
    let path = data.join(SECRETS);
    if let Ok(text) = std::fs::read_to_string(&path)
        && let Ok(kept) = serde_json::from_str::<Vec<String>>(&text)
        && kept.len() == SECRET_NAMES.len()
    {
        return Ok(kept);
    }
    let made = SECRET_NAMES
        .iter()
        .map(|_| random_hex())
        .collect::<Result<Vec<_>>>()?;
    write_private(&path, &serde_json::json!(made).to_string())?;
    Ok(made)
}

fn random_hex() -> Result<String> {
    let source = Path::new("/dev/urandom");
    let mut bytes = [0u8; 32];
    std::fs::File::open(source)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(|error| Problem::file(source, &error))?;
    let mut hex = String::with_capacity(64);
    for byte in bytes {
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}

/// The file shared by the gateway and the emulators; see docs/city-interfaces.md.
fn configuration(secrets: &[String], ports: &Ports) -> String {
    let city = ports.city_url();
    let mut text =
        String::from("# Made by cargo xtask run for this folder. Secrets: keep the file private.\n");
    for (name, secret) in SECRET_NAMES.iter().zip(secrets) {
        let section = if *name == "container" {
            format!(
                "[container]\ncorp_id = \"shenhai-sample\"\ncorp_secret = \"{secret}\"\napi_url = \"{city}\"\n\
                 authorize_url = \"{city}/connect/oauth2/authorize\"\n"
            )
        } else {
            format!(
                "\n[platforms.{name}]\nsecret = \"{secret}\"\nfeedback_url = \"{city}/hotline/{name}/feedback\"\n"
            )
        };
        text.push_str(&section);
    }
    text
}

/// Write a file that only its owner may read.
fn write_private(path: &Path, content: &str) -> Result<()> {
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .map_err(|error| Problem::file(path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_gets_its_own_secret_and_the_citys_feedback_address() {
        let secrets: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let ports = Ports::any().expect("two free ports");
        let text = configuration(&secrets, &ports);
        let table: toml::Table = text.parse().expect("the configuration is TOML");
        assert_eq!(table["container"]["corp_secret"].as_str(), Some("a"));
        assert_eq!(table["platforms"]["110"]["secret"].as_str(), Some("d"));
        assert_eq!(
            table["platforms"]["12319"]["feedback_url"].as_str(),
            Some(format!("{}/hotline/12319/feedback", ports.city_url()).as_str())
        );
    }

    #[test]
    fn a_folder_with_somebody_elses_files_is_left_alone() {
        let dir = std::env::temp_dir().join(format!("shenhai-xtask-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a temporary folder");
        std::fs::write(dir.join("thesis.txt"), "irreplaceable").expect("a file");
        let refused = prepare(&dir, true, &Ports::any().expect("two free ports"));
        let kept = std::fs::read_to_string(dir.join("thesis.txt"));
        std::fs::remove_dir_all(&dir).expect("the temporary folder goes");
        assert!(refused.is_err());
        assert_eq!(kept.ok().as_deref(), Some("irreplaceable"));
    }
}
