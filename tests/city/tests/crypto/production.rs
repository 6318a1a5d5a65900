//! A gateway built for production: `cargo test -p shenhai-city --test crypto --features production`.

use crate::stage::Emulators;
use shenhai_city::CryptoService;
use shenhai_gateway::ConnectError;

#[tokio::test(flavor = "multi_thread")]
async fn it_refuses_every_emulator() {
    let emulators = Emulators::start().await;
    for service in CryptoService::ALL {
        let refused = emulators.connect(service).await.err();
        assert_eq!(refused, Some(ConnectError::Emulated), "{service:?}");
    }
}
