//! Botan as the provider that checks devices' signatures: about three times as fast as the software provider
//! (`cargo xtask bench crypto`), which is what a push waits for.
//!
//! Not a keeper of keys and not a certified module. Compiled only with the cargo feature `botan`, because Botan's C++
//! takes minutes to build; chosen at start where it is compiled in.

use botan::{Privkey, Pubkey, RandomNumberGenerator, Verifier};
use shenhai_crypto::{
    Digest32, IndeterminateReason, InvalidReason, KeyRef, Origin, Provider, ProviderError, ProviderKind,
    PublicKey, Signature, Verdict, sm3,
};
use zeroize::Zeroizing;

/// GM/T 0009 §10's default identity, and SM3.
const PARAMETERS: &str = "1234567812345678,SM3";
/// `04‖x‖y`.
const POINT: usize = 65;

/// Checks signatures with Botan and keeps no key.
#[derive(Debug)]
pub(crate) struct BotanProvider {
    /// What stands before the point in Botan's own encoding of an SM2 key: its interface reads no bare point.
    before_the_point: Vec<u8>,
}

impl BotanProvider {
    /// Ask Botan how it writes an SM2 key.
    ///
    /// # Errors
    /// [`ProviderError::Unsupported`] when this Botan has no SM2.
    pub(crate) fn new() -> Result<Self, ProviderError> {
        let encoded = RandomNumberGenerator::new_system()
            .and_then(|mut rng| Privkey::create("SM2", "sm2p256v1", &mut rng))
            .and_then(|key| key.pubkey())
            .and_then(|key| key.der_encode())
            .map_err(|_| ProviderError::Unsupported)?;
        let before = encoded
            .len()
            .checked_sub(POINT)
            .ok_or(ProviderError::Unsupported)?;
        Ok(Self {
            before_the_point: encoded[..before].to_vec(),
        })
    }

    fn holds(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> Result<bool, botan::Error> {
        let encoded = [self.before_the_point.as_slice(), &key.to_sec1()].concat();
        let mut verifier = Verifier::new(&Pubkey::load_der(&encoded)?, PARAMETERS)?;
        verifier.update(message)?;
        verifier.finish(&signature.to_bytes())
    }
}

impl Provider for BotanProvider {
    fn origin(&self) -> Origin {
        Origin {
            name: "botan".to_owned(),
            kind: ProviderKind::Software,
            emulated: false,
            certified: None,
        }
    }

    fn public_key(&self, _key: &KeyRef) -> Result<PublicKey, ProviderError> {
        Err(ProviderError::UnknownKey)
    }

    fn sign(&self, _key: &KeyRef, _message: &[u8]) -> Result<Signature, ProviderError> {
        Err(ProviderError::UnknownKey)
    }

    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> Verdict {
        match self.holds(key, message, signature) {
            Ok(true) => Verdict::Valid,
            Ok(false) => Verdict::Invalid(InvalidReason::Mismatch),
            // Key and signature were well formed before they came here: what Botan cannot do is not the signer's.
            Err(_) => Verdict::Indeterminate(IndeterminateReason::Garbled),
        }
    }

    fn digest(&self, message: &[u8]) -> Result<Digest32, ProviderError> {
        Ok(sm3(message))
    }

    fn seal(&self, _key: &KeyRef, _plaintext: &[u8], _aad: &[u8]) -> Result<Vec<u8>, ProviderError> {
        Err(ProviderError::UnknownKey)
    }

    fn open(&self, _key: &KeyRef, _sealed: &[u8], _aad: &[u8]) -> Result<Vec<u8>, ProviderError> {
        Err(ProviderError::UnknownKey)
    }

    fn wrap(&self, _key: &KeyRef, _secret: &[u8]) -> Result<Vec<u8>, ProviderError> {
        Err(ProviderError::UnknownKey)
    }

    fn unwrap(&self, _key: &KeyRef, _wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        Err(ProviderError::UnknownKey)
    }

    fn random(&self, _bytes: &mut [u8]) -> Result<(), ProviderError> {
        Err(ProviderError::Unsupported)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shenhai_crypto::SecretKey;

    /// The expected verdicts are those of the software provider, another implementation.
    #[test]
    fn it_agrees_with_the_software_provider() {
        let botan = BotanProvider::new().expect("Botan with SM2");
        let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
        let (key, other) = (SecretKey::generate(&mut rng), SecretKey::generate(&mut rng));
        for length in [0_usize, 1, 31, 32, 512, 70_000] {
            let message = vec![0x5a; length];
            let signature = key.sign(&message, &mut rng);
            assert_eq!(botan.verify(key.public(), &message, &signature), Verdict::Valid);
            let mut changed = message.clone();
            changed.push(1);
            let mismatch = Verdict::Invalid(InvalidReason::Mismatch);
            assert_eq!(botan.verify(key.public(), &changed, &signature), mismatch);
            assert_eq!(botan.verify(other.public(), &message, &signature), mismatch);
            assert_eq!(other.public().verify(&message, &signature), mismatch);
        }
    }

    #[test]
    fn it_keeps_no_key() {
        let botan = BotanProvider::new().expect("Botan with SM2");
        assert_eq!(
            botan.sign(&KeyRef::new("receipt"), b"").map(|_| ()),
            Err(ProviderError::UnknownKey)
        );
    }
}
