//! How a failure is answered: an enumerated code and a text free of personal data.
//!
//! Not the list of codes (`shenhai_protocol::ErrorCode`). Used by every endpoint.

use crate::store::StoreError;
use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use shenhai_protocol::{ErrorBody, ErrorCode};

#[derive(Debug, Clone, Copy)]
pub(crate) struct ApiError {
    pub(crate) code: ErrorCode,
    pub(crate) message: &'static str,
    /// Seconds after which the same may be tried again, where that is known.
    retry_after: Option<u64>,
}

/// How soon to come again when the room is full: most requests take a fraction of it.
const OVERLOADED_SECONDS: u64 = 2;

impl ApiError {
    pub(crate) fn new(code: ErrorCode, message: &'static str) -> Self {
        Self {
            code,
            message,
            retry_after: (code == ErrorCode::Overloaded).then_some(OVERLOADED_SECONDS),
        }
    }

    /// The same, to be tried again after so many seconds.
    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    /// Seconds after which the same may be tried again.
    pub(crate) fn seconds(&self) -> Option<u64> {
        self.retry_after
    }

    pub(crate) fn body(&self) -> ErrorBody {
        ErrorBody {
            code: self.code,
            retryable: self.code.retryable(),
            message: self.message.to_owned(),
        }
    }
}

pub(crate) fn status(code: ErrorCode) -> StatusCode {
    StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Another method than the path has; `Allow`, which the router adds, names those. The list of codes has none of its own
/// for it: no client of ours can come here.
pub(crate) fn wrong_method() -> Response {
    let mut response = ApiError::new(ErrorCode::UnknownEndpoint, "not with this method").into_response();
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (status(self.code), Json(self.body())).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::new(ErrorCode::StorageFull, "no space left on the gateway"),
            // A key kept elsewhere did not sign: nothing was committed, and the client sends the same again.
            StoreError::Signing(error) => {
                tracing::warn!(%error, "the gateway's key did not sign");
                Self::new(
                    ErrorCode::UpstreamUnavailable,
                    "the cryptographic service did not answer",
                )
            }
            StoreError::Stopped => Self::new(ErrorCode::Overloaded, "the gateway is stopping"),
            error => {
                tracing::error!(%error, "the store failed");
                Self::new(ErrorCode::Internal, "the gateway failed; its log has the details")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shenhai_crypto::ProviderError;

    #[test]
    fn a_key_that_does_not_sign_is_to_be_tried_again() {
        let errors = [
            ProviderError::Timeout,
            ProviderError::Unavailable,
            ProviderError::Garbled,
            ProviderError::Refused,
        ];
        for error in errors {
            let answer = ApiError::from(StoreError::Signing(error)).body();
            assert!(answer.retryable, "{error}");
            assert_eq!(answer.code, ErrorCode::UpstreamUnavailable, "{error}");
        }
    }
}
