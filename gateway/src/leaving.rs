//! What leaves a scope by itself, because its time there is over, or is shown otherwise there from then on.
//!
//! Not what leaves because something happened to it: that is told with the change (`store::changes`). One worker.

use crate::app::App;
use crate::records::{Ground, show_anew};
use crate::store::StoreError;
use std::sync::Arc;
use std::time::Duration;

/// Orders taken out in one commit: pushes that wait behind it wait a few milliseconds.
const AT_ONCE: usize = 200;

/// Look when the next one is due, and at least every [`crate::config::Tuning::leaving_look`], until the gateway stops.
pub(crate) async fn serve(app: Arc<App>) {
    let mut stopping = app.stopping.subscribe();
    while !*stopping.borrow() {
        let pause = match take_leave(&app).await {
            Ok(pause) => pause.min(app.tuning.leaving_look),
            Err(error) => {
                tracing::warn!(%error, "what is due to leave its scope cannot be taken out of it");
                app.tuning.leaving_look
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.changed() => {}
        }
    }
}

/// Take out what is due; answers how long nothing more will be.
async fn take_leave(app: &Arc<App>) -> Result<Duration, StoreError> {
    let now = app.clock.now();
    let next = app.store.read(|rows| rows.next_leaving()).await?;
    let Some(next) = next else {
        return Ok(Duration::MAX);
    };
    if let Ok(millis @ 1..) = u64::try_from(next.since(now)) {
        return Ok(Duration::from_millis(millis));
    }
    let ground = Ground::of(app, now);
    let moved = app.store.write(move |tx| {
        let left = tx.take_leave(now, AT_ONCE)?;
        let anew = tx.to_be_shown_anew(now, AT_ONCE)?;
        for record in &anew {
            show_anew(tx, &ground, record)?;
        }
        Ok(left + anew.len())
    });
    let moved = moved.await?;
    tracing::info!(moved, "left their scope or are shown otherwise there");
    Ok(Duration::ZERO)
}
