//! What every request handler and worker of a running gateway shares.
//!
//! Not its start and stop (`server`).

use crate::config::{CityConfig, Tuning};
use crate::container::Container;
use crate::http::caller::Proxies;
use crate::http::limiter::Limiter;
use crate::http::quota::Quotas;
use crate::http::room::Room;
use crate::http::trust::KeptList;
use crate::keys::GatewayKeys;
use crate::lists::Lists;
use crate::log::Heads;
use crate::outbound::Outbound;
use crate::packs::Packs;
use crate::rules::TrustRules;
use crate::seal::Signing;
use crate::store::Store;
use crate::{Clock, Directory};
use shenhai_crypto::Provider;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{Notify, watch};

pub(crate) struct App {
    pub(crate) store: Arc<Store>,
    pub(crate) directory: Directory,
    pub(crate) city: CityConfig,
    pub(crate) container: Container,
    pub(crate) http: Outbound,
    pub(crate) keys: GatewayKeys,
    pub(crate) rules: TrustRules,
    pub(crate) packs: Packs,
    /// The lists of their records.
    pub(crate) lists: Arc<Lists>,
    /// The log's signed heads.
    pub(crate) log: Heads,
    /// Whether commits are being signed.
    pub(crate) signing: Signing,
    /// Who checks devices' signatures.
    pub(crate) verifier: Arc<dyn Provider>,
    pub(crate) epoch: String,
    pub(crate) clock: Clock,
    pub(crate) tuning: Tuning,
    /// Origins a browser may be sent back to.
    pub(crate) origins: Vec<String>,
    pub(crate) web_dir: Option<PathBuf>,
    pub(crate) sign_ins: Limiter,
    pub(crate) quotas: Quotas,
    /// Room for requests, and for clients waiting for news.
    pub(crate) room: Room,
    /// The proxies in front.
    pub(crate) proxies: Proxies,
    /// True once the gateway is asked to stop.
    pub(crate) stopping: watch::Sender<bool>,
    /// The log grew.
    pub(crate) log_grown: Notify,
    /// Something new is in the feedback queue.
    pub(crate) feedback_queued: Notify,
    /// Grows with every device that is revoked or changes its key.
    pub(crate) revocations: watch::Sender<u64>,
    pub(crate) revoked: KeptList,
}

impl App {
    /// Let every request that waits look whether its device is still good. After the commit.
    pub(crate) fn tell_revoked(&self) {
        self.revocations.send_modify(|count| *count += 1);
    }
}
