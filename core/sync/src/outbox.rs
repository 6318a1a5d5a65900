//! One command on its way to the gateway, and the rules that move it along.

use serde::{Deserialize, Serialize};
use shenhai_protocol::{CmdId, ErrorCode, OrderId, UnixMillis};

/// Where a command stands. Kept in the database with every change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RowState {
    /// Waits for its turn.
    Queued,
    /// Being sent. It ends with the request's answer or its time-out, and with the process.
    Leased,
    /// Waits after a failure that may pass.
    Backoff {
        /// Next try.
        until: UnixMillis,
        /// What failed.
        reason: ErrorCode,
    },
    /// Still to be sent; an earlier command of the same order was refused.
    Blocked {
        /// Why that one was refused.
        reason: ErrorCode,
    },
    /// Needs the person: sign anew or discard.
    Parked {
        /// Why.
        reason: ErrorCode,
    },
    /// Receipted and verified, and nothing is left to decide.
    Done,
}

impl RowState {
    /// Whether it is still to be sent.
    #[must_use]
    pub fn is_sendable(self) -> bool {
        !matches!(self, Self::Parked { .. } | Self::Done)
    }

    /// Whether it waits for the person.
    #[must_use]
    pub fn is_parked(self) -> bool {
        matches!(self, Self::Parked { .. })
    }
}

/// A command as the machine sees it: no content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub cmd_id: CmdId,
    /// Of which order.
    pub order: OrderId,
    /// Its place in the device's chain; `None` once it was taken out.
    pub seq: Option<u64>,
    /// Size of its signed bytes.
    pub bytes: usize,
    /// Times sent.
    pub attempts: u32,
    /// Where it stands.
    pub state: RowState,
}

impl Row {
    /// Whether it is to be sent, and where in the chain.
    pub(crate) fn sendable_seq(&self) -> Option<u64> {
        self.seq.filter(|_| self.state.is_sendable())
    }
}

/// What a verified receipt says about a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Which.
    pub cmd_id: CmdId,
    /// `None` when it took effect, else why not.
    pub refused: Option<ErrorCode>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_kept_in_this_form() {
        let kept = |state: RowState| serde_json::to_string(&state).unwrap_or_default();
        assert_eq!(kept(RowState::Queued), r#"{"state":"queued"}"#);
        assert_eq!(kept(RowState::Leased), r#"{"state":"leased"}"#);
        assert_eq!(
            kept(RowState::Backoff {
                until: UnixMillis(7),
                reason: ErrorCode::Offline
            }),
            r#"{"state":"backoff","until":7,"reason":"offline"}"#
        );
        assert_eq!(
            kept(RowState::Blocked {
                reason: ErrorCode::WrongState
            }),
            r#"{"state":"blocked","reason":"wrong_state"}"#
        );
        assert_eq!(
            kept(RowState::Parked {
                reason: ErrorCode::FormInvalid
            }),
            r#"{"state":"parked","reason":"form_invalid"}"#
        );
        assert_eq!(kept(RowState::Done), r#"{"state":"done"}"#);
    }

    #[test]
    fn a_lease_as_it_was_kept_before_is_read() {
        let before = r#"{"state":"leased","until":7,"attempt":2}"#;
        assert_eq!(
            serde_json::from_str::<RowState>(before).ok(),
            Some(RowState::Leased)
        );
    }
}
