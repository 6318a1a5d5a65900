//! The scopes' logs: what came, what changed, what left; and which scope holds what.
//!
//! Not who sees an order or a record (`access`, the laws) and not what is masked (`view`, `records::sight`). Written wherever
//! one changes; read by pull.

use super::records::{Key, RecordRow};
use super::{Rows, StoreError, Tx, document};
use rusqlite::{OptionalExtension, params};
use shenhai_protocol::{ScopeId, UnixMillis, WorkOrder};
use std::collections::BTreeMap;

/// A scope that shows an order or a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Showing {
    pub(crate) scope: ScopeId,
    /// When an order leaves it by itself, or a record leaves it or is shown otherwise; `None`: not before something happens.
    pub(crate) until: Option<UnixMillis>,
}

impl Showing {
    pub(crate) fn for_good(scope: ScopeId) -> Self {
        Self { scope, until: None }
    }
}

/// A stretch of a scope's log: each order and record once, at its last change.
pub(crate) struct Page {
    pub(crate) head: u64,
    /// Where the next page begins.
    pub(crate) cursor: u64,
    pub(crate) more: bool,
    pub(crate) entries: Vec<PageEntry>,
}

pub(crate) struct PageEntry {
    pub(crate) n: u64,
    pub(crate) key: Key,
    pub(crate) what: Logged,
}

/// What a scope's log says last of something.
pub(crate) enum Logged {
    /// An order as it now is.
    Order(Box<WorkOrder>),
    /// A record as it now is.
    Record(RecordRow),
    /// It left the scope.
    Left,
}

impl Rows<'_> {
    pub(crate) fn head(&self, scope: &ScopeId) -> Result<u64, StoreError> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT head FROM scopes WHERE scope = ?1")?;
        let head = statement
            .query_row([scope.as_str()], |row| row.get(0))
            .optional()?;
        Ok(head.unwrap_or(0))
    }

    pub(super) fn all_heads(&self) -> Result<Vec<(ScopeId, u64)>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT scope, head FROM scopes")?;
        let rows = statement.query_map([], |row| Ok((ScopeId(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The log of `scope` after `cursor`, at most `limit` entries. What changed again later in the log is left to its last
    /// number: a reader from 0 gets the present state and nothing twice.
    pub(crate) fn page(&self, scope: &ScopeId, cursor: u64, limit: usize) -> Result<Page, StoreError> {
        let head = self.head(scope)?;
        let sql = "SELECT c.n, c.order_id, c.removed, o.doc, r.rev, r.law, r.doc
             FROM changes c LEFT JOIN orders o ON o.id = c.order_id LEFT JOIN records r ON r.key = c.order_id
             WHERE c.scope = ?1 AND c.n > ?2 AND NOT EXISTS (
                 SELECT 1 FROM changes later
                 WHERE later.scope = c.scope AND later.order_id = c.order_id AND later.n > c.n)
             ORDER BY c.n LIMIT ?3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params![scope.as_str(), cursor, limit + 1])?;
        let mut entries = Vec::new();
        let mut more = false;
        while let Some(row) = rows.next()? {
            if entries.len() == limit {
                more = true;
                break;
            }
            let key = Key::stored(row.get(1)?);
            let removed: bool = row.get(2)?;
            let order = row.get_ref(3)?.as_str_or_null().map_err(rusqlite::Error::from)?;
            let what = match (removed, order) {
                (true, _) => Logged::Left,
                (false, Some(doc)) => Logged::Order(document("order", doc)?),
                (false, None) => Logged::Record(RecordRow {
                    key: key.clone(),
                    rev: row.get(4)?,
                    law: row.get(5)?,
                    doc: row.get(6)?,
                }),
            };
            entries.push(PageEntry {
                n: row.get(0)?,
                key,
                what,
            });
        }
        let cursor = match entries.last() {
            Some(last) if more => last.n,
            _ => head,
        };
        Ok(Page {
            head,
            cursor,
            more,
            entries,
        })
    }

    /// Whether something was ever in a scope.
    pub(crate) fn was_in(&self, scope: &ScopeId, key: &Key) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM changes WHERE scope = ?1 AND order_id = ?2)";
        let mut statement = self.conn.prepare_cached(sql)?;
        let found = statement.query_row([scope.as_str(), key.as_str()], |row| row.get(0));
        Ok(found?)
    }

    /// When the next order or record leaves a scope by itself, or is shown otherwise there.
    pub(crate) fn next_leaving(&self) -> Result<Option<UnixMillis>, StoreError> {
        let sql = "SELECT min(until) FROM held WHERE until IS NOT NULL";
        let mut statement = self.conn.prepare_cached(sql)?;
        let next: Option<i64> = statement.query_row([], |row| row.get(0))?;
        Ok(next.map(UnixMillis))
    }

    /// Records of which some scope is to be asked anew at an instant, whether it still shows them and how much.
    pub(crate) fn to_be_shown_anew(
        &self,
        now: UnixMillis,
        limit: usize,
    ) -> Result<Vec<RecordRow>, StoreError> {
        let sql =
            "SELECT DISTINCT r.key, r.rev, r.law, r.doc FROM held h JOIN records r ON r.key = h.order_id
             WHERE h.until <= ?1 ORDER BY r.key LIMIT ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map(params![now.0, limit], RecordRow::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The scopes that hold something, sorted.
    pub(crate) fn holders(&self, key: &Key) -> Result<Vec<ScopeId>, StoreError> {
        let sql = "SELECT scope FROM held WHERE order_id = ?1 ORDER BY scope";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([key.as_str()], |row| Ok(ScopeId(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Tell every scope what an order came to, as [`Tx::log_showings`] does.
    pub(crate) fn log_change(
        &mut self,
        order: &WorkOrder,
        showings: &[Showing],
    ) -> Result<BTreeMap<String, u64>, StoreError> {
        self.log_showings(&Key::of_order(&order.id), order.rev, showings)
    }

    /// Tell every scope what something came to: those in `showings`, which must be sorted, get a change; those that held
    /// it and are not among them get its leaving. Answers the numbers of both.
    pub(crate) fn log_showings(
        &mut self,
        key: &Key,
        rev: u64,
        showings: &[Showing],
    ) -> Result<BTreeMap<String, u64>, StoreError> {
        let held = self.holders(key)?;
        let seen = |scope: &ScopeId| showings.iter().find(|showing| showing.scope == *scope);
        let mut concerned: Vec<&ScopeId> = showings.iter().map(|showing| &showing.scope).collect();
        concerned.extend(held.iter().filter(|scope| seen(scope).is_none()));
        // Scopes are always locked in this order.
        concerned.sort();
        let mut numbers = BTreeMap::new();
        for scope in concerned {
            let n = match seen(scope) {
                Some(showing) => {
                    self.hold(key, showing, rev, held.contains(scope))?;
                    self.log(scope, key, false)?
                }
                None => self.let_go(key, scope)?,
            };
            numbers.insert(scope.0.clone(), n);
        }
        Ok(numbers)
    }

    /// Take orders that leave by themselves out of their scopes, at most `limit`; answers how many went.
    pub(crate) fn take_leave(&mut self, now: UnixMillis, limit: usize) -> Result<usize, StoreError> {
        let due: Vec<(Key, ScopeId)> = {
            let sql = "SELECT order_id, scope FROM held
                 WHERE until <= ?1 AND EXISTS (SELECT 1 FROM orders WHERE id = order_id)
                 ORDER BY scope, order_id LIMIT ?2";
            let mut statement = self.conn.prepare_cached(sql)?;
            let rows = statement.query_map(params![now.0, limit], |row| {
                Ok((Key::stored(row.get(0)?), ScopeId(row.get(1)?)))
            })?;
            rows.collect::<Result<_, _>>()?
        };
        for (key, scope) in &due {
            self.let_go(key, scope)?;
        }
        Ok(due.len())
    }

    fn hold(&mut self, key: &Key, showing: &Showing, rev: u64, held: bool) -> Result<(), StoreError> {
        let sql = if held {
            "UPDATE held SET rev = ?3, until = ?4 WHERE order_id = ?1 AND scope = ?2"
        } else {
            "INSERT INTO held (order_id, scope, rev, until) VALUES (?1, ?2, ?3, ?4)"
        };
        let until = showing.until.map(|until| until.0);
        let row = params![key.as_str(), showing.scope.as_str(), rev, until];
        self.conn.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }

    fn let_go(&mut self, key: &Key, scope: &ScopeId) -> Result<u64, StoreError> {
        let sql = "DELETE FROM held WHERE order_id = ?1 AND scope = ?2";
        self.conn
            .prepare_cached(sql)?
            .execute([key.as_str(), scope.as_str()])?;
        self.log(scope, key, true)
    }

    fn log(&mut self, scope: &ScopeId, key: &Key, removed: bool) -> Result<u64, StoreError> {
        let n = self.next_number(scope)?;
        let sql = "INSERT INTO changes (scope, n, order_id, removed) VALUES (?1, ?2, ?3, ?4)";
        let row = params![scope.as_str(), n, key.as_str(), removed];
        self.conn.prepare_cached(sql)?.execute(row)?;
        self.touched.insert(scope.clone(), n);
        Ok(n)
    }

    fn next_number(&mut self, scope: &ScopeId) -> Result<u64, StoreError> {
        let bump = "UPDATE scopes SET head = head + 1 WHERE scope = ?1 RETURNING head";
        let next: Option<u64> = self
            .conn
            .prepare_cached(bump)?
            .query_row([scope.as_str()], |row| row.get(0))
            .optional()?;
        if let Some(n) = next {
            return Ok(n);
        }
        let first = "INSERT INTO scopes (scope, head) VALUES (?1, 1)";
        self.conn.prepare_cached(first)?.execute([scope.as_str()])?;
        Ok(1)
    }
}
