//! What a cryptographic service can be asked, whatever language it speaks.
//!
//! Not the languages (`svs_asn1`, `svs_form`, `json`, `sof`) and not the rules around the answers (`provider`).

use super::config::ServiceKey;
use super::transport::Ask;
use shenhai_crypto::ProviderError;
use zeroize::Zeroizing;

/// One question.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question<'a> {
    /// The certificate of a key kept there.
    Certificate { key: &'a ServiceKey },
    /// An SM2 signature with a key kept there.
    Sign { key: &'a ServiceKey, message: &'a [u8] },
    /// Whether a signature holds under a certificate (DER).
    Verify {
        certificate: &'a [u8],
        message: &'a [u8],
        signature: &'a [u8],
    },
    /// SM3.
    Digest { message: &'a [u8] },
    /// SM4-GCM with a key kept there.
    Encrypt {
        key: &'a ServiceKey,
        plaintext: &'a [u8],
        aad: &'a [u8],
    },
    /// Its reverse.
    Decrypt {
        key: &'a ServiceKey,
        sealed: &'a [u8],
        aad: &'a [u8],
    },
    /// Random bytes.
    Random { length: usize },
}

impl Question<'_> {
    /// The operation's name in `[crypto.paths]`.
    pub(crate) fn operation(&self) -> &'static str {
        match self {
            Self::Certificate { .. } => "certificate",
            Self::Sign { .. } => "sign",
            Self::Verify { .. } => "verify",
            Self::Digest { .. } => "digest",
            Self::Encrypt { .. } => "encrypt",
            Self::Decrypt { .. } => "decrypt",
            Self::Random { .. } => "random",
        }
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A certificate, a signature in DER, a digest, a text sealed or opened, random bytes.
    Bytes(Zeroizing<Vec<u8>>),
    /// Whether the signature holds.
    Verified(bool),
}

impl Reply {
    pub(crate) fn bytes(bytes: Vec<u8>) -> Self {
        Self::Bytes(Zeroizing::new(bytes))
    }
}

/// A language of a cryptographic service.
pub(crate) trait Dialect: Send + Sync {
    /// How the question is put; [`ProviderError::Unsupported`] where the language has no words for it.
    fn ask(&self, question: &Question<'_>, now_unix_millis: i64) -> Result<Ask, ProviderError>;

    /// What the answer says. Never trusted further: see `provider`.
    fn read(&self, question: &Question<'_>, body: &[u8]) -> Result<Reply, ProviderError>;
}

/// Standard base64 of outside text, `Garbled` where it is not.
pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>, ProviderError> {
    use base64ct::Encoding;
    base64ct::Base64::decode_vec(text).map_err(|_| ProviderError::Garbled)
}

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    use base64ct::Encoding;
    base64ct::Base64::encode_string(bytes)
}
