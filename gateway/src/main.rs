//! The command line of the gateway: `serve`, `backup`, `restore` and `openapi`.
//!
//! Not the server itself (the library). Says on stderr what to put right when it cannot start, with an exit code
//! per kind of trouble.

use clap::{Args, Parser, Subcommand};
use shenhai_gateway::{
    CityConfig, Clock, Config, Directory, Gateway, RestoreError, Restored, Running, StartError, StoreError,
    TrustRules, backup, openapi_document, restore,
};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

const EXIT_CODES: &str = "Exit codes: 0 stopped as asked · 64 wrong arguments · 65 the backup is not sound · 69 the address is in use or the cryptographic service cannot be used · \
    73 the data directory cannot be used · 74 no space left · 78 wrong configuration · 70 anything else.\n\
    The log goes to stderr as one JSON object per line and holds no personal data; RUST_LOG sets its level \
    (default: info).";

#[derive(Parser)]
#[command(name = "shenhai-gateway", version, about = "The server of Shenhai (申海)", after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGINT or SIGTERM, then finish what is under way
    #[command(after_help = EXIT_CODES)]
    Serve(Box<ServeArgs>),
    /// Copy the database to a new file, as of one moment; a gateway may be serving
    #[command(after_help = EXIT_CODES)]
    Backup {
        /// The gateway's data directory
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The file to make. The key file is not in it: keep that elsewhere
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Check a backup that was copied to the data directory and make it the present state: devices then fetch
    /// everything anew and send again what it does not hold
    #[command(after_help = EXIT_CODES)]
    Restore {
        /// The data directory, with the backup as gateway.sqlite3; no gateway may be using it
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Only check and say what is there; change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Print the OpenAPI document
    Openapi,
}

#[derive(Args)]
struct ServeArgs {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8700")]
    listen: SocketAddr,
    /// Directory for the database and, unless --key-file says otherwise, the key file; made when missing
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Directory of the built pages; without it a plain page says how to build them
    #[arg(long, value_name = "DIR")]
    web: Option<PathBuf>,
    /// The city's systems (TOML, see docs/city-interfaces.md)
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Units, people and routes (TOML)
    #[arg(long, value_name = "FILE")]
    directory: PathBuf,
    /// How devices are let in and trusted (TOML, see docs/protocol.md) [default: built in]
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// File with the key under which the gateway's keys are sealed; made when missing [default: gateway.key in --data]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Origin of the pages as the browser sees it, e.g. https://name; may be given several times
    /// [default: the address listened on]
    #[arg(long, value_name = "URL")]
    allowed_origin: Vec<String>,
    /// Address or network of a proxy in front, e.g. 10.0.0.2 or 10.1.0.0/16, whose X-Forwarded-For counts; may be
    /// given several times [default: none, nobody's counts]
    #[arg(long, value_name = "ADDR")]
    trusted_proxy: Vec<String>,
    /// On a stop, go on serving this long with /healthz at 503, so that a load balancer turns away first
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    drain: u64,
    /// Let a weaker cryptographic provider (software, an emulator) sign from now on, although a stronger one signed
    /// the receipts so far
    #[arg(long)]
    allow_provider_change: bool,
}

/// What went wrong, for a person, and the exit code.
struct Failure {
    code: u8,
    text: String,
}

mod exit {
    pub(crate) const USAGE: u8 = 64;
    pub(crate) const UNSOUND: u8 = 65;
    pub(crate) const IN_USE: u8 = 69;
    pub(crate) const UPSTREAM: u8 = 69;
    pub(crate) const SOFTWARE: u8 = 70;
    pub(crate) const CANNOT_CREATE: u8 = 73;
    pub(crate) const NO_SPACE: u8 = 74;
    pub(crate) const CONFIG: u8 = 78;
}

impl Failure {
    fn new(code: u8, text: impl ToString) -> Self {
        Self {
            code,
            text: text.to_string(),
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let code = match &error {
            StartError::AddressInUse(_) | StartError::Listen { .. } => exit::IN_USE,
            StartError::DataDir { .. } | StartError::DataDirBusy { .. } => exit::CANNOT_CREATE,
            StartError::StorageFull { .. } => exit::NO_SPACE,
            StartError::BadOrigin(_)
            | StartError::BadProxy(_)
            | StartError::Keys(_)
            | StartError::ProviderChange { .. } => exit::CONFIG,
            StartError::Crypto(_) => exit::UPSTREAM,
            StartError::Store { .. } | StartError::HttpClient | StartError::Verifier(_) => exit::SOFTWARE,
        };
        Self::new(code, error)
    }
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(exit::USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let outcome = match cli.command {
        Command::Serve(args) => serve(*args),
        Command::Backup { data, to } => backup(&data, &to).map_err(Failure::from),
        Command::Restore { data, dry_run } => restore_data(&data, dry_run),
        Command::Openapi => print_openapi(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "shenhai-gateway: {}", failure.text);
            ExitCode::from(failure.code)
        }
    }
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        let code = match error {
            RestoreError::Data(error) => return error.into(),
            RestoreError::Missing(_) | RestoreError::Exists(_) | RestoreError::File { .. } => {
                exit::CANNOT_CREATE
            }
            RestoreError::Unsound(_) => exit::UNSOUND,
            RestoreError::Store(StoreError::Full) => exit::NO_SPACE,
            RestoreError::Store(_) => exit::SOFTWARE,
        };
        Self::new(code, error)
    }
}

fn restore_data(data: &Path, dry_run: bool) -> Result<(), Failure> {
    let Restored {
        holds,
        epoch,
        older_schema,
        key_beside,
    } = restore(data, dry_run, &Clock::system())?;
    let newest = holds.newest.map_or("nothing".to_owned(), |at| at.0.to_string());
    let mut lines = vec![
        format!(
            "holds {} orders, {} commands, {} devices of which {} are revoked",
            holds.orders, holds.commands, holds.devices, holds.revoked
        ),
        format!(
            "its last entry of the audit trail is of {newest} (milliseconds since 1970), in epoch {}",
            holds.epoch
        ),
    ];
    if older_schema && dry_run {
        lines.push(
            "an earlier version's: brought up to this one's, and checked further, when it is restored"
                .to_owned(),
        );
    }
    if !key_beside {
        lines.push(
            "no gateway.key beside it: put it there or name it with --key-file, else no key can be opened"
                .to_owned(),
        );
    }
    lines.push(match epoch {
        Some(epoch) => format!(
            "restored; the new epoch is {epoch}. All sessions ended. Revoke again what was revoked after the backup, and \
             have the upper platforms deliver again what they delivered after it"
        ),
        None => "sound; nothing was changed (dry run)".to_owned(),
    });
    writeln!(io::stdout(), "{}", lines.join("\n")).map_err(|error| Failure::new(exit::NO_SPACE, error))
}

fn print_openapi() -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(&openapi_document());
    let text = text.map_err(|error| Failure::new(exit::SOFTWARE, error))?;
    writeln!(io::stdout(), "{text}").map_err(|error| Failure::new(exit::NO_SPACE, error))
}

fn serve(args: ServeArgs) -> Result<(), Failure> {
    start_log();
    let config = read_config(args)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::new(exit::SOFTWARE, error))?;
    runtime.block_on(async {
        let asked_to_stop = stop_signal().map_err(|error| Failure::new(exit::SOFTWARE, error))?;
        let running: Running = Gateway::start(config).await?;
        asked_to_stop.await;
        running.stop().await;
        Ok(())
    })
}

fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
}

fn read_config(args: ServeArgs) -> Result<Config, Failure> {
    let wrong = |path: &Path, text: String| Failure::new(exit::CONFIG, format!("{}: {text}", path.display()));
    let city =
        CityConfig::parse(&read(&args.config)?).map_err(|error| wrong(&args.config, error.to_string()))?;
    let directory = Directory::parse(&read(&args.directory)?).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        wrong(&args.directory, lines.join("\n  "))
    })?;
    let mut config = Config::new(args.listen, args.data, city, directory);
    if let Some(path) = &args.trust {
        let rules = TrustRules::parse(&read(path)?);
        config.trust = rules.map_err(|error| wrong(path, error.to_string()))?;
    }
    config.key_file = args.key_file;
    config.web_dir = args.web;
    config.allow_provider_change = args.allow_provider_change;
    config.allowed_origins = args.allowed_origin;
    config.trusted_proxies = args.trusted_proxy;
    config.tuning.drain = Duration::from_secs(args.drain);
    Ok(config)
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::new(exit::CONFIG, format!("cannot read {}: {error}", path.display())))
}

/// Ends at SIGINT or, where there is one, SIGTERM. Set up before the start, so that a stop during it is not lost.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
