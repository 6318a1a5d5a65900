//! What a check found wrong: which part, and in what way. Enumerated, so that every caller can say it in its own
//! language; the English here is for logs and the command line.
//!
//! Not the checks. Shown by the desk's proof panel and printed by `shenhai-verify`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A part of the evidence. Entries count from 1, in the order of the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Part {
    /// The file as a whole.
    Bundle,
    /// The certificate of the authority that the file names.
    Authority,
    /// A certificate of the gateway.
    GatewayCertificate {
        /// Its place in the file, from 1.
        certificate: usize,
    },
    /// The gateway's statement about the case: the order, who acted, devices, files, anchor.
    Record,
    /// A field of the order against the commands that made it.
    Order {
        /// Which.
        field: String,
    },
    /// The signed head of the log.
    Head,
    /// The log against an earlier head of it.
    Log,
    /// The record of the outside chain.
    Anchor,
    /// A whole entry.
    Entry {
        /// Which.
        entry: usize,
    },
    /// What the device signed.
    Payload {
        /// Of which entry.
        entry: usize,
    },
    /// What was filled in, which the signed text names.
    Submission {
        /// Of which entry.
        entry: usize,
    },
    /// The device's signature.
    Signature {
        /// Of which entry.
        entry: usize,
    },
    /// The device's key.
    DeviceKey {
        /// Of which entry.
        entry: usize,
    },
    /// The certificate that binds the device's key to a person.
    DeviceCertificate {
        /// Of which entry.
        entry: usize,
    },
    /// The link to the device's command before.
    Chain {
        /// Of which entry.
        entry: usize,
    },
    /// What the gateway receipted.
    Receipt {
        /// Of which entry.
        entry: usize,
    },
    /// The gateway's signature on the receipt.
    ReceiptSignature {
        /// Of which entry.
        entry: usize,
    },
    /// The receipt's place in the log.
    Inclusion {
        /// Of which entry.
        entry: usize,
    },
    /// A file beside the case.
    File {
        /// Its name.
        name: String,
    },
}

impl Part {
    /// The entry it belongs to, from 1.
    #[must_use]
    pub fn entry(&self) -> Option<usize> {
        match self {
            Self::Entry { entry }
            | Self::Payload { entry }
            | Self::Submission { entry }
            | Self::Signature { entry }
            | Self::DeviceKey { entry }
            | Self::DeviceCertificate { entry }
            | Self::Chain { entry }
            | Self::Receipt { entry }
            | Self::ReceiptSignature { entry }
            | Self::Inclusion { entry } => Some(*entry),
            _ => None,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundle => f.write_str("file"),
            Self::Authority => f.write_str("certificate of the authority"),
            Self::GatewayCertificate { certificate } => write!(f, "certificate {certificate} of the gateway"),
            Self::Record => f.write_str("record of the case"),
            Self::Order { field } => write!(f, "order: {field}"),
            Self::Head => f.write_str("head of the log"),
            Self::Log => f.write_str("log"),
            Self::Anchor => f.write_str("anchor"),
            Self::Entry { entry } => write!(f, "entry {entry}"),
            Self::Payload { entry } => write!(f, "entry {entry}: payload"),
            Self::Submission { entry } => write!(f, "entry {entry}: what was filled in"),
            Self::Signature { entry } => write!(f, "entry {entry}: signature"),
            Self::DeviceKey { entry } => write!(f, "entry {entry}: device key"),
            Self::DeviceCertificate { entry } => write!(f, "certificate of the device of entry {entry}"),
            Self::Chain { entry } => write!(f, "entry {entry}: chain"),
            Self::Receipt { entry } => write!(f, "receipt of entry {entry}"),
            Self::ReceiptSignature { entry } => write!(f, "signature of the receipt of entry {entry}"),
            Self::Inclusion { entry } => write!(f, "log inclusion of entry {entry}"),
            Self::File { name } => write!(f, "file {name}"),
        }
    }
}

/// What is wrong with a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Cannot be read.
    Malformed,
    /// Over a bound of `shenhai_protocol::limits`.
    TooLarge,
    /// Of a version this program does not know.
    UnsupportedVersion,
    /// Is not there.
    Missing,
    /// Is there and should not be.
    Unexpected,
    /// Was changed after it was signed or receipted.
    Changed,
    /// The signature does not hold.
    BadSignature,
    /// Not the one that is trusted, or issued by somebody who is not.
    NotTrusted,
    /// A certificate for another use.
    WrongUse,
    /// No certificate is in force at its time.
    NotInForce,
    /// A certificate of another device, key or person.
    OtherHolder,
    /// Is about another command: swapped or replayed.
    OtherCommand,
    /// Is about another order.
    OtherOrder,
    /// Stands here more than once.
    Repeated,
    /// Stands in another order than it happened.
    OutOfOrder,
    /// The device was revoked before the gateway took it.
    AfterRevocation,
    /// Is about another head than the one given.
    OtherHead,
    /// The log does not begin with what it held before: it shrank or forked.
    LogForked,
    /// Does not follow from the commands.
    Inconsistent,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "cannot be read",
            Self::TooLarge => "is too large",
            Self::UnsupportedVersion => "is of an unknown version",
            Self::Missing => "is missing",
            Self::Unexpected => "should not be there",
            Self::Changed => "was changed",
            Self::BadSignature => "has a signature that does not hold",
            Self::NotTrusted => "is not the one that is trusted",
            Self::WrongUse => "is a certificate for another use",
            Self::NotInForce => "has no certificate in force at its time",
            Self::OtherHolder => "names another device, key or person",
            Self::OtherCommand => "is about another command",
            Self::OtherOrder => "is about another order",
            Self::Repeated => "stands here twice",
            Self::OutOfOrder => "is out of order",
            Self::AfterRevocation => "was receipted after its device was revoked",
            Self::OtherHead => "is about another head of the log",
            Self::LogForked => "is not the log it was: it shrank or forked",
            Self::Inconsistent => "does not follow from the commands",
        })
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Finding {
    /// Where.
    pub part: Part,
    /// In what way.
    pub fault: Fault,
}

impl Finding {
    pub(crate) fn new(part: Part, fault: Fault) -> Self {
        Self { part, fault }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.part, self.fault)
    }
}
