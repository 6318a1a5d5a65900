//! The waist for Kotlin and Swift, through UniFFI: type conversion and nothing else.
//!
//! Not a place for rules, for JSON or for state beyond the handles themselves. Called by the Android and iOS
//! shells and by the Kotlin scenario.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use shenhai_client::host::native::{LOST_CALL, NativeHost};
use shenhai_client::rpc::{self, Event};
use shenhai_client::{Config, Core, OpenError, Storage, Subscription};

uniffi::setup_scaffolding!("shenhai");

/// How to open the core.
#[derive(uniffi::Record)]
pub struct CoreConfig {
    /// Origin of the gateway, such as `https://shenhai.example`.
    pub gateway_url: String,
    /// Which app signs in, such as `hotline`.
    pub app: String,
    /// What the owner calls this device.
    pub device_name: String,
    /// Directory of the store; made when missing.
    pub directory: String,
    /// 16 bytes from the platform's key store; they seal what is kept on the device.
    pub store_key: Vec<u8>,
}

/// Why the core did not open. The twin of the client's `OpenError`.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum OpenFailure {
    /// A value of [`CoreConfig`] cannot be used.
    #[error("the configuration cannot be used: {reason}")]
    BadConfig {
        /// English, for the log.
        reason: String,
    },
    /// The data was sealed with another key; it was left as it is.
    #[error("the data on this device belongs to another key")]
    WrongKey,
    /// A later version of the app wrote the data; it was left as it is.
    #[error("the data on this device was written by a later version")]
    NewerData,
    /// Another process has the data open.
    #[error("the data is in use by another process")]
    InUse,
    /// The storage failed otherwise.
    #[error("storage: {reason}")]
    Storage {
        /// English, for the log.
        reason: String,
    },
    /// The operating system gives no thread or no TLS, or the work was lost.
    #[error("host: {reason}")]
    Host {
        /// English, for the log.
        reason: String,
    },
}

impl From<OpenError> for OpenFailure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Config(reason) => Self::BadConfig {
                reason: reason.to_owned(),
            },
            OpenError::WrongKey => Self::WrongKey,
            OpenError::NewerData => Self::NewerData,
            OpenError::InUse => Self::InUse,
            OpenError::NoStorage(reason) | OpenError::Storage(reason) => Self::Storage { reason },
        }
    }
}

/// What can be followed. The twin of the waist's `Topic`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Topic {
    /// The signed-in user changed.
    Session,
    /// An order, a draft or an unsent command changed.
    Orders,
    /// The outbox changed.
    Outbox,
    /// The state of synchronisation changed.
    Sync,
}

impl From<rpc::Topic> for Topic {
    fn from(topic: rpc::Topic) -> Self {
        match topic {
            rpc::Topic::Session => Self::Session,
            rpc::Topic::Orders => Self::Orders,
            rpc::Topic::Outbox => Self::Outbox,
            rpc::Topic::Sync => Self::Sync,
        }
    }
}

/// A listener threw. The event counts as delivered: whoever follows fetches the state, not the event.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum ListenerFailure {
    /// What it threw.
    #[error("the listener failed: {reason}")]
    Threw {
        /// The foreign side's own words.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ListenerFailure {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Threw { reason: error.reason }
    }
}

/// Told of changes, on a thread of the core: return at once.
#[uniffi::export(foreign)]
pub trait Listener: Send + Sync {
    /// `topic` is now at `version`: fetch it anew. The first events give every topic's version.
    ///
    /// # Errors
    /// When the foreign side throws; nothing follows from it.
    fn on_event(&self, topic: Topic, version: u64) -> Result<(), ListenerFailure>;
}

/// The core of one device.
#[derive(uniffi::Object)]
pub struct ShenhaiCore {
    core: Core,
    host: Arc<NativeHost>,
}

#[uniffi::export]
impl ShenhaiCore {
    /// Open the store and begin to synchronise.
    ///
    /// # Errors
    /// See [`OpenFailure`].
    #[uniffi::constructor]
    pub async fn open(config: CoreConfig) -> Result<Arc<Self>, OpenFailure> {
        let store_key = config.store_key.try_into().map_err(|_| OpenFailure::BadConfig {
            reason: "the store key has 16 bytes".to_owned(),
        })?;
        let config = Config {
            gateway_url: config.gateway_url,
            app: config.app,
            device_name: config.device_name,
            storage: Storage::Directory(PathBuf::from(config.directory)),
            store_key,
        };
        let host = NativeHost::new().map_err(|error| OpenFailure::Host {
            reason: error.to_string(),
        })?;
        let host = Arc::new(host);
        let core = host.finish(Core::open(config, host.clone())).await;
        let core = core.ok_or_else(|| OpenFailure::Host {
            reason: "opening was lost".to_owned(),
        })??;
        Ok(Arc::new(Self { core, host }))
    }

    /// Carry out one request of the waist and answer it; both are JSON.
    ///
    /// Cancelling the call stops the waiting, not the work.
    pub async fn rpc(&self, request: String) -> String {
        let core = self.core.clone();
        self.host
            .finish(async move { core.rpc(&request).await })
            .await
            .unwrap_or_else(|| LOST_CALL.to_owned())
    }

    /// Follow changes until the answer is stopped or released.
    pub fn subscribe(&self, listener: Arc<dyn Listener>) -> Arc<EventSubscription> {
        let subscription = self.core.subscribe(move |event: Event| {
            // A throwing listener must not stop the core; see `ListenerFailure`.
            let _ = listener.on_event(event.topic.into(), event.version);
        });
        Arc::new(EventSubscription(Mutex::new(Some(subscription))))
    }

    /// Stop synchronising and close the store. What was not sent stays for the next time.
    ///
    /// Not `close`: that is how Kotlin releases the handle.
    pub async fn shutdown(&self) {
        let core = self.core.clone();
        self.host.finish(async move { core.close().await }).await;
    }
}

/// Following changes; ends with [`EventSubscription::stop`] or when released.
#[derive(uniffi::Object)]
pub struct EventSubscription(Mutex<Option<Subscription>>);

#[uniffi::export]
impl EventSubscription {
    /// End it: what changes from now on is not told. Harmless when repeated.
    pub fn stop(&self) {
        // The lock is gone before the listener is released, which calls into the foreign side.
        let ended = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(ended);
    }
}
