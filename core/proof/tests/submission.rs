//! What was filled in is closed, named and opened as `tests/vectors/protocol.json` has it; its digests were made with
//! OpenSSL.

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use shenhai_proof::submission::{Answers, SubmissionError, check_named, close, open, read};
use shenhai_protocol::{Beside, Envelope, SignedEnvelope};

const VECTORS: &str = include_str!("../../../tests/vectors/protocol.json");
const CLASSED: &[&str] = &["contact_person"];

fn golden() -> Value {
    serde_json::from_str(VECTORS).unwrap()
}

/// The golden text and what goes with it.
fn signed() -> (Envelope, Beside) {
    let types = &golden()["types"];
    let signed: SignedEnvelope = serde_json::from_value(types["signed_envelope"].clone()).unwrap();
    let envelope = serde_json::from_value(types["envelope"].clone()).unwrap();
    (envelope, signed.beside)
}

#[test]
fn the_golden_submission_opens_to_what_was_answered() {
    let (envelope, beside) = signed();
    let answers = open(&envelope, &beside, CLASSED).unwrap().unwrap();
    assert_eq!(answers["contact_person"], json!("王女士（样例）"));
    assert_eq!(answers["reached"], json!(true));
    // Without the disclosure it still is what was signed, and shows nothing.
    let masked = read(beside.submission.as_deref().unwrap()).unwrap();
    let commitment = golden()["submissions"][0]["commitment"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(masked["contact_person"], json!(format!("sm3:{commitment}")));
    assert_eq!(check_named(&envelope, beside.submission.as_deref()), Ok(()));
    assert_eq!(check_named(&envelope, None), Ok(()), "forgotten breaks nothing");
}

#[test]
fn what_is_closed_opens_again_and_twice_closed_tells_nothing() {
    let mut rng = StdRng::seed_from_u64(7);
    let answers: Answers =
        serde_json::from_value(json!({"contact_person": "某人", "note": "sm3:looks like one", "count": 3}))
            .unwrap();
    let (named, beside) = close(answers.clone(), CLASSED, &mut rng);
    let (mut envelope, _) = signed();
    envelope.submission = Some(named.clone());
    assert_eq!(open(&envelope, &beside, CLASSED), Ok(Some(answers.clone())));
    let (again, other) = close(answers, CLASSED, &mut rng);
    assert_ne!(named.sm3, again.sm3, "another salt, another commitment");
    envelope.submission = Some(named);
    assert_eq!(open(&envelope, &other, CLASSED), Err(SubmissionError::Changed));
    // What is empty has nothing to keep from view.
    let empty: Answers = serde_json::from_value(json!({"contact_person": ""})).unwrap();
    let (named, beside) = close(empty.clone(), CLASSED, &mut rng);
    assert_eq!(beside.disclosures, []);
    envelope.submission = Some(named);
    assert_eq!(open(&envelope, &beside, CLASSED), Ok(Some(empty)));
}

#[test]
fn every_row_of_a_table_is_closed_by_itself() {
    let mut rng = StdRng::seed_from_u64(7);
    let labels: &[&str] = &["phone", "people/phone"];
    let answers: Answers = serde_json::from_value(json!({
        "phone": null,
        "people": [
            {"role": "a", "phone": "13800001234"},
            {"role": "b"},
            {"role": "c", "phone": "13800001234"}
        ]
    }))
    .unwrap();
    let (named, beside) = close(answers.clone(), labels, &mut rng);
    let sent: Value = serde_json::from_str(beside.submission.as_deref().unwrap()).unwrap();
    let (first, last) = (&sent["people"][0]["phone"], &sent["people"][2]["phone"]);
    assert_ne!(first, last, "the same number, another salt");
    assert!(first.as_str().unwrap().starts_with("sm3:"));
    let told: Vec<_> = beside
        .disclosures
        .iter()
        .map(|one| (one.label.as_str(), one.value.as_str()))
        .collect();
    assert_eq!(told, [("phone", "13800001234"), ("phone", "13800001234")]);
    let (mut envelope, _) = signed();
    envelope.submission = Some(named);
    assert_eq!(open(&envelope, &beside, labels), Ok(Some(answers)));
    let mut fewer = beside;
    fewer.disclosures.pop();
    assert_eq!(open(&envelope, &fewer, labels), Err(SubmissionError::Undisclosed));
}

#[test]
fn a_text_without_answers_goes_with_nothing() {
    let (mut envelope, beside) = signed();
    envelope.submission = None;
    assert_eq!(open(&envelope, &Beside::default(), CLASSED), Ok(None));
    assert_eq!(open(&envelope, &beside, CLASSED), Err(SubmissionError::Unnamed));
    let only_disclosed = Beside {
        submission: None,
        ..beside
    };
    assert_eq!(
        open(&envelope, &only_disclosed, CLASSED),
        Err(SubmissionError::Unnamed)
    );
}
