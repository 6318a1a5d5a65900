//! The server of Shenhai: takes the city's orders in, gives them out to those who may see them, decides on the
//! signed commands that come back, and tells the upper platforms.
//!
//! Not here: the rules of the business (`shenhai-flow`), the wire types (`shenhai-protocol`), anything a client does.
//! Run by the binary `shenhai-gateway`; started in-process by tests through [`Gateway::start`].

mod access;
mod anchor;
mod app;
mod authority;
mod clock;
mod config;
mod container;
mod crypto;
mod decide;
mod directory;
mod door;
mod grant;
mod http;
mod ingest;
mod keys;
mod law;
mod leaving;
mod lists;
mod log;
mod outbound;
mod packs;
mod platform_feedback;
#[doc(hidden)]
pub mod readers;
mod records;
mod restore;
mod rules;
mod seal;
mod server;
mod store;
mod view;

pub use authority::{AuthorityError, GivenAuthority, GivenKeys};
pub use clock::Clock;
pub use config::{
    AnchorConfig, CityConfig, CityConfigError, Config, ContainerConfig, PlatformConfig, Tuning,
};
pub use crypto::{
    CityProvider, ClientAuthority, ConnectError, CryptoConfig, CryptoConfigError, CryptoProvider,
    MessageForm, Secret, SecurityGatewayConfig, SecurityGatewayError, ServiceKey, ServiceKeyKind,
    answers as crypto_answers,
};
pub use directory::{Directory, DirectoryError};
pub use door::DoorStats;
pub use http::openapi::document as openapi_document;
pub use packs::{PacksConfig, PacksConfigError, PortConfig};
pub use restore::{RestoreError, Restored, backup, restore};
pub use rules::{TrustRules, TrustRulesError};
pub use server::{Gateway, Running, StartError};
pub use store::{Holdings, StoreError, WriterStats};
