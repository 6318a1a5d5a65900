//! The stack itself: the link breaks as networks break, and the sample workers leave every state behind.

use shenhai_scenario::{EmulatedCity, Stack, StackConfig, work_on};

fn client() -> reqwest::Client {
    // As in the library: a process of this build needs a TLS provider before it can make a client.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

async fn answers(url: &str, http: &reqwest::Client) -> bool {
    http.get(format!("{url}/healthz"))
        .send()
        .await
        .is_ok_and(|answer| answer.status().is_success())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_link_breaks_what_is_connected_and_what_is_new_until_it_is_mended() {
    let stack = Stack::start(StackConfig::default()).await.expect("a stack");
    let (link, direct, http) = (stack.relay().url(), stack.gateway_url(), client());
    assert!(answers(&link, &http).await, "this connection stays open");
    stack.relay().set_up(false);
    assert!(!answers(&link, &http).await, "the connection kept open is broken");
    assert!(!answers(&link, &client()).await, "a new one breaks");
    assert!(answers(&direct, &http).await, "the gateway itself is well");
    stack.relay().set_up(true);
    assert!(answers(&link, &http).await);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_was_given_by_the_gateway() {
    let stack = Stack::start(StackConfig::default()).await.expect("a stack");
    let http = client();
    let push = || {
        http.post(format!("{}/v1/push", stack.relay().url()))
            .body("{}")
            .send()
    };
    stack.relay().drop_replies(1);
    assert!(
        answers(&stack.relay().url(), &http).await,
        "only pushes lose their answers"
    );
    assert!(push().await.is_err(), "lost");
    assert_eq!(
        push().await.expect("an answer").status(),
        401,
        "nobody is signed in"
    );
    assert_eq!(stack.relay().drop_replies(0), 1);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_gateway_answers_on_the_same_port() {
    let stack = Stack::start(StackConfig::default()).await.expect("a stack");
    let http = client();
    stack.restart_gateway().await.expect("restarted");
    assert!(answers(&stack.relay().url(), &http).await);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_handler_leaves_orders_in_every_state() {
    let stack = Stack::start(StackConfig {
        orders: 600,
        ..StackConfig::default()
    })
    .await
    .expect("a stack");
    let city = EmulatedCity::new(&stack.city_url());
    let progress = work_on(&stack.gateway_url(), &city, "h-310101-1", 8)
        .await
        .expect("worked");
    assert_eq!(
        progress.to_string(),
        "2 accepted, 2 contacted, 3 replied, 1 returned"
    );
    stack.stop().await;
}
