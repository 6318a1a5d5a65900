//! The waist for ArkTS and Node, through Node-API: type conversion and nothing else.
//!
//! Not a place for rules, for JSON or for state beyond the handles themselves. Called by the HarmonyOS shell
//! and, built for Node, by the Node scenario. `index.d.ts` beside the crate is what a caller sees.

#[cfg(not(target_env = "ohos"))]
use ::napi as napi_api;
#[cfg(not(target_env = "ohos"))]
use napi_derive::napi;
#[cfg(target_env = "ohos")]
use napi_derive_ohos::napi;
#[cfg(target_env = "ohos")]
use napi_ohos as napi_api;

use std::path::PathBuf;
use std::sync::Arc;

use napi_api::bindgen_prelude::{Function, Uint8Array};
use napi_api::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_api::{Error, Result, Status};
use shenhai_client::host::native::{LOST_CALL, NativeHost};
use shenhai_client::rpc::{self, Event};
use shenhai_client::{Config, Core, OpenError, Storage};

/// How to open the core.
#[napi(object)]
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
    pub store_key: Uint8Array,
}

/// What can be followed. The twin of the waist's `Topic`.
#[napi(string_enum = "snake_case")]
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

/// `topic` is now at `version`: fetch it anew.
#[napi(object, object_from_js = false)]
pub struct CoreEvent {
    /// What changed.
    pub topic: Topic,
    /// Counts up; far below 2^53.
    pub version: f64,
}

impl From<Event> for CoreEvent {
    fn from(event: Event) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "a count of changes stays below 2^53")]
        Self {
            topic: event.topic.into(),
            version: event.version as f64,
        }
    }
}

/// The core of one device.
#[napi]
pub struct ShenhaiCore {
    core: Core,
    host: Arc<NativeHost>,
}

#[napi]
impl ShenhaiCore {
    /// Open the store and begin to synchronise.
    ///
    /// # Errors
    /// Rejects with a message that begins with a code and a colon: `bad_config`, `wrong_key`, `newer_data`,
    /// `in_use`, `storage`, `host`.
    #[napi(factory)]
    pub async fn open(config: CoreConfig) -> Result<Self> {
        let store_key = <[u8; 16]>::try_from(config.store_key.as_ref())
            .map_err(|_| failure("bad_config", "the store key has 16 bytes"))?;
        let config = Config {
            gateway_url: config.gateway_url,
            app: config.app,
            device_name: config.device_name,
            storage: Storage::Directory(PathBuf::from(config.directory)),
            store_key,
        };
        let host = Arc::new(NativeHost::new().map_err(|error| failure("host", error))?);
        let opened = host.finish(Core::open(config, host.clone())).await;
        let core = opened
            .ok_or_else(|| failure("host", "opening was lost"))?
            .map_err(|error| refused(&error))?;
        Ok(Self { core, host })
    }

    /// Carry out one request of the waist and answer it; both are JSON.
    ///
    /// # Errors
    /// Never; failures are answers.
    #[napi]
    pub async fn rpc(&self, request: String) -> Result<String> {
        let core = self.core.clone();
        let answer = self.host.finish(async move { core.rpc(&request).await }).await;
        Ok(answer.unwrap_or_else(|| LOST_CALL.to_owned()))
    }

    /// Follow changes until the answer is stopped or collected. Does not keep the process alive.
    ///
    /// # Errors
    /// When the engine cannot make the callback reachable from other threads.
    #[napi]
    pub fn subscribe(&self, listener: Function<'_, CoreEvent, ()>) -> Result<Subscription> {
        let listener = listener.build_threadsafe_function().weak::<true>().build()?;
        let subscription = self.core.subscribe(move |event: Event| {
            // Refused only while the engine is being torn down.
            let _ = listener.call(event.into(), ThreadsafeFunctionCallMode::NonBlocking);
        });
        Ok(Subscription(Some(subscription)))
    }

    /// Stop synchronising and close the store. What was not sent stays for the next time.
    ///
    /// # Errors
    /// Never.
    #[napi]
    pub async fn close(&self) -> Result<()> {
        let core = self.core.clone();
        self.host.finish(async move { core.close().await }).await;
        Ok(())
    }
}

/// Following changes; ends with `stop` or when collected.
#[napi]
pub struct Subscription(Option<shenhai_client::Subscription>);

#[napi]
impl Subscription {
    /// End it: what changes from now on is not told. Harmless when repeated.
    #[napi]
    pub fn stop(&mut self) {
        self.0.take();
    }
}

fn failure(code: &str, reason: impl std::fmt::Display) -> Error {
    Error::new(Status::GenericFailure, format!("{code}: {reason}"))
}

fn refused(error: &OpenError) -> Error {
    let code = match error {
        OpenError::Config(_) => "bad_config",
        OpenError::WrongKey => "wrong_key",
        OpenError::NewerData => "newer_data",
        OpenError::InUse => "in_use",
        OpenError::NoStorage(_) | OpenError::Storage(_) => "storage",
    };
    failure(code, error)
}
