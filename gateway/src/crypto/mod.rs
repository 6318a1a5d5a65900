//! The city's cryptographic services as providers of the gateway's keys.
//!
//! Not the keys' use (`keys`) and not the arithmetic (`shenhai_crypto`). One file per language the services speak,
//! one [`Dialect`](dialect::Dialect) each; [`CityProvider`] holds the rules that are the same for all: bounded
//! time, no trust in an answer that can be checked, a time-out that is never a success.

#[cfg(feature = "botan")]
mod botan;
mod breaker;
mod config;
mod continuity;
mod dialect;
mod json;
mod provider;
pub(crate) mod security_gateway;
mod sof;
mod svs_asn1;
mod svs_codes;
mod svs_form;
mod transport;

#[cfg(not(feature = "botan"))]
use getrandom::SysRng;
#[cfg(not(feature = "botan"))]
use rand_core::UnwrapErr;
#[cfg(not(feature = "botan"))]
use shenhai_crypto::SoftwareProvider;
use shenhai_crypto::{Provider, ProviderError};
use std::sync::Arc;

pub use config::{
    CryptoConfig, CryptoConfigError, CryptoProvider, MessageForm, Secret, ServiceKey, ServiceKeyKind,
};
pub(crate) use continuity::{check_continuity, record};
pub use provider::{CityProvider, ConnectError};
pub use security_gateway::{ClientAuthority, SecurityGatewayConfig, SecurityGatewayError};

/// Who checks devices' signatures: the fastest provider that was compiled in. It keeps no key.
///
/// # Errors
/// [`ProviderError::Unsupported`] when it cannot do SM2.
#[cfg(feature = "botan")]
pub(crate) fn verifier() -> Result<Arc<dyn Provider>, ProviderError> {
    Ok(Arc::new(botan::BotanProvider::new()?))
}

/// Who checks devices' signatures: the fastest provider that was compiled in. It keeps no key.
///
/// # Errors
/// None of the software provider's.
#[cfg(not(feature = "botan"))]
pub(crate) fn verifier() -> Result<Arc<dyn Provider>, ProviderError> {
    Ok(Arc::new(SoftwareProvider::new(UnwrapErr(SysRng))))
}

/// The readers of the services' answers, for fuzzing alone: none of them is part of the gateway's interface.
#[doc(hidden)]
pub mod answers {
    use super::config::ServiceKey;
    use super::dialect::{Question, Reply};
    use super::{json, sof, svs_asn1, svs_form};
    use shenhai_crypto::ProviderError;

    /// `SVSRespond` in DER.
    ///
    /// # Errors
    /// [`ProviderError`]
    pub fn svs_asn1(body: &[u8]) -> Result<(u8, Reply), ProviderError> {
        svs_asn1::read_respond(body)
    }

    /// Pairs of the HTTP form: how many there are.
    ///
    /// # Errors
    /// [`ProviderError`]
    pub fn svs_form(body: &[u8]) -> Result<usize, ProviderError> {
        svs_form::read_pairs(body).map(|pairs| pairs.len())
    }

    /// The JSON forms: what each makes of `body` as the answer to a question for a signature and for a check.
    pub fn json_and_sof(body: &[u8]) -> [Result<Reply, ProviderError>; 4] {
        let key = ServiceKey::default();
        let sign = Question::Sign {
            key: &key,
            message: b"",
        };
        let verify = Question::Verify {
            certificate: b"",
            message: b"",
            signature: b"",
        };
        [
            json::read_answer(&sign, body),
            json::read_answer(&verify, body),
            sof::read_answer(&sign, body),
            sof::read_answer(&verify, body),
        ]
    }
}
