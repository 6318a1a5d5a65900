//! The scopes' logs: what came, what changed, what left; and which scope holds what.
//!
//! Not who sees an order (`access`) and not what is masked (`view`). Written wherever an order changes; read by pull.

use super::{Rows, StoreError, Tx, document};
use rusqlite::{OptionalExtension, params};
use shenhai_protocol::{OrderId, ScopeId, UnixMillis, WorkOrder};
use std::collections::BTreeMap;

/// A scope that shows an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Showing {
    pub(crate) scope: ScopeId,
    /// When the order leaves it by itself; `None`: not before something happens to it.
    pub(crate) until: Option<UnixMillis>,
}

impl Showing {
    pub(crate) fn for_good(scope: ScopeId) -> Self {
        Self { scope, until: None }
    }
}

/// A stretch of a scope's log: each order once, at its last change.
pub(crate) struct Page {
    pub(crate) head: u64,
    /// Where the next page begins.
    pub(crate) cursor: u64,
    pub(crate) more: bool,
    pub(crate) entries: Vec<PageEntry>,
}

pub(crate) struct PageEntry {
    pub(crate) n: u64,
    pub(crate) order_id: OrderId,
    /// `None`: it left the scope.
    pub(crate) order: Option<WorkOrder>,
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

    /// The log of `scope` after `cursor`, at most `limit` orders. An order that changed again later in the log
    /// is left to its last number: a reader from 0 gets the present state and nothing twice.
    pub(crate) fn page(&self, scope: &ScopeId, cursor: u64, limit: usize) -> Result<Page, StoreError> {
        let head = self.head(scope)?;
        let sql = "SELECT c.n, c.order_id, c.removed, o.doc
             FROM changes c JOIN orders o ON o.id = c.order_id
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
            let removed: bool = row.get(2)?;
            let order = match removed {
                true => None,
                false => Some(document(
                    "order",
                    row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?,
                )?),
            };
            entries.push(PageEntry {
                n: row.get(0)?,
                order_id: OrderId(row.get(1)?),
                order,
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

    /// Whether an order was ever in a scope.
    pub(crate) fn was_in(&self, scope: &ScopeId, order: &OrderId) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM changes WHERE scope = ?1 AND order_id = ?2)";
        let mut statement = self.conn.prepare_cached(sql)?;
        let found = statement.query_row([scope.as_str(), order.as_str()], |row| row.get(0));
        Ok(found?)
    }

    /// When the next order leaves a scope by itself.
    pub(crate) fn next_leaving(&self) -> Result<Option<UnixMillis>, StoreError> {
        let sql = "SELECT min(until) FROM held WHERE until IS NOT NULL";
        let mut statement = self.conn.prepare_cached(sql)?;
        let next: Option<i64> = statement.query_row([], |row| row.get(0))?;
        Ok(next.map(UnixMillis))
    }

    /// The scopes that hold an order, sorted.
    fn holders(&self, order: &OrderId) -> Result<Vec<ScopeId>, StoreError> {
        let sql = "SELECT scope FROM held WHERE order_id = ?1 ORDER BY scope";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([order.as_str()], |row| Ok(ScopeId(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Tell every scope what an order came to: those in `showings`, which must be sorted, get a change; those that held
    /// it and are not among them get its leaving. Answers the numbers of both.
    pub(crate) fn log_change(
        &mut self,
        order: &WorkOrder,
        showings: &[Showing],
    ) -> Result<BTreeMap<String, u64>, StoreError> {
        let held = self.holders(&order.id)?;
        let seen = |scope: &ScopeId| showings.iter().find(|showing| showing.scope == *scope);
        let mut concerned: Vec<&ScopeId> = showings.iter().map(|showing| &showing.scope).collect();
        concerned.extend(held.iter().filter(|scope| seen(scope).is_none()));
        // Scopes are always locked in this order.
        concerned.sort();
        let mut numbers = BTreeMap::new();
        for scope in concerned {
            let n = match seen(scope) {
                Some(showing) => {
                    self.hold(&order.id, showing, order.rev, held.contains(scope))?;
                    self.log(scope, &order.id, false)?
                }
                None => self.let_go(&order.id, scope)?,
            };
            numbers.insert(scope.0.clone(), n);
        }
        Ok(numbers)
    }

    /// Take what leaves by itself out of its scopes, at most `limit` orders; answers how many went.
    pub(crate) fn take_leave(&mut self, now: UnixMillis, limit: usize) -> Result<usize, StoreError> {
        let due: Vec<(OrderId, ScopeId)> = {
            let sql = "SELECT order_id, scope FROM held WHERE until <= ?1 ORDER BY scope, order_id LIMIT ?2";
            let mut statement = self.conn.prepare_cached(sql)?;
            let rows = statement.query_map(params![now.0, limit], |row| {
                Ok((OrderId(row.get(0)?), ScopeId(row.get(1)?)))
            })?;
            rows.collect::<Result<_, _>>()?
        };
        for (order, scope) in &due {
            self.let_go(order, scope)?;
        }
        Ok(due.len())
    }

    fn hold(&mut self, order: &OrderId, showing: &Showing, rev: u64, held: bool) -> Result<(), StoreError> {
        let sql = if held {
            "UPDATE held SET rev = ?3, until = ?4 WHERE order_id = ?1 AND scope = ?2"
        } else {
            "INSERT INTO held (order_id, scope, rev, until) VALUES (?1, ?2, ?3, ?4)"
        };
        let until = showing.until.map(|until| until.0);
        let row = params![order.as_str(), showing.scope.as_str(), rev, until];
        self.conn.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }

    fn let_go(&mut self, order: &OrderId, scope: &ScopeId) -> Result<u64, StoreError> {
        let sql = "DELETE FROM held WHERE order_id = ?1 AND scope = ?2";
        self.conn
            .prepare_cached(sql)?
            .execute([order.as_str(), scope.as_str()])?;
        self.log(scope, order, true)
    }

    fn log(&mut self, scope: &ScopeId, order: &OrderId, removed: bool) -> Result<u64, StoreError> {
        let n = self.next_number(scope)?;
        let sql = "INSERT INTO changes (scope, n, order_id, removed) VALUES (?1, ?2, ?3, ?4)";
        let row = params![scope.as_str(), n, order.as_str(), removed];
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
