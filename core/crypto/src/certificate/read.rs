//! From bytes to the parts of a certificate: what of X.509 this product reads, and nothing beyond.
//!
//! Not a check of the issuer. Called by `Certificate::from_der`, thus over bytes from outside.

use super::usage::Usage;
use super::{EC_PUBLIC_KEY, Parts, SM2_CURVE, SM2_WITH_SM3, Subject, Validity};
use crate::der::DerError;
use crate::keys::{KeyError, PublicKey};
use crate::signature::Signature;
use der::oid::{AssociatedOid, ObjectIdentifier};
use der::{Decode, Encode, Header, Reader, SliceReader};
use spki::AlgorithmIdentifierOwned;
use thiserror::Error;
use x509_cert::certificate::{TbsCertificate, Version};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier,
};
use x509_cert::name::Name;

/// Largest DER that is looked at. One of ours has about 500 bytes, one of a public CA below 2000.
pub(super) const LARGEST: usize = 8192;

/// Why bytes or text are not a certificate that this product reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// Not one PEM block `CERTIFICATE`.
    #[error("not PEM of a certificate")]
    NotPem,
    /// Not standard base64 with padding.
    #[error("not base64")]
    NotBase64,
    /// More than 8 KiB.
    #[error("oversized")]
    Oversized,
    /// Not the DER of a certificate.
    #[error("certificate: {0}")]
    Der(DerError),
    /// Not version 3.
    #[error("not an X.509 version 3 certificate")]
    Version,
    /// The serial number is not a positive number.
    #[error("serial number not positive")]
    Serial,
    /// Not signed by SM2 over SM3.
    #[error("not signed by SM2 with SM3")]
    Algorithm,
    /// Signed by something that is no SM2 signature.
    #[error("signature: {0}")]
    Signature(DerError),
    /// The key is of another algorithm or curve.
    #[error("not a key of the SM2 curve")]
    KeyAlgorithm,
    /// The key is not one.
    #[error("public key: {0}")]
    Key(KeyError),
    /// A name without a CN, or with text that cannot be read.
    #[error("unusable name")]
    Name,
    /// It ends before it begins.
    #[error("ends before it begins")]
    Validity,
    /// An extension twice, unreadable, or critical and unknown here.
    #[error("unusable extension")]
    Extension,
    /// Its extensions name no use of this product, or contradict each other.
    #[error("unknown usage")]
    Usage,
}

impl From<der::Error> for CertificateError {
    fn from(error: der::Error) -> Self {
        Self::Der(DerError::of(error))
    }
}

/// Read and check everything that can be checked without the issuer.
pub(super) fn parts(bytes: &[u8]) -> Result<Parts, CertificateError> {
    if bytes.len() > LARGEST {
        return Err(CertificateError::Oversized);
    }
    let (signed, algorithm, signature) = split(bytes)?;
    let tbs = TbsCertificate::from_der(&bytes[signed.clone()])?;
    if tbs.version() != Version::V3 {
        return Err(CertificateError::Version);
    }
    // RFC 5280 §4.1.1.2: the algorithm stands inside and outside of what is signed, the same twice.
    if !is_sm2_with_sm3(&algorithm) || algorithm != *tbs.signature() {
        return Err(CertificateError::Algorithm);
    }
    let extensions = Extensions::of(&tbs)?;
    Ok(Parts {
        signed,
        signature: Signature::from_der(&signature).map_err(CertificateError::Signature)?,
        serial: serial(&tbs)?,
        issuer_name: tbs.issuer().to_der()?,
        subject_name: tbs.subject().to_der()?,
        issuer_common_name: subject(tbs.issuer())?.common_name,
        subject: subject(tbs.subject())?,
        validity: validity(&tbs)?,
        key: key(&tbs)?,
        usage: extensions.usage,
        path_len: extensions.path_len,
        key_id: extensions.key_id,
        issuer_key_id: extensions.issuer_key_id,
    })
}

/// Where the signed part stands, the algorithm, and the signature's bytes.
fn split(
    bytes: &[u8],
) -> Result<(std::ops::Range<usize>, AlgorithmIdentifierOwned, Vec<u8>), CertificateError> {
    let mut reader = SliceReader::new(bytes)?;
    let header = Header::decode(&mut reader)?;
    header.tag().assert_eq(der::Tag::Sequence)?;
    let start = usize::try_from(reader.position())?;
    let parts = reader.read_nested(header.length(), |inner| {
        let signed = inner.tlv_bytes()?;
        let algorithm = AlgorithmIdentifierOwned::decode(inner)?;
        let signature = der::asn1::BitStringRef::decode(inner)?;
        let whole =
            (signature.as_bytes()).ok_or_else(|| der::Error::from(der::Tag::BitString.value_error()))?;
        Ok::<_, der::Error>((start..start + signed.len(), algorithm, whole.to_vec()))
    })?;
    reader.finish()?;
    Ok(parts)
}

/// GM/T 0015 leaves the parameters out; older software writes a NULL.
fn is_sm2_with_sm3(algorithm: &AlgorithmIdentifierOwned) -> bool {
    algorithm.oid == SM2_WITH_SM3 && algorithm.parameters.as_ref().is_none_or(der::asn1::Any::is_null)
}

fn serial(tbs: &TbsCertificate) -> Result<Vec<u8>, CertificateError> {
    let bytes = tbs.serial_number().as_bytes();
    let digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if digits.is_empty() || bytes[0] >= 0x80 {
        return Err(CertificateError::Serial);
    }
    Ok(digits)
}

fn subject(name: &Name) -> Result<Subject, CertificateError> {
    let text = |value: der::Result<Option<x509_cert::ext::pkix::name::DirectoryString>>| {
        value
            .map(|text| text.map(|text| text.value().into_owned()))
            .map_err(|_| CertificateError::Name)
    };
    Ok(Subject {
        common_name: text(name.common_name())?.ok_or(CertificateError::Name)?,
        organization: text(name.organization())?,
        unit: text(name.organization_unit())?,
    })
}

fn validity(tbs: &TbsCertificate) -> Result<Validity, CertificateError> {
    let seconds = |time: x509_cert::time::Time| {
        i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| CertificateError::Validity)
    };
    let validity = Validity {
        not_before: seconds(tbs.validity().not_before)?,
        not_after: seconds(tbs.validity().not_after)?,
    };
    if validity.not_after < validity.not_before {
        return Err(CertificateError::Validity);
    }
    Ok(validity)
}

fn key(tbs: &TbsCertificate) -> Result<PublicKey, CertificateError> {
    let info = tbs.subject_public_key_info();
    let curve = (info.algorithm.parameters.as_ref()).and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    if info.algorithm.oid != EC_PUBLIC_KEY || curve != Some(SM2_CURVE) {
        return Err(CertificateError::KeyAlgorithm);
    }
    let point = (info.subject_public_key.as_bytes()).ok_or(CertificateError::Key(KeyError::Length))?;
    PublicKey::from_sec1(point).map_err(CertificateError::Key)
}

struct Extensions {
    usage: Usage,
    path_len: Option<u8>,
    key_id: Option<Vec<u8>>,
    issuer_key_id: Option<Vec<u8>>,
}

impl Extensions {
    fn of(tbs: &TbsCertificate) -> Result<Self, CertificateError> {
        let known = [BasicConstraints::OID, KeyUsage::OID, ExtendedKeyUsage::OID];
        for extension in tbs.extensions().into_iter().flatten() {
            if extension.critical && !known.contains(&extension.extn_id) {
                return Err(CertificateError::Extension);
            }
        }
        let constraints = extension::<BasicConstraints>(tbs)?;
        let key_usage = extension::<KeyUsage>(tbs)?.ok_or(CertificateError::Usage)?;
        let purposes = extension::<ExtendedKeyUsage>(tbs)?.map_or_else(Vec::new, |purposes| purposes.0);
        let (ca, path_len) = constraints.map_or((false, None), |c| (c.ca, c.path_len_constraint));
        Ok(Self {
            usage: Usage::of(ca, &key_usage, &purposes).ok_or(CertificateError::Usage)?,
            path_len,
            key_id: extension::<SubjectKeyIdentifier>(tbs)?.map(|id| id.0.as_bytes().to_vec()),
            issuer_key_id: extension::<AuthorityKeyIdentifier>(tbs)?
                .and_then(|id| id.key_identifier)
                .map(|id| id.as_bytes().to_vec()),
        })
    }
}

fn extension<'a, T>(tbs: &'a TbsCertificate) -> Result<Option<T>, CertificateError>
where
    T: Decode<'a> + AssociatedOid,
    T::Error: From<der::Error>,
{
    match tbs.get_extension::<T>() {
        Ok(found) => Ok(found.map(|(_, extension)| extension)),
        Err(_) => Err(CertificateError::Extension),
    }
}
