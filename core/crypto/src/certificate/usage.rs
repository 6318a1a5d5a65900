//! What a certificate is for, and the extensions that say so.
//!
//! | usage | basicConstraints | keyUsage | extKeyUsage |
//! |---|---|---|---|
//! | authority | CA | keyCertSign, cRLSign | none |
//! | gateway | not CA | digitalSignature, nonRepudiation | serverAuth |
//! | device | not CA | digitalSignature | clientAuth |
//! | person | not CA | digitalSignature, nonRepudiation | documentSigning (RFC 9336) |
//! | service | not CA | digitalSignature | serverAuth and clientAuth |
//!
//! Standard purposes only, no private numbers: the city's CA can issue every one of them. Each set of purposes means
//! exactly one usage, so a certificate for one is never taken for another.

use der::flagset::FlagSet;
use der::oid::ObjectIdentifier;
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};

const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const DOCUMENT_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36");

/// What a certificate is issued for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Usage {
    /// Issues certificates.
    Authority,
    /// Signs receipts, grants and heads of the log.
    Gateway,
    /// Signs the commands of one device.
    Device,
    /// Signs for a person, on whatever device.
    Person,
    /// A service of the city: 签名验签服务, 可信密码服务, an outside chain.
    Service,
}

impl Usage {
    pub(super) fn key_usage(self) -> KeyUsage {
        KeyUsage(match self {
            Self::Authority => KeyUsages::KeyCertSign | KeyUsages::CRLSign,
            Self::Gateway | Self::Person => KeyUsages::DigitalSignature | KeyUsages::NonRepudiation,
            Self::Device | Self::Service => FlagSet::from(KeyUsages::DigitalSignature),
        })
    }

    pub(super) fn purposes(self) -> Vec<ObjectIdentifier> {
        match self {
            Self::Authority => Vec::new(),
            Self::Gateway => vec![SERVER_AUTH],
            Self::Device => vec![CLIENT_AUTH],
            Self::Person => vec![DOCUMENT_SIGNING],
            Self::Service => vec![SERVER_AUTH, CLIENT_AUTH],
        }
    }

    /// What the three extensions say; `None` when they say nothing that this product knows, or contradict.
    ///
    /// An authority must be allowed to sign certificates, everybody else to sign; more bits of keyUsage do no harm.
    pub(super) fn of(ca: bool, key_usage: &KeyUsage, purposes: &[ObjectIdentifier]) -> Option<Self> {
        if ca {
            return (key_usage.key_cert_sign() && purposes.is_empty()).then_some(Self::Authority);
        }
        if !key_usage.digital_signature() || key_usage.key_cert_sign() {
            return None;
        }
        match purposes {
            [SERVER_AUTH] => Some(Self::Gateway),
            [CLIENT_AUTH] => Some(Self::Device),
            [DOCUMENT_SIGNING] => Some(Self::Person),
            [SERVER_AUTH, CLIENT_AUTH] | [CLIENT_AUTH, SERVER_AUTH] => Some(Self::Service),
            _ => None,
        }
    }
}
