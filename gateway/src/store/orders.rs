//! Orders and the logs of their changes.
//!
//! Not who sees an order (`access`) and not what is masked (`view`). Called by ingest, push, pull and proof.

use super::{Rows, StoreError, Tx, document, to_document, wire_name};
use rusqlite::{OptionalExtension, params};
use shenhai_protocol::{OrderId, ScopeId, UnitId, UserId, WorkOrder};
use std::collections::BTreeMap;

/// An order that came in for the first time.
pub(crate) struct NewOrder<'a> {
    pub(crate) order: &'a WorkOrder,
    pub(crate) source: &'a str,
}

/// What is known of a delivery's number.
pub(crate) struct KnownSource {
    /// The body of the first delivery.
    pub(crate) source: String,
    pub(crate) order: WorkOrder,
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
    pub(crate) fn order(&self, id: &OrderId) -> Result<Option<WorkOrder>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT doc FROM orders WHERE id = ?1")?;
        let doc: Option<String> = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
        doc.map(|doc| document("order", &doc)).transpose()
    }

    pub(crate) fn known_source(&self, id: &OrderId) -> Result<Option<KnownSource>, StoreError> {
        let sql = "SELECT source, doc FROM orders WHERE id = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let row: Option<(String, String)> = statement
            .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((source, doc)) = row else {
            return Ok(None);
        };
        Ok(Some(KnownSource {
            source,
            order: document("order", &doc)?,
        }))
    }

    /// Open orders per handler of a unit; a handler without any is left out.
    pub(crate) fn open_orders(&self, unit: &UnitId) -> Result<BTreeMap<UserId, u64>, StoreError> {
        let sql = "SELECT handler, count(*) FROM orders WHERE unit = ?1 AND open = 1 GROUP BY handler";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([unit.as_str()], |row| {
            Ok((UserId(row.get::<_, String>(0)?), row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

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
}

impl Tx<'_> {
    pub(crate) fn insert_order(&mut self, new: &NewOrder<'_>, open: bool) -> Result<(), StoreError> {
        let sql = "INSERT INTO orders
             (id, rev, state, open, unit, handler, finish_by, source, doc)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let order = new.order;
        self.conn.prepare_cached(sql)?.execute(params![
            order.id.as_str(),
            order.rev,
            wire_name(&order.state)?,
            open,
            order.unit.as_str(),
            order.handler.as_str(),
            order.deadlines.finish_by.0,
            new.source,
            to_document("order", order)?,
        ])?;
        Ok(())
    }

    pub(crate) fn update_order(&mut self, order: &WorkOrder, open: bool) -> Result<(), StoreError> {
        let sql = "UPDATE orders SET rev = ?2, state = ?3, open = ?4, unit = ?5, handler = ?6, finish_by = ?7, doc = ?8
             WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute(params![
            order.id.as_str(),
            order.rev,
            wire_name(&order.state)?,
            open,
            order.unit.as_str(),
            order.handler.as_str(),
            order.deadlines.finish_by.0,
            to_document("order", order)?,
        ])?;
        Ok(())
    }

    /// Log a change of an order in each of `scopes`, which must be sorted. Answers the numbers it got.
    pub(crate) fn log_change(
        &mut self,
        scopes: &[ScopeId],
        order: &OrderId,
    ) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut numbers = BTreeMap::new();
        for scope in scopes {
            let n = self.next_number(scope)?;
            let sql = "INSERT INTO changes (scope, n, order_id, removed) VALUES (?1, ?2, ?3, 0)";
            let row = params![scope.as_str(), n, order.as_str()];
            self.conn.prepare_cached(sql)?.execute(row)?;
            self.touched.insert(scope.clone(), n);
            numbers.insert(scope.0.clone(), n);
        }
        Ok(numbers)
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
