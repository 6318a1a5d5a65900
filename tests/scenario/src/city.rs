//! The emulators' controls as a scenario uses them.

use serde_json::{Value, json};
use std::time::Duration;

/// Why a control did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum CityError {
    /// No answer, or not JSON.
    #[error("the emulators: {0}")]
    Http(#[from] reqwest::Error),
    /// A refusal.
    #[error("the emulators answered {0}")]
    Refused(String),
}

/// The emulators at one URL.
#[derive(Clone)]
pub struct EmulatedCity {
    url: String,
    http: reqwest::Client,
}

impl EmulatedCity {
    /// The emulators that answer at `url`.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            http: loopback_client(),
        }
    }

    /// A one-time code for `user`.
    ///
    /// # Errors
    /// See [`CityError`].
    pub async fn login_code(&self, user: &str) -> Result<Value, CityError> {
        self.post("/admin/login-code", &json!({"user": user})).await
    }

    /// Push exactly this order; the gateway's `{"status", "body"}`.
    ///
    /// # Errors
    /// See [`CityError`].
    pub async fn push_order(&self, channel: &str, order: &Value) -> Result<Value, CityError> {
        self.post("/admin/push-order", &json!({"channel": channel, "order": order}))
            .await
    }

    /// Push `count` synthetic orders and see all of them taken.
    ///
    /// # Errors
    /// See [`CityError`].
    pub async fn push(&self, channel: &str, count: u32) -> Result<(), CityError> {
        let report = self
            .post(
                "/admin/push",
                &json!({"channel": channel, "count": count, "seed": 1}),
            )
            .await?;
        if report["failed"] == 0 {
            Ok(())
        } else {
            Err(CityError::Refused(report.to_string()))
        }
    }

    /// Feedback received for an order.
    ///
    /// # Errors
    /// See [`CityError`].
    pub async fn feedback(&self, order_no: &str) -> Result<Value, CityError> {
        let address = format!("{}/admin/feedback", self.url);
        let address = reqwest::Url::parse_with_params(&address, [("order_no", order_no)])
            .map_err(|error| CityError::Refused(error.to_string()))?;
        let request = self.http.get(address);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, CityError> {
        let answer = self
            .http
            .post(format!("{}{path}", self.url))
            .json(body)
            .send()
            .await?;
        Ok(answer.error_for_status()?.json().await?)
    }
}

/// A client that never leaves this machine by way of a proxy.
pub(crate) fn loopback_client() -> reqwest::Client {
    // The native core's build gives reqwest TLS without a provider: the process needs one before a client can
    // be made. Fails when it has one, which then is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(600))
        .build()
        .unwrap_or_default()
}
