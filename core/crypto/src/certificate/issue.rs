//! Making certificates: a root that signs itself, and what it issues.
//!
//! Not the decision who gets one. Called by the gateway's CA, at enrolment and at first start.

use super::{Certificate, EC_PUBLIC_KEY, SM2_CURVE, SM2_WITH_SM3, Subject, Usage, Validity};
use crate::digest::sm3;
use crate::keys::PublicKey;
use crate::provider::{KeyRef, Provider, ProviderError};
use der::asn1::{Any, BitString, OctetString, SetOfVec};
use der::oid::{AssociatedOid, ObjectIdentifier};
use der::{Decode, Encode, Sequence, Tag};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use std::time::Duration;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::certificate::Version;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, SubjectKeyIdentifier,
};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity as X509Validity};

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");
/// Longest attribute of a name, in characters (RFC 5280 appendix A, ub-common-name and its like).
const LONGEST_ATTRIBUTE: usize = 64;

/// `TBSCertificate` of RFC 5280 §4.1 without the unique ids, which nobody uses. x509-cert's own can be read but not
/// put together.
#[derive(Sequence)]
struct ToBeSigned {
    #[asn1(context_specific = "0", default = "Default::default")]
    version: Version,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: X509Validity,
    subject: Name,
    subject_public_key_info: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(Sequence)]
struct Signed {
    to_be_signed: ToBeSigned,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// A root for the provider's `key`: it signs itself.
///
/// # Errors
/// [`ProviderError::Malformed`] when the subject or the validity cannot be written; the provider's own.
pub fn issue_root(
    provider: &dyn Provider,
    key: &KeyRef,
    subject: &Subject,
    validity: Validity,
) -> Result<Certificate, ProviderError> {
    let public = provider.public_key(key)?;
    let name = name(subject)?;
    let key_id = key_id(&public);
    let order = Order {
        issuer: name.clone(),
        issuer_key_id: key_id,
        subject: name,
        public: &public,
        usage: Usage::Authority,
        validity,
    };
    order.signed_by(provider, key)
}

/// A certificate for `public_key`, issued by the holder of `issuer`, whose key the provider keeps as `issuer_key`.
///
/// The serial number is random, 16 bytes.
///
/// # Errors
/// [`ProviderError::WrongUse`] when `issuer` may not issue or is not of `issuer_key`; [`ProviderError::Malformed`]
/// when the subject or the validity cannot be written; the provider's own.
pub fn issue(
    provider: &dyn Provider,
    issuer_key: &KeyRef,
    issuer: &Certificate,
    subject: &Subject,
    public_key: &PublicKey,
    usage: Usage,
    validity: Validity,
) -> Result<Certificate, ProviderError> {
    if issuer.usage() != Usage::Authority || provider.public_key(issuer_key)? != *issuer.public_key() {
        return Err(ProviderError::WrongUse);
    }
    let order = Order {
        issuer: Name::from_der(&issuer.parts.subject_name).map_err(malformed)?,
        issuer_key_id: (issuer.parts.key_id.clone()).unwrap_or_else(|| key_id(issuer.public_key())),
        subject: name(subject)?,
        public: public_key,
        usage,
        validity,
    };
    order.signed_by(provider, issuer_key)
}

/// What is to be certified.
struct Order<'a> {
    issuer: Name,
    issuer_key_id: Vec<u8>,
    subject: Name,
    public: &'a PublicKey,
    usage: Usage,
    validity: Validity,
}

impl Order<'_> {
    fn signed_by(self, provider: &dyn Provider, key: &KeyRef) -> Result<Certificate, ProviderError> {
        let mut serial = [0_u8; 16];
        provider.random(&mut serial)?;
        // Positive and always of the same length: RFC 5280 §4.1.2.2.
        serial[0] = serial[0] & 0x7f | 0x40;
        let to_be_signed = self.certifying(&serial).map_err(malformed)?;
        let signature = provider.sign(key, &to_be_signed.to_der().map_err(malformed)?)?;
        let bytes = BitString::from_bytes(&signature.to_der())
            .and_then(|signature| {
                Signed {
                    to_be_signed,
                    algorithm: algorithm(),
                    signature,
                }
                .to_der()
            })
            .map_err(malformed)?;
        // Read back: what is issued is exactly what others will read.
        Certificate::from_der(&bytes).map_err(|_| ProviderError::Malformed)
    }

    fn certifying(self, serial: &[u8]) -> der::Result<ToBeSigned> {
        Ok(ToBeSigned {
            version: Version::V3,
            serial_number: SerialNumber::new(serial)?,
            signature: algorithm(),
            issuer: self.issuer,
            validity: X509Validity::new(time(self.validity.not_before)?, time(self.validity.not_after)?),
            subject: self.subject,
            subject_public_key_info: SubjectPublicKeyInfoOwned {
                algorithm: AlgorithmIdentifierOwned {
                    oid: EC_PUBLIC_KEY,
                    parameters: Some(Any::from(SM2_CURVE)),
                },
                subject_public_key: BitString::from_bytes(&self.public.to_sec1())?,
            },
            extensions: Some(extensions(self.usage, self.public, self.issuer_key_id)?),
        })
    }
}

fn extensions(usage: Usage, public: &PublicKey, issuer_key_id: Vec<u8>) -> der::Result<Vec<Extension>> {
    let constraints = BasicConstraints {
        ca: usage == Usage::Authority,
        path_len_constraint: None,
    };
    let subject_key = SubjectKeyIdentifier(OctetString::new(key_id(public))?);
    let authority_key = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(issuer_key_id)?),
        ..AuthorityKeyIdentifier::default()
    };
    let mut all = vec![
        extension(true, &constraints)?,
        extension(true, &usage.key_usage())?,
        extension(false, &subject_key)?,
        extension(false, &authority_key)?,
    ];
    let purposes = usage.purposes();
    if !purposes.is_empty() {
        all.push(extension(true, &ExtendedKeyUsage(purposes))?);
    }
    Ok(all)
}

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> der::Result<Extension> {
    Ok(Extension {
        extn_id: T::OID,
        critical,
        extn_value: OctetString::new(value.to_der()?)?,
    })
}

fn algorithm() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid: SM2_WITH_SM3,
        parameters: None,
    }
}

/// 20 bytes of SM3 over the point: RFC 5280 §4.2.1.2 leaves the method open, RFC 7093 cuts a digest like this.
fn key_id(key: &PublicKey) -> Vec<u8> {
    sm3(&key.to_sec1()).as_bytes()[..20].to_vec()
}

/// RFC 5280 §4.1.2.5: two digits of the year through 2049, four afterwards.
fn time(unix_seconds: i64) -> der::Result<Time> {
    let seconds = u64::try_from(unix_seconds).map_err(|_| der::ErrorKind::DateTime)?;
    Ok(Time::from(der::DateTime::from_unix_duration(
        Duration::from_secs(seconds),
    )?))
}

fn name(subject: &Subject) -> Result<Name, ProviderError> {
    let attributes = [
        (ORGANIZATION, subject.organization.as_deref()),
        (UNIT, subject.unit.as_deref()),
        (COMMON_NAME, Some(subject.common_name.as_str())),
    ];
    let mut sets = Vec::new();
    for (oid, text) in attributes {
        let Some(text) = text else { continue };
        if text.is_empty() || text.chars().count() > LONGEST_ATTRIBUTE || text.chars().any(char::is_control) {
            return Err(ProviderError::Malformed);
        }
        let value = Any::new(Tag::Utf8String, text.as_bytes()).map_err(malformed)?;
        let set = SetOfVec::try_from(vec![AttributeTypeAndValue { oid, value }]).map_err(malformed)?;
        sets.push(set);
    }
    // A Name is the SEQUENCE OF these sets; x509-cert builds one from bytes.
    let bytes = sets.to_der().map_err(malformed)?;
    Name::from_der(&bytes).map_err(malformed)
}

fn malformed(_: der::Error) -> ProviderError {
    ProviderError::Malformed
}
