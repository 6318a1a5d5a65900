//! Anchoring: the heads of the logs are written into an outside chain, so that even this gateway's operator cannot
//! rewrite what lies before them.
//!
//! Not the log (`store::log`) and not its heads (`log`). One worker queues a head when a log has grown and its last
//! anchor is old enough, and posts it until the chain answers; the queue is in the database and survives a restart.
//! Interface: docs/city-interfaces.md.

use crate::app::App;
use crate::config::AnchorConfig;
use crate::keys::hex;
use crate::log;
use crate::outbound::EMULATED_ALLOWED;
use crate::platform_feedback::pause_after;
use crate::store::{Anchored, StoreError, WaitingAnchor};
use serde::{Deserialize, Serialize};
use shenhai_crypto::{hmac_sm3, sm3};
use shenhai_protocol::{DataClass, HexHash, SignedHead, UnixMillis};
use std::sync::Arc;
use std::time::Duration;

/// Longest wait before looking again: bounds what a step of the clock can do.
const LONGEST_LOOK: Duration = Duration::from_secs(60);
/// Longest text taken from the chain's answer.
const ANSWER_CHARS: usize = 128;

/// What is written into the chain for a head.
pub(crate) fn digest(head: &SignedHead) -> HexHash {
    HexHash(sm3(head.payload.as_bytes()).to_hex())
}

/// The chain's answer to one anchor.
pub(crate) struct Taken {
    pub(crate) chain: String,
    pub(crate) transaction: String,
    pub(crate) at: UnixMillis,
}

/// An outside chain.
pub(crate) trait Anchor: Send + Sync + 'static {
    /// Write the digest of a head. The same digest again must answer the same transaction. The reason of a failure
    /// is fit for the log.
    fn write(
        &self,
        app: &App,
        class: DataClass,
        digest: &HexHash,
    ) -> impl Future<Output = Result<Taken, &'static str>> + Send;

    /// Between two anchors of one log.
    fn pause(&self) -> Duration;
}

/// The chain behind an HTTP interface.
pub(crate) struct HttpAnchor(AnchorConfig);

impl HttpAnchor {
    pub(crate) fn new(config: AnchorConfig) -> Self {
        Self(config)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Question<'a> {
    data_class: &'a str,
    digest: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    code: i64,
    digest: String,
    chain: String,
    transaction_id: String,
    time: i64,
}

impl Anchor for HttpAnchor {
    async fn write(&self, app: &App, class: DataClass, digest: &HexHash) -> Result<Taken, &'static str> {
        let question = Question {
            data_class: class.name(),
            digest: digest.as_str(),
        };
        let body = serde_json::to_string(&question).map_err(|_| "no JSON")?;
        let timestamp = app.clock.now().0.div_euclid(1000);
        let signed = format!("{timestamp}\n{body}");
        let request = app
            .http
            .client()
            .post(&self.0.url)
            .header("Content-Type", "application/json")
            .header("X-Timestamp", timestamp.to_string())
            .header(
                "X-Signature",
                hex(&hmac_sm3(self.0.secret.as_bytes(), signed.as_bytes())),
            )
            .body(body);
        let answer = app.http.fetch(request).await.map_err(|_| "no answer")?;
        if answer.emulated() && !EMULATED_ALLOWED {
            return Err("answered as an emulator, and this gateway was built for production");
        }
        if answer.status != 200 {
            return Err("not answered with 200");
        }
        let answer: Answer =
            serde_json::from_slice(&answer.body).map_err(|_| "answered with something else")?;
        let sane = |text: &str| !text.is_empty() && text.chars().count() <= ANSWER_CHARS;
        match answer {
            Answer { code: 0, .. } if answer.digest != digest.as_str() => {
                Err("answered about another digest")
            }
            Answer { code: 0, .. } if sane(&answer.chain) && sane(&answer.transaction_id) => Ok(Taken {
                chain: answer.chain,
                transaction: answer.transaction_id,
                at: UnixMillis(answer.time),
            }),
            Answer { code: 0, .. } => Err("answered without a transaction"),
            _ => Err("answered with another code"),
        }
    }

    fn pause(&self) -> Duration {
        Duration::from_secs(self.0.every_seconds)
    }
}

/// Anchor every log until the gateway stops.
pub(crate) async fn serve<A: Anchor>(app: Arc<App>, chain: A) {
    let mut stopping = app.stopping.subscribe();
    while !*stopping.borrow() {
        // Made before the logs are looked at: one that grows meanwhile still ends the pause.
        let grown = app.log_grown.notified();
        let mut pause = LONGEST_LOOK;
        for class in DataClass::ALL.iter().copied() {
            match look_after(&app, &chain, class).await {
                Ok(next) => pause = pause.min(next),
                Err(error) => tracing::warn!(%error, "the anchors cannot be read or kept"),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = grown => {}
            _ = stopping.changed() => {}
        }
    }
}

/// What there is to do for a log.
enum Next {
    /// This head is to be sent, as soon as it is due.
    Send(WaitingAnchor),
    /// The next head is made then.
    Later(UnixMillis),
}

fn until(at: UnixMillis, now: UnixMillis) -> Duration {
    Duration::from_millis(u64::try_from(at.since(now)).unwrap_or(0)).min(LONGEST_LOOK)
}

/// Queue and send what is due of one log; answers how long nothing more will be.
async fn look_after<A: Anchor>(app: &Arc<App>, chain: &A, class: DataClass) -> Result<Duration, StoreError> {
    let now = app.clock.now();
    let reading = Arc::clone(app);
    let every = i64::try_from(chain.pause().as_millis()).unwrap_or(i64::MAX);
    let next = app.store.read(move |rows| {
        if let Some(waiting) = rows.waiting_anchor(class, &reading.epoch)? {
            return Ok(Some(Next::Send(waiting)));
        }
        let size = rows.log_size(class)?;
        let last = rows.last_anchor(class, &reading.epoch, size)?;
        if size == last.as_ref().map_or(0, |last| last.size) {
            return Ok(None);
        }
        // By our own clock, not by the chain's: a chain that answers with a far future must not silence us.
        let signed_at = last.and_then(|last| last.head.open().ok()).map(|head| head.at);
        let due = signed_at.map_or(now, |at| at.plus(every));
        if due > now {
            return Ok(Some(Next::Later(due)));
        }
        let head = log::head_of(&reading, rows, class)?;
        Ok(Some(Next::Send(WaitingAnchor {
            class,
            size,
            head: head.head,
            attempts: 0,
            next_at: now,
        })))
    });
    let waiting = match next.await? {
        None => return Ok(LONGEST_LOOK),
        Some(Next::Later(due)) => return Ok(until(due, now)),
        Some(Next::Send(waiting)) if waiting.next_at > now => return Ok(until(waiting.next_at, now)),
        Some(Next::Send(waiting)) => waiting,
    };
    // Kept before it is sent: after a restart the same head is sent again, and the chain knows its digest.
    let (epoch, queued) = (app.epoch.clone(), waiting.clone());
    app.store
        .write(move |tx| tx.queue_anchor(&epoch, &queued))
        .await?;
    send(app, chain, &waiting).await
}

async fn send<A: Anchor>(app: &Arc<App>, chain: &A, waiting: &WaitingAnchor) -> Result<Duration, StoreError> {
    let (epoch, class, size) = (app.epoch.clone(), waiting.class, waiting.size);
    match chain.write(app, class, &digest(&waiting.head)).await {
        Ok(taken) => {
            let anchored = Anchored {
                size,
                head: waiting.head.clone(),
                chain: taken.chain,
                transaction: taken.transaction,
                at: taken.at,
            };
            app.store
                .write(move |tx| tx.anchor_taken(&epoch, class, &anchored))
                .await?;
            Ok(Duration::ZERO)
        }
        Err(reason) => {
            let pause = pause_after(waiting.attempts, &app.tuning);
            tracing::warn!(
                class = class.name(),
                reason,
                "a head was not anchored, to be tried again"
            );
            let next_at = app
                .clock
                .now()
                .plus(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
            app.store
                .write(move |tx| tx.anchor_failed(&epoch, class, size, next_at))
                .await?;
            Ok(pause)
        }
    }
}
