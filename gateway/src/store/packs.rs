//! Packs that were taken in, each law for good: a record ends under the law it began with.
//!
//! Not their check (`crate::packs`).

use super::{Rows, StoreError, Tx, document, to_document};
use rusqlite::params;
use shenhai_protocol::{HexHash, UnixMillis};
use std::collections::BTreeMap;

/// A pack as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct PackRow {
    /// SM3 over its law.
    pub(crate) law: String,
    pub(crate) id: String,
    pub(crate) version: u32,
    /// SM3 over its face.
    pub(crate) face: HexHash,
    /// When it was taken in.
    pub(crate) since: UnixMillis,
    /// Text of every file by its path.
    pub(crate) files: BTreeMap<String, String>,
}

impl Rows<'_> {
    /// Every pack that was ever taken in, older versions first.
    pub(crate) fn packs(&self) -> Result<Vec<PackRow>, StoreError> {
        let sql = "SELECT law, id, version, face, since, files FROM packs ORDER BY id, version";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut packs = Vec::new();
        while let Some(row) = rows.next()? {
            let files: String = row.get(5)?;
            packs.push(PackRow {
                law: row.get(0)?,
                id: row.get(1)?,
                version: row.get(2)?,
                face: HexHash(row.get(3)?),
                since: UnixMillis(row.get(4)?),
                files: document("pack", &files)?,
            });
        }
        Ok(packs)
    }
}

impl Tx<'_> {
    /// Keep a pack, in the place of the one with the same law and an older face.
    pub(crate) fn keep_pack(&mut self, pack: &PackRow) -> Result<(), StoreError> {
        let files = to_document("pack", &pack.files)?;
        let update = "UPDATE packs SET face = ?2, files = ?3 WHERE law = ?1";
        let changed =
            self.conn
                .prepare_cached(update)?
                .execute(params![pack.law, pack.face.as_str(), files])?;
        if changed == 1 {
            return Ok(());
        }
        let insert =
            "INSERT INTO packs (law, id, version, face, since, files) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let row = params![
            pack.law,
            pack.id,
            pack.version,
            pack.face.as_str(),
            pack.since.0,
            files
        ];
        self.conn.prepare_cached(insert)?.execute(row)?;
        Ok(())
    }
}
