//! Telling an upper platform what a handler did: 签收, 办结, 退单.
//!
//! The message is queued with the command's own commit; one worker per platform sends it until the platform
//! says it has it. Not the decision what took effect (`decide`). Interface: docs/city-interfaces.md.

use crate::access;
use crate::app::App;
use crate::clock::shanghai;
use crate::config::{PlatformConfig, Tuning};
use crate::keys::hex;
use crate::store::{StoreError, Tx, WaitingFeedback};
use serde::{Deserialize, Serialize};
use shenhai_crypto::hmac_sm3;
use shenhai_flow::Flow;
use shenhai_protocol::{Channel, Command, Envelope, TimelineEntry, TimelineKind, UserInfo, WorkOrder};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Messages under way to one platform at once.
const AT_ONCE: usize = 16;
/// Longest wait before looking at the queue again: bounds what a step of the clock can do.
const LONGEST_LOOK: Duration = Duration::from_secs(60);
/// Pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(5);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    feedback_id: &'a str,
    order_no: &'a str,
    action: &'static str,
    unit_name: &'a str,
    operator_name: &'a str,
    time: String,
    content: serde_json::Value,
}

/// What the platform is to be told of a command that took effect, `None` where it is told nothing.
pub(crate) fn message(
    envelope: &Envelope,
    asked: &Command,
    order: &WorkOrder,
    actor: &UserInfo,
) -> Option<String> {
    let (action, content) = match asked {
        Command::Accept { .. } => ("签收", Ok(serde_json::json!({}))),
        Command::Reply { form, .. } => ("办结", serde_json::to_value(form)),
        Command::Return { form, .. } => ("退单", serde_json::to_value(form)),
        Command::Contact { .. } | Command::Reveal { .. } | Command::Reassign { .. } => return None,
    };
    let message = Message {
        feedback_id: envelope.cmd_id.as_str(),
        order_no: &order.source_no,
        action,
        unit_name: &order.unit_name,
        operator_name: &actor.name,
        time: shanghai::format(envelope.client_time),
        content: content.ok()?,
    };
    serde_json::to_string(&message).ok()
}

/// Send one platform's queue until the gateway stops.
pub(crate) async fn serve(app: Arc<App>, channel: Channel, platform: PlatformConfig) {
    let mut stopping = app.stopping.subscribe();
    while !*stopping.borrow() {
        // Made before the queue is read: a message queued while it is read still ends the pause.
        let queued = app.feedback_queued.notified();
        let pause = match send_due(&app, channel, &platform).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(%error, channel = channel.number(), "the feedback queue cannot be read");
                STORE_PAUSE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = queued => {}
            _ = stopping.changed() => {}
        }
    }
}

/// Send what is due; answers how long nothing more will be.
async fn send_due(
    app: &Arc<App>,
    channel: Channel,
    platform: &PlatformConfig,
) -> Result<Duration, StoreError> {
    let now = app.clock.now();
    let due = app
        .store
        .read(move |rows| rows.due_feedback(channel, now, AT_ONCE))
        .await?;
    let mut sending = JoinSet::new();
    for waiting in due {
        sending.spawn(send_one(Arc::clone(app), channel, platform.clone(), waiting));
    }
    while let Some(done) = sending.join_next().await {
        done.unwrap_or(Err(StoreError::Panicked))?;
    }
    let next = app.store.read(move |rows| rows.next_feedback_at(channel)).await?;
    let pause = next.map_or(LONGEST_LOOK, |at| {
        Duration::from_millis(u64::try_from(at.since(app.clock.now())).unwrap_or(0))
    });
    Ok(pause.min(LONGEST_LOOK))
}

async fn send_one(
    app: Arc<App>,
    channel: Channel,
    platform: PlatformConfig,
    waiting: WaitingFeedback,
) -> Result<(), StoreError> {
    let outcome = post(&app, channel, &platform, &waiting.body).await;
    let now = app.clock.now();
    let id = waiting.id.clone();
    match outcome {
        Ok(()) => {
            app.store
                .write(move |tx| delivered(tx, &waiting, channel, now))
                .await
        }
        Err(reason) => {
            let pause = pause_after(waiting.attempts, &app.tuning);
            tracing::warn!(
                channel = channel.number(),
                feedback = id.as_str(),
                attempts = waiting.attempts + 1,
                reason,
                "feedback not delivered, to be tried again"
            );
            let next_at = now.plus(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
            app.store.write(move |tx| tx.feedback_failed(&id, next_at)).await
        }
    }
}

/// The pause after that many failures in a row.
pub(crate) fn pause_after(attempts: u32, tuning: &Tuning) -> Duration {
    let doubled = tuning
        .feedback_first_pause
        .saturating_mul(1_u32.checked_shl(attempts).unwrap_or(u32::MAX));
    doubled.min(tuning.feedback_longest_pause)
}

#[derive(Deserialize)]
struct Acknowledgement {
    code: i64,
}

/// Post one message. The reason of a failure is fit for the log: it holds no address and no body.
async fn post(
    app: &App,
    channel: Channel,
    platform: &PlatformConfig,
    body: &str,
) -> Result<(), &'static str> {
    let timestamp = app.clock.now().0.div_euclid(1000);
    let signed = format!("{timestamp}\n{body}");
    let request = app
        .http
        .client()
        .post(&platform.feedback_url)
        .header("Content-Type", "application/json")
        .header("X-Platform", channel.number())
        .header("X-Timestamp", timestamp.to_string())
        .header(
            "X-Signature",
            hex(&hmac_sm3(platform.secret.as_bytes(), signed.as_bytes())),
        )
        .body(body.to_owned());
    let answer = app.http.fetch(request).await.map_err(|_| "no answer")?;
    if answer.status != 200 {
        return Err("not answered with 200");
    }
    match serde_json::from_slice::<Acknowledgement>(&answer.body) {
        Ok(Acknowledgement { code: 0 }) => Ok(()),
        Ok(_) => Err("answered with another code"),
        Err(_) => Err("answered with something else"),
    }
}

/// The platform has it: a line in the order's history, a change for everybody who follows it.
fn delivered(
    tx: &mut Tx<'_>,
    waiting: &WaitingFeedback,
    channel: Channel,
    now: shenhai_protocol::UnixMillis,
) -> Result<(), StoreError> {
    if !tx.feedback_delivered(&waiting.id, now)? {
        return Ok(());
    }
    let Some(mut order) = tx.order(&waiting.order_id)? else {
        return Ok(());
    };
    order.rev += 1;
    order.timeline.push(TimelineEntry {
        at: now,
        kind: TimelineKind::FeedbackDelivered,
        by: channel.number().to_owned(),
    });
    tx.update_order(&order, !Flow::standard().is_final(order.state))?;
    tx.log_change(&order, &access::scopes_of_order(&order, now))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_from_one_second_to_five_minutes() {
        let tuning = Tuning::default();
        let pauses: Vec<u64> = (0..11)
            .map(|attempts| pause_after(attempts, &tuning).as_secs())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(pause_after(u32::MAX, &tuning).as_secs(), 300);
    }
}
