//! A disk that is full, for real: a small file system in memory, filled to the last byte.
//!
//! Mounting needs root, so this program is run by the suite `full-disk` and not with the others.

#[path = "gateway/city.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod city;
#[path = "gateway/stage.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod stage;

use reqwest::Method;
use serde_json::Value;
use shenhai_protocol::{Command, Verdict};
use stage::{ADMINISTRATOR, Device, HANDLER, Stage, code, order, send};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A mounted file system; let go of when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, mebibytes: u32) -> Self {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={mebibytes}m");
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(at)
            .status();
        assert!(mounted.unwrap().success(), "root may mount");
        Self(at.to_owned())
    }

    fn fill(&self) {
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        for piece in [65_536, 1] {
            while file.write_all(&vec![7; piece]).is_ok() {}
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the gateway of a test that failed may still hold files.
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .status();
    }
}

async fn health(stage: &Stage) -> (u16, Value) {
    let (status, text) = send(stage.call(Method::GET, "/healthz")).await;
    let health: Value = serde_json::from_str(&text).unwrap();
    (status, health["status"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_everything_says_so_reading_goes_on_and_access_can_be_ended() {
    let mut disk = None;
    let mut stage = Stage::start_with(|config| disk = Some(SmallDisk::mount(&config.data_dir, 8))).await;
    let disk = disk.unwrap();
    let order_id = stage.take_in("SH1", "310101").await;
    let admin = stage.sign_in(ADMINISTRATOR).await;
    let lost = stage.sign_in(HANDLER).await;
    let leaving = stage.sign_in(HANDLER).await;
    let mut session = stage.sign_in(HANDLER).await;
    assert_eq!(health(&stage).await, (200, "ok".into()));

    disk.fill();
    let accept = session.command(Command::Accept {
        order: order_id.clone(),
    });
    let (status, text) = stage.push(&session, vec![accept.clone()]).await;
    assert_eq!((status, &*code(&text)), (507, "storage_full"));
    assert_eq!(health(&stage).await, (507, "storage_full".into()));
    let (status, body) = stage.push_order("12345", &order("SH2", "310101")).await;
    assert_eq!((status, &body["message"]), (507, &"storage_full".into()));
    let request = Device::new().session_request("hotline", &stage.city.code_for(HANDLER));
    let (status, text) = send(stage.call(Method::POST, "/v1/sessions").json(&request)).await;
    assert_eq!((status, &*code(&text)), (507, "storage_full"));
    let scope = session.scope();
    assert_eq!(
        stage.pull(&session, scope.as_str(), 0).await.changes.len(),
        1,
        "reading goes on"
    );

    let call = stage.call(Method::DELETE, "/v1/sessions/current");
    let (status, text) = send(call.bearer_auth(&leaving.grant.token)).await;
    assert_eq!(status, 204, "{text}");
    let call = stage
        .call(Method::POST, "/v1/grant")
        .bearer_auth(&leaving.grant.token);
    assert_eq!(send(call).await.0, 401, "the token is dead");
    let revoke = format!("/v1/devices/{}/revoke", lost.device.id);
    let call = stage.call(Method::POST, &revoke).bearer_auth(&admin.grant.token);
    let (status, text) = send(call).await;
    assert_eq!(status, 204, "{text}");
    let call = stage
        .call(Method::POST, "/v1/grant")
        .bearer_auth(&lost.grant.token);
    assert_eq!(send(call).await.0, 403, "revoked all the same");

    disk.empty();
    assert_eq!(stage.push_one(&session, accept).await.verdict, Verdict::Accepted);
    assert_eq!(health(&stage).await, (200, "ok".into()));
    stage.assert_gapless_logs();
    stage.gateway.take().unwrap().stop().await;
}
