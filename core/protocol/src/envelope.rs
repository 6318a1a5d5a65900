//! The signed text: what a person did to a record, by which law, on which device, after what.
//!
//! Not what an act of the hotline carries (`command`). What a person filled in travels beside the text, which names it by
//! its digest: a record is a few kilobytes however much was filled in, and what has to be forgotten can be, without
//! breaking a signature.

use crate::{
    ActName, CmdId, DeviceId, FormName, HexHash, Kind, OrderId, PROTOCOL_VERSION, PackName, RoleName,
    ScopeId, UnixMillis, UserId, WorkId, limits,
};
use serde::{Deserialize, Serialize};

/// Which record of which kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RecordRef {
    /// What it is.
    pub kind: Kind,
    /// Which.
    pub id: OrderId,
}

/// The law an act stands under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LawRef {
    /// Of which pack.
    pub id: PackName,
    /// Its version.
    pub version: String,
    /// SM3 over it.
    pub sm3: HexHash,
}

/// The form that was filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FormRef {
    /// Which.
    pub id: FormName,
    /// SM3 over it.
    pub sm3: HexHash,
}

/// What was filled in, which travels beside the signed text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SubmissionRef {
    /// SM3 over its bytes.
    pub sm3: HexHash,
    /// How many, at most [`limits::SUBMISSION_BYTES`].
    pub bytes: u64,
    /// Its media type, `application/json` or `application/xml`.
    pub media: String,
}

/// A file that belongs to the act and travels on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FileRef {
    /// Its name, ours.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SM3 over its content.
    pub sm3: HexHash,
    /// Its media type.
    pub media: String,
}

/// The signed content of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// [`PROTOCOL_VERSION`].
    pub v: u32,
    /// Identity and idempotency key, a UUIDv7 in lower case.
    pub cmd_id: CmdId,
    /// The piece of work it is, a UUIDv7: stays the same when the same content is signed anew.
    pub work: WorkId,
    /// Which device signed.
    pub device_id: DeviceId,
    /// Counts the device's acts from 1 without gaps.
    pub device_seq: u64,
    /// SM3 of the device's previous signed text, [`HexHash::zero`] for the first.
    pub prev_hash: HexHash,
    /// Who acted.
    pub actor: UserId,
    /// In which of their roles.
    pub role: RoleName,
    /// The scope in which the actor saw the record.
    pub scope: ScopeId,
    /// Upon which record.
    pub record: RecordRef,
    /// The record's revision the actor saw, at most [`limits::REVISIONS`]; 0 for an act that opens it.
    pub base_rev: u64,
    /// What they did.
    pub act: ActName,
    /// By which law.
    pub law: LawRef,
    /// The form that was filled in, if any.
    pub form: Option<FormRef>,
    /// What was filled in, if anything.
    pub submission: Option<SubmissionRef>,
    /// Files that belong to it, at most [`limits::FILES`].
    pub files: Vec<FileRef>,
    /// The entry it adopts or answers.
    pub of: Option<CmdId>,
    /// When, by the device's clock corrected with the last server time seen.
    pub client_time: UnixMillis,
}

impl Envelope {
    /// Whether an act of today may look like this. Those of exported cases may be older and are only read.
    ///
    /// # Errors
    /// [`EnvelopeError`] says which rule it breaks.
    pub fn check_new(&self) -> Result<(), EnvelopeError> {
        for (id, name) in [(self.cmd_id.as_str(), "cmd_id"), (self.work.as_str(), "work")] {
            if !is_uuid_v7(id) {
                return Err(EnvelopeError::BadId(name));
            }
        }
        if self.base_rev > limits::REVISIONS {
            return Err(EnvelopeError::OutOfRange("base_rev"));
        }
        if self.files.len() > limits::FILES {
            return Err(EnvelopeError::OutOfRange("files"));
        }
        if self
            .submission
            .as_ref()
            .is_some_and(|submission| submission.bytes > limits::SUBMISSION_BYTES as u64)
        {
            return Err(EnvelopeError::TooLarge);
        }
        Ok(())
    }

    fn check_ids(&self) -> Result<(), EnvelopeError> {
        let digests = self
            .submission
            .iter()
            .map(|submission| &submission.sm3)
            .chain(self.form.iter().map(|form| &form.sm3))
            .chain(self.files.iter().map(|file| &file.sm3))
            .chain([&self.prev_hash, &self.law.sm3]);
        let checks = [
            (is_uuid(self.cmd_id.as_str()), "cmd_id"),
            (is_uuid(self.work.as_str()), "work"),
            (is_lower_hex(self.device_id.as_str(), 32), "device_id"),
            (self.record.kind.is_well_formed(), "record"),
            (self.act.is_well_formed(), "act"),
            (self.role.is_well_formed(), "role"),
            (self.law.id.is_well_formed(), "law"),
            (
                self.form.as_ref().is_none_or(|form| form.id.is_well_formed()),
                "form",
            ),
            (
                digests
                    .into_iter()
                    .all(|digest| is_lower_hex(digest.as_str(), 64)),
                "digest",
            ),
        ];
        match checks.into_iter().find(|(holds, _)| !holds) {
            Some((_, name)) => Err(EnvelopeError::BadId(name)),
            None => Ok(()),
        }
    }
}

/// What opens one classed answer of a submission: SM3(label ‖ 0x00 ‖ salt ‖ value) stands in its place.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// Which answer.
    pub label: String,
    /// 16 random bytes, 32 hex digits, drawn when the act was signed.
    pub salt: String,
    /// What was answered.
    pub value: String,
}

impl std::fmt::Debug for Disclosure {
    // The value is what is kept from view.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disclosure")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

/// What travels beside a signed text and is named by it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// What was filled in, with the commitments of its classed answers; `None` where nothing was, or where it had to be
    /// forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<String>,
    /// The classed answers, for whom they are meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disclosures: Vec<Disclosure>,
}

impl Beside {
    /// How much travels.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let disclosures = self.disclosures.iter();
        let disclosed: usize = disclosures
            .map(|one| one.label.len() + one.salt.len() + one.value.len())
            .sum();
        self.submission.as_ref().map_or(0, String::len) + disclosed
    }
}

/// An act on the wire: the exact text that was signed, the signature, and what the text names.
///
/// The text is kept as text, never re-serialised, so that no canonical form of JSON is needed and
/// "the same bytes" means just that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedEnvelope {
    /// JSON of an [`Envelope`].
    pub payload: String,
    /// SM2 signature over SM3 (default ID), `r‖s` as 128 hex digits.
    pub sig: String,
    /// What goes with it.
    #[serde(flatten)]
    pub beside: Beside,
}

/// Why a payload is not an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvelopeError {
    /// Over [`limits::ENVELOPE_BYTES`] or [`limits::SUBMISSION_BYTES`].
    TooLarge,
    /// Not the JSON of an envelope; the parser's message, free of the payload's values.
    Malformed(String),
    /// Another protocol version.
    Version(u32),
    /// An id or a name that is not of its form.
    BadId(&'static str),
    /// A number that nothing can have.
    OutOfRange(&'static str),
}

impl SignedEnvelope {
    /// Read the payload. Proves nothing: verify the signature over [`Self::payload`] first.
    ///
    /// # Errors
    /// [`EnvelopeError`] says which rule the payload breaks.
    pub fn open(&self) -> Result<Envelope, EnvelopeError> {
        if self.payload.len() > limits::ENVELOPE_BYTES || self.beside.bytes() > limits::BESIDE_BYTES {
            return Err(EnvelopeError::TooLarge);
        }
        let envelope: Envelope = serde_json::from_str(&self.payload).map_err(|error| {
            EnvelopeError::Malformed(format!(
                "{:?} at line {} column {}",
                error.classify(),
                error.line(),
                error.column()
            ))
        })?;
        if envelope.v != PROTOCOL_VERSION {
            return Err(EnvelopeError::Version(envelope.v));
        }
        envelope.check_ids()?;
        Ok(envelope)
    }
}

fn is_lower_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// A UUID of version 7 and the variant of RFC 9562 (§4.1, §5.7).
fn is_uuid_v7(text: &str) -> bool {
    let digit = |at: usize| text.as_bytes().get(at).copied();
    is_uuid(text) && digit(14) == Some(b'7') && matches!(digit(19), Some(b'8' | b'9' | b'a' | b'b'))
}
