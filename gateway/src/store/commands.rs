//! Receipted commands with the exact bytes of both sides, and what came under an id used before.
//!
//! Not the decision. Called by push and proof.

use super::{Rows, StoreError, Tx};
use rusqlite::{OptionalExtension, params};
use shenhai_protocol::{
    CmdId, DataClass, DeviceId, HexHash, OrderId, SignedEnvelope, SignedReceipt, UnixMillis, UserId,
};

/// Other payloads kept per command id: evidence, not a store an attacker can fill.
const REUSES_KEPT: u32 = 16;

/// A command with its receipt, to be stored.
pub(crate) struct TakenCommand<'a> {
    pub(crate) cmd_id: &'a CmdId,
    pub(crate) device_id: &'a DeviceId,
    pub(crate) device_seq: u64,
    pub(crate) actor: &'a UserId,
    /// The order whose history it belongs to.
    pub(crate) order: Option<&'a OrderId>,
    pub(crate) envelope: &'a SignedEnvelope,
    pub(crate) receipt: &'a SignedReceipt,
    /// Serial number of the certificate whose key signed the receipt.
    pub(crate) signed_by: &'a str,
}

/// A command of an order's history.
pub(crate) struct StoredCommand {
    pub(crate) device_id: DeviceId,
    pub(crate) actor: UserId,
    pub(crate) envelope: SignedEnvelope,
    pub(crate) receipt: SignedReceipt,
    /// Serial number of the certificate whose key signed the receipt, where it was noted.
    pub(crate) signed_by: Option<String>,
    /// Where the receipt stands in the log.
    pub(crate) leaf: u64,
}

impl Rows<'_> {
    /// The payload a command id stands for, and its receipt.
    pub(crate) fn receipt(&self, id: &CmdId) -> Result<Option<(String, SignedReceipt)>, StoreError> {
        let sql = "SELECT payload, receipt_payload, receipt_sig FROM commands WHERE cmd_id = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let row = statement.query_row([id.as_str()], |row| {
            let receipt = SignedReceipt {
                payload: row.get(1)?,
                sig: row.get(2)?,
            };
            Ok((row.get(0)?, receipt))
        });
        Ok(row.optional()?)
    }

    /// Every command of an order's history, oldest first.
    pub(crate) fn commands_of(&self, order: &OrderId) -> Result<Vec<StoredCommand>, StoreError> {
        let sql = "SELECT device_id, actor, payload, sig, receipt_payload, receipt_sig, signed_by, leaf
             FROM commands
             WHERE order_id = ?1 ORDER BY n";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([order.as_str()], |row| {
            Ok(StoredCommand {
                device_id: DeviceId(row.get(0)?),
                actor: UserId(row.get(1)?),
                envelope: SignedEnvelope {
                    payload: row.get(2)?,
                    sig: row.get(3)?,
                },
                receipt: SignedReceipt {
                    payload: row.get(4)?,
                    sig: row.get(5)?,
                },
                signed_by: row.get(6)?,
                leaf: row.get(7)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Store a command with its receipt, and put the receipt into the log.
    pub(crate) fn insert_command(&mut self, taken: &TakenCommand<'_>) -> Result<(), StoreError> {
        let leaf = self.append_leaf(DataClass::OrderClosing, &taken.receipt.payload)?;
        let sql = "INSERT INTO commands
             (cmd_id, device_id, device_seq, order_id, actor, payload, sig, receipt_payload, receipt_sig, signed_by, leaf)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        self.conn.prepare_cached(sql)?.execute(params![
            taken.cmd_id.as_str(),
            taken.device_id.as_str(),
            taken.device_seq,
            taken.order.map(OrderId::as_str),
            taken.actor.as_str(),
            taken.envelope.payload,
            taken.envelope.sig,
            taken.receipt.payload,
            taken.receipt.sig,
            taken.signed_by,
            leaf,
        ])?;
        Ok(())
    }

    /// Keep the other bytes that came under a used id.
    pub(crate) fn keep_reuse(
        &mut self,
        id: &CmdId,
        hash: &HexHash,
        envelope: &SignedEnvelope,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO reused_ids (cmd_id, hash, payload, sig, seen_at)
             SELECT ?1, ?2, ?3, ?4, ?5
             WHERE NOT EXISTS (SELECT 1 FROM reused_ids WHERE cmd_id = ?1 AND hash = ?2)
               AND (SELECT count(*) FROM reused_ids WHERE cmd_id = ?1) < ?6";
        self.conn.prepare_cached(sql)?.execute(params![
            id.as_str(),
            hash.as_str(),
            envelope.payload,
            envelope.sig,
            at.0,
            REUSES_KEPT,
        ])?;
        Ok(())
    }
}
