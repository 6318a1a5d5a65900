//! Somebody at work with records of packs, and what screens show them.

use super::World;
use serde_json::{Value, json};
use shenhai_client::Core;
use std::sync::Arc;

pub const PATROL: &str = "river.patrol";
pub const PHONE: &str = "13800001234";

/// Somebody at work, signed in, everything pulled.
pub fn at_work(user: &str) -> (Arc<World>, tempfile::TempDir, Core) {
    let world = World::new();
    let (directory, core) = sign_in(&world, user);
    (world, directory, core)
}

pub fn sign_in(world: &Arc<World>, user: &str) -> (tempfile::TempDir, Core) {
    let directory = tempfile::tempdir().expect("a directory");
    let core = world.open(directory.path());
    world.sign_in(&core, user);
    (directory, core)
}

pub fn list(world: &World, core: &Core, list: &str) -> Value {
    world.ok(
        core,
        "records.list",
        json!({ "pack": "river", "list": list, "limit": 50 }),
    )
}

pub fn get(world: &World, core: &Core, id: &str) -> Value {
    world.ok(core, "records.get", json!({ "kind": PATROL, "id": id }))
}

pub fn act(id: &str, act: &str, answers: Value) -> Value {
    json!({ "key": key(id, act), "answers": answers })
}

pub fn key(id: &str, act: &str) -> Value {
    json!({ "kind": PATROL, "id": id, "act": act, "role": "inspector" })
}

pub fn plan(river: &str) -> Value {
    json!({
        "key": { "kind": PATROL, "act": "plan", "role": "planner" },
        "answers": {
            "river": river, "district": "310101", "planned_on": "2026-11-24", "inspector": "zhou"
        }
    })
}

/// The texts of an array's `field`.
pub fn texts(all: &Value, field: &str) -> Vec<String> {
    let all = all.as_array().expect("an array").iter();
    all.map(|one| one[field].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// What a row says: title, state, how many acts wait.
pub fn rows(list: &Value) -> Vec<(String, String, u64)> {
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

pub fn row(title: &str, state: &str, pending: u64) -> (String, String, u64) {
    (title.to_owned(), state.to_owned(), pending)
}

pub fn counts(list: &Value) -> Vec<(String, u64)> {
    let all = list["tabs"].as_array().expect("an array").iter();
    all.map(|tab| {
        let title = tab["title"].as_str().expect("a text").to_owned();
        (title, tab["count"].as_u64().expect("a number"))
    })
    .collect()
}

pub fn enabled(detail: &Value) -> Vec<String> {
    let acts = detail["acts"].as_array().expect("an array").iter();
    let enabled = acts.filter(|act| act["enabled"] == true);
    enabled
        .map(|act| act["title"].as_str().expect("a text").to_owned())
        .collect()
}

/// A fact of a record's page by its label.
pub fn fact(detail: &Value, label: &str) -> Option<(String, bool)> {
    let sections = detail["sections"].as_array().expect("an array").iter();
    let facts = sections
        .filter_map(|section| section["facts"].as_array())
        .flatten();
    let found = facts.into_iter().find(|fact| fact["label"] == label)?;
    let text = found["text"].as_str().expect("a text").to_owned();
    Some((text, found["masked"].as_bool().expect("yes or no")))
}

pub fn online(world: &World, core: &Core) {
    world.set_online(true);
    world.ok(core, "network.hint", json!({ "online": true }));
    world.ok(core, "sync.now", json!({}));
    world.pass(1_000);
}
