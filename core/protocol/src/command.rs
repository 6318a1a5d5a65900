//! Commands: what a device asks the gateway to do, signed.

use crate::forms::wire_enum;
use crate::{
    CmdId, ContactForm, DeviceId, HexHash, OrderId, PROTOCOL_VERSION, ReplyForm, ReturnForm, ScopeId,
    UnixMillis, UserId, limits,
};
use serde::{Deserialize, Serialize};

wire_enum! {
    /// The kinds of command, without their data.
    CommandKind {
        /// 签收
        Accept,
        /// 先行联系
        Contact,
        /// 办结
        Reply,
        /// 退单
        Return,
        /// 查看来电人信息 (audit only)
        Reveal,
        /// 改派
        Reassign,
    }
}

/// What a command does. Every one concerns one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// 签收: take the order on.
    Accept {
        /// Which order.
        order: OrderId,
    },
    /// 先行联系.
    Contact {
        /// Which order.
        order: OrderId,
        /// The record.
        form: ContactForm,
    },
    /// 办结 with the reply.
    Reply {
        /// Which order.
        order: OrderId,
        /// The reply.
        form: ReplyForm,
    },
    /// 退单.
    Return {
        /// Which order.
        order: OrderId,
        /// The reason.
        form: ReturnForm,
    },
    /// The caller's name and phone were shown unmasked to the actor.
    Reveal {
        /// Which order.
        order: OrderId,
    },
    /// 改派: the order becomes another handler's.
    Reassign {
        /// Which order.
        order: OrderId,
        /// Whose it becomes.
        to: UserId,
        /// Why, for whoever reads the order's history; may be empty.
        reason: String,
    },
}

impl Command {
    /// The order it concerns.
    #[must_use]
    pub fn order(&self) -> &OrderId {
        match self {
            Self::Accept { order }
            | Self::Contact { order, .. }
            | Self::Reply { order, .. }
            | Self::Return { order, .. }
            | Self::Reveal { order }
            | Self::Reassign { order, .. } => order,
        }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> CommandKind {
        match self {
            Self::Accept { .. } => CommandKind::Accept,
            Self::Contact { .. } => CommandKind::Contact,
            Self::Reply { .. } => CommandKind::Reply,
            Self::Return { .. } => CommandKind::Return,
            Self::Reveal { .. } => CommandKind::Reveal,
            Self::Reassign { .. } => CommandKind::Reassign,
        }
    }
}

/// The signed content of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// [`PROTOCOL_VERSION`].
    pub v: u32,
    /// Identity and idempotency key, a UUIDv7 in lower case.
    pub cmd_id: CmdId,
    /// Which device signed.
    pub device_id: DeviceId,
    /// Counts the device's commands from 1 without gaps.
    pub device_seq: u64,
    /// Who acted.
    pub actor: UserId,
    /// The scope in which the actor saw the order.
    pub scope: ScopeId,
    /// The order's revision the actor saw, from 1 to [`limits::REVISIONS`].
    pub base_rev: u64,
    /// What to do.
    pub body: Command,
    /// SM3 of the device's previous payload, [`HexHash::zero`] for the first.
    pub prev_hash: HexHash,
    /// When, by the device's clock corrected with the last server time seen.
    pub client_time: UnixMillis,
}

impl Envelope {
    /// Whether a command of today may look like this. Those of exported cases may be older and are only read.
    ///
    /// # Errors
    /// [`EnvelopeError`] says which rule it breaks.
    pub fn check_new(&self) -> Result<(), EnvelopeError> {
        if !is_uuid_v7(self.cmd_id.as_str()) {
            return Err(EnvelopeError::BadId("cmd_id"));
        }
        if !(1..=limits::REVISIONS).contains(&self.base_rev) {
            return Err(EnvelopeError::OutOfRange("base_rev"));
        }
        Ok(())
    }
}

/// A command on the wire: the exact text that was signed, and the signature.
///
/// The text is kept as text, never re-serialised, so that no canonical form of JSON is needed and
/// "the same bytes" means just that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedEnvelope {
    /// JSON of an [`Envelope`].
    pub payload: String,
    /// SM2 signature over SM3 (default ID), `r‖s` as 128 hex digits.
    pub sig: String,
}

/// Why a payload is not an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvelopeError {
    /// Over [`limits::ENVELOPE_BYTES`].
    TooLarge,
    /// Not the JSON of an envelope; the parser's message, free of the payload's values.
    Malformed(String),
    /// Another protocol version.
    Version(u32),
    /// An id that is not of its form.
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
        if self.payload.len() > limits::ENVELOPE_BYTES {
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
        if !is_uuid(envelope.cmd_id.as_str()) {
            return Err(EnvelopeError::BadId("cmd_id"));
        }
        if !is_lower_hex(envelope.device_id.as_str(), 32) {
            return Err(EnvelopeError::BadId("device_id"));
        }
        if !is_lower_hex(envelope.prev_hash.as_str(), 64) {
            return Err(EnvelopeError::BadId("prev_hash"));
        }
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
