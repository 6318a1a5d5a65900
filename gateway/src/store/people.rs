//! Devices, sessions and the audit trail.
//!
//! Not roles (`access`) and not people (`directory`). Called by sign-in, by every endpoint that needs a session,
//! and by push for the device's chain.

use super::{Rows, StoreError, Tx};
use rusqlite::{OptionalExtension, params};
use shenhai_protocol::{DeviceId, DeviceInfo, HexHash, UnixMillis, UserId};

/// An enrolled device and the end of its chain of commands.
#[derive(Debug, Clone)]
pub(crate) struct DeviceRow {
    pub(crate) public_key: String,
    pub(crate) user: UserId,
    pub(crate) name: String,
    pub(crate) revoked: bool,
    /// The device before it changed its key.
    pub(crate) replaces: Option<DeviceId>,
    /// The device after it changed its key.
    pub(crate) replaced_by: Option<DeviceId>,
    /// Base64 of DER.
    pub(crate) certificate: Option<String>,
    pub(crate) last_seen_at: Option<UnixMillis>,
    pub(crate) last_seq: u64,
    pub(crate) head_hash: HexHash,
}

/// A session as stored.
#[derive(Debug, Clone)]
pub(crate) struct SessionRow {
    pub(crate) device: DeviceId,
    pub(crate) user: UserId,
    /// The page it was opened for; empty in one of before there were several for one person.
    pub(crate) app: String,
    pub(crate) expires_at: UnixMillis,
}

/// What the audit trail records.
#[derive(Debug, Clone, Copy)]
pub(crate) enum AuditEvent {
    SignedIn,
    TurnedAway,
    SignedOut,
    CallerRevealed,
    Erased,
    OrderReassigned,
    DeviceRevoked,
    DeviceReleased,
    DeviceInvited,
    DeviceEnrolled,
    DeviceRotated,
    CertificateRenewed,
    EnrolmentRefused,
}

impl AuditEvent {
    fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::TurnedAway => "turned_away",
            Self::SignedOut => "signed_out",
            Self::CallerRevealed => "caller_revealed",
            Self::Erased => "erased",
            Self::OrderReassigned => "order_reassigned",
            Self::DeviceRevoked => "device_revoked",
            Self::DeviceReleased => "device_released",
            Self::DeviceInvited => "device_invited",
            Self::DeviceEnrolled => "device_enrolled",
            Self::DeviceRotated => "device_rotated",
            Self::CertificateRenewed => "certificate_renewed",
            Self::EnrolmentRefused => "enrolment_refused",
        }
    }
}

impl Rows<'_> {
    pub(crate) fn device(&self, id: &DeviceId) -> Result<Option<DeviceRow>, StoreError> {
        let sql =
            "SELECT public_key, user_id, name, revoked_at IS NOT NULL, replaces, replaced_by, certificate,
             last_seen_at, last_seq, head_hash FROM devices WHERE id = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let row = statement.query_row([id.as_str()], |row| {
            Ok(DeviceRow {
                public_key: row.get(0)?,
                user: UserId(row.get(1)?),
                name: row.get(2)?,
                revoked: row.get(3)?,
                replaces: row.get::<_, Option<String>>(4)?.map(DeviceId),
                replaced_by: row.get::<_, Option<String>>(5)?.map(DeviceId),
                certificate: row.get(6)?,
                last_seen_at: row.get::<_, Option<i64>>(7)?.map(UnixMillis),
                last_seq: row.get(8)?,
                head_hash: HexHash(row.get(9)?),
            })
        });
        Ok(row.optional()?)
    }

    pub(crate) fn session(&self, token_hash: &str) -> Result<Option<SessionRow>, StoreError> {
        let sql =
            "SELECT device_id, user_id, expires_at, coalesce(app, '') FROM sessions WHERE token_hash = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let row = statement.query_row([token_hash], |row| {
            Ok(SessionRow {
                device: DeviceId(row.get(0)?),
                user: UserId(row.get(1)?),
                expires_at: UnixMillis(row.get(2)?),
                app: row.get(3)?,
            })
        });
        Ok(row.optional()?)
    }
}

impl Rows<'_> {
    /// Whether a device of this person was revoked and not released: a new one then needs a code.
    pub(crate) fn is_held(&self, user: &UserId) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM devices WHERE user_id = ?1
             AND revoked_at IS NOT NULL AND replaced_by IS NULL AND released_at IS NULL)";
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_row([user.as_str()], |row| row.get(0))?)
    }

    /// Since when a device's key no longer counts.
    pub(crate) fn device_revoked_at(&self, id: &DeviceId) -> Result<Option<UnixMillis>, StoreError> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT revoked_at FROM devices WHERE id = ?1")?;
        let at: Option<Option<i64>> = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
        Ok(at.flatten().map(UnixMillis))
    }
}

impl Tx<'_> {
    /// Enrol a device, or set down who uses a known one now. Its chain goes on either way.
    pub(crate) fn enrol_device(
        &mut self,
        device: &DeviceInfo,
        user: &UserId,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let known = "UPDATE devices SET user_id = ?2, name = ?3, last_seen_at = ?4 WHERE id = ?1";
        let row = params![device.id.as_str(), user.as_str(), device.name, at.0];
        if self.conn.prepare_cached(known)?.execute(row)? == 1 {
            return Ok(());
        }
        let new = "INSERT INTO devices (id, public_key, user_id, name, enrolled_at, last_seen_at, last_seq, head_hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, 0, ?6)";
        self.conn.prepare_cached(new)?.execute(params![
            device.id.as_str(),
            device.public_key,
            user.as_str(),
            device.name,
            at.0,
            HexHash::zero().as_str(),
        ])?;
        Ok(())
    }

    /// Move the end of a device's chain.
    pub(crate) fn advance_device(
        &mut self,
        id: &DeviceId,
        seq: u64,
        head: &HexHash,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE devices SET last_seq = ?2, head_hash = ?3 WHERE id = ?1";
        self.conn
            .prepare_cached(sql)?
            .execute(params![id.as_str(), seq, head.as_str()])?;
        Ok(())
    }

    /// Revoke a device; one revoked earlier stays as it is.
    ///
    /// One that changed its key is revoked as what it has become: whoever has the phone may have changed it in the
    /// minute before.
    pub(crate) fn revoke_device(&mut self, id: &DeviceId, at: UnixMillis) -> Result<(), StoreError> {
        let sql = "WITH RECURSIVE heirs (id) AS (
                 SELECT ?1 UNION SELECT replaced_by FROM devices JOIN heirs USING (id) WHERE replaced_by IS NOT NULL)
             UPDATE devices SET revoked_at = ?2 WHERE id IN (SELECT id FROM heirs) AND revoked_at IS NULL";
        self.conn
            .prepare_cached(sql)?
            .execute(params![id.as_str(), at.0])?;
        Ok(())
    }

    /// Its owner may let in a new device without a code again. Whether there was anything to release.
    pub(crate) fn release_device(&mut self, id: &DeviceId, at: UnixMillis) -> Result<bool, StoreError> {
        let sql = "UPDATE devices SET released_at = ?2 WHERE id = ?1
             AND revoked_at IS NOT NULL AND replaced_by IS NULL AND released_at IS NULL";
        let released = self
            .conn
            .prepare_cached(sql)?
            .execute(params![id.as_str(), at.0])?;
        Ok(released == 1)
    }

    /// End every session of a device: their tokens are answered `session_expired`.
    pub(crate) fn end_sessions_of(&mut self, id: &DeviceId, at: UnixMillis) -> Result<(), StoreError> {
        let sql = "UPDATE sessions SET expires_at = ?2 WHERE device_id = ?1 AND expires_at > ?2";
        self.conn
            .prepare_cached(sql)?
            .execute(params![id.as_str(), at.0])?;
        Ok(())
    }

    pub(crate) fn insert_session(
        &mut self,
        token_hash: &str,
        session: &SessionRow,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO sessions (token_hash, device_id, user_id, created_at, expires_at, app)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.conn.prepare_cached(sql)?.execute(params![
            token_hash,
            session.device.as_str(),
            session.user.as_str(),
            at.0,
            session.expires_at.0,
            session.app,
        ])?;
        Ok(())
    }

    pub(crate) fn delete_session(&mut self, token_hash: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM sessions WHERE token_hash = ?1";
        self.conn.prepare_cached(sql)?.execute([token_hash])?;
        Ok(())
    }

    /// Forget sessions that ended before `limit`. Until then their tokens are answered `session_expired`.
    pub(crate) fn forget_sessions(&mut self, limit: UnixMillis) -> Result<(), StoreError> {
        let sql = "DELETE FROM sessions WHERE expires_at < ?1";
        self.conn.prepare_cached(sql)?.execute([limit.0])?;
        Ok(())
    }

    pub(crate) fn record(
        &mut self,
        event: AuditEvent,
        at: UnixMillis,
        actor: &str,
        device: &DeviceId,
        subject: &str,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO audit (at, event, actor, device, subject) VALUES (?1, ?2, ?3, ?4, ?5)";
        let row = params![at.0, event.name(), actor, device.as_str(), subject];
        self.conn.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }
}
