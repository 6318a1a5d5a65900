//! Records of packs on a device: shown in the words of their pack, acted upon without a network, taken by the gateway.

mod support;

use serde_json::{Value, json};
use shenhai_client::Tally;
use shenhai_protocol::{ErrorCode, SignedEnvelope};
use support::at_work::*;
use support::gateway::Fault;

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
