//! The rich error inside, and the one place where it becomes the small one of the waist.

use crate::config::OpenError;
use crate::host::KeepError;
use crate::rpc::RpcError;
use shenhai_flow::FlowError;
use shenhai_protocol::{ErrorCode, FormIssue};
use shenhai_store::StoreError;
use thiserror::Error;

#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// The gateway said no, did not answer, or could not be understood.
    #[error("gateway: {0:?}")]
    Gateway(ErrorCode),
    /// This core said no.
    #[error("{1}")]
    Refused(ErrorCode, &'static str),
    #[error("the form breaks its rules")]
    Form(Vec<FormIssue>),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The data could not be opened.
    #[error(transparent)]
    Open(Box<OpenError>),
    /// The platform's store of secrets.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// The work ended without an answer, e.g. its runtime was shut down.
    #[error("the core was closed")]
    Closed,
}

impl From<FlowError> for Failure {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Forbidden { .. } => Self::Refused(ErrorCode::Forbidden, "not for this role"),
            FlowError::WrongState { .. } => Self::Refused(ErrorCode::WrongState, "not in this state"),
        }
    }
}

impl Failure {
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Gateway(code) | Self::Refused(code, _) => *code,
            Self::Form(_) => ErrorCode::FormInvalid,
            Self::Store(StoreError::Full) | Self::Keep(KeepError::Full) => ErrorCode::StorageFull,
            Self::Store(StoreError::Closed) | Self::Closed => ErrorCode::CoreRestarted,
            Self::Open(error) => error.code(),
            Self::Store(_) | Self::Keep(_) => ErrorCode::StoreFailed,
        }
    }
}

impl From<Failure> for RpcError {
    fn from(failure: Failure) -> Self {
        let code = failure.code();
        let message = failure.to_string();
        let issues = if let Failure::Form(issues) = failure {
            issues
        } else {
            Vec::new()
        };
        Self {
            code,
            retryable: code.retryable(),
            message,
            issues,
        }
    }
}
