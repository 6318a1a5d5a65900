//! A kept record, and the answers of a form: bytes that a store or a stranger may have changed.
//!
//! Not here: acts, which are typed before they are folded.
//! Called through [`crate::TARGETS`].

use shenhai_flow::fold::{FormRequest, Forms, JsonAnswers, Law};
use shenhai_flow::record::{MAX_DOCUMENT, MAX_HEADS, Record};
use shenhai_forms::value::Time;
use shenhai_pack::names::{FormId, Name};
use shenhai_pack::{PackRef, Roots};
use std::sync::LazyLock;

static LAW: LazyLock<Law> = LazyLock::new(|| {
    let (files, pack) = crate::packs::sample();
    let reference = PackRef {
        id: pack.manifest.id.clone(),
        version: pack.manifest.version,
        law: Roots::of(&files).law,
    };
    Law::new(pack, reference)
});

/// A record's document. What is read is written the same, and says the same of its state with or without its heads.
pub fn record_document(data: &[u8]) {
    let Ok(record) = Record::read(data) else {
        return;
    };
    assert!(data.len() <= MAX_DOCUMENT && record.steps.heads.len() <= MAX_HEADS);
    assert_eq!(record.document().as_bytes(), data);
    assert!(data.starts_with(record.state_text().as_bytes()));
    let again = Record::read(record.state_text().as_bytes()).expect("a record without heads is one");
    assert_eq!(again.digest(), record.digest());
}

/// The answers of a form with a repeat. What passes is of the sheet's types, and is read alike each time.
pub fn submission(data: &[u8]) {
    for name in ["finished", "reported"] {
        let id = FormId::parse(name).expect("a name");
        let request = FormRequest {
            id: &id,
            form: LAW.form(&id).expect("a form of the sample"),
            law: &LAW,
            record: None,
            filled: Time::new(0).expect("within the calendar"),
        };
        let forms = JsonAnswers::new(data, Vec::new());
        let answers = forms.answers(&request);
        assert_eq!(answers, forms.answers(&request));
        match answers {
            Err(issues) => assert!(!issues.is_empty()),
            Ok(answers) => {
                for (name, item) in &answers.items {
                    let answer = request
                        .form
                        .answer(&Name::parse(name).expect("a name of the sheet"));
                    let answer = answer.expect("an answer of the sheet");
                    let kind = answer.kind.value_type().expect("one value");
                    assert_eq!(item.value().is_none(), answer.class.is_some());
                    assert!(item.value().is_none_or(|value| value.is_of(&kind)));
                }
                assert!(answers.rows.values().all(|rows| rows.len() <= 200));
            }
        }
    }
}
