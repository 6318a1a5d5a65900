//! The packs this gateway works by: loaded from the operator's folder, each law kept for the records under it.
//!
//! Not what a law says (`shenhai-pack`) and not its application (`shenhai-flow`). Looked at by everything that has to do
//! with records of packs; a look is one moment's, so that a pack that comes in between changes nothing half done.

mod config;
mod grants;
mod scan;

pub use config::{PacksConfig, PacksConfigError, PortConfig};
pub(crate) use grants::{may_enter, scopes_of};
pub(crate) use scan::{Seen, look, serve};

use crate::store::PackRow;
use shenhai_flow::fold::Law;
use shenhai_pack::names::{KindId, PackId};
use shenhai_pack::{Kind as KindLaw, PackFiles, load};
use shenhai_protocol::{HexHash, Kind, LawRef, PackStage, UnixMillis};
use shenhai_replay::{law_ref, split_kind};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Milliseconds of a day.
const DAY_MILLIS: i64 = 24 * 3600 * 1000;

/// A pack that was taken in.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) law: Law,
    /// SM3 over its face.
    pub(crate) face: HexHash,
    /// Text of every file that is signed, with lock and signatures.
    pub(crate) files: BTreeMap<String, String>,
    /// When it was first taken in.
    pub(crate) since: UnixMillis,
}

impl Held {
    /// A pack as it was stored. `None` where this program no longer reads it.
    fn of_row(row: PackRow) -> Option<Self> {
        let mut files = PackFiles::new();
        for (path, text) in &row.files {
            files.insert(path, text.clone().into_bytes()).ok()?;
        }
        let (pack, reference) = load(&files, None).ok()?;
        Some(Self {
            law: Law::new(pack, reference),
            face: row.face,
            files: row.files,
            since: row.since,
        })
    }

    pub(crate) fn id(&self) -> &PackId {
        &self.law.reference().id
    }

    pub(crate) fn version(&self) -> u32 {
        self.law.reference().version
    }

    /// The law as the wire names it.
    pub(crate) fn law_ref(&self) -> LawRef {
        law_ref(self.law.reference())
    }

    /// One of its kinds by its name on the wire.
    pub(crate) fn kind(&self, kind: &Kind) -> Option<(KindId, &KindLaw)> {
        let (pack, kind) = split_kind(kind)?;
        let law = self.law.kind(&kind).filter(|_| pack == *self.id())?;
        Some((kind, law))
    }

    /// The name of one of its kinds on the wire.
    pub(crate) fn wire(&self, kind: &KindId) -> Kind {
        Kind(format!("{}.{kind}", self.id()))
    }
}

/// Every pack there is, at one moment.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// By the SM3 of their laws.
    by_law: BTreeMap<String, Arc<Held>>,
    /// The newest version of each.
    newest: BTreeMap<PackId, Arc<Held>>,
    stages: BTreeMap<PackId, PackStage>,
}

impl Shelf {
    /// The pack with this law.
    pub(crate) fn by_law(&self, sm3: &str) -> Option<&Arc<Held>> {
        self.by_law.get(sm3)
    }

    /// The newest version of a pack.
    pub(crate) fn newest(&self, pack: &str) -> Option<&Arc<Held>> {
        self.newest.get(pack)
    }

    /// The newest version of every pack, by name.
    pub(crate) fn all_newest(&self) -> impl Iterator<Item = &Arc<Held>> {
        self.newest.values()
    }

    /// Every version of every pack.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Held>> {
        self.by_law.values()
    }

    /// How far a pack has come.
    pub(crate) fn stage(&self, pack: &PackId) -> PackStage {
        self.stages.get(pack).copied().unwrap_or(PackStage::Trial)
    }

    /// Whether records may be opened under a law: the newest one's, or the one before it for its days of grace, and
    /// none of a pack that comes to its end.
    pub(crate) fn opens(&self, held: &Held, now: UnixMillis) -> bool {
        let Some(newest) = self.newest.get(held.id()) else {
            return false;
        };
        let goes_on = matches!(self.stage(held.id()), PackStage::Trial | PackStage::Active);
        let grace = i64::from(newest.law.pack().manifest.grace_days) * DAY_MILLIS;
        let is_newest = newest.law.reference() == held.law.reference();
        goes_on && (is_newest || now.since(newest.since) < grace)
    }

    fn add(&mut self, held: Arc<Held>, stage: PackStage) {
        let sm3 = held.law.reference().law.to_hex();
        let newer = self.newest.get(held.id());
        if newer.is_none_or(|newest| newest.version() <= held.version()) {
            self.newest.insert(held.id().clone(), Arc::clone(&held));
        }
        self.stages.insert(held.id().clone(), stage);
        self.by_law.insert(sm3, held);
    }
}

/// The packs of a running gateway.
#[derive(Debug, Default)]
pub(crate) struct Packs(RwLock<Arc<Shelf>>);

impl Packs {
    /// What there is at this moment.
    pub(crate) fn shelf(&self) -> Arc<Shelf> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, shelf: Shelf) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shelf);
    }

    /// The packs that were taken in by earlier starts.
    pub(crate) fn of_rows(rows: Vec<PackRow>, config: &PacksConfig) -> Self {
        let mut shelf = Shelf::default();
        for row in rows {
            let sm3 = row.law.clone();
            match Held::of_row(row) {
                Some(held) => {
                    let stage = config.stage(held.id());
                    shelf.add(Arc::new(held), stage);
                }
                None => tracing::warn!(law = %sm3, "a pack of an earlier start cannot be read any more"),
            }
        }
        let packs = Self::default();
        packs.put(shelf);
        packs
    }
}
