//! Everything that changes the database, inside the transaction of [`crate::Store::write`].

use crate::StoreError;
use crate::read::{name_of, to_json};
use crate::records::{
    Identity, KeptDraft, OutboxEntry, PageOfChanges, PendingLogin, SeenOrder, SessionRecord,
};
use crate::schema::SETTLE;
use crate::vault::Vault;
use rusqlite::{ToSql, Transaction};
use serde::Serialize;
use shenhai_protocol::{
    CmdId, DeviceId, FormKind, HexHash, OrderId, ScopeId, SignedEnvelope, SignedReceipt, UnixMillis, UserId,
};
use shenhai_sync::{Row, RowState};

/// A transaction under way. Every error undoes all of it.
pub struct Write<'a> {
    pub(crate) tx: &'a Transaction<'a>,
    pub(crate) vault: &'a Vault,
}

pub(crate) type Done = Result<(), StoreError>;

impl Write<'_> {
    pub(crate) fn run(&self, sql: &str, parameters: &[&dyn ToSql]) -> Result<usize, StoreError> {
        Ok(self.tx.prepare_cached(sql)?.execute(parameters)?)
    }

    pub(crate) fn set_meta(&self, key: &str, value: Option<&[u8]>) -> Done {
        match value {
            Some(value) => {
                self.run(
                    "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)",
                    &[&key, &value],
                )?;
            }
            None => {
                self.run("DELETE FROM meta WHERE key = ?1", &[&key])?;
            }
        }
        Ok(())
    }

    pub(crate) fn set_json_meta<T: Serialize>(&self, key: &str, value: Option<&T>) -> Done {
        let json = value.map(|value| to_json(value, "meta")).transpose()?;
        self.set_meta(key, json.as_deref())
    }

    pub(crate) fn set_generation(&self, generation: u64) -> Done {
        self.set_meta("generation", Some(&generation.to_le_bytes()))
    }

    /// Keep or forget the session.
    ///
    /// # Errors
    /// When the database fails; so for every method here.
    pub fn set_session(&self, session: Option<&SessionRecord>) -> Done {
        self.set_json_meta("session", session)
    }

    /// Keep the sign-ins under way, and no others.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_logins(&self, logins: &[PendingLogin]) -> Done {
        // Versions before kept the one begun last in a row of its own.
        self.set_meta("login", None)?;
        self.set_json_meta("logins", (!logins.is_empty()).then_some(&logins))
    }

    /// Keep server time minus device time.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_clock_offset(&self, millis: i64) -> Done {
        self.set_meta("clock_offset", Some(&millis.to_le_bytes()))
    }

    /// Keep who is expected to sign in next; `None` for somebody new.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_expected_user(&self, user: Option<&UserId>) -> Done {
        self.set_meta("expected_user", user.map(|user| user.as_str().as_bytes()))
    }

    /// Keep a new key.
    ///
    /// # Errors
    /// When the database fails.
    pub fn add_identity(&self, identity: &Identity) -> Done {
        let device = identity.device_id.as_str();
        let user = identity.user.as_ref().map(UserId::as_str);
        self.run(
            "INSERT INTO identities (device_id, user, secret, last_seq, last_hash, acked_seq, acked_hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            &[
                &device,
                &user,
                &self.vault.seal(device, identity.secret.as_slice()),
                &signed(identity.last_seq),
                &identity.last_hash.as_str(),
                &signed(identity.acked_seq),
                &identity.acked_hash.as_str(),
            ],
        )?;
        Ok(())
    }

    /// The key is this user's from now on.
    ///
    /// # Errors
    /// When the database fails.
    pub fn claim_identity(&self, device: &DeviceId, user: &UserId) -> Done {
        self.run(
            "UPDATE identities SET user = ?2 WHERE device_id = ?1",
            &[&device.as_str(), &user.as_str()],
        )?;
        Ok(())
    }

    /// The key is not to be used again; it stays, so that what it signed remains its own.
    ///
    /// # Errors
    /// When the database fails.
    pub fn retire_identity(&self, device: &DeviceId) -> Done {
        self.run(
            "UPDATE identities SET retired = 1 WHERE device_id = ?1",
            &[&device.as_str()],
        )?;
        Ok(())
    }

    /// The last command signed with the key.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_chain_end(&self, device: &DeviceId, seq: u64, hash: &HexHash) -> Done {
        self.run(
            "UPDATE identities SET last_seq = ?2, last_hash = ?3 WHERE device_id = ?1",
            &[&device.as_str(), &signed(seq), &hash.as_str()],
        )?;
        Ok(())
    }

    /// The last command of the key that the gateway receipted.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_chain_acked(&self, device: &DeviceId, seq: u64, hash: &HexHash) -> Done {
        self.run(
            "UPDATE identities SET acked_seq = ?2, acked_hash = ?3 WHERE device_id = ?1 AND acked_seq <= ?2",
            &[&device.as_str(), &signed(seq), &hash.as_str()],
        )?;
        Ok(())
    }

    /// Take over a page of changes. Only the copy of the gateway's state changes: pending commands and
    /// drafts are elsewhere and are never touched by a pull.
    ///
    /// # Errors
    /// When the database fails.
    pub fn take_over(&self, page: &PageOfChanges) -> Done {
        let scope = page.copy.scope.as_str();
        for order in &page.upserts {
            let id = order.id.as_str();
            let doc = to_json(order, "orders")?;
            self.run(
                "INSERT OR REPLACE INTO orders (scope, id, doc) VALUES (?1, ?2, ?3)",
                &[&scope, &id, &doc],
            )?;
        }
        for id in &page.removes {
            self.run(
                "DELETE FROM orders WHERE scope = ?1 AND id = ?2",
                &[&scope, &id.as_str()],
            )?;
        }
        for record in &page.records {
            self.put_record(&page.copy.scope, record)?;
        }
        for record in &page.gone {
            self.remove_record(&page.copy.scope, record)?;
        }
        self.run(
            "INSERT OR REPLACE INTO scopes (scope, epoch, cursor, complete) VALUES (?1, ?2, ?3, ?4)",
            &[
                &scope,
                &page.copy.epoch,
                &signed(page.copy.cursor),
                &page.copy.complete,
            ],
        )?;
        self.settle()
    }

    fn settle(&self) -> Done {
        self.run(SETTLE, &[])?;
        Ok(())
    }

    /// Forget the copy of a scope. The next pull brings all of it, so what was waiting to be covered by a
    /// change number of the old log no longer does.
    ///
    /// # Errors
    /// When the database fails.
    pub fn clear_scope(&self, scope: &ScopeId) -> Done {
        self.run("DELETE FROM orders WHERE scope = ?1", &[&scope.as_str()])?;
        self.run("DELETE FROM records WHERE scope = ?1", &[&scope.as_str()])?;
        self.run("DELETE FROM scopes WHERE scope = ?1", &[&scope.as_str()])?;
        self.run(
            "UPDATE outbox SET covered_by = NULL WHERE scope = ?1",
            &[&scope.as_str()],
        )?;
        self.settle()
    }

    /// Forget the copies of all scopes but these.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keep_scopes(&self, keep: &[ScopeId]) -> Done {
        let present: Vec<String> = {
            let mut select = self.tx.prepare_cached(
                "SELECT scope FROM orders UNION SELECT scope FROM records UNION SELECT scope FROM scopes",
            )?;
            let scopes = select.query_map([], |row| row.get(0))?;
            scopes.collect::<Result<_, _>>()?
        };
        for scope in present
            .into_iter()
            .map(ScopeId)
            .filter(|scope| !keep.contains(scope))
        {
            self.clear_scope(&scope)?;
        }
        Ok(())
    }

    /// Keep what was typed.
    ///
    /// # Errors
    /// When the database fails.
    pub fn save_draft(&self, user: &UserId, draft: &KeptDraft) -> Done {
        let kind = name_of(&draft.kind, "drafts")?;
        self.run(
            "INSERT OR REPLACE INTO drafts (user, order_id, kind, saved_at, doc) VALUES (?1, ?2, ?3, ?4, ?5)",
            &[
                &user.as_str(),
                &draft.order.as_str(),
                &kind,
                &draft.saved_at.0,
                &draft.json.as_bytes(),
            ],
        )?;
        Ok(())
    }

    /// Forget what was typed.
    ///
    /// # Errors
    /// When the database fails.
    pub fn remove_draft(&self, user: &UserId, order: &OrderId, kind: FormKind) -> Done {
        let kind = name_of(&kind, "drafts")?;
        self.run(
            "DELETE FROM drafts WHERE user = ?1 AND order_id = ?2 AND kind = ?3",
            &[&user.as_str(), &order.as_str(), &kind],
        )?;
        self.release(order)
    }

    /// Keep what the user's own work on an order needs of it, should the order leave. It goes with the last draft and
    /// the last command that is not done.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keep_seen(&self, user: &UserId, order: &OrderId, seen: &SeenOrder) -> Done {
        let doc = to_json(seen, "seen_orders")?;
        let changed = self.run(
            "UPDATE seen_orders SET doc = ?3 WHERE user = ?1 AND order_id = ?2",
            &[&user.as_str(), &order.as_str(), &doc],
        )?;
        if changed == 0 {
            self.run(
                "INSERT INTO seen_orders (user, order_id, doc) VALUES (?1, ?2, ?3)",
                &[&user.as_str(), &order.as_str(), &doc],
            )?;
        }
        Ok(())
    }

    /// Forget what was kept of an order for work on it that is no longer there.
    fn release(&self, order: &OrderId) -> Done {
        self.run(
            "DELETE FROM seen_orders WHERE order_id = ?1
               AND NOT EXISTS (SELECT 1 FROM drafts
                               WHERE drafts.user = seen_orders.user AND drafts.order_id = ?1)
               AND NOT EXISTS (SELECT 1 FROM outbox
                               WHERE outbox.user = seen_orders.user AND outbox.order_id = ?1
                                 AND outbox.open = 1 AND outbox.state <> '{\"state\":\"done\"}')",
            &[&order.as_str()],
        )?;
        Ok(())
    }

    /// Put a signed command at the end of its device's chain.
    ///
    /// # Errors
    /// When the database fails.
    pub fn append(&self, user: &UserId, entry: &OutboxEntry, envelope: &SignedEnvelope) -> Done {
        let row = &entry.row;
        let payload = to_json(envelope, "outbox")?;
        self.run(
            "INSERT INTO outbox (cmd_id, user, device_id, seq, order_id, kind, created_at, state, attempts, bytes, hash,
                                 payload, scope, record_kind)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            &[
                &row.cmd_id.as_str(),
                &user.as_str(),
                &entry.device_id.as_str(),
                &row.seq.map(signed),
                &row.order.as_str(),
                &entry.act.as_str(),
                &entry.created_at.0,
                &state_text(row)?,
                &row.attempts,
                &signed(row.bytes as u64),
                &entry.hash.as_str(),
                &payload,
                &entry.scope.as_str(),
                &entry.record_kind.as_str(),
            ],
        )?;
        if let Some(seq) = row.seq {
            self.set_chain_end(&entry.device_id, seq, &entry.hash)?;
        }
        Ok(())
    }

    /// Keep a row's new state and place.
    ///
    /// # Errors
    /// When the database fails.
    pub fn save_row(&self, row: &Row) -> Done {
        self.run(
            "UPDATE outbox SET state = ?2, attempts = ?3, seq = ?4, open = 1 WHERE cmd_id = ?1",
            &[
                &row.cmd_id.as_str(),
                &state_text(row)?,
                &row.attempts,
                &row.seq.map(signed),
            ],
        )?;
        if row.state == RowState::Done {
            self.release(&row.order)?;
            self.settle()?;
        }
        Ok(())
    }

    /// A command that had no effect yet was signed again at another place of the chain.
    ///
    /// # Errors
    /// When the database fails.
    pub fn resign(&self, cmd_id: &CmdId, seq: u64, hash: &HexHash, envelope: &SignedEnvelope) -> Done {
        let payload = to_json(envelope, "outbox")?;
        self.run(
            "UPDATE outbox SET seq = ?2, hash = ?3, bytes = ?4, payload = ?5 WHERE cmd_id = ?1",
            &[
                &cmd_id.as_str(),
                &signed(seq),
                &hash.as_str(),
                &signed((envelope.payload.len() + envelope.beside.bytes()) as u64),
                &payload,
            ],
        )?;
        Ok(())
    }

    /// Keep a verified receipt.
    ///
    /// # Errors
    /// When the database fails.
    pub fn save_receipt(
        &self,
        cmd_id: &CmdId,
        receipt: &SignedReceipt,
        server_time: UnixMillis,
        covered_by: Option<u64>,
    ) -> Done {
        let receipt = to_json(receipt, "outbox")?;
        self.run(
            "UPDATE outbox SET receipt = ?2, server_time = ?3, covered_by = ?4 WHERE cmd_id = ?1",
            &[
                &cmd_id.as_str(),
                &receipt,
                &server_time.0,
                &covered_by.map(signed),
            ],
        )?;
        Ok(())
    }

    /// Remove a command that is in no chain.
    ///
    /// # Errors
    /// When the database fails.
    pub fn remove_command(&self, row: &Row) -> Done {
        self.run("DELETE FROM outbox WHERE cmd_id = ?1", &[&row.cmd_id.as_str()])?;
        self.release(&row.order)
    }

    /// Remove a receipted command's content; its place in the chain stays.
    ///
    /// # Errors
    /// When the database fails.
    pub fn forget_content(&self, cmd_id: &CmdId) -> Done {
        self.run(
            "UPDATE outbox SET payload = NULL, bytes = 0 WHERE cmd_id = ?1",
            &[&cmd_id.as_str()],
        )?;
        Ok(())
    }

    /// Remove receipted commands that the gateway took before `before`: no backup is that old.
    ///
    /// # Errors
    /// When the database fails.
    pub fn prune_done(&self, before: UnixMillis) -> Done {
        self.run(
            "DELETE FROM outbox WHERE state = '{\"state\":\"done\"}' AND server_time < ?1",
            &[&before.0],
        )?;
        Ok(())
    }
}

pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn state_text(row: &Row) -> Result<String, StoreError> {
    serde_json::to_string(&row.state).map_err(|_| StoreError::Row("outbox"))
}
