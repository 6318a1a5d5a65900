//! `shenhai-sample`: fills a demonstration with orders in every state, worked on by real cores.

use clap::Parser;
use futures_util::StreamExt as _;
use shenhai_city::{Directory, SAMPLE_DIRECTORY};
use shenhai_scenario::{EmulatedCity, handlers_of, work_on};
use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Cores that work at the same time.
const AT_ONCE: usize = 4;

/// Signs in as several sample handlers and accepts, contacts, replies to and returns some of their orders, with
/// real signed commands, so that a demonstration shows every state.
#[derive(Parser)]
#[command(name = "shenhai-sample", version)]
struct Arguments {
    /// Base URL of the gateway
    #[arg(long, default_value = "http://127.0.0.1:8700")]
    gateway: String,
    /// Base URL of the emulators
    #[arg(long, default_value = "http://127.0.0.1:8701")]
    city: String,
    /// Directory file with the handlers [default: the sample directory]
    #[arg(long, value_name = "FILE")]
    directory: Option<PathBuf>,
    /// How many handlers work
    #[arg(long, value_name = "N", default_value_t = 12)]
    handlers: usize,
    /// How many of their orders each takes up, at most
    #[arg(long, value_name = "N", default_value_t = 12)]
    orders_each: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "shenhai-sample: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let directory = match &arguments.directory {
        Some(file) => Directory::read(file)?,
        None => Directory::parse(SAMPLE_DIRECTORY)?,
    };
    let handlers = handlers_of(&directory, arguments.handlers);
    let (count, city) = (handlers.len(), EmulatedCity::new(&arguments.city));
    let mut finished = futures_util::stream::iter(handlers)
        .map(|handler| {
            let (city, gateway) = (city.clone(), arguments.gateway.clone());
            async move {
                (
                    handler.clone(),
                    work_on(&gateway, &city, &handler, arguments.orders_each).await,
                )
            }
        })
        .buffer_unordered(AT_ONCE);
    let mut done = 0;
    while let Some((handler, progress)) = finished.next().await {
        let progress = progress.map_err(|error| format!("{handler}: {error}"))?;
        done += 1;
        writeln!(std::io::stdout(), "[{done}/{count}] {handler}: {progress}")?;
    }
    Ok(())
}
