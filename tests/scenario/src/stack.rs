//! The city's emulators, the gateway and the link between gateway and clients, in one process on loopback.
//!
//! Called by `shenhai-stack` and by tests. Ports are ephemeral; the gateway keeps its own over a restart.

use crate::Relay;
use shenhai_city::{City, CityConfig, CryptoService, Setup, system_clock};
use shenhai_gateway::{Config, CryptoConfig, Gateway, StartError};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

/// The directory of people and routes used where no other is given: one handler per unit.
pub const DIRECTORY: &str = include_str!("../directory.toml");

/// A port found free may be taken before the gateway has it; then another is tried.
const PORT_ATTEMPTS: u32 = 5;

/// What a stack is started with.
#[derive(Debug, Clone, Default)]
pub struct StackConfig {
    /// The built pages.
    pub web_dir: Option<PathBuf>,
    /// Where the gateway keeps its data; a temporary directory where not given.
    pub data_dir: Option<PathBuf>,
    /// Text of a directory file, [`DIRECTORY`] where not given.
    pub directory: Option<String>,
    /// Text of a file of rules for devices, the gateway's own where not given.
    pub trust: Option<String>,
    /// Synthetic orders to push before the stack is ready, divided between the three platforms.
    pub orders: u32,
    /// Folders of packs, each to be signed and taken in before the stack is ready.
    pub packs: Vec<PathBuf>,
    /// The emulated service that keeps the gateway's receipt key; the gateway itself where not given.
    pub crypto: Option<CryptoService>,
}

/// Why a stack did not start.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A socket or a directory.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The gateway.
    #[error(transparent)]
    Gateway(#[from] StartError),
    /// The emulators' configuration or directory.
    #[error(transparent)]
    City(#[from] shenhai_city::ConfigError),
    /// The gateway does not accept the emulators' configuration.
    #[error("the gateway refuses the configuration: {0}")]
    Configuration(String),
    /// Orders were not taken.
    #[error("pushing the sample orders: {0}")]
    Orders(#[from] crate::CityError),
    /// The gateway is stopped: an earlier restart failed.
    #[error("the gateway is not running")]
    Stopped,
}

/// Everything a client needs to work, running.
pub struct Stack {
    relay: Relay,
    city: shenhai_city::Running,
    gateway: Mutex<Option<shenhai_gateway::Running>>,
    gateway_addr: SocketAddr,
    config: Config,
    _data: Option<TempDir>,
}

impl Stack {
    /// Start everything and push the sample orders.
    ///
    /// # Errors
    /// See [`StackError`].
    pub async fn start(config: StackConfig) -> Result<Self, StackError> {
        let city_listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let relay_listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let relay_addr = relay_listener.local_addr()?;
        let shared = CityConfig::fresh(&format!("http://{}", city_listener.local_addr()?))?;
        let directory = config.directory.as_deref().unwrap_or(DIRECTORY);

        let temporary = if config.data_dir.is_none() {
            Some(tempfile::tempdir()?)
        } else {
            None
        };
        let data_dir = match (&config.data_dir, &temporary) {
            (Some(given), _) => given.clone(),
            (None, Some(made)) => made.path().to_owned(),
            (None, None) => return Err(io::Error::other("no data directory").into()),
        };
        let mut gateway_config = gateway_config(&shared, directory, data_dir)?;
        if !config.packs.is_empty() {
            let shelf = gateway_config.data_dir.join("packs");
            gateway_config.city.packs =
                crate::packs::lay(&config.packs, &shelf).map_err(StackError::Configuration)?;
        }
        gateway_config.web_dir = config.web_dir;
        if let Some(text) = &config.trust {
            let rules = shenhai_gateway::TrustRules::parse(text);
            gateway_config.trust = rules.map_err(|error| StackError::Configuration(error.to_string()))?;
        }
        let setup = |gateway: String| -> Result<Setup, StackError> {
            Ok(Setup {
                config: shared.clone(),
                directory: shenhai_city::Directory::parse(directory)?,
                gateway,
                pauses: shenhai_city::Pauses::default(),
                clock: system_clock(),
            })
        };
        let (city, gateway, gateway_config) = match config.crypto {
            None => {
                let (gateway, gateway_config) = start_gateway(gateway_config, relay_addr).await?;
                (
                    City::start(city_listener, setup(gateway.url())?)?,
                    gateway,
                    gateway_config,
                )
            }
            Some(service) => {
                // The gateway fetches its certificate when it starts, so the service comes first and finds the
                // gateway behind the link.
                let city = City::start(city_listener, setup(format!("http://{relay_addr}"))?)?;
                gateway_config.city.crypto = crypto_config(service, &city)?;
                let (gateway, gateway_config) = start_gateway(gateway_config, relay_addr).await?;
                (city, gateway, gateway_config)
            }
        };
        let stack = Self {
            relay: Relay::start(relay_listener, gateway.addr)?,
            city,
            gateway_addr: gateway.addr,
            gateway: Mutex::new(Some(gateway)),
            config: gateway_config,
            _data: temporary,
        };
        stack.push_orders(config.orders).await?;
        Ok(stack)
    }

    /// The link between clients and the gateway.
    #[must_use]
    pub fn relay(&self) -> &Relay {
        &self.relay
    }

    /// The gateway's own URL, past the link.
    #[must_use]
    pub fn gateway_url(&self) -> String {
        format!("http://{}", self.gateway_addr)
    }

    /// The emulators' URL.
    #[must_use]
    pub fn city_url(&self) -> String {
        self.city.url()
    }

    /// Stop the gateway and start it on the same data and port.
    ///
    /// # Errors
    /// See [`StackError`]; the gateway is then stopped.
    pub async fn restart_gateway(&self) -> Result<(), StackError> {
        let mut gateway = self.gateway.lock().await;
        gateway.take().ok_or(StackError::Stopped)?.stop().await;
        *gateway = Some(Gateway::start(self.config.clone()).await?);
        Ok(())
    }

    /// Stop everything.
    pub async fn stop(self) {
        self.relay.set_up(false);
        if let Some(gateway) = self.gateway.into_inner() {
            gateway.stop().await;
        }
        self.city.stop().await;
    }

    async fn push_orders(&self, orders: u32) -> Result<(), StackError> {
        let city = crate::EmulatedCity::new(&self.city.url());
        let platforms = shenhai_city::CHANNELS;
        let share = orders / 3;
        let counts = [orders - 2 * share, share, share];
        for (channel, count) in platforms.into_iter().zip(counts).filter(|(_, count)| *count > 0) {
            city.push(channel, count).await?;
        }
        Ok(())
    }
}

fn crypto_config(service: CryptoService, city: &shenhai_city::Running) -> Result<CryptoConfig, StackError> {
    let refused = |error: &dyn std::fmt::Display| StackError::Configuration(error.to_string());
    let table: toml::Table = service
        .table(&city.url(), city.crypto_authority())
        .parse()
        .map_err(|error: toml::de::Error| refused(&error))?;
    let table = table.get("crypto").cloned().ok_or_else(|| refused(&"no table"))?;
    table.try_into().map_err(|error: toml::de::Error| refused(&error))
}

fn gateway_config(shared: &CityConfig, directory: &str, data_dir: PathBuf) -> Result<Config, StackError> {
    let refused = |text: String| StackError::Configuration(text);
    let city = toml::to_string(shared).map_err(|error| refused(error.to_string()))?;
    let city = shenhai_gateway::CityConfig::parse(&city).map_err(|error| refused(error.to_string()))?;
    let directory = shenhai_gateway::Directory::parse(directory).map_err(|errors| {
        refused(
            errors
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        )
    })?;
    let mut config = Config::new((Ipv4Addr::LOCALHOST, 0).into(), data_dir, city, directory);
    // A test that lets feedback fail must not wait for the pauses of real life.
    config.tuning.feedback_first_pause = Duration::from_millis(100);
    config.tuning.feedback_longest_pause = Duration::from_secs(2);
    Ok(config)
}

/// The gateway must know its own origin and the relay's before it starts, hence a port of our choosing.
async fn start_gateway(
    mut config: Config,
    relay: SocketAddr,
) -> Result<(shenhai_gateway::Running, Config), StackError> {
    let mut attempt = 1;
    loop {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?;
        config.listen = free;
        config.allowed_origins = [free, relay]
            .iter()
            .flat_map(|addr| {
                [
                    format!("http://{addr}"),
                    format!("http://localhost:{}", addr.port()),
                ]
            })
            .collect();
        match Gateway::start(config.clone()).await {
            Ok(running) => return Ok((running, config)),
            Err(StartError::AddressInUse(_)) if attempt < PORT_ATTEMPTS => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}
