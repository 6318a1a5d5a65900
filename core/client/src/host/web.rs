//! The host of a browser: a dedicated Worker's clock, generator, timers and `fetch`, and the page's store of
//! secrets.
//!
//! Made by `bindings/web`. One thread, so nothing here is `Send`.

#![allow(
    clippy::disallowed_methods,
    reason = "this is the one place in a browser that may ask the machine"
)]

use super::{Host, HttpAnswer, HttpError, HttpRequest, KeepError, Method, Task};
use futures_util::StreamExt;
use js_sys::{Promise, Uint8Array};
use shenhai_protocol::UnixMillis;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Performance, WorkerGlobalScope};
use zeroize::Zeroizing;

#[wasm_bindgen]
extern "C" {
    /// What the Worker's script brings: `miniapp/ui/src/core/store-key.ts`. Every method may reject.
    #[wasm_bindgen(typescript_type = "SecretStore")]
    pub type SecretStore;

    #[wasm_bindgen(method, catch, js_name = storeKey)]
    fn store_key(this: &SecretStore) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn keep(this: &SecretStore, name: &str, value: Option<Uint8Array>) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn kept(this: &SecretStore, name: &str) -> Result<Promise, JsValue>;
}

#[wasm_bindgen(typescript_custom_section)]
const SECRET_STORE: &str = r#"
/** Small secrets, wrapped by a key this browser never hands out. */
export interface SecretStore {
  /** 16 bytes, always the same. */
  storeKey(): Promise<Uint8Array>;
  /** Resolves once it is on the disk; no value forgets it. */
  keep(name: string, value: Uint8Array | undefined): Promise<void>;
  /** `undefined` only when there is nothing. */
  kept(name: string): Promise<Uint8Array | undefined>;
}
"#;

/// The host inside a dedicated Worker.
pub struct WebHost {
    scope: WorkerGlobalScope,
    performance: Option<Performance>,
    client: reqwest::Client,
    secrets: SecretStore,
}

impl WebHost {
    /// The Worker this runs in; `None` outside of one.
    #[must_use]
    pub fn new(secrets: SecretStore) -> Option<Self> {
        let scope: WorkerGlobalScope = js_sys::global().dyn_into().ok()?;
        let performance = scope.performance();
        Some(Self {
            scope,
            performance,
            client: reqwest::Client::new(),
            secrets,
        })
    }
}

impl Host for WebHost {
    fn now(&self) -> UnixMillis {
        UnixMillis(js_sys::Date::now() as i64)
    }

    fn monotonic(&self) -> u64 {
        // Every Worker has a Performance object; a wall clock is the lesser evil where one has not.
        self.performance
            .as_ref()
            .map_or_else(js_sys::Date::now, Performance::now) as u64
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("a browser has crypto.getRandomValues");
    }

    fn sleep(&self, pause: Duration) -> Task<()> {
        let millis = i32::try_from(pause.as_millis()).unwrap_or(i32::MAX);
        let scope = self.scope.clone();
        let elapsed = js_sys::Promise::new(&mut |resolve, reject| {
            let set = scope.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
            if let Err(error) = set {
                // Ends the pause at once instead of never.
                let _ = reject.call1(&wasm_bindgen::JsValue::NULL, &error);
            }
        });
        Box::pin(async move {
            let _ = JsFuture::from(elapsed).await;
        })
    }

    fn spawn(&self, task: Task<()>) {
        spawn_local(task);
    }

    fn http(&self, request: HttpRequest) -> Task<Result<HttpAnswer, HttpError>> {
        Box::pin(exchange(self.client.clone(), request))
    }

    fn store_key(&self) -> Task<Result<Zeroizing<[u8; 16]>, KeepError>> {
        let asked = self.secrets.store_key();
        Box::pin(async move {
            let bytes = bytes(told(asked).await?).ok_or(KeepError::Damaged)?;
            let key = <[u8; 16]>::try_from(bytes.as_slice()).map_err(|_| KeepError::Damaged)?;
            Ok(Zeroizing::new(key))
        })
    }

    fn keep(&self, name: &'static str, value: Option<Vec<u8>>) -> Task<Result<(), KeepError>> {
        let value = value.map(|value| Uint8Array::from(value.as_slice()));
        let asked = self.secrets.keep(name, value);
        Box::pin(async move { told(asked).await.map(drop) })
    }

    fn kept(&self, name: &'static str) -> Task<Result<Option<Vec<u8>>, KeepError>> {
        let asked = self.secrets.kept(name);
        Box::pin(async move {
            let value = told(asked).await?;
            if value.is_undefined() {
                return Ok(None);
            }
            let bytes = bytes(value).ok_or(KeepError::Damaged)?;
            Ok(Some(bytes.to_vec()))
        })
    }
}

/// What a promise of the page's script came to.
async fn told(asked: Result<Promise, JsValue>) -> Result<JsValue, KeepError> {
    let promise = asked.map_err(|_| KeepError::Unavailable)?;
    JsFuture::from(promise).await.map_err(|reason| {
        let name = js_sys::Reflect::get(&reason, &"name".into()).unwrap_or_default();
        if name.as_string().as_deref() == Some("QuotaExceededError") {
            KeepError::Full
        } else {
            KeepError::Unavailable
        }
    })
}

fn bytes(value: JsValue) -> Option<Zeroizing<Vec<u8>>> {
    let array: Uint8Array = value.dyn_into().ok()?;
    Some(Zeroizing::new(array.to_vec()))
}

async fn exchange(client: reqwest::Client, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut builder = client
        .request(method, &request.url)
        .timeout(request.timeout)
        .fetch_cache_no_store();
    if let Some(token) = &request.bearer {
        builder = builder.bearer_auth(token);
    }
    if let Some(body) = request.body {
        builder = builder
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .body(body);
    }
    let answer = builder
        .send()
        .await
        .map_err(|error| kind(&error, HttpError::Unreachable))?;
    let status = answer.status().as_u16();
    if answer
        .content_length()
        .is_some_and(|length| length > request.max_body as u64)
    {
        return Err(HttpError::Broken);
    }
    let mut body = Vec::new();
    let mut pieces = answer.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| kind(&error, HttpError::Broken))?;
        // Dropping the stream here ends the exchange: what is too much is not even received.
        if body.len() + piece.len() > request.max_body {
            return Err(HttpError::Broken);
        }
        body.extend_from_slice(&piece);
    }
    Ok(HttpAnswer { status, body })
}

fn kind(error: &reqwest::Error, otherwise: HttpError) -> HttpError {
    if error.is_timeout() {
        HttpError::Timeout
    } else {
        otherwise
    }
}
