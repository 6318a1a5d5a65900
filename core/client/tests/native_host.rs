//! The host of an operating system against a server that misbehaves, over loopback.

#![allow(clippy::disallowed_methods, reason = "the server side of these tests is real")]

use shenhai_client::host::native::{FileSecrets, NativeHost};
use shenhai_client::host::{Host, HttpAnswer, HttpError, HttpRequest, Method};
use shenhai_client::{Config, Core, Storage};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

/// Answers each connection with the next of these texts, then closes it; sends on what it was asked.
fn server(answers: &'static [&'static str]) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (tell, asked) = mpsc::channel();
    std::thread::spawn(move || {
        for answer in answers {
            let Ok((mut stream, _)) = listener.accept() else {
                return;
            };
            let mut request = vec![0; 8192];
            let read = stream.read(&mut request).unwrap_or_default();
            let _ = tell.send(String::from_utf8_lossy(&request[..read]).into_owned());
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (address, asked)
}

fn request(address: SocketAddr) -> HttpRequest {
    HttpRequest {
        method: Method::Post,
        url: format!("http://{address}/v1/push"),
        bearer: Some("secret-token".to_owned()),
        body: Some("{}".to_owned()),
        timeout: Duration::from_secs(5),
        max_body: 16,
    }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(work)
}

fn host(directory: &Path) -> NativeHost {
    NativeHost::new(Arc::new(FileSecrets::new(directory.join("secrets")))).expect("a host")
}

fn exchange(request: HttpRequest) -> Result<HttpAnswer, HttpError> {
    let host = host(Path::new("never used"));
    wait(host.http(request))
}

#[test]
fn an_answer_comes_with_status_and_body_and_the_token_went_as_a_header() {
    let (address, asked) = server(&["HTTP/1.1 409 Conflict\r\ncontent-length: 4\r\n\r\nnope"]);
    let answer = exchange(request(address)).expect("an answer");
    assert_eq!((answer.status, &answer.body[..]), (409, &b"nope"[..]));
    let asked = asked.recv().expect("a request").to_lowercase();
    assert!(asked.starts_with("post /v1/push http/1.1\r\n"), "{asked}");
    assert!(asked.contains("authorization: bearer secret-token\r\n"));
    assert!(asked.contains("content-type: application/json\r\n"));
}

#[test]
fn a_body_that_is_too_long_or_cut_is_broken() {
    let (address, _) = server(&[
        "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n01234567890123456789",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n0123",
    ]);
    assert_eq!(exchange(request(address)), Err(HttpError::Broken));
    assert_eq!(exchange(request(address)), Err(HttpError::Broken));
}

#[test]
fn a_redirect_is_not_followed() {
    let (address, _) =
        server(&["HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n"]);
    assert_eq!(exchange(request(address)).map(|answer| answer.status), Ok(302));
}

#[test]
fn nobody_there_is_unreachable_and_silence_times_out() {
    let free = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    assert_eq!(exchange(request(free)), Err(HttpError::Unreachable));
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut request = request(silent.local_addr().expect("an address"));
    request.timeout = Duration::from_millis(100);
    assert_eq!(exchange(request), Err(HttpError::Timeout));
}

#[cfg(target_os = "linux")]
#[test]
fn the_steady_clock_counts_from_boot_with_sleep_included() {
    // `/proc/uptime` is the kernel's own account of the time since boot, suspended time included (man 5 proc).
    let directory = tempfile::tempdir().expect("a directory");
    let host = host(directory.path());
    let before = host.monotonic();
    let uptime = std::fs::read_to_string("/proc/uptime").expect("Linux");
    let seconds: f64 = uptime
        .split(' ')
        .next()
        .and_then(|text| text.parse().ok())
        .expect("a figure");
    let after = host.monotonic();
    // It is written in hundredths.
    let range = before as f64 - 10.0..=after as f64 + 10.0;
    assert!(range.contains(&(seconds * 1000.0)), "{seconds} s, {range:?} ms");
    assert!(host.counts_sleep());
}

#[test]
fn a_request_does_not_show_token_or_body_in_logs() {
    let shown = format!("{:?}", request(([127, 0, 0, 1], 1).into()));
    assert!(
        !shown.contains("secret-token") && !shown.contains("{}"),
        "{shown}"
    );
}

#[test]
fn a_core_opens_answers_and_is_dropped_inside_another_runtime() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = || Config {
        gateway_url: "http://127.0.0.1:9".to_owned(),
        app: "hotline".to_owned(),
        device_name: "测试".to_owned(),
        storage: Storage::Directory(directory.path().to_owned()),
    };
    wait(async {
        let mut devices = Vec::new();
        for _ in 0..2 {
            let core = Core::open(config(), Arc::new(host(directory.path())))
                .await
                .expect("opens");
            let answer: serde_json::Value =
                serde_json::from_str(&core.rpc(r#"{"method":"session.status","params":{}}"#).await)
                    .expect("JSON");
            devices.push(answer["ok"]["device_id"].clone());
            let begin =
                r#"{"method":"session.begin","params":{"redirect_uri":"http://127.0.0.1:9/hotline/"}}"#;
            assert!(core.rpc(begin).await.contains("\"offline\""));
        }
        assert_eq!(devices[0], devices[1], "the key survives");
    });
}
