//! Looking into the operator's folder: what is new there is taken in whole, or not at all with a reason in the log.
//!
//! Not the check of a pack (`shenhai-pack`). Once at the start, then by one worker. A folder is renamed into place by
//! whoever delivers it; one that is still being copied is refused and looked at again.

use super::{Held, PacksConfig, Shelf};
use crate::app::App;
use crate::store::{PackRow, StoreError};
use shenhai_crypto::Certificate;
use shenhai_flow::fold::Law;
use shenhai_pack::names::Name;
use shenhai_pack::{
    FileError, LOCK, LoadError, Lock, PackFiles, SIGNATURES, SignatureFault, Signatures, load,
};
use shenhai_protocol::{HexHash, UnixMillis};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Folders that are looked at: far above what a city has, far below what would keep a disk busy.
const FOLDERS: usize = 256;

/// Why a folder is not taken in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
enum Reason {
    #[error("cannot be read: {0}")]
    Unreadable(std::io::ErrorKind),
    #[error(transparent)]
    File(FileError),
    #[error(transparent)]
    Load(LoadError),
    #[error("nobody has signed it: pack.sig is missing or not one that a build writes")]
    Unsigned,
    #[error(transparent)]
    Signature(SignatureFault),
    #[error("{0}: not a text, so it cannot be handed to devices")]
    NotText(String),
    #[error("version {0} was taken in with another law; a changed law is a new version")]
    SameVersion(u32),
}

/// What was made of the folders at the last look, so that each is spoken of once.
#[derive(Default)]
pub(crate) struct Seen(BTreeMap<PathBuf, Result<Mark, Reason>>);

/// Tells one delivery from another: lock and signatures as they lay there.
type Mark = (Vec<u8>, Vec<u8>);

/// Look every [`crate::config::Tuning::packs_look`] until the gateway stops.
pub(crate) async fn serve(app: Arc<App>, mut seen: Seen) {
    let mut stopping = app.stopping.subscribe();
    while !*stopping.borrow() {
        tokio::select! {
            () = tokio::time::sleep(app.tuning.packs_look) => {}
            _ = stopping.changed() => return,
        }
        seen = match look(&app, seen).await {
            Ok(seen) => seen,
            Err(error) => {
                tracing::warn!(%error, "packs cannot be kept");
                Seen::default()
            }
        };
    }
}

/// Take in what is new in the folder.
pub(crate) async fn look(app: &Arc<App>, seen: Seen) -> Result<Seen, StoreError> {
    let Some(folder) = app.city.packs.folder.clone() else {
        return Ok(seen);
    };
    let looking = Arc::clone(app);
    let found = tokio::task::spawn_blocking(move || {
        let now = looking.clock.now();
        walk(&folder, &looking.city.packs, &looking.packs.shelf(), seen, now)
    });
    let (seen, new) = found.await.map_err(|_| StoreError::Panicked)?;
    for (path, held) in new {
        keep(app, &path, held).await?;
    }
    Ok(seen)
}

/// Store a pack, then work by it.
async fn keep(app: &Arc<App>, path: &Path, held: Held) -> Result<(), StoreError> {
    let row = PackRow {
        law: held.law.reference().law.to_hex(),
        id: held.id().to_string(),
        version: held.version(),
        face: held.face.clone(),
        since: held.since,
        files: held.files.clone(),
    };
    app.store.write(move |tx| tx.keep_pack(&row)).await?;
    let (stage, reference) = (app.city.packs.stage(held.id()), held.law.reference().clone());
    let before = app.packs.shelf();
    let mut shelf = Shelf {
        by_law: before.by_law.clone(),
        newest: before.newest.clone(),
        stages: before.stages.clone(),
    };
    shelf.add(Arc::new(held), stage);
    app.packs.put(shelf);
    tracing::info!(folder = %path.display(), pack = %reference, ?stage, "a pack was taken in");
    Ok(())
}

fn walk(
    folder: &Path,
    config: &PacksConfig,
    shelf: &Shelf,
    mut seen: Seen,
    now: UnixMillis,
) -> (Seen, Vec<(PathBuf, Held)>) {
    let mut folders = match folders(folder) {
        Ok(folders) => folders,
        Err(error) => {
            tracing::warn!(folder = %folder.display(), reason = %error.kind(), "the folder of packs cannot be read");
            return (seen, Vec::new());
        }
    };
    if folders.len() > FOLDERS {
        tracing::warn!(folder = %folder.display(), most = FOLDERS, "more folders than are looked at");
        folders.truncate(FOLDERS);
    }
    let (authorities, mut now_seen, mut new) = (config.certificates(), Seen::default(), Vec::new());
    // Two versions that come at once are taken in the order of their versions, whatever their folders are called.
    let mut taken: Vec<(PathBuf, Held)> = Vec::new();
    for path in folders {
        let before = seen.0.remove(&path);
        let mark = mark(&path);
        if let (Some(Ok(known)), Some(mark)) = (&before, &mark)
            && known == mark
        {
            now_seen.0.insert(path, Ok(known.clone()));
            continue;
        }
        match take(&path, &authorities, now) {
            Ok(held) => {
                taken.push((path.clone(), held));
                now_seen.0.insert(path, Ok(mark.unwrap_or_default()));
            }
            Err(reason) => refuse(&mut now_seen, path, reason, before.as_ref()),
        }
    }
    taken.sort_by_key(|(_, held)| held.version());
    for (path, mut held) in taken {
        if let Some(known) = shelf.by_law(&held.law.reference().law.to_hex()) {
            held.since = known.since;
        }
        match follows(&held, shelf, &new) {
            Ok(true) => new.push((path, held)),
            Ok(false) => {}
            Err(reason) => refuse(&mut now_seen, path, reason, None),
        }
    }
    (now_seen, new)
}

fn refuse(seen: &mut Seen, path: PathBuf, reason: Reason, before: Option<&Result<Mark, Reason>>) {
    if before.and_then(|before| before.as_ref().err()) != Some(&reason) {
        tracing::warn!(folder = %path.display(), %reason, "a pack was not taken in");
    }
    seen.0.insert(path, Err(reason));
}

fn folders(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder)?.take(8 * FOLDERS) {
        let entry = entry?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

fn mark(folder: &Path) -> Option<Mark> {
    let read = |name: &str| {
        let path = folder.join(name);
        let plain = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
        (plain.len() <= shenhai_pack::limits::FILE_BYTES as u64).then(|| fs::read(path).ok())?
    };
    Some((read(LOCK)?, read(SIGNATURES)?))
}

/// Read a folder, its digests and its signatures.
fn take(folder: &Path, authorities: &[Certificate], now: UnixMillis) -> Result<Held, Reason> {
    let contents = shenhai_folder::read(folder).map_err(|error| Reason::Unreadable(error.kind()))?;
    if let Some(refused) = contents.refused.into_iter().next() {
        return Err(Reason::File(refused));
    }
    let files = contents.files;
    // Digests and signatures before anything is parsed.
    let lock = lock_of(&files)?;
    let signatures = text_of(&files, SIGNATURES).and_then(Signatures::parse);
    let signatures = signatures.ok_or(Reason::Unsigned)?;
    signatures
        .verify(&lock, authorities, now.0.div_euclid(1000))
        .map_err(Reason::Signature)?;
    let (pack, reference) = load(&files, None).map_err(Reason::Load)?;
    let mut texts = BTreeMap::new();
    for path in lock.files.keys().map(String::as_str).chain([LOCK, SIGNATURES]) {
        let text = text_of(&files, path).ok_or_else(|| Reason::NotText(path.to_owned()))?;
        texts.insert(path.to_owned(), text.to_owned());
    }
    Ok(Held {
        law: Law::new(pack, reference),
        face: HexHash(lock.roots.face.to_hex()),
        files: texts,
        since: now,
    })
}

fn lock_of(files: &PackFiles) -> Result<Lock, Reason> {
    let bytes = files.get(LOCK).ok_or(Reason::Load(LoadError::NoLock))?;
    let lock = std::str::from_utf8(bytes).ok().and_then(Lock::parse);
    lock.ok_or(Reason::Load(LoadError::BadLock))
}

fn text_of<'f>(files: &'f PackFiles, path: &str) -> Option<&'f str> {
    std::str::from_utf8(files.get(path)?).ok()
}

/// Whether a pack that was read is new; an older one than what is in force, or another law under a version that is
/// known, is refused.
fn follows(held: &Held, shelf: &Shelf, new: &[(PathBuf, Held)]) -> Result<bool, Reason> {
    let (reference, sm3) = (held.law.reference(), held.law.reference().law.to_hex());
    let in_force = new
        .iter()
        .map(|(_, other)| other)
        .rfind(|other| other.id() == held.id())
        .or_else(|| shelf.newest(held.id().as_str()).map(|newest| &**newest));
    let Some(in_force) = in_force else {
        return Ok(true);
    };
    if let Some(known) = shelf.by_law(&sm3) {
        // The same law with a newer face.
        let newer_face = known.face != held.face && in_force.version() == held.version();
        return Ok(newer_face);
    }
    reference
        .follows(in_force.law.reference())
        .map_err(Reason::Load)?;
    if in_force.version() == held.version() {
        return Err(Reason::SameVersion(held.version()));
    }
    Ok(true)
}
