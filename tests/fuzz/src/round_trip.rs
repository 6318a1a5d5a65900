//! What must hold for every JSON value that was taken from outside.
//!
//! Not a parser. Called by the targets of requests and answers.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Fields left out of the input are written as `null`, and a number may be written with more digits; beyond
/// that a value is never larger than what it was read from.
const GROWTH: usize = 4;
const FIXED: usize = 1024;

/// Read `data` as `T`; whatever is taken has to read back equal from what we write and to stay small.
pub(crate) fn taken<T>(data: &[u8]) -> Option<T>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let value: T = serde_json::from_slice(data).ok()?;
    reads_back(&value, data.len());
    Some(value)
}

/// Assert that `value`, read from `read` bytes, reads back equal and stays small.
pub(crate) fn reads_back<T>(value: &T, read: usize)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let written = serde_json::to_vec(value).expect("a value of the protocol can be written");
    assert!(
        written.len() <= GROWTH * read + FIXED,
        "{read} bytes grew to {}",
        written.len()
    );
    let again: T = serde_json::from_slice(&written).expect("what we write, we read");
    assert_eq!(*value, again);
}
