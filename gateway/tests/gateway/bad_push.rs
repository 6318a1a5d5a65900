//! Every wrong push: its enumerated code, nothing changed, nothing leaked.

use crate::stage::{
    ADMINISTRATOR, Device, HANDLER, NOW, OTHER_HANDLER, Session, Stage, Unsigned, assert_without_citizen,
    code, contact_form, log, send,
};
use reqwest::Method;
use shenhai_protocol::{
    Beside, CmdId, Command, ContactForm, Envelope, ErrorCode, OrderId, PushReply, ReplyForm, ScopeId,
    SignedEnvelope, UnixMillis, Verdict, limits,
};

const YEAR: i64 = 365 * 24 * 3600 * 1000;

struct Case {
    stage: Stage,
    session: Session,
    order: OrderId,
}

impl Case {
    async fn start() -> Self {
        let stage = Stage::start().await;
        let order = stage.take_in("SH1", "310101").await;
        let session = stage.sign_in(HANDLER).await;
        Self {
            stage,
            session,
            order,
        }
    }

    fn accept(&self) -> Command {
        Command::Accept {
            order: self.order.clone(),
        }
    }

    fn envelope(&self) -> Unsigned {
        self.session.envelope(self.accept())
    }

    /// [`Case::envelope`] with one thing changed.
    fn altered(&self, alter: impl FnOnce(&mut Envelope)) -> Unsigned {
        let mut unsigned = self.envelope();
        alter(&mut unsigned);
        unsigned
    }

    fn contact(&self, form: ContactForm) -> Unsigned {
        self.session.envelope(Command::Contact {
            order: self.order.clone(),
            form,
        })
    }

    /// Pushed alone, the command gets no receipt: the answer's status and code, and nothing has changed.
    async fn stopped(&self, command: SignedEnvelope) -> (u16, String) {
        let before = self.stage.state();
        let (status, text) = self.stage.push(&self.session, vec![command]).await;
        let reply: PushReply = serde_json::from_str(&text).unwrap();
        let stop = reply.stopped.expect("the batch stopped");
        assert_eq!(stop.index, 0);
        assert_eq!(reply.receipts, []);
        assert_eq!(
            code(&text),
            serde_json::to_value(stop.code).unwrap().as_str().unwrap()
        );
        self.unchanged(&before, &text);
        (status, code(&text))
    }

    fn unchanged(&self, before: &str, answer: &str) {
        assert_eq!(self.stage.state(), before);
        assert_without_citizen(answer);
        assert_without_citizen(&log());
    }

    /// The command is genuine and refused: a receipt, the chain moves on, the order stays as it was.
    async fn refused(&mut self, envelope: &Unsigned) -> ErrorCode {
        let orders = self.stage.count("SELECT sum(rev) FROM orders");
        let command = self.session.device.append(envelope);
        let receipt = self.stage.push_one(&self.session, command).await;
        assert_eq!(receipt.verdict, Verdict::Refused);
        assert_eq!((receipt.rev, receipt.changes.len()), (None, 0));
        assert_eq!(self.stage.count("SELECT sum(rev) FROM orders"), orders);
        assert_eq!(self.stage.count("SELECT count(*) FROM feedback"), 0);
        let seq = i64::try_from(receipt.device_seq).unwrap();
        assert_eq!(self.stage.count("SELECT max(last_seq) FROM devices"), seq);
        assert_without_citizen(&log());
        receipt.code.expect("a refusal says why")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_json_is_malformed() {
    let case = Case::start().await;
    let before = case.stage.state();
    for body in [
        "",
        "{",
        "[]",
        "{\"commands\": 1}",
        "{\"commands\": [], \"more\": 1}",
        "\u{0}",
    ] {
        let call = case
            .stage
            .call(Method::POST, "/v1/push")
            .bearer_auth(&case.session.grant.token);
        let (status, text) = send(call.body(body)).await;
        assert_eq!((status, &*code(&text)), (400, "malformed"), "{body:?}");
        case.unchanged(&before, &text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_that_is_no_envelope_is_malformed() {
    let case = Case::start().await;
    let device = &case.session.device;
    for payload in ["", "{}", "null", "[1]"] {
        let command = SignedEnvelope {
            sig: device.sign(payload),
            payload: payload.to_owned(),
            beside: Beside::default(),
        };
        assert_eq!(
            case.stopped(command).await,
            (400, "malformed".to_owned()),
            "{payload}"
        );
    }
    for field in ["cmd_id", "device_id", "prev_hash"] {
        let mut envelope = serde_json::to_value(&case.envelope().envelope).unwrap();
        envelope[field] = "ZZ".into();
        let payload = envelope.to_string();
        let command = SignedEnvelope {
            sig: device.sign(&payload),
            payload,
            beside: Beside::default(),
        };
        assert_eq!(
            case.stopped(command).await,
            (400, "malformed".to_owned()),
            "{field}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_at_every_bound() {
    let case = Case::start().await;
    let before = case.stage.state();
    let call = case
        .stage
        .call(Method::POST, "/v1/push")
        .bearer_auth(&case.session.grant.token);
    let (status, text) = send(call.body(" ".repeat(limits::PUSH_BYTES + 1))).await;
    assert_eq!((status, &*code(&text)), (413, "too_large"));
    case.unchanged(&before, &text);

    let one = case.session.device.seal(&case.envelope());
    let (status, text) = case
        .stage
        .push(&case.session, vec![one; limits::PUSH_COMMANDS + 1])
        .await;
    assert_eq!((status, &*code(&text)), (413, "too_large"));
    case.unchanged(&before, &text);

    let payload = "x".repeat(limits::ENVELOPE_BYTES + 1);
    let command = SignedEnvelope {
        sig: case.session.device.sign(&payload),
        payload,
        beside: Beside::default(),
    };
    assert_eq!(case.stopped(command).await, (413, "too_large".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_of_the_protocol_is_named() {
    let case = Case::start().await;
    let envelope = case.altered(|envelope| envelope.v = 1);
    let command = case.session.device.seal(&envelope);
    assert_eq!(
        case.stopped(command).await,
        (400, "unsupported_version".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_does_not_hold_has_no_effect() {
    let case = Case::start().await;
    let good = case.session.device.seal(&case.envelope());
    let forged = SignedEnvelope {
        sig: Device::new().sign(&good.payload),
        ..good.clone()
    };
    let altered = SignedEnvelope {
        payload: good.payload.replace("\"accept\"", "\"reveal\""),
        ..good.clone()
    };
    let upper = SignedEnvelope {
        sig: good.sig.to_uppercase(),
        ..good.clone()
    };
    let none = SignedEnvelope {
        sig: String::new(),
        ..good
    };
    for command in [forged, altered, upper, none] {
        assert_eq!(case.stopped(command).await, (403, "bad_signature".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_nobody_enrolled_is_unknown() {
    let case = Case::start().await;
    let stranger = Device::new();
    let envelope = case.altered(|envelope| envelope.device_id = stranger.id.clone());
    assert_eq!(
        case.stopped(stranger.seal(&envelope)).await,
        (403, "unknown_device".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_is_refused_at_once_with_old_and_new_commands() {
    let mut case = Case::start().await;
    let accept = case.accept();
    let sent = case.session.command(accept);
    case.stage.push_one(&case.session, sent.clone()).await;
    case.stage.city.feedback_calls(1).await;
    let admin = case.stage.sign_in(ADMINISTRATOR).await;
    let path = format!("/v1/devices/{}/revoke", case.session.device.id);
    let revoke = || {
        case.stage
            .call(Method::POST, &path)
            .bearer_auth(&admin.grant.token)
    };
    assert_eq!(send(revoke()).await.0, 204);
    assert_eq!(send(revoke()).await.0, 204, "revoking twice is revoking once");

    let contact = case.session.device.seal(&case.session.envelope(Command::Contact {
        order: case.order.clone(),
        form: contact_form(),
    }));
    for command in [sent, contact] {
        let (status, text) = case.stage.push(&case.session, vec![command]).await;
        assert_eq!((status, &*code(&text)), (403, "device_revoked"));
        assert_without_citizen(&text);
    }
    let pull = case
        .stage
        .call(Method::GET, "/v1/pull?scope=person:h310101")
        .bearer_auth(&case.session.grant.token);
    let (status, text) = send(pull).await;
    assert_eq!((status, &*code(&text)), (403, "device_revoked"));
    let request = case
        .session
        .device
        .session_request("hotline", &case.stage.city.code_for(HANDLER));
    let (status, text) = send(case.stage.call(Method::POST, "/v1/sessions").json(&request)).await;
    assert_eq!((status, &*code(&text)), (403, "device_revoked"));
    assert_eq!(case.stage.count("SELECT count(*) FROM commands"), 1);
    assert_eq!(
        case.stage
            .count("SELECT count(*) FROM audit WHERE event = 'device_revoked'"),
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_cannot_push_through_another_session() {
    let case = Case::start().await;
    let sealed = case.session.device.seal(&case.envelope());
    let admin = case.stage.sign_in(ADMINISTRATOR).await;
    let other = case.stage.sign_in(HANDLER).await;
    let path = format!("/v1/devices/{}/revoke", case.session.device.id);
    send(
        case.stage
            .call(Method::POST, &path)
            .bearer_auth(&admin.grant.token),
    )
    .await;
    let before = case.stage.state();
    let (status, text) = case.stage.push(&other, vec![sealed]).await;
    assert_eq!((status, &*code(&text)), (403, "device_revoked"));
    case.unchanged(&before, &text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overheard_command_cannot_be_sent_by_another_device_or_person() {
    let case = Case::start().await;
    let overheard = case.session.device.seal(&case.envelope());
    let other = case.stage.sign_in(OTHER_HANDLER).await;
    let before = case.stage.state();
    let (status, text) = case.stage.push(&other, vec![overheard]).await;
    assert_eq!((status, &*code(&text)), (403, "wrong_device"));
    case.unchanged(&before, &text);

    let envelope = case.altered(|envelope| envelope.actor = OTHER_HANDLER.into());
    let command = case.session.device.seal(&envelope);
    assert_eq!(case.stopped(command).await, (403, "wrong_actor".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_or_a_step_back_in_the_sequence_names_the_number_wanted() {
    let mut case = Case::start().await;
    let accept = case.accept();
    let first = case.session.command(accept);
    case.stage.push_one(&case.session, first).await;
    case.stage.city.feedback_calls(1).await;
    wait_until_told(&case).await;
    for seq in [0, 1, 3, u64::MAX] {
        let envelope = case.altered(|envelope| envelope.device_seq = seq);
        let command = case.session.device.seal(&envelope);
        let before = case.stage.state();
        let (status, text) = case.stage.push(&case.session, vec![command]).await;
        let reply: PushReply = serde_json::from_str(&text).unwrap();
        assert_eq!((status, &*code(&text)), (409, "seq_gap"));
        assert_eq!(reply.stopped.unwrap().expected_seq, Some(2));
        case.unchanged(&before, &text);
    }
}

/// The delivery of the feedback is itself a change of state: wait it out before comparing states.
async fn wait_until_told(case: &Case) {
    let cursors = serde_json::json!({"cursors": {"person:h310101": 2}, "wait_ms": 20_000});
    let wake = case
        .stage
        .call(Method::POST, "/v1/wake")
        .bearer_auth(&case.session.grant.token);
    assert!(send(wake.json(&cursors)).await.1.contains(":3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_does_not_follow_the_last_one_breaks_the_chain() {
    let case = Case::start().await;
    let envelope = case.altered(|envelope| envelope.prev_hash = "ab".repeat(32).into());
    let command = case.session.device.seal(&envelope);
    assert_eq!(case.stopped(command).await, (409, "chain_broken".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_id_with_other_bytes_is_refused_and_both_are_kept() {
    let mut case = Case::start().await;
    let first = case.contact(ContactForm::default());
    let sent = case.session.device.append(&first);
    case.stage.push_one(&case.session, sent.clone()).await;
    let second = case.altered(|envelope| envelope.cmd_id = first.cmd_id.clone());
    let other = case.session.device.seal(&second);
    for _ in 0..2 {
        assert_eq!(case.stopped(other.clone()).await, (422, "id_reused".to_owned()));
    }
    let kept = |sql: &str| -> String {
        case.stage
            .database()
            .query_row(sql, [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(kept("SELECT payload FROM commands"), sent.payload);
    assert_eq!(kept("SELECT payload FROM reused_ids"), other.payload);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_ten_years_off_is_refused_with_a_receipt() {
    let mut case = Case::start().await;
    for off in [-10 * YEAR, 10 * YEAR, i64::MIN - NOW.min(0), i64::MAX - NOW] {
        let envelope = case.altered(|envelope| envelope.client_time = UnixMillis(NOW.saturating_add(off)));
        assert_eq!(case.refused(&envelope).await, ErrorCode::ClockOutOfRange);
    }
    // Half a year offline and ten minutes ahead are within bounds.
    for off in [-limits::CLOCK_BEHIND_MILLIS, limits::CLOCK_AHEAD_MILLIS] {
        let mut envelope = case.contact(contact_form());
        envelope.client_time = UnixMillis(NOW + off);
        assert_eq!(case.refused(&envelope).await, ErrorCode::WrongState);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_another_unit_looks_like_one_that_is_not_there() {
    let mut case = Case::start().await;
    let foreign = case.stage.take_in("SH2", "310104").await;
    for order in [foreign, "12345-NONE".into()] {
        let envelope = case.session.envelope(Command::Accept { order });
        assert_eq!(case.refused(&envelope).await, ErrorCode::OrderNotInScope);
    }
    // Such a command is no part of the foreign order's history.
    assert_eq!(
        case.stage
            .count("SELECT count(*) FROM commands WHERE order_id IS NOT NULL"),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_not_the_actors_is_denied() {
    let mut case = Case::start().await;
    for scope in [
        ScopeId::bureau(),
        ScopeId::unit(&"d310101".into()),
        ScopeId::person(&OTHER_HANDLER.into()),
    ] {
        let envelope = case.altered(|envelope| envelope.scope = scope);
        assert_eq!(case.refused(&envelope).await, ErrorCode::ScopeDenied);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_the_state_does_not_allow_is_refused() {
    let mut case = Case::start().await;
    let envelope = case.session.envelope(Command::Reply {
        order: case.order.clone(),
        form: crate::stage::reply_form(),
    });
    assert_eq!(case.refused(&envelope).await, ErrorCode::WrongState);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_breaks_its_rules_is_refused_though_the_device_let_it_pass() {
    let mut case = Case::start().await;
    let mut session = case.stage.sign_in(HANDLER).await;
    for body in [
        case.accept(),
        Command::Contact {
            order: case.order.clone(),
            form: contact_form(),
        },
    ] {
        let command = session.command(body);
        case.stage.push_one(&session, command).await;
    }
    let command = session.command(Command::Reply {
        order: case.order.clone(),
        form: ReplyForm::default(),
    });
    let receipt = case.stage.push_one(&session, command).await;
    assert_eq!(receipt.code, Some(ErrorCode::FormInvalid));
    let envelope = case.session.envelope(Command::Contact {
        order: case.order.clone(),
        form: ContactForm {
            contacted_at: Some(UnixMillis(NOW + 3_600_000)),
            ..contact_form()
        },
    });
    let command = case.session.device.append(&envelope);
    let receipt = case.stage.push_one(&case.session, command).await;
    assert_eq!(
        receipt.code,
        Some(ErrorCode::FormInvalid),
        "a contact in the future"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_keeps_what_came_before_its_stop() {
    let mut case = Case::start().await;
    let accept = case.accept();
    let good = case.session.command(accept);
    let next = case.envelope();
    let broken = SignedEnvelope {
        sig: Device::new().sign("x"),
        ..case.session.device.seal(&next)
    };
    let (status, text) = case.stage.push(&case.session, vec![good, broken]).await;
    assert_eq!(status, 200, "{text}");
    let reply: PushReply = serde_json::from_str(&text).unwrap();
    let stop = reply.stopped.unwrap();
    assert_eq!(
        (reply.receipts.len(), stop.index, stop.code),
        (1, 1, ErrorCode::BadSignature)
    );
    assert_eq!(case.stage.count("SELECT last_seq FROM devices"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_id_is_no_uuid_7_or_whose_revision_cannot_be_gets_no_receipt() {
    let stage = Stage::start().await;
    let session = stage.sign_in(HANDLER).await;
    let order = stage.take_in("sane-1", "310101").await;
    let before = stage.state();
    type Change = fn(&mut Envelope);
    let changes: [(&str, Change); 3] = [
        ("version 4", |envelope| {
            envelope.cmd_id = CmdId("919108f7-52d1-4320-9bac-f847db4148a8".to_owned())
        }),
        ("another variant", |envelope| {
            envelope.cmd_id = CmdId("017f22e2-79b0-7cc3-18c4-dc0c0c07398f".to_owned());
        }),
        ("the largest number", |envelope| envelope.base_rev = u64::MAX),
    ];
    for (what, change) in changes {
        let mut envelope = session.envelope(Command::Accept { order: order.clone() });
        change(&mut envelope);
        let (status, text) = stage.push(&session, vec![session.device.seal(&envelope)]).await;
        assert_eq!((status, &*code(&text)), (400, "malformed"), "{what}");
    }
    assert_eq!(stage.state(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_nobody_saw_of_an_order_is_refused_and_one_of_a_restored_backup_is_not() {
    let stage = Stage::start().await;
    let mut session = stage.sign_in(HANDLER).await;
    for (number, base_rev, verdict) in [
        ("rev-1", 1 + 65, Verdict::Refused),
        ("rev-2", 1 + 64, Verdict::Accepted),
        ("rev-3", 1, Verdict::Accepted),
        // What an act that opens a record names; an order is never opened so.
        ("rev-4", 0, Verdict::Refused),
    ] {
        let order = stage.take_in(number, "310101").await;
        let mut envelope = session.envelope(Command::Accept { order });
        envelope.base_rev = base_rev;
        let command = session.device.append(&envelope);
        let receipt = stage.push_one(&session, command).await;
        assert_eq!(receipt.verdict, verdict, "{base_rev}");
        let code = (verdict == Verdict::Refused).then_some(ErrorCode::Malformed);
        assert_eq!(receipt.code, code, "{base_rev}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_commands_fill_only_a_persons_share_of_the_disk_and_tomorrow_it_goes_on() {
    let stage = Stage::start_with(|config| {
        config.tuning.kept_in_vain_per_day = 150_000;
    })
    .await;
    let mut greedy = stage.sign_in(HANDLER).await;
    let order = stage.take_in("quota-1", "310101").await;
    // 60 KB each, of a form that breaks its rules.
    let form = ReplyForm {
        handling: "x".repeat(60_000),
        ..ReplyForm::default()
    };
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let command = greedy.command(Command::Reply {
            order: order.clone(),
            form: form.clone(),
        });
        statuses.push(stage.push(&greedy, vec![command]).await.0);
    }
    assert_eq!(
        statuses,
        [200, 200, 200, 429],
        "the third goes beyond, the fourth is not taken"
    );
    assert_eq!(stage.count("SELECT count(*) FROM commands"), 3);
    let refused = stage
        .call(Method::POST, "/v1/push")
        .bearer_auth(&greedy.grant.token)
        .json(&serde_json::json!({"commands": []}))
        .send()
        .await
        .unwrap();
    // 10:00 in Shanghai is 02:00 UTC: 22 hours are left of the day.
    assert_eq!(refused.headers()["retry-after"], "79200");
    let mut other = stage.sign_in(OTHER_HANDLER).await;
    let theirs = stage.take_in("quota-2", "310104").await;
    let command = other.command(Command::Accept { order: theirs });
    assert_eq!(stage.push_one(&other, command).await.verdict, Verdict::Accepted);
    stage.advance(22 * 3600 * 1000);
    let mut again = stage.sign_in(HANDLER).await;
    let command = again.command(Command::Accept { order });
    assert_eq!(stage.push_one(&again, command).await.verdict, Verdict::Accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_travels_beside_the_text_has_to_be_what_the_text_names() {
    let case = Case::start().await;
    let whole = case.contact(contact_form());
    let answers = whole.beside.submission.clone().unwrap();
    type Change = fn(&mut Unsigned);
    let changes: [(&str, Change); 12] = [
        ("left out", |unsigned| unsigned.beside.submission = None),
        ("changed", |unsigned| {
            unsigned.beside.submission = unsigned
                .beside
                .submission
                .as_ref()
                .map(|text| text.replace("true", "false"));
        }),
        ("a space more", |unsigned| {
            unsigned.beside.submission = unsigned.beside.submission.as_ref().map(|text| format!("{text} "));
        }),
        ("not named", |unsigned| unsigned.submission = None),
        ("not disclosed", |unsigned| unsigned.beside.disclosures.clear()),
        ("another salt", |unsigned| {
            unsigned.beside.disclosures[0].salt = "00".repeat(16)
        }),
        ("another value", |unsigned| {
            unsigned.beside.disclosures[0].value = "别人".to_owned()
        }),
        ("another label", |unsigned| {
            unsigned.beside.disclosures[0].label = "note".to_owned()
        }),
        ("disclosed twice", |unsigned| {
            let again = unsigned.beside.disclosures[0].clone();
            unsigned.beside.disclosures.push(again);
        }),
        ("in the clear", |unsigned| {
            let value = unsigned.beside.disclosures.remove(0).value;
            let text = unsigned.beside.submission.clone().unwrap();
            let at = text.find("sm3:").unwrap();
            unsigned.fill_in(format!("{}{value}{}", &text[..at], &text[at + 68..]));
        }),
        ("an answer nobody asked for", |unsigned| {
            let text = unsigned.beside.submission.clone().unwrap();
            unsigned.fill_in(text.replacen('{', "{\"more\": 1,", 1));
        }),
        ("no answers", |unsigned| unsigned.fill_in("[]".to_owned())),
    ];
    assert!(
        answers.contains("sm3:"),
        "who was spoken to is committed: {answers}"
    );
    assert!(!answers.contains("报修人"));
    for (what, change) in changes {
        let mut unsigned = whole.clone();
        change(&mut unsigned);
        let command = case.session.device.seal(&unsigned);
        assert_eq!(
            case.stopped(command).await,
            (400, "malformed".to_owned()),
            "{what}"
        );
    }
    let mut huge = whole;
    huge.fill_in(format!(
        "{{\"note\":\"{}\"}}",
        "x".repeat(limits::SUBMISSION_BYTES)
    ));
    let command = case.session.device.seal(&huge);
    assert_eq!(case.stopped(command).await, (413, "too_large".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_a_kind_or_a_form_that_is_not_there_is_malformed() {
    let case = Case::start().await;
    type Change = fn(&mut Envelope);
    let changes: [(&str, Change); 6] = [
        ("no such act", |envelope| envelope.act = "approve".into()),
        ("an act that is no name", |envelope| {
            envelope.act = "Accept!".into()
        }),
        ("a kind that is no name", |envelope| {
            envelope.record.kind = "hotline".into()
        }),
        ("a role that is no name", |envelope| envelope.role = "".into()),
        ("a digest that is none", |envelope| envelope.law.sm3 = "ab".into()),
        ("work that is no id", |envelope| envelope.work = "1".into()),
    ];
    for (what, change) in changes {
        let command = case.session.device.seal(&case.altered(change));
        assert_eq!(
            case.stopped(command).await,
            (400, "malformed".to_owned()),
            "{what}"
        );
    }
    let mut other = case.contact(contact_form());
    if let Some(form) = &mut other.form {
        form.id = "reply".into();
    }
    let command = case.session.device.seal(&other);
    assert_eq!(
        case.stopped(command).await,
        (400, "malformed".to_owned()),
        "another form"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_under_another_law_or_in_another_role_is_refused_with_a_receipt() {
    let mut case = Case::start().await;
    for role in ["unit_reviewer", "bureau_reviewer", "administrator", "nobody"] {
        let envelope = case.altered(|envelope| envelope.role = role.into());
        assert_eq!(case.refused(&envelope).await, ErrorCode::Forbidden, "{role}");
    }
    let envelope = case.altered(|envelope| envelope.record.kind = "hotline.assist".into());
    assert_eq!(
        case.refused(&envelope).await,
        ErrorCode::ScopeDenied,
        "no kind of theirs"
    );
    type Change = fn(&mut Envelope);
    let changes: [Change; 3] = [
        |envelope| envelope.law.version = "2025.1".to_owned(),
        |envelope| envelope.law.sm3 = "ab".repeat(32).into(),
        |envelope| envelope.law.id = "water_ticket".into(),
    ];
    for change in changes {
        let envelope = case.altered(change);
        assert_eq!(case.refused(&envelope).await, ErrorCode::LawChanged);
    }
}
