//! `shenhai-bench`: signed pushes through a running gateway; prints one JSON object.

use clap::Parser;
use shenhai_bench::{Device, Failure, push_all};
use std::io::Write as _;
use std::time::Duration;

/// Measures signed pushes through a running gateway with synthetic orders. Give it a gateway of its own: the
/// orders are worked on.
#[derive(Parser)]
#[command(name = "shenhai-bench", version)]
struct Arguments {
    /// Base URL of the gateway
    #[arg(long)]
    gateway: String,
    /// Base URL of the emulated city
    #[arg(long)]
    city: String,
    /// Longest time to push
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Most commands signed ahead per device
    #[arg(long, default_value_t = 2000)]
    commands: usize,
    /// Handlers of the sample directory, one device each
    #[arg(required = true)]
    handlers: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    // A build of the whole workspace gives reqwest TLS without a provider; fails when there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut signing = Vec::new();
    for user in &arguments.handlers {
        let device = Device::sign_in(&http, &arguments.city, &arguments.gateway, user).await?;
        let orders = device.orders(&http, &arguments.gateway).await?;
        if orders.is_empty() {
            continue;
        }
        let count = arguments.commands;
        signing.push(tokio::task::spawn_blocking(move || {
            let token = device.token.clone();
            device.sign(&orders, count).map(|bodies| (token, bodies))
        }));
    }
    let mut devices = Vec::new();
    for task in signing {
        devices.push(task.await??);
    }
    let concurrency = devices.len();
    let figures = push_all(
        &http,
        &arguments.gateway,
        devices,
        Duration::from_secs(arguments.seconds),
    )
    .await?;
    let json = serde_json::json!({
        "pushes_per_second": figures.per_second,
        "p50_ms": figures.p50_ms,
        "p99_ms": figures.p99_ms,
        "pushes": figures.count,
        "concurrency": concurrency,
    });
    writeln!(std::io::stdout(), "{json}")?;
    Ok(())
}
