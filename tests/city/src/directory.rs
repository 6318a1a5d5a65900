//! The accounts the container offers at sign-in, read from the directory file.
//!
//! The gateway reads the same file with its own types; here only what the account page shows.

use crate::config::ConfigError;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;

/// The sample directory: 16 districts, 5 bureau units and 城投水务, all of them 样例.
pub const SAMPLE_DIRECTORY: &str = include_str!("../sample/directory.toml");

/// What an account may do, as a heading of the account page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountRole {
    /// 经办人
    Handler,
    /// 单位审核
    UnitReviewer,
    /// 局热线办
    BureauReviewer,
    /// 管理员
    Administrator,
}

impl AccountRole {
    /// Every role with its heading, in the order of the page.
    pub(crate) const HEADINGS: [(Self, &'static str); 4] = [
        (Self::Handler, "经办人"),
        (Self::UnitReviewer, "单位审核"),
        (Self::BureauReviewer, "局热线办"),
        (Self::Administrator, "管理员"),
    ];
}

/// One account of the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The container's `UserId`.
    pub id: String,
    /// Name.
    pub name: String,
    /// What they may do.
    pub role: AccountRole,
    /// Where they belong.
    pub unit_name: String,
}

/// The accounts of one directory file.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// In the order of the file.
    pub accounts: Vec<Account>,
}

#[derive(Deserialize)]
struct File {
    units: Vec<FileUnit>,
    users: Vec<FileUser>,
}

#[derive(Deserialize)]
struct FileUnit {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct FileUser {
    id: String,
    name: String,
    role: AccountRole,
    unit: String,
}

impl Directory {
    /// Read the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, is not of the form, or a user's unit is not listed.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File {
            path: path.into(),
            source,
        })?;
        Self::parse(&text).map_err(|error| ConfigError::Toml {
            path: path.into(),
            message: error.to_string(),
        })
    }

    /// The accounts in the text of a directory file.
    ///
    /// # Errors
    /// [`ConfigError::Directory`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let wrong = |message: String| ConfigError::Directory(message);
        let file: File = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let units: HashMap<String, String> =
            file.units.into_iter().map(|unit| (unit.id, unit.name)).collect();
        let accounts = file
            .users
            .into_iter()
            .map(|user| {
                let unit_name = units
                    .get(&user.unit)
                    .cloned()
                    .ok_or_else(|| wrong(format!("user {} has no unit", user.id)))?;
                Ok(Account {
                    id: user.id,
                    name: user.name,
                    role: user.role,
                    unit_name,
                })
            })
            .collect::<Result<_, ConfigError>>()?;
        Ok(Self { accounts })
    }

    /// The account with this id.
    #[must_use]
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_has_two_handlers_and_a_reviewer_in_each_of_22_units() {
        let sample = Directory::parse(SAMPLE_DIRECTORY).expect("the sample parses");
        let count = |role| {
            sample
                .accounts
                .iter()
                .filter(|account| account.role == role)
                .count()
        };
        assert_eq!(count(AccountRole::Handler), 44);
        assert_eq!(count(AccountRole::UnitReviewer), 22);
        assert_eq!(count(AccountRole::BureauReviewer), 1);
        assert_eq!(count(AccountRole::Administrator), 1);
        assert!(
            sample
                .accounts
                .iter()
                .all(|account| account.unit_name.ends_with("（样例）"))
        );
    }

    #[test]
    fn a_user_of_an_unlisted_unit_is_refused() {
        let text = r#"
            units = []
            users = [{ id = "h", name = "某", role = "handler", unit = "gone" }]"#;
        assert_eq!(
            Directory::parse(text).unwrap_err().to_string(),
            "user h has no unit"
        );
    }
}
