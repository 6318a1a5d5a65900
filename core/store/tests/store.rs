//! The database: sealed, migrated, refused, put aside.

mod support;

use shenhai_protocol::{CmdId, DeviceId, FormKind, HexHash, OrderId, ScopeId};
use shenhai_store::{Anchor, Fault, Keys, Place, RolledBack, Store, StoreError};
use shenhai_sync::{Row, RowState};
use std::path::Path;
use support::*;

#[test]
fn everything_comes_back_after_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    fill(&mut open(directory.path()));
    let store = open(directory.path());
    assert!(store.session().expect("reads") == Some(session()));
    assert_eq!(store.clock_offset().expect("reads"), -5_000);
    let kept = store.identity_of(&user()).expect("reads").expect("an identity");
    assert_eq!(**kept.secret, *b"PLAINSECRETKEYPLAINSECRETKEY1234");
    assert_eq!(
        (kept.last_seq, kept.last_hash),
        (1, HexHash(format!("{:064x}", 1)))
    );
    assert_eq!(
        store
            .order(&ScopeId::person(&user()), &OrderId::from("o2"))
            .expect("reads"),
        Some(order("o2"))
    );
    assert_eq!(
        store.drafts(&user(), &OrderId::from("o1")).expect("reads"),
        [draft("PLAINDRAFT")]
    );
    assert_eq!(
        store.envelope(&CmdId::from("c1")).expect("reads"),
        Some(envelope("PLAINPAYLOAD"))
    );
    let row = &store.outbox(&user()).expect("reads")[0];
    assert_eq!((row.covered_by, row.server_time), (Some(4), Some(NOW)));
    assert_eq!(store.scopes().expect("reads")[0].cursor, 3);
}

#[test]
fn no_personal_text_and_no_secret_lies_in_the_files() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(directory.path());
    fill(&mut store);
    let read = || {
        let files = std::fs::read_dir(directory.path()).expect("lists");
        files
            .flat_map(|file| std::fs::read(file.expect("a file").path()).expect("reads"))
            .collect::<Vec<u8>>()
    };
    let while_open = read();
    drop(store);
    for bytes in [while_open, read()] {
        assert!(find(&bytes, b"SQLite format 3"), "the search itself works");
        for secret in [
            &b"PLAIN"[..],
            b"13800001234",
            b"wang",
            b"CREATE TABLE",
            b"outbox",
            "黄浦区".as_bytes(),
        ] {
            assert!(!find(&bytes, secret), "{}", String::from_utf8_lossy(secret));
        }
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn a_failed_transaction_leaves_neither_the_command_nor_the_removed_draft() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(directory.path());
    fill(&mut store);
    let failed = store.write(|write| {
        write.remove_draft(&user(), &OrderId::from("o1"), FormKind::Reply)?;
        write.append(&user(), &entry("c2", 2), &envelope("x"))?;
        Err::<(), _>(StoreError::Full)
    });
    assert!(matches!(failed, Err(StoreError::Full)));
    assert_eq!(
        store.drafts(&user(), &OrderId::from("o1")).expect("reads").len(),
        1
    );
    assert_eq!(store.outbox(&user()).expect("reads").len(), 1);
    assert_eq!(
        store
            .identity_of(&user())
            .expect("reads")
            .map(|identity| identity.last_seq),
        Some(1)
    );
}

#[test]
fn a_chain_has_each_number_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(directory.path());
    fill(&mut store);
    let twice = store.write(|write| write.append(&user(), &entry("c2", 1), &envelope("x")));
    assert!(matches!(twice, Err(StoreError::Sqlite(_))));
}

#[test]
fn a_pull_and_a_cleared_scope_leave_outbox_and_drafts_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(directory.path());
    fill(&mut store);
    let scope = ScopeId::person(&user());
    store
        .write(|write| write.take_over(&page(5, vec![order("o3")], vec![OrderId::from("o1")])))
        .expect("writes");
    assert_eq!(store.order(&scope, &OrderId::from("o1")).expect("reads"), None);
    store.write(|write| write.clear_scope(&scope)).expect("writes");
    assert_eq!(store.order(&scope, &OrderId::from("o3")).expect("reads"), None);
    assert_eq!(store.scopes().expect("reads"), []);
    assert_eq!(store.outbox(&user()).expect("reads").len(), 1);
    assert_eq!(
        store.drafts(&user(), &OrderId::from("o1")).expect("reads").len(),
        1
    );
}

#[test]
fn a_page_moved_to_another_place_is_not_taken() {
    let directory = tempfile::tempdir().expect("a directory");
    fill(&mut open(directory.path()));
    let file = directory.path().join("shenhai.db");
    let mut bytes = std::fs::read(&file).expect("reads");
    bytes.copy_within(4096..2 * 4096, 2 * 4096);
    std::fs::write(&file, &bytes).expect("tampers");
    let (_, opened) = open_with(directory.path(), &KEY).expect("opens");
    assert_eq!(opened.fault, Some(Fault::NotAuthentic(3)));
    assert!(opened.put_aside.is_some());
}

#[test]
fn another_key_and_a_later_version_are_refused_without_a_change() {
    let directory = tempfile::tempdir().expect("a directory");
    fill(&mut open(directory.path()));
    let file = directory.path().join("shenhai.db");
    let before = std::fs::read(&file).expect("reads");
    assert!(matches!(
        open_with(directory.path(), b"another key 1234"),
        Err(StoreError::WrongKey)
    ));
    assert_eq!(std::fs::read(&file).expect("reads"), before);

    let raw = raw(directory.path());
    raw.0.pragma_update(None, "user_version", 999).expect("tampers");
    drop(raw);
    assert!(matches!(
        open_with(directory.path(), &KEY),
        Err(StoreError::Newer(999))
    ));
}

#[test]
fn a_file_that_is_no_database_is_put_aside_and_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let rubbish = vec![0xA5; 8192];
    std::fs::write(directory.path().join("shenhai.db"), &rubbish).expect("writes");
    let (store, opened) = open_with(directory.path(), &KEY).expect("opens");
    let (name, rescued) = opened.put_aside.expect("put aside");
    assert_eq!(rescued, 0);
    assert_eq!(std::fs::read(directory.path().join(name)).expect("kept"), rubbish);
    assert!(store.session().expect("reads").is_none());
}

#[test]
fn of_a_damaged_database_keys_drafts_and_outbox_are_rescued() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(directory.path());
    fill(&mut store);
    // Enough orders for pages of their own; then one of those pages is destroyed.
    let many = (0..200).map(|n| order(&format!("many-{n}"))).collect();
    store
        .write(|write| write.take_over(&page(9, many, Vec::new())))
        .expect("writes");
    drop(store);
    let file = directory.path().join("shenhai.db");
    let mut bytes = std::fs::read(&file).expect("reads");
    let at = bytes.len() - 4096;
    bytes[at..].fill(0xFF);
    std::fs::write(&file, &bytes).expect("damages");

    let (store, opened) = open_with(directory.path(), &KEY).expect("opens");
    let (name, _) = opened.put_aside.expect("put aside");
    assert_eq!(std::fs::read(directory.path().join(name)).expect("kept"), bytes);
    assert_eq!(
        store.envelope(&CmdId::from("c1")).expect("reads"),
        Some(envelope("PLAINPAYLOAD"))
    );
    assert_eq!(
        store.drafts(&user(), &OrderId::from("o1")).expect("reads"),
        [draft("PLAINDRAFT")]
    );
    assert!(store.identity_of(&user()).expect("reads").is_some());
    assert!(store.session().expect("reads").is_some());
    assert_eq!(
        store.scopes().expect("reads"),
        [],
        "orders come from the gateway again"
    );
}

#[test]
fn a_database_of_version_1_opens_with_todays_program() {
    let directory = tempfile::tempdir().expect("a directory");
    // As version 1 wrote it: kept as SQL, so that later steps are tested against it.
    let raw = rusqlite::Connection::open(directory.path().join("shenhai.db")).expect("opens");
    raw.execute_batch(include_str!("version-1.sql"))
        .expect("version 1");
    drop(raw);
    assert!(matches!(
        open_with(directory.path(), b"another key 1234"),
        Err(StoreError::WrongKey)
    ));
    // Its columns were sealed with the key that version 1 was given; pages get their own.
    let pages = b"a key for pages ";
    let keys = Keys { pages, columns: &KEY };
    let (store, opened) = open_keyed(directory.path(), keys, None).expect("opens");
    assert_eq!(opened.put_aside, None);
    let left = names(directory.path());
    assert!(left.iter().all(|name| name.starts_with("shenhai.db")), "{left:?}");
    let bytes = std::fs::read(directory.path().join("shenhai.db")).expect("reads");
    assert!(!find(&bytes, b"CREATE TABLE"), "sealed");
    let kept = store.identity_of(&user()).expect("reads").expect("an identity");
    assert_eq!(**kept.secret, *b"PLAINSECRETKEYPLAINSECRETKEY1234");
    assert_eq!(store.clock_offset().expect("reads"), -5_000);
    assert_eq!(
        store.drafts(&user(), &OrderId::from("o1")).expect("reads"),
        [draft("PLAINDRAFT")]
    );
    assert_eq!(
        store.envelope(&CmdId::from("c1")).expect("reads"),
        Some(envelope("PLAINPAYLOAD"))
    );
    assert_eq!(
        store
            // The handler's scope went by another name then; the next sign-in lets go of it.
            .order(&ScopeId::from("handler:wang"), &OrderId::from("o1"))
            .expect("reads"),
        Some(order("o1"))
    );
    drop(store);
    assert!(
        matches!(open_with(directory.path(), &KEY), Err(StoreError::WrongKey)),
        "the former key opens nothing any more"
    );
}

/// Undoes what steps 4 to 6 made.
const WITHOUT_LATER_STEPS: &str =
    "DROP TABLE seen_orders; DROP TABLE records; DROP TABLE packs; DROP TABLE act_drafts;
    ALTER TABLE outbox DROP COLUMN record_kind;
    DROP INDEX outbox_open; DROP INDEX outbox_user;
    ALTER TABLE outbox DROP COLUMN open; ALTER TABLE outbox DROP COLUMN scope;
    CREATE INDEX outbox_user ON outbox (user);";

#[test]
fn an_outbox_that_knew_no_scopes_is_a_handlers_and_only_what_is_not_covered_is_open() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(directory.path());
    fill(&mut store);
    // The scope's cursor is at 3.
    for (seq, covered_by) in [(2, Some(3)), (3, Some(4)), (4, None)] {
        let made = entry(&format!("c{seq}"), seq);
        let done = Row {
            state: RowState::Done,
            ..made.row.clone()
        };
        store
            .write(|write| {
                write.append(&user(), &made, &envelope("x"))?;
                write.save_receipt(&made.row.cmd_id, &receipt(""), NOW, covered_by)?;
                write.save_row(&done)
            })
            .expect("writes");
    }
    let open_rows = |store: &Store| -> Vec<String> {
        let rows = store.open_outbox(&user()).expect("reads");
        rows.into_iter().map(|entry| entry.row.cmd_id.0).collect()
    };
    assert_eq!(open_rows(&store), ["c1", "c3"]);
    drop(store);
    let raw = raw(directory.path());
    raw.0.execute_batch(WITHOUT_LATER_STEPS).expect("as it was then");
    raw.0.pragma_update(None, "user_version", 3).expect("tampers");
    drop(raw);
    let mut store = open(directory.path());
    assert_eq!(open_rows(&store), ["c1", "c3"]);
    assert_eq!(
        store.outbox(&user()).expect("reads")[0].scope,
        ScopeId::person(&user())
    );
    store
        .write(|write| write.take_over(&page(4, Vec::new(), Vec::new())))
        .expect("writes");
    assert_eq!(open_rows(&store), ["c1"], "covered by now");
}

#[test]
fn secret_keys_that_version_2_kept_in_clear_are_sealed_where_they_lie() {
    const SECRET: &[u8; 32] = b"PLAINSECRETKEYPLAINSECRETKEY1234";
    let directory = tempfile::tempdir().expect("a directory");
    fill(&mut open(directory.path()));
    let column = || -> Vec<u8> {
        let select = "SELECT secret FROM identities";
        let raw = raw(directory.path());
        raw.0.query_row(select, [], |row| row.get(0)).expect("reads")
    };
    let clear = |version: i64| {
        let raw = raw(directory.path());
        raw.0
            .execute("UPDATE identities SET secret = ?1", [SECRET])
            .expect("as version 2 wrote it");
        raw.0.execute_batch(WITHOUT_LATER_STEPS).expect("as it was then");
        raw.0
            .pragma_update(None, "user_version", version)
            .expect("tampers");
    };
    assert!(!find(&column(), SECRET));
    clear(2);
    assert_eq!(column(), SECRET);
    let store = open(directory.path());
    let kept = store.identity_of(&user()).expect("reads").expect("an identity");
    assert_eq!((&**kept.secret, kept.last_seq), (SECRET, 1));
    drop(store);
    assert!(!find(&column(), SECRET));

    // In a later version a key in clear was not written by this program.
    clear(3);
    let tampered = open(directory.path()).identity_of(&user());
    assert!(matches!(tampered, Err(StoreError::Row("identities"))));
}

#[test]
fn a_secret_key_opens_only_as_its_own_devices() {
    let directory = tempfile::tempdir().expect("a directory");
    fill(&mut open(directory.path()));
    raw(directory.path())
        .0
        .execute("UPDATE identities SET device_id = 'd2'", [])
        .expect("tampers");
    let moved = open(directory.path()).identity_by_device(&DeviceId::from("d2"));
    assert!(matches!(moved, Err(StoreError::Row("identities"))));
}

#[test]
fn of_a_damaged_database_of_version_1_keys_drafts_and_outbox_are_copied_and_it_is_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("shenhai.db");
    let raw = rusqlite::Connection::open(&file).expect("opens");
    raw.execute_batch(include_str!("version-1.sql"))
        .expect("version 1");
    let root: i64 = raw
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'orders'",
            [],
            |row| row.get(0),
        )
        .expect("reads");
    drop(raw);
    let mut bytes = std::fs::read(&file).expect("reads");
    let at = (usize::try_from(root).expect("small") - 1) * 4096;
    bytes[at..at + 4096].fill(0xFF);
    std::fs::write(&file, &bytes).expect("damages");
    let (store, opened) = open_with(directory.path(), &KEY).expect("opens");
    let (name, copied) = opened.put_aside.expect("put aside");
    assert_eq!(std::fs::read(directory.path().join(name)).expect("kept"), bytes);
    assert!(copied >= 4, "{copied}");
    assert_eq!(
        store.envelope(&CmdId::from("c1")).expect("reads"),
        Some(envelope("PLAINPAYLOAD"))
    );
}

fn names(directory: &Path) -> Vec<String> {
    let files = std::fs::read_dir(directory).expect("lists");
    files
        .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn every_committed_transaction_raises_the_generation_and_a_failed_one_does_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(directory.path());
    assert_eq!(store.anchor().generation, 0);
    fill(&mut store);
    store.write(|write| write.set_clock_offset(1)).expect("writes");
    assert!(store.write(|_| Err::<(), _>(StoreError::Full)).is_err());
    let anchor = store.anchor();
    assert_eq!(anchor.generation, 2);
    assert_eq!(Anchor::from_bytes(&anchor.to_bytes()), Some(anchor));
    drop(store);
    let (_, opened) = open_anchored(directory.path(), &KEY, Some(anchor)).expect("opens");
    assert_eq!((opened.anchor, opened.rolled_back), (anchor, None));
}

#[test]
fn another_database_of_the_same_key_is_noticed_however_long_it_lived() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut long_lived = open(directory.path());
    for offset in 0..9 {
        long_lived
            .write(|write| write.set_clock_offset(offset))
            .expect("writes");
    }
    drop(long_lived);
    let copy = names(directory.path()).into_iter().map(|name| {
        let path = directory.path().join(name);
        (std::fs::read(&path).expect("reads"), path)
    });
    let copy: Vec<_> = copy.collect();
    for (_, path) in &copy {
        std::fs::remove_file(path).expect("removes");
    }
    let mut young = open(directory.path());
    fill(&mut young);
    let anchor = young.anchor();
    drop(young);
    for (bytes, path) in &copy {
        std::fs::write(path, bytes).expect("puts back");
    }
    let (_, opened) = open_anchored(directory.path(), &KEY, Some(anchor)).expect("opens");
    let found = opened.rolled_back.expect("it is not the one kept last").found;
    assert!(found.generation > anchor.generation);
}

#[test]
fn what_takes_the_place_of_a_damaged_database_is_not_called_rolled_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(directory.path());
    fill(&mut store);
    let anchor = store.anchor();
    drop(store);
    for name in names(directory.path()) {
        let path = directory.path().join(name);
        let mut bytes = std::fs::read(&path).expect("reads");
        bytes.iter_mut().skip(4096).for_each(|byte| *byte ^= 0x55);
        std::fs::write(&path, bytes).expect("damages");
    }
    let (_, opened) = open_anchored(directory.path(), &KEY, Some(anchor)).expect("opens");
    assert!(opened.put_aside.is_some());
    assert_eq!(opened.rolled_back, None);
    let (_, again) = open_anchored(directory.path(), &KEY, Some(opened.anchor)).expect("opens");
    assert_eq!((again.put_aside, again.rolled_back), (None, None));
}

#[test]
fn all_files_put_back_from_an_old_copy_are_noticed_and_still_opened() {
    let directory = tempfile::tempdir().expect("a directory");
    fill(&mut open(directory.path()));
    let copy: Vec<_> = names(directory.path())
        .into_iter()
        .map(|name| (std::fs::read(directory.path().join(&name)).expect("reads"), name))
        .collect();
    let mut store = open(directory.path());
    for offset in 0..3 {
        store
            .write(|write| write.set_clock_offset(offset))
            .expect("writes");
    }
    let anchor = store.anchor();
    drop(store);
    for (bytes, name) in copy {
        std::fs::write(directory.path().join(name), bytes).expect("puts back");
    }
    let (store, opened) = open_anchored(directory.path(), &KEY, Some(anchor)).expect("opens");
    assert_eq!(
        opened.rolled_back,
        Some(RolledBack {
            anchored: anchor,
            found: Anchor {
                generation: 1,
                ..anchor
            }
        })
    );
    assert_eq!(anchor.generation, 4);
    assert_eq!(opened.put_aside, None);
    assert_eq!(store.outbox(&user()).expect("reads").len(), 1);
}

#[test]
fn one_page_put_back_has_the_database_put_aside_and_its_own_work_carried_over() {
    let directory = tempfile::tempdir().expect("a directory");
    fill(&mut open(directory.path()));
    let file = directory.path().join("shenhai.db");
    let old = std::fs::read(&file).expect("reads");
    let mut store = open(directory.path());
    store.write(|write| write.set_clock_offset(7)).expect("writes");
    drop(store);
    let mut mixed = std::fs::read(&file).expect("reads");
    let page = (4096..old.len())
        .step_by(4096)
        .find(|at| mixed[*at..at + 4096] != old[*at..at + 4096])
        .expect("a page was written");
    mixed[page..page + 4096].copy_from_slice(&old[page..page + 4096]);
    std::fs::write(&file, &mixed).expect("puts back");
    let (store, opened) = open_with(directory.path(), &KEY).expect("opens");
    let number = u32::try_from(page / 4096 + 1).expect("small");
    assert_eq!(opened.fault, Some(Fault::RolledBack(number)));
    assert!(opened.put_aside.is_some());
    assert_eq!(store.outbox(&user()).expect("reads").len(), 1);
}

#[test]
fn a_second_store_at_the_same_place_is_told_that_it_is_busy() {
    let directory = tempfile::tempdir().expect("a directory");
    let _store = open(directory.path());
    assert!(matches!(open_with(directory.path(), &KEY), Err(StoreError::Busy)));
}

#[test]
fn erasing_removes_every_file_also_of_damaged_databases() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = Place::Directory(directory.path().to_owned());
    std::fs::write(directory.path().join("shenhai.db"), [0xA5; 8192]).expect("writes");
    let mut store = open(directory.path());
    fill(&mut store);
    assert!(matches!(
        now_or_never(Store::erase(&place)),
        Err(StoreError::Busy)
    ));
    drop(store);
    assert!(names(directory.path()).len() > 2);
    now_or_never(Store::erase(&place)).expect("erases");
    assert_eq!(names(directory.path()), Vec::<String>::new());
    assert!(
        open(directory.path()).session().expect("reads").is_none(),
        "a new start"
    );
}

#[test]
fn receipted_rows_are_pruned_by_age_and_waiting_ones_never() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(directory.path());
    fill(&mut store);
    let done = Row {
        state: RowState::Done,
        ..entry("c1", 1).row
    };
    store
        .write(|write| {
            write.save_row(&done)?;
            write.append(&user(), &entry("c2", 2), &envelope("x"))?;
            write.prune_done(NOW)
        })
        .expect("writes");
    assert_eq!(
        store.outbox(&user()).expect("reads").len(),
        2,
        "not older than that"
    );
    store
        .write(|write| write.prune_done(NOW.plus(1)))
        .expect("writes");
    let left: Vec<CmdId> = store
        .outbox(&user())
        .expect("reads")
        .into_iter()
        .map(|entry| entry.row.cmd_id)
        .collect();
    assert_eq!(left, [CmdId::from("c2")]);
}
