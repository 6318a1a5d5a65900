//! What comes back from the direction of the gateway, as a client reads it: answers of any status, receipts.
//!
//! Not what the client does with them. Called by the smoke tests and the libFuzzer wrappers.

use crate::round_trip::{reads_back, taken};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shenhai_protocol::{
    ErrorBody, ErrorCode, LoginTarget, OrderProof, PeopleList, PullReply, Receipt, SessionGrant,
    SignedReceipt, WakeReply,
};
use shenhai_sync::{read_answer, read_push_answer};
use std::fmt::Debug;

/// Successes, every status of the gateway's own, and some that only others send.
const STATUSES: [u16; 22] = [
    0, 199, 200, 201, 204, 302, 304, 400, 401, 403, 404, 409, 410, 413, 418, 422, 429, 500, 502, 503, 507,
    599,
];

/// The answers to everything but a pull and a push.
pub fn answers(data: &[u8]) {
    under_every_status::<SessionGrant>(data);
    under_every_status::<LoginTarget>(data);
    under_every_status::<WakeReply>(data);
    under_every_status::<OrderProof>(data);
    under_every_status::<PeopleList>(data);
    taken::<ErrorBody>(data);
}

/// The answer to a pull.
pub fn pull_reply(data: &[u8]) {
    under_every_status::<PullReply>(data);
}

/// The answer to a push.
pub fn push_reply(data: &[u8]) {
    for status in STATUSES {
        match read_push_answer(status, data) {
            Ok(reply) => {
                let stopped_with = reply.stopped.as_ref().map(|stop| stop.code.http_status());
                assert!(is_success(status) || stopped_with == Some(status), "{status}");
                reads_back(&reply, data.len());
                for receipt in &reply.receipts {
                    reads_back_opened(receipt);
                }
            }
            Err(code) => fits(status, code),
        }
    }
}

/// A receipt, and its payload on its own.
pub fn receipt(data: &[u8]) {
    if let Some(signed) = taken::<SignedReceipt>(data) {
        reads_back_opened(&signed);
    }
    taken::<Receipt>(data);
}

fn under_every_status<T>(data: &[u8])
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    for status in STATUSES {
        match read_answer::<T>(status, data) {
            Ok(value) => {
                assert!(is_success(status), "{status} was taken for a success");
                reads_back(&value, data.len());
            }
            Err(code) => fits(status, code),
        }
    }
}

/// A code is believed only under its own status; all else means "try again later".
fn fits(status: u16, code: ErrorCode) {
    assert!(
        code == ErrorCode::BadAnswer || (!is_success(status) && code.http_status() == status),
        "{code:?} under {status}"
    );
}

fn is_success(status: u16) -> bool {
    matches!(status, 200 | 201)
}

fn reads_back_opened(signed: &SignedReceipt) {
    if let Ok(receipt) = signed.open() {
        reads_back(&receipt, signed.payload.len());
    }
    if let Ok(commit) = signed.commit.open() {
        reads_back(&commit, signed.commit.payload.len());
    }
}
