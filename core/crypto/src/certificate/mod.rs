//! Certificates of SM2 keys (X.509 v3, GB/T 20518-2018, RFC 5280), each kept as the exact bytes it came in.
//!
//! Not here: who is issued one and who was revoked, which the gateway decides. Called by the gateway (its small CA),
//! the client (credentials) and the verifier of exported cases.
//!
//! What a certificate is for ([`Usage`]) stands in its basicConstraints, keyUsage and extKeyUsage; see `usage`. A
//! certificate that says something else, or has a critical extension beside these, is not read at all.

mod issue;
mod read;
mod usage;
mod verify;

pub use issue::{issue, issue_root};
pub use read::CertificateError;
pub use usage::Usage;
pub(crate) use verify::verify_chain_by;
pub use verify::{LONGEST_CHAIN, verify_chain};

use crate::digest::{Digest32, sm3};
use crate::keys::PublicKey;
use crate::signature::Signature;
use base64ct::{Base64, Encoding};
use der::oid::ObjectIdentifier;
use std::fmt;

/// id-ecPublicKey (RFC 5480): the key's algorithm; the curve is its parameter.
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// The SM2 curve (GM/T 0006).
const SM2_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.301");
/// SM2 signature over SM3 (GM/T 0006).
const SM2_WITH_SM3: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.501");

const PEM_LABEL: &str = "CERTIFICATE";

/// Whom a certificate names. Other attributes of a name count for chaining and are not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// CN, 1 to 64 characters.
    pub common_name: String,
    /// O, 1 to 64 characters.
    pub organization: Option<String>,
    /// OU, 1 to 64 characters.
    pub unit: Option<String>,
}

/// When a certificate counts, in unix seconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First second.
    pub not_before: i64,
    /// Last second.
    pub not_after: i64,
}

/// A certificate of an SM2 key. That it reads says nothing of who made it: see [`verify_chain`].
#[derive(Clone)]
pub struct Certificate {
    der: Box<[u8]>,
    parts: Parts,
}

/// What was read from the bytes.
#[derive(Clone)]
struct Parts {
    /// What the issuer signed, exactly.
    signed: std::ops::Range<usize>,
    signature: Signature,
    serial: Vec<u8>,
    /// The DER of both names: compared as they are.
    issuer_name: Vec<u8>,
    subject_name: Vec<u8>,
    issuer_common_name: String,
    subject: Subject,
    validity: Validity,
    key: PublicKey,
    usage: Usage,
    /// Most authorities below this one, where it sets a limit.
    path_len: Option<u8>,
    key_id: Option<Vec<u8>>,
    issuer_key_id: Option<Vec<u8>>,
}

impl Certificate {
    /// A certificate from its DER.
    ///
    /// # Errors
    /// [`CertificateError`] says what is wrong with the bytes.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        Ok(Self {
            parts: read::parts(bytes)?,
            der: bytes.into(),
        })
    }

    /// The exact bytes it was made of.
    #[must_use]
    pub fn to_der(&self) -> &[u8] {
        &self.der
    }

    /// A certificate from PEM (RFC 7468) that holds exactly one.
    ///
    /// # Errors
    /// [`CertificateError`]
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        if text.len() > 2 * read::LARGEST {
            return Err(CertificateError::Oversized);
        }
        match der::pem::decode_vec(text.as_bytes()) {
            Ok((PEM_LABEL, bytes)) => Self::from_der(&bytes),
            Ok(_) | Err(_) => Err(CertificateError::NotPem),
        }
    }

    /// PEM with LF at line ends.
    #[must_use]
    pub fn to_pem(&self) -> String {
        der::pem::encode_string(PEM_LABEL, der::pem::LineEnding::LF, &self.der)
            .expect("a certificate is far below PEM's limits")
    }

    /// A certificate from standard base64 of its DER, with padding and without line ends.
    ///
    /// # Errors
    /// [`CertificateError`]
    pub fn from_base64(text: &str) -> Result<Self, CertificateError> {
        if text.len() > 2 * read::LARGEST {
            return Err(CertificateError::Oversized);
        }
        let bytes = Base64::decode_vec(text).map_err(|_| CertificateError::NotBase64)?;
        Self::from_der(&bytes)
    }

    /// Standard base64 of its DER, in one line.
    #[must_use]
    pub fn to_base64(&self) -> String {
        Base64::encode_string(&self.der)
    }

    /// The key it vouches for.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.parts.key
    }

    /// Whom it names.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.parts.subject
    }

    /// The issuer's CN.
    #[must_use]
    pub fn issuer_common_name(&self) -> &str {
        &self.parts.issuer_common_name
    }

    /// The serial number in lower-case hex, without a leading zero byte.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        base16ct::lower::encode_string(&self.parts.serial)
    }

    /// First second at which it counts, unix.
    #[must_use]
    pub fn not_before(&self) -> i64 {
        self.parts.validity.not_before
    }

    /// Last second at which it counts, unix.
    #[must_use]
    pub fn not_after(&self) -> i64 {
        self.parts.validity.not_after
    }

    /// What it was issued for.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.parts.usage
    }

    /// What people compare by eye or by telephone: the first 16 hex digits of [`Self::digest`] in groups of four.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digits = self.digest().to_hex();
        [&digits[..4], &digits[4..8], &digits[8..12], &digits[12..16]].join(" ")
    }

    /// What a scanned code names it by: the first 128 bits of the SM3 of its DER, 32 hex digits. A person compares the
    /// shorter [`Self::fingerprint`]; no machine should, for 64 bits are within reach of somebody with time.
    #[must_use]
    pub fn pin(&self) -> String {
        self.digest().to_hex()[..32].to_owned()
    }

    /// Whether it or who issued it is called an emulator: good for tests, and for nothing else, whatever the one who
    /// shows it says.
    #[must_use]
    pub fn names_an_emulator(&self) -> bool {
        let subject = self.subject();
        let names = [
            Some(&subject.common_name),
            subject.organization.as_ref(),
            subject.unit.as_ref(),
        ];
        let emulator = |name: &str| name.to_lowercase().contains("emulator") || name.contains("模拟");
        emulator(self.issuer_common_name()) || names.into_iter().flatten().any(|name| emulator(name))
    }

    /// SM3 of its DER.
    #[must_use]
    pub fn digest(&self) -> Digest32 {
        sm3(&self.der)
    }

    /// What the issuer signed.
    fn signed(&self) -> &[u8] {
        &self.der[self.parts.signed.clone()]
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Certificate({:?} {:?}, serial {}, {})",
            self.usage(),
            self.subject().common_name,
            self.serial_hex(),
            self.fingerprint()
        )
    }
}
