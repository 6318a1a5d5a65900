//! Packs on a device: fetched by content, believed by their digests, replaced by newer ones; and what is shown of a record
//! whose law is not here.

mod support;

use serde_json::{Value, json};
use support::World;
use support::at_work::*;

#[test]
fn a_pack_comes_by_its_content_and_its_lists_are_for_ones_roles() {
    let (world, _directory, core) = at_work("chen");
    let packs = world.ok(&core, "records.packs", json!({}));
    let river = &packs["packs"][0];
    assert_eq!(
        (&river["id"], &river["title"]),
        (&json!("river"), &json!("河道巡查"))
    );
    assert_eq!((&river["missing"], &river["trial"]), (&Value::Null, &json!(true)));
    assert_eq!(texts(&river["lists"], "title"), ["巡查任务", "问题整改"]);
    assert_eq!(texts(&river["opens"], "title"), ["派发巡查"]);
    assert_eq!(
        river["opens"][0]["key"],
        json!({ "kind": PATROL, "act": "plan", "role": "planner" })
    );

    let (world, _directory, core) = at_work("zhou");
    let packs = world.ok(&core, "records.packs", json!({}));
    assert_eq!(texts(&packs["packs"][0]["lists"], "title"), ["我的巡查"]);
    assert_eq!(packs["packs"][0]["opens"], json!([]));
    let refused = world.code(
        &core,
        "records.list",
        json!({ "pack": "river", "list": "board", "limit": 9 }),
    );
    assert_eq!(refused, "not_found", "not for this role");
}

#[test]
fn one_who_is_both_has_what_each_has() {
    let (world, _directory, core) = at_work("both");
    let packs = world.ok(&core, "records.packs", json!({}));
    assert_eq!(
        texts(&packs["packs"][0]["lists"], "title"),
        ["我的巡查", "巡查任务", "问题整改"]
    );
    let id = world.gateway(|gateway| gateway.plan("苏州河", "both"));
    world.pass(1_000);
    let detail = get(&world, &core, &id);
    assert_eq!(enabled(&detail), ["取消任务", "改派", "查看个人信息", "开始巡查"]);
    let mut foreign = act(&id, "start", json!({}));
    foreign["key"]["role"] = json!("fixer");
    assert_eq!(world.code(&core, "records.act", foreign), "forbidden");
}

#[test]
fn a_record_whose_law_is_not_here_shows_that_it_is_there() {
    let world = World::new();
    let id = world.gateway(|gateway| {
        gateway.cases.withheld = true;
        gateway.plan("苏州河", "zhou")
    });
    let (_directory, core) = sign_in(&world, "zhou");
    assert_eq!(world.ok(&core, "records.packs", json!({}))["packs"], json!([]));
    let detail = get(&world, &core, &id);
    assert_eq!(
        (&detail["row"]["title"], &detail["row"]["state_id"]),
        (&json!(id), &json!("planned"))
    );
    assert_eq!(
        (&detail["row"]["missing"], &detail["acts"]),
        (&json!("pack_missing"), &json!([]))
    );
    assert_eq!(
        world.code(&core, "records.act", act(&id, "start", json!({}))),
        "pack_missing"
    );
    world.gateway(|gateway| gateway.cases.withheld = false);
    world.pass(40_000);
    let detail = get(&world, &core, &id);
    assert_eq!(
        (&detail["row"]["title"], &detail["row"]["missing"]),
        (&json!("苏州河"), &Value::Null)
    );
}

#[test]
fn a_document_that_is_not_of_its_record_is_not_shown_as_it() {
    let world = World::new();
    let id = world.gateway(|gateway| {
        gateway.cases.mislabelled = true;
        gateway.plan("苏州河", "zhou")
    });
    let (_directory, core) = sign_in(&world, "zhou");
    let shown = list(&world, &core, "patrols");
    assert_eq!(
        (&shown["rows"][0]["title"], &shown["rows"][0]["missing"]),
        (&json!(id), &json!("unsupported_version"))
    );
    assert_eq!(
        world.code(&core, "records.get", json!({ "kind": PATROL, "id": id })),
        "store_failed"
    );
    // It comes rightly named with the next change.
    world.gateway(|gateway| {
        gateway.cases.mislabelled = false;
        gateway.act(
            "chen",
            PATROL,
            Some(&id),
            "call_off",
            &json!({ "reason": "汛期停航" }),
        );
    });
    world.pass(1_000);
    assert_eq!(get(&world, &core, &id)["row"]["state"], "已取消");
}

#[test]
fn a_pack_that_is_not_what_its_digests_say_is_not_taken() {
    let world = World::new();
    let id = world.gateway(|gateway| {
        gateway.cases.spoilt = true;
        gateway.plan("苏州河", "zhou")
    });
    let (_directory, core) = sign_in(&world, "zhou");
    let packs = world.ok(&core, "records.packs", json!({}));
    assert_eq!(packs["packs"][0]["missing"], "pack_missing");
    assert_eq!(get(&world, &core, &id)["row"]["missing"], "pack_missing");
}

#[test]
fn a_newer_face_applies_and_an_older_law_stays_while_a_record_stands_under_it() {
    let (world, _directory, core) = at_work("zhou");
    world.gateway(|gateway| {
        gateway.plan("苏州河", "zhou");
    });
    world.pass(1_000);
    assert_eq!(
        rows(&list(&world, &core, "patrols")),
        [row("苏州河", "待巡查", 0)]
    );
    world.gateway(|gateway| {
        gateway.cases.publish(|files| {
            let manifest = files["pack.toml"].replace("version = 1", "version = 2");
            files.insert("pack.toml".to_owned(), manifest);
            let texts = files["face/texts.zh.csv"].replace("待巡查", "等待巡查");
            files.insert("face/texts.zh.csv".to_owned(), texts);
        });
    });
    world.ok(&core, "sync.now", json!({}));
    world.pass(1_000);
    let shown = list(&world, &core, "patrols");
    assert_eq!(rows(&shown), [row("苏州河", "等待巡查", 0)], "the newest words");
    assert_eq!(
        shown["rows"][0]["missing"],
        Value::Null,
        "under the law it began under"
    );
}

#[test]
fn a_kind_that_came_into_force_after_the_grant_is_asked_for_and_then_there() {
    let world = World::new();
    world.gateway(|gateway| gateway.cases.granted = vec!["river.finding".into()]);
    let (_directory, core) = sign_in(&world, "chen");
    let opens = || world.ok(&core, "records.packs", json!({}))["packs"][0]["opens"].clone();
    assert_eq!(opens(), json!([]), "the grant says nothing of patrols");
    let asked = |name: &str| {
        world.gateway(|gateway| {
            let of_that_name = gateway.requests.iter().filter(|request| *request == name);
            of_that_name.count()
        })
    };
    assert_eq!(asked("grant"), 1, "asked once, and not again for the same answer");
    world.gateway(|gateway| {
        gateway.cases.granted.push(PATROL.into());
        gateway.cases.publish(|files| {
            let manifest = files["pack.toml"].replace("version = 1", "version = 2");
            files.insert("pack.toml".to_owned(), manifest);
        });
    });
    // Nobody touches the page.
    world.pass(11 * 60_000);
    assert_eq!(asked("grant"), 2);
    assert_eq!(texts(&opens(), "title"), ["派发巡查"]);
}
