//! Whom this device believes and what it may do, as last verified; and moving commands to another key.
//!
//! Not here: checking any of it (`shenhai-client`).

use crate::read::to_json;
use crate::{Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use shenhai_protocol::{
    CmdId, Credentials, DeviceId, HexHash, SignedEnvelope, SignedGrant, UnixMillis, UserId,
};
use shenhai_sync::RowState;

/// Certificates and grant of the last session. The authority outlives sessions.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustRecord {
    /// The pinned one, base64 of its DER.
    pub authority_certificate: String,
    /// Of the session; `None` once it was signed out.
    pub credentials: Option<Credentials>,
    /// Of the session; `None` once it was signed out.
    pub grant: Option<SignedGrant>,
}

impl Store {
    /// Whom this device believes; `None` before the first sign-in.
    ///
    /// # Errors
    /// When the database fails.
    pub fn trust(&self) -> Result<Option<TrustRecord>, StoreError> {
        self.json_meta("trust")
    }

    /// The latest server time this device has seen or counted up to; 1970 before the first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn time_seen(&self) -> Result<UnixMillis, StoreError> {
        Ok(UnixMillis(
            self.number("time_seen")?.map_or(0, i64::from_le_bytes),
        ))
    }
}

impl Write<'_> {
    /// Keep what was verified.
    ///
    /// # Errors
    /// When the database fails; so for every method here.
    pub fn set_trust(&self, trust: &TrustRecord) -> Result<(), StoreError> {
        self.set_json_meta("trust", Some(trust))
    }

    /// Keep how late it is.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_time_seen(&self, at: UnixMillis) -> Result<(), StoreError> {
        self.set_meta("time_seen", Some(&at.0.to_le_bytes()))
    }

    /// A user's command that had no effect was signed anew with another key of theirs, and waits again.
    ///
    /// # Errors
    /// When the database fails.
    pub fn adopt(
        &self,
        user: &UserId,
        device: &DeviceId,
        cmd_id: &CmdId,
        seq: u64,
        hash: &HexHash,
        envelope: &SignedEnvelope,
    ) -> Result<(), StoreError> {
        let payload = to_json(envelope, "outbox")?;
        let queued = serde_json::to_string(&RowState::Queued).map_err(|_| StoreError::Row("outbox"))?;
        let bytes = i64::try_from(envelope.payload.len()).unwrap_or(i64::MAX);
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        self.run(
            "UPDATE outbox SET device_id = ?3, seq = ?4, hash = ?5, bytes = ?6, payload = ?7, state = ?8, attempts = 0
             WHERE cmd_id = ?1 AND user = ?2",
            &[
                &cmd_id.as_str(),
                &user.as_str(),
                &device.as_str(),
                &seq,
                &hash.as_str(),
                &bytes,
                &payload,
                &queued,
            ],
        )?;
        Ok(())
    }
}
