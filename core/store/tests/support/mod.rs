//! Stores in a folder of a test, and one of everything that is kept in them.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "every test binary uses another part of this module"
)]

use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_protocol::{
    ActName, Beside, Caller, Channel, CmdId, Deadlines, DeviceId, FormKind, HexHash, Kind, Matter, OrderId,
    OrderState, Role, ScopeId, SignedCommit, SignedEnvelope, SignedReceipt, UnitId, UnixMillis, Urgency,
    UserId, UserInfo, WorkOrder,
};
use shenhai_store::{
    Anchor, Identity, KeptDraft, Keys, OutboxEntry, PageOfChanges, Place, ScopeCopy, SessionRecord, Store,
    StoreError,
};
use shenhai_sync::{Row, RowState};
use shenhai_vfs::{Sealed, Trust};
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use zeroize::Zeroizing;

pub const KEY: [u8; 16] = *b"0123456789abcdef";
pub const NOW: UnixMillis = UnixMillis(1_795_399_200_000);

/// Opening natively never waits for anything but the disk.
pub fn now_or_never<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("opening waits"),
    }
}

pub fn open_with(directory: &Path, key: &[u8; 16]) -> Result<(Store, shenhai_store::Opened), StoreError> {
    open_anchored(directory, key, None)
}

pub fn open_anchored(
    directory: &Path,
    key: &[u8; 16],
    anchor: Option<Anchor>,
) -> Result<(Store, shenhai_store::Opened), StoreError> {
    let keys = Keys {
        pages: key,
        columns: key,
    };
    open_keyed(directory, keys, anchor)
}

pub fn open_keyed(
    directory: &Path,
    keys: Keys<'_>,
    anchor: Option<Anchor>,
) -> Result<(Store, shenhai_store::Opened), StoreError> {
    // Another seed for each opening: a nonce is never drawn twice.
    static SEED: AtomicU64 = AtomicU64::new(1);
    let rng = Box::new(StdRng::seed_from_u64(SEED.fetch_add(1, Ordering::Relaxed)));
    let place = Place::Directory(directory.to_owned());
    now_or_never(Store::open(&place, keys, rng, NOW, anchor))
}

/// A connection past the store, for tampering.
pub fn raw(directory: &Path) -> (rusqlite::Connection, Sealed) {
    let file = directory.join("shenhai.db");
    let mut rng = StdRng::seed_from_u64(u64::MAX);
    let sealed = Sealed::attach(
        None,
        file.to_str().expect("Unicode"),
        &KEY,
        &mut rng,
        Trust::Newest,
        Duration::ZERO,
    );
    let sealed = sealed.expect("attaches");
    (sealed.connect().expect("opens"), sealed)
}

pub fn open(directory: &Path) -> Store {
    open_with(directory, &KEY).expect("opens").0
}

pub fn user() -> UserId {
    UserId::from("wang")
}

pub fn order(id: &str) -> WorkOrder {
    WorkOrder {
        id: OrderId::from(id),
        channel: Channel::H12345,
        source_no: "SH1".to_owned(),
        rev: 1,
        state: OrderState::Assigned,
        urgency: Urgency::Normal,
        matter: Matter::Help,
        category: "排水".to_owned(),
        title: "PLAINTITLE".to_owned(),
        content: "PLAINCONTENT".to_owned(),
        address: "PLAINADDRESS".to_owned(),
        district: "310101".to_owned(),
        district_name: "黄浦区".to_owned(),
        point: None,
        is_review: false,
        supervised: false,
        urge_count: 0,
        duplicate_of: None,
        received_at: NOW,
        deadlines: Deadlines {
            contact_by: NOW,
            finish_by: NOW,
            provisional: false,
            rules: String::new(),
        },
        unit: UnitId::from("hp"),
        unit_name: String::new(),
        handler: user(),
        handler_name: String::new(),
        caller: Caller {
            name: "PLAINCALLER".to_owned(),
            phone: "13800001234".to_owned(),
            anonymous: false,
            confidential: false,
            masked: false,
        },
        contact: None,
        reply: None,
        returned: None,
        timeline: Vec::new(),
    }
}

pub fn identity(secret: [u8; 32]) -> Identity {
    Identity {
        device_id: DeviceId::from("d1"),
        user: Some(user()),
        secret: Box::new(Zeroizing::new(secret)),
        last_seq: 0,
        last_hash: HexHash::zero(),
        acked_seq: 0,
        acked_hash: HexHash::zero(),
    }
}

pub fn session() -> SessionRecord {
    SessionRecord {
        token: "PLAINTOKEN".to_owned(),
        expires_at: NOW,
        user: UserInfo {
            id: user(),
            name: "PLAINHANDLER".to_owned(),
            role: Role::Handler,
            roles: Vec::new(),
            unit: UnitId::from("hp"),
            unit_name: String::new(),
        },
        scopes: vec![ScopeId::person(&user())],
        gateway_key: String::new(),
        device_id: DeviceId::from("d1"),
        ended: None,
    }
}

pub fn entry(cmd: &str, seq: u64) -> OutboxEntry {
    OutboxEntry {
        row: Row {
            cmd_id: CmdId::from(cmd),
            order: OrderId::from("o1"),
            seq: Some(seq),
            bytes: 10,
            attempts: 0,
            state: RowState::Queued,
        },
        device_id: DeviceId::from("d1"),
        scope: ScopeId::person(&user()),
        record_kind: Kind::from("hotline.order"),
        act: ActName::from("contact"),
        created_at: NOW,
        hash: HexHash(format!("{seq:064x}")),
        covered_by: None,
        server_time: None,
    }
}

pub fn envelope(text: &str) -> SignedEnvelope {
    SignedEnvelope {
        payload: text.to_owned(),
        sig: "PLAINSIGNATURE".to_owned(),
        beside: Beside::default(),
    }
}

pub fn receipt(text: &str) -> SignedReceipt {
    SignedReceipt {
        payload: text.to_owned(),
        index: 0,
        path: Vec::new(),
        commit: SignedCommit {
            payload: String::new(),
            sig: String::new(),
        },
    }
}

pub fn draft(text: &str) -> KeptDraft {
    KeptDraft {
        order: OrderId::from("o1"),
        kind: FormKind::Reply,
        saved_at: NOW,
        json: text.to_owned(),
    }
}

pub fn page(cursor: u64, upserts: Vec<WorkOrder>, removes: Vec<OrderId>) -> PageOfChanges {
    let scope = ScopeId::person(&user());
    PageOfChanges {
        copy: ScopeCopy {
            scope,
            epoch: "e1".to_owned(),
            cursor,
            complete: true,
        },
        upserts,
        removes,
        records: Vec::new(),
        gone: Vec::new(),
    }
}

/// One of everything.
pub fn fill(store: &mut Store) {
    store
        .write(|write| {
            write.add_identity(&identity(*b"PLAINSECRETKEYPLAINSECRETKEY1234"))?;
            write.set_session(Some(&session()))?;
            write.set_clock_offset(-5_000)?;
            write.take_over(&page(3, vec![order("o1"), order("o2")], Vec::new()))?;
            write.save_draft(&user(), &draft("PLAINDRAFT"))?;
            write.append(&user(), &entry("c1", 1), &envelope("PLAINPAYLOAD"))?;
            write.save_receipt(&CmdId::from("c1"), &receipt("PLAINRECEIPT"), NOW, Some(4))
        })
        .expect("writes");
}
