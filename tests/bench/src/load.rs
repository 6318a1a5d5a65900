//! Pushing from all devices at once, each one push at a time, for a bounded time.

use crate::Failure;
use shenhai_protocol::{PushReply, Verdict};
use std::time::{Duration, Instant};

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Accepted pushes per second.
    pub per_second: f64,
    /// Median time from request to receipt, milliseconds.
    pub p50_ms: f64,
    /// 99th percentile of it, milliseconds.
    pub p99_ms: f64,
    /// How many pushes that is based on.
    pub count: usize,
}

/// Push each device's bodies in order until they or the time run out.
///
/// # Errors
/// When a push is not answered with one accepted receipt.
pub async fn push_all(
    http: &reqwest::Client,
    gateway: &str,
    devices: Vec<(String, Vec<String>)>,
    most: Duration,
) -> Result<Figures, Failure> {
    let begun = Instant::now();
    let tasks: Vec<_> = devices
        .into_iter()
        .map(|(token, bodies)| {
            let (http, url) = (http.clone(), format!("{gateway}/v1/push"));
            tokio::spawn(async move {
                let mut times = Vec::with_capacity(bodies.len());
                for body in bodies {
                    if begun.elapsed() >= most {
                        break;
                    }
                    let sent = Instant::now();
                    push(&http, &url, &token, body).await?;
                    times.push(sent.elapsed());
                }
                Ok::<_, Failure>(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    figures(times, begun.elapsed()).ok_or_else(|| "nothing was pushed".into())
}

async fn push(http: &reqwest::Client, url: &str, token: &str, body: String) -> Result<(), Failure> {
    let answer = http
        .post(url)
        .bearer_auth(token)
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await?;
    let status = answer.status();
    let text = answer.text().await?;
    if !status.is_success() {
        return Err(format!("push: {status} {text}").into());
    }
    let reply: PushReply = serde_json::from_str(&text)?;
    let [receipt] = reply.receipts.as_slice() else {
        return Err(format!("push: not one receipt: {text}").into());
    };
    let receipt = receipt.open()?;
    if receipt.verdict == Verdict::Accepted {
        Ok(())
    } else {
        Err(format!("push: refused with {:?}", receipt.code).into())
    }
}

fn figures(mut times: Vec<Duration>, took: Duration) -> Option<Figures> {
    times.sort_unstable();
    let count = times.len();
    // Nearest rank: the smallest time that at least that share of the pushes did not exceed.
    let at = |percent: usize| {
        times
            .get((count * percent).div_ceil(100).checked_sub(1)?)
            .map(|t| t.as_secs_f64() * 1e3)
    };
    #[allow(clippy::cast_precision_loss)]
    let per_second = count as f64 / took.as_secs_f64();
    Some(Figures {
        per_second,
        p50_ms: at(50)?,
        p99_ms: at(99)?,
        count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_99th_percentile_of_one_to_a_hundred_is_ninety_nine() {
        let times = (1..=100).rev().map(Duration::from_millis).collect();
        let figures = figures(times, Duration::from_secs(2)).expect("there are times");
        assert_eq!((figures.p50_ms, figures.p99_ms), (50.0, 99.0));
        assert_eq!(figures.per_second, 50.0);
    }

    #[test]
    fn no_pushes_give_no_figures() {
        assert_eq!(figures(vec![], Duration::from_secs(1)), None);
    }
}
