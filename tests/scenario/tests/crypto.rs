//! Receipts signed by an emulated service of the city: the work goes on as with the gateway's own key, survives a
//! service that fails for a while, and does not silently fall back to something weaker.

use serde_json::{Value, json};
use shenhai_city::CryptoService;
use shenhai_gateway::StartError;
use shenhai_scenario::{EmulatedCity, Stack, StackConfig, StackError, work_on};

fn with(crypto: Option<CryptoService>, data: &std::path::Path) -> StackConfig {
    StackConfig {
        orders: 60,
        crypto,
        data_dir: Some(data.to_owned()),
        ..StackConfig::default()
    }
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_works_under_receipts_signed_by_the_signature_service() {
    let data = tempfile::tempdir().expect("a directory");
    let config = with(Some(CryptoService::SvsAsn1), data.path());
    let stack = Stack::start(config).await.expect("a stack");
    let city = EmulatedCity::new(&stack.city_url());
    // The first two signatures fail: whoever asked is told to try again, and nothing is half done.
    let order = json!({"mode": "error500", "count": 2});
    let faults = format!("{}/admin/crypto-faults", stack.city_url());
    assert_eq!(
        client()
            .post(faults)
            .json(&order)
            .send()
            .await
            .expect("an answer")
            .status(),
        200
    );
    for _ in 0..2 {
        let refused = work_on(&stack.gateway_url(), &city, "h-310101-1", 1).await.err();
        assert!(
            format!("{refused:?}").contains("upstream_unavailable"),
            "{refused:?}"
        );
    }
    // The worker's core checks every receipt with the key of the service's certificate.
    let progress = work_on(&stack.gateway_url(), &city, "h-310101-1", 1)
        .await
        .expect("worked");
    assert!(progress.to_string().contains("accepted"), "{progress}");
    let log = client()
        .get(format!("{}/admin/crypto-log", stack.city_url()))
        .send()
        .await;
    let log: Value = log.expect("an answer").json().await.expect("JSON");
    let lines = log["requests"].as_array().expect("a list");
    let signed = |fault: bool| {
        let of = |line: &&Value| line["wish"] == "sign" && line["fault"].is_null() != fault;
        lines.iter().filter(of).count()
    };
    assert_eq!(signed(true), 2, "{log}");
    assert!(signed(false) >= 1, "{log}");
    stack.stop().await;
    let refused = Stack::start(with(None, data.path())).await.err();
    assert!(
        matches!(&refused, Some(StackError::Gateway(StartError::ProviderChange { before, now }))
            if before == "signature_service emulated" && now == "software"),
        "{refused:?}"
    );
}
