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
        .pragma_update(None, "user_version", 199)
        .unwrap();
    let refused = Store::open(&path).err();
    assert!(
        matches!(
            refused,
            Some(StoreError::NewerSchema {
                found: 199,
                known: 102
            })
        ),
        "{refused:?}"
    );
}

#[test]
fn a_database_from_before_packs_keeps_its_sessions() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let old = schema::open(&path).unwrap();
    old.execute_batch(include_str!("migrations/0001_start.sql"))
        .unwrap();
    old.pragma_update(None, "user_version", 101).unwrap();
    old.execute_batch(
        "INSERT INTO devices (id, public_key, user_id, name, enrolled_at, last_seq, head_hash)
             VALUES ('d', 'k', 'u', 'n', 1, 0, 'h');
         INSERT INTO sessions VALUES ('t', 'd', 'u', 1, 2);",
    )
    .unwrap();
    drop(old);
    let store = Store::open(&path).unwrap();
    let session = store.read_blocking(|rows| rows.session("t")).unwrap().unwrap();
    assert_eq!((session.user.as_str(), session.app.as_str()), ("u", ""));
    assert_eq!(session.expires_at.0, 2);
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
            "commits",
            "device_certificates",
            "devices",
            "disclosures",
            "entries",
            "feedback",
            "held",
            "invitations",
            "linked",
            "log_nodes",
            "log_sizes",
            "meta",
            "opened",
            "orders",
            "outward",
            "packs",
            "records",
            "reused_ids",
            "scopes",
            "seated",
            "series",
            "sessions",
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

#[test]
fn a_database_of_protocol_1_is_left_alone() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("db");
    let old = schema::open(&path).unwrap();
    old.execute_batch("CREATE TABLE commands (n INTEGER); PRAGMA user_version = 6;")
        .unwrap();
    drop(old);
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(
        Store::open(&path).err(),
        Some(StoreError::OlderProtocol)
    ));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_commit_gave_waits_for_its_signature_and_what_a_failed_job_gave_is_not_in_it() {
    let (dir, store) = store();
    let store = Arc::new(store);
    let (release, holding) = hold_the_writer(&store).await;
    let give = |text: &'static str, fails: bool| {
        let writer = store.writer.read().unwrap();
        writer.as_ref().unwrap().submit(move |tx| {
            let given = tx.give(text.to_owned());
            if fails {
                Err(StoreError::Document("test"))
            } else {
                Ok(given)
            }
        })
    };
    let (first, failed, second) = (give("first", false), give("lost", true), give("second", false));
    release.send(()).unwrap();
    holding.await.unwrap().unwrap();
    let (first, second) = (first.await.unwrap().unwrap(), second.await.unwrap().unwrap());
    assert!(failed.await.unwrap().is_err());
    assert_eq!((first.commit, first.index), (1, 0));
    assert_eq!((second.commit, second.index), (1, 1));
    let expected: Vec<_> = ["first", "second"]
        .map(|text| shenhai_proof::leaf_hash(text.as_bytes()))
        .into();
    let waiting = store.seals().waiting();
    assert_eq!(waiting.len(), 1, "one signature for both");
    assert_eq!(waiting[0].leaves, expected);
    // A crash before the signature: the next start finds the commit, and its number is not given again.
    store.stop_blocking();
    drop(store);
    let again = Store::open(&dir.path().join("db")).unwrap();
    let waiting = again.seals().waiting();
    assert_eq!((waiting.len(), waiting[0].n), (1, 1));
    assert_eq!(waiting[0].leaves, expected);
    let third = again.write(|tx| Ok(tx.give("third".to_owned()))).await.unwrap();
    assert_eq!((third.commit, third.index), (2, 0));
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
