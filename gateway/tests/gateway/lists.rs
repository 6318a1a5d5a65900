//! Lists of records read at the gateway: the same order, tabs, search and sights that a device has.

use crate::field::{
    About, FIXER, Field, INSPECTOR, OTHER_INSPECTOR, PATROL, PLANNER, changed, fact, no_answers, river,
};
use crate::stage::{PHONE, Session, code, send};
use reqwest::Method;
use serde_json::{Value, json};
use shenhai_protocol::{HeldRecord, ListReply};

const DAY: i64 = 24 * 3600 * 1000;

/// Ask until the list is filled: a new table serves within moments.
async fn asked(field: &Field, session: &Session, request: &Value) -> (u16, String) {
    loop {
        let call = field.stage.call(Method::POST, "/v1/list");
        let (status, text) = send(call.bearer_auth(&session.grant.token).json(request)).await;
        if status != 503 {
            return (status, text);
        }
        tokio::task::yield_now().await;
    }
}

async fn list(field: &Field, session: &Session, request: &Value) -> ListReply {
    let (status, text) = asked(field, session, request).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

fn rivers(records: &[HeldRecord]) -> Vec<String> {
    records.iter().map(|record| fact(record, "river")).collect()
}

fn counts(reply: &ListReply) -> Vec<(&str, u32, bool)> {
    let counts = reply.counts.iter();
    counts
        .map(|one| (one.tab.as_str(), one.count, one.more))
        .collect()
}

async fn plan(field: &Field, planner: &mut Session, river: &str, day: &str, inspector: &str) -> String {
    let answers = json!({"river": river, "district": "310101", "planned_on": day, "inspector": inspector});
    let receipt = field.done(planner, &About::new(PATROL), "plan", answers).await;
    receipt.record.id.0
}

fn board(more: Value) -> Value {
    let mut request = json!({"kind": PATROL, "list": "board", "limit": 50});
    let given = more.as_object().unwrap().clone();
    request.as_object_mut().unwrap().extend(given);
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planners_board_is_paged_in_its_order_with_its_tabs_and_found_by_any_part_of_a_text() {
    let field = Field::start().await;
    let mut planner = field.sign_in(PLANNER).await;
    for (river, day) in [
        ("样例江８８弄", "2026-11-24"),
        ("样例浜", "2026-11-26"),
        ("Sample Creek", "2026-11-25"),
        ("样例河", "2026-11-27"),
    ] {
        plan(&field, &mut planner, river, day, INSPECTOR).await;
    }
    let first = list(&field, &planner, &board(json!({"tab": "open", "limit": 3}))).await;
    // All are due at the same time: the later planned ones first.
    assert_eq!(rivers(&first.records), ["t样例河", "t样例浜", "tSample\\sCreek"]);
    assert_eq!(
        counts(&first),
        [("open", 4, false), ("late", 0, false), ("done", 0, false)]
    );
    let next = first.next.unwrap();
    let second = list(
        &field,
        &planner,
        &board(json!({"tab": "open", "limit": 3, "after": next})),
    )
    .await;
    assert_eq!(
        (rivers(&second.records), second.next),
        (vec!["t样例江８８弄".to_owned()], None)
    );
    for (sought, found) in [
        ("88弄", vec!["t样例江８８弄"]),
        ("samplecreek", vec!["tSample\\sCreek"]),
        ("xc-2026-4", vec!["t样例河"]),
        ("浜", vec!["t样例浜"]),
        ("没有", vec![]),
    ] {
        let reply = list(&field, &planner, &board(json!({"search": sought}))).await;
        assert_eq!(rivers(&reply.records), found, "{sought}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_turns_late_and_red_without_an_act_does_so_in_the_lists() {
    let field = Field::start().await;
    let mut planner = field.sign_in(PLANNER).await;
    plan(&field, &mut planner, "样例河", "2026-11-24", INSPECTOR).await;
    let before = list(&field, &planner, &board(json!({"tab": "late"}))).await;
    assert_eq!(before.records, []);
    // Three working days and one more.
    field.stage.advance(6 * DAY);
    let mut planner = field.sign_in(PLANNER).await;
    let later = plan(&field, &mut planner, "样例浜", "2026-11-24", INSPECTOR).await;
    let late = list(&field, &planner, &board(json!({"tab": "late"}))).await;
    assert_eq!(rivers(&late.records), ["t样例河"]);
    assert_eq!(
        counts(&late),
        [("open", 2, false), ("late", 1, false), ("done", 0, false)]
    );
    let open = list(&field, &planner, &board(json!({"tab": "open"}))).await;
    assert_eq!(
        rivers(&open.records),
        ["t样例河", "t样例浜"],
        "red before what has no colour"
    );
    let id = later.as_str().into();
    let mut off = field.act(
        &planner,
        &About::at(PATROL, &id, 1),
        "call_off",
        json!({"reason": "改期"}),
    );
    off.envelope.scope = "bureau".into();
    let receipt = field.push(&mut planner, &off).await;
    assert_eq!(receipt.code, None);
    let done = list(&field, &planner, &board(json!({"tab": "done"}))).await;
    assert_eq!(rivers(&done.records), ["t样例浜"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_lists_what_is_not_in_their_scopes_or_a_list_of_other_roles() {
    let field = Field::start().await;
    let mut planner = field.sign_in(PLANNER).await;
    let (mut inspector, other) = (
        field.sign_in(INSPECTOR).await,
        field.sign_in(OTHER_INSPECTOR).await,
    );
    plan(&field, &mut planner, "样例河", "2026-11-24", INSPECTOR).await;
    let id = plan(&field, &mut planner, "样例浜", "2026-11-25", INSPECTOR)
        .await
        .as_str()
        .into();
    plan(&field, &mut planner, "样例江", "2026-11-25", OTHER_INSPECTOR).await;
    field
        .done(&mut inspector, &About::at(PATROL, &id, 1), "start", no_answers())
        .await;
    let spot = json!({"name": "一号桥", "ok": true, "depth": "1"});
    field
        .done(&mut inspector, &About::at(PATROL, &id, 2), "spot", spot)
        .await;
    let submitted = json!({"water": "clear", "witness_phone": PHONE});
    field
        .done(&mut inspector, &About::at(PATROL, &id, 3), "submit", submitted)
        .await;
    let patrols = json!({"kind": PATROL, "list": "patrols", "limit": 50});
    let mine = list(&field, &inspector, &patrols).await;
    assert_eq!(rivers(&mine.records), ["t样例河", "t样例浜"]);
    let shown = |reply: &ListReply| {
        reply
            .records
            .iter()
            .flat_map(|one| one.shown.clone())
            .map(|one| one.text)
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&mine), [PHONE]);
    assert_eq!(rivers(&list(&field, &other, &patrols).await.records), ["t样例江"]);
    let all = list(&field, &planner, &board(json!({}))).await;
    assert_eq!(
        (all.records.len(), shown(&all)),
        (3, vec!["138****1234".to_owned()])
    );
    let fixer = field.sign_in(FIXER).await;
    for (session, request, status, refused) in [
        (&inspector, board(json!({})), 404, "not_found"),
        (&fixer, patrols.clone(), 404, "not_found"),
        (
            &planner,
            json!({"kind": "hotline.order", "list": "desk", "limit": 5}),
            404,
            "not_found",
        ),
        (&planner, board(json!({"tab": "somewhere"})), 404, "not_found"),
        (&planner, board(json!({"after": "x"})), 400, "malformed"),
        (
            &planner,
            board(json!({"after": "river.patrol/x"})),
            400,
            "malformed",
        ),
        (&planner, board(json!({"limit": -1})), 400, "malformed"),
        (
            &planner,
            board(json!({"search": "弄".repeat(501)})),
            413,
            "too_large",
        ),
    ] {
        let (found, text) = asked(&field, session, &request).await;
        assert_eq!((found, code(&text).as_str()), (status, refused), "{request}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_face_is_filled_beside_the_old_one_and_a_restart_finds_it() {
    let field = Field::start().await;
    let mut planner = field.sign_in(PLANNER).await;
    for (river, day) in [("样例河", "2026-11-24"), ("样例浜", "2026-11-26")] {
        plan(&field, &mut planner, river, day, INSPECTOR).await;
    }
    let before = list(&field, &planner, &board(json!({}))).await;
    assert_eq!(rivers(&before.records), ["t样例浜", "t样例河"]);
    let newer = changed(&river(), "pack.toml", |text| {
        text.replace("version = 1", "version = 2")
    });
    let newer = changed(&newer, "face/views.toml", |text| {
        text.replace("[\"colour\", \"due\", \"-planned_on\"]", "[\"planned_on\"]")
    });
    field.deliver("river-2", &newer);
    let turned = ["t样例河", "t样例浜"];
    while rivers(&list(&field, &planner, &board(json!({}))).await.records) != turned {
        tokio::task::yield_now().await;
    }
    // Under the law before, which has its days of grace.
    plan(&field, &mut planner, "样例江", "2026-11-25", INSPECTOR).await;
    let field = field.restarted().await;
    let reply = list(&field, &planner, &board(json!({}))).await;
    assert_eq!(rivers(&reply.records), ["t样例河", "t样例江", "t样例浜"]);
    assert_eq!(
        field
            .stage
            .count("SELECT count(*) FROM ix_tables WHERE kind = 'river.patrol'"),
        1
    );
}
