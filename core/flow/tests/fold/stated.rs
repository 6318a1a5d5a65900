//! The state text: the same for whoever folds, and read back from the stored document.

use super::hotline::{LAW, handler, platform};
use super::support::{Dice, Doing, later, name, time};
use shenhai_flow::Calendar;
use shenhai_flow::fold::{Act, Disclosure, Given, JsonAnswers, What, apply};
use shenhai_flow::record::{DocumentError, Item, MAX_DOCUMENT, Record, commitment};
use shenhai_forms::value::{Time, Value};

/// The submission of an order as a platform's adapter writes it, and what opens its classed answers.
fn submission(dice: &mut Dice, at: Time) -> (String, Vec<Disclosure>) {
    let salt = |dice: &mut Dice| {
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&dice.next().to_be_bytes());
        salt
    };
    let disclosures: Vec<Disclosure> = [("caller_name", "王女士"), ("caller_phone", "13800001234")]
        .into_iter()
        .map(|(label, value)| Disclosure {
            label: label.to_owned(),
            salt: salt(dice),
            value: format!("{value}{}", dice.below(10)),
        })
        .collect();
    let hex = |nth: usize| {
        let one = &disclosures[nth];
        format!("sm3:{}", commitment(&one.label, &one.salt, &one.value))
    };
    let json = serde_json::json!({
        "channel": "12345",
        "source_no": format!("SH{}", dice.below(1_000_000)),
        "urgency": dice.one_of(&["normal", "sub_urgent", "urgent"]),
        "matter": dice.one_of(&["help", "complaint", "inquiry"]),
        "subject": "排水/管道堵塞",
        "title": dice.one_of(&["污水 外溢", "-", "a\\b", "两\n行"]),
        "content": "楼下污水外溢",
        "address": "某路 88弄",
        "district": "310112",
        "point": "31.1 121.4",
        "is_review": dice.below(2) == 0,
        "supervised": false,
        "urge_count": dice.below(5),
        "received_at": at.to_string(),
        "caller_name": hex(0),
        "caller_phone": hex(1),
    });
    (json.to_string(), disclosures)
}

fn open(json: &str, disclosures: Vec<Disclosure>, at: Time) -> Record {
    let given = Given {
        at,
        calendar: Calendar::standard(),
        asked: std::collections::BTreeMap::new(),
    };
    let kind = name("order");
    let what = What::Named(name("receive"));
    let act = Act {
        kind: &kind,
        record: None,
        what: &what,
        law: LAW.reference(),
        entry: "12345 1",
        work: "12345 1",
        device: None,
        base_rev: None,
        filled: at,
        submission: Some(shenhai_crypto::sm3(json.as_bytes())),
        forms: &JsonAnswers::new(json.as_bytes(), disclosures),
        given: &given,
    };
    apply(None, &act, &platform(), &LAW)
        .expect("an order is received")
        .0
}

#[test]
fn whoever_folds_with_everything_disclosed_or_with_nothing_comes_to_the_same_text() {
    let mut dice = Dice(42);
    for nth in 0..2000 {
        let at = later(time("2026-03-02T08:00:00.000+08:00"), nth * 977_000);
        let (json, disclosures) = submission(&mut dice, at);
        let part = disclosures[..1].to_vec();
        let mut records = [
            open(&json, disclosures, at),
            open(&json, part, at),
            open(&json, Vec::new(), at),
        ];
        // Nobody answered who handles it, as on a device, so the acts are the platform's.
        for step in 0..dice.below(5) {
            let count = i32::try_from(dice.below(9)).expect("small");
            let doing = Doing::new(&LAW, "order", "update")
                .entry(&format!("update {step}"))
                .with([
                    ("urge_count", Item::Plain(Value::Number(count.into()))),
                    ("supervised", Item::Plain(Value::Bool(dice.below(2) == 0))),
                ]);
            let now = later(
                records[0].changed,
                i64::try_from(dice.below(90_000_000)).expect("small"),
            );
            for record in &mut records {
                *record = doing.at(now, Some(record), &platform()).expect("taken").0;
            }
        }
        let [full, part, masked] = records;
        assert_eq!(full.state_text(), masked.state_text());
        assert_eq!((full.digest(), part.digest()), (masked.digest(), full.digest()));
        let kept = Record::read(full.document().as_bytes()).expect("a document is read back");
        assert_eq!(kept, full);
        assert_eq!(kept.digest(), full.digest());
    }
}

#[test]
fn a_text_holds_no_personal_datum_and_one_line_for_each_item() {
    let at = time("2026-03-02T08:00:00.000+08:00");
    let (json, disclosures) = submission(&mut Dice(1), at);
    let record = open(&json, disclosures, at);
    let written = record.state_text();
    assert!(
        !written.contains("王女士") && !written.contains("13800001234"),
        "{written}"
    );
    let phone = json.split("\"caller_phone\":\"sm3:").nth(1).expect("the answer");
    assert!(
        written.contains(&format!("\nfact caller_phone 1 *{}\n", &phone[..64])),
        "{written}"
    );
    assert!(written.contains("\nfact address 1 t某路\\s88弄\n"), "{written}");
    assert!(written.contains("\nfact point 1 p31.1\\s121.4\n"), "{written}");
    assert!(
        written.starts_with("record 1\nkind order\nid 12345-SH"),
        "{written}"
    );
    assert!(
        written.contains("\nclock finish 1 2026-03-02T08:00:00.000+08:00 -\n"),
        "{written}"
    );
}

#[test]
fn a_disclosure_that_opens_nothing_is_an_issue_and_so_is_a_plain_personal_datum() {
    let at = time("2026-03-02T08:00:00.000+08:00");
    let (json, mut disclosures) = submission(&mut Dice(1), at);
    disclosures[0].value.push('x');
    let codes = |json: &str, disclosures: Vec<Disclosure>| -> Vec<(String, String)> {
        let forms = JsonAnswers::new(json.as_bytes(), disclosures);
        let id = name("received");
        let request = shenhai_flow::fold::FormRequest {
            id: &id,
            form: LAW.form(&id).expect("a form"),
            law: &LAW,
            record: None,
            filled: at,
        };
        let issues = shenhai_flow::fold::Forms::answers(&forms, &request).expect_err("issues");
        issues
            .into_iter()
            .map(|issue| (issue.answer, issue.code))
            .collect()
    };
    let pair = |answer: &str, code: &str| (answer.to_owned(), code.to_owned());
    assert_eq!(codes(&json, disclosures), [pair("caller_name", "disclosure")]);
    let plain = r#"{"caller_name": "王女士", "matter": "nonsense", "urge_count": 1.5, "nobody": 1, "point": "200 1"}"#;
    let found = codes(plain, Vec::new());
    for expected in [
        pair("caller_name", "commitment"),
        pair("matter", "code"),
        pair("urge_count", "type"),
        pair("nobody", "unknown"),
        pair("point", "type"),
        pair("title", "required"),
    ] {
        assert!(found.contains(&expected), "{expected:?} in {found:?}");
    }
    assert_eq!(codes("[1]", Vec::new()), [pair("", "not_json")]);
    let long = format!("{{\"title\": \"{}\"}}", "长".repeat(90_000));
    assert_eq!(codes(&long, Vec::new()), [pair("", "too_large")]);
}

#[test]
fn a_document_is_read_only_as_it_is_written() {
    let at = time("2026-03-02T08:00:00.000+08:00");
    let (json, disclosures) = submission(&mut Dice(3), at);
    let document = open(&json, disclosures, at).document();
    assert!(Record::read(document.as_bytes()).is_ok());
    let changed = |from: &str, to: &str| {
        assert!(document.contains(from), "{from:?} is in {document}");
        Record::read(document.replacen(from, to, 1).as_bytes()).expect_err("not a record")
    };
    assert_eq!(changed("rev 1\n", "rev 01\n"), DocumentError::Spelling);
    assert_eq!(changed("record 1\n", "record 2\n"), DocumentError::Line(1));
    assert_eq!(changed("rev 1\n", "rev -1\n"), DocumentError::Line(5));
    assert_eq!(
        changed("+08:00\nchanged", "+08:00 \nchanged"),
        DocumentError::Spelling
    );
    // Two facts in another order say the same, but not in the one spelling.
    let lines: Vec<&str> = document.lines().collect();
    let first = lines
        .iter()
        .position(|line| line.starts_with("fact "))
        .expect("a fact");
    let mut swapped = lines.clone();
    swapped.swap(first, first + 1);
    let swapped = swapped.join("\n") + "\n";
    assert_eq!(Record::read(swapped.as_bytes()), Err(DocumentError::Spelling));
    let cut = &document[..document.len() - 1];
    assert_eq!(Record::read(cut.as_bytes()), Err(DocumentError::Spelling));
    let mut long = document.clone();
    long.push_str(&"x".repeat(MAX_DOCUMENT));
    assert_eq!(Record::read(long.as_bytes()), Err(DocumentError::TooLarge));
    assert_eq!(Record::read(&[0xff, 0xfe]), Err(DocumentError::NotText));
}

#[test]
fn the_digest_of_a_history_is_that_of_its_heads_one_after_the_other() {
    let at = time("2026-03-02T08:00:00.000+08:00");
    let (json, disclosures) = submission(&mut Dice(3), at);
    let submission = shenhai_crypto::sm3(json.as_bytes());
    let record = open(&json, disclosures, at);
    let zeros = "0".repeat(64);
    let head = format!("head 1 receive 12345\\s1 - 2026-03-02T08:00:00.000+08:00 {submission}");
    assert_eq!(
        record.steps.digest,
        shenhai_crypto::sm3(format!("{zeros}\n{head}").as_bytes())
    );
    assert!(record.document().ends_with(&format!("{head}\n")));
    assert!(!record.state_text().contains("head "));
    let refused = Doing::new(&LAW, "order", "receive").refused(at, &record, &platform());
    assert_eq!(refused.word(), "exists");
    let early = Doing::new(&LAW, "order", "accept").refused(later(at, -1), &record, &handler("li", "north"));
    assert_eq!(early.word(), "time_fell");
}
