//! `law/facts.csv`: what is known of a record, of which type, and whose eyes it is for.
//!
//! Not the values. Read by the fold, by forms and by lists.

use super::kinds::{Kinds, OfKind};
use crate::finding::{Findings, Place};
use crate::formula::Formula;
use crate::limits;
use crate::names::{FactId, ListId, Name};
use crate::problem::Problem;
use crate::sheet::{self, Layout, Row};
use shenhai_forms::value::{self, Type};

pub(crate) const FILE: &str = "law/facts.csv";
pub(crate) const LAYOUT: Layout = Layout {
    required: &["name", "type", "label"],
    optional: &["kind", "list", "class", "key", "calc"],
    open: false,
    rows: limits::SHEET_ROWS,
};

/// The coordinate system of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Datum {
    /// Of satellites and phones.
    Wgs84,
    /// Of 高德 and 腾讯.
    Gcj02,
    /// Of 百度.
    Bd09,
}

/// What a value is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactType {
    /// One line of text.
    Text,
    /// One code of a list.
    Code(ListId),
    /// A set of codes of a list.
    Codes(ListId),
    /// A whole number.
    Int,
    /// An exact decimal with that many digits after the point, 0 to 9.
    Decimal(u8),
    /// Yes or no.
    Bool,
    /// A day in +08:00.
    Date,
    /// An instant.
    Time,
    /// A place in one datum: they differ by up to 700 m, so the type tells them apart.
    Point(Datum),
    /// A file; long text too.
    File,
    /// Parts of a form that are open again.
    Marks,
    /// Rows; the columns stand in [`Fact::columns`].
    Table,
}

impl FactType {
    /// A type from the columns `type` and `list`.
    pub(crate) fn parse(row: &Row, findings: &mut Findings) -> Option<Self> {
        let text = row.cell("type");
        let list = row.name_or_blank::<ListId>("list", findings).ok()?;
        let takes_list = matches!(text, "code" | "codes");
        if takes_list != list.is_some() {
            findings.add(&row.at("list"), &Problem::ListNotFitting);
            return None;
        }
        let decimal = |text: &str| {
            let digits = text.strip_prefix("decimal(")?.strip_suffix(')')?;
            digits.parse::<u8>().ok().filter(|digits| *digits <= 9)
        };
        let found = match (text, list) {
            ("text", None) => Self::Text,
            ("code", Some(list)) => Self::Code(list),
            ("codes", Some(list)) => Self::Codes(list),
            ("int", None) => Self::Int,
            ("bool", None) => Self::Bool,
            ("date", None) => Self::Date,
            ("time", None) => Self::Time,
            ("point(wgs84)", None) => Self::Point(Datum::Wgs84),
            ("point(gcj02)", None) => Self::Point(Datum::Gcj02),
            ("point(bd09)", None) => Self::Point(Datum::Bd09),
            ("file", None) => Self::File,
            ("marks", None) => Self::Marks,
            ("table", None) => Self::Table,
            (other, _) => match decimal(other) {
                Some(scale) => Self::Decimal(scale),
                None => {
                    let problem = Problem::UnknownWord {
                        text: other.chars().take(80).collect(),
                        known: "text code codes int decimal(2) bool date time point(wgs84) file marks table"
                            .to_owned(),
                    };
                    findings.add(&row.at("type"), &problem);
                    return None;
                }
            },
        };
        Some(found)
    }

    /// The type as the sheets spell it, its list included: what a name has meant.
    #[must_use]
    pub fn spelling(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Code(list) => format!("code({list})"),
            Self::Codes(list) => format!("codes({list})"),
            Self::Int => "int".to_owned(),
            Self::Decimal(scale) => format!("decimal({scale})"),
            Self::Bool => "bool".to_owned(),
            Self::Date => "date".to_owned(),
            Self::Time => "time".to_owned(),
            Self::Point(Datum::Wgs84) => "point(wgs84)".to_owned(),
            Self::Point(Datum::Gcj02) => "point(gcj02)".to_owned(),
            Self::Point(Datum::Bd09) => "point(bd09)".to_owned(),
            Self::File => "file".to_owned(),
            Self::Marks => "marks".to_owned(),
            Self::Table => "table".to_owned(),
        }
    }

    /// The type its values have in formulas. Marks and tables have none: no formula yields one.
    #[must_use]
    pub fn value_type(&self) -> Option<Type> {
        Some(match self {
            Self::Text => Type::Text,
            Self::Code(list) => Type::Code(list.to_string()),
            Self::Codes(list) => Type::Codes(list.to_string()),
            Self::Int => Type::Int,
            Self::Decimal(scale) => Type::Decimal { scale: *scale },
            Self::Bool => Type::Bool,
            Self::Date => Type::Date,
            Self::Time => Type::Time,
            Self::Point(datum) => Type::Point(match datum {
                Datum::Wgs84 => value::Datum::Wgs84,
                Datum::Gcj02 => value::Datum::Gcj02,
                Datum::Bd09 => value::Datum::Bd09,
            }),
            Self::File => Type::File,
            Self::Marks | Self::Table => return None,
        })
    }

    /// The list its codes come from.
    #[must_use]
    pub fn list(&self) -> Option<&ListId> {
        match self {
            Self::Code(list) | Self::Codes(list) => Some(list),
            _ => None,
        }
    }
}

/// What kind of personal data a fact is. The list is the product's, each class with its mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Somebody's name.
    Name,
    /// A telephone number.
    Phone,
    /// The number of an identity document.
    Id,
    /// Where somebody lives.
    Address,
    /// Text in which any of these may stand.
    FreeText,
}

impl Class {
    /// Every class with its spelling.
    pub const ALL: [(&'static str, Self); 5] = [
        ("name", Self::Name),
        ("phone", Self::Phone),
        ("id", Self::Id),
        ("address", Self::Address),
        ("free_text", Self::FreeText),
    ];

    /// The class of that spelling.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, class)| *class)
    }

    /// Its spelling.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, class)| *class == self)
            .map_or("", |(word, _)| word)
    }

    pub(crate) fn words() -> String {
        Self::ALL.map(|(word, _)| word).join(" ")
    }

    /// The class of a cell; blank is none. `Err` where another word stands there.
    pub(crate) fn of(row: &Row, findings: &mut Findings) -> Result<Option<Self>, sheet::Bad> {
        let text = row.cell("class");
        match (text, Self::from_word(text)) {
            ("", _) => Ok(None),
            (_, Some(class)) => Ok(Some(class)),
            (_, None) => {
                let problem = Problem::UnknownWord {
                    text: text.chars().take(80).collect(),
                    known: Self::words(),
                };
                findings.add(&row.at("class"), &problem);
                Err(sheet::Bad)
            }
        }
    }
}

/// One fact, or one column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its name.
    pub name: FactId,
    /// Its type.
    pub kind: FactType,
    /// What kind of personal data it is, if any.
    pub class: Option<Class>,
    /// Of a column: whether it tells the rows of its table apart.
    pub key: bool,
    /// Worked out as the fold ends, from what else is known.
    pub calc: Option<Formula>,
    /// What people call it; part of a commitment, so it belongs to the law.
    pub label: String,
    /// The columns, of a table.
    pub columns: Vec<Fact>,
    /// Its row.
    pub place: Place,
}

impl Fact {
    /// A column of this table.
    #[must_use]
    pub fn column(&self, name: &FactId) -> Option<&Fact> {
        self.columns.iter().find(|column| column.name == *name)
    }
}

/// Names that every record has, so that no fact may take them.
pub(crate) const OF_EVERY_RECORD: [&str; 15] = [
    "id",
    "kind",
    "rev",
    "state",
    "category",
    "came_from",
    "opened_at",
    "closed_at",
    "changed_at",
    "as",
    "link",
    "step",
    "form",
    "due",
    "colour",
];

pub(crate) fn read(rows: &[Row], kinds: Kinds<'_>, findings: &mut Findings) -> OfKind<Fact> {
    let mut facts: OfKind<Fact> = OfKind::new();
    let mut columns = Vec::new();
    for row in rows {
        let kind = kinds.of(row, findings);
        let (table, name) = match row.cell("name").split_once('.') {
            Some((table, column)) => (sheet::name::<FactId>(table, &row.at("name"), findings), column),
            None => (None, row.cell("name")),
        };
        let is_column = row.cell("name").contains('.');
        let Some(fact) = fact(row, name, is_column, findings) else {
            continue;
        };
        let Some(kind) = kind else { continue };
        match (is_column, table) {
            (true, Some(table)) => columns.push((kind, table, fact)),
            (true, None) => {}
            (false, _) => facts.entry(kind).or_default().push(fact),
        }
    }
    for (kind, table, column) in columns {
        let owner = facts
            .get_mut(&kind)
            .and_then(|facts| facts.iter_mut().find(|fact| fact.name == table))
            .filter(|fact| fact.kind == FactType::Table);
        match owner {
            Some(owner) => owner.columns.push(column),
            None => {
                let problem = Problem::Unknown {
                    what: "表格",
                    name: table.to_string(),
                };
                findings.add(&column.place.at("name"), &problem);
            }
        }
    }
    facts
}

fn fact(row: &Row, name: &str, is_column: bool, findings: &mut Findings) -> Option<Fact> {
    let at = row.at("name");
    if name.is_empty() {
        findings.add(&at, &Problem::CellMissing);
        return None;
    }
    let name = sheet::name::<FactId>(name, &at, findings);
    if let Some(name) = name
        .as_ref()
        .filter(|name| OF_EVERY_RECORD.contains(&name.as_str()))
    {
        findings.add(
            &at,
            &Problem::ReservedName {
                name: name.to_string(),
            },
        );
    }
    let kind = FactType::parse(row, findings);
    let class = Class::of(row, findings);
    let key = row.flag("key", findings);
    if row.cell("label").is_empty() {
        findings.add(&row.at("label"), &Problem::CellMissing);
    }
    if key == Some(true) && !is_column {
        findings.add(&row.at("key"), &Problem::KeyOutsideTable);
    }
    let kind = kind?;
    if is_column && matches!(kind, FactType::Table | FactType::Marks) {
        findings.add(&row.at("type"), &Problem::NestedTable);
        return None;
    }
    Some(Fact {
        name: name?,
        kind,
        class: class.ok()?,
        key: key?,
        calc: Formula::of(row, "calc"),
        label: row.cell("label").to_owned(),
        columns: Vec::new(),
        place: row.place.clone(),
    })
}
