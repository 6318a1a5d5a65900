//! `shenhai-session`: sign a handler in with a fresh device and print the session's token, for tools that speak plain
//! HTTP and no SM2.

use clap::Parser;
use shenhai_bench::{Device, Failure};
use std::io::Write as _;

/// Signs in and prints the bearer token.
#[derive(Parser)]
#[command(name = "shenhai-session", version)]
struct Arguments {
    /// Base URL of the gateway
    #[arg(long)]
    gateway: String,
    /// Base URL of the emulated city
    #[arg(long)]
    city: String,
    /// Which handler
    user: String,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    // A build of the whole workspace gives reqwest TLS without a provider; fails when there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build()?;
    let device = Device::sign_in(&http, &arguments.city, &arguments.gateway, &arguments.user).await?;
    writeln!(std::io::stdout(), "{}", device.token)?;
    Ok(())
}
