//! What was filled in: closed before it is signed, checked against the signed text, opened for whom it is meant.
//!
//! A classed answer (a citizen's name, say) stands in the submission as a commitment, SM3(label ‖ 0x00 ‖ salt ‖ value):
//! the submission then proves what was answered without showing it. Not which answers are classed: the caller names them.
//! Called by the client when it signs, by the gateway when it takes, and wherever evidence is checked.

use serde_json::{Map, Value};
use shenhai_crypto::{CryptoRng, Digest32, Sm3Hasher, sm3};
use shenhai_protocol::{Beside, Disclosure, Envelope, HexHash, SubmissionRef, limits};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use thiserror::Error;

/// What a commitment begins with.
const COMMITTED: &str = "sm3:";
/// Media type of answers by name.
const JSON: &str = "application/json";

/// Answers by name.
pub type Answers = Map<String, Value>;

/// What is wrong with what travels beside a signed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SubmissionError {
    /// The text names none and one came, or the other way round.
    #[error("a submission that the text does not name, or none where it names one")]
    Unnamed,
    /// It is not what the text names.
    #[error("not the submission the text names")]
    Changed,
    /// Not answers by name.
    #[error("not answers by name")]
    Malformed,
    /// A disclosure opens no commitment, or a classed answer is not opened or stands in the clear.
    #[error("commitments and disclosures do not match")]
    Undisclosed,
}

/// Close answers: commit to the classed ones, with salts from `rng`. A label is an answer's name, or `table/name` for one
/// in every row of a table; the commitment is to the name alone.
///
/// A classed answer is text; an empty or missing one stays as it is, for there is nothing to keep from view.
pub fn close(mut answers: Answers, classed: &[&str], rng: &mut dyn CryptoRng) -> (SubmissionRef, Beside) {
    let mut disclosures = Vec::new();
    for (name, group) in named_by(classed) {
        for answers in group.of(&mut answers) {
            let Some(Value::String(value)) = answers.get_mut(name).filter(|value| **value != "") else {
                continue;
            };
            let mut salt = [0; 16];
            rng.fill_bytes(&mut salt);
            let commitment = commitment(name, &salt, value);
            let value = std::mem::replace(value, format!("{COMMITTED}{}", commitment.to_hex()));
            disclosures.push(Disclosure {
                label: name.to_owned(),
                salt: hex(&salt),
                value,
            });
        }
    }
    let submission = Value::Object(answers).to_string();
    let named = SubmissionRef {
        sm3: HexHash(sm3(submission.as_bytes()).to_hex()),
        bytes: submission.len() as u64,
        media: JSON.to_owned(),
    };
    let beside = Beside {
        submission: Some(submission),
        disclosures,
    };
    (named, beside)
}

/// Check that a submission is the one a text names. `None` where it had to be forgotten: then nothing is said.
///
/// # Errors
/// [`SubmissionError::Unnamed`] and [`SubmissionError::Changed`].
pub fn check_named(envelope: &Envelope, submission: Option<&str>) -> Result<(), SubmissionError> {
    let (Some(named), Some(text)) = (&envelope.submission, submission) else {
        return match submission {
            Some(_) => Err(SubmissionError::Unnamed),
            None => Ok(()),
        };
    };
    let same = named.bytes == text.len() as u64 && sm3(text.as_bytes()).to_hex() == named.sm3.as_str();
    same.then_some(()).ok_or(SubmissionError::Changed)
}

/// The answers of an act in full, as whoever signed it gave them; `None` for an act without any.
///
/// # Errors
/// [`SubmissionError`] says what does not fit. Every disclosure must open an answer of `classed`, every commitment must
/// be opened.
pub fn open(
    envelope: &Envelope,
    beside: &Beside,
    classed: &[&str],
) -> Result<Option<Answers>, SubmissionError> {
    check_named(envelope, beside.submission.as_deref())?;
    let Some(text) = &beside.submission else {
        let nothing = envelope.submission.is_none() && beside.disclosures.is_empty();
        return nothing.then_some(None).ok_or(SubmissionError::Unnamed);
    };
    let mut answers = read(text)?;
    let mut disclosed = BTreeMap::new();
    for one in &beside.disclosures {
        let salt = unhex(&one.salt).ok_or(SubmissionError::Malformed)?;
        let digest = commitment(&one.label, &salt, &one.value).to_hex();
        disclosed.insert((one.label.as_str(), digest), &one.value);
    }
    let mut opened = 0;
    for (name, group) in named_by(classed) {
        for answers in group.of(&mut answers) {
            let is_there = |answer: &&mut Value| **answer != "" && !answer.is_null();
            let Some(answer) = answers.get_mut(name).filter(is_there) else {
                continue;
            };
            // In the clear it would have to be closed.
            let committed = committed(answer).ok_or(SubmissionError::Undisclosed)?;
            let value = disclosed.remove(&(name, committed));
            *answer = Value::String(value.ok_or(SubmissionError::Undisclosed)?.clone());
            opened += 1;
        }
    }
    if opened != beside.disclosures.len() {
        return Err(SubmissionError::Undisclosed);
    }
    Ok(Some(answers))
}

/// Where classed answers of one name stand.
enum Group<'l> {
    /// Among the answers themselves.
    All,
    /// In the rows of a table.
    Rows(&'l str),
}

impl Group<'_> {
    fn of<'a>(&self, answers: &'a mut Answers) -> Vec<&'a mut Answers> {
        match self {
            Self::All => vec![answers],
            Self::Rows(table) => match answers.get_mut(*table) {
                Some(Value::Array(rows)) => rows.iter_mut().filter_map(Value::as_object_mut).collect(),
                _ => Vec::new(),
            },
        }
    }
}

fn named_by<'l>(classed: &'l [&'l str]) -> impl Iterator<Item = (&'l str, Group<'l>)> {
    classed.iter().map(|label| match label.split_once('/') {
        None => (*label, Group::All),
        Some((table, name)) => (name, Group::Rows(table)),
    })
}

/// The answers as they were signed: classed ones are commitments.
///
/// # Errors
/// [`SubmissionError::Malformed`].
pub fn read(submission: &str) -> Result<Answers, SubmissionError> {
    if submission.len() > limits::SUBMISSION_BYTES {
        return Err(SubmissionError::Malformed);
    }
    serde_json::from_str(submission).map_err(|_| SubmissionError::Malformed)
}

/// The digest a committed answer holds.
fn committed(answer: &Value) -> Option<String> {
    let digest = answer.as_str()?.strip_prefix(COMMITTED)?;
    Digest32::from_hex(digest).map(|digest| digest.to_hex())
}

fn commitment(label: &str, salt: &[u8; 16], value: &str) -> Digest32 {
    let mut hasher = Sm3Hasher::new();
    hasher.update(label.as_bytes());
    hasher.update(&[0]);
    hasher.update(salt);
    hasher.update(value.as_bytes());
    hasher.finish()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    let digits = text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    for (byte, pair) in bytes
        .iter_mut()
        .zip(text.as_bytes().chunks_exact(2))
        .filter(|_| digits)
    {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    digits.then_some(bytes)
}
