//! The host of Android, iOS, HarmonyOS and the desktop: the operating system's clock and generator, tokio
//! and reqwest.
//!
//! Owns its own small runtime, so that it works under whatever executor a binding polls the core with.
//! Made by the bindings.

#![allow(
    clippy::disallowed_methods,
    reason = "this is the one native place that may ask the machine"
)]

use super::{Host, HttpAnswer, HttpError, HttpRequest, KeepError, Method, Task};
use futures_channel::oneshot;
use shenhai_protocol::UnixMillis;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::runtime::{Builder, Runtime};
use zeroize::Zeroizing;

mod secrets;
pub use secrets::{FileSecrets, SecretStore};

/// What a foreign caller is answered when [`NativeHost::finish`] gave nothing.
pub const LOST_CALL: &str =
    r#"{"error":{"code":"core_restarted","retryable":true,"message":"the call was lost","issues":[]}}"#;

/// The host on an operating system.
pub struct NativeHost {
    // `None` only while being dropped.
    runtime: Option<Runtime>,
    client: reqwest::Client,
    secrets: Arc<dyn SecretStore>,
}

impl NativeHost {
    /// A host with one worker thread of its own, whose secrets the platform keeps.
    ///
    /// # Errors
    /// When the operating system gives no thread, or TLS cannot be set up.
    pub fn new(secrets: Arc<dyn SecretStore>) -> Result<Self, std::io::Error> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("shenhai-core")
            .enable_all()
            .build()?;
        // Fails when the process has a provider already, which then is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(std::io::Error::other)?;
        Ok(Self {
            runtime: Some(runtime),
            client,
            secrets,
        })
    }

    /// Ask the platform's store on a thread that may wait: it may ask the person.
    fn ask<T: Send + 'static>(
        &self,
        what: impl FnOnce(&dyn SecretStore) -> Result<T, KeepError> + Send + 'static,
    ) -> Task<Result<T, KeepError>> {
        let secrets = Arc::clone(&self.secrets);
        let Some(runtime) = &self.runtime else {
            return Box::pin(async { Err(KeepError::Unavailable) });
        };
        let asked = runtime.spawn_blocking(move || what(&*secrets));
        Box::pin(async move { asked.await.unwrap_or(Err(KeepError::Unavailable)) })
    }

    fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static, lost: T) -> Task<T> {
        let Some(runtime) = &self.runtime else {
            return Box::pin(async { lost });
        };
        let handle = AbortOnDrop(runtime.spawn(work));
        Box::pin(async move { handle.await.unwrap_or(lost) })
    }
}

impl NativeHost {
    /// Run `work` to its end on the core's own thread: the caller's may draw the screen, and may stop waiting.
    /// `None` when it panicked.
    pub async fn finish<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (settle, settled) = oneshot::channel();
        self.spawn(Box::pin(async move {
            // Failing to hand over means that the foreign side stopped waiting.
            let _ = settle.send(work.await);
        }));
        settled.await.ok()
    }
}

impl Drop for NativeHost {
    fn drop(&mut self) {
        // Waiting for the worker here would panic when the last core is dropped inside another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Host for NativeHost {
    fn now(&self) -> UnixMillis {
        let millis = match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |millis| -millis),
        };
        UnixMillis(millis)
    }

    fn monotonic(&self) -> u64 {
        since_boot::millis()
    }

    fn counts_sleep(&self) -> bool {
        since_boot::COUNTS_SLEEP
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system has a random generator");
    }

    fn sleep(&self, pause: Duration) -> Task<()> {
        self.run(async move { tokio::time::sleep(pause).await }, ())
    }

    fn spawn(&self, task: Task<()>) {
        if let Some(runtime) = &self.runtime {
            runtime.spawn(task);
        }
    }

    fn http(&self, request: HttpRequest) -> Task<Result<HttpAnswer, HttpError>> {
        self.run(
            exchange(self.client.clone(), request),
            Err(HttpError::Unreachable),
        )
    }

    fn store_key(&self) -> Task<Result<Zeroizing<[u8; 16]>, KeepError>> {
        self.ask(|secrets| secrets.store_key())
    }

    fn keep(&self, name: &'static str, value: Option<Vec<u8>>) -> Task<Result<(), KeepError>> {
        self.ask(move |secrets| secrets.keep(name, value.as_deref()))
    }

    fn kept(&self, name: &'static str) -> Task<Result<Option<Vec<u8>>, KeepError>> {
        self.ask(move |secrets| secrets.kept(name))
    }
}

/// The clock since the machine was booted. `std::time::Instant` stands still while a phone sleeps, so that an hour in
/// a pocket would not count.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod since_boot {
    use rustix::time::{ClockId, clock_gettime};

    pub(super) const COUNTS_SLEEP: bool = true;

    #[cfg(not(target_vendor = "apple"))]
    const CLOCK: ClockId = ClockId::Boottime;
    /// Apple's goes on during sleep under this name (`man 3 clock_gettime`).
    #[cfg(target_vendor = "apple")]
    const CLOCK: ClockId = ClockId::Monotonic;

    pub(super) fn millis() -> u64 {
        let now = clock_gettime(CLOCK);
        let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
        let nanos = u64::try_from(now.tv_nsec).unwrap_or_default();
        seconds.saturating_mul(1000).saturating_add(nanos / 1_000_000)
    }
}

/// Elsewhere whether sleep counts is not promised.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod since_boot {
    use std::sync::LazyLock;
    use std::time::Instant;

    pub(super) const COUNTS_SLEEP: bool = false;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);

    pub(super) fn millis() -> u64 {
        u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

async fn exchange(client: reqwest::Client, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut builder = client.request(method, &request.url).timeout(request.timeout);
    if let Some(token) = &request.bearer {
        builder = builder.bearer_auth(token);
    }
    if let Some(body) = request.body {
        builder = builder
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .body(body);
    }
    let mut answer = builder
        .send()
        .await
        .map_err(|error| kind(&error, HttpError::Unreachable))?;
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Some(piece) = answer
        .chunk()
        .await
        .map_err(|error| kind(&error, HttpError::Broken))?
    {
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

/// Stops the spawned work when nobody waits for it any more.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, tokio::task::JoinError>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use crate::rpc::Outcome;

    #[test]
    fn a_lost_call_answers_an_error_of_the_waist() {
        let answer: Outcome<()> = serde_json::from_str(super::LOST_CALL).expect("an outcome");
        let Outcome::Error(error) = answer else {
            panic!("an error")
        };
        assert!(error.retryable);
        assert_eq!(
            serde_json::to_value(error.code).expect("a code"),
            "core_restarted"
        );
    }
}
