//! Connections that are silent, slow or too many: whoever is signed in, and health, go on being served.

use crate::stage::{Device, HANDLER, Stage, code, send};
use axum::body::Bytes;
use axum::http::Request;
use h2::client::SendRequest;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Longer than any test takes: what must not be cut is given this.
const LONG: Duration = Duration::from_secs(600);

/// An HTTP/2 connection with as many unfinished requests as the gateway lets it have.
struct SlowBodies {
    _requests: Vec<h2::SendStream<Bytes>>,
    answers: Vec<h2::client::ResponseFuture>,
}

/// A connection that takes `window` bytes of an answer before it is asked to read them.
async fn http2(addr: SocketAddr, window: u32) -> SendRequest<Bytes> {
    let stream = tokio::net::TcpStream::connect(addr).await.unwrap();
    let mut builder = h2::client::Builder::new();
    let (client, connection) = builder
        .initial_window_size(window)
        .handshake(stream)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

impl SlowBodies {
    /// `wanted` requests to `path` whose bodies never end; ends when the gateway takes no more.
    async fn open(addr: SocketAddr, path: &str, token: Option<&str>, wanted: usize) -> Self {
        let mut client = http2(addr, 65_535).await.ready().await.unwrap();
        let (mut requests, mut answers) = (Vec::new(), Vec::new());
        let url = format!("http://{addr}{path}");
        // The first request's end tells that the gateway's settings have come.
        let health = Request::get(format!("http://{addr}/healthz"));
        let (answer, _) = client.send_request(health.body(()).unwrap(), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), 200);
        let most = client.current_max_send_streams();
        for _ in 0..wanted.min(most) {
            client = client.ready().await.unwrap();
            let mut request = Request::post(&url).header("content-length", "1000");
            if let Some(token) = token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            let (answer, body) = client.send_request(request.body(()).unwrap(), false).unwrap();
            requests.push(body);
            answers.push(answer);
        }
        Self {
            _requests: requests,
            answers,
        }
    }

    fn len(&self) -> usize {
        self._requests.len()
    }

    /// The status of whichever request is answered first.
    async fn first_answer(&mut self) -> u16 {
        let (answer, _, rest) = futures_util::future::select_all(std::mem::take(&mut self.answers)).await;
        self.answers = rest;
        answer.unwrap().status().as_u16()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_bodies_of_strangers_take_nobody_elses_room() {
    let stage = Stage::start_with(|config| {
        config.tuning.body_window = LONG;
        config.tuning.request_timeout = LONG;
    })
    .await;
    let session = stage.sign_in(HANDLER).await;
    let addr = stage.running().addr;
    let mut held = Vec::new();
    for path in ["/v1/sessions", "/v1/push", "/city/v1/hotline/12345/orders"] {
        held.push(SlowBodies::open(addr, path, None, 200).await);
    }
    assert!(
        held.iter().all(|slow| slow.len() <= 16),
        "streams of one connection are bounded"
    );
    assert_eq!(send(stage.call(Method::GET, "/healthz")).await.0, 200);
    stage.pull(&session, "person:h310101", 0).await;
    let (status, text) = send(stage.call(Method::GET, "/openapi.json")).await;
    assert_eq!(status, 200, "another stranger: {text}");
    stage.sign_in_on(HANDLER, Device::new()).await;
    stage.take_in("door-1", "310101").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_fill_their_room_and_not_that_of_people_who_are_signed_in() {
    let stage = Stage::start_with(|config| {
        config.tuning.concurrent_strangers = 0;
    })
    .await;
    let (status, text) = send(stage.call(Method::GET, "/v1/trust")).await;
    assert_eq!((status, &*code(&text)), (503, "overloaded"));

    let mut stage = Stage::start().await;
    let session = stage.sign_in(HANDLER).await;
    stage.gateway.take().unwrap().stop().await;
    let mut config = stage.config();
    config.tuning.concurrent_strangers = 0;
    stage.gateway = Some(shenhai_gateway::Gateway::start(config).await.unwrap());
    stage.pull(&session, "person:h310101", 0).await;
    // A token that is none makes nobody a guest.
    let forged = stage.call(Method::GET, "/v1/trust").bearer_auth("00".repeat(32));
    assert_eq!(send(forged).await.0, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_device_has_only_its_share_of_the_room() {
    let stage = Stage::start_with(|config| {
        config.tuning.signed_in_body_window = LONG;
        config.tuning.request_timeout = LONG;
        config.tuning.requests_per_device = 2;
        config.tuning.waits_per_device = 1;
    })
    .await;
    let noisy = stage.sign_in(HANDLER).await;
    let quiet = stage.sign_in(crate::stage::OTHER_HANDLER).await;
    let addr = stage.running().addr;
    let token = noisy.grant.token.as_str();
    // As soon as one is refused, the others are in.
    let mut slow = SlowBodies::open(addr, "/v1/push", Some(token), 3).await;
    assert_eq!(slow.first_answer().await, 503);
    let mut waits = SlowBodies::open(addr, "/v1/wake", Some(token), 2).await;
    assert_eq!(waits.first_answer().await, 503);
    let pull = |token: &str, scope: &str| {
        let call = stage.call(Method::GET, &format!("/v1/pull?scope={scope}"));
        send(call.bearer_auth(token))
    };
    let (status, text) = pull(token, "person:h310101").await;
    assert_eq!((status, &*code(&text)), (503, "overloaded"));
    let wake = stage.call(Method::POST, "/v1/wake").bearer_auth(token);
    let (status, text) = send(wake.json(&json!({"cursors": {}, "wait_ms": 0}))).await;
    assert_eq!((status, &*code(&text)), (503, "overloaded"));
    assert_eq!(pull(&quiet.grant.token, "person:h310104").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_session_is_refused_before_its_body_comes() {
    let stage = Stage::start_with(|config| {
        config.tuning.body_window = LONG;
        config.tuning.request_timeout = LONG;
    })
    .await;
    let ask = |head: String| {
        let mut stream = TcpStream::connect(stage.running().addr).unwrap();
        let head = format!("{head}Host: x\r\nContent-Length: 100000\r\n\r\n{{");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        answer
    };
    for path in [
        "/v1/push",
        "/v1/wake",
        "/v1/devices/invitations",
        "/v1/devices/rotate",
        "/v1/grant",
    ] {
        let answer = ask(format!("POST {path} HTTP/1.1\r\n"));
        assert!(answer.starts_with("HTTP/1.1 401"), "{path}: {answer}");
    }
    // A platform's headers are judged first as well: none, another platform's, of another hour, no tag.
    let now = stage.seconds();
    let tag = "00".repeat(32);
    for (platform, at, tag, status) in [
        ("12319", now, &*tag, 403),
        ("12345", now - 3600, &*tag, 422),
        ("12345", now, "zz", 403),
    ] {
        let head = format!(
            "POST /city/v1/hotline/12345/orders HTTP/1.1\r\nX-Platform: {platform}\r\nX-Timestamp: {at}\r\n\
             X-Signature: {tag}\r\n"
        );
        let answer = ask(head);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{platform} {at}: {answer}"
        );
    }
    let unsigned = ask("POST /city/v1/hotline/12345/orders HTTP/1.1\r\n".to_owned());
    assert!(unsigned.starts_with("HTTP/1.1 403"), "{unsigned}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_says_it_is_far_too_large_is_not_read() {
    let stage = Stage::start_with(|config| {
        config.tuning.body_window = LONG;
        config.tuning.request_timeout = LONG;
    })
    .await;
    let mut stream = TcpStream::connect(stage.running().addr).unwrap();
    let head = "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

/// All that comes until the gateway closes the connection.
fn until_closed(mut stream: &TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_or_never_ends_a_head_is_sent_away() {
    let stage = Stage::start_with(|config| {
        config.tuning.header_timeout = Duration::from_millis(40);
        config.tuning.idle_timeout = Duration::from_millis(40);
    })
    .await;
    for said in [
        "",
        "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        "PRI * HTTP/2.0\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(stage.running().addr).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        assert!(!until_closed(&stream).contains("200 OK"), "{said:?}");
    }
    // One that was answered is kept for the next request, but not for ever.
    let mut stream = TcpStream::connect(stage.running().addr).unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    assert!(until_closed(&stream).starts_with("HTTP/1.1 200"));
    assert_eq!(stage.running().door_stats().outlasted, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_trickles_is_given_up_and_a_steady_one_is_not() {
    let stage = Stage::start_with(|config| {
        config.tuning.body_window = Duration::from_millis(200);
        config.tuning.body_least = 16;
        config.tuning.request_timeout = LONG;
    })
    .await;
    let begin = |length: usize| {
        let stream = TcpStream::connect(stage.running().addr).unwrap();
        let head = format!(
            "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        (&stream).write_all(head.as_bytes()).unwrap();
        stream
    };
    let slow = begin(1000);
    (&slow).write_all(b"{").unwrap();
    let answer = until_closed(&slow);
    assert!(
        answer.starts_with("HTTP/1.1 503") && answer.contains("too slowly"),
        "{answer}"
    );
    // In one piece it is read to its end, whatever it says.
    let steady = begin(1000);
    (&steady).write_all(&[b' '; 1000]).unwrap();
    let answer = until_closed(&steady);
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_take_their_answer_is_sent_away() {
    let pages = tempfile::TempDir::new().unwrap();
    std::fs::create_dir(pages.path().join("assets")).unwrap();
    std::fs::write(pages.path().join("assets/large.bin"), vec![7; 4_000_000]).unwrap();
    let stage = Stage::start_with(|config| {
        config.web_dir = Some(pages.path().to_owned());
        config.tuning.stall_timeout = Duration::from_millis(100);
        config.tuning.idle_timeout = LONG;
    })
    .await;
    let addr = stage.running().addr;
    let mut client = http2(addr, 1024).await.ready().await.unwrap();
    // The client takes the first window and gives no other.
    let url = format!("http://{addr}/assets/large.bin");
    let request = Request::get(url).body(()).unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    let mut body = answer.await.unwrap().into_body();
    let mut taken = 0;
    while let Some(Ok(piece)) = body.data().await {
        taken += piece.len();
    }
    assert!(taken < 4_000_000, "{taken} bytes: the whole file");
    assert_eq!(stage.running().door_stats().outlasted, 1);
}

/// A running gateway that does not outlive its test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_64_descriptors_200_silent_sockets_keep_nobody_out() {
    let city = crate::city::City::start().await;
    let dir = tempfile::TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let config = write("city.toml", &city.config());
    let directory = write("directory.toml", &crate::stage::directory_text());
    let mut program = Program(
        Command::new("sh")
            .args([
                "-c",
                "ulimit -n 64; exec \"$0\" \"$@\"",
                env!("CARGO_BIN_EXE_shenhai-gateway"),
            ])
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(dir.path().join("data"))
            .arg("--config")
            .arg(config)
            .arg("--directory")
            .arg(directory)
            .env("RUST_LOG", "info")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut log = BufReader::new(program.0.stderr.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&log.next().unwrap().unwrap()).unwrap();
    let addr: SocketAddr = first["fields"]["addr"].as_str().unwrap().parse().unwrap();
    let silent: Vec<_> = (0..200).map(|_| TcpStream::connect(addr).unwrap()).collect();
    let url = format!("http://{addr}");
    let http = crate::stage::client();
    assert_eq!(
        http.get(format!("{url}/healthz")).send().await.unwrap().status(),
        200
    );
    // Work that opens files of its own: a sign-in, with all that it reads and writes.
    let device = Device::new();
    let request = device.session_request("hotline", &city.code_for(HANDLER));
    let signed_in = http
        .post(format!("{url}/v1/sessions"))
        .json(&request)
        .send()
        .await
        .unwrap();
    assert_eq!(signed_in.status(), 200);
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_over_its_bound_is_refused_and_the_connection_is_closed() {
    let stage = Stage::start().await;
    let mut stream = TcpStream::connect(stage.running().addr).unwrap();
    let head = format!("GET /healthz?{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(40_000));
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 431") || answer.starts_with("HTTP/1.1 414"),
        "{answer}"
    );
}
