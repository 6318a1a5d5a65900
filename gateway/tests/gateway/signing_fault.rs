//! A service of the city signs what each commit gave, late or not at all: what was taken is answered once it is signed,
//! and what is sent again counts once.

use crate::stage::{
    BUREAU_REVIEWER, HANDLER, OTHER_HANDLER, Session, Stage, code, contact_form, emulators, send,
};
use reqwest::Method;
use serde_json::{Value, json};
use shenhai_city::CryptoService;
use shenhai_crypto::{Certificate, sm3};
use shenhai_gateway::{Config, Gateway, StartError};
use shenhai_proof::{check_case, read_case};
use shenhai_protocol::{Command, PushReply, SignedEnvelope, Verdict};
use std::time::Duration;

const TIMEOUT_MILLIS: u64 = 4_000;
const SLOW_MILLIS: u64 = 3_000;

/// The emulated signature service, and a gateway whose receipts it signs.
struct Signed {
    city: shenhai_city::Running,
    stage: Stage,
}

fn signed_by(city: &shenhai_city::Running, config: &mut Config) {
    let table: toml::Table = CryptoService::SvsAsn1
        .table(&city.url(), city.crypto_authority())
        .parse()
        .unwrap();
    config.city.crypto = table["crypto"].clone().try_into().unwrap();
    // Longer than the slowest good answer here; the default would do for the others.
    config.city.crypto.timeout_ms = TIMEOUT_MILLIS;
}

impl Signed {
    async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    async fn start_with(adjust: impl FnOnce(&mut Config)) -> Self {
        let (city, _) = emulators().await;
        let stage = Stage::start_with(|config| {
            signed_by(&city, config);
            adjust(config);
        });
        let stage = stage.await;
        Self { city, stage }
    }

    async fn fault(&self, mode: &str, count: u32, delay_ms: u64) {
        let order = json!({"mode": mode, "count": count, "delay_ms": delay_ms});
        let url = format!("{}/admin/crypto-faults", self.city.url());
        let (status, text) = send(self.stage.http.post(url).json(&order)).await;
        assert_eq!(status, 200, "{text}");
    }

    /// How often the service was asked to sign.
    async fn asked(&self) -> usize {
        let url = format!("{}/admin/crypto-log", self.city.url());
        let (_, text) = send(self.stage.http.get(url)).await;
        let log: Value = serde_json::from_str(&text).unwrap();
        let lines = log["requests"].as_array().unwrap().iter();
        lines.filter(|line| line["wish"] == "sign").count()
    }

    /// What stands of commands: how many, their changes and messages, the ends of the devices' chains.
    fn decided(&self) -> [i64; 4] {
        [
            "SELECT count(*) FROM commands",
            "SELECT count(*) FROM changes",
            "SELECT count(*) FROM feedback",
            "SELECT sum(last_seq) FROM devices",
        ]
        .map(|sql| self.stage.count(sql))
    }

    async fn push_one(&self, session: &Session, command: &SignedEnvelope) -> PushReply {
        let (status, text) = self.stage.push(session, vec![command.clone()]).await;
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_signature_the_command_counts_once_and_is_answered_when_the_next_is_right() {
    let signed = Signed::start().await;
    let mut session = signed.stage.sign_in(HANDLER).await;
    let faults = [
        "timeout",
        "error500",
        "garbage",
        "truncated",
        "wrong_signature",
        "refused",
    ];
    for (number, fault) in (1..).zip(faults) {
        let order = signed.stage.take_in(&format!("SH-{number}"), "310101").await;
        let command = session.command(Command::Accept { order });
        signed.fault(fault, 1, 0).await;
        let first = signed.push_one(&session, &command).await;
        let again = signed.push_one(&session, &command).await;
        assert_eq!(first.receipts[0].open().unwrap().verdict, Verdict::Accepted);
        assert_eq!(first.receipts, again.receipts, "{fault}: another receipt");
        assert_eq!(signed.decided()[0], number, "{fault}");
        let effects = "SELECT count(*) FROM feedback";
        assert_eq!(signed.stage.count(effects), number, "{fault}: told once");
        signed.stage.assert_gapless_logs();
    }
}

/// Send a command until its receipt is signed. Every answer before says that it may be sent again.
async fn until_receipted(signed: &Signed, session: &Session, command: &SignedEnvelope) -> PushReply {
    let sending = async {
        loop {
            let (status, text) = signed.stage.push(session, vec![command.clone()]).await;
            if status == 200 {
                return serde_json::from_str(&text).unwrap();
            }
            assert_eq!((status, &*code(&text)), (502, "upstream_unavailable"));
        }
    };
    tokio::time::timeout(Duration::from_secs(30), sending)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_signs_what_was_taken_stays_taken_and_nothing_more_is_taken() {
    let mut signed = Signed::start_with(|config| config.tuning.seal_wait = Duration::from_millis(300)).await;
    let mut session = signed.stage.sign_in(HANDLER).await;
    let mut other = signed.stage.sign_in(OTHER_HANDLER).await;
    let desk = signed.stage.sign_in(BUREAU_REVIEWER).await.grant;
    let order = signed.stage.take_in("SH-1", "310101").await;
    let elsewhere = signed.stage.take_in("SH-2", "310104").await;
    let command = session.command(Command::Accept { order });
    let later = other.command(Command::Accept { order: elsewhere });
    signed.fault("error500", 1_000_000, 0).await;
    for _ in 0..2 {
        let (status, text) = signed.stage.push(&session, vec![command.clone()]).await;
        assert_eq!((status, &*code(&text)), (502, "upstream_unavailable"));
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(body["retryable"], true);
    }
    assert_eq!(signed.decided()[0], 1, "taken, once");
    let (status, text) = signed.stage.push(&other, vec![later.clone()]).await;
    assert_eq!((status, &*code(&text)), (502, "upstream_unavailable"));
    assert_eq!(
        signed.decided()[0],
        1,
        "nothing more is taken than can be answered"
    );
    // No receipt: nothing of it is in the proof of the order either.
    let call = signed.stage.call(Method::GET, "/v1/orders/12345-SH-1/proof");
    let (status, _) = send(call.bearer_auth(&desk.token)).await;
    assert_eq!(status, 502);

    // Stopped in between: the commit is signed by the next start.
    signed.stage.gateway.take().unwrap().stop().await;
    assert_eq!(
        signed
            .stage
            .count("SELECT count(*) FROM commits WHERE sig IS NULL"),
        1
    );
    signed.fault("error500", 0, 0).await;
    let mut config = signed.stage.config();
    signed_by(&signed.city, &mut config);
    signed.stage.gateway = Some(Gateway::start(config).await.unwrap());
    let first = until_receipted(&signed, &session, &command).await;
    let again = signed.push_one(&session, &command).await;
    assert_eq!(first.receipts, again.receipts);
    assert_eq!(first.receipts[0].open().unwrap().verdict, Verdict::Accepted);
    until_receipted(&signed, &other, &later).await;
    let [commands, _, feedback, last_seqs] = signed.decided();
    assert_eq!([commands, feedback, last_seqs], [2, 2, 2], "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_costs_one_signature_and_each_receipt_its_own_path() {
    let signed = Signed::start().await;
    let mut session = signed.stage.sign_in(HANDLER).await;
    let order = signed.stage.take_in("SH-1", "310101").await;
    let batch = vec![
        session.command(Command::Accept { order: order.clone() }),
        session.command(Command::Contact {
            order: order.clone(),
            form: contact_form(),
        }),
        session.command(Command::Reveal { order }),
    ];
    let asked = signed.asked().await;
    let (status, text) = signed.stage.push(&session, batch).await;
    assert_eq!(status, 200, "{text}");
    let reply: PushReply = serde_json::from_str(&text).unwrap();
    assert_eq!(signed.asked().await, asked + 1);
    assert_eq!(reply.receipts.len(), 3);
    let commit = reply.receipts[0].commit.open().unwrap();
    assert_eq!(commit.size, 3);
    // The tree of three: the root is over (a b) and c, each path is what lies beside.
    let hash = |prefix: u8, parts: &[&[u8]]| sm3(&[&[prefix], parts.concat().as_slice()].concat());
    let leaves: Vec<_> = reply
        .receipts
        .iter()
        .map(|one| hash(0, &[one.payload.as_bytes()]))
        .collect();
    let pair = hash(1, &[leaves[0].as_bytes(), leaves[1].as_bytes()]);
    let root = hash(1, &[pair.as_bytes(), leaves[2].as_bytes()]);
    assert_eq!(commit.root.as_str(), root.to_hex());
    let path = |at: usize| {
        reply.receipts[at]
            .path
            .iter()
            .map(|hash| hash.0.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(path(0), [leaves[1].to_hex(), leaves[2].to_hex()]);
    assert_eq!(path(1), [leaves[0].to_hex(), leaves[2].to_hex()]);
    assert_eq!(path(2), [pair.to_hex()]);
    for (index, receipt) in (0..).zip(&reply.receipts) {
        assert_eq!(
            (receipt.index, &receipt.commit),
            (index, &reply.receipts[0].commit)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_signature_is_awaited_others_read() {
    let signed = Signed::start().await;
    let mut session = signed.stage.sign_in(HANDLER).await;
    let reader = signed.stage.sign_in(OTHER_HANDLER).await;
    let order = signed.stage.take_in("SH-1", "310101").await;
    // So late that when the readers last were heard has to be written too.
    signed.stage.advance(2 * 60_000);
    let command = session.command(Command::Accept { order });
    let asked = signed.asked().await;
    signed.fault("slow", 8, SLOW_MILLIS).await;
    let mut pushing = std::pin::pin!(signed.stage.push(&session, vec![command]));
    let reading = async {
        while signed.asked().await == asked {}
        let reply = signed.stage.pull(&reader, reader.scope().as_str(), 0).await;
        assert_eq!(reply.head, 0);
        let request = signed
            .stage
            .call(reqwest::Method::POST, "/v1/wake")
            .bearer_auth(&reader.grant.token)
            .json(&json!({"cursors": {reader.scope().as_str(): 0}, "wait_ms": 0}));
        let (status, text) = send(request).await;
        assert_eq!(status, 200, "{text}");
    };
    tokio::select! {
        _ = &mut pushing => panic!("the reading waited for the signature"),
        () = reading => {}
    }
    let (status, text) = pushing.await;
    assert_eq!(status, 200, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weaker_signer_takes_over_only_when_that_is_asked_for_and_is_then_the_one_to_keep() {
    let Signed { city, mut stage } = Signed::start().await;
    let serviced = stage.sign_in(HANDLER).await.grant.gateway_key;
    stage.gateway.take().unwrap().stop().await;
    match Gateway::start(stage.config()).await {
        Err(StartError::ProviderChange { before, now }) => {
            assert_eq!((&*before, &*now), ("signature_service emulated", "software"));
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it fell back by itself"),
    }
    let mut config = stage.config();
    config.allow_provider_change = true;
    stage.gateway = Some(Gateway::start(config).await.unwrap());
    let own = stage.sign_in(HANDLER).await.grant.gateway_key;
    assert_ne!(own, serviced);
    // Once is enough: the next start needs no leave.
    stage.restart().await;
    assert_eq!(stage.sign_in(HANDLER).await.grant.gateway_key, own);
    // Back to the stronger one nobody has to be asked, and from there it is guarded again.
    stage.gateway.take().unwrap().stop().await;
    let mut config = stage.config();
    signed_by(&city, &mut config);
    stage.gateway = Some(Gateway::start(config).await.unwrap());
    assert_eq!(stage.sign_in(HANDLER).await.grant.gateway_key, serviced);
    stage.gateway.take().unwrap().stop().await;
    assert!(matches!(
        Gateway::start(stage.config()).await,
        Err(StartError::ProviderChange { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_emulator_signed_says_so_in_the_receipt_the_case_and_the_check() {
    let signed = Signed::start().await;
    let stage = &signed.stage;
    let mut session = stage.sign_in(HANDLER).await;
    let order = stage.take_in("SH-1", "310101").await;
    let command = session.command(Command::Accept { order: order.clone() });
    assert!(stage.push_one(&session, command).await.emulated);
    let desk = stage.sign_in(BUREAU_REVIEWER).await.grant;
    let call = stage.call(Method::GET, &format!("/v1/orders/{order}/bundle"));
    let (status, text) = send(call.bearer_auth(&desk.token)).await;
    assert_eq!(status, 200, "{text}");
    let case = read_case(text.as_bytes()).unwrap();
    let authority = Certificate::from_base64(&desk.credentials.authority_certificate).unwrap();
    let report = check_case(&case, &authority);
    assert_eq!(report.findings, []);
    assert!(report.record.as_ref().unwrap().emulated);
    assert!(report.emulated());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateway_signed_itself_does_not_speak_of_emulators() {
    let stage = Stage::start().await;
    let mut session = stage.sign_in(HANDLER).await;
    let order = stage.take_in("SH-1", "310101").await;
    let command = session.command(Command::Accept { order });
    let (_, text) = stage.push(&session, vec![command]).await;
    let reply: PushReply = serde_json::from_str(&text).unwrap();
    assert!(!reply.receipts[0].open().unwrap().emulated);
    assert!(!text.contains("emulated"), "{text}");
}
