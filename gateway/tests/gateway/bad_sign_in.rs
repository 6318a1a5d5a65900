//! Every wrong sign-in and every wrong session: denied by default.

use crate::city::Fault;
use crate::stage::{Device, HANDLER, Stage, assert_without_citizen, code, log, send};
use reqwest::Method;
use shenhai_protocol::{SessionGrant, SessionRequest};

async fn try_sign_in(stage: &Stage, request: &SessionRequest) -> (u16, String) {
    let (status, text) = send(stage.call(Method::POST, "/v1/sessions").json(request)).await;
    (
        status,
        if status == 200 {
            "granted".to_owned()
        } else {
            code(&text)
        },
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_once() {
    let stage = Stage::start().await;
    let device = Device::new();
    let request = device.session_request("hotline", &stage.city.code_for(HANDLER));
    assert_eq!(try_sign_in(&stage, &request).await, (200, "granted".to_owned()));
    let before = stage.state();
    assert_eq!(
        try_sign_in(&stage, &request).await,
        (401, "bad_login_code".to_owned())
    );
    let unknown = device.session_request("hotline", "no-such-code");
    assert_eq!(
        try_sign_in(&stage, &unknown).await,
        (401, "bad_login_code".to_owned())
    );
    assert_eq!(stage.state(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_the_directory_does_not_know_is_turned_away_and_noted() {
    let stage = Stage::start().await;
    let before = stage.state();
    let request = Device::new().session_request("hotline", &stage.city.code_for("stranger"));
    assert_eq!(
        try_sign_in(&stage, &request).await,
        (403, "unknown_user".to_owned())
    );
    assert_eq!(stage.state(), before);
    assert_eq!(
        stage.count("SELECT count(*) FROM audit WHERE event = 'turned_away' AND actor = 'stranger'"),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_is_not_the_devices_does_not_spend_the_code() {
    let stage = Stage::start().await;
    let device = Device::new();
    let login = stage.city.code_for(HANDLER);
    let good = device.session_request("hotline", &login);
    let mut forged = good.clone();
    forged.proof = Device::new().sign(&SessionRequest::proof_text("hotline", &login, &device.id));
    let mut renamed = good.clone();
    renamed.device.id = "00".repeat(16).into();
    renamed.proof = device.sign(&SessionRequest::proof_text("hotline", &login, &renamed.device.id));
    let mut other_app = good.clone();
    other_app.app = "desk".to_owned();
    let mut no_key = good.clone();
    no_key.device.public_key = "04".repeat(65);
    for wrong in [forged, renamed, other_app, no_key] {
        assert_eq!(
            try_sign_in(&stage, &wrong).await,
            (403, "bad_signature".to_owned())
        );
    }
    assert_eq!(stage.count("SELECT count(*) FROM devices"), 0);
    assert_eq!(try_sign_in(&stage, &good).await, (200, "granted".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_or_oversized_sign_in_is_refused() {
    let stage = Stage::start().await;
    let post = |body: String| send(stage.call(Method::POST, "/v1/sessions").body(body));
    let (status, text) = post("{".to_owned()).await;
    assert_eq!((status, &*code(&text)), (400, "malformed"));
    let (status, text) = post(" ".repeat(20_000)).await;
    assert_eq!((status, &*code(&text)), (413, "too_large"));
    let device = Device::new();
    for request in [
        device.session_request("other", "c"),
        device.session_request("hotline", ""),
        device.session_request("hotline", &"c".repeat(513)),
    ] {
        assert_eq!(try_sign_in(&stage, &request).await, (400, "malformed".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_container_token_is_fetched_anew_and_the_code_is_still_good() {
    let stage = Stage::start().await;
    stage.sign_in(HANDLER).await;
    assert_eq!(stage.city.tokens_given(), 1);
    stage.sign_in(HANDLER).await;
    assert_eq!(stage.city.tokens_given(), 1, "the token is kept");
    for (round, fault) in [(2, Fault::StaleToken401), (3, Fault::StaleTokenCode)] {
        stage.city.break_next("userinfo", fault);
        stage.sign_in(HANDLER).await;
        assert_eq!(stage.city.tokens_given(), round);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_fails_is_named_and_the_same_code_works_later() {
    let stage = Stage::start().await;
    let device = Device::new();
    let request = device.session_request("hotline", &stage.city.code_for(HANDLER));
    for (target, fault) in [
        ("token", Fault::Error500),
        ("token", Fault::Html),
        ("token", Fault::Oversized),
        ("userinfo", Fault::Error500),
        ("userinfo", Fault::Html),
    ] {
        stage.city.break_next(target, fault);
        assert_eq!(
            try_sign_in(&stage, &request).await,
            (502, "upstream_unavailable".to_owned())
        );
    }
    assert_eq!(stage.count("SELECT count(*) FROM sessions"), 0);
    assert_eq!(try_sign_in(&stage, &request).await, (200, "granted".to_owned()));
    assert!(!log().contains(crate::city::CORP_SECRET), "a secret in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_a_wrong_an_ended_and_a_closed_session_are_told_apart() {
    let stage = Stage::start().await;
    let session = stage.sign_in(HANDLER).await;
    let pull = |token: &str| {
        let call = stage.call(Method::GET, "/v1/pull?scope=person:h310101");
        send(call.header("Authorization", token.to_owned()))
    };
    for wrong in ["", "Bearer", "Bearer ", "Basic YWJj", "Bearer 00"] {
        let (status, text) = pull(wrong).await;
        assert_eq!((status, &*code(&text)), (401, "unauthenticated"), "{wrong}");
    }
    let token = format!("Bearer {}", session.grant.token);
    assert_eq!(pull(&token).await.0, 200);

    stage.advance(12 * 3600 * 1000 - 1);
    assert_eq!(pull(&token).await.0, 200);
    stage.advance(1);
    let (status, text) = pull(&token).await;
    assert_eq!((status, &*code(&text)), (401, "session_expired"));

    let fresh = stage.sign_in(HANDLER).await;
    let token = format!("Bearer {}", fresh.grant.token);
    let close = stage
        .call(Method::DELETE, "/v1/sessions/current")
        .header("Authorization", &token);
    assert_eq!(send(close).await.0, 204);
    let (status, text) = pull(&token).await;
    assert_eq!((status, &*code(&text)), (401, "unauthenticated"));
    assert_without_citizen(&log());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_holds_no_token() {
    let stage = Stage::start().await;
    let session = stage.sign_in(HANDLER).await;
    let SessionGrant { token, .. } = &session.grant;
    assert!(!stage.state().contains(token.as_str()));
    assert!(!log().contains(token.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_leads_only_back_to_a_page_of_ours() {
    let stage = Stage::start().await;
    let login = |app: &str, uri: String| {
        let address = stage.url(&format!("/v1/apps/{app}/login"));
        let query = [("redirect_uri", &*uri), ("state", "s-1")];
        send(
            stage
                .http
                .get(reqwest::Url::parse_with_params(&address, query).unwrap()),
        )
    };
    let own = stage.url("/hotline/");
    // What goes on is the address as it was understood.
    let origin = own.trim_end_matches("/hotline/").to_owned();
    for (asked, goes_on) in [
        (
            origin.replace("http:", "HTTP:") + "\\hotline\\..\\desk\\",
            format!("{origin}/desk/"),
        ),
        (
            format!("{origin}/hot\r\nline/\t?a=\"b\""),
            format!("{origin}/hotline/?a=%22b%22"),
        ),
        (format!("  {origin}/hotline/"), own.clone()),
    ] {
        let (status, text) = login("hotline", asked.clone()).await;
        assert_eq!(status, 200, "{asked:?}");
        let target: shenhai_protocol::LoginTarget = serde_json::from_str(&text).unwrap();
        let target = reqwest::Url::parse(&target.authorize_url).unwrap();
        let sent = target
            .query_pairs()
            .find(|(name, _)| name == "redirect_uri")
            .unwrap();
        assert_eq!(sent.1, goes_on, "{asked:?}");
    }
    let (status, text) = login("hotline", own.clone() + &"x".repeat(60_000 / 3)).await;
    assert_eq!((status, &*code(&text)), (400, "malformed"), "too long");
    let (status, text) = login("hotline", own.clone()).await;
    assert_eq!(status, 200);
    let target: shenhai_protocol::LoginTarget = serde_json::from_str(&text).unwrap();
    assert!(
        target.authorize_url.contains("appid=corp"),
        "{}",
        target.authorize_url
    );
    assert!(target.authorize_url.contains("state=s-1"));
    for foreign in [
        "https://evil.example/".to_owned(),
        own.replace("http://", "https://"),
        own.replace("127.0.0.1", "127.0.0.1@evil.example"),
        "javascript:alert(1)".to_owned(),
        format!("blob:{own}"),
        format!("filesystem:{own}"),
        format!("view-source:{own}"),
        own.replace("http://127", "http://evil.example\\@127"),
        own.replace("http://", "http://user@"),
        own.replace("http://", "ftp://"),
        "/hotline/".to_owned(),
    ] {
        let (status, text) = login("hotline", foreign.clone()).await;
        assert_eq!((status, &*code(&text)), (403, "forbidden"), "{foreign}");
    }
    assert_eq!(code(&login("other", own).await.1), "unknown_endpoint");
    let (status, text) = send(stage.call(Method::GET, "/v1/apps/hotline/login")).await;
    assert_eq!((status, &*code(&text)), (400, "malformed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_sign_ins_is_slowed_per_device_and_per_address() {
    let stage = Stage::start_with(|config| {
        config.tuning.sign_ins_per_device = 2;
        config.tuning.sign_ins_per_address = 4;
    })
    .await;
    let device = Device::new();
    let attempt = |device: &Device| device.session_request("hotline", "no-such-code");
    for _ in 0..2 {
        assert_eq!(try_sign_in(&stage, &attempt(&device)).await.0, 401);
    }
    assert_eq!(
        try_sign_in(&stage, &attempt(&device)).await,
        (429, "rate_limited".to_owned())
    );
    assert_eq!(try_sign_in(&stage, &attempt(&Device::new())).await.0, 401);
    assert_eq!(try_sign_in(&stage, &attempt(&Device::new())).await.0, 429);
    stage.advance(60_000);
    assert_eq!(try_sign_in(&stage, &attempt(&device)).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn naming_a_device_without_its_key_does_not_lock_it_out() {
    let stage = Stage::start_with(|config| {
        config.tuning.sign_ins_per_device = 2;
    })
    .await;
    let victim = Device::new();
    let mut named = victim.session_request("hotline", "no-such-code");
    named.proof = Device::new().sign("not what is asked for");
    for _ in 0..5 {
        let refused = try_sign_in(&stage, &named).await;
        assert_eq!(refused, (403, "bad_signature".to_owned()));
    }
    let good = victim.session_request("hotline", &stage.city.code_for(HANDLER));
    assert_eq!(try_sign_in(&stage, &good).await, (200, "granted".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_configured_proxy_one_noisy_client_shuts_out_only_itself() {
    let stage = Stage::start_with(|config| {
        config.tuning.sign_ins_per_address = 2;
        config.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
    })
    .await;
    let attempt = async |forwarded: &str| {
        let request = Device::new().session_request("hotline", "no-such-code");
        let call = stage.call(Method::POST, "/v1/sessions").json(&request);
        let answer = call.header("X-Forwarded-For", forwarded).send().await.unwrap();
        let wait = answer
            .headers()
            .get("retry-after")
            .map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), wait)
    };
    for _ in 0..2 {
        assert_eq!(attempt("198.51.100.7").await, (401, None));
    }
    // The minute of the stage's clock has 60 s left: 10:00:00.
    assert_eq!(attempt("198.51.100.7").await, (429, Some("60".to_owned())));
    stage.advance(13_500);
    let spoofed = "203.0.113.1, 198.51.100.7";
    assert_eq!(
        attempt(spoofed).await,
        (429, Some("47".to_owned())),
        "its own word counts for nothing"
    );
    assert_eq!(attempt("203.0.113.1").await, (401, None), "another client");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_configured_proxy_nobody_is_believed_where_they_come_from() {
    let stage = Stage::start_with(|config| {
        config.tuning.sign_ins_per_address = 2;
    })
    .await;
    let mut statuses = Vec::new();
    for last in 1..=3 {
        let request = Device::new().session_request("hotline", "no-such-code");
        let call = stage.call(Method::POST, "/v1/sessions").json(&request);
        let call = call
            .header("X-Forwarded-For", format!("198.51.100.{last}"))
            .header("Forwarded", format!("for=198.51.100.{last}"))
            .header("X-Real-IP", format!("198.51.100.{last}"));
        statuses.push(send(call).await.0);
    }
    assert_eq!(statuses, [401, 401, 429]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_house_says_when_to_come_again() {
    let stage = Stage::start_with(|config| {
        config.tuning.concurrent_strangers = 0;
    })
    .await;
    for path in ["/v1/sessions", "/city/v1/hotline/12345/orders"] {
        let answer = stage.call(Method::POST, path).send().await.unwrap();
        assert_eq!(answer.status(), 503, "{path}");
        assert_eq!(answer.headers()["retry-after"], "2", "{path}");
    }
}
