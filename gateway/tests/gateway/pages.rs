//! The built pages: found, typed, cached and fenced in; nothing outside their folder.

use crate::stage::{Stage, code, send};
use reqwest::Method;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use tempfile::TempDir;

fn built_pages() -> TempDir {
    let outside = TempDir::new().unwrap();
    fs::write(outside.path().join("secret.txt"), "outside").unwrap();
    let web = outside.path().join("web");
    for dir in ["hotline", "desk", "assets"] {
        fs::create_dir_all(web.join(dir)).unwrap();
    }
    fs::write(web.join("hotline/index.html"), "<!doctype html>hotline").unwrap();
    fs::write(web.join("desk/index.html"), "<!doctype html>desk").unwrap();
    fs::write(web.join("assets/core-1a2b.wasm"), b"\0asm").unwrap();
    fs::write(web.join("assets/core-1a2b.wasm.br"), b"brotli").unwrap();
    fs::write(web.join("assets/app-3c4d.js"), "export {}").unwrap();
    outside
}

async fn with_pages(dir: &TempDir) -> Stage {
    let web = dir.path().join("web");
    Stage::start_with(|config| config.web_dir = Some(web)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_served_fenced_in_and_asked_for_anew() {
    let dir = built_pages();
    let stage = with_pages(&dir).await;
    let response = stage.call(Method::GET, "/hotline/").send().await.unwrap();
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/html");
    assert_eq!(header("cache-control"), "no-cache");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("strict-transport-security"), "max-age=31536000");
    assert_eq!(header("cross-origin-resource-policy"), "same-origin");
    let permissions = header("permissions-policy");
    assert!(
        permissions.contains("camera=(self), geolocation=(self)"),
        "{permissions}"
    );
    assert!(permissions.contains("usb=()"), "{permissions}");
    let policy = header("content-security-policy");
    for part in [
        "default-src 'self'",
        "'wasm-unsafe-eval'",
        "worker-src 'self' blob:;",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("'unsafe-eval'"));
    assert_eq!(response.text().await.unwrap(), "<!doctype html>hotline");
}

#[tokio::test(flavor = "multi_thread")]
async fn hashed_assets_are_kept_for_good_and_come_compressed() {
    let dir = built_pages();
    let stage = with_pages(&dir).await;
    let call = stage
        .call(Method::GET, "/assets/core-1a2b.wasm")
        .header("Accept-Encoding", "br, gzip");
    let response = call.send().await.unwrap();
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/wasm");
    assert_eq!(header("content-encoding"), "br");
    assert_eq!(header("cache-control"), "public, max-age=31536000, immutable");
    let plain = stage
        .call(Method::GET, "/assets/core-1a2b.wasm")
        .send()
        .await
        .unwrap();
    assert_eq!(plain.bytes().await.unwrap().as_ref(), b"\0asm");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_leads_to_the_hotline_page_and_unknown_paths_to_an_error() {
    let dir = built_pages();
    let stage = with_pages(&dir).await;
    let root = stage.call(Method::GET, "/").send().await.unwrap();
    assert_eq!(
        (root.status().as_u16(), &root.headers()["location"]),
        (307, &"/hotline/".parse().unwrap())
    );
    for path in [
        "/nothing",
        "/assets/nothing.js",
        "/v1/nothing",
        "/hotline/nothing.html",
    ] {
        let (status, text) = send(stage.call(Method::GET, path)).await;
        assert_eq!((status, &*code(&text)), (404, "unknown_endpoint"), "{path}");
    }
    for (method, path, there) in [
        (Method::POST, "/hotline/", "GET,HEAD"),
        (Method::PUT, "/desk/", "GET,HEAD"),
        (Method::PUT, "/v1/push", "POST"),
        (Method::DELETE, "/v1/pull", "GET,HEAD"),
        (Method::GET, "/v1/sessions/current", "DELETE"),
        (Method::POST, "/healthz", "GET,HEAD"),
    ] {
        let answer = stage.call(method, path).send().await.unwrap();
        let allow = answer.headers()["allow"].to_str().unwrap().to_owned();
        assert_eq!((answer.status().as_u16(), &*allow), (405, there), "{path}");
        assert_eq!(code(&answer.text().await.unwrap()), "unknown_endpoint", "{path}");
    }
    let (status, _) = send(stage.call(Method::POST, "/nothing")).await;
    assert_eq!(status, 404);
}

/// Sent byte for byte: a client library would tidy the path first.
fn raw_get(stage: &Stage, path: &str) -> String {
    let mut stream = TcpStream::connect(stage.running().addr).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_out_of_the_folder() {
    let dir = built_pages();
    let stage = with_pages(&dir).await;
    for path in [
        "/../secret.txt",
        "/hotline/../../secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/..%5csecret.txt",
        "//etc/passwd",
        "/assets/%00",
    ] {
        let answer = raw_get(&stage, path);
        assert!(
            answer.starts_with("HTTP/1.1 404") || answer.starts_with("HTTP/1.1 400"),
            "{path}: {answer}"
        );
        assert!(
            !answer.contains("outside") && !answer.contains("root:"),
            "{path}: {answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_pages_the_gateway_says_how_to_build_them() {
    let stage = Stage::start().await;
    let (status, text) = send(stage.call(Method::GET, "/hotline/")).await;
    assert_eq!(status, 503);
    assert!(text.contains("cargo xtask run"), "{text}");
}
