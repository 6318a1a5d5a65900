//! A service of the city signs the receipts and fails: nothing is half done, and what is sent again counts once.

use crate::stage::{
    BUREAU_REVIEWER, HANDLER, OTHER_HANDLER, Session, Stage, code, contact_form, emulators, send,
};
use reqwest::Method;
use serde_json::{Value, json};
use shenhai_city::CryptoService;
use shenhai_crypto::Certificate;
use shenhai_gateway::{Config, Gateway, StartError};
use shenhai_proof::{check_case, read_case};
use shenhai_protocol::{Command, PushReply, SignedEnvelope, Verdict};

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
        let (city, _) = emulators().await;
        let stage = Stage::start_with(|config| signed_by(&city, config)).await;
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
async fn whatever_is_wrong_with_a_signature_the_same_command_later_counts_once() {
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
        let before = signed.decided();
        signed.fault(fault, 1, 0).await;
        let (status, text) = signed.stage.push(&session, vec![command.clone()]).await;
        assert_eq!(
            (status, code(&text).as_str()),
            (502, "upstream_unavailable"),
            "{fault}"
        );
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(body["retryable"], true, "{fault}");
        assert_eq!(signed.decided(), before, "{fault}");

        let first = signed.push_one(&session, &command).await;
        let again = signed.push_one(&session, &command).await;
        assert_eq!(first.receipts[0].open().unwrap().verdict, Verdict::Accepted);
        assert_eq!(first.receipts, again.receipts, "{fault}: another receipt");
        assert_eq!(
            signed.stage.count("SELECT count(*) FROM commands"),
            number,
            "{fault}"
        );
        let effects = "SELECT count(*) FROM feedback";
        assert_eq!(signed.stage.count(effects), number, "{fault}: told once");
        signed.stage.assert_gapless_logs();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_second_receipt_is_not_signed_leaves_the_first_undone_too() {
    let signed = Signed::start().await;
    let mut session = signed.stage.sign_in(HANDLER).await;
    let order = signed.stage.take_in("SH-1", "310101").await;
    let batch = vec![
        session.command(Command::Accept { order: order.clone() }),
        session.command(Command::Contact {
            order,
            form: contact_form(),
        }),
    ];
    let (before, asked) = (signed.stage.state(), signed.asked().await);
    // The first answer is right and late enough that the fault ordered meanwhile meets the second.
    signed.fault("slow", 1, 400).await;
    let pushing = signed.stage.push(&session, batch.clone());
    let breaking = async {
        while signed.asked().await == asked {}
        signed.fault("wrong_signature", 1, 0).await;
    };
    let ((status, text), ()) = tokio::join!(pushing, breaking);
    assert_eq!((status, code(&text).as_str()), (502, "upstream_unavailable"));
    assert_eq!(signed.stage.state(), before);
    let (status, text) = signed.stage.push(&session, batch).await;
    assert_eq!(status, 200, "{text}");
    let reply: PushReply = serde_json::from_str(&text).unwrap();
    assert_eq!(reply.receipts.len(), 2);
    assert_eq!(signed.stage.count("SELECT count(*) FROM commands"), 2);
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
