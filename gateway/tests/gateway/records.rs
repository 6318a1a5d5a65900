//! Acts upon records of packs: accepted and refused by the law, shown as its sights say, judged again from what is stored.

use crate::field::{
    About, FIXER, Field, INSPECTOR, OTHER_INSPECTOR, PATROL, PLANNER, fact, hash, no_answers, record_of,
    said_of, seen,
};
use crate::stage::{HANDLER, NOW, PHONE, assert_without_citizen, log};
use serde_json::{Value, json};
use shenhai_protocol::{ErrorCode, Receipt, Verdict};
use std::time::Duration;

const DAY: i64 = 24 * 3600 * 1000;

fn refused(receipt: &Receipt) -> ErrorCode {
    assert_eq!(receipt.verdict, Verdict::Refused, "{receipt:?}");
    assert_eq!((receipt.rev, receipt.after.as_str()), (None, ""));
    receipt.code.unwrap()
}

fn spot(name: &str, depth: &str) -> Value {
    json!({"name": name, "ok": true, "depth": depth})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patrol_is_planned_walked_and_finished_and_everybody_folds_alike() {
    let field = Field::start().await;
    let (mut planner, mut inspector) = (field.sign_in(PLANNER).await, field.sign_in(INSPECTOR).await);
    let id = field.planned(&mut planner, INSPECTOR).await;
    let held = seen(&field, &inspector, "person:inspector1", &id).await.unwrap();
    assert_eq!((held.rev, &held.law), (1, &field.law_ref()));
    let called: Vec<&str> = held.names.values().map(String::as_str).collect();
    assert_eq!(called, ["局热线办", "inspector1", "planner1"], "by the directory");
    assert_eq!(
        fact(&held, "number"),
        "txc-2026-1",
        "the first number of the year's series"
    );
    assert_eq!(record_of(&held).state.to_string(), "planned");

    let begun = field
        .done(&mut inspector, &About::at(PATROL, &id, 1), "start", no_answers())
        .await;
    assert_eq!(begun.rev, Some(2));
    assert_eq!(begun.given.at.0, NOW);
    assert_eq!(begun.given.calendar, "calendar-2026");
    assert_eq!(
        begun.changes.keys().collect::<Vec<_>>(),
        ["person:inspector1"],
        "only her own scope is told her"
    );
    for (rev, name, depth) in [(2, "一号桥", "1.25"), (3, "二号桥", "0.5")] {
        let about = About::at(PATROL, &id, rev);
        field
            .done(&mut inspector, &about, "spot", spot(name, depth))
            .await;
    }
    let about = About::at(PATROL, &id, 4);
    let finished = field
        .done(&mut inspector, &about, "submit", json!({"water": "clear"}))
        .await;
    let held = seen(&field, &planner, "bureau", &id).await.unwrap();
    assert_eq!(fact(&held, "depths"), "n1.75");
    let record = record_of(&held);
    assert_eq!((record.state.to_string().as_str(), record.rev), ("finished", 5));
    // docs/record.md: the state text is the document without its heads.
    let heads = held.document.find("\nhead ").unwrap();
    assert_eq!(finished.after, hash(&held.document[..=heads]).as_str());
    assert_eq!(field.judged_again(PATROL, &id), record);
    field.stage.assert_gapless_logs();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_law_refuses_is_refused_with_its_cell_and_changes_nothing() {
    let field = Field::start().await;
    let (mut planner, mut inspector) = (field.sign_in(PLANNER).await, field.sign_in(INSPECTOR).await);
    let id = field.planned(&mut planner, INSPECTOR).await;
    let about = About::at(PATROL, &id, 1);
    let early = field.act(&inspector, &about, "spot", spot("一号桥", "1"));
    let receipt = field.push(&mut inspector, &early).await;
    assert_eq!(refused(&receipt), ErrorCode::WrongState);
    field.done(&mut inspector, &about, "start", no_answers()).await;
    let about = About::at(PATROL, &id, 2);
    let empty = field.act(&inspector, &about, "submit", json!({"water": "clear"}));
    let receipt = field.push(&mut inspector, &empty).await;
    assert_eq!(refused(&receipt), ErrorCode::RuleRefused);
    assert_eq!(
        receipt.cell.as_deref(),
        Some("law/acts.csv 第7行 when"),
        "the last row that was tried"
    );
    for (answers, what) in [
        (json!({"name": "一号桥", "ok": "perhaps"}), "no yes or no"),
        (json!({"ok": true}), "without what is required"),
        (
            json!({"name": "一号桥", "ok": true, "colour": "blue"}),
            "an answer nobody asked for",
        ),
    ] {
        let wrong = field.act(&inspector, &about, "spot", answers);
        let receipt = field.push(&mut inspector, &wrong).await;
        assert_eq!(refused(&receipt), ErrorCode::FormInvalid, "{what}");
    }
    let mut foreign = field.act(&inspector, &about, "spot", spot("一号桥", "1"));
    foreign.envelope.law.sm3 = hash("another law");
    foreign.envelope.form.as_mut().unwrap().sm3 = hash("another law");
    let receipt = field.push(&mut inspector, &foreign).await;
    assert_eq!(refused(&receipt), ErrorCode::LawChanged);
    let ahead = field.act(
        &inspector,
        &About::at(PATROL, &id, 3),
        "spot",
        spot("一号桥", "1"),
    );
    let receipt = field.push(&mut inspector, &ahead).await;
    assert_eq!(refused(&receipt), ErrorCode::Malformed);
    let held = seen(&field, &inspector, "person:inspector1", &id).await.unwrap();
    assert_eq!(held.rev, 2);
    assert_eq!(
        field.judged_again(PATROL, &id),
        record_of(&held),
        "refusals included"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_acts_outside_their_roles_and_scopes_or_learns_what_others_have() {
    let field = Field::start().await;
    let mut planner = field.sign_in(PLANNER).await;
    let id = field.planned(&mut planner, INSPECTOR).await;
    let about = About::at(PATROL, &id, 1);

    let mut stranger = field.sign_in(OTHER_INSPECTOR).await;
    let start = field.act(&stranger, &about, "start", no_answers());
    let receipt = field.push(&mut stranger, &start).await;
    assert_eq!(refused(&receipt), ErrorCode::OrderNotInScope);
    let nothing = "0".repeat(32).as_str().into();
    let of_nothing = field.act(&stranger, &About::at(PATROL, &nothing, 1), "start", no_answers());
    let other = field.push(&mut stranger, &of_nothing).await;
    assert_eq!(
        (other.code, other.cell),
        (receipt.code, receipt.cell),
        "both look alike"
    );
    let mut in_bureau = field.act(&stranger, &about, "start", no_answers());
    in_bureau.envelope.scope = "bureau".into();
    let receipt = field.push(&mut stranger, &in_bureau).await;
    assert_eq!(refused(&receipt), ErrorCode::ScopeDenied);
    let mut as_planner = field.act(&stranger, &About::new(PATROL), "plan", json!({"river": "x"}));
    let receipt = field.push(&mut stranger, &as_planner).await;
    assert_eq!(refused(&receipt), ErrorCode::ScopeDenied, "no role of hers plans");
    as_planner = field.act(&stranger, &about, "start", no_answers());
    as_planner.envelope.role = "planner".into();
    let receipt = field.push(&mut stranger, &as_planner).await;
    assert_eq!(refused(&receipt), ErrorCode::ScopeDenied);

    // A handler of the hotline without a role in the pack.
    let mut handler = field.stage.sign_in(HANDLER).await;
    handler.grant.user.roles = vec!["inspector".into()];
    let start = field.act(&handler, &about, "start", no_answers());
    let receipt = field.push(&mut handler, &start).await;
    assert_eq!(refused(&receipt), ErrorCode::ScopeDenied);
    assert_eq!(
        field
            .stage
            .count("SELECT count(*) FROM commands WHERE order_id IS NOT NULL"),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_whose_parts_do_not_belong_together_gets_no_receipt() {
    let field = Field::start().await;
    let mut planner = field.sign_in(PLANNER).await;
    let id = field.planned(&mut planner, INSPECTOR).await;
    let mut inspector = field.sign_in(INSPECTOR).await;
    let about = About::at(PATROL, &id, 1);
    field.done(&mut inspector, &about, "start", no_answers()).await;
    let about = About::at(PATROL, &id, 2);
    let submit = json!({"water": "clear", "witness_phone": PHONE});
    let before = field.stage.state();
    let mut acts = Vec::new();
    let mut act = field.act(&inspector, &about, "submit", submit.clone());
    act.beside.disclosures.clear();
    acts.push((act, "a commitment that nothing opens"));
    let mut act = field.act(&inspector, &about, "submit", submit.clone());
    act.beside.submission = Some("{}".to_owned());
    acts.push((act, "another submission than it names"));
    let mut act = field.act(&inspector, &about, "submit", submit.clone());
    act.envelope.form.as_mut().unwrap().id = "spot".into();
    acts.push((act, "a form of another act"));
    let mut act = field.act(&inspector, &about, "submit", submit.clone());
    act.envelope.form.as_mut().unwrap().sm3 = hash("another");
    acts.push((act, "a form of another law"));
    let mut act = field.act(&inspector, &about, "submit", submit);
    act.beside.disclosures[0].salt = "x".repeat(32);
    acts.push((act, "a salt that is none"));
    for (act, what) in acts {
        let signed = inspector.device.seal(&act);
        let (status, text) = field.stage.push(&inspector, vec![signed]).await;
        assert_eq!(
            (status, &*crate::stage::code(&text)),
            (400, "malformed"),
            "{what}"
        );
        assert_without_citizen(&text);
    }
    assert_eq!(field.stage.state(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_of_one_patrol_merge_other_spots_and_overwrite_nothing_unseen() {
    let field = Field::start().await;
    let mut planner = field.sign_in(PLANNER).await;
    let id = field.planned(&mut planner, INSPECTOR).await;
    let (mut one, mut other) = (field.sign_in(INSPECTOR).await, field.sign_in(INSPECTOR).await);
    field
        .done(&mut one, &About::at(PATROL, &id, 1), "start", no_answers())
        .await;
    // Both have seen revision 2 and go on without a network.
    let seen_by_both = About::at(PATROL, &id, 2);
    field
        .done(&mut one, &seen_by_both, "spot", spot("一号桥", "1.25"))
        .await;
    field
        .done(&mut other, &seen_by_both, "spot", spot("二号桥", "0.5"))
        .await;
    let overwrites = field.act(&other, &seen_by_both, "spot", spot("一号桥", "9"));
    let receipt = field.push(&mut other, &overwrites).await;
    assert_eq!(refused(&receipt), ErrorCode::FactsChanged);
    assert_eq!(receipt.cell.as_deref(), Some("law/effects.csv 第6行"));
    // Her own second look at the same spot is no conflict, though she has received nothing since.
    field
        .done(&mut one, &seen_by_both, "spot", spot("一号桥", "1.5"))
        .await;
    let held = seen(&field, &one, "person:inspector1", &id).await.unwrap();
    assert_eq!(fact(&held, "depths"), "n2");
    assert_eq!(field.judged_again(PATROL, &id), record_of(&held));
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_of_one_batch_are_folded_one_upon_the_other_without_parsing_a_form_in_the_writer() {
    let field = Field::start().await;
    let mut planner = field.sign_in(PLANNER).await;
    let id = field.planned(&mut planner, INSPECTOR).await;
    let mut inspector = field.sign_in(INSPECTOR).await;
    // All of them are prepared upon revision 1; the writer meets 2, 3 and 4.
    let mut batch = Vec::new();
    for (rev, act, answers) in [
        (1, "start", no_answers()),
        (1, "spot", spot("一号桥", "1")),
        (1, "spot", spot("二号桥", "2")),
        (1, "submit", json!({"water": "green"})),
    ] {
        let act = field.act(&inspector, &About::at(PATROL, &id, rev), act, answers);
        batch.push(inspector.device.append(&act));
    }
    let (status, text) = field.stage.push(&inspector, batch).await;
    assert_eq!(status, 200, "{text}");
    let held = seen(&field, &inspector, "person:inspector1", &id).await.unwrap();
    assert_eq!((held.rev, fact(&held, "depths").as_str()), (5, "n3"));
    assert_eq!(field.judged_again(PATROL, &id), record_of(&held));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_used_up_only_by_an_act_that_takes_effect_and_the_same_bytes_get_the_same_receipt() {
    let field = Field::start().await;
    let mut planner = field.sign_in(PLANNER).await;
    let wrong = field.act(&planner, &About::new(PATROL), "plan", json!({"river": "样例河"}));
    let receipt = field.push(&mut planner, &wrong).await;
    assert_eq!(refused(&receipt), ErrorCode::FormInvalid);
    let answers =
        json!({"river": "样例河", "district": "310101", "planned_on": "2026-11-24", "inspector": INSPECTOR});
    let act = field.act(&planner, &About::new(PATROL), "plan", answers.clone());
    let signed = planner.device.append(&act);
    let first = field.stage.push(&planner, vec![signed.clone()]).await;
    let again = field.stage.push(&planner, vec![signed]).await;
    assert_eq!(first.0, 200, "{}", first.1);
    assert_eq!(first, again);
    let second = field
        .done(&mut planner, &About::new(PATROL), "plan", answers.clone())
        .await;
    assert_eq!(second.given.asked["no"].value, "xc-2026-2");
    // The same work under another id of its own: the record is there.
    let mut anew = field.act(&planner, &About::new(PATROL), "plan", answers);
    anew.envelope.record.id = act.record.id.clone();
    anew.envelope.work = act.work.clone();
    let receipt = field.push(&mut planner, &anew).await;
    assert_eq!(refused(&receipt), ErrorCode::Exists);
    assert_eq!(field.stage.count("SELECT last FROM series"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_is_shown_in_full_to_whom_the_sights_say_and_masked_to_the_bureau() {
    let field = Field::start().await;
    let mut planner = field.sign_in(PLANNER).await;
    let id = field.planned(&mut planner, INSPECTOR).await;
    let mut inspector = field.sign_in(INSPECTOR).await;
    for (rev, act, answers) in [
        (1, "start", no_answers()),
        (2, "spot", spot("一号桥", "1")),
        (3, "submit", json!({"water": "clear", "witness_phone": PHONE})),
    ] {
        field
            .done(&mut inspector, &About::at(PATROL, &id, rev), act, answers)
            .await;
    }
    let own = seen(&field, &inspector, "person:inspector1", &id).await.unwrap();
    let [shown] = &own.shown[..] else {
        panic!("{own:?}")
    };
    assert_eq!(
        (shown.label.as_str(), shown.text.as_str()),
        ("witness_phone", PHONE)
    );
    // What is shown opens the commitment in the document: SM3(label ‖ 0x00 ‖ salt ‖ value).
    let salt = shown.salt.as_ref().unwrap();
    let salt: Vec<u8> = (0..16)
        .map(|at| u8::from_str_radix(&salt[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let opened = [b"witness_phone\0", &salt[..], PHONE.as_bytes()].concat();
    assert_eq!(shown.commitment.as_str(), shenhai_crypto::sm3(&opened).to_hex());
    assert_eq!(fact(&own, "witness_phone"), format!("*{}", shown.commitment));

    let masked = seen(&field, &planner, "bureau", &id).await.unwrap();
    assert_eq!(masked.document, own.document);
    assert_eq!(
        (masked.shown[0].text.as_str(), &masked.shown[0].salt),
        ("138****1234", &None)
    );
    let pulled = field.stage.pull(&planner, "bureau", 0).await;
    assert_without_citizen(&serde_json::to_string(&pulled).unwrap());
    assert_without_citizen(&log());
    // To have looked is put on record and changes nothing.
    let about = About::at(PATROL, &id, 4);
    let revealed = field.done(&mut inspector, &about, "reveal", no_answers()).await;
    assert_eq!(revealed.rev, Some(4));
    let audit = "SELECT count(*) FROM audit WHERE event = 'caller_revealed' AND actor = 'inspector1'";
    assert_eq!(field.stage.count(audit), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patrol_given_to_another_leaves_its_former_inspector_who_is_told_so() {
    let field = Field::start().await;
    let mut planner = field.sign_in(PLANNER).await;
    let id = field.planned(&mut planner, INSPECTOR).await;
    let (mut former, mut next) = (
        field.sign_in(INSPECTOR).await,
        field.sign_in(OTHER_INSPECTOR).await,
    );
    let about = About::at(PATROL, &id, 1);
    for (answers, code) in [
        (json!({"seat": "main", "person": HANDLER}), ErrorCode::UnknownUser),
        (
            json!({"seat": "main", "person": "nobody"}),
            ErrorCode::UnknownUser,
        ),
    ] {
        let wrong = field.act(&planner, &about, "reassign", answers);
        let receipt = field.push(&mut planner, &wrong).await;
        assert_eq!(refused(&receipt), code);
    }
    let answers = json!({"seat": "main", "person": OTHER_INSPECTOR});
    let mut give = field.act(&planner, &about, "reassign", answers);
    give.envelope.scope = "bureau".into();
    let receipt = field.push(&mut planner, &give).await;
    assert_eq!(receipt.verdict, Verdict::Accepted, "{receipt:?}");
    assert_eq!(
        receipt.given.asked["to"].unit.as_ref().unwrap().as_str(),
        "d310104"
    );

    let pull = field.stage.pull(&former, "person:inspector1", 0).await;
    assert_eq!(said_of(&pull, &id), Some(None), "it is gone");
    assert!(seen(&field, &next, "person:inspector2", &id).await.is_some());
    let late = field.act(&former, &about, "start", no_answers());
    let receipt = field.push(&mut former, &late).await;
    assert_eq!(refused(&receipt), ErrorCode::Reassigned);
    field
        .done(&mut next, &About::at(PATROL, &id, 2), "start", no_answers())
        .await;
    let held = seen(&field, &next, "person:inspector2", &id).await.unwrap();
    assert_eq!(field.judged_again(PATROL, &id), record_of(&held));
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_days_after_its_end_a_patrol_leaves_its_inspector_and_not_the_bureau() {
    let field = Field::start().await;
    let mut planner = field.sign_in(PLANNER).await;
    let id = field.planned(&mut planner, INSPECTOR).await;
    let off = field.act(
        &planner,
        &About::at(PATROL, &id, 1),
        "call_off",
        json!({"reason": "改期"}),
    );
    let mut off = off;
    off.envelope.scope = "bureau".into();
    assert_eq!(field.push(&mut planner, &off).await.verdict, Verdict::Accepted);
    let until = format!(
        "SELECT count(*) FROM held WHERE scope = 'person:inspector1' AND until = {}",
        NOW + 30 * DAY
    );
    assert_eq!(field.stage.count(&until), 1);
    let inspector = field.sign_in(INSPECTOR).await;
    assert!(seen(&field, &inspector, "person:inspector1", &id).await.is_some());
    field.stage.advance(30 * DAY);
    let field = field.restarted().await;
    let inspector = field.sign_in(INSPECTOR).await;
    let mut left = false;
    for _ in 0..500 {
        let pull = field.stage.pull(&inspector, "person:inspector1", 0).await;
        left = said_of(&pull, &id) == Some(None);
        if left {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(left, "it stays with its inspector");
    let planner = field.sign_in(PLANNER).await;
    assert!(seen(&field, &planner, "bureau", &id).await.is_some());
    let fixer = field.sign_in(FIXER).await;
    assert_eq!(field.stage.pull(&fixer, "person:fixer1", 0).await.changes, []);
}
