//! Who there is: units, people, and which unit takes which order. Read once at start from a TOML file.
//!
//! Not the sign-in (that is the container's) and not what a role may do (`access`). Called at ingest, at
//! sign-in and wherever a name is written beside an id.

use serde::Deserialize;
use shenhai_protocol::{Role, RoleName, UnitId, UserId, UserInfo};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

const DISTRICTS: &str = include_str!("../data/districts.toml");

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum UnitKind {
    /// A district's water bureau (区水务局).
    District,
    /// An institution of the bureau (局属单位).
    Bureau,
    /// A company (城投水务).
    Company,
}

/// A unit that orders are given to (承办单位).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unit {
    id: UnitId,
    name: String,
    kind: UnitKind,
    /// With [`UnitKind::District`]: the district's GB/T 2260 code.
    district: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    id: UserId,
    name: String,
    role: Role,
    /// In packs.
    #[serde(default)]
    roles: Vec<RoleName>,
    unit: UnitId,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Route {
    category_prefix: String,
    unit: UnitId,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectoryFile {
    version: String,
    #[serde(default)]
    units: Vec<Unit>,
    #[serde(default)]
    users: Vec<User>,
    #[serde(default)]
    routes: Vec<Route>,
}

#[derive(Debug, Deserialize)]
struct DistrictFile {
    districts: BTreeMap<String, String>,
}

/// What is wrong with a directory file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DirectoryError {
    /// Not TOML of the expected shape.
    #[error("not a directory file: {0}")]
    Syntax(String),
    /// Two units have this id.
    #[error("unit {0} is listed twice")]
    DuplicateUnit(UnitId),
    /// Two users have this id.
    #[error("user {0} is listed twice")]
    DuplicateUser(UserId),
    /// An id that cannot be part of a scope's name: empty, over 64 characters, or not of `A-Z a-z 0-9 - _ .`.
    #[error("{0:?} is not usable as an id (letters, digits, '-', '_' and '.', at most 64)")]
    BadId(String),
    /// A role that no pack can have, or one that is listed twice.
    #[error("user {user} has the role {role:?}, which is no name or was listed before")]
    BadRole {
        /// Who.
        user: UserId,
        /// The role.
        role: String,
    },
    /// A user of a unit that is not listed.
    #[error("user {user} belongs to unit {unit}, which is not listed")]
    UnknownUnitOfUser {
        /// Who.
        user: UserId,
        /// The missing unit.
        unit: UnitId,
    },
    /// A route to a unit that is not listed.
    #[error("the route of {category_prefix:?} leads to unit {unit}, which is not listed")]
    UnknownUnitOfRoute {
        /// The route.
        category_prefix: String,
        /// The missing unit.
        unit: UnitId,
    },
    /// A district unit without a district, another unit with one, or a code that is no district of Shanghai.
    #[error("unit {0} needs a district code if and only if its kind is district")]
    BadDistrict(UnitId),
    /// Two units of one district.
    #[error("district {0} has two units")]
    TwoUnitsOfDistrict(String),
    /// Orders from this district would belong to nobody.
    #[error("district {code} ({name}) has no unit")]
    DistrictWithoutUnit {
        /// GB/T 2260 code.
        code: String,
        /// Its name.
        name: String,
    },
    /// Orders for this unit would belong to nobody.
    #[error("unit {0} takes orders and has no handler")]
    UnitWithoutHandler(UnitId),
}

/// The checked directory.
#[derive(Debug, Clone)]
pub struct Directory {
    version: String,
    units: BTreeMap<UnitId, Unit>,
    users: BTreeMap<UserId, UserInfo>,
    routes: Vec<Route>,
    by_district: BTreeMap<String, UnitId>,
    district_names: BTreeMap<String, String>,
}

/// Where an order goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) unit: UnitId,
    pub(crate) unit_name: String,
    pub(crate) district_name: String,
    /// Never empty, in the order of their ids.
    pub(crate) handlers: Vec<UserId>,
}

impl Directory {
    /// Read and check a directory file.
    ///
    /// # Errors
    /// Every [`DirectoryError`] found, so that a file is put right in one go.
    pub fn parse(text: &str) -> Result<Self, Vec<DirectoryError>> {
        let syntax = |error: toml::de::Error| vec![DirectoryError::Syntax(error.to_string())];
        let file: DirectoryFile = toml::from_str(text).map_err(syntax)?;
        let district_names = toml::from_str::<DistrictFile>(DISTRICTS)
            .map_err(syntax)?
            .districts;

        let mut errors = Vec::new();
        let units = index_units(&file.units, &district_names, &mut errors);
        let users = index_users(&file.users, &units, &mut errors);
        let by_district = index_districts(&file.units, &district_names, &mut errors);
        for route in file
            .routes
            .iter()
            .filter(|route| !units.contains_key(&route.unit))
        {
            errors.push(DirectoryError::UnknownUnitOfRoute {
                category_prefix: route.category_prefix.clone(),
                unit: route.unit.clone(),
            });
        }
        let directory = Self {
            version: file.version,
            units,
            users,
            routes: file.routes,
            by_district,
            district_names,
        };
        let receiving: BTreeSet<&UnitId> = directory
            .by_district
            .values()
            .chain(directory.routes.iter().map(|route| &route.unit))
            .filter(|unit| directory.units.contains_key(*unit))
            .collect();
        let idle = receiving
            .into_iter()
            .filter(|unit| directory.handlers_of(unit).is_empty());
        errors.extend(idle.cloned().map(DirectoryError::UnitWithoutHandler));
        if errors.is_empty() {
            Ok(directory)
        } else {
            Err(errors)
        }
    }

    /// The file's version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A person, `None` for somebody this system does not know.
    #[must_use]
    pub fn user(&self, id: &UserId) -> Option<&UserInfo> {
        self.users.get(id)
    }

    /// Which unit takes an order of this category from this district: the first route whose prefix fits, else
    /// the district's unit. `None` when the code is no district of Shanghai.
    pub(crate) fn destination(&self, category: &str, district: &str) -> Option<Destination> {
        let district_name = self.district_names.get(district)?;
        let routed = self
            .routes
            .iter()
            .find(|route| category.starts_with(&route.category_prefix));
        let unit = match routed {
            Some(route) => &route.unit,
            None => self.by_district.get(district)?,
        };
        Some(Destination {
            unit: unit.clone(),
            unit_name: self.units.get(unit)?.name.clone(),
            district_name: district_name.clone(),
            handlers: self.handlers_of(unit),
        })
    }

    /// What somebody or a unit is called, by the id of either.
    pub(crate) fn name_of(&self, id: &str) -> Option<&str> {
        let user = self
            .users
            .get(&UserId(id.to_owned()))
            .map(|user| user.name.as_str());
        user.or_else(|| {
            self.units
                .get(&UnitId(id.to_owned()))
                .map(|unit| unit.name.as_str())
        })
    }

    /// The people of a unit, in the order of their ids.
    pub(crate) fn people_of(&self, unit: &UnitId) -> impl Iterator<Item = &UserInfo> {
        self.users.values().filter(move |user| user.unit == *unit)
    }

    /// The unit that answers for a matter in a place, which is a district's code: the first route whose prefix fits, else
    /// the district's.
    pub(crate) fn unit_for(&self, matter: &str, place: &str) -> Option<UnitId> {
        let routed = self
            .routes
            .iter()
            .find(|route| matter.starts_with(&route.category_prefix));
        routed
            .map(|route| &route.unit)
            .or_else(|| self.by_district.get(place))
            .cloned()
    }

    /// Units with at least one handler, with their names, in the order of their ids.
    pub(crate) fn receiving_units(&self) -> impl Iterator<Item = (&UnitId, &str)> {
        let units = self.units.values();
        let staffed = units.filter(|unit| self.handlers_in(&unit.id).next().is_some());
        staffed.map(|unit| (&unit.id, &*unit.name))
    }

    /// A unit's handlers, in the order of their ids.
    pub(crate) fn handlers_in(&self, unit: &UnitId) -> impl Iterator<Item = &UserInfo> {
        let users = self.users.values();
        users.filter(move |user| user.role == Role::Handler && user.unit == *unit)
    }

    fn handlers_of(&self, unit: &UnitId) -> Vec<UserId> {
        self.handlers_in(unit).map(|user| user.id.clone()).collect()
    }
}

fn usable_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn index_units(
    listed: &[Unit],
    districts: &BTreeMap<String, String>,
    errors: &mut Vec<DirectoryError>,
) -> BTreeMap<UnitId, Unit> {
    let mut units = BTreeMap::new();
    for unit in listed {
        if !usable_id(unit.id.as_str()) {
            errors.push(DirectoryError::BadId(unit.id.0.clone()));
        }
        let fits = match (&unit.district, unit.kind) {
            (Some(code), UnitKind::District) => districts.contains_key(code),
            (None, UnitKind::Bureau | UnitKind::Company) => true,
            _ => false,
        };
        if !fits {
            errors.push(DirectoryError::BadDistrict(unit.id.clone()));
        }
        if units.insert(unit.id.clone(), unit.clone()).is_some() {
            errors.push(DirectoryError::DuplicateUnit(unit.id.clone()));
        }
    }
    units
}

fn index_users(
    listed: &[User],
    units: &BTreeMap<UnitId, Unit>,
    errors: &mut Vec<DirectoryError>,
) -> BTreeMap<UserId, UserInfo> {
    let mut users = BTreeMap::new();
    for user in listed {
        if !usable_id(user.id.as_str()) {
            errors.push(DirectoryError::BadId(user.id.0.clone()));
        }
        let Some(unit) = units.get(&user.unit) else {
            errors.push(DirectoryError::UnknownUnitOfUser {
                user: user.id.clone(),
                unit: user.unit.clone(),
            });
            continue;
        };
        for (nth, role) in user.roles.iter().enumerate() {
            if !role.is_well_formed() || user.roles[..nth].contains(role) {
                errors.push(DirectoryError::BadRole {
                    user: user.id.clone(),
                    role: role.as_str().chars().take(80).collect(),
                });
            }
        }
        let info = UserInfo {
            id: user.id.clone(),
            name: user.name.clone(),
            role: user.role,
            roles: user.roles.clone(),
            unit: user.unit.clone(),
            unit_name: unit.name.clone(),
        };
        if users.insert(user.id.clone(), info).is_some() {
            errors.push(DirectoryError::DuplicateUser(user.id.clone()));
        }
    }
    users
}

fn index_districts(
    listed: &[Unit],
    districts: &BTreeMap<String, String>,
    errors: &mut Vec<DirectoryError>,
) -> BTreeMap<String, UnitId> {
    let mut by_district: BTreeMap<String, UnitId> = BTreeMap::new();
    for unit in listed {
        let Some(code) = &unit.district else { continue };
        let earlier = by_district.insert(code.clone(), unit.id.clone());
        if earlier.is_some_and(|other| other != unit.id) {
            errors.push(DirectoryError::TwoUnitsOfDistrict(code.clone()));
        }
    }
    for (code, name) in districts
        .iter()
        .filter(|(code, _)| !by_district.contains_key(*code))
    {
        errors.push(DirectoryError::DistrictWithoutUnit {
            code: code.clone(),
            name: name.clone(),
        });
    }
    by_district
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    const CODES: [&str; 16] = [
        "310101", "310104", "310105", "310106", "310107", "310109", "310110", "310112", "310113", "310114",
        "310115", "310116", "310117", "310118", "310120", "310151",
    ];

    fn file(extra: &str) -> String {
        let mut text = "version = \"test\"\n".to_owned();
        for code in CODES {
            let _ = write!(
                text,
                "[[units]]\nid = \"d{code}\"\nname = \"单位{code}\"\nkind = \"district\"\ndistrict = \"{code}\"\n\
                 [[users]]\nid = \"h{code}\"\nname = \"经办{code}\"\nrole = \"handler\"\nunit = \"d{code}\"\n"
            );
        }
        text + extra
    }

    fn errors(text: &str) -> Vec<DirectoryError> {
        Directory::parse(text).expect_err("the file is wrong")
    }

    #[test]
    fn an_order_goes_to_its_districts_unit_unless_a_route_fits() {
        let routes = "[[units]]\nid = \"pump\"\nname = \"泵站\"\nkind = \"bureau\"\n\
             [[users]]\nid = \"p2\"\nname = \"乙\"\nrole = \"handler\"\nunit = \"pump\"\n\
             [[users]]\nid = \"p1\"\nname = \"甲\"\nrole = \"handler\"\nunit = \"pump\"\n\
             [[users]]\nid = \"p0\"\nname = \"审\"\nrole = \"unit_reviewer\"\nunit = \"pump\"\n\
             [[routes]]\ncategory_prefix = \"排水/泵站\"\nunit = \"pump\"\n";
        let directory = Directory::parse(&file(routes)).expect("a good file");

        let by_district = directory
            .destination("排水/管道堵塞", "310115")
            .expect("a destination");
        assert_eq!(by_district.unit.as_str(), "d310115");
        assert_eq!(by_district.district_name, "浦东新区");

        let by_route = directory
            .destination("排水/泵站噪声", "310115")
            .expect("a destination");
        assert_eq!(by_route.unit_name, "泵站");
        assert_eq!(by_route.district_name, "浦东新区");
        assert_eq!(by_route.handlers, ["p1".into(), "p2".into()]);

        assert_eq!(directory.destination("排水/泵站噪声", "320500"), None);
    }

    #[test]
    fn each_mistake_in_the_file_has_its_own_error() {
        let stranger = "[[users]]\nid = \"x\"\nname = \"某\"\nrole = \"handler\"\nunit = \"none\"\n";
        assert!(matches!(
            errors(&file(stranger))[..],
            [DirectoryError::UnknownUnitOfUser { .. }]
        ));

        let route = "[[routes]]\ncategory_prefix = \"供水\"\nunit = \"none\"\n";
        assert!(matches!(
            errors(&file(route))[..],
            [DirectoryError::UnknownUnitOfRoute { .. }]
        ));

        let twice = "[[users]]\nid = \"h310101\"\nname = \"某\"\nrole = \"handler\"\nunit = \"d310101\"\n";
        assert_eq!(
            errors(&file(twice)),
            [DirectoryError::DuplicateUser("h310101".into())]
        );

        let unit = "[[units]]\nid = \"d310101\"\nname = \"某\"\nkind = \"bureau\"\n";
        assert_eq!(
            errors(&file(unit)),
            [DirectoryError::DuplicateUnit("d310101".into())]
        );

        let two = "[[units]]\nid = \"other\"\nname = \"某\"\nkind = \"district\"\ndistrict = \"310101\"\n";
        assert!(errors(&file(two)).contains(&DirectoryError::TwoUnitsOfDistrict("310101".to_owned())));

        let nowhere = "[[units]]\nid = \"other\"\nname = \"某\"\nkind = \"district\"\n";
        assert_eq!(
            errors(&file(nowhere)),
            [DirectoryError::BadDistrict("other".into())]
        );

        let roles = |listed: &str| {
            format!(
                "[[users]]\nid = \"x\"\nname = \"某\"\nrole = \"handler\"\nroles = [{listed}]\nunit = \"d310101\"\n"
            )
        };
        assert!(Directory::parse(&file(&roles("\"inspector\", \"keeper\""))).is_ok());
        for listed in ["\"Inspector\"", "\"inspector\", \"inspector\""] {
            assert!(matches!(
                errors(&file(&roles(listed)))[..],
                [DirectoryError::BadRole { .. }]
            ));
        }

        let odd = "[[units]]\nid = \"a:b\"\nname = \"某\"\nkind = \"bureau\"\n";
        assert_eq!(errors(&file(odd)), [DirectoryError::BadId("a:b".to_owned())]);

        let idle = "[[units]]\nid = \"idle\"\nname = \"某\"\nkind = \"bureau\"\n\
             [[routes]]\ncategory_prefix = \"供水\"\nunit = \"idle\"\n";
        assert_eq!(
            errors(&file(idle)),
            [DirectoryError::UnitWithoutHandler("idle".into())]
        );

        let missing = file("").replace("district = \"310151\"", "district = \"310118\"");
        assert!(errors(&missing).contains(&DirectoryError::DistrictWithoutUnit {
            code: "310151".to_owned(),
            name: "崇明区".to_owned(),
        }));

        assert!(matches!(errors("version = 1")[..], [DirectoryError::Syntax(_)]));
    }
}
