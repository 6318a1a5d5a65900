//! Reading the gateway's answers without trusting that it was the gateway that answered.
//!
//! Between a phone and the gateway sit proxies, captive portals and half-open connections. Only an answer
//! that is exactly of the protocol means something; all others mean "try again later".

use serde::de::DeserializeOwned;
use shenhai_protocol::{ErrorBody, ErrorCode, PushReply};

/// The value of a success, or the code of a failure: the gateway's own where the body is its [`ErrorBody`] and
/// the status fits the code, else [`ErrorCode::BadAnswer`] (transient).
///
/// # Errors
/// The code.
pub fn read_answer<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, ErrorCode> {
    if status == 200 || status == 201 {
        return serde_json::from_slice(body).map_err(|_| ErrorCode::BadAnswer);
    }
    match serde_json::from_slice::<ErrorBody>(body) {
        Ok(error) if error.code.http_status() == status => Err(as_met_here(error.code)),
        _ => Err(ErrorCode::BadAnswer),
    }
}

/// As [`read_answer`]; a push that stopped at its first command carries its [`PushReply`] under the stop's
/// status.
///
/// # Errors
/// The code.
pub fn read_push_answer(status: u16, body: &[u8]) -> Result<PushReply, ErrorCode> {
    let stopped_at_once = serde_json::from_slice::<PushReply>(body).ok().filter(|reply| {
        let stop = reply.stopped.as_ref();
        stop.is_some_and(|stop| stop.code.http_status() == status)
    });
    let mut reply = match stopped_at_once {
        Some(reply) => reply,
        None => read_answer(status, body)?,
    };
    if let Some(stop) = &mut reply.stopped {
        stop.code = as_met_here(stop.code);
    }
    Ok(reply)
}

/// The gateway's disk is nothing the person here could clear: to them it is busy, and `storage_full` is this device's own.
fn as_met_here(code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::StorageFull => ErrorCode::Overloaded,
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shenhai_protocol::WakeReply;

    fn wake(status: u16, body: &str) -> Result<WakeReply, ErrorCode> {
        read_answer(status, body.as_bytes())
    }

    #[test]
    fn a_proxys_page_a_cut_and_an_unknown_status_are_transient() {
        for (status, body) in [
            (200, "<html>请登录无线网络</html>"),
            (200, r#"{"heads":{},"server_ti"#),
            (200, ""),
            (502, "<h1>Bad Gateway</h1>"),
            (500, r#"{"code":"something_new","retryable":false,"message":""}"#),
            (302, ""),
            (418, r#"{"teapot":true}"#),
        ] {
            assert_eq!(wake(status, body), Err(ErrorCode::BadAnswer), "{status} {body}");
            assert!(ErrorCode::BadAnswer.retryable());
        }
    }

    #[test]
    fn the_gateways_own_code_is_believed_only_under_its_own_status() {
        let body = r#"{"code":"device_revoked","retryable":false,"message":""}"#;
        assert_eq!(wake(403, body), Err(ErrorCode::DeviceRevoked));
        assert_eq!(wake(502, body), Err(ErrorCode::BadAnswer));
    }

    #[test]
    fn a_full_disk_of_the_gateway_is_not_one_of_this_device() {
        let body = r#"{"code":"storage_full","retryable":true,"message":""}"#;
        assert_eq!(wake(507, body), Err(ErrorCode::Overloaded));
        let body = r#"{"receipts":[],"stopped":{"index":0,"code":"storage_full"},"server_time":5}"#;
        let stopped = read_push_answer(507, body.as_bytes()).map(|reply| reply.stopped.map(|stop| stop.code));
        assert_eq!(stopped, Ok(Some(ErrorCode::Overloaded)));
    }

    #[test]
    fn a_push_stopped_at_once_keeps_the_number_the_gateway_expects() {
        let body =
            r#"{"receipts":[],"stopped":{"index":0,"code":"seq_gap","expected_seq":3},"server_time":5}"#;
        let reply = read_push_answer(409, body.as_bytes());
        assert_eq!(
            reply
                .ok()
                .and_then(|reply| reply.stopped)
                .and_then(|stop| stop.expected_seq),
            Some(3)
        );
    }
}
