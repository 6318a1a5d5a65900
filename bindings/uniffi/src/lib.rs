//! The waist for Kotlin and Swift, through UniFFI: type conversion and nothing else.
//!
//! Not a place for rules, for JSON or for state beyond the handles themselves. Called by the Android and iOS
//! shells and by the Kotlin scenario.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use shenhai_client::host::KeepError;
use shenhai_client::host::native::{self, LOST_CALL, NativeHost};
use shenhai_client::rpc::{self, Event};
use shenhai_client::{Config, Core, OpenError, Storage, Subscription};
use zeroize::Zeroizing;

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
    /// The platform's store of secrets failed.
    #[error("secrets: {reason}")]
    Secrets {
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
            OpenError::Secrets(error) => Self::Secrets {
                reason: error.to_string(),
            },
            OpenError::WrongKey => Self::WrongKey,
            OpenError::NewerData => Self::NewerData,
            OpenError::InUse => Self::InUse,
            OpenError::Full => Self::Storage {
                reason: error.to_string(),
            },
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
    /// Whether the data is open changed.
    Lock,
}

impl From<rpc::Topic> for Topic {
    fn from(topic: rpc::Topic) -> Self {
        match topic {
            rpc::Topic::Session => Self::Session,
            rpc::Topic::Orders => Self::Orders,
            rpc::Topic::Outbox => Self::Outbox,
            rpc::Topic::Sync => Self::Sync,
            rpc::Topic::Lock => Self::Lock,
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

/// Why the platform's store of secrets did not do something. The twin of the client's `KeepError`.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum SecretFailure {
    /// It cannot be reached now.
    #[error("unavailable")]
    Unavailable,
    /// The person did not confirm who they are.
    #[error("refused")]
    Refused,
    /// What it holds cannot be read.
    #[error("damaged")]
    Damaged,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for SecretFailure {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}

impl From<SecretFailure> for KeepError {
    fn from(failure: SecretFailure) -> Self {
        match failure {
            SecretFailure::Unavailable => Self::Unavailable,
            SecretFailure::Refused => Self::Refused,
            SecretFailure::Damaged => Self::Damaged,
        }
    }
}

/// The platform's store of small secrets, implemented by the shell: preferences wrapped by a key of the Android
/// Keystore, the Keychain. Neither knows an SM algorithm: they wrap, what is wrapped is an SM4 key. Called on a
/// thread that may wait. What is kept as `bio` has to lie under a key that is released only after the platform
/// recognised the person.
#[uniffi::export(foreign)]
pub trait SecretStore: Send + Sync {
    /// 16 bytes, made once at random, always the same.
    ///
    /// # Errors
    /// See [`SecretFailure`].
    fn store_key(&self) -> Result<Vec<u8>, SecretFailure>;
    /// Keep a value, on the disk when this returns, or forget it.
    ///
    /// # Errors
    /// See [`SecretFailure`].
    fn keep(&self, name: String, value: Option<Vec<u8>>) -> Result<(), SecretFailure>;
    /// What was kept last; nothing only when there is nothing.
    ///
    /// # Errors
    /// See [`SecretFailure`].
    fn kept(&self, name: String) -> Result<Option<Vec<u8>>, SecretFailure>;
}

struct Secrets(Arc<dyn SecretStore>);

impl native::SecretStore for Secrets {
    fn store_key(&self) -> Result<Zeroizing<[u8; 16]>, KeepError> {
        let key = Zeroizing::new(self.0.store_key()?);
        <[u8; 16]>::try_from(key.as_slice())
            .map(Zeroizing::new)
            .map_err(|_| KeepError::Damaged)
    }

    fn keep(&self, name: &str, value: Option<&[u8]>) -> Result<(), KeepError> {
        Ok(self.0.keep(name.to_owned(), value.map(<[u8]>::to_vec))?)
    }

    fn kept(&self, name: &str) -> Result<Option<Vec<u8>>, KeepError> {
        Ok(self.0.kept(name.to_owned())?)
    }
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
    pub async fn open(config: CoreConfig, secrets: Arc<dyn SecretStore>) -> Result<Arc<Self>, OpenFailure> {
        let config = Config {
            gateway_url: config.gateway_url,
            app: config.app,
            device_name: config.device_name,
            storage: Storage::Directory(PathBuf::from(config.directory)),
        };
        let host = NativeHost::new(Arc::new(Secrets(secrets))).map_err(|error| OpenFailure::Host {
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
