//! The emulated services' keys, certificates, faults on order and log of requests.

use super::fault::{FaultOrder, Mode};
use super::{RECEIPT, SEALING, Wish, Word};
use getrandom::SysRng;
use serde::Serialize;
use shenhai_crypto::{
    Certificate, KeyRef, Provider, ProviderError, SealingKey, SecretKey, Signature, SoftwareProvider,
    Subject, Usage, Validity, issue, issue_root, sm3,
};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const AUTHORITY: &str = "authority";
const STRANGER: &str = "stranger";
const YEAR: i64 = 365 * 24 * 3600;
const LINES_KEPT: usize = 200;

/// One request, as the console shows it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Line {
    pub(crate) at: i64,
    pub(crate) service: &'static str,
    pub(crate) wish: &'static str,
    pub(crate) word: &'static str,
    pub(crate) fault: Option<Mode>,
    pub(crate) provider: &'static str,
}

#[derive(Default)]
struct State {
    fault: Option<FaultOrder>,
    delay: Duration,
    lines: VecDeque<Line>,
}

pub(crate) struct Desk {
    provider: SoftwareProvider,
    authority: Certificate,
    receipt: Certificate,
    stranger: Certificate,
    state: Mutex<State>,
}

impl Desk {
    /// New keys and a new CA, certificates from a year before `now` to ten years after.
    pub(crate) fn new(now: i64) -> Result<Self, ProviderError> {
        let mut rng = rand_core::UnwrapErr(SysRng);
        let mut provider = SoftwareProvider::new(rand_core::UnwrapErr(SysRng));
        for name in [AUTHORITY, RECEIPT, STRANGER] {
            provider.add_signing_key(KeyRef::new(name), SecretKey::generate(&mut rng));
        }
        provider.add_sealing_key(KeyRef::new(SEALING), SealingKey::generate(&mut rng));
        let validity = Validity {
            not_before: now - YEAR,
            not_after: now + 10 * YEAR,
        };
        let authority_key = KeyRef::new(AUTHORITY);
        let authority = issue_root(&provider, &authority_key, &subject("EMULATOR CA"), validity)?;
        let certify = |name: &str, common_name: &str| {
            let key = provider.public_key(&KeyRef::new(name))?;
            let named = subject(common_name);
            issue(
                &provider,
                &authority_key,
                &authority,
                &named,
                &key,
                Usage::Gateway,
                validity,
            )
        };
        let receipt = certify(RECEIPT, "EMULATOR receipt")?;
        let stranger = certify(STRANGER, "EMULATOR stranger")?;
        Ok(Self {
            provider,
            authority,
            receipt,
            stranger,
            state: Mutex::default(),
        })
    }

    pub(crate) fn authority(&self) -> &Certificate {
        &self.authority
    }

    pub(crate) fn fulfil(&self, wish: &Wish, fault: Option<Mode>) -> Word {
        let sealing = KeyRef::new(SEALING);
        let done = match wish {
            Wish::Certificate(label) if label == RECEIPT => Ok(match fault {
                Some(Mode::WrongCertificate) => self.stranger.to_der().to_vec(),
                _ => self.receipt.to_der().to_vec(),
            }),
            Wish::Certificate(_) => Err(ProviderError::UnknownKey),
            Wish::Sign(message) => {
                let by = if fault == Some(Mode::WrongSignature) {
                    STRANGER
                } else {
                    RECEIPT
                };
                let signed = self.provider.sign(&KeyRef::new(by), message);
                signed.map(|signature| signature.to_der())
            }
            Wish::Verify {
                certificate,
                message,
                signature,
            } => return self.verify(certificate, message, signature),
            Wish::Digest(message) => Ok(sm3(message).as_bytes().to_vec()),
            Wish::Encrypt(plaintext, aad) => self.provider.seal(&sealing, plaintext, aad),
            Wish::Decrypt(sealed, aad) => self.provider.open(&sealing, sealed, aad),
            Wish::Random(length) => {
                let mut bytes = vec![0; *length];
                self.provider.random(&mut bytes).map(|()| bytes)
            }
        };
        match done {
            Ok(bytes) => Word::Bytes(bytes),
            Err(ProviderError::UnknownKey) => Word::UnknownKey,
            Err(ProviderError::NotAuthentic) => Word::NotAuthentic,
            Err(_) => Word::Refused,
        }
    }

    fn verify(&self, certificate: &[u8], message: &[u8], signature: &[u8]) -> Word {
        let Ok(certificate) = Certificate::from_der(certificate) else {
            return Word::Refused;
        };
        let holds = Signature::from_der(signature)
            .is_ok_and(|signature| certificate.public_key().verify(message, &signature).is_valid());
        Word::Verified(holds)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn order(&self, order: FaultOrder) {
        let mut state = self.state();
        state.delay = Duration::from_millis(order.delay_ms);
        state.fault = Some(order);
    }

    /// The fault of this answer, if any; used up by asking.
    pub(crate) fn fault(&self) -> Option<Mode> {
        let mut state = self.state();
        let order = state.fault.as_mut()?;
        order.count = order.count.checked_sub(1)?;
        Some(order.mode)
    }

    pub(crate) fn delay(&self) -> Duration {
        self.state().delay
    }

    pub(crate) fn note(
        &self,
        at: i64,
        service: &'static str,
        wish: &Option<Wish>,
        word: &Word,
        fault: Option<Mode>,
    ) {
        let line = Line {
            at,
            service,
            wish: wish.as_ref().map_or("unreadable", wish_name),
            word: word_name(word),
            fault,
            provider: "emulated",
        };
        let mut state = self.state();
        if state.lines.len() == LINES_KEPT {
            state.lines.pop_back();
        }
        state.lines.push_front(line);
    }

    /// The requests, newest first.
    pub(crate) fn lines(&self) -> Vec<Line> {
        self.state().lines.iter().cloned().collect()
    }
}

fn subject(common_name: &str) -> Subject {
    Subject {
        common_name: common_name.to_owned(),
        organization: Some("EMULATOR".to_owned()),
        unit: None,
    }
}

fn wish_name(wish: &Wish) -> &'static str {
    match wish {
        Wish::Certificate(_) => "certificate",
        Wish::Sign(_) => "sign",
        Wish::Verify { .. } => "verify",
        Wish::Digest(_) => "digest",
        Wish::Encrypt(..) => "encrypt",
        Wish::Decrypt(..) => "decrypt",
        Wish::Random(_) => "random",
    }
}

fn word_name(word: &Word) -> &'static str {
    match word {
        Word::Bytes(_) | Word::Verified(true) => "done",
        Word::Verified(false) => "does not hold",
        Word::UnknownKey => "unknown key",
        Word::NotAuthentic => "not authentic",
        Word::Refused => "refused",
    }
}
