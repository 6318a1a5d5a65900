//! Every wire type reads and writes exactly the JSON of `tests/vectors/protocol.json`.
//!
//! The file is the protocol: other implementations test against it, and a difference here breaks every
//! command that is signed and not yet sent.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use shenhai_protocol::*;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// 2026-11-23 09:12:33 in Shanghai.
const T: i64 = 1_795_396_353_000;
const HASH: &str = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
const DEVICE: &str = "e6a4f9765fca89e8b7d64019b900d57c";
const KEY: &str = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
const SIG: &str = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
const CMD: &str = "019344aa-7c00-7000-8000-000000000001";
const WORK: &str = "019344aa-7c00-7000-8000-000000000000";
const LAW: &str = "b2ecf08b03ae7ecbe613a744614aebdf49a3ba2eae1449bbbc40ed2c55245996";
const PHOTO: &str = "d19cf79bb10cf554f83e02bf23ffe7f186c2ae6aa3fb694236370fde4a3f764b";
const ANSWERS: &str = r#"{"contact_person":"sm3:405c2db877f39abcc5bd7e737c2e156e17f9834decb7443d728e4a60c0786df8","contacted_at":1795398153000,"note":"","reached":true,"unreached_reason":null}"#;
const SUBMISSION: &str = "a3bab07a6be1ce538f10aa5534ac03300df83a4401a5e59c7189c4bfbb3c7018";
const ORDER: &str = "12345-SH20261123000017";

fn golden(section: &str) -> Map<String, Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/protocol.json");
    let text = std::fs::read_to_string(path).expect("the golden file");
    let file: Map<String, Value> = serde_json::from_str(&text).expect("JSON");
    file[section].as_object().expect("an object").clone()
}

/// The types of the file not looked at yet.
struct Golden(Map<String, Value>);

impl Golden {
    fn is<T: Serialize + DeserializeOwned + PartialEq + Debug>(&mut self, name: &str, value: &T) {
        let expected = self
            .0
            .remove(name)
            .unwrap_or_else(|| panic!("{name} is not in the golden file"));
        assert_eq!(
            serde_json::to_value(value).expect("serialises"),
            expected,
            "{name} as written"
        );
        assert_eq!(
            &serde_json::from_value::<T>(expected).expect("reads"),
            value,
            "{name} as read"
        );
    }
}

fn contact() -> ContactForm {
    ContactForm {
        reached: Some(true),
        contacted_at: Some(UnixMillis(T + 1_800_000)),
        contact_person: "王女士（样例）".to_owned(),
        unreached_reason: None,
        note: String::new(),
    }
}

fn unreached() -> ContactForm {
    ContactForm {
        reached: Some(false),
        contacted_at: None,
        contact_person: String::new(),
        unreached_reason: Some(UnreachedReason::NoAnswer),
        note: "两次未接".to_owned(),
    }
}

fn reply() -> ReplyForm {
    ReplyForm {
        fact: Some(FactFinding::PartlyTrue),
        fact_note: "积水属实，原因为落叶堵塞".to_owned(),
        appeal: Some(AppealFinding::Excessive),
        appeal_note: "要求当日更换管道".to_owned(),
        site_visit: Some(SiteVisit::Yes),
        site_visit_at: Some(UnixMillis(T + 3_600_000)),
        department_phone: "021-63210000".to_owned(),
        satisfaction: Some(Satisfaction::Accepted),
        citizen_feedback: "希望雨季前复查".to_owned(),
        mode: Some(ReplyMode::Phone),
        department: "养护二所".to_owned(),
        replied_at: Some(UnixMillis(T + 7_200_000)),
        handling: "已疏通并清运".to_owned(),
        resolved: Some(true),
    }
}

fn returned() -> ReturnForm {
    ReturnForm {
        reason: "该路段由区住建委管养".to_owned(),
        suggested_unit: Some("district-310104".into()),
    }
}

fn record<F>(form: F) -> Record<F> {
    Record {
        form,
        by: "u-hp-01".into(),
        by_name: "样例经办人".to_owned(),
        client_time: UnixMillis(T + 1_800_000),
        server_time: UnixMillis(T + 1_801_000),
        cmd_id: CMD.into(),
        hash: HASH.into(),
    }
}

fn work_order() -> WorkOrder {
    WorkOrder {
        id: ORDER.into(),
        channel: Channel::H12345,
        source_no: "SH20261123000017".to_owned(),
        rev: 4,
        state: OrderState::Replied,
        urgency: Urgency::SubUrgent,
        matter: Matter::Complaint,
        category: "排水/管道堵塞".to_owned(),
        title: "路面积水（样例）".to_owned(),
        content: "雨后路面积水".to_owned(),
        address: "样例路1号".to_owned(),
        district: "310101".to_owned(),
        district_name: "黄浦区".to_owned(),
        point: Some(Point::Wgs84 {
            lng: 121.48,
            lat: 31.23,
        }),
        is_review: false,
        supervised: true,
        urge_count: 1,
        duplicate_of: Some("SH20261120000003".to_owned()),
        received_at: UnixMillis(T),
        deadlines: Deadlines {
            contact_by: UnixMillis(T + 14_400_000),
            finish_by: UnixMillis(T + 172_800_000),
            provisional: false,
            rules: "deadlines-2026.1+calendar-2026".to_owned(),
        },
        unit: "district-310101".into(),
        unit_name: "黄浦区水务局".to_owned(),
        handler: "u-hp-01".into(),
        handler_name: "样例经办人".to_owned(),
        caller: Caller {
            name: "王＊＊".to_owned(),
            phone: "138****1234".to_owned(),
            anonymous: false,
            confidential: true,
            masked: true,
        },
        contact: Some(record(contact())),
        reply: Some(record(reply())),
        returned: Some(record(returned())),
        timeline: vec![
            TimelineEntry {
                at: UnixMillis(T),
                kind: TimelineKind::Received,
                by: "12345".to_owned(),
            },
            TimelineEntry {
                at: UnixMillis(T + 1_801_000),
                kind: TimelineKind::Contacted,
                by: "样例经办人".to_owned(),
            },
        ],
    }
}

fn law() -> LawRef {
    LawRef {
        id: "hotline".into(),
        version: "2026.1".to_owned(),
        sm3: LAW.into(),
    }
}

fn order() -> RecordRef {
    RecordRef {
        kind: "hotline.order".into(),
        id: ORDER.into(),
    }
}

fn envelope() -> Envelope {
    Envelope {
        v: PROTOCOL_VERSION,
        cmd_id: CMD.into(),
        work: WORK.into(),
        device_id: DEVICE.into(),
        device_seq: 1,
        prev_hash: HexHash::zero(),
        actor: "u-hp-01".into(),
        role: "handler".into(),
        scope: ScopeId::person(&"u-hp-01".into()),
        record: order(),
        base_rev: 3,
        act: "contact".into(),
        law: law(),
        form: Some(FormRef {
            id: "contact".into(),
            sm3: LAW.into(),
        }),
        submission: Some(SubmissionRef {
            sm3: SUBMISSION.into(),
            bytes: 167,
            media: "application/json".to_owned(),
        }),
        files: vec![FileRef {
            name: "photo-1.jpg".to_owned(),
            bytes: 204_800,
            sm3: PHOTO.into(),
            media: "image/jpeg".to_owned(),
        }],
        of: None,
        client_time: UnixMillis(T + 1_800_000),
    }
}

fn disclosure() -> Disclosure {
    Disclosure {
        label: "contact_person".to_owned(),
        salt: "000102030405060708090a0b0c0d0e0f".to_owned(),
        value: "王女士（样例）".to_owned(),
    }
}

fn signed_envelope() -> SignedEnvelope {
    SignedEnvelope {
        payload: r#"{"v":2}"#.to_owned(),
        sig: SIG.to_owned(),
        beside: Beside {
            submission: Some(ANSWERS.to_owned()),
            disclosures: vec![disclosure()],
        },
    }
}

fn signed_receipt() -> SignedReceipt {
    SignedReceipt {
        payload: r#"{"v":2}"#.to_owned(),
        index: 1,
        path: vec![HASH.into()],
        commit: SignedCommit {
            payload: r#"{"v":2}"#.to_owned(),
            sig: SIG.to_owned(),
        },
    }
}

fn receipt() -> Receipt {
    Receipt {
        v: PROTOCOL_VERSION,
        cmd_id: CMD.into(),
        work: WORK.into(),
        device_id: DEVICE.into(),
        device_seq: 1,
        hash: HASH.into(),
        record: order(),
        by: Actor {
            id: "u-hp-01".into(),
            role: "handler".into(),
            unit: "district-310101".into(),
        },
        law: law(),
        verdict: Verdict::Accepted,
        code: None,
        cell: None,
        rev: Some(4),
        given: GivenFacts {
            at: UnixMillis(T + 1_801_000),
            calendar: "calendar-2026".to_owned(),
            asked: BTreeMap::new(),
        },
        after: String::new(),
        changes: BTreeMap::from([("person:u-hp-01".to_owned(), 17)]),
        emulated: false,
    }
}

fn forms_and_commands(golden: &mut Golden) {
    golden.is("contact_form", &contact());
    golden.is("contact_form_unreached", &unreached());
    golden.is("reply_form", &reply());
    golden.is("return_form", &returned());
    golden.is(
        "form_issue",
        &FormIssue {
            field: "fact_note".to_owned(),
            code: IssueCode::RepeatsOption,
        },
    );
    golden.is("envelope", &envelope());
    golden.is("signed_envelope", &signed_envelope());
    golden.is("disclosure", &disclosure());
    let bare = SignedEnvelope {
        beside: Beside::default(),
        ..signed_envelope()
    };
    golden.is("signed_envelope_without_form", &bare);
}

fn push_and_receipts(golden: &mut Golden) {
    golden.is(
        "push_request",
        &PushRequest {
            commands: vec![signed_envelope()],
        },
    );
    golden.is("receipt_accepted", &receipt());
    let refused = Receipt {
        verdict: Verdict::Refused,
        code: Some(ErrorCode::WrongState),
        cell: Some("law/acts.csv, row 3".to_owned()),
        rev: None,
        changes: BTreeMap::new(),
        ..receipt()
    };
    golden.is("receipt_refused", &refused);
    let commit = Commit {
        v: PROTOCOL_VERSION,
        epoch: "epoch-1".to_owned(),
        n: 7,
        size: 2,
        root: HASH.into(),
        at: UnixMillis(T + 1_801_200),
    };
    golden.is("commit", &commit);
    golden.is("signed_receipt", &signed_receipt());
    let complete = PushReply {
        receipts: vec![signed_receipt()],
        stopped: None,
        server_time: UnixMillis(T),
    };
    golden.is("push_reply_complete", &complete);
    let stop = PushStop {
        index: 1,
        code: ErrorCode::SeqGap,
        expected_seq: Some(2),
    };
    golden.is(
        "push_reply",
        &PushReply {
            stopped: Some(stop),
            ..complete
        },
    );
    let error = ErrorBody {
        code: ErrorCode::Overloaded,
        retryable: true,
        message: "stopping".to_owned(),
    };
    golden.is("error_body", &error);
}

fn orders_and_changes(golden: &mut Golden) {
    golden.is("work_order", &work_order());
    let fresh = WorkOrder {
        rev: 1,
        state: OrderState::Assigned,
        point: None,
        duplicate_of: None,
        contact: None,
        reply: None,
        returned: None,
        timeline: vec![],
        ..work_order()
    };
    golden.is("work_order_fresh", &fresh);
    golden.is(
        "point_gcj02",
        &Point::Gcj02 {
            lng: 121.4846,
            lat: 31.2279,
        },
    );
    let people = PeopleList {
        units: vec![PeopleUnit {
            id: "district-310104".into(),
            name: "徐汇区水务局".to_owned(),
            handlers: vec![PersonLoad {
                id: "u-xh-01".into(),
                name: "样例经办人".to_owned(),
                open: 3,
            }],
        }],
    };
    golden.is("people_list", &people);
    let upsert = Change {
        n: 17,
        kind: ChangeKind::Upsert {
            order: Box::new(work_order()),
        },
    };
    golden.is("change_upsert", &upsert);
    let remove = Change {
        n: 18,
        kind: ChangeKind::Remove {
            order_id: ORDER.into(),
        },
    };
    golden.is("change_remove", &remove);
    let pull = PullReply {
        epoch: "e1".to_owned(),
        scope: "person:u-hp-01".into(),
        cursor: 18,
        head: 20,
        changes: vec![remove],
        more: true,
        device_seq: 1,
        server_time: UnixMillis(T),
        log: Some(signed_head()),
    };
    golden.is("pull_reply", &pull);
    let cursors = BTreeMap::from([("person:u-hp-01".to_owned(), 18)]);
    golden.is(
        "wake_request",
        &WakeRequest {
            cursors,
            wait_ms: limits::WAKE_MILLIS,
        },
    );
    let heads = BTreeMap::from([("person:u-hp-01".to_owned(), 20)]);
    golden.is(
        "wake_reply",
        &WakeReply {
            heads,
            server_time: UnixMillis(T),
        },
    );
}

fn signed_head() -> SignedHead {
    SignedHead {
        payload: r#"{"v":2}"#.to_owned(),
        sig: SIG.to_owned(),
    }
}

fn proofs(golden: &mut Golden) {
    let inclusion = LogInclusion {
        index: 16,
        size: 18,
        path: vec![HASH.into()],
    };
    golden.is("log_inclusion", &inclusion);
    golden.is("signed_head", &signed_head());
    golden.is(
        "tree_head",
        &TreeHead {
            v: PROTOCOL_VERSION,
            class: DataClass::OrderClosing,
            epoch: "e1".to_owned(),
            size: 18,
            root: HASH.into(),
            at: UnixMillis(T),
        },
    );
    golden.is(
        "log_consistency",
        &LogConsistency {
            from: 3,
            to: 7,
            path: vec![HASH.into()],
        },
    );
    let entry = ProofEntry {
        envelope: signed_envelope(),
        receipt: signed_receipt(),
        device_key: KEY.to_owned(),
        device_name: "Chromium 浏览器".to_owned(),
        actor_name: "样例经办人".to_owned(),
        inclusion: Some(inclusion.clone()),
    };
    let proof = OrderProof {
        gateway_certificates: Vec::new(),
        order_id: ORDER.into(),
        entries: vec![entry],
        gateway_key: KEY.to_owned(),
        head: Some(signed_head()),
    };
    golden.is("order_proof", &proof);
    golden.is("case_record", &case_record());
    let bundle = CaseBundle {
        format: BUNDLE_FORMAT.to_owned(),
        v: BUNDLE_VERSION,
        authority_certificate: "MIIDauthority".to_owned(),
        gateway_certificates: vec!["MIIDgateway".to_owned(), "MIIDearlier".to_owned()],
        record: SignedCase {
            payload: r#"{"v":2}"#.to_owned(),
            sig: SIG.to_owned(),
        },
        entries: vec![CaseEntry {
            envelope: signed_envelope(),
            receipt: signed_receipt(),
            device_key: KEY.to_owned(),
            device_certificate: Some("MIIDdevice".to_owned()),
            inclusion,
        }],
        head: signed_head(),
    };
    golden.is("case_bundle", &bundle);
}

fn case_record() -> CaseRecord {
    CaseRecord {
        emulated: false,
        v: BUNDLE_VERSION,
        exported_at: UnixMillis(T),
        order: work_order(),
        commands: vec![CaseCommand {
            cmd_id: CMD.into(),
            hash: HASH.into(),
            actor_name: "样例经办人".to_owned(),
            certificate: Some(HASH.into()),
        }],
        devices: vec![CaseDevice {
            id: DEVICE.into(),
            name: "Chromium 浏览器".to_owned(),
            revoked_at: Some(UnixMillis(T)),
        }],
        files: vec![CaseFile {
            name: "1.jpg".to_owned(),
            bytes: 5,
            hash: HASH.into(),
        }],
        anchor: Some(AnchorRecord {
            head: signed_head(),
            digest: HASH.into(),
            chain: "样例链".to_owned(),
            transaction: "0001".to_owned(),
            at: UnixMillis(T),
            consistency: vec![HASH.into()],
        }),
    }
}

fn sessions(golden: &mut Golden) {
    let target = LoginTarget {
        authorize_url: "http://127.0.0.1:8701/connect/oauth2/authorize?state=s".to_owned(),
    };
    golden.is("login_target", &target);
    let request = SessionRequest {
        app: "hotline".to_owned(),
        code: "one-time".to_owned(),
        device: DeviceInfo {
            id: DEVICE.into(),
            public_key: KEY.to_owned(),
            name: "Chromium 浏览器".to_owned(),
        },
        proof: SIG.to_owned(),
        enrolment_code: None,
    };
    golden.is("session_request", &request);
    let with_code = SessionRequest {
        enrolment_code: Some("7K3M-9QXT".to_owned()),
        ..request
    };
    golden.is("session_request_with_code", &with_code);
    let grant = SessionGrant {
        token: "opaque".to_owned(),
        expires_at: UnixMillis(T + 28_800_000),
        user: UserInfo {
            id: "u-hp-01".into(),
            name: "样例经办人".to_owned(),
            role: Role::Handler,
            roles: Vec::new(),
            unit: "district-310101".into(),
            unit_name: "黄浦区水务局".to_owned(),
        },
        scopes: vec!["person:u-hp-01".into()],
        gateway_key: KEY.to_owned(),
        epoch: "e1".to_owned(),
        server_time: UnixMillis(T),
        device_seq: 0,
        device_head: HexHash::zero(),
        grant: signed_grant(),
        credentials: credentials(),
    };
    golden.is("session_grant", &grant);
}

fn signed_grant() -> SignedGrant {
    SignedGrant {
        payload: "{\"v\":2}".to_owned(),
        sig: SIG.to_owned(),
    }
}

fn credentials() -> Credentials {
    Credentials {
        device_certificate: "MIIDdevice".to_owned(),
        gateway_certificate: "MIIDgateway".to_owned(),
        authority_certificate: "MIIDauthority".to_owned(),
    }
}

fn access_grants(golden: &mut Golden) {
    let grant = AccessGrant {
        v: PROTOCOL_VERSION,
        grant_id: "5f0c0a4e-8f0e-4d8e-9c1b-0a4f6c2d7e11".to_owned(),
        user: UserInfo {
            id: "u-hp-01".into(),
            name: "样例经办人".to_owned(),
            role: Role::Handler,
            roles: Vec::new(),
            unit: "district-310101".into(),
            unit_name: "黄浦区水务局".to_owned(),
        },
        device: DEVICE.into(),
        app: "hotline".to_owned(),
        scopes: vec![Scope {
            id: "person:u-hp-01".into(),
            kinds: vec!["hotline.order".into()],
            sight: Sight::Full,
            acts: vec!["accept".into(), "contact".into()],
            depth: Depth::Full,
        }],
        actions: vec![Action::ReadOrders, Action::SubmitCommands, Action::ReadProofs],
        issued_at: UnixMillis(T),
        expires_at: UnixMillis(T + 28_800_000),
        offline_until: UnixMillis(T + 259_200_000),
        rules: LeaseRules {
            version: "2026-11".to_owned(),
            offline_hours: 72,
            pin_attempts: 10,
            pin_digits: 6,
            lock_after_minutes: 5,
            pin_required: false,
        },
    };
    golden.is("access_grant", &grant);
    golden.is("signed_grant", &signed_grant());
    golden.is("credentials", &credentials());
    let reply = GrantReply {
        grant: signed_grant(),
        credentials: credentials(),
    };
    golden.is("grant_reply", &reply);
}

fn devices(golden: &mut Golden) {
    let rotate = RotateRequest {
        device: DeviceInfo {
            id: DEVICE.into(),
            public_key: KEY.to_owned(),
            name: "Chromium 浏览器".to_owned(),
        },
        endorsement: SIG.to_owned(),
        proof: SIG.to_owned(),
    };
    golden.is("rotate_request", &rotate);
    let rotated = RotateReply {
        grant: signed_grant(),
        credentials: credentials(),
        device_seq: 0,
        device_head: HexHash::zero(),
    };
    golden.is("rotate_reply", &rotated);
    let device = DeviceView {
        held: false,
        id: DEVICE.into(),
        name: "Chromium 浏览器".to_owned(),
        user_id: "u-hp-01".into(),
        user_name: "样例经办人".to_owned(),
        unit_name: "黄浦区水务局".to_owned(),
        key_fingerprint: "e6a4f9765fca89e8".to_owned(),
        certificate_serial: "5f0c0a4e8f0e4d8e9c1b0a4f6c2d7e11".to_owned(),
        not_after: Some(UnixMillis(T + 15_552_000_000)),
        enrolled_at: UnixMillis(T - 86_400_000),
        last_seen_at: Some(UnixMillis(T)),
        revoked_at: None,
        how: EnrolledHow::Container,
    };
    let list = DeviceList {
        devices: vec![device],
        authority: AuthorityView {
            name: "申海 设备证书 CA".to_owned(),
            fingerprint: "66c7 f0f4 62ee edd9".to_owned(),
            not_after: UnixMillis(T + 315_360_000_000),
        },
    };
    golden.is("device_list", &list);
    let request = InvitationRequest {
        user: "u-hp-01".into(),
    };
    golden.is("invitation_request", &request);
    let invitation = Invitation {
        code: "7K3M-9QXT".to_owned(),
        user_id: "u-hp-01".into(),
        user_name: "样例经办人".to_owned(),
        expires_at: UnixMillis(T + 900_000),
        authority_fingerprint: "66c7 f0f4 62ee edd9".to_owned(),
        qr_text: Invitation::qr_text_of("7K3M-9QXT", "66c7f0f462eeedd966c7f0f462eeedd9"),
    };
    golden.is("invitation", &invitation);
}

fn trust(golden: &mut Golden) {
    let list = RevocationList {
        v: PROTOCOL_VERSION,
        issued_at: UnixMillis(T),
        devices: vec![RevokedDevice {
            device: DEVICE.into(),
            at: UnixMillis(T - 60_000),
            reason: RevocationReason::Rotated,
        }],
    };
    golden.is("revocation_list", &list);
    let signed = SignedRevocations {
        payload: "{\"v\":2}".to_owned(),
        sig: SIG.to_owned(),
    };
    golden.is("signed_revocations", &signed);
    let info = TrustInfo {
        authority_certificate: "MIIDauthority".to_owned(),
        gateway_certificate: "MIIDgateway".to_owned(),
        earlier_gateway_certificates: vec!["MIIDearlier".to_owned()],
        provider: ProviderView {
            name: "software".to_owned(),
            kind: ProviderKindView::Software,
            emulated: false,
            certified: None,
        },
        revoked: signed,
    };
    golden.is("trust_info", &info);
}

#[test]
fn every_type_reads_and_writes_its_golden_json() {
    let mut golden = Golden(golden("types"));
    forms_and_commands(&mut golden);
    push_and_receipts(&mut golden);
    orders_and_changes(&mut golden);
    proofs(&mut golden);
    sessions(&mut golden);
    access_grants(&mut golden);
    devices(&mut golden);
    trust(&mut golden);
    let left: Vec<&String> = golden.0.keys().collect();
    assert!(left.is_empty(), "no test for {left:?}");
}
