//! Anchoring into the emulated outside chain: what the chain shows everybody is what an exported case carries.

use crate::anchor::{accept_one, anchored};
use crate::stage::{Stage, emulators, send};
use serde_json::{Value, json};
use shenhai_gateway::AnchorConfig;

/// The emulated chain beside a gateway that writes into it, its first `count` answers broken by `mode`.
struct Chained {
    city: shenhai_city::Running,
    stage: Stage,
}

impl Chained {
    async fn start(mode: &str, count: u32) -> Self {
        let (city, config) = emulators().await;
        let chain = config.anchor.unwrap();
        let chain = AnchorConfig {
            url: chain.url,
            secret: chain.secret,
            every_seconds: 0,
        };
        let stage = Stage::start_with(|gateway| anchored(gateway, chain)).await;
        let order = json!({"target": "anchor", "mode": mode, "count": count});
        let faults = format!("{}/admin/faults", city.url());
        let (status, text) = send(stage.http.post(faults).json(&order)).await;
        assert_eq!(status, 200, "{text}");
        Self { city, stage }
    }

    /// The chain as everybody reads it.
    async fn blocks(&self) -> Vec<Value> {
        let url = format!("{}/anchors", self.city.url());
        let (_, text) = send(self.stage.http.get(url)).await;
        let chain: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(chain["provider"], "emulated");
        chain["blocks"].as_array().unwrap().clone()
    }
}

#[cfg(not(feature = "production"))]
#[tokio::test(flavor = "multi_thread")]
async fn a_head_comes_into_the_chain_once_whatever_its_first_answers_were() {
    for mode in ["error500", "html", "refuse", "drop_ack"] {
        let chained = Chained::start(mode, 2).await;
        accept_one(&chained.stage).await;
        let (bundle, authority) = crate::anchor::export_anchored(&chained.stage).await;
        let blocks = chained.blocks().await;
        assert_eq!(blocks.len(), 1, "{mode}");
        let block = &blocks[0];
        let record = bundle.record.open().unwrap().anchor.unwrap();
        assert_eq!(block["dataClass"], "order_closing");
        assert_eq!(block["digest"], record.digest.as_str());
        let head = shenhai_crypto::sm3(record.head.payload.as_bytes()).to_hex();
        assert_eq!(
            block["digest"],
            head.as_str(),
            "the chain holds the head that the case carries"
        );
        assert_eq!(block["hash"], record.transaction.as_str());
        assert_eq!(block["time"], record.at.0);
        let report = shenhai_proof::check_case(&bundle, &authority);
        assert_eq!(
            (report.findings, report.anchored),
            (Vec::new(), Some(1)),
            "{mode}"
        );
    }
}

#[cfg(feature = "production")]
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_for_production_takes_no_anchor_from_an_emulator() {
    let chained = Chained::start("error500", 0).await;
    accept_one(&chained.stage).await;
    let tried = "SELECT count(*) FROM anchors WHERE attempts > 1";
    while chained.stage.count(tried) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(chained.blocks().await.len(), 1, "it did answer");
    let taken = "SELECT count(*) FROM anchors WHERE anchored_at IS NOT NULL";
    assert_eq!(chained.stage.count(taken), 0);
}
