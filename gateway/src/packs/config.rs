//! `[packs]` of the operator's file: where packs lie, who may sign them, how far each has come, where its messages go.
//!
//! Not who has which role, which is the directory's. Read once at start.

use serde::Deserialize;
use shenhai_crypto::Certificate;
use shenhai_pack::names::{Name, PackId, PortId};
use shenhai_protocol::PackStage;
use std::collections::BTreeMap;
use std::path::PathBuf;
use thiserror::Error;

/// The table `[packs]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PacksConfig {
    /// The folder with a folder per pack; without it there are no packs.
    pub folder: Option<PathBuf>,
    /// Certificates, in PEM or base64, of those who certify authors and approvers.
    pub authorities: Vec<String>,
    /// How far a pack has come, by its name; one that is not named is tried out.
    pub stage: BTreeMap<String, PackStage>,
    /// Where what is sent through a port goes, by pack and port.
    pub port: BTreeMap<String, BTreeMap<String, PortConfig>>,
}

/// Where a port leads.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortConfig {
    /// Where messages are posted.
    pub url: String,
    /// HMAC key.
    pub secret: String,
}

impl std::fmt::Debug for PortConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PortConfig({})", self.url)
    }
}

/// What is wrong with the table.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PacksConfigError {
    /// Not a certificate.
    #[error("packs.authorities: entry {0} is no certificate in PEM or base64")]
    BadAuthority(usize),
    /// A folder of which no pack could ever be taken.
    #[error("packs.authorities is empty: nobody could sign a pack")]
    NoAuthority,
    /// Not the name of a pack or a port.
    #[error("packs: {0:?} is no name")]
    BadName(String),
}

impl PacksConfig {
    /// Check what serde cannot.
    ///
    /// # Errors
    /// The first [`PacksConfigError`] found.
    pub fn check(&self) -> Result<(), PacksConfigError> {
        for (nth, text) in (1..).zip(&self.authorities) {
            certificate(text).ok_or(PacksConfigError::BadAuthority(nth))?;
        }
        if self.folder.is_some() && self.authorities.is_empty() {
            return Err(PacksConfigError::NoAuthority);
        }
        let ports = self.port.values().flat_map(BTreeMap::keys);
        let wrong = self
            .stage
            .keys()
            .chain(self.port.keys())
            .find(|name| PackId::parse(name).is_none())
            .or_else(|| ports.into_iter().find(|name| PortId::parse(name).is_none()));
        match wrong {
            Some(name) => Err(PacksConfigError::BadName(name.chars().take(80).collect())),
            None => Ok(()),
        }
    }

    /// The certificates that count.
    pub(crate) fn certificates(&self) -> Vec<Certificate> {
        self.authorities
            .iter()
            .filter_map(|text| certificate(text))
            .collect()
    }

    pub(crate) fn stage(&self, pack: &PackId) -> PackStage {
        self.stage.get(pack.as_str()).copied().unwrap_or(PackStage::Trial)
    }
}

fn certificate(text: &str) -> Option<Certificate> {
    let text = text.trim();
    match text.starts_with("-----") {
        true => Certificate::from_pem(text).ok(),
        false => Certificate::from_base64(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_in_the_table_has_its_own_error() {
        let read = |text: &str| toml::from_str::<PacksConfig>(text).expect("TOML").check();
        assert_eq!(read(""), Ok(()));
        assert_eq!(read("folder = \"packs\""), Err(PacksConfigError::NoAuthority));
        assert_eq!(
            read("authorities = [\"AAAA\"]"),
            Err(PacksConfigError::BadAuthority(1))
        );
        assert_eq!(
            read("[stage]\nRiver = \"active\""),
            Err(PacksConfigError::BadName("River".to_owned()))
        );
        assert_eq!(
            read("[port.river.\"the office\"]\nurl = \"http://127.0.0.1:1\"\nsecret = \"s\""),
            Err(PacksConfigError::BadName("the office".to_owned()))
        );
        assert!(toml::from_str::<PacksConfig>("[stage]\nriver = \"begun\"").is_err());
    }
}
