//! Starting and stopping a gateway.
//!
//! Not the command line (`main`). Called by the binary, and in-process by tests.

use crate::anchor;
use crate::app::App;
use crate::authority::{self, AUTHORITY, AuthorityError, GivenAuthority, GivenKeys, RECEIPT};
use crate::config::Config;
use crate::container::Container;
use crate::crypto::{CityProvider, ConnectError, CryptoProvider, check_continuity, record, verifier};
use crate::door::{Door, DoorStats, Patience, Places};
use crate::http;
use crate::http::caller::Proxies;
use crate::http::limiter::Limiter;
use crate::http::quota::Quotas;
use crate::http::room::Room;
use crate::http::trust::KeptList;
use crate::leaving;
use crate::lists;
use crate::log::Heads;
use crate::outbound::Outbound;
use crate::packs::{self, Packs};
use crate::platform_feedback;
use crate::records;
use crate::seal::{self, Signing};
use crate::store::{Store, StoreError, Tx, WriterStats};
use shenhai_crypto::{KeyRef, Provider, ProviderError};
use shenhai_protocol::Channel;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

/// The fact of the database that names who signed the receipts last.
const SIGNER: &str = "receipt_signer";

/// Why a gateway did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Another program listens there.
    #[error("{0} is already in use; stop the other program or choose another address with --listen")]
    AddressInUse(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The data directory cannot be made or written.
    #[error("cannot write in {}: {source}; give a directory of your own with --data", path.display())]
    DataDir {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another gateway works on the same data.
    #[error("another gateway is using {}", path.display())]
    DataDirBusy {
        /// Which.
        path: PathBuf,
    },
    /// No space left.
    #[error("no space left for the database in {}; free some and start again", path.display())]
    StorageFull {
        /// Which.
        path: PathBuf,
    },
    /// The database cannot be opened.
    #[error("cannot open the database in {}: {source}", path.display())]
    Store {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: StoreError,
    },
    /// An allowed origin is not one.
    #[error("{0:?} is not an origin such as https://name or http://127.0.0.1:8700")]
    BadOrigin(String),
    /// A trusted proxy is no address.
    #[error(
        "{0:?} is neither an address such as 10.0.0.2 nor a network such as 10.1.0.0/16; name the proxies in front with --trusted-proxy"
    )]
    BadProxy(String),
    /// The gateway's keys or certificates are not ready.
    #[error("{0}")]
    Keys(AuthorityError),
    /// The cryptographic service cannot be used.
    #[error("{0}; start again when it serves, or put [crypto] of the configuration right")]
    Crypto(#[from] ConnectError),
    /// A weaker provider would take over the signing of receipts.
    #[error(
        "receipts were signed by {before:?} so far and would be by {now:?}, which is weaker; if that is meant, \
             start once with --allow-provider-change"
    )]
    ProviderChange {
        /// Who signed so far.
        before: String,
        /// Who would.
        now: String,
    },
    /// Signatures cannot be checked.
    #[error("this build cannot check SM2 signatures: {0}")]
    Verifier(ProviderError),
    /// The HTTP client cannot be set up.
    #[error("cannot set up the HTTP client")]
    HttpClient,
}

/// The server.
#[derive(Debug)]
pub struct Gateway;

/// A gateway at work. Dropping it stops the listening without waiting for anything; call [`Running::stop`].
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    app: Arc<App>,
    door: Arc<Door>,
    close: oneshot::Sender<()>,
    server: JoinHandle<()>,
    workers: JoinSet<()>,
    /// Ends last: requests under way wait for it.
    sealer: JoinSet<()>,
    _lock: File,
}

impl Gateway {
    /// Open the data, listen, serve.
    ///
    /// # Errors
    /// [`StartError`] says what to put right.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        let listener = listen(config.listen).await?;
        let addr = listener.local_addr().map_err(|source| StartError::Listen {
            addr: config.listen,
            source,
        })?;
        let origins = origins(&config.allowed_origins, addr)?;
        let proxies = Proxies::parse(&config.trusted_proxies).map_err(StartError::BadProxy)?;
        let door = Arc::new(door(&config, &proxies));
        let lock = prepare_data_dir(&config.data_dir)?;
        let store = open_store(&config.data_dir).await?;
        let (given, signer) = given_keys(&config).await?;
        let epoch = identity(&store, &config, signer).await?;
        let keys = authority::establish(&store, given, &config).await;
        let keys = keys.map_err(|error| keys_failed(&config, error))?;
        let kept = store.read(|rows| rows.packs()).await;
        let kept = kept.map_err(|error| store_failed(&config.data_dir, error))?;
        let app = Arc::new(App {
            store,
            keys,
            packs: Packs::of_rows(kept, &config.city.packs),
            lists: Arc::default(),
            rules: config.trust,
            log: Heads::default(),
            signing: Signing::default(),
            verifier: verifier().map_err(StartError::Verifier)?,
            epoch,
            origins,
            container: Container::new(config.city.container.clone()),
            http: Outbound::new().map_err(|_| StartError::HttpClient)?,
            sign_ins: Limiter::default(),
            quotas: Quotas::default(),
            room: Room::new(&config.tuning),
            proxies,
            stopping: watch::Sender::new(false),
            feedback_queued: Notify::new(),
            revocations: watch::Sender::new(0),
            revoked: KeptList::default(),
            log_grown: Notify::new(),
            directory: config.directory,
            city: config.city,
            clock: config.clock,
            tuning: config.tuning,
            web_dir: config.web_dir,
        });
        let seen = packs::look(&app, packs::Seen::default()).await;
        let seen = seen.map_err(|error| store_failed(&config.data_dir, error))?;
        let mut workers = start_workers(&app);
        workers.spawn(packs::serve(Arc::clone(&app), seen));
        workers.spawn(lists::serve(Arc::clone(&app)));
        let mut sealer = JoinSet::new();
        sealer.spawn(seal::serve(Arc::clone(&app)));
        let (close, closed) = oneshot::channel();
        let router = http::router(Arc::clone(&app));
        let server = tokio::spawn(Arc::clone(&door).serve(listener, router, closed));
        tracing::info!(%addr, directory = app.directory.version(), epoch = app.epoch, "serving");
        Ok(Running {
            addr,
            app,
            door,
            close,
            server,
            workers,
            sealer,
            _lock: lock,
        })
    }
}

impl Running {
    /// `http://` and the address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// How the writer groups its commits.
    #[must_use]
    pub fn writer_stats(&self) -> WriterStats {
        self.app.store.stats()
    }

    /// What happened to connections so far.
    #[must_use]
    pub fn door_stats(&self) -> DoorStats {
        self.door.stats()
    }

    /// From now on `/healthz` answers 503 and waiting clients are sent home; everything else goes on.
    pub fn announce_stop(&self) {
        self.app.stopping.send_replace(true);
    }

    /// Stop: announce it, drain, let requests under way finish, commit what waits, close the database.
    pub async fn stop(mut self) {
        self.announce_stop();
        tokio::time::sleep(self.app.tuning.drain).await;
        let _ = self.close.send(());
        let limit = self.app.tuning.stop_timeout;
        if tokio::time::timeout(limit, &mut self.server).await.is_err() {
            tracing::warn!("requests under way did not finish in time");
            self.server.abort();
        }
        if tokio::time::timeout(limit, async { while self.workers.join_next().await.is_some() {} })
            .await
            .is_err()
        {
            self.workers.abort_all();
        }
        // Usually nothing is left; what is gets its signature at the next start.
        if seal::settle(&self.app).await.is_err() {
            tracing::warn!("not every commit could be signed");
        }
        self.sealer.abort_all();
        let store = Arc::clone(&self.app.store);
        let _ = tokio::task::spawn_blocking(move || store.stop_blocking()).await;
        tracing::info!("stopped");
    }
}

async fn listen(addr: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr)
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::AddressInUse(addr),
            _ => StartError::Listen { addr, source },
        })
}

fn origins(configured: &[String], addr: SocketAddr) -> Result<Vec<String>, StartError> {
    if configured.is_empty() {
        let mut own = vec![format!("http://{addr}")];
        if addr.ip().is_loopback() {
            own.push(format!("http://localhost:{}", addr.port()));
        }
        return Ok(own);
    }
    configured
        .iter()
        .map(|text| {
            let url = reqwest::Url::parse(text)
                .ok()
                .filter(|url| matches!(url.scheme(), "http" | "https"));
            let url = url.ok_or_else(|| StartError::BadOrigin(text.clone()))?;
            Ok(url.origin().ascii_serialization())
        })
        .collect()
}

/// Make the directory, for us alone, and lock it: two writers of one database would each believe in their own
/// change numbers.
fn prepare_data_dir(path: &Path) -> Result<File, StartError> {
    let lock = lock_data_dir(path)?;
    // SQLite gives its -wal and -shm files the mode of the database file, which holds the callers.
    let database = database_path(path);
    let unusable = |source| data_dir_unusable(path, source);
    drop(open_private(&database).map_err(unusable)?);
    owner_only(&database, 0o600).map_err(unusable)?;
    Ok(lock)
}

fn data_dir_unusable(path: &Path, source: io::Error) -> StartError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::StorageFull => StartError::StorageFull { path },
        _ => StartError::DataDir { path, source },
    }
}

/// Make the directory, for us alone, and hold it until the file is dropped.
pub(crate) fn lock_data_dir(path: &Path) -> Result<File, StartError> {
    let unusable = |source| data_dir_unusable(path, source);
    std::fs::create_dir_all(path).map_err(unusable)?;
    owner_only(path, 0o700).map_err(unusable)?;
    let lock = open_private(&path.join("gateway.lock")).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(StartError::DataDirBusy {
                path: path.to_owned(),
            });
        }
        Err(TryLockError::Error(source)) => return Err(unusable(source)),
    }
    Ok(lock)
}

/// In the data directory, unless the command line names another place.
pub(crate) const KEY_FILE: &str = "gateway.key";

pub(crate) fn database_path(data_dir: &Path) -> PathBuf {
    data_dir.join("gateway.sqlite3")
}

fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
pub(crate) fn owner_only(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(crate) fn owner_only(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

fn store_failed(data_dir: &Path, source: StoreError) -> StartError {
    let path = data_dir.to_owned();
    match source {
        StoreError::Full => StartError::StorageFull { path },
        source => StartError::Store { path, source },
    }
}

async fn open_store(data_dir: &Path) -> Result<Arc<Store>, StartError> {
    let path = database_path(data_dir);
    let opened = tokio::task::spawn_blocking(move || Store::open(&path)).await;
    let store = opened.unwrap_or(Err(StoreError::Panicked));
    store.map(Arc::new).map_err(|error| store_failed(data_dir, error))
}

/// The epoch, made at the first start, and who signs: the providers of an earlier start are not left for weaker ones
/// unless that is meant.
async fn identity(store: &Store, config: &Config, signer: String) -> Result<String, StartError> {
    let (now, allowed) = (signer.clone(), config.allow_provider_change);
    let kept = store.write(move |tx| {
        let before = tx.meta(SIGNER)?;
        if let Err(before) = check_continuity(before.as_deref(), &now, allowed) {
            return Ok(Err(before));
        }
        tx.set_meta(SIGNER, &now)?;
        Ok(Ok(kept_or(tx, "epoch", || uuid::Uuid::new_v4().to_string())?))
    });
    kept.await
        .map_err(|error| store_failed(&config.data_dir, error))?
        .map_err(|before| StartError::ProviderChange { before, now: signer })
}

/// The keys given, or those a service of the city keeps, or `None`: the gateway makes its own. And who signs with
/// them.
async fn given_keys(config: &Config) -> Result<(Option<GivenKeys>, String), StartError> {
    let crypto = &config.city.crypto;
    if config.given_keys.is_some() || matches!(crypto.provider, CryptoProvider::Software) {
        return Ok((config.given_keys.clone(), record(crypto.provider, false)));
    }
    let (wanted, clock) = (crypto.clone(), config.clock.clone());
    let connecting = tokio::task::spawn_blocking(move || CityProvider::connect(&wanted, clock));
    let panicked = |_| store_failed(&config.data_dir, StoreError::Panicked);
    let provider = connecting.await.map_err(panicked)??;
    let signer = record(crypto.provider, provider.origin().emulated);
    let provider: Arc<dyn Provider> = Arc::new(provider);
    let authority = crypto.keys.contains_key(AUTHORITY).then(|| GivenAuthority {
        provider: Arc::clone(&provider),
        key: KeyRef::new(AUTHORITY),
        certificate: None,
    });
    let keys = GivenKeys {
        provider,
        receipt: KeyRef::new(RECEIPT),
        gateway_certificate: None,
        authority,
    };
    Ok((Some(keys), signer))
}

fn keys_failed(config: &Config, error: AuthorityError) -> StartError {
    match error {
        AuthorityError::Store(error) => store_failed(&config.data_dir, error),
        AuthorityError::NoKey { key, source } => {
            StartError::Crypto(ConnectError::NoCertificate { key, source })
        }
        error => StartError::Keys(error),
    }
}

fn kept_or(tx: &mut Tx<'_>, name: &str, make: impl FnOnce() -> String) -> Result<String, StoreError> {
    if let Some(kept) = tx.meta(name)? {
        return Ok(kept);
    }
    let made = make();
    tx.insert_meta(name, &made)?;
    Ok(made)
}

fn start_workers(app: &Arc<App>) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    for channel in Channel::ALL.iter().copied() {
        if let Some(platform) = app.city.platform(channel) {
            workers.spawn(platform_feedback::serve(
                Arc::clone(app),
                channel,
                platform.clone(),
            ));
        }
    }
    workers.spawn(leaving::serve(Arc::clone(app)));
    workers.spawn(records::sound_alarms(Arc::clone(app)));
    workers.spawn(records::carry_out(Arc::clone(app)));
    if let Some(config) = app.city.anchor.clone() {
        workers.spawn(anchor::serve(Arc::clone(app), anchor::HttpAnchor::new(config)));
    }
    workers
}

fn door(config: &Config, proxies: &Proxies) -> Door {
    let tuning = &config.tuning;
    let security_gateway = config.city.security_gateway.as_ref();
    let in_front = proxies.and(security_gateway.map_or(&[], |gateway| &gateway.peers));
    let places = Places::within_descriptors(tuning.connections, tuning.connections_per_address, in_front);
    let patience = Patience {
        first: tuning.header_timeout,
        idle: tuning.idle_timeout,
        stall: tuning.stall_timeout,
    };
    Door::new(places, patience)
}
