//! Records of packs on a device: shown in the words of their pack, acted upon without a network, taken by the gateway.

mod support;

use serde_json::{Value, json};
use shenhai_client::{Core, Tally};
use shenhai_protocol::{ErrorCode, SignedEnvelope};
use std::sync::Arc;
use support::World;
use support::gateway::Fault;

const PATROL: &str = "river.patrol";
const PHONE: &str = "13800001234";

/// Somebody at work, signed in, everything pulled.
fn at_work(user: &str) -> (Arc<World>, tempfile::TempDir, Core) {
    let world = World::new();
    let (directory, core) = sign_in(&world, user);
    (world, directory, core)
}

fn sign_in(world: &Arc<World>, user: &str) -> (tempfile::TempDir, Core) {
    let directory = tempfile::tempdir().expect("a directory");
    let core = world.open(directory.path());
    world.sign_in(&core, user);
    (directory, core)
}

fn list(world: &World, core: &Core, list: &str) -> Value {
    world.ok(
        core,
        "records.list",
        json!({ "pack": "river", "list": list, "limit": 50 }),
    )
}

fn get(world: &World, core: &Core, id: &str) -> Value {
    world.ok(core, "records.get", json!({ "kind": PATROL, "id": id }))
}

fn act(id: &str, act: &str, answers: Value) -> Value {
    json!({ "key": key(id, act), "answers": answers })
}

fn key(id: &str, act: &str) -> Value {
    json!({ "kind": PATROL, "id": id, "act": act, "role": "inspector" })
}

fn plan(river: &str) -> Value {
    json!({
        "key": { "kind": PATROL, "act": "plan", "role": "planner" },
        "answers": {
            "river": river, "district": "310101", "planned_on": "2026-11-24", "inspector": "zhou"
        }
    })
}

/// The texts of an array's `field`.
fn texts(all: &Value, field: &str) -> Vec<String> {
    let all = all.as_array().expect("an array").iter();
    all.map(|one| one[field].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// What a row says: title, state, how many acts wait.
fn rows(list: &Value) -> Vec<(String, String, u64)> {
    let all = list["rows"].as_array().expect("an array").iter();
    all.map(|row| {
        let text = |field: &str| row[field].as_str().expect("a text").to_owned();
        (
            text("title"),
            text("state"),
            row["pending"].as_u64().expect("a number"),
        )
    })
    .collect()
}

fn row(title: &str, state: &str, pending: u64) -> (String, String, u64) {
    (title.to_owned(), state.to_owned(), pending)
}

fn counts(list: &Value) -> Vec<(String, u64)> {
    let all = list["tabs"].as_array().expect("an array").iter();
    all.map(|tab| {
        let title = tab["title"].as_str().expect("a text").to_owned();
        (title, tab["count"].as_u64().expect("a number"))
    })
    .collect()
}

fn enabled(detail: &Value) -> Vec<String> {
    let acts = detail["acts"].as_array().expect("an array").iter();
    let enabled = acts.filter(|act| act["enabled"] == true);
    enabled
        .map(|act| act["title"].as_str().expect("a text").to_owned())
        .collect()
}

/// A fact of a record's page by its label.
fn fact(detail: &Value, label: &str) -> Option<(String, bool)> {
    let sections = detail["sections"].as_array().expect("an array").iter();
    let facts = sections
        .filter_map(|section| section["facts"].as_array())
        .flatten();
    let found = facts.into_iter().find(|fact| fact["label"] == label)?;
    let text = found["text"].as_str().expect("a text").to_owned();
    Some((text, found["masked"].as_bool().expect("yes or no")))
}

fn online(world: &World, core: &Core) {
    world.set_online(true);
    world.ok(core, "network.hint", json!({ "online": true }));
    world.ok(core, "sync.now", json!({}));
    world.pass(1_000);
}

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
fn a_list_shows_what_its_tab_holds_in_the_packs_order() {
    let (world, _directory, core) = at_work("zhou");
    let first = world.gateway(|gateway| gateway.plan("苏州河", "zhou"));
    world.gateway(|gateway| {
        gateway.plan("蕰藻浜", "zhou");
        gateway.plan("川杨河", "li");
        let reason = json!({ "reason": "汛期停航" });
        gateway.act("chen", PATROL, Some(&first), "call_off", &reason);
    });
    world.pass(1_000);
    let open = list(&world, &core, "patrols");
    assert_eq!(rows(&open), [row("蕰藻浜", "待巡查", 0)]);
    let tabs = [("待办", 1), ("已逾期", 0), ("已办", 1)].map(|(title, count)| (title.to_owned(), count));
    assert_eq!(counts(&open), tabs);
    let shown = &open["rows"][0];
    assert_eq!(
        shown["lines"][0],
        json!({
            "name": "number", "label": "任务编号", "text": "XC-2026-0002", "masked": false
        })
    );
    assert_eq!(texts(&shown["tags"], "text"), ["黄浦区"]);
    // Monday the 23rd and three working days: the end of Thursday the 26th.
    assert_eq!(
        shown["due"],
        json!({ "label": "巡查", "at": 1_795_708_800_000_i64, "late": false })
    );
    let done = json!({ "pack": "river", "list": "patrols", "tab": "done", "limit": 50 });
    assert_eq!(
        rows(&world.ok(&core, "records.list", done)),
        [row("苏州河", "已取消", 0)]
    );
    let search = |text: &str| {
        let params = json!({ "pack": "river", "list": "patrols", "search": text, "limit": 50 });
        rows(&world.ok(&core, "records.list", params)).len()
    };
    assert_eq!(
        (search("ＸＣ-2026-0002"), search("藻 浜"), search("苏州")),
        (1, 1, 0)
    );
    // Three days later it is late, and red.
    world.pass(4 * 86_400_000);
    world.pass(1_000);
    let late = list(&world, &core, "patrols");
    assert_eq!(counts(&late)[1], ("已逾期".to_owned(), 1));
    assert_eq!(late["rows"][0]["colour"], "red");
}

#[test]
fn an_act_is_seen_before_anybody_hears_of_it_and_taken_later() {
    let (world, _directory, core) = at_work("zhou");
    let id = world.gateway(|gateway| gateway.plan("苏州河", "zhou"));
    world.pass(1_000);
    world.set_online(false);
    world.ok(&core, "network.hint", json!({ "online": false }));
    let done = world.ok(&core, "records.act", act(&id, "start", json!({})));
    assert_eq!(done["record"]["row"]["state"], "巡查中");
    assert_eq!(enabled(&done["record"]), ["记录点位", "上报问题", "查看个人信息"]);
    assert_eq!(
        rows(&list(&world, &core, "patrols")),
        [row("苏州河", "巡查中", 1)]
    );
    let items = world.ok(&core, "outbox.list", json!({}))["acts"].clone();
    assert_eq!(items[0]["title"], "开始巡查");
    assert_eq!(
        (&items[0]["record_title"], &items[0]["kind_title"]),
        (&json!("苏州河"), &json!("巡查任务"))
    );
    assert_eq!(items[0]["state"], "queued");
    let steps = &done["record"]["sections"][3]["steps"];
    assert_eq!(steps[1]["title"], "开始巡查");
    assert_eq!(
        (&steps[1]["by"], &steps[1]["delivery"]),
        (&json!("zhou的姓名"), &json!("on_device"))
    );

    online(&world, &core);
    assert_eq!(
        rows(&list(&world, &core, "patrols")),
        [row("苏州河", "巡查中", 0)]
    );
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["acts"], json!([]));
    let steps = get(&world, &core, &id)["sections"][3]["steps"].clone();
    assert_eq!(
        (&steps[1]["entry"], &steps[1]["delivery"]),
        (&done["cmd_id"], &json!("received"))
    );
    world.gateway(|gateway| {
        let record = &gateway.cases.records[&(PATROL.to_owned(), id.clone())];
        assert_eq!((record.state.to_string().as_str(), record.rev), ("walking", 2));
    });
}

#[test]
fn acts_build_upon_each_other_and_go_up_as_they_were_made() {
    let (world, directory, core) = at_work("zhou");
    let id = world.gateway(|gateway| gateway.plan("苏州河", "zhou"));
    world.pass(1_000);
    world.set_online(false);
    world.ok(&core, "records.act", act(&id, "start", json!({})));
    let spot = json!({ "name": "一号桥", "ok": true, "depth": "1.50" });
    world.ok(&core, "records.act", act(&id, "spot", spot));
    let spot = json!({ "name": "二号桥", "ok": false, "depth": "0.25" });
    let done = world.ok(&core, "records.act", act(&id, "spot", spot));
    assert_eq!(
        fact(&done["record"], "水深合计（米）"),
        Some(("1.75".to_owned(), false))
    );
    let steps = &done["record"]["sections"][3]["steps"];
    assert_eq!(texts(&steps[3]["answers"], "text"), ["二号桥", "否", "0.25"]);
    // The phone is switched off on the way.
    world.kill(core, directory.path());
    let core = world.open(directory.path());
    world.pass(1_000);
    let done = world.ok(
        &core,
        "records.act",
        act(&id, "submit", json!({ "water": "green" })),
    );
    assert_eq!(done["record"]["row"]["state"], "已办结");
    assert_eq!(done["record"]["row"]["pending"], 4);
    assert_eq!(rows(&list(&world, &core, "patrols")), []);
    online(&world, &core);
    let detail = get(&world, &core, &id);
    assert_eq!(
        (&detail["row"]["state"], &detail["row"]["pending"]),
        (&json!("已办结"), &json!(0))
    );
    assert_eq!(fact(&detail, "水面情况"), Some(("藻类偏多".to_owned(), false)));
    world.gateway(|gateway| {
        let record = &gateway.cases.records[&(PATROL.to_owned(), id.clone())];
        assert_eq!((record.state.to_string().as_str(), record.rev), ("finished", 5));
    });
}

#[test]
fn a_record_is_opened_without_a_network_and_its_number_comes_later() {
    let (world, _directory, core) = at_work("chen");
    world.set_online(false);
    let done = world.ok(&core, "records.act", plan("苏州河"));
    let id = done["record"]["row"]["key"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_eq!(
        fact(&done["record"], "任务编号"),
        Some(("待定".to_owned(), false))
    );
    assert_eq!(rows(&list(&world, &core, "board")), [row("苏州河", "待巡查", 1)]);
    // What is not sent can be worked on all the same.
    let off = json!({
        "key": { "kind": PATROL, "id": id, "act": "call_off", "role": "planner" },
        "answers": { "reason": "汛期停航" }
    });
    let off = world.ok(&core, "records.act", off);
    assert_eq!(off["record"]["row"]["state"], "已取消");
    online(&world, &core);
    let detail = get(&world, &core, &id);
    assert_eq!(
        fact(&detail, "任务编号"),
        Some(("XC-2026-0001".to_owned(), false))
    );
    assert_eq!(
        (&detail["row"]["state"], &detail["row"]["pending"]),
        (&json!("已取消"), &json!(0))
    );
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["acts"], json!([]));
}

#[test]
fn personal_data_is_signed_as_a_commitment_and_shown_to_who_asks() {
    let (world, _directory, core) = at_work("zhou");
    let id = world.gateway(|gateway| gateway.plan("苏州河", "zhou"));
    world.pass(1_000);
    world.ok(&core, "records.act", act(&id, "start", json!({})));
    world.ok(
        &core,
        "records.act",
        act(&id, "spot", json!({ "name": "一号桥", "ok": true })),
    );
    world.set_online(false);
    let answers = json!({ "water": "clear", "witness_phone": PHONE });
    let done = world.ok(&core, "records.act", act(&id, "submit", answers));
    assert_eq!(
        fact(&done["record"], "沿岸联系人电话"),
        Some(("138****1234".to_owned(), true))
    );
    online(&world, &core);
    assert_eq!(
        fact(&get(&world, &core, &id), "沿岸联系人电话"),
        Some(("138****1234".to_owned(), true))
    );
    let looked = world.ok(&core, "records.act", act(&id, "reveal", json!({})));
    assert_eq!(
        fact(&looked["record"], "沿岸联系人电话"),
        Some((PHONE.to_owned(), false))
    );
    world.pass(1_000);
    assert_eq!(
        fact(&get(&world, &core, &id), "沿岸联系人电话"),
        Some(("138****1234".to_owned(), true))
    );
    world.gateway(|gateway| {
        let sent = |act: &str| -> SignedEnvelope {
            let named = format!("\"act\":\"{act}\"");
            let found = gateway
                .envelopes
                .iter()
                .find(|(_, sent)| sent.payload.contains(&named));
            found.expect("sent").1.clone()
        };
        let submitted = sent("submit");
        assert!(!submitted.payload.contains(PHONE));
        let beside = submitted.beside.submission.expect("a submission");
        assert!(!beside.contains(PHONE), "{beside}");
        assert_eq!(submitted.beside.disclosures[0].value, PHONE);
        assert!(
            sent("reveal").payload.contains(&id),
            "that somebody looked is on record"
        );
    });
}

#[test]
fn what_may_not_be_done_is_said_and_what_was_typed_is_kept() {
    let (world, _directory, core) = at_work("zhou");
    let id = world.gateway(|gateway| gateway.plan("苏州河", "zhou"));
    world.pass(1_000);
    let early = act(&id, "spot", json!({ "name": "一号桥", "ok": true }));
    assert_eq!(world.code(&core, "records.act", early), "wrong_state");
    assert_eq!(
        get(&world, &core, &id)["drafts"][0]["params"]["answers"]["name"],
        "一号桥"
    );
    world.ok(&core, "records.act", act(&id, "start", json!({})));
    let report = |answers: Value| world.ok(&core, "records.check", act(&id, "spot", answers));
    let wrong = report(json!({ "ok": "perhaps", "depth": "1.234", "colour": "red" }));
    let issues: Vec<_> = wrong["issues"]
        .as_array()
        .expect("an array")
        .iter()
        .map(|issue| {
            format!(
                "{} {}",
                issue["answer"].as_str().expect("a text"),
                issue["code"].as_str().expect("a text")
            )
        })
        .collect();
    assert_eq!(
        issues,
        ["colour unknown", "depth type", "name required", "ok type"]
    );
    assert_eq!(wrong["required"], json!(["name", "ok"]));
    assert_eq!(wrong["relevant"], json!(["name", "ok", "depth"]));
    assert_eq!(
        report(json!({ "name": "一号桥", "ok": true }))["issues"],
        json!([])
    );
    let wrong = act(&id, "spot", json!({ "ok": true }));
    assert_eq!(world.code(&core, "records.act", wrong), "form_invalid");
    let submit = act(&id, "submit", json!({ "water": "clear" }));
    let report = world.ok(&core, "records.check", submit.clone());
    assert_eq!(report["refused"], "请先记录至少一个点位");
    assert_eq!(
        report["offered"]["water"][0],
        json!({ "code": "clear", "label": "清澈" })
    );
    assert_eq!(world.code(&core, "records.act", submit), "rule_refused");
}

#[test]
fn a_form_opens_with_what_was_typed() {
    let (world, _directory, core) = at_work("zhou");
    let id = world.gateway(|gateway| gateway.plan("苏州河", "zhou"));
    world.pass(1_000);
    world.ok(&core, "records.act", act(&id, "start", json!({})));
    let form = world.ok(&core, "form.open", key(&id, "report"));
    assert_eq!(
        (&form["title"], &form["answers"]),
        (&json!("上报问题"), &json!({}))
    );
    assert_eq!(
        texts(&form["fields"], "label"),
        ["问题", "紧急程度", "位置", "现场情况"]
    );
    assert_eq!(texts(&form["fields"], "type"), ["codes", "code", "point", "text"]);
    assert_eq!(
        form["fields"][0]["choices"][1],
        json!({ "code": "outfall", "label": "晴天排水" })
    );
    let typed = json!({ "what": "桥下有漂浮" });
    world.ok(&core, "records.save", act(&id, "report", typed.clone()));
    assert_eq!(list(&world, &core, "patrols")["rows"][0]["has_draft"], true);
    let form = world.ok(&core, "form.open", key(&id, "report"));
    assert_eq!(form["answers"], typed);
    assert!(form["saved_at"].is_i64());
    world.ok(&core, "records.discard", key(&id, "report"));
    assert_eq!(
        world.ok(&core, "form.open", key(&id, "report"))["answers"],
        json!({})
    );
    assert_eq!(list(&world, &core, "patrols")["rows"][0]["has_draft"], false);
}

#[test]
fn a_record_that_left_is_purged_and_ones_own_work_on_it_is_not() {
    let (world, _directory, core) = at_work("zhou");
    let id = world.gateway(|gateway| gateway.plan("苏州河", "zhou"));
    world.pass(1_000);
    world.ok(
        &core,
        "records.save",
        act(&id, "spot", json!({ "name": "一号桥" })),
    );
    world.set_online(false);
    world.ok(&core, "records.act", act(&id, "start", json!({})));
    world.gateway(|gateway| {
        gateway.take_away(PATROL, &id);
        gateway.fail("push", &[Fault::Error500]);
    });
    online(&world, &core);
    assert_eq!(rows(&list(&world, &core, "patrols")), []);
    assert_eq!(
        world.code(&core, "records.get", json!({ "kind": PATROL, "id": id })),
        "not_found"
    );
    let outbox = world.ok(&core, "outbox.list", json!({}));
    assert_eq!(texts(&outbox["acts"], "title"), ["开始巡查"]);
    assert_eq!(
        outbox["left_acts"][0]["params"]["answers"],
        json!({ "name": "一号桥" })
    );
}

#[test]
fn a_refused_act_is_parked_and_may_be_mended_or_let_go() {
    let (world, _directory, core) = at_work("zhou");
    let id = world.gateway(|gateway| gateway.plan("苏州河", "zhou"));
    world.pass(1_000);
    world.ok(&core, "records.act", act(&id, "start", json!({})));
    world.pass(1_000);
    world.gateway(|gateway| gateway.fail("push", &[Fault::Refuse(ErrorCode::RuleRefused)]));
    let spot = json!({ "name": "一号桥", "ok": true, "depth": "1.50" });
    world.ok(&core, "records.act", act(&id, "spot", spot.clone()));
    world.pass(1_000);
    let item = world.ok(&core, "outbox.list", json!({}))["acts"][0].clone();
    assert_eq!(
        (&item["state"], &item["reason"]),
        (&json!("parked"), &json!("rule_refused"))
    );
    assert_eq!(
        (&item["mendable"], &item["answers"][0]["text"]),
        (&json!(true), &json!("一号桥"))
    );
    assert_eq!(
        fact(&get(&world, &core, &id), "水深合计（米）"),
        Some(("0".to_owned(), false)),
        "refused is not shown as done"
    );
    let mended = world.ok(&core, "records.mend", json!({ "cmd_id": item["cmd_id"] }));
    assert_eq!(
        mended,
        json!({ "key": key(&id, "spot"), "draft_in_the_way": false })
    );
    assert_eq!(world.ok(&core, "form.open", key(&id, "spot"))["answers"], spot);
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["acts"], json!([]));

    world.gateway(|gateway| gateway.fail("push", &[Fault::Refuse(ErrorCode::RuleRefused)]));
    world.ok(&core, "records.act", act(&id, "spot", spot));
    world.pass(1_000);
    let parked = world.ok(&core, "outbox.list", json!({}))["acts"][0]["cmd_id"].clone();
    world.ok(&core, "outbox.retry", json!({ "cmd_id": parked }));
    world.pass(1_000);
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["acts"], json!([]));
    assert_eq!(
        fact(&get(&world, &core, &id), "水深合计（米）"),
        Some(("1.5".to_owned(), false))
    );
}

#[test]
fn an_opening_that_was_refused_opens_the_same_record_when_tried_again() {
    let (world, _directory, core) = at_work("chen");
    world.gateway(|gateway| gateway.fail("push", &[Fault::Refuse(ErrorCode::RuleRefused)]));
    let done = world.ok(&core, "records.act", plan("苏州河"));
    let id = done["record"]["row"]["key"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    world.pass(1_000);
    assert_eq!(rows(&list(&world, &core, "board")), [], "nothing was opened");
    let item = world.ok(&core, "outbox.list", json!({}))["acts"][0].clone();
    world.ok(&core, "outbox.retry", json!({ "cmd_id": item["cmd_id"] }));
    world.pass(1_000);
    assert_eq!(rows(&list(&world, &core, "board")), [row("苏州河", "待巡查", 0)]);
    world.ok(&core, "records.get", json!({ "kind": PATROL, "id": id }));
}

#[test]
fn two_taps_are_one_act() {
    let (world, _directory, core) = at_work("chen");
    let first = world.ok(&core, "records.act", plan("苏州河"));
    let second = world.ok(&core, "records.act", plan("苏州河"));
    assert_eq!(first["cmd_id"], second["cmd_id"]);
    world.pass(6_000);
    let third = world.ok(&core, "records.act", plan("苏州河"));
    assert_ne!(first["cmd_id"], third["cmd_id"], "six seconds later it is meant");
    world.pass(1_000);
    assert_eq!(rows(&list(&world, &core, "board")).len(), 2);
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

#[test]
fn a_record_is_given_to_somebody_else() {
    let (world, _directory, core) = at_work("chen");
    let id = world.gateway(|gateway| gateway.plan("苏州河", "zhou"));
    let (_other, holder) = sign_in(&world, "zhou");
    world.pass(1_000);
    assert_eq!(rows(&list(&world, &holder, "patrols")).len(), 1);
    let key = json!({ "kind": PATROL, "id": id, "act": "reassign", "role": "planner" });
    let offered = get(&world, &core, &id)["acts"].clone();
    let give = offered
        .as_array()
        .expect("an array")
        .iter()
        .find(|act| act["key"] == key);
    let give = give.expect("offered");
    assert_eq!(
        (&give["title"], &give["enabled"], &give["form"]),
        (&json!("改派"), &json!(true), &json!("reassign"))
    );
    let form = world.ok(&core, "form.open", key.clone());
    assert_eq!(texts(&form["fields"], "name"), ["seat", "person"]);
    assert_eq!(
        texts(&form["fields"][0]["choices"], "label"),
        ["巡查员", "派发人"]
    );
    let act = |answers: Value| json!({ "key": key, "answers": answers });
    let report = world.ok(&core, "records.check", act(json!({ "seat": "captain" })));
    assert_eq!(texts(&report["issues"], "code"), ["code", "required"]);
    assert_eq!(
        world.code(&core, "records.act", act(json!({ "seat": "main" }))),
        "form_invalid"
    );
    let given = act(json!({ "seat": "main", "person": "both" }));
    let seen = world.ok(&core, "records.act", given)["record"].clone();
    assert_eq!(
        (&seen["seats"][0]["text"], &seen["row"]["pending"]),
        (&json!("both"), &json!(1))
    );
    assert_eq!(texts(&seen["outbox"][0]["answers"], "text"), ["巡查员", "both"]);
    world.pass(1_000);
    assert_eq!(get(&world, &core, &id)["row"]["pending"], 0);
    world.pass(1_000);
    assert_eq!(
        rows(&list(&world, &holder, "patrols")),
        [],
        "it left whom it was taken from"
    );
}

#[test]
fn an_act_costs_one_reading_of_its_record_and_one_look_into_the_outbox() {
    let (world, _directory, core) = at_work("zhou");
    let id = world.gateway(|gateway| gateway.plan("苏州河", "zhou"));
    world.pass(1_000);
    world.set_online(false);
    for (name, answers) in [
        ("start", json!({})),
        ("spot", json!({ "name": "一号桥", "ok": true })),
        ("submit", json!({ "water": "clear" })),
    ] {
        let before = core.tally().expect("open");
        world.ok(&core, "records.act", act(&id, name, answers));
        let after = core.tally().expect("open");
        let spent = Tally {
            orders_decoded: after.orders_decoded - before.orders_decoded,
            records_read: after.records_read - before.records_read,
            outbox_reads: after.outbox_reads - before.outbox_reads,
            outbox_rows: after.outbox_rows - before.outbox_rows,
        };
        let expected = Tally {
            orders_decoded: 0,
            records_read: 1,
            outbox_reads: 1,
            outbox_rows: 0,
        };
        assert_eq!(spent, expected, "{name}");
    }
    let before = core.tally().expect("open");
    list(&world, &core, "patrols");
    assert_eq!(core.tally().expect("open"), before, "a list reads nothing");
}

#[test]
fn signing_out_takes_the_records_and_leaves_what_was_not_sent() {
    let (world, _directory, core) = at_work("zhou");
    let id = world.gateway(|gateway| gateway.plan("苏州河", "zhou"));
    world.pass(1_000);
    world.set_online(false);
    world.ok(&core, "records.act", act(&id, "start", json!({})));
    world.ok(
        &core,
        "records.save",
        act(&id, "spot", json!({ "name": "一号桥" })),
    );
    world.ok(&core, "session.sign_out", json!({}));
    world.set_online(true);
    world.gateway(|gateway| gateway.fail("push", &[Fault::Error500]));
    world.sign_in(&core, "zhou");
    world.pass(1_000);
    let detail = get(&world, &core, &id);
    assert_eq!(detail["row"]["state"], "巡查中");
    assert_eq!(
        detail["drafts"][0]["params"]["answers"],
        json!({ "name": "一号桥" })
    );
}
