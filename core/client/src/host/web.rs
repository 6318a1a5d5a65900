//! The host of a browser: a dedicated Worker's clock, generator, timers and `fetch`.
//!
//! Made by `bindings/web`. One thread, so nothing here is `Send`.

#![allow(
    clippy::disallowed_methods,
    reason = "this is the one place in a browser that may ask the machine"
)]

use super::{Host, HttpAnswer, HttpError, HttpRequest, Method, Task};
use shenhai_protocol::UnixMillis;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Performance, WorkerGlobalScope};

/// The host inside a dedicated Worker.
pub struct WebHost {
    scope: WorkerGlobalScope,
    performance: Option<Performance>,
    client: reqwest::Client,
}

impl WebHost {
    /// The Worker this runs in; `None` outside of one.
    #[must_use]
    pub fn new() -> Option<Self> {
        let scope: WorkerGlobalScope = js_sys::global().dyn_into().ok()?;
        let performance = scope.performance();
        Some(Self {
            scope,
            performance,
            client: reqwest::Client::new(),
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
    let body = answer
        .bytes()
        .await
        .map_err(|error| kind(&error, HttpError::Broken))?
        .to_vec();
    if body.len() > request.max_body {
        return Err(HttpError::Broken);
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
