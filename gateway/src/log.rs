//! The log's signed heads: made when somebody asks and the log has grown, kept in memory until it grows again.
//!
//! Not the log (`store::log`). A head is signed by whoever asks first after a commit, never by the writer, so at
//! most one signature is made per commit and the commits do not wait for it. Called by the log's endpoints, pull,
//! proof, and the anchor's worker.

use crate::app::App;
use crate::store::{Rows, StoreError};
use shenhai_protocol::{DataClass, PROTOCOL_VERSION, SignedHead, TreeHead};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;

/// How long a pull waits for a head.
const PATIENCE: Duration = Duration::from_millis(250);

/// The last signed head of each log.
#[derive(Default)]
pub(crate) struct Heads(Mutex<BTreeMap<DataClass, (u64, SignedHead)>>);

/// A head with the size it speaks of.
pub(crate) struct SizedHead {
    pub(crate) size: u64,
    pub(crate) head: SignedHead,
}

/// A head over at least every leaf of this snapshot of the rows.
pub(crate) fn head(app: &App, rows: &Rows<'_>, class: DataClass) -> Result<SizedHead, StoreError> {
    let mut kept = app.log.0.lock().unwrap_or_else(PoisonError::into_inner);
    renew(app, rows, class, &mut kept)
}

/// A head over exactly this snapshot's leaves, signed anew.
pub(crate) fn head_of(app: &App, rows: &Rows<'_>, class: DataClass) -> Result<SizedHead, StoreError> {
    let size = rows.log_size(class)?;
    let head = sign(app, rows, class, size)?;
    Ok(SizedHead { size, head })
}

/// The head of the log when it had `size` leaves, signed anew; `None` where it never had so many.
pub(crate) fn head_then(
    app: &App,
    rows: &Rows<'_>,
    class: DataClass,
    size: u64,
) -> Result<Option<SignedHead>, StoreError> {
    if size > rows.log_size(class)? {
        return Ok(None);
    }
    sign(app, rows, class, size).map(Some)
}

/// As [`head`], and `None` where it is not made within [`PATIENCE`]: a pull neither waits for a slow key nor fails
/// with it. What was begun goes on and is there for the next.
pub(crate) async fn head_at_hand(app: &Arc<App>) -> Option<SignedHead> {
    let signing = Arc::clone(app);
    let made = tokio::spawn(async move {
        let making = Arc::clone(&signing);
        signing.store.read(move |rows| try_head(&making, rows)).await
    });
    match tokio::time::timeout(PATIENCE, made).await {
        Ok(Ok(Ok(head))) => head,
        Ok(Ok(Err(error))) => {
            tracing::warn!(%error, "a pull goes without the log's head");
            None
        }
        Ok(Err(_)) | Err(_) => None,
    }
}

/// `None` where another is being signed at this moment.
fn try_head(app: &App, rows: &Rows<'_>) -> Result<Option<SignedHead>, StoreError> {
    let mut kept = match app.log.0.try_lock() {
        Ok(kept) => kept,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return Ok(None),
    };
    renew(app, rows, DataClass::OrderClosing, &mut kept).map(|sized| Some(sized.head))
}

fn renew(
    app: &App,
    rows: &Rows<'_>,
    class: DataClass,
    kept: &mut BTreeMap<DataClass, (u64, SignedHead)>,
) -> Result<SizedHead, StoreError> {
    let size = rows.log_size(class)?;
    if let Some((size, head)) = kept.get(&class).filter(|(kept, _)| *kept >= size) {
        return Ok(SizedHead {
            size: *size,
            head: head.clone(),
        });
    }
    let head = sign(app, rows, class, size)?;
    kept.insert(class, (size, head.clone()));
    Ok(SizedHead { size, head })
}

fn sign(app: &App, rows: &Rows<'_>, class: DataClass, size: u64) -> Result<SignedHead, StoreError> {
    let head = TreeHead {
        v: PROTOCOL_VERSION,
        class,
        epoch: app.epoch.clone(),
        size,
        root: rows.log_root(class, size)?,
        at: app.clock.now(),
    };
    let payload = serde_json::to_string(&head).map_err(|_| StoreError::Document("tree head"))?;
    let sig = app.keys.sign_text(&SignedHead::signed_text(&payload))?;
    Ok(SignedHead { payload, sig })
}
