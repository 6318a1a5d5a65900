//! The emulators on a free port, and the gateway's adapter connected to one of them.

use shenhai_city::{City, CityConfig, CryptoService, Directory, Pauses, Running, Setup};
use shenhai_gateway::{CityProvider, Clock, ConnectError, CryptoConfig};
use std::sync::Arc;

/// 2026-11-24 in unix seconds.
pub(crate) const NOW: i64 = 1_795_500_000;

pub(crate) struct Emulators {
    pub(crate) city: Running,
}

impl Emulators {
    pub(crate) async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/sample/directory.toml");
        let setup = Setup {
            config: CityConfig::fresh(&url).expect("random bytes"),
            directory: Directory::read(sample.as_ref()).expect("the sample directory"),
            gateway: url,
            pauses: Pauses::default(),
            clock: Arc::new(|| NOW),
        };
        let city = City::start(listener, setup).expect("the emulators start");
        Self { city }
    }

    pub(crate) fn config(&self, service: CryptoService) -> CryptoConfig {
        let table: toml::Table = service
            .table(&self.city.url(), self.city.crypto_authority())
            .parse()
            .expect("TOML");
        let mut config: CryptoConfig = table["crypto"].clone().try_into().expect("the table [crypto]");
        config.check().expect("a good configuration");
        config.timeout_ms = 400;
        config
    }

    pub(crate) async fn connect(&self, service: CryptoService) -> Result<Arc<CityProvider>, ConnectError> {
        let config = self.config(service);
        let connecting = tokio::task::spawn_blocking(move || CityProvider::connect(&config, clock()));
        connecting.await.expect("no panic").map(Arc::new)
    }
}

pub(crate) fn clock() -> Clock {
    Clock::from_fn(|| shenhai_protocol::UnixMillis(NOW * 1000))
}
