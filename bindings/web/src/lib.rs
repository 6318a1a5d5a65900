//! The waist for a browser: type conversion between JavaScript and the core, and nothing else.
//!
//! Not a place for rules, for tabs or for restarts. Runs in the one dedicated Worker, called by
//! `miniapp/ui/src/core/worker.ts`. Empty on every other target.
#![cfg(target_arch = "wasm32")]

use js_sys::{Error, Function, Promise};
use serde::Deserialize;
use shenhai_client::host::KeepError;
use shenhai_client::host::web::{SecretStore, WebHost};
use shenhai_client::{Config, Core, OpenError, Storage, Subscription};
use std::{cell::RefCell, sync::Arc};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

/// How to open the core, as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenConfig {
    gateway_url: String,
    app: String,
    device_name: String,
    storage: StorageKind,
}

/// Where the store lies.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum StorageKind {
    /// In the origin's private files.
    Opfs,
    /// Nowhere: gone with the Worker.
    Memory,
}

thread_local! {
    static REPORT_PANIC: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// `report(text)` is told of a panic just before it traps. The instance is of no use afterwards.
#[wasm_bindgen(js_name = onPanic)]
pub fn on_panic(report: Function) {
    REPORT_PANIC.set(Some(report));
    std::panic::set_hook(Box::new(|panic| {
        let text = JsValue::from(panic.to_string());
        REPORT_PANIC.with_borrow(|report| {
            if let Some(report) = report {
                // A throwing reporter changes nothing: the trap follows anyway.
                let _ = report.call1(&JsValue::NULL, &text);
            }
        });
    }));
}

/// Opens the store, whose keys `secrets` keeps, and begins to synchronise. Resolves to a [`WebCore`], rejects with an `Error` that says in English why not; its `name` is `InUse` when somebody else has the store.
#[wasm_bindgen(unchecked_return_type = "Promise<WebCore>")]
pub fn open(config: String, secrets: SecretStore) -> Promise {
    future_to_promise(async move {
        let config: OpenConfig =
            serde_json::from_str(&config).map_err(|error| refusal("Config", &error.to_string()))?;
        let host = WebHost::new(secrets).ok_or_else(|| refusal("Config", "not in a Worker"))?;
        let config = Config {
            storage: match config.storage {
                // One store per app: each has its own owner tab, and a store has one holder.
                StorageKind::Opfs => Storage::Opfs {
                    name: config.app.clone(),
                },
                StorageKind::Memory => Storage::Memory,
            },
            gateway_url: config.gateway_url,
            app: config.app,
            device_name: config.device_name,
        };
        let core = Core::open(config, Arc::new(host))
            .await
            .map_err(|error| open_refusal(&error))?;
        Ok(WebCore(core).into())
    })
}

/// The core of one app.
#[wasm_bindgen]
pub struct WebCore(Core);

#[wasm_bindgen]
impl WebCore {
    /// Carries out one request of the waist; request and answer are JSON.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn rpc(&self, request: String) -> Promise {
        let core = self.0.clone();
        future_to_promise(async move { Ok(core.rpc(&request).await.into()) })
    }

    /// `follow(text)` is told of every event, as JSON, until the answer is stopped or freed.
    pub fn subscribe(
        &self,
        #[wasm_bindgen(unchecked_param_type = "(event: string) => void")] follow: Function,
    ) -> WebSubscription {
        let subscription = self.0.subscribe(move |event| {
            if let Ok(text) = serde_json::to_string(&event) {
                // A throwing listener must not stop the core; it fetches the state, not the event.
                let _ = follow.call1(&JsValue::NULL, &text.into());
            }
        });
        WebSubscription(Some(subscription))
    }

    /// Stops synchronising and closes the store. What was not sent stays for the next time.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn close(&self) -> Promise {
        let core = self.0.clone();
        future_to_promise(async move {
            core.close().await;
            Ok(JsValue::UNDEFINED)
        })
    }
}

/// Following changes; ends with [`WebSubscription::stop`] or `free`.
#[wasm_bindgen]
pub struct WebSubscription(Option<Subscription>);

#[wasm_bindgen]
impl WebSubscription {
    /// No event begins after this returns. Harmless when repeated.
    pub fn stop(&mut self) {
        self.0.take();
    }
}

fn open_refusal(error: &OpenError) -> JsValue {
    let name = match error {
        OpenError::Config(_) => "Config",
        OpenError::Full | OpenError::Secrets(KeepError::Full) => "Full",
        OpenError::Secrets(_) => "Secrets",
        OpenError::WrongKey => "WrongKey",
        OpenError::NewerData => "NewerData",
        OpenError::InUse => "InUse",
        OpenError::NoStorage(_) => "NoStorage",
        OpenError::Storage(_) => "Storage",
    };
    refusal(name, &error.to_string())
}

fn refusal(name: &str, reason: &str) -> JsValue {
    let error = Error::new(reason);
    error.set_name(name);
    error.into()
}
