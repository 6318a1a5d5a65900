//! The one seam between the core and the machine it runs on: clock, randomness, tasks, pauses, HTTP, secrets.
//!
//! Nothing else in the core asks for the time or the network; `core/clippy.toml` forbids it. `native` and
//! `web` implement the seam for the platforms, the tests implement it with a hand-driven clock.

#[cfg(not(target_arch = "wasm32"))]
pub mod native;
#[cfg(target_arch = "wasm32")]
pub mod web;

use rand_core::{CryptoRng, Infallible, TryCryptoRng, TryRng};
use shenhai_protocol::UnixMillis;
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use zeroize::Zeroizing;

/// `Send` where there are threads; nothing in a browser's Worker, which has one.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSend: Send {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + ?Sized> MaybeSend for T {}
/// `Sync` where there are threads; nothing in a browser's Worker, which has one.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSync: Sync {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Sync + ?Sized> MaybeSync for T {}

/// `Send` where there are threads; nothing in a browser's Worker, which has one.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSend {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSend for T {}
/// `Sync` where there are threads; nothing in a browser's Worker, which has one.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSync {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSync for T {}

/// A boxed future, `Send` where there are threads.
#[cfg(not(target_arch = "wasm32"))]
pub type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// A boxed future, `Send` where there are threads.
#[cfg(target_arch = "wasm32")]
pub type Task<T> = Pin<Box<dyn Future<Output = T>>>;

/// The methods the protocol uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Send a body.
    Post,
    /// End something.
    Delete,
}

/// One HTTP request.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Its method.
    pub method: Method,
    /// Absolute.
    pub url: String,
    /// Session token, sent as `Authorization: Bearer`.
    pub bearer: Option<String>,
    /// JSON, sent as `application/json`.
    pub body: Option<String>,
    /// Given up after this, the body included.
    pub timeout: Duration,
    /// Longest body taken, bytes.
    pub max_body: usize,
}

impl std::fmt::Debug for HttpRequest {
    // Neither token nor body: both are personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "HttpRequest({:?} {})",
            self.method,
            self.url.split('?').next().unwrap_or_default()
        )
    }
}

/// An HTTP answer with its whole body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
}

/// Why there is no answer. Whether the request had an effect is unknown in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No connection, or it broke before the answer began.
    #[error("no connection")]
    Unreachable,
    /// It took longer than allowed.
    #[error("timed out")]
    Timeout,
    /// The answer is longer than allowed, or was cut.
    #[error("the answer is too long or incomplete")]
    Broken,
}

/// Why the platform's store of secrets did not do something. Says nothing of what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// It cannot be reached now, e.g. before the first unlock after a restart, or the disk failed.
    #[error("the store of secrets cannot be reached")]
    Unavailable,
    /// The disk or the quota is full.
    #[error("no space left for secrets")]
    Full,
    /// The person did not confirm who they are.
    #[error("the person did not confirm")]
    Refused,
    /// What it holds cannot be read.
    #[error("the store of secrets is damaged")]
    Damaged,
}

/// What the core needs of the machine it runs on.
pub trait Host: MaybeSend + MaybeSync {
    /// The wall clock. May be wrong and may jump: people set it.
    fn now(&self) -> UnixMillis;

    /// Milliseconds since an arbitrary start; never goes back, and nobody can set it.
    fn monotonic(&self) -> u64;

    /// Whether [`Self::monotonic`] goes on while the machine sleeps. Where it may not, a wall clock that went further
    /// is taken for a sleep by whatever must not last too long.
    fn counts_sleep(&self) -> bool {
        false
    }

    /// Fill `bytes` from the platform's cryptographic generator.
    ///
    /// # Panics
    /// When the platform has none: a client that cannot draw keys must not go on.
    fn fill_random(&self, bytes: &mut [u8]);

    /// A pause. May be dropped at any time.
    fn sleep(&self, pause: Duration) -> Task<()>;

    /// Run a task to its end, independent of the caller.
    fn spawn(&self, task: Task<()>);

    /// Send a request. Dropping the future gives the request up.
    fn http(&self, request: HttpRequest) -> Task<Result<HttpAnswer, HttpError>>;

    /// The 16 bytes that seal what the core keeps; always the same for one installation. The core asks when it
    /// opens or unlocks its data and forgets them again.
    ///
    /// Made once by the platform and kept only wrapped by its key store. Android Keystore, the Secure Enclave
    /// and WebCrypto know no SM algorithms: they wrap these bytes with their own, the data itself is under SM4.
    fn store_key(&self) -> Task<Result<Zeroizing<[u8; 16]>, KeepError>>;

    /// Keep a small secret (below 4 KiB) under `name`, or forget it; it is on the disk when this ends. A new value
    /// replaces the old one as a whole or not at all.
    fn keep(&self, name: &'static str, value: Option<Vec<u8>>) -> Task<Result<(), KeepError>>;

    /// What was last kept under `name`. `None` only when there is nothing, never when it cannot be read now.
    fn kept(&self, name: &'static str) -> Task<Result<Option<Vec<u8>>, KeepError>>;
}

/// The host's randomness as the generator the cryptography asks for.
#[derive(Clone)]
pub(crate) struct HostRng(pub(crate) Arc<dyn Host>);

impl TryRng for HostRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill_random(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill_random(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_random(bytes);
        Ok(())
    }
}

impl TryCryptoRng for HostRng {}

/// A UUID version 7 (RFC 9562 §5.7) of the instant `at`, lower-case and hyphenated.
pub(crate) fn uuid_v7(at: UnixMillis, rng: &mut dyn CryptoRng) -> String {
    let mut random = [0; 10];
    rng.fill_bytes(&mut random);
    let millis = u64::try_from(at.0).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random)
        .into_uuid()
        .hyphenated()
        .to_string()
}

/// A number for jitter.
pub(crate) fn dice(rng: &mut dyn CryptoRng) -> u64 {
    rng.next_u64()
}
