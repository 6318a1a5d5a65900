//! Signing what each commit gave: once per commit, after it, outside the writer.
//!
//! A commit is durable first, then signed, then its signature is durable, then whoever waits for a receipt is answered.
//! So a slow signer costs latency and no throughput; a crash in between leaves commits that are signed at the next start.
//! Not the rows (`store::seals`). One worker; waited for by push and by the proof of an order.

use crate::app::App;
use crate::http::error::ApiError;
use crate::store::{Given, Sealed, StoreError, Unsealed, root_of};
use shenhai_protocol::{Commit, ErrorCode, PROTOCOL_VERSION, SignedCommit, SignedReceipt};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Commits signed at once: 64 of a signer that takes 200 ms are 320 commits a second.
const AT_ONCE: usize = 64;
/// Pause after a failure; doubles with every further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Whether the signer answers.
#[derive(Debug, Default)]
pub(crate) struct Signing(AtomicBool);

impl Signing {
    /// The last try failed and what it was to sign still waits.
    pub(crate) fn is_failing(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn note(&self, failing: bool) {
        self.0.store(failing, Ordering::Relaxed);
    }
}

/// Sign every commit, until the task is aborted.
pub(crate) async fn serve(app: Arc<App>) {
    let mut moved = app.store.seals().follow();
    let mut under_way = JoinSet::new();
    let mut busy = BTreeSet::new();
    let mut failures = 0_u32;
    let mut not_before = Instant::now();
    loop {
        moved.borrow_and_update();
        let paused = Instant::now() < not_before;
        let waiting = app.store.seals().waiting();
        for unsealed in waiting.iter().filter(|_| !paused) {
            if busy.len() < AT_ONCE && busy.insert(unsealed.n) {
                under_way.spawn(seal(Arc::clone(&app), Arc::clone(unsealed)));
            }
        }
        let idle_until = not_before;
        tokio::select! {
            Some(done) = under_way.join_next() => {
                let (n, outcome) = match done {
                    Ok(done) => done,
                    // A panic of the provider's: which commit it was is found among those that wait.
                    Err(_) => { busy.clear(); (0, Err(StoreError::Panicked)) }
                };
                busy.remove(&n);
                match outcome {
                    Ok(()) => failures = 0,
                    Err(error) => {
                        failures = failures.saturating_add(1);
                        not_before = Instant::now() + pause_after(failures);
                        tracing::warn!(%error, commit = n, failures, "a commit is not signed yet, to be tried again");
                    }
                }
                app.signing.note(failures > 0);
            }
            changed = moved.changed() => if changed.is_err() { return; },
            () = tokio::time::sleep_until(idle_until), if paused && !waiting.is_empty() => {}
        }
    }
}

fn pause_after(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    (FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE)
}

async fn seal(app: Arc<App>, unsealed: Arc<Unsealed>) -> (u64, Result<(), StoreError>) {
    let n = unsealed.n;
    (n, sign_and_keep(&app, &unsealed).await)
}

async fn sign_and_keep(app: &Arc<App>, unsealed: &Arc<Unsealed>) -> Result<(), StoreError> {
    let (signing, what) = (Arc::clone(app), Arc::clone(unsealed));
    let signed = tokio::task::spawn_blocking(move || sign(&signing, &what)).await;
    let sealed = Arc::new(signed.unwrap_or(Err(StoreError::Panicked))?);
    let (n, kept) = (unsealed.n, Arc::clone(&sealed));
    // What was taken is answered, whatever else finds no room.
    let kept = app.store.write_at_any_cost(move |tx| tx.seal_commit(n, &kept));
    kept.await?;
    app.store.seals().sealed(n, sealed);
    Ok(())
}

fn sign(app: &App, unsealed: &Unsealed) -> Result<Sealed, StoreError> {
    let tree = unsealed.tree()?;
    let commit = Commit {
        v: PROTOCOL_VERSION,
        epoch: app.epoch.clone(),
        n: unsealed.n,
        size: tree.size(),
        root: root_of(&tree)?,
        at: app.clock.now(),
    };
    let payload = serde_json::to_string(&commit).map_err(|_| StoreError::Document("commit"))?;
    // Before the signature: should the certificate be renewed meanwhile, the key is the same.
    let signed_by = app.keys.serial();
    let sig = app.keys.sign_text(&SignedCommit::signed_text(&payload))?;
    Ok(Sealed::new(SignedCommit { payload, sig }, signed_by, tree))
}

/// The receipts of what was given, once their commits are signed.
///
/// # Errors
/// `upstream_unavailable` where that takes too long: what was taken stays taken, and the same commands again get the
/// same receipts.
pub(crate) async fn receipts(app: &Arc<App>, given: Vec<Given>) -> Result<Vec<SignedReceipt>, ApiError> {
    let deadline = Instant::now() + app.tuning.seal_wait;
    let mut receipts = Vec::with_capacity(given.len());
    let mut last: Option<(u64, Arc<Sealed>)> = None;
    for one in given {
        let sealed = match last.take() {
            Some((n, sealed)) if n == one.commit => sealed,
            _ => sealed(app, one.commit, deadline).await?,
        };
        last = Some((one.commit, Arc::clone(&sealed)));
        receipts.push(sealed.receipt(one)?);
    }
    Ok(receipts)
}

async fn sealed(app: &Arc<App>, n: u64, deadline: Instant) -> Result<Arc<Sealed>, ApiError> {
    let seals = app.store.seals();
    let mut moved = seals.follow();
    loop {
        moved.borrow_and_update();
        if let Some(sealed) = seals.recent(n) {
            return Ok(sealed);
        }
        if !seals.is_waiting(n) {
            let found = app.store.read(move |rows| rows.sealed(n)).await?;
            return Ok(Arc::new(found.ok_or(StoreError::Document("commit"))?));
        }
        wait(&mut moved, deadline).await?;
    }
}

/// Until everything that was given so far is signed.
///
/// # Errors
/// As [`receipts`].
pub(crate) async fn settle(app: &Arc<App>) -> Result<(), ApiError> {
    let deadline = Instant::now() + app.tuning.seal_wait;
    let seals = app.store.seals();
    let mut moved = seals.follow();
    let Some(newest) = seals.waiting().last().map(|unsealed| unsealed.n) else {
        return Ok(());
    };
    loop {
        moved.borrow_and_update();
        if seals.waiting().first().is_none_or(|oldest| oldest.n > newest) {
            return Ok(());
        }
        wait(&mut moved, deadline).await?;
    }
}

async fn wait(moved: &mut tokio::sync::watch::Receiver<u64>, deadline: Instant) -> Result<(), ApiError> {
    let late = || {
        ApiError::new(
            ErrorCode::UpstreamUnavailable,
            "taken; its receipt is not signed yet",
        )
    };
    match tokio::time::timeout_at(deadline, moved.changed()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(late()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_from_a_tenth_of_a_second_to_five_seconds() {
        let pauses: Vec<u128> = (1..9).map(|failures| pause_after(failures).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(pause_after(u32::MAX).as_secs(), 5);
    }
}
