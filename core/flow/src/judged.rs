//! What a refusal of the fold is called on the wire.
//!
//! Not the refusing (`fold`), which knows no protocol. Called by the gateway for its receipts and by the device for what it
//! can say without the gateway, so that both say the same.

use crate::fold::Code;
use shenhai_protocol::ErrorCode;

/// The code that a receipt carries for a refusal.
#[must_use]
pub fn error_code(code: Code) -> ErrorCode {
    match code {
        Code::LawChanged => ErrorCode::LawChanged,
        Code::Forbidden => ErrorCode::Forbidden,
        Code::WrongState => ErrorCode::WrongState,
        Code::Exists => ErrorCode::Exists,
        Code::Form => ErrorCode::FormInvalid,
        Code::FactsChanged => ErrorCode::FactsChanged,
        Code::RecordTooLarge => ErrorCode::RecordTooLarge,
        Code::Guard
        | Code::Rule(_)
        | Code::NoTarget
        | Code::TooMany
        | Code::NoKey
        | Code::NoLink
        | Code::WrongType
        | Code::StaleAlarm => ErrorCode::RuleRefused,
        Code::NoRecord | Code::OtherRecord | Code::UnknownKind => ErrorCode::OrderNotInScope,
        Code::UnknownAct | Code::NotInThisEngine | Code::WrongId | Code::UnknownRevision | Code::TimeFell => {
            ErrorCode::Malformed
        }
    }
}
