//! Packs of other businesses, to see that what the manual offers is enough for them. Each stands in one file: a line
//! `=== path` before each of its files. Their texts are left out, and nothing else may be missing.

use shenhai_pack::{Finding, Level, Pack, PackFiles, check, check_together};

const TRIALS: [(&str, &str); 3] = [
    ("inspection", include_str!("../trial/inspection.txt")),
    ("permit", include_str!("../trial/permit.txt")),
    ("rating", include_str!("../trial/rating.txt")),
];

fn files(name: &str) -> PackFiles {
    let (_, text) = TRIALS.iter().find(|(trial, _)| *trial == name).expect("a trial");
    let mut files = PackFiles::new();
    for part in text.split("\n=== ").skip(1) {
        let (path, content) = part.split_once('\n').expect("a path and a content");
        let content = format!("{}\n", content.trim_end()).into_bytes();
        files.insert(path, content).expect("a file of a pack");
    }
    files
}

/// The trial with a text for every key that the check asks for.
fn pack(name: &str) -> Pack {
    let mut files = files(name);
    files
        .insert("face/texts.zh.csv", b"key,text\n".to_vec())
        .expect("a file of a pack");
    let asked_for = |finding: &Finding| {
        let key = finding.text.strip_prefix("缺少文案“")?.strip_suffix('”')?;
        Some(format!("{key},文案\n"))
    };
    let texts: String = check(&files).findings.iter().filter_map(asked_for).collect();
    assert!(!texts.is_empty());
    files.remove("face/texts.zh.csv");
    files
        .insert("face/texts.zh.csv", format!("key,text\n{texts}").into_bytes())
        .expect("a file of a pack");
    let checked = check(&files);
    let errors: Vec<_> = checked
        .findings
        .iter()
        .filter(|finding| finding.level() == Level::Error)
        .map(ToString::to_string)
        .collect();
    assert_eq!(errors, Vec::<String>::new(), "{name}");
    checked.pack.expect("a sound pack")
}

#[test]
fn packs_of_other_businesses_are_sound_but_for_their_texts() {
    for (name, _) in TRIALS {
        let pack = pack(name);
        assert_eq!(pack.manifest.id.to_string(), name);
        assert!(pack.law.kinds.values().all(|kind| !kind.acts.is_empty()));
    }
}

#[test]
fn a_permit_and_its_inspection_promise_each_other_the_same() {
    let (permit, inspection) = (pack("permit"), pack("inspection"));
    let found: Vec<_> = check_together(&[&permit, &inspection])
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_rating_that_nobody_let_open_an_order_is_named() {
    let rating = pack("rating");
    let hotline = crate::shipped::shipped("hotline");
    let found: Vec<_> = check_together(&[&rating, &hotline])
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        [
            "E321 rating/law/effects.csv 第5行 target：没有约定允许“rating”建立记录：请在对方的 contracts.csv 里加一行",
            "E336 rating/law/effects.csv 第5行 with：对方的答案“content”不是个人信息类别 free_text，不能接收",
        ]
    );
}
