//! Records of a pack through the real gateway: planned at the desk, walked without a network, taken, and seen at the desk,
//! by people of the directory in the roles it gives them. The pack brings no code of its own.

use serde_json::{Value, json};
use shenhai_scenario::{Device, EmulatedCity, Stack, StackConfig};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

const PLANNER: &str = "r-310151";
const INSPECTOR: &str = "h-310151-1";
/// As the directory calls them.
const INSPECTOR_NAME: &str = "崇明经办01";
/// For what another device has to hear of.
const SOON: Duration = Duration::from_secs(30);

struct Person {
    device: Device,
    _directory: TempDir,
}

impl Person {
    async fn sign_in(stack: &Stack, user: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let gateway = stack.relay().url();
        let device = Device::open(&gateway, "cases", directory.path())
            .await
            .expect("opens");
        let city = EmulatedCity::new(&stack.city_url());
        let code = city.login_code(user).await.expect("a code");
        let code = code["code"].as_str().expect("a code");
        let redirect = format!("{gateway}/cases/");
        device.sign_in(&redirect, code).await.expect("signs in");
        Self {
            device,
            _directory: directory,
        }
    }

    /// The pack is here and says what this person can do.
    async fn pack(&self) -> Value {
        let here =
            |packs: &Value| packs["packs"][0]["missing"].is_null() && packs["packs"][0]["id"] == "river";
        let packs = self.device.until("records.packs", &json!({}), SOON, here).await;
        packs.expect("the pack comes")["packs"][0].clone()
    }

    async fn act(&self, kind: &str, id: Option<&str>, act: &str, role: &str, answers: Value) -> Value {
        let mut key = json!({ "kind": kind, "act": act, "role": role });
        if let Some(id) = id {
            key["id"] = json!(id);
        }
        let params = json!({ "key": key, "answers": answers });
        self.device.call("records.act", &params).await.expect("taken")["record"].clone()
    }

    /// The list's first row, once it is so.
    async fn row(&self, list: &str, tab: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let params = json!({ "pack": "river", "list": list, "tab": tab, "limit": 20 });
        let found = self
            .device
            .until("records.list", &params, SOON, |list| holds(&list["rows"][0]))
            .await;
        found.expect("the row comes")["rows"][0].clone()
    }

    async fn record(&self, kind: &str, id: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let params = json!({ "kind": kind, "id": id });
        self.device
            .until("records.get", &params, SOON, holds)
            .await
            .expect("the record comes")
    }

    /// Everything was sent, and nothing of it refused.
    async fn all_sent(&self) {
        let done = |outbox: &Value| outbox["acts"] == json!([]);
        self.device
            .until("outbox.list", &json!({}), SOON, done)
            .await
            .expect("sent and taken");
    }
}

fn id_of(row: &Value) -> String {
    row["key"]["id"].as_str().expect("an id").to_owned()
}

fn fact(record: &Value, label: &str) -> Value {
    let sections = record["sections"].as_array().expect("sections").iter();
    let facts = sections
        .filter_map(|section| section["facts"].as_array())
        .flatten();
    let found = facts.into_iter().find(|fact| fact["label"] == label);
    found.map_or(Value::Null, |fact| fact["text"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patrol_is_planned_at_the_desk_walked_without_a_network_and_taken_as_it_was_seen() {
    let river = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packs/river");
    let stack = Stack::start(StackConfig {
        packs: vec![river],
        ..StackConfig::default()
    });
    let stack = stack.await.expect("a stack");
    let planner = Person::sign_in(&stack, PLANNER).await;
    assert_eq!(planner.pack().await["opens"][0]["title"], "派发巡查");
    let planned = json!({
        "river": "苏州河", "reach": "西藏路桥至河南路桥", "district": "310101", "planned_on": "2026-11-24",
        "inspector": INSPECTOR
    });
    let opened = planner
        .act("river.patrol", None, "plan", "planner", planned)
        .await;
    let id = id_of(&opened["row"]);
    planner.all_sent().await;

    let inspector = Person::sign_in(&stack, INSPECTOR).await;
    assert_eq!(inspector.pack().await["lists"][0]["title"], "我的巡查");
    let row = inspector
        .row("patrols", "open", |row| row["state"] == "待巡查")
        .await;
    assert_eq!((id_of(&row), &row["title"]), (id.clone(), &json!("苏州河")));
    assert_eq!(row["due"]["label"], "巡查");

    let given = json!({ "seat": "main", "person": INSPECTOR });
    planner
        .act("river.patrol", Some(&id), "reassign", "planner", given)
        .await;
    planner.all_sent().await;
    let again =
        |record: &Value| record["row"]["pending"] == 0 && record["seats"][0]["text"] == INSPECTOR_NAME;
    planner.record("river.patrol", &id, again).await;

    // Under the bridge there is no network.
    stack.relay().set_up(false);
    let patrol = Some(id.as_str());
    let act = |name: &'static str, answers: Value| {
        inspector.act("river.patrol", patrol, name, "inspector", answers)
    };
    act("start", json!({})).await;
    act("spot", json!({ "name": "一号桥", "ok": false, "depth": "1.50" })).await;
    let reported = json!({ "matter": ["litter"], "urgency": "urgent", "what": "桥下有漂浮垃圾" });
    act("report", reported).await;
    let submitted = json!({ "water": "dirty", "witness_phone": "13800001234" });
    let seen = act("submit", submitted).await;
    assert_eq!(
        (&seen["row"]["state"], &seen["row"]["pending"]),
        (&json!("待整改"), &json!(4))
    );
    assert_eq!(fact(&seen, "沿岸联系人电话"), "138****1234");
    stack.relay().set_up(true);
    inspector
        .device
        .call("sync.now", &json!({}))
        .await
        .expect("tries");
    inspector.all_sent().await;

    let waits = |record: &Value| record["row"]["state"] == "待整改" && record["row"]["pending"] == 0;
    let taken = inspector.record("river.patrol", &id, waits).await;
    assert_eq!(fact(&taken, "水深合计（米）"), "1.5");
    let links = taken["sections"].as_array().expect("sections").iter();
    let link = links
        .filter_map(|section| section["links"].as_array())
        .flatten()
        .next();
    assert_eq!(link.expect("a link")["title"], "问题");
    let at_the_desk = planner.record("river.patrol", &id, waits).await;
    assert!(
        fact(&at_the_desk, "任务编号")
            .as_str()
            .expect("a number")
            .starts_with("xc-")
    );
    assert_eq!(
        fact(&at_the_desk, "沿岸联系人电话"),
        "138****1234",
        "masked by the gateway"
    );
    for person in [planner, inspector] {
        person.device.close().await;
    }
    stack.stop().await;
}
