//! Records of packs, the packs, and what was typed for acts: kept, found, purged with their scope.

mod support;

use shenhai_protocol::{
    ActName, HeldRecord, HexHash, Kind, LawRef, OrderId, PackName, RecordRef, ScopeId, Shown, UnixMillis,
    UserId,
};
use shenhai_store::{KeptActDraft, KeptPack, PageOfChanges};
use std::collections::BTreeMap;
use support::{fill, open, page, raw, user};

fn reference(id: &str) -> RecordRef {
    RecordRef {
        kind: Kind::from("river.patrol"),
        id: OrderId::from(id),
    }
}

fn held(id: &str, rev: u64) -> HeldRecord {
    HeldRecord {
        record: reference(id),
        rev,
        law: LawRef {
            id: PackName::from("river"),
            version: "1".to_owned(),
            sm3: HexHash("a".repeat(64)),
        },
        document: format!("PLAINDOCUMENT {id} {rev}\n"),
        shown: vec![Shown {
            commitment: HexHash("b".repeat(64)),
            label: "phone".to_owned(),
            salt: None,
            text: "PLAINPHONE".to_owned(),
        }],
        names: BTreeMap::from([("li".to_owned(), "李".to_owned())]),
    }
}

fn received(cursor: u64, records: Vec<HeldRecord>, gone: Vec<RecordRef>) -> PageOfChanges {
    PageOfChanges {
        records,
        gone,
        ..page(cursor, Vec::new(), Vec::new())
    }
}

fn draft(id: Option<&str>, act: &str, saved_at: i64) -> KeptActDraft {
    KeptActDraft {
        kind: Kind::from("river.patrol"),
        id: id.map(OrderId::from),
        act: ActName::from(act),
        saved_at: UnixMillis(saved_at),
        json: format!("{{\"act\":\"{act}\"}}"),
    }
}

#[test]
fn a_record_is_as_its_scope_shows_it_until_it_leaves() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(directory.path());
    let (own, other) = (ScopeId::person(&user()), ScopeId::bureau());
    let take = |store: &mut shenhai_store::Store, page: &PageOfChanges| {
        store.write(|write| write.take_over(page)).expect("writes");
    };
    take(
        &mut store,
        &received(1, vec![held("p1", 1), held("p2", 1)], Vec::new()),
    );
    let mut at_the_desk = received(1, vec![held("p1", 2)], Vec::new());
    at_the_desk.copy.scope = other.clone();
    take(&mut store, &at_the_desk);
    drop(store);

    let mut store = open(directory.path());
    let read = |store: &shenhai_store::Store, scope: &ScopeId, id: &str| {
        store.record(scope, &reference(id)).expect("reads")
    };
    assert_eq!(read(&store, &own, "p1"), Some(held("p1", 1)));
    assert_eq!(read(&store, &other, "p1"), Some(held("p1", 2)));
    assert_eq!(read(&store, &other, "p2"), None);
    let mut all = Vec::new();
    store
        .each_record(&own, |held| all.push(held.record.id.0))
        .expect("reads");
    all.sort();
    assert_eq!(all, ["p1", "p2"]);

    take(
        &mut store,
        &received(2, vec![held("p2", 5)], vec![reference("p1")]),
    );
    assert_eq!(read(&store, &own, "p1"), None);
    assert_eq!(read(&store, &own, "p2"), Some(held("p2", 5)));
    assert_eq!(
        read(&store, &other, "p1"),
        Some(held("p1", 2)),
        "the other scope's is its own"
    );
}

#[test]
fn a_lost_scope_takes_its_records_and_leaves_packs_and_drafts() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(directory.path());
    let own = ScopeId::person(&user());
    let pack = KeptPack {
        law: HexHash("a".repeat(64)),
        face: HexHash("c".repeat(64)),
        files: BTreeMap::from([("pack.toml".to_owned(), "id = \"river\"\n".to_owned())]),
    };
    store
        .write(|write| {
            write.take_over(&received(1, vec![held("p1", 1)], Vec::new()))?;
            write.put_pack(&pack)?;
            write.save_act_draft(&user(), &draft(Some("p1"), "submit", 7))
        })
        .expect("writes");
    store.write(|write| write.keep_scopes(&[])).expect("writes");
    assert_eq!(store.record(&own, &reference("p1")).expect("reads"), None);
    assert_eq!(store.scopes().expect("reads"), []);
    assert!(store.pack(&pack.law).expect("reads") == Some(pack.clone()));
    assert_eq!(
        store.packs().expect("reads"),
        [(pack.law.clone(), pack.face.clone())]
    );
    assert_eq!(
        store.act_drafts(&user(), None).expect("reads"),
        [draft(Some("p1"), "submit", 7)]
    );
    store.write(|write| write.remove_pack(&pack.law)).expect("writes");
    assert!(store.pack(&pack.law).expect("reads").is_none());
}

#[test]
fn drafts_are_a_persons_own_one_for_each_act_of_a_record() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(directory.path());
    let other = UserId::from("li");
    store
        .write(|write| {
            write.save_act_draft(&user(), &draft(None, "plan", 3))?;
            write.save_act_draft(&user(), &draft(Some("p1"), "spot", 1))?;
            write.save_act_draft(&user(), &draft(Some("p1"), "spot", 5))?;
            write.save_act_draft(&user(), &draft(Some("p1"), "submit", 4))?;
            write.save_act_draft(&other, &draft(Some("p1"), "spot", 2))
        })
        .expect("writes");
    assert_eq!(
        store.act_drafts(&user(), None).expect("reads"),
        [
            draft(None, "plan", 3),
            draft(Some("p1"), "submit", 4),
            draft(Some("p1"), "spot", 5)
        ]
    );
    let kind = Kind::from("river.patrol");
    store
        .write(|write| {
            write.remove_act_draft(&user(), &kind, None, &ActName::from("plan"))?;
            write.remove_act_draft(&user(), &kind, Some(&OrderId::from("p1")), &ActName::from("spot"))
        })
        .expect("writes");
    assert_eq!(
        store.act_drafts(&user(), Some(&reference("p1"))).expect("reads"),
        [draft(Some("p1"), "submit", 4)]
    );
    assert_eq!(
        store.act_drafts(&other, None).expect("reads"),
        [draft(Some("p1"), "spot", 2)]
    );
}

#[test]
fn an_outbox_that_knew_no_records_of_packs_is_one_of_orders() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = open(directory.path());
    fill(&mut store);
    drop(store);
    let raw = raw(directory.path());
    let without = "DROP TABLE records; DROP TABLE packs; DROP TABLE act_drafts;
        ALTER TABLE outbox DROP COLUMN record_kind; PRAGMA user_version = 5;";
    raw.0.execute_batch(without).expect("as it was then");
    drop(raw);
    let store = open(directory.path());
    let kept = store.outbox(&user()).expect("reads");
    let named: Vec<_> = kept
        .iter()
        .map(|entry| (entry.record_kind.as_str(), entry.act.as_str()))
        .collect();
    assert_eq!(named, [("hotline.order", "contact")]);
    assert_eq!(store.packs().expect("reads"), []);
}
