//! Calls to the city's systems: bounded in time and size, never following a redirect.
//!
//! Not what is asked (`container`, `platform_feedback`).

use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, redirect};
use std::time::Duration;

/// Longest answer read, bytes. The documented answers are below 1 KiB.
const ANSWER_BYTES: usize = 64 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(10);
/// The header by which an emulator says what it is.
const PROVIDER_HEADER: &str = "x-provider";

/// Whether an emulated service may be used: never in a build with the feature `production`.
pub(crate) const EMULATED_ALLOWED: bool = cfg!(not(feature = "production"));

/// An answer in full.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    headers: HeaderMap,
}

impl Answer {
    /// A header's value; `None` without it or where it is not text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The system calls itself an emulator.
    pub(crate) fn emulated(&self) -> bool {
        self.header(PROVIDER_HEADER) == Some("emulated")
    }
}

/// The system did not answer, or with more than it may. Why is not kept: the library's error quotes the
/// address, which here holds secrets and one-time codes.
pub(crate) struct NoAnswer;

pub(crate) struct Outbound(Client);

impl Outbound {
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        // Where another crate of the build gives reqwest TLS without a provider, a client cannot be made before
        // the process has one (it panics). Fails when it has, which then is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A redirect could carry a secret to another host; a proxy from the environment is not configured here.
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build()?;
        Ok(Self(client))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0
    }

    pub(crate) async fn fetch(&self, request: RequestBuilder) -> Result<Answer, NoAnswer> {
        let mut response = request.send().await.map_err(|_| NoAnswer)?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|_| NoAnswer)? {
            if body.len() + piece.len() > ANSWER_BYTES {
                return Err(NoAnswer);
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer {
            status,
            body,
            headers,
        })
    }
}
