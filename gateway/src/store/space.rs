//! Room on the disk: whether there is any, and a little that is kept back.
//!
//! What ends somebody's access – signing out, a revocation – must not fail because something else filled the disk. A
//! file of zeros beside the database holds room for it and is given up when it is needed. Called by `Store` and by
//! `/healthz`.

use super::{Store, StoreError, Tx};
use crate::clock::Moment;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Enough for some hundred commits of a page or two each in the WAL.
const KEPT_BACK: usize = 2 * 1024 * 1024;
/// How often a write is tried to learn whether there is room, while there was and while there was none.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(1)];
/// How long a look waits for the writer.
const PATIENCE: Duration = Duration::from_millis(500);
/// The fact of the database that a look writes.
const LOOKED: &str = "space_looked";

pub(super) struct Space {
    reserve: PathBuf,
    full: AtomicBool,
    looked: Mutex<Option<Moment>>,
}

impl Space {
    /// Of the database at `path`; keeps room back where there is some.
    pub(super) fn beside(path: &Path) -> Self {
        let space = Self {
            reserve: path.with_file_name("gateway.reserve"),
            full: AtomicBool::new(false),
            looked: Mutex::default(),
        };
        space.keep_back();
        space
    }

    fn keep_back(&self) {
        if self.reserve.exists() {
            return;
        }
        let made = private(&self.reserve)
            .and_then(|mut file| file.write_all(&vec![0; KEPT_BACK]).and_then(|()| file.sync_all()));
        if let Err(error) = made {
            tracing::warn!(%error, "no room can be kept back for signing out on a full disk");
            let _ = std::fs::remove_file(&self.reserve);
        }
    }

    fn give_up_reserve(&self) -> bool {
        std::fs::remove_file(&self.reserve).is_ok()
    }

    /// What a write came to.
    pub(super) fn learn<T>(&self, outcome: &Result<T, StoreError>) {
        match outcome {
            Err(StoreError::Full) => self.full.store(true, Ordering::Relaxed),
            Ok(_) => self.full.store(false, Ordering::Relaxed),
            Err(_) => {}
        }
    }

    /// Whether it is time to look, and nobody else does.
    fn is_due(&self) -> bool {
        let pause = LOOK_AGAIN[usize::from(self.full.load(Ordering::Relaxed))];
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = looked.is_none_or(|at| at.elapsed() >= pause);
        if due {
            *looked = Some(Moment::now());
        }
        due
    }
}

/// A new file for its owner only, like the database beside it.
fn private(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl Store {
    /// As [`Store::write`], with the room kept back where there is no other.
    pub(crate) async fn write_at_any_cost<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Clone + Send + 'static,
        T: Send + 'static,
    {
        match self.write(work.clone()).await {
            Err(StoreError::Full) if self.space.give_up_reserve() => {
                tracing::warn!("the disk is full: the room kept back was given up");
                self.write(work).await
            }
            outcome => outcome,
        }
    }

    /// Whether what is written now finds room, as far as is known; tries it now and then.
    pub(crate) async fn has_room(&self) -> bool {
        if self.space.is_due() {
            let look = self.write(|tx| tx.set_meta(LOOKED, "1"));
            if let Ok(Ok(())) = tokio::time::timeout(PATIENCE, look).await {
                self.space.keep_back();
            }
        }
        !self.space.full.load(Ordering::Relaxed)
    }
}
