//! The synthetic sample data of the first start, and the accounts to look at it with.

use super::server::request;
use super::system::System;
use crate::command::Invocation;
use crate::problem::{Problem, Result};
use crate::progress::{say, step};
use crate::workspace;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Orders per request: small enough that progress is seen and a signal is heard.
const BATCH: u32 = 100;
/// Of ten batches: how the platforms share the orders.
const CHANNELS: [&str; 10] = [
    "12345", "12319", "12345", "110", "12345", "12345", "12319", "12345", "12345", "12345",
];

/// How far the sample data has come, kept in the data folder.
struct Kept {
    pushed: u32,
    next_seed: u32,
    handled: bool,
}

impl Kept {
    fn load(path: &Path) -> Self {
        let json = std::fs::read_to_string(path)
            .ok()
            .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
            .unwrap_or_default();
        let number = |key: &str| {
            json[key]
                .as_u64()
                .and_then(|n| u32::try_from(n).ok())
                .unwrap_or(0)
        };
        Self {
            pushed: number("pushed"),
            next_seed: number("next_seed"),
            handled: json["handled"].as_bool().unwrap_or(false),
        }
    }

    fn save(&self, path: &Path) -> Result<()> {
        let json =
            serde_json::json!({"pushed": self.pushed, "next_seed": self.next_seed, "handled": self.handled});
        workspace::write(path, json.to_string().as_bytes())
    }
}

/// Push what is missing of the sample orders and let sample handlers work on some. False when a signal came.
pub(super) fn fill(system: &mut System, orders: u32, stop: &AtomicBool) -> Result<bool> {
    let path = system.data.join("sample.json");
    let mut kept = Kept::load(&path);
    if kept.handled || orders == 0 {
        return Ok(true);
    }
    let (gateway, city) = (system.ports.gateway_url(), system.ports.city_url());
    while kept.pushed < orders {
        if stop.load(Ordering::Relaxed) {
            return Ok(false);
        }
        system.still_running()?;
        let seed = kept.next_seed;
        // Counted before it is used: orders of an interrupted batch are not made again with other times,
        // which the gateway would refuse as the same number with other content.
        kept.next_seed += 1;
        kept.save(&path)?;
        kept.pushed += push_batch(&city, seed, BATCH.min(orders - kept.pushed))?;
        kept.save(&path)?;
        say(format!("synthetic orders pushed: {} of {orders}", kept.pushed));
    }
    step("sample handlers contact citizens and reply", || {
        Invocation::new(system.programs.join("shenhai-sample"))
            .args([
                "--gateway",
                &gateway,
                "--city",
                &city,
                "--handlers",
                "12",
                "--orders-each",
                "12",
            ])
            .run_quietly()
    })?;
    kept.handled = true;
    kept.save(&path)?;
    Ok(true)
}

/// Push `orders` synthetic orders into a system of its own, for a measurement.
pub(crate) fn push(city: &str, orders: u32) -> Result<()> {
    (0..orders.div_ceil(BATCH)).try_for_each(|seed| push_batch(city, seed, BATCH).map(drop))
}

fn push_batch(city: &str, seed: u32, count: u32) -> Result<u32> {
    let channel = CHANNELS[seed as usize % CHANNELS.len()];
    let body = serde_json::json!({"channel": channel, "count": count, "seed": seed}).to_string();
    let url = format!("{city}/admin/push");
    let failed = |why: String| {
        Problem::new(
            format!("pushing synthetic orders failed: {why}"),
            "read logs/gateway.log in the data folder, then start again with --fresh",
        )
        .zh("写入样例工单失败：请查看数据目录 logs/gateway.log，然后加 --fresh 重新启动")
    };
    let (status, answer) = request("POST", &url, &body).map_err(|error| failed(error.to_string()))?;
    let json: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
    match json["pushed"].as_u64().and_then(|n| u32::try_from(n).ok()) {
        Some(pushed) if status == 200 && pushed > 0 => Ok(pushed),
        _ => Err(failed(format!("{url} answered {status} {answer}"))),
    }
}

/// Print some accounts of each role.
pub(super) fn print_accounts(directory: &Path) -> Result<()> {
    let users = users(directory)?;
    println!(
        "\nDemo accounts (choose one on the sign-in page; no password). All people and orders are synthetic."
    );
    println!("演示账号（登录页直接选择，无密码）。所有人员与工单均为虚构样例数据。");
    for (role, page, most) in [
        ("handler", "hotline", 3),
        ("unit_reviewer", "desk", 1),
        ("bureau_reviewer", "desk", 1),
        ("administrator", "desk", 1),
    ] {
        for user in users.iter().filter(|u| field(u, "role") == role).take(most) {
            println!(
                "  {page:8} {:16} {}  ({role}, {})",
                field(user, "id"),
                field(user, "name"),
                field(user, "unit")
            );
        }
    }
    for user in users.iter().filter(|user| !roles(user).is_empty()).take(3) {
        println!(
            "  {:8} {:16} {}  ({}, {})",
            "cases",
            field(user, "id"),
            field(user, "name"),
            roles(user).join(" "),
            field(user, "unit")
        );
    }
    Ok(())
}

/// The ids of all sample handlers.
pub(crate) fn handlers(directory: &Path) -> Result<Vec<String>> {
    let users = users(directory)?;
    Ok(users
        .iter()
        .filter(|u| field(u, "role") == "handler")
        .map(|u| field(u, "id").to_owned())
        .collect())
}

/// Somebody's roles in packs.
fn roles(user: &toml::Value) -> Vec<&str> {
    let roles = user.get("roles").and_then(toml::Value::as_array);
    roles
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
        .collect()
}

fn users(directory: &Path) -> Result<Vec<toml::Value>> {
    let text = workspace::read(directory)?;
    let table: toml::Table = text.parse().map_err(|error| {
        Problem::new(
            format!("{}: {error}", directory.display()),
            "repair the sample directory",
        )
    })?;
    Ok(table
        .get("users")
        .and_then(toml::Value::as_array)
        .cloned()
        .unwrap_or_default())
}

fn field<'a>(user: &'a toml::Value, name: &str) -> &'a str {
    user.get(name).and_then(toml::Value::as_str).unwrap_or_default()
}
