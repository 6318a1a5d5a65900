//! The store by itself: group commit, a full disk, a job that fails or panics.

use super::*;
use std::sync::mpsc;
use tempfile::TempDir;

fn store() -> (TempDir, Store) {
    let dir = TempDir::new().unwrap();
    let store = Store::open(&dir.path().join("db")).unwrap();
    (dir, store)
}

/// Keep the writer busy until the returned sender speaks.
async fn hold_the_writer(
    store: &Arc<Store>,
) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), StoreError>>) {
    let (release, held) = mpsc::channel();
    let (entered, inside) = tokio::sync::oneshot::channel();
    let holder = Arc::clone(store);
    let task = tokio::spawn(async move {
        holder
            .write(move |_| {
                let _ = entered.send(());
                let _ = held.recv();
                Ok(())
            })
            .await
    });
    inside.await.unwrap();
    (release, task)
}

fn submit(store: &Store, name: &str) -> tokio::sync::oneshot::Receiver<Result<(), StoreError>> {
    let name = name.to_owned();
    let writer = store.writer.read().unwrap();
    writer
        .as_ref()
        .unwrap()
        .submit(move |tx| tx.insert_meta(&name, "x"))
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_wait_together_share_one_commit() {
    let (_dir, store) = store();
    let store = Arc::new(store);
    let (release, holding) = hold_the_writer(&store).await;
    let answers: Vec<_> = (0..20).map(|n| submit(&store, &format!("name{n}"))).collect();
    release.send(()).unwrap();
    holding.await.unwrap().unwrap();
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
    assert_eq!(store.stats(), WriterStats { commits: 2, jobs: 21 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_or_panics_takes_nobody_with_it() {
    let (_dir, store) = store();
    let store = Arc::new(store);
    let (release, holding) = hold_the_writer(&store).await;
    let before = submit(&store, "a");
    let twice = submit(&store, "a");
    let panics = {
        let writer = store.writer.read().unwrap();
        writer.as_ref().unwrap().submit(|tx| -> Result<(), StoreError> {
            tx.insert_meta("half", "done")?;
            panic!("a bug")
        })
    };
    let after = submit(&store, "b");
    release.send(()).unwrap();
    holding.await.unwrap().unwrap();
    before.await.unwrap().unwrap();
    assert!(matches!(twice.await.unwrap(), Err(StoreError::Database(_))));
    assert!(matches!(panics.await.unwrap(), Err(StoreError::Panicked)));
    after.await.unwrap().unwrap();
    let names = |name: &'static str| store.read_blocking(move |rows| rows.meta(name)).unwrap();
    assert_eq!(
        (names("a"), names("half"), names("b")),
        (Some("x".into()), None, Some("x".into()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_named_and_what_was_stored_stays() {
    let (_dir, store) = store();
    store.write(|tx| tx.insert_meta("kept", "x")).await.unwrap();
    store
        .write(|tx| {
            let pages: u32 = tx.conn.pragma_query_value(None, "page_count", |row| row.get(0))?;
            tx.conn
                .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
            Ok(())
        })
        .await
        .unwrap();
    let large = "x".repeat(100_000);
    let outcome = store.write(move |tx| tx.insert_meta("large", &large)).await;
    assert!(matches!(outcome, Err(StoreError::Full)), "{outcome:?}");
    let meta = |name: &'static str| store.read_blocking(move |rows| rows.meta(name)).unwrap();
    assert_eq!((meta("kept"), meta("large")), (Some("x".into()), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_commits_what_waits_and_takes_nothing_more() {
    let (dir, store) = store();
    let store = Arc::new(store);
    let (release, holding) = hold_the_writer(&store).await;
    let waiting = submit(&store, "waiting");
    let stopping = {
        let store = Arc::clone(&store);
        tokio::task::spawn_blocking(move || store.stop_blocking())
    };
    release.send(()).unwrap();
    stopping.await.unwrap();
    holding.await.unwrap().unwrap();
    waiting.await.unwrap().unwrap();
    let late = store.write(|tx| tx.insert_meta("late", "x")).await;
    assert!(matches!(late, Err(StoreError::Stopped)));
    drop(store);
    let again = Store::open(&dir.path().join("db")).unwrap();
    assert_eq!(
        again.read_blocking(|rows| rows.meta("waiting")).unwrap(),
        Some("x".to_owned())
    );
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let (dir, store) = store();
    store.stop_blocking();
    drop(store);
    let path = dir.path().join("db");
    schema::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let refused = Store::open(&path).err();
    assert!(
        matches!(refused, Some(StoreError::NewerSchema { found: 99, known: 5 })),
        "{refused:?}"
    );
}

#[test]
fn the_schema_is_the_one_released() {
    let (_dir, store) = store();
    let tables = store.read_blocking(|rows| {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        let mut statement = rows.conn.prepare(sql)?;
        let names = statement.query_map([], |row| row.get::<_, String>(0))?;
        Ok(names.collect::<Result<Vec<_>, _>>()?)
    });
    assert_eq!(
        tables.unwrap(),
        [
            "anchors",
            "audit",
            "certificates",
            "changes",
            "commands",
            "device_certificates",
            "devices",
            "feedback",
            "invitations",
            "log_nodes",
            "log_sizes",
            "meta",
            "orders",
            "reused_ids",
            "scopes",
            "sessions"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_writer_flushes_every_commit() {
    let (_dir, store) = store();
    let pragma = |name: &'static str| {
        store.write(move |tx| {
            let text = tx.conn.pragma_query_value(None, name, |row| {
                let value: rusqlite::types::Value = row.get(0)?;
                Ok(format!("{value:?}"))
            })?;
            Ok(text)
        })
    };
    // 2 is FULL, https://sqlite.org/pragma.html#pragma_synchronous.
    assert_eq!(pragma("synchronous").await.unwrap(), "Integer(2)");
    assert_eq!(pragma("journal_mode").await.unwrap(), "Text(\"wal\")");
}

/// A database as version 1 left it: a device with a command, and the signing key in the clear.
fn of_version_1(path: &Path) {
    let conn = schema::open(path).unwrap();
    conn.execute_batch(include_str!("migrations/0001_start.sql"))
        .unwrap();
    conn.execute_batch(
        "INSERT INTO meta VALUES ('epoch', 'e1'), ('signing_key', 'aa');
         INSERT INTO devices VALUES ('d1', '04', 'h1', '旧设备', 5, NULL, 7, 'head'), ('d2', '04', 'h1', '', 6, 9, 0, '');
         INSERT INTO sessions VALUES ('t1', 'd1', 'h1', 5, 500);
         INSERT INTO commands VALUES (1, 'c1', 'd1', 7, 'o1', 'h1', 'p', 's', 'rp', 'rs');
         PRAGMA user_version = 1;",
    )
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_version_1_keeps_its_devices_sessions_and_commands() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("db");
    of_version_1(&path);
    let store = Store::open(&path).unwrap();
    let (d1, d2) = ("d1".into(), "d2".into());
    let (first, second) = store
        .read_blocking(|rows| Ok((rows.device(&d1)?.unwrap(), rows.device(&d2)?.unwrap())))
        .unwrap();
    assert_eq!(
        (&*first.name, first.last_seq, first.head_hash.as_str()),
        ("旧设备", 7, "head")
    );
    assert_eq!((first.revoked, second.revoked), (false, true));
    assert!(first.certificate.is_none() && first.last_seen_at.is_none() && first.replaces.is_none());
    let listed = store.read_blocking(|rows| rows.devices()).unwrap();
    assert_eq!(listed.len(), 2);
    assert!(
        listed
            .iter()
            .all(|device| device.how == shenhai_protocol::EnrolledHow::Container)
    );
    assert!(store.read_blocking(|rows| rows.session("t1")).unwrap().is_some());
    let receipt = store.read_blocking(|rows| rows.receipt(&"c1".into())).unwrap();
    assert_eq!(receipt.unwrap().1.sig, "rs");
}

#[test]
fn receipts_older_than_the_log_enter_it_in_their_order() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("old.sqlite3");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("migrations/0001_start.sql"))
        .unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    old.execute_batch(
        "INSERT INTO devices (id, public_key, user_id, name, enrolled_at, last_seq, head_hash)
             VALUES ('d', '', 'u', '', 0, 3, '');
         INSERT INTO commands (n, cmd_id, device_id, device_seq, actor, payload, sig, receipt_payload, receipt_sig)
             VALUES (7, 'c', 'd', 3, 'u', '', '', 'third', ''), (2, 'a', 'd', 1, 'u', '', '', 'first', ''),
                    (5, 'b', 'd', 2, 'u', '', '', 'second', '');",
    )
    .unwrap();
    drop(old);
    let mut expected = shenhai_proof::MemoryLog::default();
    for receipt in ["first", "second", "third"] {
        expected.append(receipt.as_bytes()).unwrap();
    }
    let store = Store::open(&path).unwrap();
    let class = shenhai_protocol::DataClass::OrderClosing;
    let (size, root) = store
        .read_blocking(|rows| Ok((rows.log_size(class)?, rows.log_root(class, 3)?)))
        .unwrap();
    assert_eq!(size, 3);
    assert_eq!(root.as_str(), shenhai_proof::root(&expected, 3).unwrap().to_hex());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_panics_gives_its_reader_back() {
    let (_dir, store) = store();
    let store = Arc::new(store);
    for _ in 0..2 * READERS {
        let read: Result<(), _> = store.read(|_| panic!("a bug")).await;
        assert!(matches!(read, Err(StoreError::Panicked)));
    }
    assert_eq!(
        store.readers.idle.lock().unwrap().idle.len(),
        1,
        "one was enough for all"
    );
    assert!(store.read(|rows| rows.meta("none")).await.unwrap().is_none());
}
