//! What names there are for an expression, and of which types: the record with its tables, links, seats and clocks, the
//! answers of the act's form, the code lists, the variables of the place where the expression stands.
//!
//! Not here: values. This is what is known when a pack is loaded.
//! Filled in by the pack's loader, read by the checkers.

use crate::value::{Type, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use thiserror::Error;

/// Most rows of a table, and of a repeat within its parent.
pub const MAX_ROWS: u32 = 200;

/// Most links of a record.
pub const MAX_LINKS: u32 = 300;

/// Most persons, units or places on a seat.
pub const MAX_HOLDERS: u32 = 200;

/// Longest name, in bytes.
pub const MAX_NAME: usize = 64;

/// Names that mean something of every record, so that no fact, table or seat may take them.
pub const RESERVED: [&str; 11] = [
    "as",
    "category",
    "came_from",
    "changed_at",
    "closed_at",
    "form",
    "id",
    "link",
    "opened_at",
    "state",
    "step",
];

/// The categories of states, the only thing others know of a record's state.
pub const CATEGORIES: [&str; 5] = ["new", "active", "waiting", "done", "void"];

/// The lists that are no author's, by names that no author's list can take.
pub(crate) mod own_list {
    pub(crate) const STATES: &str = "@state";
    pub(crate) const CATEGORIES: &str = "@category";
    pub(crate) const ACTS: &str = "@act";
    pub(crate) const LINKS: &str = "@as";
}

/// Why a name cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SchemaError {
    /// Not `[a-z][a-z0-9_]*` of at most [`MAX_NAME`] bytes.
    #[error("{0:?} is not a name of small letters, digits and _")]
    Name(String),
    /// One of [`RESERVED`].
    #[error("{0:?} has a meaning of its own")]
    Reserved(String),
    /// There is such a name already.
    #[error("{0:?} is there twice")]
    Twice(String),
    /// A code that is empty, longer than [`MAX_NAME`] bytes or with a space in it.
    #[error("{0:?} is not a code")]
    Code(String),
}

/// Names that stand side by side: the facts of a record, the columns of a row, the answers in a group of a form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    fields: BTreeMap<String, Field>,
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// One value.
    Value {
        /// Of which type.
        kind: Type,
        /// The class of a personal datum (a name, a phone number …). Rules may ask whether such a value is there and may
        /// copy it whole within its class, and nothing else.
        class: Option<String>,
    },
    /// Names below a name: a group of a form.
    Group(Group),
    /// Any number of rows: a table, a repeat, links, holders of a seat.
    Rows {
        /// What each row has.
        columns: Group,
        /// How many rows there may be.
        most: u32,
    },
}

impl Field {
    /// A value of a type without a class.
    #[must_use]
    pub const fn of(kind: Type) -> Self {
        Self::Value { kind, class: None }
    }
}

impl Group {
    /// Without any name.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Add a name. In a form it may be any name that XML allows, but rules can only say plain ones.
    ///
    /// # Errors
    /// [`SchemaError::Twice`]; [`SchemaError::Name`] when it is empty or too long.
    pub fn add(&mut self, name: &str, field: Field) -> Result<&mut Self, SchemaError> {
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(SchemaError::Name(name.to_owned()));
        }
        if self.fields.contains_key(name) {
            return Err(SchemaError::Twice(name.to_owned()));
        }
        self.fields.insert(name.to_owned(), field);
        Ok(self)
    }

    /// What a name stands for.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// Add a name of the product's own, which is known to be free.
    fn put(&mut self, name: impl Into<String>, kind: Type) {
        self.fields.insert(name.into(), Field::of(kind));
    }
}

/// A list of codes with what stands beside each: its label and the author's further columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeList {
    columns: BTreeMap<String, Type>,
    codes: BTreeMap<String, BTreeMap<String, Value>>,
}

impl CodeList {
    /// A list with these columns and no code yet.
    #[must_use]
    pub fn new(columns: impl IntoIterator<Item = (String, Type)>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            codes: BTreeMap::new(),
        }
    }

    /// A list that is nothing but its codes.
    ///
    /// # Errors
    /// As [`CodeList::add`].
    pub fn of_codes<C: Into<String>>(codes: impl IntoIterator<Item = C>) -> Result<Self, SchemaError> {
        let mut list = Self::default();
        for code in codes {
            list.add(code, BTreeMap::new())?;
        }
        Ok(list)
    }

    /// Add a code with what stands beside it. What is of another type than its column, or of no column, is not found
    /// later; the reader of the sheet has said so.
    ///
    /// # Errors
    /// [`SchemaError::Code`], so that a set of codes can be written with spaces between them, and
    /// [`SchemaError::Twice`].
    pub fn add(
        &mut self,
        code: impl Into<String>,
        row: BTreeMap<String, Value>,
    ) -> Result<&mut Self, SchemaError> {
        let code = code.into();
        if code.is_empty() || code.len() > MAX_NAME || code.contains(char::is_whitespace) {
            return Err(SchemaError::Code(code));
        }
        if self.codes.contains_key(&code) {
            return Err(SchemaError::Twice(code));
        }
        self.codes.insert(code, row);
        Ok(self)
    }

    /// Whether there is such a code.
    #[must_use]
    pub fn contains(&self, code: &str) -> bool {
        self.codes.contains_key(code)
    }

    pub(crate) fn codes(&self) -> impl Iterator<Item = &str> {
        self.codes.keys().map(String::as_str)
    }

    pub(crate) fn columns(&self) -> &BTreeMap<String, Type> {
        &self.columns
    }

    /// What stands beside a code; absent when there is no such code, no such column or nothing in it.
    #[must_use]
    pub fn look_up(&self, code: &str, column: &str) -> &Value {
        let kind = self.columns.get(column);
        let value = self.codes.get(code).and_then(|row| row.get(column));
        value
            .filter(|value| kind.is_some_and(|kind| value.is_of(kind)))
            .unwrap_or(&Value::Absent)
    }

    /// A row of this list as an effect's `each` sees it: `code` and the columns.
    #[must_use]
    pub fn row(&self, name: &str) -> Group {
        let mut row = Group::new();
        for (column, kind) in &self.columns {
            row.put(column, kind.clone());
        }
        row.put("code", Type::Code(name.to_owned()));
        row
    }
}

/// All names for the expressions of one kind of record.
///
/// One schema serves a whole law; [`Schema::with_form`] and [`Schema::with_row`] make the ones of an act and of an effect
/// with `each`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    record: Group,
    seats: BTreeSet<String>,
    lists: BTreeMap<String, Arc<CodeList>>,
    variables: Group,
}

impl Schema {
    /// What every record has: `id`, `state`, `came_from` and `category`; `opened_at`, `changed_at` and `closed_at` (times);
    /// `link` with `as`, `id`, `category` and `open`; and `step` for the acts done so far. `gives` are the columns that links mirror of the other record.
    ///
    /// # Errors
    /// When `gives` names one of a link's own columns.
    pub fn new(
        states: CodeList,
        acts: CodeList,
        links: CodeList,
        gives: &Group,
    ) -> Result<Self, SchemaError> {
        let own = |list: &str| Type::Code(list.to_owned());
        let mut record = Group::new();
        record.put("id", Type::Text);
        record.put("state", own(own_list::STATES));
        record.put("came_from", own(own_list::STATES));
        record.put("category", own(own_list::CATEGORIES));
        for instant in ["opened_at", "changed_at", "closed_at"] {
            record.put(instant, Type::Time);
        }

        let mut link = Group::new();
        link.put("as", own(own_list::LINKS));
        link.put("id", Type::Text);
        link.put("category", own(own_list::CATEGORIES));
        link.put("open", Type::Bool);
        for (name, field) in &gives.fields {
            link.add(name, field.clone())?;
        }
        record.add(
            "link",
            Field::Rows {
                columns: link,
                most: MAX_LINKS,
            },
        )?;
        let lists = [
            (own_list::STATES, states),
            (own_list::CATEGORIES, CodeList::of_codes(CATEGORIES)?),
            (own_list::ACTS, acts),
            (own_list::LINKS, links),
        ];
        Ok(Self {
            record,
            seats: BTreeSet::new(),
            lists: lists
                .into_iter()
                .map(|(name, list)| (name.to_owned(), Arc::new(list)))
                .collect(),
            variables: Group::new(),
        })
    }

    /// The columns of an index, for filters: `$me` and `$unit` (text), `$now` and `$day_end` (time).
    #[must_use]
    pub fn of_columns(columns: Group, lists: BTreeMap<String, Arc<CodeList>>) -> Self {
        let mut variables = Group::new();
        variables.put("me", Type::Text);
        variables.put("unit", Type::Text);
        variables.put("now", Type::Time);
        variables.put("day_end", Type::Time);
        Self {
            record: columns,
            seats: BTreeSet::new(),
            lists,
            variables,
        }
    }

    /// Add a code list.
    ///
    /// # Errors
    /// A name that is not plain or there twice.
    pub fn list(&mut self, name: &str, list: Arc<CodeList>) -> Result<&mut Self, SchemaError> {
        plain(name)?;
        if self.lists.contains_key(name) {
            return Err(SchemaError::Twice(name.to_owned()));
        }
        self.lists.insert(name.to_owned(), list);
        Ok(self)
    }

    /// Add a fact, with its class if it is a personal one.
    ///
    /// # Errors
    /// A name that is not plain, reserved or there twice.
    pub fn fact(&mut self, name: &str, kind: Type, class: Option<&str>) -> Result<&mut Self, SchemaError> {
        let class = class.map(str::to_owned);
        self.own(name, Field::Value { kind, class })
    }

    /// Add a table.
    ///
    /// # Errors
    /// A name that is not plain, reserved or there twice.
    pub fn table(&mut self, name: &str, columns: Group) -> Result<&mut Self, SchemaError> {
        let most = MAX_ROWS;
        self.own(name, Field::Rows { columns, most })
    }

    /// Add a seat: rows of `person`, `unit` and `place`, the top of a stack last.
    ///
    /// # Errors
    /// A name that is not plain, reserved or there twice.
    pub fn seat(&mut self, name: &str) -> Result<&mut Self, SchemaError> {
        let mut columns = Group::new();
        for part in ["person", "unit", "place"] {
            columns.put(part, Type::Text);
        }
        let most = MAX_HOLDERS;
        self.own(name, Field::Rows { columns, most })?;
        self.seats.insert(name.to_owned());
        Ok(self)
    }

    /// Add a clock: `NAME.due`, `NAME.started`, `NAME.ended` (times), `NAME.running` and `NAME.paused`.
    ///
    /// # Errors
    /// A name that is not plain or there twice.
    pub fn clock(&mut self, name: &str) -> Result<&mut Self, SchemaError> {
        plain(name)?;
        for (part, kind) in [
            ("due", Type::Time),
            ("started", Type::Time),
            ("ended", Type::Time),
            ("running", Type::Bool),
            ("paused", Type::Bool),
        ] {
            let full = format!("{name}.{part}");
            if self.record.fields.contains_key(&full) {
                return Err(SchemaError::Twice(name.to_owned()));
            }
            self.record.put(full, kind);
        }
        Ok(self)
    }

    fn own(&mut self, name: &str, field: Field) -> Result<&mut Self, SchemaError> {
        plain(name)?;
        if RESERVED.contains(&name) {
            return Err(SchemaError::Reserved(name.to_owned()));
        }
        self.record.add(name, field)?;
        Ok(self)
    }

    /// Add a variable, `$name`.
    ///
    /// # Errors
    /// A name that is not plain or there twice.
    pub fn variable(&mut self, name: &str, kind: Type) -> Result<&mut Self, SchemaError> {
        plain(name)?;
        self.variables.add(name, Field::of(kind))?;
        Ok(self)
    }

    /// The variables of guards, effects and clocks: `$act` (a code of the acts), `$me`, `$unit` and `$code` (text), and
    /// `$filled` (time).
    ///
    /// # Errors
    /// When one of them is there already.
    pub fn act_variables(&mut self) -> Result<&mut Self, SchemaError> {
        self.variable("act", Type::Code(own_list::ACTS.to_owned()))?
            .variable("me", Type::Text)?
            .variable("unit", Type::Text)?
            .variable("code", Type::Text)?
            .variable("filled", Type::Time)
    }

    /// The same names and the answers of a form, `form/…`.
    #[must_use]
    pub fn with_form(&self, answers: Group) -> Self {
        let mut with = self.clone();
        with.record
            .fields
            .insert("form".to_owned(), Field::Group(answers));
        with
    }

    /// The same names and the row that an effect's `each` is at, `$row/…`.
    #[must_use]
    pub fn with_row(&self, row: Group) -> Self {
        let mut with = self.clone();
        with.variables.fields.insert("row".to_owned(), Field::Group(row));
        with
    }

    pub(crate) const fn record(&self) -> &Group {
        &self.record
    }

    pub(crate) const fn variables(&self) -> &Group {
        &self.variables
    }

    pub(crate) fn is_seat(&self, name: &str) -> bool {
        self.seats.contains(name)
    }

    /// A list by its name, the product's own lists included.
    #[must_use]
    pub fn code_list(&self, name: &str) -> Option<&Arc<CodeList>> {
        self.lists.get(name)
    }

    pub(crate) fn list_names(&self) -> impl Iterator<Item = &str> {
        self.lists
            .keys()
            .map(String::as_str)
            .filter(|name| !name.starts_with('@'))
    }
}

/// Whether a name is one that rules can say.
///
/// # Errors
/// [`SchemaError::Name`].
pub fn plain(name: &str) -> Result<(), SchemaError> {
    let mut bytes = name.bytes();
    let begins = bytes.next().is_some_and(|first| first.is_ascii_lowercase());
    let goes_on = bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if begins && goes_on && name.len() <= MAX_NAME {
        Ok(())
    } else {
        Err(SchemaError::Name(name.to_owned()))
    }
}
