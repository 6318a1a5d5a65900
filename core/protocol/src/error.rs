//! The one list of error codes that cross a boundary: HTTP answers, refused receipts, the rpc waist.

use crate::forms::wire_enum;
use serde::{Deserialize, Serialize};

wire_enum! {
    /// Why something was not done. Stable: a code is never reused for another meaning.
    ErrorCode {
        /// The body is not the JSON asked for.
        Malformed,
        /// Over a bound of [`crate::limits`].
        TooLarge,
        /// Another protocol version.
        UnsupportedVersion,
        /// No such upper platform.
        UnknownChannel,
        /// No such path or method.
        UnknownEndpoint,
        /// No session, or its token is not known.
        Unauthenticated,
        /// The session ended.
        SessionExpired,
        /// The container's one-time code is unknown, used or expired.
        BadLoginCode,
        /// Known to the container, not to this system.
        UnknownUser,
        /// Not allowed to this role.
        Forbidden,
        /// Not there, or not visible to the asker.
        NotFound,
        /// A signature does not verify.
        BadSignature,
        /// The device is not enrolled.
        UnknownDevice,
        /// The device was revoked, or replaced its key.
        DeviceRevoked,
        /// This page wants a one-time code of a device it does not know.
        EnrolmentNeeded,
        /// The one-time code is unknown, used, expired or another person's: which of them is not said.
        BadEnrolmentCode,
        /// The command's device is not the session's.
        WrongDevice,
        /// The command's actor is not the session's.
        WrongActor,
        /// `device_seq` skips a number or goes back.
        SeqGap,
        /// `prev_hash` is not the hash of the previous command.
        ChainBroken,
        /// The same id was used before for other bytes.
        IdReused,
        /// The scope is not the actor's.
        ScopeDenied,
        /// The order is not in that scope.
        OrderNotInScope,
        /// The order was the actor's and is another's by now.
        Reassigned,
        /// The order's state does not allow the command.
        WrongState,
        /// The act stands under a law that is not the record's.
        LawChanged,
        /// There is such a record already.
        Exists,
        /// What the act stands on was changed by somebody else since.
        FactsChanged,
        /// A rule of the law says no; the receipt says which.
        RuleRefused,
        /// The record would be larger than a record may be.
        RecordTooLarge,
        /// The form breaks its rules.
        FormInvalid,
        /// The command's time is too far from the server's.
        ClockOutOfRange,
        /// The scope's log begins later, or its epoch changed: start from cursor 0.
        CursorGone,
        /// Too many requests.
        RateLimited,
        /// The server is busy or stopping.
        Overloaded,
        /// No space left.
        StorageFull,
        /// Another system did not answer.
        UpstreamUnavailable,
        /// A bug. The log has the details.
        Internal,
        /// No connection to the gateway (client only).
        Offline,
        /// The answer was not understood: a proxy's page, a cut (client only).
        BadAnswer,
        /// The local store failed (client only).
        StoreFailed,
        /// The core was restarted; ask again (client only).
        CoreRestarted,
        /// No such rpc method, or its parameters do not fit (client only).
        BadRequest,
        /// Too long without the gateway: connect and sign in (client only).
        LeaseExpired,
        /// The app is locked (client only).
        Locked,
        /// Not the PIN (client only).
        PinWrong,
        /// The device's data was erased (client only).
        Erased,
        /// The pack of a record is not on this device, or this app cannot read it yet (client only).
        PackMissing,
        /// The gateway's certificate is not from the authority this device trusts (client only).
        AuthorityChanged,
    }
}

/// What a client does about a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// Try again later with the same bytes.
    Transient,
    /// Sign in again, then try again.
    SignIn,
    /// Trying again with the same bytes cannot help: park the command, keep its data, tell the person.
    Permanent,
}

impl ErrorCode {
    /// HTTP status the gateway answers with.
    #[must_use]
    pub fn http_status(self) -> u16 {
        match self {
            Self::Malformed | Self::UnsupportedVersion | Self::BadRequest => 400,
            Self::Unauthenticated | Self::SessionExpired | Self::BadLoginCode | Self::BadEnrolmentCode => 401,
            Self::UnknownUser
            | Self::Forbidden
            | Self::BadSignature
            | Self::UnknownDevice
            | Self::DeviceRevoked
            | Self::WrongDevice
            | Self::WrongActor
            | Self::ScopeDenied
            | Self::EnrolmentNeeded
            | Self::LeaseExpired
            | Self::PinWrong
            | Self::AuthorityChanged => 403,
            Self::NotFound | Self::OrderNotInScope | Self::UnknownChannel | Self::UnknownEndpoint => 404,
            Self::SeqGap
            | Self::ChainBroken
            | Self::Reassigned
            | Self::LawChanged
            | Self::Exists
            | Self::FactsChanged
            | Self::PackMissing
            | Self::WrongState => 409,
            Self::CursorGone | Self::Erased => 410,
            Self::TooLarge | Self::RecordTooLarge => 413,
            Self::IdReused | Self::FormInvalid | Self::RuleRefused | Self::ClockOutOfRange => 422,
            Self::Locked => 423,
            Self::RateLimited => 429,
            Self::Overloaded | Self::Offline => 503,
            Self::UpstreamUnavailable | Self::BadAnswer => 502,
            Self::StorageFull => 507,
            Self::Internal | Self::StoreFailed | Self::CoreRestarted => 500,
        }
    }

    /// What a client does about it.
    #[must_use]
    pub fn class(self) -> ErrorClass {
        match self {
            Self::Unauthenticated | Self::SessionExpired | Self::LeaseExpired => ErrorClass::SignIn,
            Self::RateLimited
            | Self::Overloaded
            | Self::StorageFull
            | Self::UpstreamUnavailable
            | Self::Internal
            | Self::Offline
            | Self::BadAnswer
            | Self::StoreFailed
            | Self::CoreRestarted => ErrorClass::Transient,
            _ => ErrorClass::Permanent,
        }
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn retryable(self) -> bool {
        self.class() == ErrorClass::Transient
    }
}

/// Body of every HTTP answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// Which.
    pub code: ErrorCode,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// For whoever reads the log or uses curl; English, free of personal data.
    pub message: String,
}
