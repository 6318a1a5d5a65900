//! The emulators as one HTTP server: shared state, routes, start and stop.

use crate::chain::{self, Chain};
use crate::config::{CityConfig, random_hex};
use crate::container::Grants;
use crate::delivery::{Pauses, Sender};
use crate::directory::Directory;
use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::{Clock, admin, container, crypto, hotline, pages};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// An order with five long texts is about 10 KB.
const BODY_BYTES: usize = 1024 * 1024;
/// How long `Running::stop` waits for calls in progress.
const STOP_PATIENCE: Duration = Duration::from_secs(3);

/// What an emulator is started with.
pub struct Setup {
    /// Shared with the gateway.
    pub config: CityConfig,
    /// The accounts offered at sign-in.
    pub directory: Directory,
    /// Base URL of the gateway that gets the orders.
    pub gateway: String,
    /// Pauses between attempts of a push.
    pub pauses: Pauses,
    /// The present.
    pub clock: Clock,
}

/// The emulators' state.
pub(crate) struct Shared {
    pub(crate) config: CityConfig,
    pub(crate) directory: Directory,
    pub(crate) clock: Clock,
    pub(crate) sender: Sender,
    pub(crate) faults: Faults,
    pub(crate) crypto: crypto::Desk,
    chain: Mutex<Chain>,
    ledger: Mutex<Ledger>,
    grants: Mutex<Grants>,
    bases: Mutex<HashMap<u64, i64>>,
}

impl Shared {
    pub(crate) fn chain(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seed and base time of a row: a seed keeps the base of its first use, so that pushing it again pushes
    /// the same orders.
    pub(crate) fn row_base(&self, seed: Option<u64>) -> (u64, i64) {
        let now = (self.clock)();
        let seed = seed.unwrap_or_else(|| {
            random_hex()
                .ok()
                .and_then(|hex| u64::from_str_radix(&hex[..16], 16).ok())
                .unwrap_or_default()
        });
        let mut bases = self.bases.lock().unwrap_or_else(PoisonError::into_inner);
        (seed, *bases.entry(seed).or_insert(now))
    }
}

/// Starts the emulators.
pub struct City;

/// Emulators that run until they are stopped.
pub struct Running {
    /// Where they answer.
    pub addr: SocketAddr,
    authority: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

impl City {
    /// Serve on `listener`, which the caller has bound: its address is part of the configuration.
    ///
    /// # Errors
    /// When the listener has no address or no HTTP client can be made.
    pub fn start(listener: TcpListener, setup: Setup) -> std::io::Result<Running> {
        let addr = listener.local_addr()?;
        let sender = Sender::new(&setup.gateway, setup.pauses).map_err(std::io::Error::other)?;
        let crypto = crypto::Desk::new((setup.clock)()).map_err(std::io::Error::other)?;
        let authority = crypto.authority().to_pem();
        let shared = Arc::new(Shared {
            crypto,
            config: setup.config,
            directory: setup.directory,
            clock: setup.clock,
            sender,
            faults: Faults::default(),
            chain: Mutex::default(),
            ledger: Mutex::default(),
            grants: Mutex::default(),
            bases: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let server = axum::serve(listener, routes(shared)).with_graceful_shutdown(async move {
            // An error means that `Running` was dropped: stop as well.
            let _ = stopped.await;
        });
        let task = tokio::spawn(async move { server.await });
        Ok(Running {
            addr,
            authority,
            stop,
            task,
        })
    }
}

impl Running {
    /// The base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The certificate of the CA of the cryptographic services, PEM.
    #[must_use]
    pub fn crypto_authority(&self) -> &str {
        &self.authority
    }

    /// Take no new calls, give those in progress a moment, then end.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        let mut task = self.task;
        if tokio::time::timeout(STOP_PATIENCE, &mut task).await.is_err() {
            task.abort();
        }
    }
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(pages::console))
        .route("/hotline/{platform}/feedback", post(hotline::feedback))
        .route("/anchors", get(chain::blocks).post(chain::anchor))
        .route("/connect/oauth2/authorize", get(container::authorize))
        .route("/connect/oauth2/pick", get(container::pick))
        .route("/cgi-bin/gettoken", get(container::get_token))
        .route("/cgi-bin/user/getuserinfo", get(container::get_user_info))
        .route("/admin/push", post(admin::push))
        .route("/admin/push-order", post(admin::push_order))
        .route("/admin/login-code", post(admin::login_code))
        .route("/admin/feedback", get(admin::feedback))
        .route("/admin/faults", post(admin::faults))
        .merge(crypto::routes())
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(shared)
}
