//! A native core with a listener: one installation of the app, as a shell would hold it.

use serde_json::{Value, json};
use shenhai_client::host::native::{FileSecrets, NativeHost};
use shenhai_client::{Config, Core, OpenError, Storage, Subscription};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Why a device could not do something.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The host of the core.
    #[error(transparent)]
    Host(#[from] io::Error),
    /// The core.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The answer is not an outcome of the waist.
    #[error("not an outcome: {0}")]
    Answer(String),
    /// The call was refused.
    #[error("{method}: {error}")]
    Refused {
        /// Which method.
        method: String,
        /// The `RpcError`.
        error: Value,
    },
    /// What was waited for did not come in time; the last answer.
    #[error("{method} never fulfilled it, last: {last}")]
    Late {
        /// Which method.
        method: String,
        /// The last answer.
        last: Value,
    },
    /// The emulators.
    #[error(transparent)]
    City(#[from] crate::CityError),
}

/// How to open a device, kept for opening it again.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) gateway: String,
    pub(crate) app: String,
    pub(crate) directory: PathBuf,
}

/// One installation.
pub struct Device {
    core: Core,
    changed: Arc<Notify>,
    _subscription: Subscription,
}

impl Device {
    /// Open the core kept in `directory`.
    ///
    /// # Errors
    /// See [`DeviceError`].
    pub async fn open(gateway: &str, app: &str, directory: &Path) -> Result<Self, DeviceError> {
        let config = Config {
            gateway_url: gateway.to_owned(),
            app: app.to_owned(),
            device_name: "样例设备".to_owned(),
            storage: Storage::Directory(directory.to_owned()),
        };
        // A sample device has no key store; what it keeps is synthetic.
        let secrets = FileSecrets::new(directory.join("secrets"));
        let core = Core::open(config, Arc::new(NativeHost::new(Arc::new(secrets))?)).await?;
        let changed = Arc::new(Notify::new());
        let notify = Arc::clone(&changed);
        let subscription = core.subscribe(move |_| notify.notify_one());
        Ok(Self {
            core,
            changed,
            _subscription: subscription,
        })
    }

    /// One call through the waist: `{"ok": …}` or `{"error": …}`.
    ///
    /// # Errors
    /// When the answer is not JSON.
    pub async fn outcome(&self, method: &str, params: &Value) -> Result<Value, DeviceError> {
        let answer = self
            .core
            .rpc(&json!({"method": method, "params": params}).to_string())
            .await;
        serde_json::from_str(&answer).map_err(|_| DeviceError::Answer(answer))
    }

    /// One call that has to work; its answer.
    ///
    /// # Errors
    /// Also when it is refused.
    pub async fn call(&self, method: &str, params: &Value) -> Result<Value, DeviceError> {
        let mut outcome = self.outcome(method, params).await?;
        match outcome.get_mut("ok") {
            Some(reply) => Ok(reply.take()),
            None => Err(DeviceError::Refused {
                method: method.to_owned(),
                error: outcome["error"].take(),
            }),
        }
    }

    /// Call again after every event of the core until `holds`; the answer that did.
    ///
    /// # Errors
    /// [`DeviceError::Late`] after `within`.
    pub async fn until(
        &self,
        method: &str,
        params: &Value,
        within: Duration,
        holds: impl Fn(&Value) -> bool,
    ) -> Result<Value, DeviceError> {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            let outcome = self.outcome(method, params).await?;
            if let Some(reply) = outcome.get("ok")
                && holds(reply)
            {
                return Ok(reply.clone());
            }
            if tokio::time::timeout_at(deadline, self.changed.notified())
                .await
                .is_err()
            {
                return Err(DeviceError::Late {
                    method: method.to_owned(),
                    last: outcome,
                });
            }
        }
    }

    /// Sign in with a one-time code of the emulators.
    ///
    /// # Errors
    /// See [`DeviceError`].
    pub async fn sign_in(&self, redirect_uri: &str, code: &str) -> Result<Value, DeviceError> {
        let begun = self
            .call("session.begin", &json!({"redirect_uri": redirect_uri}))
            .await?;
        self.call("session.sign_in", &json!({"code": code, "state": begun["state"]}))
            .await
    }

    /// Close the core as a shell does when it ends.
    pub async fn close(self) {
        self.core.close().await;
    }
}
