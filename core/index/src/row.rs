//! One row: put, changed where it changed, taken out.

use crate::pairs;
use crate::shape::{ID, Index, IndexError, NEXT_AT, ROW, TEXTS, push, quoted};
use crate::trees::{COLOUR_RANK, rank};
use rusqlite::types::{ToSql, ToSqlOutput, Value as Sql, ValueRef};
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use shenhai_forms::filter::{Stored, stored};
use shenhai_forms::value::{Time, Value};
use shenhai_pack::face::Shows;
use std::collections::BTreeMap;

/// A record as its lists know it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'r> {
    /// Its id.
    pub id: &'r str,
    /// The columns by name; what is absent is missing.
    pub values: &'r BTreeMap<String, Value>,
    /// When it changes without an act; absent where it does not.
    pub next_at: Option<Time>,
    /// What searches look in, folded as what is sought will be; lines are apart.
    pub texts: &'r str,
}

/// A bound value.
pub(crate) struct Bound(pub(crate) Stored);

impl ToSql for Bound {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match &self.0 {
            Stored::Integer(figure) => ToSqlOutput::Owned(Sql::Integer(*figure)),
            Stored::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

impl Index {
    /// Put a record's row, or bring it up to date: an update names only the columns that changed. Answers whether anything
    /// did.
    ///
    /// # Errors
    /// [`IndexError::WrongType`] and [`IndexError::Sql`].
    pub fn put(&self, connection: &Connection, row: &Row<'_>) -> Result<bool, IndexError> {
        let mut values = self.values(row)?;
        values.push((
            NEXT_AT.to_owned(),
            Stored::Integer(row.next_at.map_or(i64::MAX, Time::millis)),
        ));
        values.push((TEXTS.to_owned(), Stored::Text(row.texts.to_owned())));
        let Some((number, kept)) = self.kept(connection, row.id, values.len())? else {
            self.insert(connection, row, values)?;
            return Ok(true);
        };
        let texts_changed = kept.last() != values.last().map(|(_, value)| value);
        let mut changed = values.into_iter().zip(kept);
        let changed: Vec<(String, Stored)> = changed
            .by_ref()
            .filter(|((_, value), kept)| value != kept)
            .map(|(named, _)| named)
            .collect();
        if changed.is_empty() {
            return Ok(false);
        }
        let mut sql = format!("UPDATE {} SET ", self.table());
        for (nth, (name, _)) in changed.iter().enumerate() {
            let comma = if nth == 0 { "" } else { ", " };
            push(&mut sql, format_args!("{comma}{name} = ?{}", nth + 2));
        }
        push(&mut sql, format_args!(" WHERE {ROW} = ?1"));
        let bound = changed.into_iter().map(|(_, value)| Bound(value));
        let all = std::iter::once(Bound(Stored::Integer(number))).chain(bound);
        connection.prepare_cached(&sql)?.execute(params_from_iter(all))?;
        if texts_changed {
            self.forget_pairs(connection, number)?;
            self.keep_pairs(connection, number, row.texts)?;
        }
        Ok(true)
    }

    /// Take a record's row out, if it has one.
    ///
    /// # Errors
    /// [`IndexError::Sql`].
    pub fn remove(&self, connection: &Connection, id: &str) -> Result<(), IndexError> {
        let sql = format!("SELECT {ROW} FROM {} WHERE {ID} = ?1", self.table());
        let number = connection.prepare_cached(&sql)?.query_row([id], |row| row.get(0));
        let Some(number) = number.optional()? else {
            return Ok(());
        };
        self.forget_pairs(connection, number)?;
        let sql = format!("DELETE FROM {} WHERE {ROW} = ?1", self.table());
        connection.prepare_cached(&sql)?.execute([number])?;
        Ok(())
    }

    /// Ids of rows that changed by themselves by now, those that waited longest first. They are derived and put again
    /// before a list is read.
    ///
    /// # Errors
    /// [`IndexError::Sql`].
    pub fn stale(&self, connection: &Connection, now: Time, limit: u32) -> Result<Vec<String>, IndexError> {
        let sql = format!(
            "SELECT {ID} FROM {} WHERE {NEXT_AT} <= ?1 AND {NEXT_AT} < {} ORDER BY {NEXT_AT} LIMIT ?2",
            self.table(),
            i64::MAX
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let ids = statement.query_map(params![now.millis(), limit], |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// The columns in their order as they are kept.
    fn values(&self, row: &Row<'_>) -> Result<Vec<(String, Stored)>, IndexError> {
        let mut values = Vec::with_capacity(self.columns.len() + 3);
        for column in &self.columns {
            let value = row.values.get(&column.name).unwrap_or(&Value::Absent);
            let kept = stored(&column.kind, value);
            let kept = kept.ok_or_else(|| IndexError::WrongType(column.name.clone()))?;
            values.push((quoted(&column.name), kept));
            if column.shows == Shows::Colour {
                values.push((quoted(COLOUR_RANK), Stored::Integer(rank(value))));
            }
        }
        Ok(values)
    }

    /// What is kept of a record, in the order of [`Index::values`], then `next_at` and the texts.
    fn kept(
        &self,
        connection: &Connection,
        id: &str,
        columns: usize,
    ) -> Result<Option<(i64, Vec<Stored>)>, IndexError> {
        let mut sql = format!("SELECT {ROW}");
        for (name, _) in self.stored_columns() {
            push(&mut sql, format_args!(", {}", quoted(&name)));
        }
        push(
            &mut sql,
            format_args!(", {NEXT_AT}, {TEXTS} FROM {} WHERE {ID} = ?1", self.table()),
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let kept = statement.query_row([id], |row| {
            let column = |nth: usize| match row.get_ref(nth + 1)? {
                ValueRef::Integer(figure) => Ok(Stored::Integer(figure)),
                other => Ok(Stored::Text(other.as_str()?.to_owned())),
            };
            let kept = (0..columns).map(column).collect::<rusqlite::Result<_>>()?;
            Ok((row.get(0)?, kept))
        });
        Ok(kept.optional()?)
    }

    fn insert(
        &self,
        connection: &Connection,
        row: &Row<'_>,
        values: Vec<(String, Stored)>,
    ) -> Result<(), IndexError> {
        let mut sql = format!("INSERT INTO {} ({ID}", self.table());
        for (name, _) in &values {
            push(&mut sql, format_args!(", {name}"));
        }
        sql.push_str(") VALUES (?1");
        for nth in 0..values.len() {
            push(&mut sql, format_args!(", ?{}", nth + 2));
        }
        sql.push(')');
        let id = std::iter::once(Bound(Stored::Text(row.id.to_owned())));
        let bound = id.chain(values.into_iter().map(|(_, value)| Bound(value)));
        let number = connection.prepare_cached(&sql)?.insert(params_from_iter(bound))?;
        self.keep_pairs(connection, number, row.texts)
    }

    fn keep_pairs(&self, connection: &Connection, number: i64, texts: &str) -> Result<(), IndexError> {
        let sql = format!("INSERT INTO {} (rowid, pairs) VALUES (?1, ?2)", self.texts());
        let pairs = pairs::tokens(texts);
        connection.prepare_cached(&sql)?.execute(params![number, pairs])?;
        Ok(())
    }

    fn forget_pairs(&self, connection: &Connection, number: i64) -> Result<(), IndexError> {
        let sql = format!("DELETE FROM {} WHERE rowid = ?1", self.texts());
        connection.prepare_cached(&sql)?.execute([number])?;
        Ok(())
    }
}
