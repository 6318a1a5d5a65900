//! `cargo xtask run`: from whatever state the machine is in to usable pages, and a clean stop.
//!
//! Everything listens on 127.0.0.1 only, and every order is made up (样例).

mod data;
mod packs;
mod sample;
mod server;
mod system;

pub(crate) use data::prepare;
pub(crate) use sample::{handlers, push};
pub(crate) use system::{Ports, System, directory};

use crate::problem::{Problem, Result};
use crate::progress::{say, step};
use crate::{compile, pages, setup, wasm};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// `cargo xtask run`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Port of the gateway and the pages; the emulated city takes the next one.
    #[arg(long, default_value_t = 8700, value_parser = clap::value_parser!(u16).range(1..=65534))]
    port: u16,
    /// Folder for databases, keys and logs.
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// Start from nothing: remove the data folder first, if this command made it.
    #[arg(long)]
    fresh: bool,
    /// How many synthetic orders the first start pushes.
    #[arg(long, default_value_t = 2400, value_parser = clap::value_parser!(u32).range(0..=50_000))]
    orders: u32,
}

/// Start everything, report the pages, and stay until a signal comes or a server ends.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let (preparing, stop) = listen_for_signals()?;
    let ports = Ports::new(options.port)?;
    require_first_build_space()?;
    let data = data::prepare(&options.data, options.fresh, &ports)?;
    let web = build()?;
    step("build and sign the packs", || packs::lay(&data))?;
    preparing.store(false, Ordering::SeqCst);
    let mut system = System::start(&compile::debug_dir(), ports, &data, &web)?;
    let outcome = report(&mut system, options.orders, &stop);
    system.stop();
    outcome.map(|()| {
        say("stopped");
        ExitCode::SUCCESS
    })
}

/// Two flags. While the first is set, SIGINT and SIGTERM end this program at once: nothing is running yet. After
/// it is cleared they set the second, and the servers are stopped in order.
fn listen_for_signals() -> Result<(Arc<AtomicBool>, Arc<AtomicBool>)> {
    let (preparing, stop) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&preparing))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop)))
            .map_err(|error| {
                Problem::new(
                    format!("cannot listen for signal {signal}: {error}"),
                    "run it from an ordinary terminal",
                )
            })?;
    }
    Ok((preparing, stop))
}

fn require_first_build_space() -> Result<()> {
    let built = compile::debug_dir().join("shenhai-gateway").is_file();
    setup::require_space(if built { 300 } else { 3000 }, "building and running Shenhai")
}

/// The servers and the pages, side by side: the end of either build keeps only one core busy.
fn build() -> Result<PathBuf> {
    std::thread::scope(|scope| {
        let servers = scope.spawn(|| {
            step("compile the gateway and the emulated city", || {
                compile::programs(&[&compile::DEMONSTRATION[..], &[wasm::GENERATOR]].concat())
            })
        });
        let web = pages::build();
        let servers = servers
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        servers.and(web)
    })
}

fn report(system: &mut System, orders: u32, stop: &AtomicBool) -> Result<()> {
    let (gateway, city) = (system.ports.gateway_url(), system.ports.city_url());
    if !system.ready(stop)? || !sample::fill(system, orders, stop)? {
        return Ok(());
    }
    for (name, url) in [
        ("hotline", format!("{gateway}/hotline/")),
        ("desk", format!("{gateway}/desk/")),
        ("cases", format!("{gateway}/cases/")),
        ("city", format!("{city}/")),
    ] {
        if !system.answers(&url, stop)? {
            return Ok(());
        }
        println!("ready: {name} {url}");
    }
    sample::print_accounts(&directory())?;
    println!(
        "\nLogs are in {}. Ctrl-C stops everything. 按 Ctrl-C 停止。",
        system.data.join("logs").display()
    );
    while !stop.load(Ordering::Relaxed) {
        system.still_running()?;
        std::thread::sleep(Duration::from_millis(100));
    }
    println!();
    say("stopping …");
    Ok(())
}
