//! The packs on this device: read once when they come or the session begins, found by the law a record names.
//!
//! A pack is believed by its digests: the records and offers of the gateway name them. Who signed it is looked at by the
//! gateway, whose operator names the authorities; a device that showed a wrong pack would have its acts refused.

use super::names::{law_ref, pack_ref};
use crate::engine::{Engine, Job};
use crate::failure::Failure;
use crate::rpc::Topic;
use shenhai_flow::fold::Law;
use shenhai_pack::face::IndexColumn;
use shenhai_pack::names::{KindId, Name};
use shenhai_pack::{LoadError, Pack, PackFiles, PackRef, Roots, load};
use shenhai_protocol::{ErrorCode, HexHash, Kind, LawRef, PackName, PackOffer, PackStage};
use shenhai_store::{KeptPack, StoreError};
use shenhai_sync::pause_millis;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// So long after an answer the gateway is asked again whether there are other packs: one may be put into force at any time.
const ASK_MILLIS: u64 = 10 * 60_000;

/// A pack that was read.
pub(super) struct Read {
    pub(super) law: Law,
    /// SM3 of its face.
    face: HexHash,
    columns: BTreeMap<KindId, Vec<IndexColumn>>,
}

impl Read {
    fn new(pack: Pack, reference: PackRef, face: HexHash) -> Self {
        let kinds = pack.law.kinds.keys();
        let columns = kinds.map(|kind| (kind.clone(), pack.index(kind))).collect();
        Self {
            law: Law::new(pack, reference),
            face,
            columns,
        }
    }

    pub(super) fn pack(&self) -> &Pack {
        self.law.pack()
    }

    pub(super) fn columns(&self, kind: &KindId) -> &[IndexColumn] {
        self.columns.get(kind).map_or(&[], Vec::as_slice)
    }
}

/// A record's own law, and the newest version of its pack, whose face applies.
#[derive(Clone)]
pub(super) struct Under {
    pub(super) own: Arc<Read>,
    pub(super) newest: Arc<Read>,
}

/// The packs of a session.
#[derive(Default)]
pub(super) struct Packs {
    /// By SM3 of the law; `Err` where this app cannot read it.
    pub(super) read: BTreeMap<HexHash, Result<Arc<Read>, ErrorCode>>,
    pub(super) offers: Vec<PackOffer>,
    /// Laws that records name and that are not here.
    wanted: BTreeMap<HexHash, LawRef>,
    /// Counts up when what records look like may have changed.
    pub(super) generation: u64,
    asking: bool,
    ask_at: Option<u64>,
    /// Requests in a row that failed.
    failures: u32,
}

impl Packs {
    /// The law a record names, or why it is not here.
    pub(super) fn under(&self, law: &LawRef) -> Result<Under, ErrorCode> {
        let own = match self.read.get(&law.sm3) {
            Some(Ok(own)) => Arc::clone(own),
            Some(Err(code)) => return Err(*code),
            None => return Err(ErrorCode::PackMissing),
        };
        let newest = self.newest(&law.id).unwrap_or_else(|| Arc::clone(&own));
        Ok(Under { own, newest })
    }

    /// The newest version of a pack: the one that is offered, else the highest that is here.
    pub(super) fn newest(&self, pack: &PackName) -> Option<Arc<Read>> {
        let offered = self.offers.iter().find(|offer| offer.law.id == *pack);
        if let Some(Ok(read)) = offered.and_then(|offer| self.read.get(&offer.law.sm3)) {
            return Some(Arc::clone(read));
        }
        let of_pack = |read: &&Arc<Read>| read.law.reference().id.as_str() == pack.as_str();
        let read = self.read.values().filter_map(|read| read.as_ref().ok());
        read.filter(of_pack)
            .max_by_key(|read| read.law.reference().version)
            .cloned()
    }

    /// Whether records of the pack are still opened.
    pub(super) fn opens(&self, pack: &PackName) -> bool {
        let offered = self.offers.iter().find(|offer| offer.law.id == *pack);
        offered.is_none_or(|offer| matches!(offer.stage, PackStage::Trial | PackStage::Active))
    }

    pub(super) fn want(&mut self, law: &LawRef) {
        if !self.read.contains_key(&law.sm3) {
            self.wanted.insert(law.sm3.clone(), law.clone());
        }
    }

    /// What is offered or named and not here, or here with another face than the one offered.
    fn missing(&self) -> Vec<LawRef> {
        let face_of = |law: &HexHash| self.read.get(law).and_then(|read| read.as_ref().ok());
        let offered = self.offers.iter().filter(|offer| {
            let kept = face_of(&offer.law.sm3);
            kept.is_none_or(|read| read.face != offer.face) && !self.is_unreadable(&offer.law.sm3)
        });
        let offered: BTreeMap<HexHash, LawRef> = offered
            .map(|offer| (offer.law.sm3.clone(), offer.law.clone()))
            .collect();
        let mut all = self.wanted.clone();
        all.extend(offered);
        all.into_values().collect()
    }

    pub(super) fn is_unreadable(&self, law: &HexHash) -> bool {
        matches!(self.read.get(law), Some(Err(_)))
    }

    fn take(&mut self, law: &HexHash, read: Result<Arc<Read>, ErrorCode>) {
        self.wanted.remove(law);
        self.read.insert(law.clone(), read);
        self.generation += 1;
    }
}

/// Read a pack that came under the name of a law. `Ok(Err(…))` is one whose digests are right and that this app cannot
/// read: the gateway took it, so it is made for a newer one.
fn read(law: &LawRef, files: &BTreeMap<String, String>) -> Result<Result<Arc<Read>, ErrorCode>, ErrorCode> {
    let wanted = pack_ref(law).ok_or(ErrorCode::BadAnswer)?;
    let mut folder = PackFiles::new();
    for (path, text) in files {
        let inserted = folder.insert(path, text.as_bytes().to_vec());
        inserted.map_err(|_| ErrorCode::BadAnswer)?;
    }
    let face = HexHash(Roots::of(&folder).face.to_hex());
    match load(&folder, Some(&wanted)) {
        Ok((pack, reference)) => Ok(Ok(Arc::new(Read::new(pack, reference, face)))),
        Err(LoadError::Findings(findings)) => {
            tracing::warn!(law = %wanted, findings = findings.len(), "a pack is not for this version of the app");
            Ok(Err(ErrorCode::UnsupportedVersion))
        }
        Err(error) => {
            tracing::warn!(%error, "a pack is not what its digests say");
            Err(ErrorCode::BadAnswer)
        }
    }
}

impl Engine {
    /// Read every pack that is kept.
    pub(super) fn kept_packs(&self) -> Result<Packs, StoreError> {
        let store = self.store()?;
        let mut packs = Packs {
            offers: store.offers()?,
            ..Packs::default()
        };
        for (law, _) in store.packs()? {
            let Some(kept) = store.pack(&law)? else { continue };
            // What it is called stands in its own lock; what it must be is its digest.
            let named = kept.files.get(shenhai_pack::LOCK);
            let lock = named.and_then(|text| shenhai_pack::Lock::parse(text));
            let named = lock.map(|lock| PackRef {
                id: lock.id,
                version: lock.version,
                law: lock.roots.law,
            });
            let known = named
                .map(|named| law_ref(&named))
                .filter(|named| named.sm3 == law);
            match known.and_then(|known| read(&known, &kept.files).ok()) {
                Some(read) => packs.take(&law, read),
                None => tracing::error!("a kept pack cannot be read"),
            }
        }
        Ok(packs)
    }

    /// Ask the gateway which packs there are, unless that is under way or of no use to this session.
    pub(crate) fn ask_packs(&mut self) {
        let live = self.live.as_ref().filter(|live| live.record.ended.is_none());
        let wanted = live.is_some_and(|live| live.works_with_packs() || !self.shelf.packs.wanted.is_empty());
        if wanted && !self.shelf.packs.asking {
            self.shelf.packs.asking = true;
            self.shelf.packs.ask_at = None;
            self.request(Job::Packs);
        }
    }

    /// Ask for laws that records name and that are not here.
    pub(crate) fn ask_for_wanted(&mut self) {
        if !self.shelf.packs.wanted.is_empty() {
            self.ask_packs();
        }
    }

    /// Ask again where the last time failed and its pause is over.
    pub(crate) fn tend_packs(&mut self) {
        let tick = self.ticks();
        if self.shelf.packs.ask_at.is_some_and(|at| at <= tick) {
            self.ask_packs();
        }
    }

    /// The tick at which packs are asked for again.
    pub(crate) fn packs_due_at(&self) -> Option<u64> {
        self.shelf.packs.ask_at
    }

    /// The request is over. `failed`: it is made again after a pause that grows.
    pub(super) fn packs_asked(&mut self, failed: bool) {
        let now = self.moment();
        let packs = &mut self.shelf.packs;
        packs.asking = false;
        packs.failures = if failed {
            packs.failures.saturating_add(1)
        } else {
            0
        };
        let pause = match failed {
            true => pause_millis(packs.failures, now.dice),
            false => ASK_MILLIS,
        };
        packs.ask_at = Some(now.tick.saturating_add(pause));
        self.look();
    }

    /// The gateway told which packs there are; which of them have to be fetched.
    pub(super) fn take_offers(&mut self, offers: Vec<PackOffer>) -> Result<Vec<LawRef>, StoreError> {
        if offers != self.shelf.packs.offers {
            self.store_mut()?.write(|write| write.set_offers(&offers))?;
            self.shelf.packs.offers = offers;
            self.shelf.packs.generation += 1;
            self.mark(Topic::Orders);
            self.renew_for_kinds();
        }
        Ok(self.shelf.packs.missing())
    }

    /// A kind is offered that the grant does not name yet: the pack came into force after the grant was signed.
    fn renew_for_kinds(&mut self) {
        let live = self.live.as_ref();
        let scopes = live
            .and_then(|live| live.grant.as_ref())
            .map(|grant| &grant.scopes);
        let named: BTreeSet<&Kind> = scopes
            .into_iter()
            .flatten()
            .flat_map(|scope| &scope.kinds)
            .collect();
        let mut offered = self.shelf.packs.offers.iter().flat_map(|offer| &offer.kinds);
        if offered.any(|kind| !named.contains(kind)) {
            self.renew_now();
        }
    }

    /// A pack came.
    pub(super) fn take_pack(&mut self, law: &LawRef, files: BTreeMap<String, String>) -> Result<(), Failure> {
        let read = read(law, &files).map_err(Failure::Gateway)?;
        let face = match &read {
            Ok(read) => read.face.clone(),
            Err(_) => HexHash(String::new()),
        };
        let kept = KeptPack {
            law: law.sm3.clone(),
            face,
            files,
        };
        self.store_mut()?.write(|write| write.put_pack(&kept))?;
        self.shelf.packs.take(&law.sm3, read);
        self.mark(Topic::Orders);
        self.mark(Topic::Outbox);
        Ok(())
    }

    /// Forget packs that are not offered and that no record, draft or unsent act stands under.
    pub(super) fn prune_packs(&mut self) -> Result<(), StoreError> {
        let offered = self.shelf.packs.offers.iter().map(|offer| offer.law.sm3.clone());
        let mut used: BTreeSet<HexHash> = offered.collect();
        used.extend(self.shelf.laws());
        let letters = self.pending.iter().filter_map(|pending| pending.letter.as_ref());
        used.extend(letters.map(|letter| letter.envelope.law.sm3.clone()));
        let unused: Vec<HexHash> = self
            .store()?
            .packs()?
            .into_iter()
            .map(|(law, _)| law)
            .filter(|law| !used.contains(law))
            .collect();
        if unused.is_empty() {
            return Ok(());
        }
        self.store_mut()?
            .write(|write| unused.iter().try_for_each(|law| write.remove_pack(law)))?;
        for law in &unused {
            self.shelf.packs.read.remove(law);
        }
        Ok(())
    }
}
