//! One page of a list, and how many rows a tab holds.

use crate::pairs;
use crate::row::Bound;
use crate::shape::{ID, Index, IndexError, List, ROW, Rows, TEXTS, push, quoted};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};
use shenhai_forms::filter::Stored;
use shenhai_forms::rule::Variables;
use shenhai_pack::names::{TabId, ViewId};

/// So few rows are gathered and sorted; more are met in the order of a tree.
const FEW: u32 = 2_000;

/// Who may see which rows, as the host's database knows it: a row is seen where `table` has one with one of the scopes and
/// the record's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Within {
    /// The table.
    pub table: String,
    /// Its column with the scope.
    pub scope: String,
    /// Its column with the record's id.
    pub record: String,
    /// The scopes.
    pub scopes: Vec<String>,
}

/// What is asked of a list.
#[derive(Debug, Clone, Copy)]
pub struct Query<'q> {
    /// Which list.
    pub list: &'q ViewId,
    /// Which of its tabs; absent: all rows.
    pub tab: Option<&'q TabId>,
    /// Text that must occur in one of its texts, folded as they are; empty for all.
    pub search: &'q str,
    /// Who looks, of which unit, and when ([`shenhai_forms::filter::variables`]).
    pub variables: &'q Variables,
    /// Who may see what; absent: everything.
    pub within: Option<&'q Within>,
}

/// Where a row stands in its list: the next page begins after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    values: Vec<Stored>,
    id: String,
}

impl Key {
    /// The key as a text that may be handed out and comes back.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for value in &self.values {
            match value {
                Stored::Integer(figure) => push(&mut text, format_args!("i{figure}\n")),
                Stored::Text(value) => push(&mut text, format_args!("t{}\n", escaped(value))),
            }
        }
        text.push_str(&escaped(&self.id));
        text
    }

    /// The key of a text; `None` where none is written so.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        let mut lines: Vec<&str> = text.split('\n').collect();
        let id = plain(lines.pop()?)?;
        let value = |line: &str| match line.split_at_checked(1)? {
            ("i", figure) => figure.parse().ok().map(Stored::Integer),
            ("t", value) => plain(value).map(Stored::Text),
            _ => None,
        };
        let values = lines.into_iter().map(value).collect::<Option<_>>()?;
        Some(Self { values, id })
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

fn plain(escaped: &str) -> Option<String> {
    let mut text = String::with_capacity(escaped.len());
    let mut rest = escaped.chars();
    while let Some(letter) = rest.next() {
        text.push(match letter {
            '\\' => match rest.next()? {
                '\\' => '\\',
                'n' => '\n',
                _ => return None,
            },
            letter => letter,
        });
    }
    Some(text)
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Ids in the order of the list.
    pub ids: Vec<String>,
    /// After which row the next page begins; absent where nothing follows.
    pub next: Option<Key>,
}

/// A bounded count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// How many there are, at most what was asked for.
    pub rows: u32,
    /// There are more.
    pub more: bool,
}

/// A statement being made.
#[derive(Default)]
struct Statement {
    conditions: Vec<String>,
    parameters: Vec<Stored>,
    /// `INDEXED BY` a tree, or `NOT INDEXED` where the rows are gathered by number.
    hint: String,
}

impl Statement {
    fn bind(&mut self, value: Stored) -> usize {
        self.parameters.push(value);
        self.parameters.len()
    }

    fn text(&mut self, text: &str) -> usize {
        self.bind(Stored::Text(text.to_owned()))
    }

    fn wheres(&self) -> String {
        match self.conditions.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", self.conditions.join(" AND ")),
        }
    }
}

impl Index {
    /// A page of a list.
    ///
    /// # Errors
    /// [`IndexError::Unknown`], [`IndexError::WrongKey`] and [`IndexError::Sql`].
    pub fn page(
        &self,
        connection: &Connection,
        query: &Query<'_>,
        after: Option<&Key>,
        limit: u32,
    ) -> Result<Page, IndexError> {
        let list = self.list(query.list)?;
        let mut statement = self.statement(connection, query, list)?;
        if let Some(key) = after {
            begin_after(&mut statement, list, key)?;
        }
        let mut sql = format!("SELECT {ID}");
        for by in &list.order {
            push(&mut sql, format_args!(", {}", quoted(&by.column)));
        }
        push(
            &mut sql,
            format_args!(" FROM {} {}{}", self.table(), statement.hint, statement.wheres()),
        );
        sql.push_str(" ORDER BY ");
        for by in &list.order {
            let direction = if by.descending { " DESC" } else { "" };
            push(&mut sql, format_args!("{}{direction}, ", quoted(&by.column)));
        }
        let limited = statement.bind(Stored::Integer(i64::from(limit) + 1));
        push(&mut sql, format_args!("{ID} LIMIT ?{limited}"));
        let mut prepared = connection.prepare_cached(&sql)?;
        let mut rows = prepared.query(params_from_iter(statement.parameters.into_iter().map(Bound)))?;
        let (mut ids, mut last, mut more) = (Vec::new(), None, false);
        while let Some(row) = rows.next()? {
            if ids.len() == limit as usize {
                more = true;
                break;
            }
            let id: String = row.get(0)?;
            let values = (1..=list.order.len()).map(|nth| {
                Ok(match row.get_ref(nth)? {
                    ValueRef::Integer(figure) => Stored::Integer(figure),
                    other => Stored::Text(other.as_str().map_err(rusqlite::Error::from)?.to_owned()),
                })
            });
            last = Some(Key {
                values: values.collect::<Result<_, rusqlite::Error>>()?,
                id: id.clone(),
            });
            ids.push(id);
        }
        let next = last.filter(|_| more);
        Ok(Page { ids, next })
    }

    /// How many rows there are, counted up to `most`: what a badge says need not walk over a whole city.
    ///
    /// # Errors
    /// [`IndexError::Unknown`] and [`IndexError::Sql`].
    pub fn count(
        &self,
        connection: &Connection,
        query: &Query<'_>,
        most: u32,
    ) -> Result<Counted, IndexError> {
        let list = self.list(query.list)?;
        let mut statement = self.statement(connection, query, list)?;
        let limited = statement.bind(Stored::Integer(i64::from(most) + 1));
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {} {}{} LIMIT ?{limited})",
            self.table(),
            statement.hint,
            statement.wheres()
        );
        let found: u32 = bounded(connection, &sql, statement.parameters)?;
        Ok(Counted {
            rows: found.min(most),
            more: found > most,
        })
    }

    fn statement(
        &self,
        connection: &Connection,
        query: &Query<'_>,
        list: &List,
    ) -> Result<Statement, IndexError> {
        let mut statement = Statement::default();
        let mut of = "";
        if let Some(tab) = query.tab {
            let found = list.tabs.iter().find(|(id, _)| id == tab);
            match found.map(|(_, rows)| rows) {
                None => return Err(IndexError::Unknown(tab.to_string())),
                Some(Rows::Fixed(condition)) => {
                    of = condition;
                    statement.conditions.push(format!("({condition})"));
                }
                Some(Rows::Filtered(filter)) => {
                    // First: its parameters are counted from 1.
                    let sql = filter.sql(query.variables);
                    statement.parameters = sql.parameters;
                    statement.conditions.push(format!("({})", sql.text));
                }
            }
        }
        let gathered = self.search(connection, query.search, &mut statement)?;
        let gathered = match query.within {
            Some(within) => self.within(connection, within, gathered, &mut statement)?,
            None => gathered,
        };
        if gathered {
            statement.hint = "NOT INDEXED".to_owned();
        } else {
            let fits = |of: &str| {
                self.trees
                    .iter()
                    .position(|tree| tree.order == list.order && tree.of == of)
            };
            if let Some(nth) = fits(of).or_else(|| fits("")) {
                statement.hint = format!("INDEXED BY {}", self.tree_name(nth));
            }
        }
        Ok(statement)
    }

    /// Only rows that hold the text. Whether there are few, so that they are gathered.
    fn search(
        &self,
        connection: &Connection,
        sought: &str,
        statement: &mut Statement,
    ) -> Result<bool, IndexError> {
        if sought.is_empty() {
            return Ok(false);
        }
        let mut few = false;
        if let Some(expression) = pairs::expression(sought) {
            let texts = self.texts();
            let sql =
                format!("SELECT count(*) FROM (SELECT 1 FROM {texts} WHERE {texts} MATCH ?1 LIMIT {FEW})");
            few = bounded(connection, &sql, vec![Stored::Text(expression.clone())])? < FEW;
            if few {
                let nth = statement.text(&expression);
                let texts = self.texts();
                statement.conditions.push(format!(
                    "{ROW} IN (SELECT rowid FROM {texts} WHERE {texts} MATCH ?{nth})"
                ));
            }
        }
        // The pairs may stand in another order.
        let nth = statement.text(sought);
        statement.conditions.push(format!("instr({TEXTS}, ?{nth}) > 0"));
        Ok(few)
    }

    /// Only rows that are in one of the scopes. Whether there are few, so that they are gathered.
    fn within(
        &self,
        connection: &Connection,
        within: &Within,
        gathered: bool,
        statement: &mut Statement,
    ) -> Result<bool, IndexError> {
        let (table, scope, record) = (
            quoted(&within.table),
            quoted(&within.scope),
            quoted(&within.record),
        );
        let marks: Vec<String> = within
            .scopes
            .iter()
            .map(|scope| format!("?{}", statement.text(scope)))
            .collect();
        let marks = marks.join(", ");
        let few = !gathered && {
            let own: Vec<String> = (1..=within.scopes.len()).map(|nth| format!("?{nth}")).collect();
            let sql = format!(
                "SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {scope} IN ({}) LIMIT {FEW})",
                own.join(", ")
            );
            let scopes = within.scopes.iter().cloned().map(Stored::Text).collect();
            bounded(connection, &sql, scopes)? < FEW
        };
        statement.conditions.push(match few {
            true => format!(
                "{ROW} IN (SELECT own.{ROW} FROM {table} AS theirs JOIN {} AS own ON own.{ID} = theirs.{record}
                     WHERE theirs.{scope} IN ({marks}))",
                self.table()
            ),
            false => format!(
                "EXISTS (SELECT 1 FROM {table} AS theirs
                     WHERE theirs.{record} = {}.{ID} AND theirs.{scope} IN ({marks}))",
                self.table()
            ),
        });
        Ok(gathered || few)
    }
}

fn bounded(connection: &Connection, sql: &str, parameters: Vec<Stored>) -> Result<u32, IndexError> {
    let mut statement = connection.prepare_cached(sql)?;
    let parameters = params_from_iter(parameters.into_iter().map(Bound));
    Ok(statement.query_row(parameters, |row| row.get(0))?)
}

/// Only what follows a row in the order of the list.
fn begin_after(statement: &mut Statement, list: &List, key: &Key) -> Result<(), IndexError> {
    if key.values.len() != list.order.len() {
        return Err(IndexError::WrongKey);
    }
    let id = statement.text(&key.id);
    let mut condition = format!("{ID} > ?{id}");
    for (by, value) in list.order.iter().zip(&key.values).rev() {
        let nth = statement.bind(value.clone());
        let (column, beyond) = (quoted(&by.column), if by.descending { "<" } else { ">" });
        condition = format!("({column} {beyond} ?{nth} OR ({column} = ?{nth} AND {condition}))");
    }
    // Said once more where the tree can begin with it: of an OR it cannot.
    if let (Some(by), Some(value)) = (list.order.first(), key.values.first()) {
        let nth = statement.bind(value.clone());
        let beyond = if by.descending { "<=" } else { ">=" };
        statement
            .conditions
            .push(format!("{} {beyond} ?{nth}", quoted(&by.column)));
    }
    statement.conditions.push(condition);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Key, Stored};

    #[test]
    fn a_key_comes_back_from_its_text_and_nothing_else_does() {
        let key = Key {
            values: vec![Stored::Integer(-7), Stored::Text("a\nb\\n".to_owned())],
            id: "river.patrol/x".to_owned(),
        };
        assert_eq!(key.to_text(), "i-7\nta\\nb\\\\n\nriver.patrol/x");
        assert_eq!(Key::of_text(&key.to_text()), Some(key));
        for text in ["x1\nid", "ix\nid", "\nid", "t\\q\nid", "i1\nid\\"] {
            assert_eq!(Key::of_text(text), None, "{text:?}");
        }
    }
}
