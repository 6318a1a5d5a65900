//! `shenhai-city`: the emulators as a program.

use clap::{Parser, Subcommand};
use shenhai_city::{City, CityConfig, Directory, Pauses, Setup, system_clock};
use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// EMULATORS of the city's systems: hotline platforms 12345, 12319 and 110, and the container of the light
/// app. For development and demonstration; all data is synthetic.
#[derive(Parser)]
#[command(name = "shenhai-city", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a configuration with new secrets, to be shared with the gateway
    Config {
        /// Base URL at which the emulators will answer
        #[arg(long, default_value = "http://127.0.0.1:8701")]
        city: String,
        /// File to write, readable by its owner alone; an existing file is not touched
        #[arg(long)]
        out: PathBuf,
    },
    /// Serve until Ctrl-C
    Serve {
        /// Address to listen on
        #[arg(long, default_value = "127.0.0.1:8701")]
        listen: SocketAddr,
        /// Base URL of the gateway
        #[arg(long, default_value = "http://127.0.0.1:8700")]
        gateway: String,
        /// Configuration shared with the gateway
        #[arg(long)]
        config: PathBuf,
        /// Directory file with the accounts to offer
        #[arg(long)]
        directory: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "shenhai-city: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Config { city, out } => Ok(CityConfig::fresh(&city)?.write_new(&out)?),
        Command::Serve {
            listen,
            gateway,
            config,
            directory,
        } => {
            let setup = Setup {
                config: CityConfig::read(&config)?,
                directory: Directory::read(&directory)?,
                gateway,
                pauses: Pauses::default(),
                clock: system_clock(),
            };
            let listener = tokio::net::TcpListener::bind(listen).await.map_err(|error| {
                format!("cannot listen on {listen}: {error}; choose another with --listen")
            })?;
            let running = City::start(listener, setup)?;
            writeln!(std::io::stdout(), "EMULATOR ready: {}", running.url())?;
            stop_signal().await?;
            running.stop().await;
            Ok(())
        }
    }
}

/// Ctrl-C, or SIGTERM where there is one.
async fn stop_signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
