//! The tables of a kind: made, found again, taken, thrown away.

use crate::trees::{self, By, COLOUR_RANK, MOST_COLUMNS, Tree};
use rusqlite::{Connection, OptionalExtension, params};
use shenhai_forms::filter::{Filter, declaration};
use shenhai_pack::Pack;
use shenhai_pack::face::{IndexColumn, ListView, Shows};
use shenhai_pack::names::{KindId, TabId, ViewId};
use std::fmt::Write as _;
use thiserror::Error;

/// Columns of our own. No name of a pack begins with a point.
pub(crate) const ROW: &str = "\".row\"";
pub(crate) const ID: &str = "\".id\"";
pub(crate) const NEXT_AT: &str = "\".next_at\"";
pub(crate) const TEXTS: &str = "\".texts\"";

/// Why an index cannot be read or written.
#[derive(Debug, Error)]
pub enum IndexError {
    /// The database.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// More columns than a kind may have.
    #[error("{0} columns, and a kind has at most {MOST_COLUMNS}")]
    TooManyColumns(usize),
    /// A value that its column cannot hold.
    #[error("column {0} does not hold such a value")]
    WrongType(String),
    /// No such list or tab.
    #[error("no list or tab {0}")]
    Unknown(String),
    /// A key of another list.
    #[error("not a key of this list")]
    WrongKey,
}

/// A tab as it is read.
#[derive(Debug, Clone)]
pub(crate) enum Rows {
    /// Those of a tree.
    Fixed(String),
    /// Those of the tree of all that pass a filter.
    Filtered(Box<Filter>),
}

/// A list as it is read.
#[derive(Debug, Clone)]
pub(crate) struct List {
    pub(crate) id: ViewId,
    pub(crate) order: Vec<By>,
    pub(crate) tabs: Vec<(TabId, Rows)>,
}

/// The index of one kind in one database.
#[derive(Debug, Clone)]
pub struct Index {
    kind: String,
    number: i64,
    pub(crate) columns: Vec<IndexColumn>,
    pub(crate) lists: Vec<List>,
    pub(crate) trees: Vec<Tree>,
}

/// A name as SQL says it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Index {
    /// The index of a kind of the newest pack, made where there is none of this shape yet. `kind` is its name as records
    /// have it, `pack.kind`.
    ///
    /// # Errors
    /// [`IndexError::TooManyColumns`] and [`IndexError::Sql`].
    pub fn open(connection: &Connection, pack: &Pack, kind: &str, id: &KindId) -> Result<Self, IndexError> {
        let columns = pack.index(id);
        if columns.len() > MOST_COLUMNS {
            return Err(IndexError::TooManyColumns(columns.len()));
        }
        let lists: Vec<&ListView> = pack.face.lists.iter().filter(|list| list.kind == *id).collect();
        let trees = trees::trees(&lists, &columns);
        let shape = shape(&columns, &trees, &lists);
        let mut index = Self {
            kind: kind.to_owned(),
            number: 0,
            lists: lists.iter().map(|list| read(list, &columns)).collect(),
            columns,
            trees,
        };
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS ix_tables (
                 kind TEXT NOT NULL, number INTEGER NOT NULL, shape TEXT NOT NULL, whole INTEGER NOT NULL,
                 filled TEXT NOT NULL,
                 PRIMARY KEY (kind, number))",
        )?;
        let sql = "SELECT number FROM ix_tables WHERE kind = ?1 AND shape = ?2";
        let known = connection.query_row(sql, params![kind, shape], |row| row.get(0));
        index.number = match known.optional()? {
            Some(number) => number,
            None => index.make(connection, &shape)?,
        };
        Ok(index)
    }

    fn make(&mut self, connection: &Connection, shape: &str) -> Result<i64, IndexError> {
        let sql = "SELECT coalesce(max(number), 0) + 1 FROM ix_tables WHERE kind = ?1";
        self.number = connection.query_row(sql, [&self.kind], |row| row.get(0))?;
        let mut sql = format!(
            "CREATE TABLE {} ({ROW} INTEGER PRIMARY KEY, {ID} TEXT NOT NULL UNIQUE",
            self.table()
        );
        for (name, declared) in self.stored_columns() {
            push(&mut sql, format_args!(", {} {declared}", quoted(&name)));
        }
        // Last: a row that is only compared by its columns is not read to its end.
        push(
            &mut sql,
            format_args!(", {NEXT_AT} INTEGER NOT NULL, {TEXTS} TEXT NOT NULL) STRICT;"),
        );
        for (nth, tree) in self.trees.iter().enumerate() {
            push(
                &mut sql,
                format_args!("CREATE INDEX {} ON {} (", self.tree_name(nth), self.table()),
            );
            for by in &tree.order {
                let direction = if by.descending { " DESC" } else { "" };
                push(&mut sql, format_args!("{}{direction}, ", quoted(&by.column)));
            }
            push(&mut sql, format_args!("{ID})"));
            if !tree.of.is_empty() {
                push(&mut sql, format_args!(" WHERE {}", tree.of));
            }
            sql.push(';');
        }
        push(
            &mut sql,
            format_args!(
                "CREATE INDEX {} ON {} ({NEXT_AT}) WHERE {NEXT_AT} < {};",
                quoted(&format!("ix.{}.{}.next", self.kind, self.number)),
                self.table(),
                i64::MAX
            ),
        );
        // Which pairs a text has and nothing else: the text itself stands in the row.
        push(
            &mut sql,
            format_args!(
                "CREATE VIRTUAL TABLE {} USING fts5(pairs, content = '', contentless_delete = 1, detail = none);",
                self.texts()
            ),
        );
        connection.execute_batch(&sql)?;
        let sql = "INSERT INTO ix_tables (kind, number, shape, whole, filled) VALUES (?1, ?2, ?3, 0, '')";
        connection.execute(sql, params![self.kind, self.number, shape])?;
        Ok(self.number)
    }

    /// The columns as they are kept, with their types.
    pub(crate) fn stored_columns(&self) -> Vec<(String, &'static str)> {
        let mut columns = Vec::with_capacity(self.columns.len() + 1);
        for column in &self.columns {
            columns.push((column.name.clone(), declaration(&column.kind)));
            if column.shows == Shows::Colour {
                columns.push((COLOUR_RANK.to_owned(), "INTEGER NOT NULL"));
            }
        }
        columns
    }

    pub(crate) fn table(&self) -> String {
        quoted(&format!("ix.{}.{}", self.kind, self.number))
    }

    pub(crate) fn texts(&self) -> String {
        quoted(&format!("tx.{}.{}", self.kind, self.number))
    }

    pub(crate) fn tree_name(&self, nth: usize) -> String {
        quoted(&format!("ix.{}.{}.{nth}", self.kind, self.number))
    }

    /// Whether every record of the kind has its row. Until then lists are read from the one before.
    ///
    /// # Errors
    /// [`IndexError::Sql`].
    pub fn is_whole(&self, connection: &Connection) -> Result<bool, IndexError> {
        let sql = "SELECT whole FROM ix_tables WHERE kind = ?1 AND number = ?2";
        let whole = connection.query_row(sql, params![self.kind, self.number], |row| row.get(0));
        Ok(whole.optional()?.unwrap_or(false))
    }

    /// How far it was filled: every record up to this id has its row. Empty at the beginning.
    ///
    /// # Errors
    /// [`IndexError::Sql`].
    pub fn filled_to(&self, connection: &Connection) -> Result<String, IndexError> {
        let sql = "SELECT filled FROM ix_tables WHERE kind = ?1 AND number = ?2";
        Ok(connection.query_row(sql, params![self.kind, self.number], |row| row.get(0))?)
    }

    /// Note how far it was filled, in the transaction that filled it. A record that changes meanwhile is put at once; that
    /// its turn comes again does no harm.
    ///
    /// # Errors
    /// [`IndexError::Sql`].
    pub fn note_filled(&self, connection: &Connection, id: &str) -> Result<(), IndexError> {
        let sql = "UPDATE ix_tables SET filled = ?3 WHERE kind = ?1 AND number = ?2";
        connection.execute(sql, params![self.kind, self.number, id])?;
        Ok(())
    }

    /// Every record has its row: lists are read from here, and the tables before are thrown away.
    ///
    /// # Errors
    /// [`IndexError::Sql`].
    pub fn take(&self, connection: &Connection) -> Result<(), IndexError> {
        let sql = "SELECT number FROM ix_tables WHERE kind = ?1 AND number <> ?2";
        let mut statement = connection.prepare(sql)?;
        let others = statement.query_map(params![self.kind, self.number], |row| row.get(0))?;
        let others: Vec<i64> = others.collect::<Result<_, _>>()?;
        for number in others {
            let (rows, texts) = (
                format!("ix.{}.{number}", self.kind),
                format!("tx.{}.{number}", self.kind),
            );
            connection.execute_batch(&format!(
                "DROP TABLE {}; DROP TABLE {};",
                quoted(&rows),
                quoted(&texts)
            ))?;
        }
        let sql = "DELETE FROM ix_tables WHERE kind = ?1 AND number <> ?2";
        connection.execute(sql, params![self.kind, self.number])?;
        let sql = "UPDATE ix_tables SET whole = 1 WHERE kind = ?1 AND number = ?2";
        connection.execute(sql, params![self.kind, self.number])?;
        Ok(())
    }

    pub(crate) fn list(&self, id: &ViewId) -> Result<&List, IndexError> {
        let list = self.lists.iter().find(|list| list.id == *id);
        list.ok_or_else(|| IndexError::Unknown(id.to_string()))
    }
}

fn read(list: &ListView, columns: &[IndexColumn]) -> List {
    let tabs = list.tabs.iter().filter_map(|tab| {
        let rows = match trees::fixed(&tab.filter) {
            Some(condition) => Rows::Fixed(condition),
            None => Rows::Filtered(Box::new(tab.filter.filter()?.clone())),
        };
        Some((tab.id.clone(), rows))
    });
    List {
        id: list.id.clone(),
        order: trees::order(list, columns),
        tabs: tabs.collect(),
    }
}

/// What tells a table from one with other columns, trees or texts. A face that only words things differently keeps it.
fn shape(columns: &[IndexColumn], trees: &[Tree], lists: &[&ListView]) -> String {
    let mut shape = String::new();
    for column in columns {
        push(
            &mut shape,
            format_args!("column {} {:?} {:?}\n", column.name, column.kind, column.shows),
        );
    }
    for tree in trees {
        push(&mut shape, format_args!("tree {:?} {}\n", tree.order, tree.of));
    }
    for list in lists {
        push(&mut shape, format_args!("search {:?}\n", list.search));
    }
    shape
}

pub(crate) fn push(out: &mut String, what: std::fmt::Arguments<'_>) {
    let written = out.write_fmt(what);
    // Writing to a String never fails.
    debug_assert!(written.is_ok());
}
