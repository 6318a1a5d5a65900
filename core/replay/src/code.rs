//! The refusals of the fold as receipts name them.

use shenhai_flow::fold::Code;
use shenhai_protocol::ErrorCode;

/// The code of a receipt, where the fold refuses with this one.
#[must_use]
pub fn code_of(code: Code) -> ErrorCode {
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
        | Code::WrongType
        | Code::NoKey
        | Code::TooMany
        | Code::NoLink
        | Code::StaleAlarm => ErrorCode::RuleRefused,
        // To whom it does not show, a record that is not there and one of somebody else look alike.
        Code::NoRecord | Code::OtherRecord | Code::UnknownKind => ErrorCode::OrderNotInScope,
        Code::UnknownAct | Code::NotInThisEngine | Code::WrongId | Code::UnknownRevision | Code::TimeFell => {
            ErrorCode::Malformed
        }
    }
}
