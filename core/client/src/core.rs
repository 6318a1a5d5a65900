//! The object a binding holds.

use crate::config::{Config, OpenError};
use crate::driver;
use crate::engine::{Engine, Signal};
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::host::{Host, MaybeSend, MaybeSync};
use crate::rpc::{Event, Outcome, RpcError};
use crate::topics::{Subscription, Topics};
use futures_channel::{mpsc, oneshot};
use serde::Serialize;
use shenhai_protocol::ErrorCode;
use shenhai_store::{Place, Store, Tally};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

/// Longest request taken, bytes. A full reply form is about 10 KB.
const REQUEST_BYTES: usize = 1024 * 1024;

/// What use cases and driver share.
pub(crate) struct Shared {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) gateway: Gateway,
    pub(crate) device_name: String,
    pub(crate) place: Place,
    engine: Mutex<Engine>,
    topics: Topics,
    signals: mpsc::UnboundedSender<Signal>,
}

impl Shared {
    /// Do something under the lock, with what is due by now done first: the timers of a machine that slept are late.
    /// Listeners and the driver hear of it after the lock was released.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Engine) -> T) -> T {
        let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        engine.notice_time();
        let result = work(&mut engine);
        let (changed, signals) = engine.drain();
        drop(engine);
        for signal in signals {
            // The driver is gone only when the core is.
            let _ = self.signals.unbounded_send(signal);
        }
        self.topics.publish(changed);
        result
    }

    /// Look at something under the lock that changes nothing.
    pub(crate) fn peek<T>(&self, look: impl FnOnce(&Engine) -> T) -> T {
        look(&self.engine.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Do work that must not stop half-way when the caller loses interest: a one-time code is spent once.
    pub(crate) async fn detached<T: MaybeSend + 'static>(
        self: &Arc<Self>,
        work: impl Future<Output = Result<T, Failure>> + MaybeSend + 'static,
    ) -> Result<T, Failure> {
        let (tell, told) = oneshot::channel();
        self.host.spawn(Box::pin(async move {
            // Nobody waiting is fine: the work is done all the same.
            let _ = tell.send(work.await);
        }));
        told.await.unwrap_or(Err(Failure::Closed))
    }
}

/// Closes the database and stops the driver when the last [`Core`] is dropped.
struct Front(Arc<Shared>);

impl Drop for Front {
    fn drop(&mut self) {
        self.0.with(|engine| {
            engine.close();
        });
    }
}

/// One signed-in installation: its data, its synchronisation, its answers. Clones are the same core; it closes
/// when the last is dropped.
#[derive(Clone)]
pub struct Core {
    front: Arc<Front>,
}

impl Core {
    /// Open the data and start synchronising. With a PIN before the data the core starts locked.
    ///
    /// # Errors
    /// [`OpenError`]; nothing was changed then.
    pub async fn open(config: Config, host: Arc<dyn Host>) -> Result<Self, OpenError> {
        let place = config.place()?;
        let engine = Engine::new(&config.app, Arc::clone(&host), place != Place::Memory);
        let (signals, inbox) = mpsc::unbounded();
        let shared = Arc::new(Shared {
            gateway: Gateway::new(Arc::clone(&host), &config.gateway_url, &config.app),
            host: Arc::clone(&host),
            device_name: config.device_name,
            place,
            engine: Mutex::new(engine),
            topics: Topics::default(),
            signals,
        });
        shared.start().await?;
        host.spawn(Box::pin(driver::run(Arc::clone(&shared), inbox)));
        Ok(Self {
            front: Arc::new(Front(shared)),
        })
    }

    /// Answer one request: the JSON of a [`crate::rpc::Request`] in, the JSON of an [`Outcome`] out.
    ///
    /// Never fails and never panics on what it is given; a request over 1 MiB is answered `too_large`.
    /// Dropping the future drops the answer, not the work.
    pub async fn rpc(&self, request: &str) -> String {
        if request.len() > REQUEST_BYTES {
            return error_text(ErrorCode::TooLarge, "the request is over 1 MiB".to_owned());
        }
        match serde_json::from_str(request) {
            Ok(request) => self.shared().dispatch(request).await,
            Err(error) => {
                // The parser's own message may quote what was typed.
                let place = format!(
                    "{:?} at line {} column {}",
                    error.classify(),
                    error.line(),
                    error.column()
                );
                error_text(ErrorCode::BadRequest, place)
            }
        }
    }

    /// Be told of changes until the [`Subscription`] is dropped. Before this returns, `listener` has heard every
    /// topic's present version.
    pub fn subscribe(&self, listener: impl Fn(Event) + MaybeSend + MaybeSync + 'static) -> Subscription {
        self.shared().topics.subscribe(listener)
    }

    /// What was read of the database so far; `None` while it is shut. For tests and benches.
    #[must_use]
    pub fn tally(&self) -> Option<Tally> {
        self.shared().peek(|engine| engine.store().ok().map(Store::tally))
    }

    /// Stop synchronising and release the database; every later request is answered `core_restarted`.
    pub async fn close(&self) {
        let last = self.shared().with(Engine::close);
        if let Some(last) = last {
            driver::anchor(self.shared(), last).await;
        }
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.front.0
    }
}

/// An outcome as text.
pub(crate) fn outcome_text<T: Serialize>(result: Result<T, Failure>) -> String {
    let outcome = match result {
        Ok(value) => Outcome::Ok(value),
        Err(failure) => Outcome::Error(RpcError::from(failure)),
    };
    serde_json::to_string(&outcome)
        .unwrap_or_else(|_| error_text(ErrorCode::Internal, "the answer has no JSON".to_owned()))
}

fn error_text(code: ErrorCode, message: String) -> String {
    let error = RpcError {
        code,
        retryable: code.retryable(),
        message,
        issues: Vec::new(),
    };
    // An enum, a flag and texts always have a JSON form.
    serde_json::to_string(&Outcome::<()>::Error(error)).unwrap_or_default()
}
