//! The page of a record, the acts that are offered, the questions of a form.

use crate::support::{Doing, Known, act, inspector, law, november, planned, planner};
use serde_json::json;
use shenhai_flow::Calendar;
use shenhai_flow::fold::{Actor, Disclosure, Given, Law};
use shenhai_flow::record::{Item, Record, commitment};
use shenhai_pack::law::FactType;
use shenhai_pack::names::{FactId, FormId, KindId, Name};
use shenhai_view::{Facts, Offer, Opened, Section, answered, choices, dues, fields, offers, seats, sections};
use std::collections::BTreeMap;

const RIVER: &str = "tests/packs/river";
const SALT: [u8; 16] = [7; 16];
const PHONE: &str = "13800001234";

/// Walked on Tuesday with one spot recorded, submitted with a phone number.
fn submitted(law: &Law) -> Record {
    let by = inspector();
    let record = act(law, "start", "{}").at(november(24, "09:00"), Some(&planned(law, "XC-2026-0007")), &by);
    let spot = r#"{"name": "一号桥", "ok": true, "depth": "1.50"}"#;
    let record = act(law, "spot", spot).at(november(24, "09:30"), Some(&record), &by);
    let digest = commitment("witness_phone", &SALT, PHONE).to_hex();
    let answers = format!(r#"{{"water": "green", "witness_phone": "sm3:{digest}"}}"#);
    let submit = Doing {
        disclosures: vec![Disclosure {
            label: "witness_phone".to_owned(),
            salt: SALT,
            value: PHONE.to_owned(),
        }],
        ..act(law, "submit", &answers)
    };
    submit.at(november(24, "10:00"), Some(&record), &by)
}

fn page(law: &Law, record: &Record, known: &Known, masked: bool) -> Vec<Section> {
    sections(&known.look(law, record, november(24, "12:00"), masked))
}

fn facts(section: &Section) -> (&str, Vec<(&str, &str, bool)>) {
    let Section::Facts(Facts { title, facts, .. }) = section else {
        panic!("facts: {section:?}")
    };
    let shown = facts
        .iter()
        .map(|fact| (fact.label.as_str(), fact.text.as_str(), fact.masked));
    (title, shown.collect())
}

#[test]
fn a_page_is_laid_out_as_the_face_says() {
    let law = law(RIVER);
    let record = submitted(&law);
    let all = page(&law, &record, &Known::nothing(), true);
    assert_eq!(
        facts(&all[0]),
        (
            "任务",
            vec![
                ("任务编号", "XC-2026-0007", false),
                ("河道", "苏州河", false),
                ("巡查河段", "西藏路桥至河南路桥", false),
                ("所属区", "黄浦区", false),
                ("计划日期", "2026-11-24", false)
            ]
        )
    );
    assert_eq!(
        facts(&all[1]),
        (
            "巡查结果",
            vec![
                ("水面情况", "藻类偏多", false),
                ("沿岸联系人电话", "***", true),
                ("水深合计（米）", "1.5", false)
            ]
        ),
        "of the phone nothing is known here"
    );
    let Section::Facts(Facts { tables, .. }) = &all[1] else {
        panic!("facts")
    };
    assert_eq!(tables[0].columns, ["点位", "正常", "水深（米）"]);
    assert_eq!(tables[0].rows, [["一号桥", "是", "1.5"]]);
    assert_eq!(all[2], Section::Links(Vec::new()));
    let Section::Timeline { steps, older } = &all[3] else {
        panic!("a timeline")
    };
    let told: Vec<_> = steps
        .iter()
        .map(|step| (step.title.as_str(), step.by.as_str(), step.at))
        .collect();
    assert_eq!(
        told,
        [
            ("派发巡查", "chen", november(23, "10:00")),
            ("开始巡查", "wang", november(24, "09:00")),
            ("记录点位", "wang", november(24, "09:30")),
            ("提交巡查", "wang", november(24, "10:00"))
        ]
    );
    assert_eq!(*older, 0);
}

#[test]
fn personal_data_is_shown_as_far_as_it_was_opened() {
    let law = law(RIVER);
    let record = submitted(&law);
    let phone = |text: &str, is_mask: bool, masked: bool| {
        let mut known = Known::nothing();
        let opened = Opened {
            text: text.to_owned(),
            masked: is_mask,
        };
        known
            .openings
            .insert(commitment("witness_phone", &SALT, PHONE), opened);
        let all = page(&law, &record, &known, masked);
        let (_, shown) = facts(&all[1]);
        let fact = shown
            .iter()
            .find(|(label, ..)| *label == "沿岸联系人电话")
            .expect("shown");
        (fact.1.to_owned(), fact.2)
    };
    assert_eq!(phone(PHONE, false, true), ("138****1234".to_owned(), true));
    assert_eq!(phone(PHONE, false, false), (PHONE.to_owned(), false));
    assert_eq!(
        phone("138****1234", true, false),
        ("138****1234".to_owned(), true)
    );
    // What was opened must not show where the fact is another one.
    let fact = record.facts.get("witness_phone").map(|fact| &fact.item);
    assert!(matches!(fact, Some(Item::Committed(_))));
}

#[test]
fn what_only_the_commit_will_know_is_said_to_come() {
    let law = law(RIVER);
    let record = planned(&law, "");
    let mut known = Known::nothing();
    known.later.insert(FactId::parse("number").expect("a name"));
    known.names.insert("wang".to_owned(), "王小明".to_owned());
    let all = page(&law, &record, &known, true);
    assert_eq!(facts(&all[0]).1[0], ("任务编号", "待定", false));
    let look = known.look(&law, &record, november(24, "12:00"), true);
    let held: Vec<_> = seats(&look)
        .into_iter()
        .map(|seat| (seat.label, seat.text))
        .collect();
    let owned = |pairs: [(&str, &str); 2]| pairs.map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(held, owned([("巡查员", "王小明"), ("派发人", "chen")]));
    let all_dues: Vec<_> = dues(&look)
        .into_iter()
        .map(|due| (due.label, due.at, due.late))
        .collect();
    assert_eq!(all_dues, [("巡查".to_owned(), november(27, "00:00"), false)]);
}

fn offered(law: &Law, record: Option<&Record>, by: &Actor) -> Vec<Offer> {
    let given = Given {
        at: november(24, "12:00"),
        calendar: Calendar::standard(),
        asked: BTreeMap::new(),
    };
    let kind = KindId::parse("patrol").expect("a name");
    offers(record, &kind, &given, by, law, &law.pack().face)
}

fn told(offers: &[Offer]) -> Vec<(&str, bool, &str)> {
    let told = offers
        .iter()
        .map(|offer| (offer.title.as_str(), offer.enabled, offer.why.as_str()));
    told.collect()
}

#[test]
fn offered_is_what_the_fold_would_take_and_the_rest_says_why_not() {
    let law = law(RIVER);
    let record = planned(&law, "");
    assert_eq!(
        told(&offered(&law, Some(&record), &inspector())),
        [
            ("开始巡查", true, ""),
            ("查看个人信息", true, ""),
            ("记录点位", false, ""),
            ("上报问题", false, ""),
            ("提交巡查", false, "")
        ]
    );
    let walking = act(&law, "start", "{}").at(november(24, "09:00"), Some(&record), &inspector());
    let now = offered(&law, Some(&walking), &inspector());
    assert_eq!(
        told(&now),
        [
            ("记录点位", true, ""),
            ("上报问题", true, ""),
            ("查看个人信息", true, ""),
            ("开始巡查", false, ""),
            ("提交巡查", false, "请先记录至少一个点位")
        ]
    );
    let form = |title: &str| {
        now.iter()
            .find(|offer| offer.title == title)
            .and_then(|offer| offer.form.clone())
    };
    assert_eq!(form("记录点位"), FormId::parse("spot"));
    assert_eq!(form("查看个人信息"), None);
    let elsewhere = crate::support::person("li", "inspector", &["person:li"]);
    assert_eq!(
        told(&offered(&law, Some(&walking), &elsewhere)),
        [],
        "another's patrol"
    );
}

#[test]
fn a_record_is_opened_by_whom_the_law_lets() {
    let law = law(RIVER);
    assert_eq!(told(&offered(&law, None, &planner())), [("派发巡查", true, "")]);
    assert_eq!(told(&offered(&law, None, &inspector())), []);
}

#[test]
fn a_guard_that_asks_the_form_does_not_stand_before_it() {
    let law = law(RIVER);
    let finding = KindId::parse("finding").expect("a name");
    let open = Doing {
        kind: "finding",
        asked: &[("office", "hp"), ("fixer", "zhao")],
        ..act(
            &law,
            "open",
            r#"{"patrol_no": "XC-2026-0007", "river": "苏州河", "district": "310101", "matter": ["litter"],
               "urgency": "urgent", "what": "桥下有漂浮垃圾"}"#,
        )
    };
    let asked = Actor::Asked {
        kind: shenhai_pack::law::KindRef {
            pack: None,
            kind: KindId::parse("patrol").expect("a name"),
        },
        id: "p".to_owned(),
    };
    let record = open.at(november(24, "10:00"), None, &asked);
    let by = crate::support::person("zhao", "fixer", &["person:zhao"]);
    let take = Doing {
        kind: "finding",
        ..act(&law, "take", "{}")
    };
    let record = take.at(november(24, "11:00"), Some(&record), &by);
    let given = Given {
        at: november(24, "12:00"),
        calendar: Calendar::standard(),
        asked: BTreeMap::new(),
    };
    let offers = offers(Some(&record), &finding, &given, &by, &law, &law.pack().face);
    assert_eq!(
        told(&offers),
        [("整改完成", true, ""), ("不成立", true, ""), ("接收", false, "")]
    );
}

#[test]
fn a_form_asks_what_its_sheet_says() {
    let law = law(RIVER);
    let form = |name: &str| law.form(&FormId::parse(name).expect("a name")).expect("a form");
    let asked = fields(&law, form("submitted"));
    let told: Vec<_> = asked
        .iter()
        .map(|field| {
            (
                field.name.as_str(),
                field.label.as_str(),
                field.required,
                field.personal,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("water", "水面情况", true, false),
            ("remark", "巡查说明", false, false),
            ("witness_phone", "沿岸联系人电话", false, true)
        ]
    );
    let labels: Vec<_> = asked[0]
        .choices
        .iter()
        .map(|choice| choice.label.as_str())
        .collect();
    assert_eq!(labels, ["清澈", "藻类偏多", "浑浊"]);
    assert_eq!(fields(&law, form("spot"))[2].kind, FactType::Decimal(2));
    let offered: Vec<_> = choices(&fields(&law, form("reported"))).into_keys().collect();
    assert_eq!(offered, ["matter", "urgency"]);
    let given = json!({ "water": "dirty", "witness_phone": PHONE, "remark": "" });
    let given = given.as_object().expect("an object");
    let read = |masked| {
        let all = answered(&law, form("submitted"), given, masked);
        all.into_iter()
            .map(|one| (one.label, one.text))
            .collect::<Vec<_>>()
    };
    let owned = |pairs: [(&str, &str); 2]| pairs.map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(
        read(false),
        owned([("水面情况", "浑浊"), ("沿岸联系人电话", PHONE)])
    );
    assert_eq!(
        read(true),
        owned([("水面情况", "浑浊"), ("沿岸联系人电话", "138****1234")])
    );
}
