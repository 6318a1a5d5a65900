//! A kept record, and the answers of a form: bytes that a store or a stranger may have changed.
//!
//! Not here: acts, which are typed before they are folded.
//! Called through [`crate::TARGETS`].

use shenhai_flow::Calendar;
use shenhai_flow::fold::{Actor, FormRequest, Forms, Given, JsonAnswers, Law};
use shenhai_flow::record::{MAX_DOCUMENT, MAX_HEADS, Record};
use shenhai_forms::value::Time;
use shenhai_pack::names::{FormId, Name};
use shenhai_pack::{PackRef, Roots};
use shenhai_view::{Around, Look, Names, Openings, dues, index_row, offers, seats, sections};
use std::collections::{BTreeMap, BTreeSet};
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

/// A record's document. What is read is written the same, and says the same of its state with or without its heads; a
/// page of it can be made under any law.
pub fn record_document(data: &[u8]) {
    let Ok(record) = Record::read(data) else {
        return;
    };
    assert!(data.len() <= MAX_DOCUMENT && record.steps.heads.len() <= MAX_HEADS);
    assert_eq!(record.document().as_bytes(), data);
    assert!(data.starts_with(record.state_text().as_bytes()));
    let again = Record::read(record.state_text().as_bytes()).expect("a record without heads is one");
    assert_eq!(again.digest(), record.digest());
    for kind in LAW.pack().law.kinds.keys() {
        look_at(Record {
            kind: kind.clone(),
            ..record.clone()
        });
    }
}

/// Whatever stands in a record: it has a row and a page, and what changes by itself lies ahead.
fn look_at(record: Record) {
    let (names, openings, later) = (Names::new(), Openings::new(), BTreeSet::new());
    let now = record.changed;
    let around = Around {
        law: &LAW,
        face: &LAW.pack().face,
        calendar: Calendar::standard(),
        now,
        names: &names,
        openings: &openings,
        masked: true,
        later: &later,
    };
    let look = Look::new(&record, around).expect("a kind of the law");
    let columns = LAW.pack().index(&record.kind);
    let row = index_row(&look, &columns);
    assert!(row.next_at.is_none_or(|next| next > now));
    for (name, value) in &row.values.values {
        let column = columns.iter().find(|column| column.name == *name);
        assert!(value.is_of(&column.expect("a column").kind));
    }
    let given = Given {
        at: now,
        calendar: Calendar::standard(),
        asked: BTreeMap::new(),
    };
    for role in &LAW.pack().manifest.roles {
        let by = Actor::Person {
            user: "u".to_owned(),
            unit: "x".to_owned(),
            role: role.clone(),
            scopes: BTreeSet::from(["bureau".to_owned()]),
        };
        let offers = offers(Some(&record), &record.kind, &given, &by, &LAW, &LAW.pack().face);
        assert!(offers.len() <= LAW.pack().law.kinds[&record.kind].acts.len());
    }
    assert!(seats(&look).len() <= LAW.pack().law.kinds[&record.kind].seats.len());
    assert!(dues(&look).len() <= LAW.pack().law.kinds[&record.kind].clocks.len());
    assert!(!sections(&look).is_empty());
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
