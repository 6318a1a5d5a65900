//! The gateway's small certificate authority: its keys at rest, its root, the gateway's certificate, the devices'.
//!
//! Not who is let in (`http::enrol`). Keys are made at the first start and rest in the database, sealed under a key
//! file: a copy of the database alone signs nothing. Where the operator gives a provider with keys of its own, none
//! are made. Called at start, and when a device's certificate is due.

use crate::app::App;
use crate::config::Config;
use crate::keys::{GatewayKeys, hex, random, unhex};
use crate::rules::TrustRules;
use crate::server::KEY_FILE;
use crate::store::{CertificateKind, CertificateRow, Store, StoreError, Tx};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use shenhai_crypto::{
    Certificate, KeyRef, Provider, ProviderError, PublicKey, SealingKey, SecretKey, SoftwareProvider,
    Subject, Usage, Validity, issue, issue_root,
};
use shenhai_protocol::{DeviceId, UnixMillis, UserId};
use std::io;
use std::path::Path;
use std::sync::{Arc, RwLock};
use thiserror::Error;
use zeroize::Zeroizing;

/// The name of the key that signs receipts, grants and lists.
pub(crate) const RECEIPT: &str = "receipt";
/// The name of the key that issues certificates.
pub(crate) const AUTHORITY: &str = "authority";
const AUTHORITY_NAME: &str = "申海 设备证书 CA";
const GATEWAY_NAME: &str = "申海 网关";
/// Where the receipt key stood, in the clear, before keys were sealed.
const UNSEALED: &str = "signing_key";
const SECOND_MILLIS: i64 = 1000;
const DAY_SECONDS: i64 = 24 * 3600;
const ROOT_DAYS: i64 = 20 * 365;
/// A certificate is good this long before it is made: clocks differ a little.
const BACKDATED_SECONDS: i64 = 300;

/// Keys the operator gives in the place of those the gateway makes.
#[derive(Clone)]
pub struct GivenKeys {
    /// Who keeps the receipt key.
    pub provider: Arc<dyn Provider>,
    /// Signs receipts, grants and lists.
    pub receipt: KeyRef,
    /// Of the receipt key; where `None`, the authority issues it.
    pub gateway_certificate: Option<Certificate>,
    /// Who issues certificates; where `None`, an authority of the gateway's own.
    pub authority: Option<GivenAuthority>,
}

/// An authority that is not of the gateway's making.
#[derive(Clone)]
pub struct GivenAuthority {
    /// Who keeps its key.
    pub provider: Arc<dyn Provider>,
    /// Its key.
    pub key: KeyRef,
    /// From the city's CA; where `None`, the authority certifies itself.
    pub certificate: Option<Certificate>,
}

impl std::fmt::Debug for GivenAuthority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GivenAuthority({}: {})", self.provider.origin().name, self.key)
    }
}

impl std::fmt::Debug for GivenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.provider.origin().name;
        write!(f, "GivenKeys({name}: {}, {:?})", self.receipt, self.authority)
    }
}

/// Why the keys are not ready.
#[derive(Debug, Clone, Error)]
pub enum AuthorityError {
    /// The key file is missing while the database holds keys sealed under it.
    #[error("the key file is missing; put it back beside the restored database or name it with --key-file")]
    KeyFileMissing,
    /// The key file cannot be read or written, or is not 32 hex digits.
    #[error("the key file: {0}")]
    KeyFile(String),
    /// A key in the database is damaged or sealed under another key file.
    #[error("the gateway's keys do not open with this key file; restore both from the same backup")]
    Sealed,
    /// The certificate given is not of the key given, or not from the authority given.
    #[error("the {0} certificate given does not go with the keys given")]
    Mismatch(&'static str),
    /// The provider does not name the public half of a key it is to sign with.
    #[error("the provider does not know the key {key:?}: {source}")]
    NoKey {
        /// Which.
        key: String,
        /// Its answer.
        source: ProviderError,
    },
    /// The provider failed.
    #[error("the provider of the gateway's keys: {0}")]
    Provider(#[from] ProviderError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The gateway's keys, made or opened or as given, with certificates that are good now.
pub(crate) async fn establish(
    store: &Arc<Store>,
    given: Option<GivenKeys>,
    config: &Config,
) -> Result<GatewayKeys, AuthorityError> {
    let (signer, authority) = signer_and_authority(store, given, config).await?;
    let (kept_authorities, kept_gateways) = store
        .read(|rows| {
            let authorities = rows.certificates(CertificateKind::Authority)?;
            Ok((authorities, rows.certificates(CertificateKind::Gateway)?))
        })
        .await?;
    let (now, days) = (config.clock.now(), config.trust.gateway_certificate_days());
    let certified = tokio::task::spawn_blocking(move || {
        let issuer = authority_certificate(&authority, &kept_authorities, now)?;
        let gateway = gateway_certificate(&signer, &authority, &issuer, &kept_gateways, days, now)?;
        Ok::<_, AuthorityError>(GatewayKeys {
            provider: signer.provider,
            receipt: signer.key,
            issuer: authority.provider,
            authority: authority.key,
            gateway_certificate: RwLock::new(Arc::new(gateway)),
            certificate_given: signer.certificate.is_some(),
            authority_certificate: issuer,
        })
    });
    let keys = certified.await.map_err(|_| StoreError::Panicked)??;
    let current = [
        (CertificateKind::Authority, keys.authority_certificate.clone()),
        (CertificateKind::Gateway, keys.certificate().as_ref().clone()),
    ];
    store.write(move |tx| keep_all(tx, &current, now)).await?;
    Ok(keys)
}

/// A key, who keeps it, and the certificate given for it.
struct Party {
    provider: Arc<dyn Provider>,
    key: KeyRef,
    certificate: Option<Certificate>,
}

impl Party {
    fn public_key(&self) -> Result<PublicKey, AuthorityError> {
        self.provider
            .public_key(&self.key)
            .map_err(|source| AuthorityError::NoKey {
                key: self.key.name().to_owned(),
                source,
            })
    }
}

/// Who signs receipts and who issues certificates; what is not given is the gateway's own.
async fn signer_and_authority(
    store: &Store,
    given: Option<GivenKeys>,
    config: &Config,
) -> Result<(Party, Party), AuthorityError> {
    let own = |provider: &Arc<dyn Provider>, name| Party {
        provider: Arc::clone(provider),
        key: KeyRef::new(name),
        certificate: None,
    };
    let Some(given) = given else {
        let provider = own_keys(store, config).await?;
        return Ok((own(&provider, RECEIPT), own(&provider, AUTHORITY)));
    };
    let signer = Party {
        provider: given.provider,
        key: given.receipt,
        certificate: given.gateway_certificate,
    };
    let authority = match given.authority {
        Some(given) => Party {
            provider: given.provider,
            key: given.key,
            certificate: given.certificate,
        },
        None => own(&own_keys(store, config).await?, AUTHORITY),
    };
    Ok((signer, authority))
}

fn keep_all(
    tx: &mut Tx<'_>,
    current: &[(CertificateKind, Certificate)],
    now: UnixMillis,
) -> Result<(), StoreError> {
    for (kind, certificate) in current {
        let text = certificate.to_base64();
        if !tx.certificates(*kind)?.contains(&text) {
            tx.insert_certificate(*kind, &certificate.serial_hex(), &text, now)?;
        }
    }
    Ok(())
}

/// Keys of our own: opened, or made at the first start.
async fn own_keys(store: &Store, config: &Config) -> Result<Arc<dyn Provider>, AuthorityError> {
    let begun = store.write(|tx| Ok(tx.meta(&sealed_name(RECEIPT))?.is_some()));
    let beside = || config.data_dir.join(KEY_FILE);
    let sealing = sealing_key(&config.key_file.clone().unwrap_or_else(beside), begun.await?)?;
    let opened = store.write(move |tx| {
        let receipt = open_or_make(tx, &sealing, RECEIPT)?;
        let authority = open_or_make(tx, &sealing, AUTHORITY)?;
        Ok(receipt.zip(authority))
    });
    let (receipt, authority) = opened.await?.ok_or(AuthorityError::Sealed)?;
    let mut provider = SoftwareProvider::new(UnwrapErr(SysRng));
    provider.add_signing_key(KeyRef::new(RECEIPT), receipt);
    provider.add_signing_key(KeyRef::new(AUTHORITY), authority);
    Ok(Arc::new(provider))
}

fn sealed_name(name: &str) -> String {
    format!("sealed_key_{name}")
}

/// `None` where what is stored does not open.
fn open_or_make(tx: &mut Tx<'_>, sealing: &SealingKey, name: &str) -> Result<Option<SecretKey>, StoreError> {
    let meta = sealed_name(name);
    if let Some(sealed) = tx.meta(&meta)? {
        let bytes = unhex(&sealed).and_then(|sealed| sealing.open(&sealed, meta.as_bytes()).ok());
        return Ok(bytes.map(Zeroizing::new).and_then(|bytes| secret(&bytes)));
    }
    // The receipt key of earlier versions goes on: receipts given before must still verify.
    let made = match tx.meta(UNSEALED)?.filter(|_| name == RECEIPT).map(Zeroizing::new) {
        Some(text) => unhex(&text).map(Zeroizing::new).and_then(|bytes| secret(&bytes)),
        None => Some(SecretKey::generate(&mut UnwrapErr(SysRng))),
    };
    if let Some(made) = &made {
        let secret = made.to_bytes();
        let sealed = sealing.seal(secret.as_slice(), meta.as_bytes(), &mut UnwrapErr(SysRng));
        tx.insert_meta(&meta, &hex(&sealed))?;
        if name == RECEIPT {
            tx.delete_meta(UNSEALED)?;
        }
    }
    Ok(made)
}

fn secret(bytes: &[u8]) -> Option<SecretKey> {
    let bytes: Zeroizing<[u8; 32]> = Zeroizing::new(bytes.try_into().ok()?);
    SecretKey::from_bytes(&bytes).ok()
}

/// The key in the file: 32 hex digits. Made where it is missing and nothing is sealed under it yet.
fn sealing_key(path: &Path, in_use: bool) -> Result<SealingKey, AuthorityError> {
    let unusable = |error: io::Error| AuthorityError::KeyFile(error.kind().to_string());
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !in_use => {
            let text = Zeroizing::new(hex(Zeroizing::new(random::<16>()).as_slice()));
            write_private(path, &text).map_err(unusable)?;
            text
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(AuthorityError::KeyFileMissing),
        Err(error) => return Err(unusable(error)),
    };
    let bytes =
        read_sealing_key(&text).ok_or_else(|| AuthorityError::KeyFile("not 32 hex digits".to_owned()))?;
    Ok(SealingKey::from_bytes(&bytes))
}

/// The key a file holds: 32 hex digits, space around them allowed.
pub(crate) fn read_sealing_key(text: &str) -> Option<Zeroizing<[u8; 16]>> {
    let bytes = unhex(text.trim()).map(Zeroizing::new)?;
    <[u8; 16]>::try_from(&bytes[..]).ok().map(Zeroizing::new)
}

/// On the disk before anything is sealed under it.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    file.sync_all()
}

fn authority_certificate(
    authority: &Party,
    kept: &[String],
    now: UnixMillis,
) -> Result<Certificate, AuthorityError> {
    let key = authority.public_key()?;
    if let Some(certificate) = &authority.certificate {
        let fits = *certificate.public_key() == key && certificate.usage() == Usage::Authority;
        return match fits {
            true => Ok(certificate.clone()),
            false => Err(AuthorityError::Mismatch("authority")),
        };
    }
    let seconds = seconds(now);
    let good = |certificate: &Certificate| {
        *certificate.public_key() == key
            && (certificate.not_before()..=certificate.not_after()).contains(&seconds)
    };
    let mut kept = kept.iter().filter_map(|text| Certificate::from_base64(text).ok());
    if let Some(certificate) = kept.find(good) {
        return Ok(certificate);
    }
    let validity = validity(now, ROOT_DAYS, i64::MAX);
    let subject = named(AUTHORITY_NAME);
    Ok(issue_root(
        &*authority.provider,
        &authority.key,
        &subject,
        validity,
    )?)
}

fn gateway_certificate(
    signer: &Party,
    authority: &Party,
    issuer: &Certificate,
    kept: &[String],
    days: u32,
    now: UnixMillis,
) -> Result<Certificate, AuthorityError> {
    let key = signer.public_key()?;
    let anchors = std::slice::from_ref(issuer);
    let holds = |certificate: &Certificate| {
        let chain = std::slice::from_ref(certificate);
        let at = seconds(now);
        let verdict = authority
            .provider
            .verify_certificate(chain, anchors, Usage::Gateway, at);
        *certificate.public_key() == key && verdict.is_valid()
    };
    if let Some(certificate) = &signer.certificate {
        return match holds(certificate) {
            true => Ok(certificate.clone()),
            false => Err(AuthorityError::Mismatch("gateway")),
        };
    }
    let mut kept = kept.iter().filter_map(|text| Certificate::from_base64(text).ok());
    if let Some(certificate) = kept.find(|certificate| !due(certificate, now) && holds(certificate)) {
        return Ok(certificate);
    }
    Ok(issue(
        &*authority.provider,
        &authority.key,
        issuer,
        &named(GATEWAY_NAME),
        &key,
        Usage::Gateway,
        validity(now, i64::from(days), issuer.not_after()),
    )?)
}

/// Give the gateway's key a new certificate while it serves, where less than a third of the present one's life is left.
///
/// A gateway may run for years. One that cannot be renewed now goes on: the next who asks for a grant tries again.
pub(crate) async fn renew_gateway(app: &Arc<App>, now: UnixMillis) {
    if app.keys.certificate_given || !due(&app.keys.certificate(), now) {
        return;
    }
    let renewing = Arc::clone(app);
    let issued = tokio::task::spawn_blocking(move || {
        let keys = &renewing.keys;
        let days = i64::from(renewing.rules.gateway_certificate_days());
        let issuer = &keys.authority_certificate;
        let key = keys.certificate().public_key().clone();
        let validity = validity(now, days, issuer.not_after());
        let name = named(GATEWAY_NAME);
        issue(
            &*keys.issuer,
            &keys.authority,
            issuer,
            &name,
            &key,
            Usage::Gateway,
            validity,
        )
    });
    let kept = match issued.await {
        Ok(Ok(certificate)) => keep_renewed(app, certificate, now).await,
        Ok(Err(error)) => Err(StoreError::from(error)),
        Err(_) => Err(StoreError::Panicked),
    };
    if let Err(error) = kept {
        tracing::error!(%error, "the gateway's certificate was not renewed");
    }
}

async fn keep_renewed(app: &App, certificate: Certificate, now: UnixMillis) -> Result<(), StoreError> {
    let kept = [(CertificateKind::Gateway, certificate.clone())];
    app.store.write(move |tx| keep_all(tx, &kept, now)).await?;
    tracing::info!(serial = %certificate.serial_hex(), "the gateway's certificate was renewed");
    app.keys.renew(certificate);
    Ok(())
}

/// A device's certificate: the one it has, or a new one where that is due, of another authority or another person.
///
/// Blocks while the provider signs.
pub(crate) fn device_certificate(
    keys: &GatewayKeys,
    rules: &TrustRules,
    device: &DeviceId,
    public_key: &PublicKey,
    user: &UserId,
    kept: Option<&str>,
    now: UnixMillis,
) -> Result<(CertificateRow, bool), ProviderError> {
    let kept = kept.and_then(|text| Certificate::from_base64(text).ok());
    if let Some(kept) = kept.filter(|kept| serves(keys, kept, public_key, user, now)) {
        return Ok((row(&kept), false));
    }
    let subject = Subject {
        common_name: device.0.clone(),
        organization: None,
        unit: Some(user.0.clone()),
    };
    let authority = &keys.authority_certificate;
    let days = i64::from(rules.certificate_days());
    let made = issue(
        &*keys.issuer,
        &keys.authority,
        authority,
        &subject,
        public_key,
        Usage::Device,
        validity(now, days, authority.not_after()),
    )?;
    Ok((row(&made), true))
}

fn serves(
    keys: &GatewayKeys,
    kept: &Certificate,
    public_key: &PublicKey,
    user: &UserId,
    now: UnixMillis,
) -> bool {
    let own = kept.public_key() == public_key && kept.subject().unit.as_deref() == Some(user.as_str());
    let anchors = std::slice::from_ref(&keys.authority_certificate);
    let chain = std::slice::from_ref(kept);
    own && !due(kept, now)
        && keys
            .issuer
            .verify_certificate(chain, anchors, Usage::Device, seconds(now))
            .is_valid()
}

fn row(certificate: &Certificate) -> CertificateRow {
    CertificateRow {
        certificate: certificate.to_base64(),
        serial: certificate.serial_hex(),
        not_after: UnixMillis(certificate.not_after().saturating_mul(SECOND_MILLIS)),
    }
}

/// Less than a third of its life is left.
fn due(certificate: &Certificate, now: UnixMillis) -> bool {
    let life = certificate.not_after() - certificate.not_before();
    certificate.not_after() - seconds(now) < life / 3
}

fn named(name: &str) -> Subject {
    Subject {
        common_name: name.to_owned(),
        organization: None,
        unit: None,
    }
}

fn seconds(at: UnixMillis) -> i64 {
    at.0.div_euclid(SECOND_MILLIS)
}

fn validity(now: UnixMillis, days: i64, at_most: i64) -> Validity {
    let now = seconds(now);
    Validity {
        not_before: now - BACKDATED_SECONDS,
        not_after: (now + days * DAY_SECONDS).min(at_most),
    }
}
