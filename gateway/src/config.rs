//! What the gateway is told at start: where to listen and store, the city's systems, the bounds.
//!
//! Not the directory of people (`directory`). Read by the binary, built by hand in tests.

use crate::crypto::{CryptoConfig, CryptoConfigError, SecurityGatewayConfig};
use crate::packs::{PacksConfig, PacksConfigError};
use crate::{Clock, Directory, GivenKeys, TrustRules};
use serde::Deserialize;
use shenhai_protocol::Channel;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// Everything [`crate::Gateway::start`] needs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the database and the gateway's key live. Made when missing.
    pub data_dir: PathBuf,
    /// The built pages. Without them a plain page says how to build them.
    pub web_dir: Option<PathBuf>,
    /// The city's systems.
    pub city: CityConfig,
    /// Who there is.
    pub directory: Directory,
    /// How devices are let in and trusted.
    pub trust: TrustRules,
    /// The file with the key under which the gateway's keys are sealed; where `None`, `gateway.key` in `data_dir`.
    pub key_file: Option<PathBuf>,
    /// Keys in the place of those the gateway makes.
    pub given_keys: Option<GivenKeys>,
    /// Origins the browser may be sent back to after the sign-in, e.g. `https://sh.example`. Where empty:
    /// `http://` and the address listened on (with `localhost` too where that is a loopback address).
    pub allowed_origins: Vec<String>,
    /// Addresses or networks (`10.0.0.2`, `10.1.0.0/16`) of the proxies in front: what they say in `X-Forwarded-For`
    /// counts, and what anybody else says there does not.
    pub trusted_proxies: Vec<String>,
    /// Where instants come from.
    pub clock: Clock,
    /// Let a weaker cryptographic provider take over receipts that a stronger one signed so far.
    pub allow_provider_change: bool,
    /// Bounds and pauses.
    pub tuning: Tuning,
}

impl Config {
    /// A configuration with the system's clock, no pages and the usual bounds.
    #[must_use]
    pub fn new(listen: SocketAddr, data_dir: PathBuf, city: CityConfig, directory: Directory) -> Self {
        Self {
            listen,
            data_dir,
            web_dir: None,
            city,
            directory,
            trust: TrustRules::default(),
            key_file: None,
            given_keys: None,
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            clock: Clock::system(),
            allow_provider_change: false,
            tuning: Tuning::default(),
        }
    }
}

/// Bounds and pauses that a deployment or a test may change.
#[derive(Debug, Clone)]
pub struct Tuning {
    /// Sign-ins one network address may try in a minute. Many phones share one address behind the city's
    /// network, so this only stops a flood.
    pub sign_ins_per_address: u32,
    /// Sign-ins one device may try in a minute.
    pub sign_ins_per_device: u32,
    /// Sign-ins with a one-time enrolment code that one address may try in a minute.
    pub enrolments_per_address: u32,
    /// The same of one person, from wherever.
    pub enrolments_per_person: u32,
    /// Requests of people who are signed in that are worked on at once, waits excepted; beyond them: 503 `overloaded`.
    /// Nobody else's request takes this room.
    pub concurrent_requests: usize,
    /// The same of everybody else.
    pub concurrent_strangers: usize,
    /// Of these, from one address.
    pub strangers_per_address: usize,
    /// Requests of one device worked on at once.
    pub requests_per_device: usize,
    /// Bytes of one person's commands that are stored in a day. A reply has at most about 8 KiB.
    pub kept_per_day: usize,
    /// Of these, of commands that were refused or whose id was used before.
    pub kept_in_vain_per_day: usize,
    /// Clients waiting for news at once; beyond them: 503 `overloaded`.
    pub concurrent_waits: usize,
    /// Waits of one device.
    pub waits_per_device: usize,
    /// Connections at once. Fewer where the system's limit of open files is lower.
    pub connections: usize,
    /// Connections from one address that is not a proxy's.
    pub connections_per_address: usize,
    /// Within which a new connection has to have sent the head of a request.
    pub header_timeout: Duration,
    /// How long a connection may be without a request. Longer than proxies keep theirs (60 s).
    pub idle_timeout: Duration,
    /// Within which something of an answer has to be taken.
    pub stall_timeout: Duration,
    /// Within which at least [`Tuning::body_least`] bytes of a body have to come, or its end.
    pub body_window: Duration,
    /// The same for people who are signed in, who may be in a tunnel.
    pub signed_in_body_window: Duration,
    /// Bytes.
    pub body_least: usize,
    /// Longest time one request may take, the reading of its body included.
    pub request_timeout: Duration,
    /// Pause after the first failed feedback; doubles with every further one.
    pub feedback_first_pause: Duration,
    /// The pause does not grow beyond this.
    pub feedback_longest_pause: Duration,
    /// How long a push waits for its receipts' signature. What was taken stays taken.
    pub seal_wait: Duration,
    /// Longest pause before looking again for what leaves its scope by itself: bounds what a step of the clock can do.
    pub leaving_look: Duration,
    /// Pause between two looks into the folder of packs.
    pub packs_look: Duration,
    /// Longest pause between two looks at which alarms are due.
    pub alarms_look: Duration,
    /// How long `stop` goes on serving with `/healthz` at 503, so that a load balancer turns away first.
    pub drain: Duration,
    /// How long `stop` waits for requests under way.
    pub stop_timeout: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            sign_ins_per_address: 600,
            sign_ins_per_device: 20,
            enrolments_per_address: 30,
            enrolments_per_person: 10,
            concurrent_requests: 512,
            concurrent_strangers: 256,
            strangers_per_address: 64,
            requests_per_device: 64,
            kept_per_day: 64 * 1024 * 1024,
            kept_in_vain_per_day: 2 * 1024 * 1024,
            concurrent_waits: 8192,
            waits_per_device: 8,
            connections: 16_384,
            connections_per_address: 8192,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            stall_timeout: Duration::from_secs(30),
            body_window: Duration::from_secs(5),
            signed_in_body_window: Duration::from_secs(15),
            body_least: 1024,
            request_timeout: Duration::from_secs(30),
            feedback_first_pause: Duration::from_secs(1),
            feedback_longest_pause: Duration::from_secs(300),
            seal_wait: Duration::from_secs(10),
            leaving_look: Duration::from_secs(60),
            packs_look: Duration::from_secs(5),
            alarms_look: Duration::from_secs(10),
            drain: Duration::ZERO,
            stop_timeout: Duration::from_secs(10),
        }
    }
}

/// The city's systems: the part of the configuration shared with the emulators (docs/city-interfaces.md).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CityConfig {
    /// 随申办政务云.
    pub container: ContainerConfig,
    /// By dialled number: `12345`, `12319`, `110`. One left out is not connected.
    #[serde(default)]
    pub platforms: BTreeMap<String, PlatformConfig>,
    /// The outside chain that takes the log's heads. Left out: the log is not anchored.
    #[serde(default)]
    pub anchor: Option<AnchorConfig>,
    /// Who signs and seals with the gateway's keys; without the table, this process.
    #[serde(default)]
    pub crypto: CryptoConfig,
    /// 安全认证网关 in front of this one; without the table there is none, and its headers mean nothing.
    #[serde(default)]
    pub security_gateway: Option<SecurityGatewayConfig>,
    /// The packs; without the table there are none.
    #[serde(default)]
    pub packs: PacksConfig,
}

/// How to reach the outside chain.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorConfig {
    /// Where heads are posted.
    pub url: String,
    /// HMAC key.
    pub secret: String,
    /// Seconds between two anchors of one log.
    #[serde(default = "AnchorConfig::every_hour")]
    pub every_seconds: u64,
}

impl AnchorConfig {
    fn every_hour() -> u64 {
        3600
    }
}

impl std::fmt::Debug for AnchorConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AnchorConfig({} every {} s)", self.url, self.every_seconds)
    }
}

/// How to reach the container the light app runs in.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerConfig {
    /// Our id there.
    pub corp_id: String,
    /// Our secret there.
    pub corp_secret: String,
    /// Where its interfaces are, without a slash at the end.
    pub api_url: String,
    /// Its page for signing in.
    pub authorize_url: String,
}

impl std::fmt::Debug for ContainerConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ContainerConfig({} at {})", self.corp_id, self.api_url)
    }
}

/// How to reach an upper platform.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformConfig {
    /// HMAC key, both ways.
    pub secret: String,
    /// Where its feedback goes.
    pub feedback_url: String,
}

impl std::fmt::Debug for PlatformConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PlatformConfig({})", self.feedback_url)
    }
}

/// What is wrong with the city's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CityConfigError {
    /// Not TOML of the expected shape.
    #[error("not a city configuration: {0}")]
    Syntax(String),
    /// A platform we have no channel for.
    #[error("platform {0:?} is none of 12345, 12319, 110")]
    UnknownPlatform(String),
    /// Not an address, or one this build cannot reach.
    #[error("{field}: {reason}")]
    BadUrl {
        /// Which entry.
        field: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A secret that protects nothing.
    #[error("{0} is empty")]
    EmptySecret(String),
    /// The table `[packs]`.
    #[error(transparent)]
    Packs(#[from] PacksConfigError),
    /// The table `[crypto]`.
    #[error(transparent)]
    Crypto(#[from] CryptoConfigError),
    /// A security gateway from nowhere: every request would be refused.
    #[error("security_gateway.peers is empty")]
    NoPeers,
    /// A security gateway with clients of nobody: every request would be refused.
    #[error("security_gateway.authorities is empty")]
    NoAuthorities,
}

impl CityConfig {
    /// Read and check the configuration.
    ///
    /// # Errors
    /// The first [`CityConfigError`] found; secrets never appear in it.
    pub fn parse(text: &str) -> Result<Self, CityConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| syntax(text, &error))?;
        check_url("container.api_url", &config.container.api_url)?;
        check_url("container.authorize_url", &config.container.authorize_url)?;
        check_secret("container.corp_secret", &config.container.corp_secret)?;
        if let Some(anchor) = &config.anchor {
            check_secret("anchor.secret", &anchor.secret)?;
            check_url("anchor.url", &anchor.url)?;
        }
        for (number, platform) in &config.platforms {
            if Channel::from_number(number).is_none() {
                return Err(CityConfigError::UnknownPlatform(number.clone()));
            }
            check_secret(&format!("platforms.{number}.secret"), &platform.secret)?;
            check_url(
                &format!("platforms.{number}.feedback_url"),
                &platform.feedback_url,
            )?;
        }
        config.packs.check()?;
        for (pack, ports) in &config.packs.port {
            for (port, bound) in ports {
                check_secret(&format!("packs.port.{pack}.{port}.secret"), &bound.secret)?;
                check_url(&format!("packs.port.{pack}.{port}.url"), &bound.url)?;
            }
        }
        config.crypto.check()?;
        if !config.crypto.url.is_empty() {
            check_url("crypto.url", &config.crypto.url)?;
        }
        if let Some(gateway) = &config.security_gateway {
            check_secret("security_gateway.secret", gateway.secret.text())?;
            if gateway.peers.is_empty() {
                return Err(CityConfigError::NoPeers);
            }
            if gateway.authorities.is_empty() {
                return Err(CityConfigError::NoAuthorities);
            }
        }
        Ok(config)
    }

    pub(crate) fn platform(&self, channel: Channel) -> Option<&PlatformConfig> {
        self.platforms.get(channel.number())
    }
}

/// Where a file is wrong. The parser's own words quote the line at fault, and its short message the value, which
/// may be a secret without its quotes; only the name of a missing field is repeated.
fn syntax(text: &str, error: &toml::de::Error) -> CityConfigError {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    let what = match error.message() {
        message if message.starts_with("missing field") => message,
        _ => "not what is expected here",
    };
    CityConfigError::Syntax(format!("line {line}: {what}"))
}

fn check_secret(field: &str, secret: &str) -> Result<(), CityConfigError> {
    if secret.is_empty() {
        return Err(CityConfigError::EmptySecret(field.to_owned()));
    }
    Ok(())
}

fn check_url(field: &str, url: &str) -> Result<(), CityConfigError> {
    let bad = |reason| CityConfigError::BadUrl {
        field: field.to_owned(),
        reason,
    };
    let parsed = reqwest::Url::parse(url).map_err(|_| bad("not an absolute address"))?;
    match parsed.scheme() {
        "http" => Ok(()),
        "https" if cfg!(feature = "tls") || field.ends_with("authorize_url") => Ok(()),
        "https" => Err(bad("https needs a gateway built with the feature `tls`")),
        _ => Err(bad("neither http nor https")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [container]
        corp_id = "c"
        corp_secret = "very-secret"
        api_url = "http://127.0.0.1:1"
        authorize_url = "https://login.example/authorize"
        [platforms.12345]
        secret = "s"
        feedback_url = "http://127.0.0.1:1/feedback"
    "#;

    #[test]
    fn the_documented_configuration_is_read() {
        let config = CityConfig::parse(GOOD).expect("a good file");
        assert_eq!(config.container.corp_id, "c");
        assert!(config.platform(Channel::H12345).is_some());
        assert!(config.platform(Channel::H110).is_none());
    }

    #[test]
    fn a_wrong_configuration_is_named_without_its_secrets() {
        let unknown = GOOD.replace("12345", "12306");
        assert_eq!(
            CityConfig::parse(&unknown).unwrap_err(),
            CityConfigError::UnknownPlatform("12306".to_owned())
        );
        let empty = GOOD.replace("\"s\"", "\"\"");
        assert_eq!(
            CityConfig::parse(&empty).unwrap_err(),
            CityConfigError::EmptySecret("platforms.12345.secret".to_owned())
        );
        let scheme = GOOD.replace("http://127.0.0.1:1/feedback", "ftp://127.0.0.1/feedback");
        assert!(matches!(
            CityConfig::parse(&scheme),
            Err(CityConfigError::BadUrl { .. })
        ));
        let broken = GOOD.replace("very-secret\"", "very-secret");
        let text = CityConfig::parse(&broken).unwrap_err().to_string();
        assert!(!text.contains("very-secret"), "{text}");
        assert!(!format!("{:?}", CityConfig::parse(GOOD)).contains("very-secret"));
        let unquoted = GOOD.replace("\"very-secret\"", "4711");
        assert_eq!(
            CityConfig::parse(&unquoted).unwrap_err().to_string(),
            "not a city configuration: line 4: not what is expected here"
        );
    }

    #[test]
    fn a_wrong_crypto_table_is_named_without_its_secrets() {
        let good = "[crypto]\nprovider = \"crypto_service_json\"\nurl = \"http://127.0.0.1:1\"\napp_id = \"a\"\n\
            app_secret = \"very-secret\"\ntimeout_ms = 2000\n[crypto.keys.receipt]\npassword = \"very-secret\"\n\
            fingerprint = \"0123456789abcdef0123456789abcdef\"\n";
        let read = |table: &str| CityConfig::parse(&format!("{GOOD}\n{table}"));
        let printed = format!("{:?}", read(good).expect("a good table"));
        assert!(!printed.contains("very-secret"), "{printed}");
        let without = |line: &str| read(&good.replace(line, "")).unwrap_err();
        let missing = |name| CityConfigError::Crypto(CryptoConfigError::Missing(name));
        assert_eq!(without("url = \"http://127.0.0.1:1\"\n"), missing("url"));
        assert_eq!(without("app_secret = \"very-secret\"\n"), missing("app_secret"));
        let changed = |from: &str, to: &str| read(&good.replace(from, to)).unwrap_err();
        assert_eq!(
            changed("2000", "60000"),
            CityConfigError::Crypto(CryptoConfigError::Timeout)
        );
        assert_eq!(
            changed("crypto_service_json", "software"),
            CityConfigError::Crypto(CryptoConfigError::Meaningless("url"))
        );
        let crypto = CityConfigError::Crypto;
        let pin = "fingerprint = \"0123456789abcdef0123456789abcdef\"\n";
        let unpinned = CryptoConfigError::Unpinned("receipt".to_owned());
        assert_eq!(without(pin), crypto(unpinned));
        let short = CryptoConfigError::Fingerprint("receipt".to_owned());
        assert_eq!(
            changed("0123456789abcdef0123456789abcdef", "0123456789abcdef"),
            crypto(short)
        );
        for url in [
            "http://10.0.0.9:1",
            "http://crypto.example",
            "http://127.0.0.1.example",
            "http://127.0.0.1@crypto.example",
            "http://user@127.0.0.1",
        ] {
            assert_eq!(
                changed("http://127.0.0.1:1", url),
                crypto(CryptoConfigError::Insecure),
                "{url}"
            );
        }
        for url in ["http://[::1]:1", "http://localhost:1", "http://127.0.0.9:1"] {
            assert!(read(&good.replace("http://127.0.0.1:1", url)).is_ok(), "{url}");
        }
        let unknown = changed("crypto_service_json", "very-secret").to_string();
        assert!(!unknown.contains("very-secret"), "{unknown}");
        assert_eq!(
            read("[security_gateway]\npeers = []\nsecret = \"s\"\nauthorities = []").unwrap_err(),
            CityConfigError::NoPeers
        );
        assert_eq!(
            read("[security_gateway]\npeers = [\"10.0.0.2\"]\nsecret = \"s\"\nauthorities = []").unwrap_err(),
            CityConfigError::NoAuthorities
        );
    }
}
