//! The main job on the native core: one order travels from the city to a phone and back.

use shenhai_scenario::{Links, Runner, Scenario};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A stack of our own, ended with its standard input, or the running one that SHENHAI_GATEWAY, SHENHAI_CITY and
/// SHENHAI_CONTROL name.
async fn stack() -> (Links, Option<Child>) {
    let named = |name: &str| std::env::var(name).ok();
    if let (Some(gateway), Some(city), Some(control)) = (
        named("SHENHAI_GATEWAY"),
        named("SHENHAI_CITY"),
        named("SHENHAI_CONTROL"),
    ) {
        let gateway_direct = gateway.clone();
        return (
            Links {
                gateway,
                gateway_direct,
                city,
                control,
            },
            None,
        );
    }
    let program = named("SHENHAI_STACK").unwrap_or_else(|| env!("CARGO_BIN_EXE_shenhai-stack").to_owned());
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the stack starts");
    let output = child.stdout.take().expect("its standard output");
    let line = BufReader::new(output)
        .lines()
        .next_line()
        .await
        .expect("readable")
        .expect("one line");
    (
        serde_json::from_str(&line).expect("the URLs as JSON"),
        Some(child),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn one_order_travels_from_the_city_to_a_phone_and_back() {
    let scenario: Scenario =
        serde_json::from_str(include_str!("../thread.json")).expect("the scenario is of the language");
    let (links, child) = stack().await;
    let directory = tempfile::tempdir().expect("a directory");
    let ran = Runner::new(links, directory.path()).run(&scenario).await;
    if let Some(mut child) = child {
        drop(child.stdin.take());
        assert!(child.wait().await.expect("the stack ends").success());
    }
    if let Err(failure) = ran {
        panic!("{failure}");
    }
}
