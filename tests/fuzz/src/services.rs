//! The answers of the city's cryptographic services, as the gateway's adapters read them.
//!
//! Not their meaning for a receipt, which the adapters' own tests hold. Called by the smoke tests and the libFuzzer
//! wrappers.

use shenhai_crypto::ProviderError;
use shenhai_gateway::crypto_answers;

/// `SVSRespond` in DER: a type of the three, or an enumerated refusal.
pub fn svs_respond(data: &[u8]) {
    match crypto_answers::svs_asn1(data) {
        Ok((kind, _)) => assert!(matches!(kind, 0 | 3 | 4), "{kind}"),
        Err(error) => assert_ne!(
            error,
            ProviderError::Timeout,
            "an answer that came is not a time-out"
        ),
    }
}

/// The other forms: pairs within their bound, JSON.
pub fn service_answers(data: &[u8]) {
    if let Ok(pairs) = crypto_answers::svs_form(data) {
        assert!((1..=16).contains(&pairs), "{pairs}");
    }
    for reply in crypto_answers::json_and_sof(data) {
        assert_ne!(reply.err(), Some(ProviderError::Timeout));
    }
}
