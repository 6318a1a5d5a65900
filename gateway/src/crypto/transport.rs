//! One bounded call after another to a cryptographic service, from threads that may block.
//!
//! Not what is asked (`svs_asn1`, `svs_form`, `json`, `sof`). The calls run on a thread of their own with its
//! own small runtime: the writer's thread, which signs receipts, only waits for the answer, and never longer
//! than the configured time.

use super::breaker::Breaker;
use crate::clock::Moment;
use crate::outbound::Outbound;
use shenhai_crypto::ProviderError;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Time the answer needs from the calling thread to the waiting one, beyond that of the call.
const HANDOVER: Duration = Duration::from_millis(250);

/// What is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// A body that came with 200.
pub(crate) struct Told {
    pub(crate) body: Vec<u8>,
    /// The service calls itself an emulator.
    pub(crate) emulated: bool,
}

struct Call {
    ask: Ask,
    reply: std::sync::mpsc::SyncSender<Result<Told, ProviderError>>,
}

pub(crate) struct Transport {
    calls: UnboundedSender<Call>,
    timeout: Duration,
    breaker: Mutex<Breaker>,
}

impl Transport {
    /// A transport to `base`, which ends without a slash. Its thread ends when the transport is dropped.
    pub(crate) fn start(base: &str, timeout: Duration) -> Result<Self, ProviderError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|_| ProviderError::Unavailable)?;
        let http = Outbound::new().map_err(|_| ProviderError::Unavailable)?;
        let (calls, inbox) = unbounded_channel();
        let base = base.trim_end_matches('/').to_owned();
        std::thread::Builder::new()
            .name("crypto-service".to_owned())
            .spawn(move || runtime.block_on(serve(http, base, timeout, inbox)))
            .map_err(|_| ProviderError::Unavailable)?;
        Ok(Self {
            calls,
            timeout,
            breaker: Mutex::default(),
        })
    }

    /// Post `ask` and wait for the answer. Blocks; must not be called on an async thread.
    pub(crate) fn call(&self, ask: Ask) -> Result<Told, ProviderError> {
        if !self.breaker().may_ask(Moment::now()) {
            return Err(ProviderError::Unavailable);
        }
        let (reply, answer) = sync_channel(1);
        let outcome = match self.calls.send(Call { ask, reply }) {
            Err(_) => Err(ProviderError::Unavailable),
            Ok(()) => match answer.recv_timeout(self.timeout + HANDOVER) {
                Ok(outcome) => outcome,
                Err(RecvTimeoutError::Timeout) => Err(ProviderError::Timeout),
                Err(RecvTimeoutError::Disconnected) => Err(ProviderError::Unavailable),
            },
        };
        match &outcome {
            Err(ProviderError::Timeout | ProviderError::Unavailable) => self.breaker().failed(Moment::now()),
            _ => self.breaker().answered(),
        }
        outcome
    }

    fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(http: Outbound, base: String, timeout: Duration, mut inbox: UnboundedReceiver<Call>) {
    let http = std::sync::Arc::new(http);
    while let Some(Call { ask, reply }) = inbox.recv().await {
        let (http, url) = (std::sync::Arc::clone(&http), format!("{base}{}", ask.path));
        tokio::spawn(async move {
            let posted = tokio::time::timeout(timeout, post(&http, url, ask)).await;
            // Whoever asked may have given up.
            let _ = reply.send(posted.unwrap_or(Err(ProviderError::Timeout)));
        });
    }
}

async fn post(http: &Outbound, url: String, ask: Ask) -> Result<Told, ProviderError> {
    let mut request = http.client().post(url).header("Content-Type", ask.content_type);
    for (name, value) in ask.headers {
        request = request.header(name, value);
    }
    let answer = http.fetch(request.body(ask.body)).await;
    let answer = answer.map_err(|_| ProviderError::Unavailable)?;
    let emulated = answer.emulated();
    match answer.status {
        200 => Ok(Told {
            body: answer.body,
            emulated,
        }),
        401 | 403 => Err(ProviderError::Refused),
        _ => Err(ProviderError::Unavailable),
    }
}
