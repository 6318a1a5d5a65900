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
use std::sync::{Arc, mpsc};

use napi_api::bindgen_prelude::{FromNapiValue, Function, JsValuesTupleIntoVec, Uint8Array};
use napi_api::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_api::{Error, Result, Status};
use shenhai_client::host::KeepError;
use shenhai_client::host::native::{self, LOST_CALL, NativeHost};
use shenhai_client::rpc::{self, Event};
use shenhai_client::{Config, Core, OpenError, Storage};
use zeroize::Zeroizing;

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
}

/// A value to keep under a name; nothing to forget it.
#[napi(object, object_from_js = false)]
pub struct KeptSecret {
    /// Its name.
    pub name: String,
    /// The value.
    pub value: Option<Uint8Array>,
}

type Ask<T, R> = ThreadsafeFunction<T, R, T, Status, false, true>;

/// The platform's store of small secrets: assets wrapped by HUKS. Called on the thread of the engine. What is kept as
/// `bio` has to lie under a key that is released only after the platform recognised the person.
#[napi(object, object_to_js = false)]
pub struct SecretStore {
    /// 16 bytes, made once at random, always the same.
    pub store_key: Ask<(), Uint8Array>,
    /// Keep a value, on the disk when this returns.
    pub keep: Ask<KeptSecret, ()>,
    /// What was kept last.
    pub kept: Ask<String, Option<Uint8Array>>,
}

/// Call into the engine and wait for its answer; a throwing function is a store that cannot be reached.
fn ask<T: JsValuesTupleIntoVec + 'static, R: FromNapiValue + 'static, V: Send + 'static>(
    function: &Ask<T, R>,
    value: T,
    read: fn(R) -> V,
) -> std::result::Result<V, KeepError> {
    let (tell, told) = mpsc::channel();
    let called = function.call_with_return_value(
        value,
        ThreadsafeFunctionCallMode::NonBlocking,
        move |answer, _| {
            // Nobody waits only when the core is gone.
            let _ = tell.send(answer.map(read).map_err(|_| KeepError::Unavailable));
            Ok(())
        },
    );
    if called != Status::Ok {
        return Err(KeepError::Unavailable);
    }
    told.recv().unwrap_or(Err(KeepError::Unavailable))
}

impl native::SecretStore for SecretStore {
    fn store_key(&self) -> std::result::Result<Zeroizing<[u8; 16]>, KeepError> {
        let key = ask(&self.store_key, (), |key| Zeroizing::new(key.to_vec()))?;
        <[u8; 16]>::try_from(key.as_slice())
            .map(Zeroizing::new)
            .map_err(|_| KeepError::Damaged)
    }

    fn keep(&self, name: &str, value: Option<&[u8]>) -> std::result::Result<(), KeepError> {
        let name = name.to_owned();
        let value = value.map(|value| Uint8Array::from(value.to_vec()));
        ask(&self.keep, KeptSecret { name, value }, |()| ())
    }

    fn kept(&self, name: &str) -> std::result::Result<Option<Vec<u8>>, KeepError> {
        ask(&self.kept, name.to_owned(), |value| {
            value.map(|value| value.to_vec())
        })
    }
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
    /// `in_use`, `storage`, `secrets`, `host`.
    #[napi(factory)]
    pub async fn open(config: CoreConfig, secrets: SecretStore) -> Result<Self> {
        let config = Config {
            gateway_url: config.gateway_url,
            app: config.app,
            device_name: config.device_name,
            storage: Storage::Directory(PathBuf::from(config.directory)),
        };
        let host = Arc::new(NativeHost::new(Arc::new(secrets)).map_err(|error| failure("host", error))?);
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
        OpenError::Secrets(_) => "secrets",
        OpenError::WrongKey => "wrong_key",
        OpenError::NewerData => "newer_data",
        OpenError::InUse => "in_use",
        OpenError::Full => "storage_full",
        OpenError::NoStorage(_) | OpenError::Storage(_) => "storage",
    };
    failure(code, error)
}
