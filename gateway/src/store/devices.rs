//! Invitations, device certificates, rotation, the gateway's own certificates.
//!
//! Not the device's chain of commands (`people`) and not the decision who is let in (`http::enrol`).

use super::{Rows, StoreError, Tx, wire_name};
use rusqlite::{OptionalExtension, Row, params};
use shenhai_protocol::{
    DeviceId, DeviceInfo, EnrolledHow, HexHash, RevocationReason, RevokedDevice, UnixMillis, UserId,
};

/// An open invitation: the code's HMAC under the salt, both hex.
#[derive(Debug, Clone)]
pub(crate) struct InvitationRow {
    pub(crate) salt: String,
    pub(crate) tag: String,
    pub(crate) expires_at: UnixMillis,
    pub(crate) tries: u32,
}

/// A device's certificate as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CertificateRow {
    /// Base64 of DER.
    pub(crate) certificate: String,
    pub(crate) serial: String,
    pub(crate) not_after: UnixMillis,
}

/// A device as it is listed.
#[derive(Debug, Clone)]
pub(crate) struct ListedDevice {
    pub(crate) id: DeviceId,
    pub(crate) public_key: String,
    pub(crate) name: String,
    pub(crate) user: UserId,
    pub(crate) serial: Option<String>,
    pub(crate) not_after: Option<UnixMillis>,
    pub(crate) enrolled_at: UnixMillis,
    pub(crate) last_seen_at: Option<UnixMillis>,
    pub(crate) revoked_at: Option<UnixMillis>,
    pub(crate) how: EnrolledHow,
    /// Revoked, and its owner needs a code for a new device.
    pub(crate) held: bool,
}

/// Whose a certificate of the gateway's own is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CertificateKind {
    Authority,
    Gateway,
}

impl CertificateKind {
    fn name(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Gateway => "gateway",
        }
    }
}

fn listed(row: &Row<'_>) -> rusqlite::Result<ListedDevice> {
    let how: String = row.get(9)?;
    Ok(ListedDevice {
        id: DeviceId(row.get(0)?),
        public_key: row.get(1)?,
        name: row.get(2)?,
        user: UserId(row.get(3)?),
        serial: row.get(4)?,
        not_after: row.get::<_, Option<i64>>(5)?.map(UnixMillis),
        enrolled_at: UnixMillis(row.get(6)?),
        last_seen_at: row.get::<_, Option<i64>>(7)?.map(UnixMillis),
        revoked_at: row.get::<_, Option<i64>>(8)?.map(UnixMillis),
        how: match how.as_str() {
            "code" => EnrolledHow::Code,
            "rotated" => EnrolledHow::Rotated,
            _ => EnrolledHow::Container,
        },
        held: row.get(10)?,
    })
}

impl Rows<'_> {
    pub(crate) fn invitation(&self, user: &UserId) -> Result<Option<InvitationRow>, StoreError> {
        let sql = "SELECT salt, tag, expires_at, tries FROM invitations WHERE user_id = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let row = statement.query_row([user.as_str()], |row| {
            Ok(InvitationRow {
                salt: row.get(0)?,
                tag: row.get(1)?,
                expires_at: UnixMillis(row.get(2)?),
                tries: row.get(3)?,
            })
        });
        Ok(row.optional()?)
    }

    /// Every device, the newest first.
    pub(crate) fn devices(&self) -> Result<Vec<ListedDevice>, StoreError> {
        let sql =
            "SELECT id, public_key, name, user_id, certificate_serial, not_after, enrolled_at, last_seen_at,
             revoked_at, how, revoked_at IS NOT NULL AND replaced_by IS NULL AND released_at IS NULL
             FROM devices ORDER BY enrolled_at DESC, id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([], listed)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every device whose key no longer counts, by id.
    pub(crate) fn revoked_devices(&self) -> Result<Vec<RevokedDevice>, StoreError> {
        let sql = "SELECT id, revoked_at, replaced_by IS NOT NULL FROM devices
             WHERE revoked_at IS NOT NULL ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| {
            Ok(RevokedDevice {
                device: DeviceId(row.get(0)?),
                at: UnixMillis(row.get(1)?),
                reason: match row.get(2)? {
                    true => RevocationReason::Rotated,
                    false => RevocationReason::Revoked,
                },
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every certificate a device had, the newest first, base64 of DER.
    pub(crate) fn device_certificates(&self, id: &DeviceId) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT certificate FROM device_certificates WHERE device_id = ?1 ORDER BY n DESC";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([id.as_str()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The gateway's own certificates of a kind, the newest first, base64 of DER.
    pub(crate) fn certificates(&self, kind: CertificateKind) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT certificate FROM certificates WHERE kind = ?1 ORDER BY n DESC";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([kind.name()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Open an invitation; an earlier one of the same person is void.
    pub(crate) fn put_invitation(
        &mut self,
        user: &UserId,
        invitation: &InvitationRow,
    ) -> Result<(), StoreError> {
        self.close_invitation(user)?;
        let sql =
            "INSERT INTO invitations (user_id, salt, tag, expires_at, tries) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.conn.prepare_cached(sql)?.execute(params![
            user.as_str(),
            invitation.salt,
            invitation.tag,
            invitation.expires_at.0,
            invitation.tries,
        ])?;
        Ok(())
    }

    pub(crate) fn close_invitation(&mut self, user: &UserId) -> Result<(), StoreError> {
        let sql = "DELETE FROM invitations WHERE user_id = ?1";
        self.conn.prepare_cached(sql)?.execute([user.as_str()])?;
        Ok(())
    }

    pub(crate) fn count_try(&mut self, user: &UserId) -> Result<(), StoreError> {
        let sql = "UPDATE invitations SET tries = tries + 1 WHERE user_id = ?1";
        self.conn.prepare_cached(sql)?.execute([user.as_str()])?;
        Ok(())
    }

    pub(crate) fn set_device_how(&mut self, id: &DeviceId, how: EnrolledHow) -> Result<(), StoreError> {
        let sql = "UPDATE devices SET how = ?2 WHERE id = ?1";
        let row = params![id.as_str(), wire_name(&how)?];
        self.conn.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }

    pub(crate) fn set_device_certificate(
        &mut self,
        id: &DeviceId,
        certificate: &CertificateRow,
    ) -> Result<(), StoreError> {
        let sql =
            "UPDATE devices SET certificate = ?2, certificate_serial = ?3, not_after = ?4 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute(params![
            id.as_str(),
            certificate.certificate,
            certificate.serial,
            certificate.not_after.0,
        ])?;
        let sql = "INSERT INTO device_certificates (device_id, certificate) VALUES (?1, ?2)";
        let row = params![id.as_str(), certificate.certificate];
        self.conn.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }

    pub(crate) fn device_was_seen(&mut self, id: &DeviceId, at: UnixMillis) -> Result<(), StoreError> {
        let sql = "UPDATE devices SET last_seen_at = ?2 WHERE id = ?1";
        let row = params![id.as_str(), at.0];
        self.conn.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }

    /// `new` takes the place of `old`, whose sessions become the new one's; its chain begins anew.
    pub(crate) fn rotate_device(
        &mut self,
        old: &DeviceId,
        new: &DeviceInfo,
        user: &UserId,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let insert = "INSERT INTO devices
             (id, public_key, user_id, name, enrolled_at, last_seq, head_hash, how, last_seen_at, replaces)
             VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, 'rotated', ?5, ?7)";
        self.conn.prepare_cached(insert)?.execute(params![
            new.id.as_str(),
            new.public_key,
            user.as_str(),
            new.name,
            at.0,
            HexHash::zero().as_str(),
            old.as_str(),
        ])?;
        let retire = "UPDATE devices SET revoked_at = ?2, replaced_by = ?3 WHERE id = ?1";
        let row = params![old.as_str(), at.0, new.id.as_str()];
        self.conn.prepare_cached(retire)?.execute(row)?;
        let sessions = "UPDATE sessions SET device_id = ?2 WHERE device_id = ?1";
        let row = params![old.as_str(), new.id.as_str()];
        self.conn.prepare_cached(sessions)?.execute(row)?;
        Ok(())
    }

    /// Keep a certificate of the gateway's own.
    pub(crate) fn insert_certificate(
        &mut self,
        kind: CertificateKind,
        serial: &str,
        certificate: &str,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO certificates (kind, serial, certificate, made_at) VALUES (?1, ?2, ?3, ?4)";
        let row = params![kind.name(), serial, certificate, at.0];
        self.conn.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }

    /// Take a fact about the database back.
    pub(crate) fn delete_meta(&mut self, name: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM meta WHERE name = ?1";
        self.conn.prepare_cached(sql)?.execute([name])?;
        Ok(())
    }
}
