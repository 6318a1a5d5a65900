//! Records of packs as received, the packs themselves, and what was typed for acts.
//!
//! Not here: what stands in a document or a pack, which is read by whoever asks for it.

use crate::read::{from_json, to_json, unsigned};
use crate::records::{KeptActDraft, KeptPack};
use crate::write::{Done, Write, signed};
use crate::{Store, StoreError};
use rusqlite::{OptionalExtension, Row as SqlRow, ToSql};
use shenhai_protocol::{
    ActName, HeldRecord, HexHash, Kind, OrderId, PackOffer, RecordRef, ScopeId, UnixMillis, UserId,
};

const RECORD: &str = "SELECT kind, id, rev, law, doc, shown, names FROM records";
const DRAFT: &str = "SELECT kind, id, act, saved_at, doc FROM act_drafts";
/// What a draft of an act that opens a record has for its id. No record has it.
const NONE_YET: &str = "";

impl Store {
    /// Every record that a scope shows, one after the other, in no particular order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn each_record(&self, scope: &ScopeId, mut visit: impl FnMut(HeldRecord)) -> Result<(), StoreError> {
        let mut select = self
            .connection
            .prepare_cached(&format!("{RECORD} WHERE scope = ?1"))?;
        let mut rows = select.query([scope.as_str()])?;
        while let Some(row) = rows.next()? {
            self.read_record();
            visit(held(row)?);
        }
        Ok(())
    }

    /// One record as this scope shows it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn record(&self, scope: &ScopeId, record: &RecordRef) -> Result<Option<HeldRecord>, StoreError> {
        let mut select = self
            .connection
            .prepare_cached(&format!("{RECORD} WHERE scope = ?1 AND kind = ?2 AND id = ?3"))?;
        let mut rows = select.query([scope.as_str(), record.kind.as_str(), record.id.as_str()])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        self.read_record();
        held(row).map(Some)
    }

    /// Which packs are kept: the digests of law and face.
    ///
    /// # Errors
    /// When the database fails.
    pub fn packs(&self) -> Result<Vec<(HexHash, HexHash)>, StoreError> {
        let mut select = self
            .connection
            .prepare_cached("SELECT law, face FROM packs ORDER BY law")?;
        let rows = select.query_map([], |row| Ok((HexHash(row.get(0)?), HexHash(row.get(1)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Which packs the gateway offered last.
    ///
    /// # Errors
    /// When the database fails.
    pub fn offers(&self) -> Result<Vec<PackOffer>, StoreError> {
        Ok(self.json_meta("packs_offered")?.unwrap_or_default())
    }

    /// The pack with this law.
    ///
    /// # Errors
    /// When the database fails.
    pub fn pack(&self, law: &HexHash) -> Result<Option<KeptPack>, StoreError> {
        let mut select = self
            .connection
            .prepare_cached("SELECT face, files FROM packs WHERE law = ?1")?;
        let found: Option<(String, Vec<u8>)> = select
            .query_row([law.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((face, files)) = found else {
            return Ok(None);
        };
        Ok(Some(KeptPack {
            law: law.clone(),
            face: HexHash(face),
            files: from_json(&files, "packs")?,
        }))
    }

    /// What a user typed for acts and did not submit: all of it, or of one record. Oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn act_drafts(
        &self,
        user: &UserId,
        record: Option<&RecordRef>,
    ) -> Result<Vec<KeptActDraft>, StoreError> {
        let mut sql = format!("{DRAFT} WHERE user = ?1");
        let user = user.as_str();
        let mut parameters: Vec<&dyn ToSql> = vec![&user];
        let named = record.map(|record| (record.kind.as_str(), record.id.as_str()));
        if let Some((kind, id)) = &named {
            sql.push_str(" AND kind = ?2 AND id = ?3");
            parameters.extend([kind as &dyn ToSql, id]);
        }
        sql.push_str(" ORDER BY saved_at, kind, id, act");
        let mut select = self.connection.prepare_cached(&sql)?;
        let mut rows = select.query(parameters.as_slice())?;
        let mut drafts = Vec::new();
        while let Some(row) = rows.next()? {
            let id: String = row.get(1)?;
            let json: Vec<u8> = row.get(4)?;
            drafts.push(KeptActDraft {
                kind: Kind(row.get(0)?),
                id: (id != NONE_YET).then_some(OrderId(id)),
                act: ActName(row.get(2)?),
                saved_at: UnixMillis(row.get(3)?),
                json: String::from_utf8(json).map_err(|_| StoreError::Row("act_drafts"))?,
            });
        }
        Ok(drafts)
    }
}

fn held(row: &SqlRow<'_>) -> Result<HeldRecord, StoreError> {
    let blob = |column: usize| {
        row.get_ref(column)?
            .as_blob()
            .map_err(|_| StoreError::Row("records"))
    };
    let document = String::from_utf8(blob(4)?.to_vec()).map_err(|_| StoreError::Row("records"))?;
    Ok(HeldRecord {
        record: RecordRef {
            kind: Kind(row.get(0)?),
            id: OrderId(row.get(1)?),
        },
        rev: unsigned(row, 2)?,
        law: from_json(blob(3)?, "records")?,
        document,
        shown: from_json(blob(5)?, "records")?,
        names: from_json(blob(6)?, "records")?,
    })
}

impl Write<'_> {
    pub(crate) fn put_record(&self, scope: &ScopeId, held: &HeldRecord) -> Done {
        self.run(
            "INSERT OR REPLACE INTO records (scope, kind, id, rev, law, doc, shown, names)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            &[
                &scope.as_str(),
                &held.record.kind.as_str(),
                &held.record.id.as_str(),
                &signed(held.rev),
                &to_json(&held.law, "records")?,
                &held.document.as_bytes(),
                &to_json(&held.shown, "records")?,
                &to_json(&held.names, "records")?,
            ],
        )?;
        Ok(())
    }

    pub(crate) fn remove_record(&self, scope: &ScopeId, record: &RecordRef) -> Done {
        self.run(
            "DELETE FROM records WHERE scope = ?1 AND kind = ?2 AND id = ?3",
            &[&scope.as_str(), &record.kind.as_str(), &record.id.as_str()],
        )?;
        Ok(())
    }

    /// Keep a pack in the place of what is kept under its law.
    ///
    /// # Errors
    /// When the database fails.
    pub fn put_pack(&self, pack: &KeptPack) -> Done {
        self.run(
            "INSERT OR REPLACE INTO packs (law, face, files) VALUES (?1, ?2, ?3)",
            &[
                &pack.law.as_str(),
                &pack.face.as_str(),
                &to_json(&pack.files, "packs")?,
            ],
        )?;
        Ok(())
    }

    /// Forget a pack.
    ///
    /// # Errors
    /// When the database fails.
    pub fn remove_pack(&self, law: &HexHash) -> Done {
        self.run("DELETE FROM packs WHERE law = ?1", &[&law.as_str()])?;
        Ok(())
    }

    /// Keep what was typed for an act.
    ///
    /// # Errors
    /// When the database fails.
    pub fn save_act_draft(&self, user: &UserId, draft: &KeptActDraft) -> Done {
        self.run(
            "INSERT OR REPLACE INTO act_drafts (user, kind, id, act, saved_at, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            &[
                &user.as_str(),
                &draft.kind.as_str(),
                &draft.id.as_ref().map_or(NONE_YET, OrderId::as_str),
                &draft.act.as_str(),
                &draft.saved_at.0,
                &draft.json.as_bytes(),
            ],
        )?;
        Ok(())
    }

    /// Forget what was typed for an act.
    ///
    /// # Errors
    /// When the database fails.
    pub fn remove_act_draft(&self, user: &UserId, kind: &Kind, id: Option<&OrderId>, act: &ActName) -> Done {
        self.run(
            "DELETE FROM act_drafts WHERE user = ?1 AND kind = ?2 AND id = ?3 AND act = ?4",
            &[
                &user.as_str(),
                &kind.as_str(),
                &id.map_or(NONE_YET, OrderId::as_str),
                &act.as_str(),
            ],
        )?;
        Ok(())
    }

    /// Keep which packs the gateway offers.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_offers(&self, offers: &[PackOffer]) -> Done {
        self.set_json_meta("packs_offered", Some(&offers))
    }
}
