//! The rules of trust as data: who lets a device in, how long it is trusted out of sight, what locks it.
//!
//! Not who may do what (`access`). Read once at start from a TOML file; `data/trust.toml` is the one built in.

use crate::access::App;
use serde::Deserialize;
use shenhai_protocol::{LeaseRules, Role};
use std::collections::BTreeMap;
use thiserror::Error;

const BUILT_IN: &str = include_str!("../data/trust.toml");

/// What lets a new device in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Enrolment {
    /// The container's sign-in.
    Container,
    /// A one-time code besides.
    Code,
}

impl Enrolment {
    /// Of a page that an older file does not name.
    fn of_container() -> Self {
        Self::Container
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Policies {
    hotline: Enrolment,
    desk: Enrolment,
    #[serde(default = "Enrolment::of_container")]
    cases: Enrolment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleRules {
    offline_hours: u32,
    pin_attempts: u32,
    pin_digits: u32,
    lock_after_minutes: u32,
    pin_required: bool,
}

/// The rules of one file, checked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustRules {
    version: String,
    certificate_days: u32,
    gateway_certificate_days: u32,
    invitation_minutes: u32,
    invitation_attempts: u32,
    enrolment: Policies,
    roles: BTreeMap<Role, RoleRules>,
}

/// What is wrong with a file of rules.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TrustRulesError {
    /// Not TOML of the expected shape.
    #[error("not a file of trust rules: {0}")]
    Syntax(String),
    /// A role without rules.
    #[error("role {0:?} has no rules")]
    MissingRole(Role),
    /// A figure that is no rule.
    #[error("{field} is {found}, not between {least} and {most}")]
    OutOfRange {
        /// Which entry.
        field: String,
        /// What it says.
        found: u32,
        /// The least it may be.
        least: u32,
        /// The most it may be.
        most: u32,
    },
}

impl Default for TrustRules {
    /// The rules built in.
    fn default() -> Self {
        Self::parse(BUILT_IN).expect("a test reads the file built in")
    }
}

impl TrustRules {
    /// Read and check a file.
    ///
    /// # Errors
    /// The first [`TrustRulesError`] found.
    pub fn parse(text: &str) -> Result<Self, TrustRulesError> {
        let rules: Self =
            toml::from_str(text).map_err(|error| TrustRulesError::Syntax(error.message().to_owned()))?;
        rules.check()?;
        Ok(rules)
    }

    fn check(&self) -> Result<(), TrustRulesError> {
        within("certificate_days", self.certificate_days, 1, 1095)?;
        within(
            "gateway_certificate_days",
            self.gateway_certificate_days,
            30,
            3650,
        )?;
        within("invitation_minutes", self.invitation_minutes, 1, 1440)?;
        within("invitation_attempts", self.invitation_attempts, 1, 20)?;
        for role in Role::ALL {
            let rules = self.roles.get(role).ok_or(TrustRulesError::MissingRole(*role))?;
            let field = |name: &str| format!("roles.{role:?}.{name}");
            within(&field("offline_hours"), rules.offline_hours, 1, 24 * 30)?;
            within(&field("pin_attempts"), rules.pin_attempts, 3, 20)?;
            within(&field("pin_digits"), rules.pin_digits, 4, 12)?;
            within(&field("lock_after_minutes"), rules.lock_after_minutes, 1, 24 * 60)?;
        }
        Ok(())
    }

    pub(crate) fn certificate_days(&self) -> u32 {
        self.certificate_days
    }

    pub(crate) fn gateway_certificate_days(&self) -> u32 {
        self.gateway_certificate_days
    }

    pub(crate) fn invitation_millis(&self) -> i64 {
        i64::from(self.invitation_minutes) * 60_000
    }

    pub(crate) fn invitation_attempts(&self) -> u32 {
        self.invitation_attempts
    }

    pub(crate) fn enrolment(&self, app: App) -> Enrolment {
        match app {
            App::Hotline => self.enrolment.hotline,
            App::Desk => self.enrolment.desk,
            App::Cases => self.enrolment.cases,
        }
    }

    /// What a role's device keeps to.
    pub(crate) fn lease(&self, role: Role) -> LeaseRules {
        let rules = &self.roles[&role];
        LeaseRules {
            version: self.version.clone(),
            offline_hours: rules.offline_hours,
            pin_attempts: rules.pin_attempts,
            pin_digits: rules.pin_digits,
            lock_after_minutes: rules.lock_after_minutes,
            pin_required: rules.pin_required,
        }
    }
}

fn within(field: &str, found: u32, least: u32, most: u32) -> Result<(), TrustRulesError> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(TrustRulesError::OutOfRange {
        field: field.to_owned(),
        found,
        least,
        most,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_built_in_let_the_container_vouch_and_give_a_handler_three_days() {
        let rules = TrustRules::parse(BUILT_IN).expect("the file built in");
        assert_eq!(rules.enrolment(App::Hotline), Enrolment::Container);
        assert_eq!(rules.enrolment(App::Desk), Enrolment::Container);
        assert_eq!(rules.lease(Role::Handler).offline_hours, 72);
        assert_eq!(rules.lease(Role::Administrator).version, "2026-11");
        assert_eq!(rules.invitation_millis(), 900_000);
    }

    #[test]
    fn a_file_that_is_no_set_of_rules_says_what_is_wrong() {
        let change = |from: &str, to: &str| {
            assert!(BUILT_IN.contains(from), "{from}");
            TrustRules::parse(&BUILT_IN.replacen(from, to, 1)).expect_err(to)
        };
        assert!(matches!(
            change("version =", "versions ="),
            TrustRulesError::Syntax(_)
        ));
        assert!(matches!(
            change("hotline = \"container\"", "hotline = \"anybody\""),
            TrustRulesError::Syntax(_)
        ));
        let out = change("certificate_days = 180", "certificate_days = 0");
        assert_eq!(
            out,
            TrustRulesError::OutOfRange {
                field: "certificate_days".to_owned(),
                found: 0,
                least: 1,
                most: 1095
            }
        );
        let (front, _) = BUILT_IN
            .split_once("[roles.administrator]")
            .expect("the last role");
        assert_eq!(
            TrustRules::parse(front),
            Err(TrustRulesError::MissingRole(Role::Administrator))
        );
    }
}
