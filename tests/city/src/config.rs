//! The file shared with the gateway: who the container is, how each platform signs and where it listens.
//!
//! Holds secrets: never printed, written for its owner alone.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Short, so that a demonstration sees its log anchored.
const ANCHOR_SECONDS: u64 = 60;

/// What both sides of the interfaces know.
#[derive(Clone, Serialize, Deserialize)]
pub struct CityConfig {
    /// The container of the light app.
    pub container: Container,
    /// By the number citizens dial: `12345`, `12319`, `110`.
    pub platforms: BTreeMap<String, Platform>,
    /// The outside chain; without it nothing is anchored.
    pub anchor: Option<Anchor>,
}

/// The outside chain's account for this system.
#[derive(Clone, Serialize, Deserialize)]
pub struct Anchor {
    /// Where digests are posted.
    pub url: String,
    /// HMAC key.
    pub secret: String,
    /// Between two anchors of one log.
    pub every_seconds: u64,
}

/// The container's account for this system.
#[derive(Clone, Serialize, Deserialize)]
pub struct Container {
    /// Names us to the container.
    pub corp_id: String,
    /// Proves it.
    pub corp_secret: String,
    /// Base of `/cgi-bin/…`.
    pub api_url: String,
    /// Where the browser signs in.
    pub authorize_url: String,
}

/// One upper platform.
#[derive(Clone, Serialize, Deserialize)]
pub struct Platform {
    /// HMAC key.
    pub secret: String,
    /// Where it takes feedback.
    pub feedback_url: String,
}

/// Why a configuration could not be read, made or written.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not the TOML asked for. The parser's message names line and key, not the value.
    #[error("{path}: {message}")]
    Toml {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// Not a directory of units and users.
    #[error("{0}")]
    Directory(String),
    /// The system gave no random bytes.
    #[error("no random bytes for fresh secrets")]
    Random,
}

impl CityConfig {
    /// A configuration with new secrets for emulators that answer at `city_url`.
    ///
    /// # Errors
    /// [`ConfigError::Random`].
    pub fn fresh(city_url: &str) -> Result<Self, ConfigError> {
        let city = city_url.trim_end_matches('/');
        let container = Container {
            corp_id: "wwshenhai-emulator".to_owned(),
            corp_secret: random_hex()?,
            api_url: city.to_owned(),
            authorize_url: format!("{city}/connect/oauth2/authorize"),
        };
        let platforms = crate::CHANNELS
            .iter()
            .map(|channel| {
                let feedback_url = format!("{city}/hotline/{channel}/feedback");
                Ok((
                    (*channel).to_owned(),
                    Platform {
                        secret: random_hex()?,
                        feedback_url,
                    },
                ))
            })
            .collect::<Result<_, ConfigError>>()?;
        let anchor = Anchor {
            url: format!("{city}/anchors"),
            secret: random_hex()?,
            every_seconds: ANCHOR_SECONDS,
        };
        Ok(Self {
            container,
            platforms,
            anchor: Some(anchor),
        })
    }

    /// Read the file at `path`.
    ///
    /// # Errors
    /// [`ConfigError::File`] and [`ConfigError::Toml`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File {
            path: path.into(),
            source,
        })?;
        toml::from_str(&text).map_err(|error| ConfigError::Toml {
            path: path.into(),
            message: error.message().to_owned(),
        })
    }

    /// Write a new file at `path` that only its owner may read. An existing file is left alone: its secrets
    /// may be in use.
    ///
    /// # Errors
    /// [`ConfigError::File`], also when the file exists.
    pub fn write_new(&self, path: &Path) -> Result<(), ConfigError> {
        let text = toml::to_string_pretty(self).map_err(|error| ConfigError::Toml {
            path: path.into(),
            message: error.to_string(),
        })?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(path)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .map_err(|source| ConfigError::File {
                path: path.into(),
                source,
            })
    }
}

/// 32 random bytes as hex.
pub(crate) fn random_hex() -> Result<String, ConfigError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| ConfigError::Random)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
