//! The queue of what the upper platforms have to be told.
//!
//! Not the telling. Filled by push in the command's own transaction, emptied by the feedback worker.

use super::{Rows, StoreError, Tx};
use rusqlite::params;
use shenhai_protocol::{Channel, CmdId, OrderId, UnixMillis};

/// One message that is due.
#[derive(Debug, Clone)]
pub(crate) struct WaitingFeedback {
    pub(crate) id: CmdId,
    pub(crate) order_id: OrderId,
    pub(crate) body: String,
    pub(crate) attempts: u32,
}

/// Of each order only the oldest message that was not delivered: a platform hears of 签收 before 办结.
const FIRST_OF_ORDER: &str = "f.delivered_at IS NULL AND NOT EXISTS (
     SELECT 1 FROM feedback earlier
     WHERE earlier.order_id = f.order_id AND earlier.delivered_at IS NULL AND earlier.n < f.n)";

impl Rows<'_> {
    /// What a platform is due to hear at `now`, longest due first.
    pub(crate) fn due_feedback(
        &self,
        channel: Channel,
        now: UnixMillis,
        limit: usize,
    ) -> Result<Vec<WaitingFeedback>, StoreError> {
        let sql = format!(
            "SELECT f.id, f.order_id, f.body, f.attempts FROM feedback f
             WHERE {FIRST_OF_ORDER} AND f.channel = ?1 AND f.next_at <= ?2 ORDER BY f.next_at, f.n LIMIT ?3"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map(params![channel.number(), now.0, limit], |row| {
            Ok(WaitingFeedback {
                id: CmdId(row.get(0)?),
                order_id: OrderId(row.get(1)?),
                body: row.get(2)?,
                attempts: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// When a platform's next message is due, `None` when none waits.
    pub(crate) fn next_feedback_at(&self, channel: Channel) -> Result<Option<UnixMillis>, StoreError> {
        let sql = format!("SELECT min(f.next_at) FROM feedback f WHERE {FIRST_OF_ORDER} AND f.channel = ?1");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let next: Option<i64> = statement.query_row([channel.number()], |row| row.get(0))?;
        Ok(next.map(UnixMillis))
    }
}

impl Tx<'_> {
    pub(crate) fn queue_feedback(
        &mut self,
        id: &CmdId,
        channel: Channel,
        order: &OrderId,
        body: &str,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO feedback (id, channel, order_id, body, attempts, next_at) VALUES (?1, ?2, ?3, ?4, 0, ?5)";
        self.conn.prepare_cached(sql)?.execute(params![
            id.as_str(),
            channel.number(),
            order.as_str(),
            body,
            at.0
        ])?;
        Ok(())
    }

    /// Whether this delivery is the first one of the message.
    pub(crate) fn feedback_delivered(&mut self, id: &CmdId, at: UnixMillis) -> Result<bool, StoreError> {
        let sql = "UPDATE feedback SET delivered_at = ?2, attempts = attempts + 1 WHERE id = ?1 AND delivered_at IS NULL";
        let changed = self
            .conn
            .prepare_cached(sql)?
            .execute(params![id.as_str(), at.0])?;
        Ok(changed == 1)
    }

    pub(crate) fn feedback_failed(&mut self, id: &CmdId, next_at: UnixMillis) -> Result<(), StoreError> {
        let sql = "UPDATE feedback SET attempts = attempts + 1, next_at = ?2 WHERE id = ?1 AND delivered_at IS NULL";
        self.conn
            .prepare_cached(sql)?
            .execute(params![id.as_str(), next_at.0])?;
        Ok(())
    }
}
