//! The drill: a backup comes back, the gateway begins a new epoch, and what the backup lacks comes again from the devices.

use crate::devices::{granted, sign_in, with_code};
use crate::stage::{HANDLER, NOW, Session, Stage, code, send};
use reqwest::Method;
use rusqlite::Connection;
use shenhai_gateway::{Clock, Gateway, RestoreError, StartError, backup, restore};
use shenhai_protocol::{Command, OrderId, UnixMillis, Verdict};
use std::path::{Path, PathBuf};

fn data(stage: &Stage) -> PathBuf {
    stage.data.path().join("data")
}

fn clock() -> Clock {
    Clock::from_fn(|| UnixMillis(NOW))
}

/// Put the backup in the place of the database, as an operator copies it.
fn put_back(stage: &Stage, copy: &Path) {
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(data(stage).join(format!("gateway.sqlite3{end}")));
    }
    std::fs::copy(copy, data(stage).join("gateway.sqlite3")).unwrap();
}

/// A gateway that was stopped, and the copy that was made of it while it was serving.
async fn copied(stage: &mut Stage) -> PathBuf {
    let copy = stage.data.path().join("copy.sqlite3");
    backup(&data(stage), &copy).unwrap();
    stage.gateway.take().unwrap().stop().await;
    copy
}

async fn state_of(stage: &Stage, session: &Session, order: &OrderId) -> Option<String> {
    let scope = session.scope();
    let page = stage.pull(session, scope.as_str(), 0).await;
    let text = serde_json::to_value(&page.changes).unwrap();
    let changes = text.as_array().unwrap().iter();
    changes
        .filter_map(|change| change.get("order"))
        .find(|found| found["id"] == order.as_str())
        .map(|found| found["state"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_devices_fetch_everything_anew_and_send_again_what_was_lost() {
    let mut stage = Stage::start().await;
    let (first, second) = (
        stage.take_in("SH1", "310101").await,
        stage.take_in("SH2", "310101").await,
    );
    let mut session = stage.sign_in(HANDLER).await;
    let before = session.command(Command::Accept { order: first.clone() });
    stage.push(&session, vec![before]).await;

    let copy = stage.data.path().join("copy.sqlite3");
    backup(&data(&stage), &copy).unwrap();
    let again = backup(&data(&stage), &copy);
    assert!(matches!(again, Err(RestoreError::Exists(_))), "{again:?}");

    let lost = session.command(Command::Accept {
        order: second.clone(),
    });
    assert_eq!(
        stage.push_one(&session, lost.clone()).await.verdict,
        Verdict::Accepted
    );
    let scope = session.scope();
    let cursor = stage.pull(&session, scope.as_str(), 0).await.cursor;

    let running = restore(&data(&stage), true, &clock());
    assert!(
        matches!(running, Err(RestoreError::Data(StartError::DataDirBusy { .. }))),
        "{running:?}"
    );
    stage.gateway.take().unwrap().stop().await;
    put_back(&stage, &copy);

    let looked = restore(&data(&stage), true, &clock()).unwrap();
    assert_eq!(looked.epoch, None);
    assert_eq!((looked.holds.orders, looked.holds.commands), (2, 1));
    assert_eq!(looked.holds.epoch, session.grant.epoch);
    assert!(looked.key_beside && !looked.older_schema);
    assert_eq!(
        std::fs::read(data(&stage).join("gateway.sqlite3")).unwrap(),
        std::fs::read(&copy).unwrap(),
        "a dry run changes nothing"
    );

    let epoch = restore(&data(&stage), false, &clock()).unwrap().epoch.unwrap();
    stage.gateway = Some(Gateway::start(stage.config()).await.unwrap());
    let grant_path = |cursor| {
        format!(
            "/v1/pull?scope={scope}&cursor={cursor}&epoch={}",
            session.grant.epoch
        )
    };
    let call = stage.call(Method::GET, &grant_path(cursor));
    let (status, text) = send(call.bearer_auth(&session.grant.token)).await;
    assert_eq!((status, &*code(&text)), (401, "session_expired"));

    let lost_device = std::mem::replace(&mut session.device, crate::stage::Device::new());
    let renewed = stage.sign_in_on(HANDLER, lost_device).await;
    assert_eq!(renewed.grant.epoch, epoch);
    assert_ne!(renewed.grant.epoch, session.grant.epoch);
    assert_eq!(
        renewed.grant.device_seq, 1,
        "so much of its chain is in the backup"
    );
    let call = stage.call(Method::GET, &grant_path(cursor));
    let (status, text) = send(call.bearer_auth(&renewed.grant.token)).await;
    assert_eq!((status, &*code(&text)), (410, "cursor_gone"));
    assert_eq!(
        state_of(&stage, &renewed, &second).await.as_deref(),
        Some("assigned")
    );

    // The bytes it signed then are good now.
    assert_eq!(stage.push_one(&renewed, lost).await.verdict, Verdict::Accepted);
    assert_eq!(
        state_of(&stage, &renewed, &second).await.as_deref(),
        Some("accepted")
    );
    assert_eq!(
        state_of(&stage, &renewed, &first).await.as_deref(),
        Some("accepted")
    );
    stage.assert_gapless_logs();
    assert_eq!(
        stage.count("SELECT count(*) FROM audit WHERE event = 'restored'"),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_used_after_the_backup_does_not_come_back_with_it() {
    use crate::devices::invite;
    use crate::stage::{ADMINISTRATOR, Device};
    let mut stage = Stage::start().await;
    let admin = stage.sign_in(ADMINISTRATOR).await;
    let invitation = invite(&stage, &admin, HANDLER).await;
    let copy = copied(&mut stage).await;
    put_back(&stage, &copy);
    restore(&data(&stage), false, &clock()).unwrap();
    stage.gateway = Some(Gateway::start(stage.config()).await.unwrap());
    let replayed = with_code(&stage, HANDLER, &Device::new(), Some(&invitation.code));
    assert_eq!(sign_in(&stage, &replayed).await.1, "bad_enrolment_code");
    let plain = with_code(&stage, HANDLER, &Device::new(), None);
    assert_eq!(sign_in(&stage, &plain).await, granted());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_not_sound_is_named_and_left_alone() {
    let mut stage = Stage::start().await;
    let nowhere = stage.data.path().join("nowhere");
    assert!(matches!(
        restore(&nowhere, true, &clock()),
        Err(RestoreError::Missing(_))
    ));
    assert!(!nowhere.exists(), "looking makes nothing");

    let order = stage.take_in("SH1", "310101").await;
    let mut session = stage.sign_in(HANDLER).await;
    let accept = session.command(Command::Accept { order });
    stage.push(&session, vec![accept]).await;
    let copy = copied(&mut stage).await;
    let spoils = [
        ("DELETE FROM changes WHERE n = 2", "scope "),
        ("UPDATE devices SET head_hash = id", "device "),
        ("UPDATE devices SET last_seq = 2", "device "),
        ("UPDATE commands SET receipt = '{}'", "the receipt of command 1"),
        ("UPDATE log_sizes SET size = 5", "the log counts 5 texts"),
        (
            "UPDATE commits SET leaves = zeroblob(32)",
            "the receipt of command 1 is not what its commit gave",
        ),
        (
            "DELETE FROM held WHERE scope = 'bureau'",
            "whether scope bureau holds ",
        ),
    ];
    for (spoil, named) in spoils {
        put_back(&stage, &copy);
        let conn = Connection::open(data(&stage).join("gateway.sqlite3")).unwrap();
        assert_ne!(conn.execute(spoil, []).unwrap(), 0, "{spoil}");
        drop(conn);
        for dry_run in [true, false] {
            match restore(&data(&stage), dry_run, &clock()) {
                Err(RestoreError::Unsound(faults)) => {
                    assert!(faults[0].starts_with(named), "{spoil}: {faults:?}");
                }
                other => panic!("{spoil}: {other:?}"),
            }
        }
        let conn = Connection::open(data(&stage).join("gateway.sqlite3")).unwrap();
        let epoch: String = conn
            .query_row("SELECT value FROM meta WHERE name = 'epoch'", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(epoch, session.grant.epoch, "{spoil}");
    }
    // Pages torn, as by a copy made beside the writer.
    put_back(&stage, &copy);
    let path = data(&stage).join("gateway.sqlite3");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0);
    std::fs::write(&path, bytes).unwrap();
    let torn = restore(&data(&stage), false, &clock());
    assert!(
        matches!(torn, Err(RestoreError::Unsound(_) | RestoreError::Store(_))),
        "{torn:?}"
    );
}
