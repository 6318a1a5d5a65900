//! `shenhai-stack`: emulators, gateway and link for a test in any language.

use clap::Parser;
use serde_json::json;
use shenhai_scenario::{Control, Stack, StackConfig};
use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::io::AsyncReadExt as _;

/// Starts the city's EMULATORS, a gateway and a cuttable link to it on free ports of loopback, prints one line
/// of JSON with their URLs, and serves until its standard input closes.
#[derive(Parser)]
#[command(name = "shenhai-stack", version)]
struct Arguments {
    /// Built pages for the gateway to serve
    #[arg(long, value_name = "DIR")]
    web: Option<PathBuf>,
    /// Synthetic orders to push before the line is printed
    #[arg(long, value_name = "N", default_value_t = 0)]
    orders: u32,
    /// Where the gateway keeps its data [default: a temporary directory]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Directory file [default: one handler per unit, ids as in the sample]
    #[arg(long, value_name = "FILE")]
    directory: Option<PathBuf>,
    /// A pack's folder to sign and take in; may be given several times
    #[arg(long, value_name = "DIR")]
    pack: Vec<PathBuf>,
    /// Rules for devices [default: the gateway's own]
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "shenhai-stack: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let directory = arguments.directory.map(std::fs::read_to_string).transpose()?;
    let trust = arguments.trust.map(std::fs::read_to_string).transpose()?;
    let config = StackConfig {
        web_dir: arguments.web,
        data_dir: arguments.data,
        directory,
        trust,
        orders: arguments.orders,
        packs: arguments.pack,
        crypto: None,
    };
    let stack = Arc::new(Stack::start(config).await?);
    let control = Control::start(Arc::clone(&stack)).await?;
    let line = json!({
        "gateway": stack.relay().url(),
        "gateway_direct": stack.gateway_url(),
        "city": stack.city_url(),
        "control": control.url(),
    });
    writeln!(std::io::stdout(), "{line}")?;
    std::io::stdout().flush()?;

    stdin_closed().await?;
    drop(control);
    // The controls' task lets go of its share of the stack a moment after it is aborted.
    while Arc::strong_count(&stack) > 1 {
        tokio::task::yield_now().await;
    }
    if let Some(stack) = Arc::into_inner(stack) {
        stack.stop().await;
    }
    Ok(())
}

async fn stdin_closed() -> std::io::Result<()> {
    let mut ignored = [0_u8; 256];
    let mut input = tokio::io::stdin();
    while input.read(&mut ignored).await? > 0 {}
    Ok(())
}
