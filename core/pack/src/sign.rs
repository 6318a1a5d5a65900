//! `pack.sig`: who answers for a built pack – its author, and somebody else who approved it.
//!
//! Not which authorities count, which is the operator's file, and not the digests, which `load` has held against the
//! files. Both sign the two roots, so neither the law nor the face can change without them. A certificate is one of a
//! person (documentSigning) whose organisational unit names the packs it may sign: `pack:hotline pack:visit`, or `pack:*`.

use crate::lock::Lock;
use shenhai_crypto::{Certificate, Signature, Usage, Verdict, verify_chain};
use std::fmt;
use thiserror::Error;

/// The file's path.
pub const SIGNATURES: &str = "pack.sig";
const FIRST_LINE: &str = "shenhai-pack-signatures 1";

/// As whom somebody signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Who wrote it.
    Author,
    /// Who let it pass.
    Approver,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Author => "author",
            Self::Approver => "approver",
        })
    }
}

/// What is signed: UTF-8 text, each line ended by a line feed.
#[must_use]
pub fn signed_text(lock: &Lock, part: Part) -> String {
    let (id, version, roots) = (&lock.id, lock.version, lock.roots);
    format!(
        "shenhai-pack-v1\n{part}\n{id} {version}\nlaw {}\nface {}\n",
        roots.law, roots.face
    )
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Whose.
    pub certificate: Certificate,
    /// SM2 over [`signed_text`].
    pub signature: Signature,
}

/// Both signatures of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatures {
    /// The author's.
    pub author: Signed,
    /// The approver's.
    pub approver: Signed,
}

/// Why signatures do not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignatureFault {
    /// The certificate does not lead to an authority that counts, or not at this time, or is no person's.
    #[error("the {part}'s certificate: {verdict:?}")]
    Certificate {
        /// Whose.
        part: Part,
        /// What is wrong.
        verdict: Verdict,
    },
    /// The certificate names other packs.
    #[error("the {0}'s certificate does not name this pack")]
    OtherPack(Part),
    /// It is not the signature of these roots.
    #[error("the {0} did not sign this pack as it is")]
    NotSigned(Part),
    /// Whoever wrote it has also approved it.
    #[error("author and approver are the same")]
    SamePerson,
}

impl Signatures {
    /// The signatures of a text; `None` for any text that [`Self`] is not written as.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next()? != FIRST_LINE {
            return None;
        }
        let mut signed = |part: Part| {
            let line = lines.next()?.strip_prefix(&format!("{part} "))?;
            let (certificate, signature) = line.split_once(' ')?;
            Some(Signed {
                certificate: Certificate::from_base64(certificate).ok()?,
                signature: Signature::from_hex(signature).ok()?,
            })
        };
        let found = Self {
            author: signed(Part::Author)?,
            approver: signed(Part::Approver)?,
        };
        // Nothing more, and each part in its one spelling.
        (found.to_string() == text).then_some(found)
    }

    /// Whether both hold for a lock, at an instant (unix seconds), under these authorities.
    ///
    /// # Errors
    /// [`SignatureFault`] names the first that does not.
    pub fn verify(&self, lock: &Lock, authorities: &[Certificate], at: i64) -> Result<(), SignatureFault> {
        for (part, signed) in [(Part::Author, &self.author), (Part::Approver, &self.approver)] {
            let chain = [signed.certificate.clone()];
            let verdict = verify_chain(&chain, authorities, Usage::Person, at);
            if !verdict.is_valid() {
                return Err(SignatureFault::Certificate { part, verdict });
            }
            if !may_sign(&signed.certificate, lock) {
                return Err(SignatureFault::OtherPack(part));
            }
            let text = signed_text(lock, part);
            let key = signed.certificate.public_key();
            if !key.verify(text.as_bytes(), &signed.signature).is_valid() {
                return Err(SignatureFault::NotSigned(part));
            }
        }
        // Two certificates of one key, or of one name, are one person.
        let (author, approver) = (&self.author.certificate, &self.approver.certificate);
        let same = author.public_key() == approver.public_key()
            || author.subject().common_name == approver.subject().common_name;
        match same {
            true => Err(SignatureFault::SamePerson),
            false => Ok(()),
        }
    }
}

/// Whether a certificate names the pack of a lock.
#[must_use]
pub fn may_sign(certificate: &Certificate, lock: &Lock) -> bool {
    let unit = certificate.subject().unit.as_deref().unwrap_or_default();
    let named = format!("pack:{}", lock.id);
    unit.split(' ').any(|word| word == named || word == "pack:*")
}

impl fmt::Display for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        for (part, signed) in [(Part::Author, &self.author), (Part::Approver, &self.approver)] {
            writeln!(
                f,
                "{part} {} {}",
                signed.certificate.to_base64(),
                signed.signature.to_hex()
            )?;
        }
        Ok(())
    }
}
