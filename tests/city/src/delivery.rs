//! How an emulated platform sends an order: signed, and again with growing pauses until it is answered.

use crate::config::Platform;
use crate::signature::sign;
use serde_json::Value;
use std::time::Duration;

/// Pauses between attempts: doubling from the first to the longest.
#[derive(Debug, Clone, Copy)]
pub struct Pauses {
    /// After the first failure.
    pub first: Duration,
    /// Never longer than this.
    pub longest: Duration,
    /// Attempts in all; then the push counts as failed.
    pub attempts: u32,
}

impl Default for Pauses {
    /// Half a second doubling to 15 s, 9 attempts: about 45 s of a gateway's absence are bridged.
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(15),
            attempts: 9,
        }
    }
}

/// The gateway's answer to a push. Status 0: there was none.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// Sends orders to one gateway.
pub(crate) struct Sender {
    gateway: String,
    pauses: Pauses,
    http: reqwest::Client,
}

impl Sender {
    /// A sender to the gateway at this URL.
    pub(crate) fn new(gateway: &str, pauses: Pauses) -> Result<Self, reqwest::Error> {
        // Where another crate of the build gives reqwest TLS without a provider, a client cannot be made before
        // the process has one. Fails when it has, which then is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()?;
        Ok(Self {
            gateway: gateway.trim_end_matches('/').to_owned(),
            pauses,
            http,
        })
    }

    /// Send `body` until the gateway answers with something final, signed anew each time.
    pub(crate) async fn send(
        &self,
        channel: &str,
        platform: &Platform,
        clock: &crate::Clock,
        body: Vec<u8>,
    ) -> Answer {
        let mut pause = self.pauses.first;
        let mut attempt = 1;
        loop {
            let answer = self.attempt(channel, platform, clock(), body.clone()).await;
            let again = answer.status == 0 || answer.status == 429 || answer.status >= 500;
            if !again || attempt >= self.pauses.attempts {
                return answer;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(self.pauses.longest);
            attempt += 1;
        }
    }

    async fn attempt(&self, channel: &str, platform: &Platform, now: i64, body: Vec<u8>) -> Answer {
        let request = self
            .http
            .post(format!("{}/city/v1/hotline/{channel}/orders", self.gateway))
            .header("Content-Type", "application/json")
            .header("X-Platform", channel)
            .header("X-Timestamp", now.to_string())
            .header("X-Signature", sign(&platform.secret, now, &body))
            .body(body);
        let Ok(response) = request.send().await else {
            return Answer {
                status: 0,
                body: Value::Null,
            };
        };
        let status = response.status().as_u16();
        match response.json().await {
            Ok(body) => Answer { status, body },
            // A success that is not JSON did not come from the gateway.
            Err(_) if status < 300 => Answer {
                status: 0,
                body: Value::Null,
            },
            Err(_) => Answer {
                status,
                body: Value::Null,
            },
        }
    }
}
