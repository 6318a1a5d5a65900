//! A gateway built for production: `cargo test -p shenhai-city --test crypto --features production`.

use crate::stage::{Emulators, clock};
use serde::Deserialize;
use shenhai_city::CryptoService;
use shenhai_gateway::{CityProvider, ConnectError, CryptoConfig};

#[tokio::test(flavor = "multi_thread")]
async fn it_refuses_every_emulator() {
    let emulators = Emulators::start().await;
    for service in CryptoService::ALL {
        // Its authority is refused in the configuration already; with a pin instead, the service itself is.
        let table = service.table(&emulators.city.url(), emulators.city.crypto_authority());
        let table: toml::Table = table.parse().expect("TOML");
        let mut crypto = table["crypto"].clone();
        assert!(CryptoConfig::deserialize(crypto.clone()).is_err());
        let keys = crypto.as_table_mut().expect("a table");
        keys.remove("authorities");
        let receipt = keys["keys"]["receipt"].as_table_mut().expect("the key");
        receipt.insert("fingerprint".to_owned(), "0".repeat(32).into());
        let config = CryptoConfig::deserialize(crypto).expect("a good table");
        let connecting = tokio::task::spawn_blocking(move || CityProvider::connect(&config, clock()));
        let refused = connecting.await.expect("no panic").err();
        assert_eq!(refused, Some(ConnectError::Emulated), "{service:?}");
    }
}
