//! Every wrong delivery of an upper platform: its enumerated code, nothing stored, nothing leaked.

use crate::city::SECRET;
use crate::stage::{Stage, assert_without_citizen, log, order, send};
use reqwest::Method;
use serde_json::{Value, json};
use shenhai_protocol::limits;

async fn refused(stage: &Stage, order: &Value) -> (u16, String) {
    let before = stage.state();
    let (status, body) = stage.push_order("12345", order).await;
    assert_eq!(stage.state(), before);
    assert_without_citizen(&body.to_string());
    assert_without_citizen(&log());
    assert_eq!(
        (&body["code"], &body["orderId"], &body["duplicate"]),
        (&json!(status), &Value::Null, &json!(false))
    );
    (status, body["message"].as_str().unwrap().to_owned())
}

fn with(field: &str, value: Value) -> Value {
    let mut order = order("SH1", "310101");
    order[field] = value;
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_we_are_not_connected_to_is_an_unknown_channel() {
    let stage = Stage::start().await;
    // 12319 exists and is not configured here; 12306 and the others do not.
    for platform in ["12319", "12306", "x", "12345%2F.."] {
        let (status, body) = stage.push_order(platform, &order("SH1", "310101")).await;
        assert_eq!(
            (status, &body["message"]),
            (404, &json!("unknown_channel")),
            "{platform}"
        );
    }
    assert_eq!(stage.count("SELECT count(*) FROM orders"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_without_the_platforms_signature_is_not_even_read() {
    let stage = Stage::start().await;
    let body = serde_json::to_vec(&order("SH1", "310101")).unwrap();
    let (status, answer) = stage
        .push_raw("12345", &body, stage.seconds(), "another-secret")
        .await;
    assert_eq!((status, &answer["message"]), (403, &json!("bad_signature")));
    // The signature comes before the JSON: what is not signed is not parsed.
    let (status, answer) = stage
        .push_raw("12345", b"{", stage.seconds(), "another-secret")
        .await;
    assert_eq!((status, &answer["message"]), (403, &json!("bad_signature")));

    let path = "/city/v1/hotline/12345/orders";
    for (name, value) in [
        ("X-Signature", "zz"),
        ("X-Signature", ""),
        ("X-Timestamp", "soon"),
    ] {
        let call = stage
            .call(Method::POST, path)
            .header("X-Platform", "12345")
            .header(name, value);
        let (status, text) = send(call.body(body.clone())).await;
        assert_eq!(status, 403, "{text}");
        assert_without_citizen(&text);
    }
    assert_eq!(stage.count("SELECT count(*) FROM orders"), 0);
    assert_without_citizen(&log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_made_for_one_platform_is_not_good_on_anothers_path() {
    let stage = Stage::start().await;
    let body = serde_json::to_vec(&order("SH1", "310101")).unwrap();
    let seconds = stage.seconds();
    let signed = [format!("{seconds}\n").as_bytes(), &*body].concat();
    let signature = crate::stage::hex(&shenhai_crypto::hmac_sm3(SECRET.as_bytes(), &signed));
    let call = stage
        .call(Method::POST, "/city/v1/hotline/110/orders")
        .header("X-Platform", "12345")
        .header("X-Timestamp", seconds.to_string())
        .header("X-Signature", signature);
    assert_eq!(send(call.body(body)).await.0, 403);
    assert_eq!(stage.count("SELECT count(*) FROM orders"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_delivery_is_refused_after_five_minutes() {
    let stage = Stage::start().await;
    let body = serde_json::to_vec(&order("SH1", "310101")).unwrap();
    for off in [-301, 301, 10 * 365 * 86_400, i64::MAX / 2] {
        let (status, answer) = stage
            .push_raw("12345", &body, stage.seconds() + off, SECRET)
            .await;
        assert_eq!(
            (status, &answer["message"]),
            (422, &json!("clock_out_of_range")),
            "{off}"
        );
    }
    assert_eq!(stage.count("SELECT count(*) FROM orders"), 0);
    let (status, _) = stage
        .push_raw("12345", &body, stage.seconds() - 300, SECRET)
        .await;
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_another_shape_is_malformed() {
    let stage = Stage::start().await;
    for body in [&b""[..], b"{", b"[]", b"\xff\xfe", b"{\"orderNo\": \"SH1\"}"] {
        let (status, answer) = stage.push_raw("12345", body, stage.seconds(), SECRET).await;
        assert_eq!((status, &answer["message"]), (400, &json!("malformed")));
    }
    assert_eq!(
        refused(&stage, &with("urgency", json!("马上"))).await,
        (400, "malformed".to_owned())
    );
    assert_eq!(
        refused(&stage, &with("coordType", json!("bd09"))).await,
        (400, "malformed".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversized_order_is_too_large() {
    let stage = Stage::start().await;
    let body = vec![b' '; limits::INGEST_BYTES + 1];
    let (status, answer) = stage.push_raw("12345", &body, stage.seconds(), SECRET).await;
    assert_eq!((status, &answer["message"]), (413, &json!("too_large")));
}

#[tokio::test(flavor = "multi_thread")]
async fn values_out_of_bounds_are_refused() {
    let stage = Stage::start().await;
    for bad in [
        with("orderNo", json!("")),
        with("orderNo", json!("../../x")),
        with("orderNo", json!("x".repeat(65))),
        with("title", json!(" ")),
        with("title", json!("长".repeat(201))),
        with("content", json!("长".repeat(8001))),
        with("areaCode", json!("320500")),
        with("lat", json!(91.0)),
        with("acceptTime", json!("yesterday")),
        with("duplicateOrderNo", json!("a b")),
    ] {
        assert_eq!(refused(&stage, &bad).await, (422, "form_invalid".to_owned()));
    }
    for time in [
        "2036-11-23 10:00:00",
        "2016-11-23 10:00:00",
        "2026-11-23 10:10:01",
    ] {
        let off = with("acceptTime", json!(time));
        assert_eq!(
            refused(&stage, &off).await,
            (422, "clock_out_of_range".to_owned()),
            "{time}"
        );
    }
}
