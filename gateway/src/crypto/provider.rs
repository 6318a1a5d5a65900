//! A cryptographic service of the city as a [`Provider`].
//!
//! Not a key store: the keys never leave the service. Called from threads that may block (the store's writer, the
//! blocking pool), never from an async one.
//!
//! What can be checked is checked here: a signature that the service made must hold under the certificate it
//! showed at the start, a digest must be the digest. A service that is out of its mind makes `Garbled`, not a receipt
//! nobody can verify.

use super::config::{
    CryptoConfig, CryptoConfigError, CryptoProvider, MessageForm, OPERATIONS, ServiceKey, ServiceKeyKind,
};
use super::dialect::{Dialect, Question, Reply};
use super::json::JsonService;
use super::sof::SofService;
use super::svs_asn1::SvsAsn1;
use super::svs_form::SvsForm;
use super::transport::Transport;
use crate::Clock;
use crate::outbound::EMULATED_ALLOWED;
use shenhai_crypto::{
    Certificate, Digest32, IndeterminateReason, InvalidReason, KeyRef, Origin, Provider, ProviderError,
    ProviderKind, PublicKey, Signature, Verdict, sm3, verify_chain,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use thiserror::Error;
use zeroize::Zeroizing;

/// Bound to what is wrapped, so that a wrapped key is never taken for sealed data.
const WRAP_AAD: &[u8] = b"shenhai-wrap-v1";
/// Random bytes asked for at once at most.
const RANDOM_MOST: usize = 1024;

/// Why a service cannot be used from the start on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConnectError {
    /// It does not show the certificate of a configured key.
    #[error("the cryptographic service shows no certificate for the key {key:?}: {source}")]
    NoCertificate {
        /// The key's name here.
        key: String,
        /// Why not.
        source: ProviderError,
    },
    /// What it shows is no certificate of an SM2 key.
    #[error("what the cryptographic service shows for the key {0:?} is not a certificate")]
    BadCertificate(String),
    /// Not the key that was configured.
    #[error("the cryptographic service shows another key for {0:?} than crypto.keys.{0}.fingerprint")]
    OtherKey(String),
    /// An emulator, and this build is for production.
    #[error("the cryptographic service is an emulator, and this gateway was built for production")]
    Emulated,
    /// Nobody named in the configuration vouches for its certificate now.
    #[error(
        "no authority of crypto.authorities vouches for what the cryptographic service shows for the key {0:?}"
    )]
    Untrusted(String),
    /// The table `[crypto]` is no good.
    #[error(transparent)]
    Config(#[from] CryptoConfigError),
    /// The software provider is not a service.
    #[error("no cryptographic service is configured")]
    NoService,
}

struct KnownKey {
    place: ServiceKey,
    certificate: Certificate,
}

/// A connected cryptographic service.
pub struct CityProvider {
    which: CryptoProvider,
    transport: Transport,
    dialect: Box<dyn Dialect>,
    keys: BTreeMap<String, KnownKey>,
    sealing: BTreeMap<String, ServiceKey>,
    emulated: AtomicBool,
    clock: Clock,
}

impl CityProvider {
    /// Connect to the configured service and fetch the certificates of the configured keys. Blocks.
    ///
    /// # Errors
    /// [`ConnectError`] says what to put right.
    pub fn connect(config: &CryptoConfig, clock: Clock) -> Result<Self, ConnectError> {
        let dialect = dialect(config).ok_or(ConnectError::NoService)?;
        config.check()?;
        let transport =
            Transport::start(&config.url, config.timeout()).map_err(|_| ConnectError::NoService)?;
        let mut provider = Self {
            which: config.provider,
            transport,
            dialect,
            keys: BTreeMap::new(),
            sealing: config.keys.clone(),
            emulated: AtomicBool::new(false),
            clock,
        };
        let signing = |place: &ServiceKey| place.kind == ServiceKeyKind::Signing;
        for (name, place) in config.keys.iter().filter(|(_, place)| signing(place)) {
            let known = provider.fetch(name, place, &config.anchors())?;
            provider.keys.insert(name.clone(), known);
        }
        provider.sealing.retain(|_, place| !signing(place));
        Ok(provider)
    }

    /// The certificate under which `key`'s signatures are checked.
    #[must_use]
    pub fn certificate(&self, key: &KeyRef) -> Option<&Certificate> {
        self.keys.get(key.name()).map(|known| &known.certificate)
    }

    fn fetch(
        &self,
        name: &str,
        place: &ServiceKey,
        anchors: &[Certificate],
    ) -> Result<KnownKey, ConnectError> {
        let shown = self.bytes(&Question::Certificate { key: place });
        if self.emulated.load(Ordering::Relaxed) && !EMULATED_ALLOWED {
            return Err(ConnectError::Emulated);
        }
        let shown = shown.map_err(|source| ConnectError::NoCertificate {
            key: name.to_owned(),
            source,
        })?;
        let certificate =
            Certificate::from_der(&shown).map_err(|_| ConnectError::BadCertificate(name.to_owned()))?;
        // By its own name, whatever the answer's header says or leaves out.
        if is_emulated(&certificate, EMULATED_ALLOWED)? {
            self.emulated.store(true, Ordering::Relaxed);
        }
        match place.fingerprint.as_deref().map(str::to_ascii_lowercase) {
            Some(pinned)
                if !sm3(&certificate.public_key().to_sec1())
                    .to_hex()
                    .starts_with(&pinned) =>
            {
                return Err(ConnectError::OtherKey(name.to_owned()));
            }
            Some(_) => {}
            None => {
                let (chain, now) = (
                    std::slice::from_ref(&certificate),
                    self.clock.now().0.div_euclid(1000),
                );
                if !verify_chain(chain, anchors, certificate.usage(), now).is_valid() {
                    return Err(ConnectError::Untrusted(name.to_owned()));
                }
            }
        }
        Ok(KnownKey {
            place: place.clone(),
            certificate,
        })
    }

    fn signing(&self, key: &KeyRef) -> Result<&KnownKey, ProviderError> {
        self.keys
            .get(key.name())
            .ok_or(match self.sealing.contains_key(key.name()) {
                true => ProviderError::WrongUse,
                false => ProviderError::UnknownKey,
            })
    }

    fn sealing(&self, key: &KeyRef) -> Result<&ServiceKey, ProviderError> {
        self.sealing
            .get(key.name())
            .ok_or(match self.keys.contains_key(key.name()) {
                true => ProviderError::WrongUse,
                false => ProviderError::UnknownKey,
            })
    }

    fn put(&self, question: &Question<'_>) -> Result<Reply, ProviderError> {
        let ask = self.dialect.ask(question, self.clock.now().0)?;
        let told = self.transport.call(ask)?;
        if told.emulated {
            self.emulated.store(true, Ordering::Relaxed);
            if !EMULATED_ALLOWED {
                return Err(ProviderError::Refused);
            }
        }
        self.dialect.read(question, &told.body)
    }

    fn bytes(&self, question: &Question<'_>) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        match self.put(question)? {
            Reply::Bytes(bytes) => Ok(bytes),
            Reply::Verified(_) => Err(ProviderError::Garbled),
        }
    }

    fn encrypt(&self, key: &KeyRef, plaintext: &[u8], aad: &[u8]) -> Result<Vec<u8>, ProviderError> {
        let sealed = self.bytes(&Question::Encrypt {
            key: self.sealing(key)?,
            plaintext,
            aad,
        })?;
        // Nonce and tag of GCM are 28 bytes: what is shorter was not sealed.
        if sealed.len() < plaintext.len() + 28 {
            return Err(ProviderError::Garbled);
        }
        Ok(sealed.to_vec())
    }

    fn decrypt(&self, key: &KeyRef, sealed: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        self.bytes(&Question::Decrypt {
            key: self.sealing(key)?,
            sealed,
            aad,
        })
    }

    /// The certificate this service knows for `key`.
    fn certificate_of(&self, key: &PublicKey) -> Option<&Certificate> {
        let mut certificates = self.keys.values().map(|known| &known.certificate);
        certificates.find(|certificate| certificate.public_key() == key)
    }
}

impl Provider for CityProvider {
    fn origin(&self) -> Origin {
        Origin {
            name: self.which.name().to_owned(),
            kind: match self.which {
                CryptoProvider::Software => ProviderKind::Software,
                CryptoProvider::SignatureService => ProviderKind::SignatureService,
                CryptoProvider::CryptoServiceJson | CryptoProvider::CryptoServiceSof => {
                    ProviderKind::CryptoService
                }
            },
            emulated: self.emulated.load(Ordering::Relaxed),
            certified: None,
        }
    }

    fn public_key(&self, key: &KeyRef) -> Result<PublicKey, ProviderError> {
        Ok(self.signing(key)?.certificate.public_key().clone())
    }

    fn sign(&self, key: &KeyRef, message: &[u8]) -> Result<Signature, ProviderError> {
        let known = self.signing(key)?;
        let made = self.bytes(&Question::Sign {
            key: &known.place,
            message,
        })?;
        let signature = Signature::from_der(&made).map_err(|_| ProviderError::Garbled)?;
        if known
            .certificate
            .public_key()
            .verify(message, &signature)
            .is_valid()
        {
            Ok(signature)
        } else {
            Err(ProviderError::Garbled)
        }
    }

    /// The service checks by certificate: a key whose certificate it never showed is `UnknownKey`.
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> Verdict {
        let Some(certificate) = self.certificate_of(key) else {
            return Verdict::Indeterminate(IndeterminateReason::UnknownKey);
        };
        let outcome = self.put(&Question::Verify {
            certificate: certificate.to_der(),
            message,
            signature: &signature.to_der(),
        });
        match outcome {
            // An answer cut after `respValue=0` still reads as a success: it counts only where the arithmetic agrees.
            Ok(Reply::Verified(true)) if key.verify(message, signature).is_valid() => Verdict::Valid,
            Ok(Reply::Verified(true)) => Verdict::Indeterminate(IndeterminateReason::Garbled),
            Ok(Reply::Verified(false)) => Verdict::Invalid(InvalidReason::Mismatch),
            Ok(Reply::Bytes(_)) => Verdict::Indeterminate(IndeterminateReason::Garbled),
            Err(error) => Verdict::Indeterminate(undecided(error)),
        }
    }

    /// By the service where its language has words for it; otherwise here, for a digest needs no key.
    fn digest(&self, message: &[u8]) -> Result<Digest32, ProviderError> {
        let own = sm3(message);
        match self.bytes(&Question::Digest { message }) {
            Ok(theirs) if theirs.as_slice() == own.as_bytes() => Ok(own),
            Ok(_) => Err(ProviderError::Garbled),
            Err(ProviderError::Unsupported) => Ok(own),
            Err(error) => Err(error),
        }
    }

    fn seal(&self, key: &KeyRef, plaintext: &[u8], aad: &[u8]) -> Result<Vec<u8>, ProviderError> {
        self.encrypt(key, plaintext, aad)
    }

    fn open(&self, key: &KeyRef, sealed: &[u8], aad: &[u8]) -> Result<Vec<u8>, ProviderError> {
        Ok(self.decrypt(key, sealed, aad)?.to_vec())
    }

    fn wrap(&self, key: &KeyRef, secret: &[u8]) -> Result<Vec<u8>, ProviderError> {
        self.encrypt(key, secret, WRAP_AAD)
    }

    fn unwrap(&self, key: &KeyRef, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        self.decrypt(key, wrapped, WRAP_AAD)
    }

    /// By the service where its language has words for it; otherwise from the system's generator.
    fn random(&self, bytes: &mut [u8]) -> Result<(), ProviderError> {
        for piece in bytes.chunks_mut(RANDOM_MOST) {
            match self.bytes(&Question::Random { length: piece.len() }) {
                Ok(drawn) if drawn.len() == piece.len() => piece.copy_from_slice(&drawn),
                Ok(_) => return Err(ProviderError::Garbled),
                Err(ProviderError::Unsupported) => {
                    getrandom::fill(piece).map_err(|_| ProviderError::Unavailable)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Whether the certificate is an emulator's, where that may be.
fn is_emulated(certificate: &Certificate, allowed: bool) -> Result<bool, ConnectError> {
    match certificate.names_an_emulator() {
        true if !allowed => Err(ConnectError::Emulated),
        named => Ok(named),
    }
}

fn undecided(error: ProviderError) -> IndeterminateReason {
    match error {
        ProviderError::Timeout => IndeterminateReason::Timeout,
        ProviderError::Unavailable => IndeterminateReason::Unavailable,
        ProviderError::UnknownKey => IndeterminateReason::UnknownKey,
        ProviderError::Garbled => IndeterminateReason::Garbled,
        _ => IndeterminateReason::Refused,
    }
}

fn dialect(config: &CryptoConfig) -> Option<Box<dyn Dialect>> {
    let one_path = |default: &str| {
        config
            .paths
            .get("sign")
            .map_or(default, String::as_str)
            .to_owned()
    };
    let paths = |default: fn(&str) -> String| {
        let path = |name: &&'static str| {
            let set = config.paths.get(*name).cloned();
            (*name, set.unwrap_or_else(|| default(name)))
        };
        OPERATIONS.iter().map(path).collect()
    };
    Some(match (config.provider, config.form) {
        (CryptoProvider::Software, _) => return None,
        (CryptoProvider::SignatureService, MessageForm::Asn1) => Box::new(SvsAsn1 {
            path: one_path("/svs"),
        }),
        (CryptoProvider::SignatureService, MessageForm::Http) => Box::new(SvsForm {
            paths: paths(|name| {
                match name {
                    "certificate" => "/ExportCert",
                    "verify" => "/VerifySignedData",
                    _ => "/SignData",
                }
                .to_owned()
            }),
        }),
        (CryptoProvider::CryptoServiceJson, _) => Box::new(JsonService {
            app_id: config.app_id.clone(),
            app_secret: config.app_secret.clone(),
            paths: paths(|name| format!("/api/v1/{name}")),
        }),
        (CryptoProvider::CryptoServiceSof, _) => Box::new(SofService {
            app_id: config.app_id.clone(),
            app_secret: config.app_secret.clone(),
            path: one_path("/sof"),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use getrandom::SysRng;
    use rand_core::UnwrapErr;
    use shenhai_crypto::{SecretKey, SoftwareProvider, Subject, Usage, Validity, issue, issue_root};

    /// A key's certificate of that name, issued by an authority of the other.
    fn certificate(name: &str, organization: Option<&str>, issuer: &str) -> Certificate {
        let mut provider = SoftwareProvider::new(UnwrapErr(SysRng));
        let by = KeyRef::new("authority");
        provider.add_signing_key(by.clone(), SecretKey::generate(&mut UnwrapErr(SysRng)));
        let subject = |name: &str, organization: Option<&str>| Subject {
            common_name: name.to_owned(),
            organization: organization.map(str::to_owned),
            unit: None,
        };
        let validity = Validity {
            not_before: 1_795_000_000,
            not_after: 1_796_000_000,
        };
        let root = issue_root(&provider, &by, &subject(issuer, None), validity).expect("a root");
        let key = provider.public_key(&by).expect("its key");
        let named = subject(name, organization);
        issue(&provider, &by, &root, &named, &key, Usage::Gateway, validity).expect("a certificate")
    }

    #[test]
    fn a_production_build_refuses_an_emulators_certificate_by_its_name() {
        for (name, organization, issuer) in [
            ("receipt", None, "EMULATOR CA"),
            ("receipt", None, "Emulator-CA 2"),
            ("EMULATOR receipt", None, "CA"),
            ("receipt", Some("EMULATOR"), "CA"),
            ("receipt", None, "模拟 CA"),
        ] {
            let shown = certificate(name, organization, issuer);
            assert_eq!(
                is_emulated(&shown, false),
                Err(ConnectError::Emulated),
                "{name} {issuer}"
            );
            assert_eq!(is_emulated(&shown, true), Ok(true), "{name} {issuer}");
        }
        let real = certificate("receipt", Some("上海市水务局"), "上海 CA");
        assert_eq!(is_emulated(&real, false), Ok(false));
    }
}
