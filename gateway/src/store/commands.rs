//! Receipted commands with the exact bytes of both sides, and what came under an id used before.
//!
//! Not the decision. Called by push and proof.

use super::{Given, Key, Rows, Sealed, StoreError, Tx, document, to_document};
use rusqlite::{OptionalExtension, params};
use shenhai_protocol::{
    Beside, CmdId, DataClass, DeviceId, HexHash, SignedEnvelope, SignedReceipt, UnixMillis, UserId,
};

/// Other payloads kept per command id: evidence, not a store an attacker can fill.
const REUSES_KEPT: u32 = 16;

/// A command with its receipt, to be stored.
pub(crate) struct TakenCommand<'a> {
    pub(crate) cmd_id: &'a CmdId,
    pub(crate) device_id: &'a DeviceId,
    pub(crate) device_seq: u64,
    pub(crate) actor: &'a UserId,
    /// The order or record whose history it belongs to.
    pub(crate) key: Option<&'a Key>,
    pub(crate) envelope: &'a SignedEnvelope,
    /// The receipt's text.
    pub(crate) receipt: &'a str,
}

/// A command of an order's history whose receipt was signed.
pub(crate) struct StoredCommand {
    pub(crate) device_id: DeviceId,
    pub(crate) actor: UserId,
    pub(crate) envelope: SignedEnvelope,
    pub(crate) receipt: SignedReceipt,
    /// Serial number of the certificate whose key signed the receipt's commit.
    pub(crate) signed_by: String,
    /// Where the receipt stands in the log.
    pub(crate) leaf: u64,
}

impl Rows<'_> {
    /// The payload a command id stands for, and its receipt.
    pub(crate) fn receipt(&self, id: &CmdId) -> Result<Option<(String, Given)>, StoreError> {
        let sql = "SELECT payload, receipt, commit_n, commit_index FROM commands WHERE cmd_id = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let row = statement.query_row([id.as_str()], |row| {
            let given = Given {
                payload: row.get(1)?,
                commit: row.get(2)?,
                index: row.get(3)?,
            };
            Ok((row.get(0)?, given))
        });
        Ok(row.optional()?)
    }

    /// Every command of an order's or record's history whose receipt was signed, oldest first.
    pub(crate) fn commands_of(&self, key: &Key) -> Result<Vec<StoredCommand>, StoreError> {
        let sql =
            "SELECT c.device_id, c.actor, c.payload, c.sig, c.receipt, c.commit_n, c.commit_index, c.leaf,
                 c.submission, d.doc
             FROM commands c JOIN commits s ON s.n = c.commit_n
                 LEFT JOIN disclosures d ON d.cmd_id = c.cmd_id
             WHERE c.order_id = ?1 AND s.sig IS NOT NULL ORDER BY c.n";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query([key.as_str()])?;
        let mut commands = Vec::new();
        // One batch of a device is one commit: its commands stand together.
        let mut last: Option<(u64, Sealed)> = None;
        while let Some(row) = rows.next()? {
            let given = Given {
                payload: row.get(4)?,
                commit: row.get(5)?,
                index: row.get(6)?,
            };
            let sealed = match last.take() {
                Some((n, sealed)) if n == given.commit => sealed,
                _ => self.sealed(given.commit)?.ok_or(StoreError::Document("commit"))?,
            };
            let commit = given.commit;
            commands.push(StoredCommand {
                device_id: DeviceId(row.get(0)?),
                actor: UserId(row.get(1)?),
                envelope: SignedEnvelope {
                    payload: row.get(2)?,
                    sig: row.get(3)?,
                    beside: Beside {
                        submission: row.get(8)?,
                        disclosures: match row.get::<_, Option<String>>(9)? {
                            Some(doc) => document("disclosures", &doc)?,
                            None => Vec::new(),
                        },
                    },
                },
                receipt: sealed.receipt(given)?,
                signed_by: sealed.signed_by().to_owned(),
                leaf: row.get(7)?,
            });
            last = Some((commit, sealed));
        }
        Ok(commands)
    }
}

impl Tx<'_> {
    /// Store a command with its receipt, give the receipt in this commit, and put it into the log.
    pub(crate) fn insert_command(&mut self, taken: &TakenCommand<'_>) -> Result<Given, StoreError> {
        let leaf = self.append_leaf(DataClass::OrderClosing, taken.receipt)?;
        let given = self.give(taken.receipt.to_owned());
        let sql = "INSERT INTO commands
             (cmd_id, device_id, device_seq, order_id, actor, payload, sig, submission, receipt, commit_n, commit_index, leaf)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        self.conn.prepare_cached(sql)?.execute(params![
            taken.cmd_id.as_str(),
            taken.device_id.as_str(),
            taken.device_seq,
            taken.key.map(Key::as_str),
            taken.actor.as_str(),
            taken.envelope.payload,
            taken.envelope.sig,
            taken.envelope.beside.submission,
            taken.receipt,
            given.commit,
            given.index,
            leaf,
        ])?;
        let disclosures = &taken.envelope.beside.disclosures;
        if !disclosures.is_empty() {
            let sql = "INSERT INTO disclosures (cmd_id, doc) VALUES (?1, ?2)";
            let doc = to_document("disclosures", disclosures)?;
            self.conn
                .prepare_cached(sql)?
                .execute(params![taken.cmd_id.as_str(), doc])?;
        }
        Ok(given)
    }

    /// Keep the other bytes that came under a used id.
    pub(crate) fn keep_reuse(
        &mut self,
        id: &CmdId,
        hash: &HexHash,
        envelope: &SignedEnvelope,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO reused_ids (cmd_id, hash, payload, sig, submission, seen_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6
             WHERE NOT EXISTS (SELECT 1 FROM reused_ids WHERE cmd_id = ?1 AND hash = ?2)
               AND (SELECT count(*) FROM reused_ids WHERE cmd_id = ?1) < ?7";
        self.conn.prepare_cached(sql)?.execute(params![
            id.as_str(),
            hash.as_str(),
            envelope.payload,
            envelope.sig,
            envelope.beside.submission,
            at.0,
            REUSES_KEPT,
        ])?;
        Ok(())
    }
}
