//! Orders as they now are.
//!
//! Not who sees an order (`access`), not what is masked (`view`) and not the scopes' logs (`changes`). Called by
//! ingest, push and proof.

use super::{Rows, StoreError, Tx, document, to_document, wire_name};
use rusqlite::{OptionalExtension, params};
use shenhai_protocol::{OrderId, UnitId, UserId, WorkOrder};
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
}
