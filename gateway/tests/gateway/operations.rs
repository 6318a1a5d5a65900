//! Starting, stopping, overload, the document: what an operator sees.

use crate::stage::{HANDLER, Stage, client, code, directory_text, send};
use reqwest::Method;
use serde_json::{Value, json};
use shenhai_gateway::{Gateway, StartError, openapi_document};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_announced_sends_waiting_clients_home_and_refuses_nothing_until_then() {
    let mut stage = Stage::start().await;
    let session = stage.sign_in(HANDLER).await;
    let (status, text) = send(stage.call(Method::GET, "/healthz")).await;
    let health: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &health["status"]), (200, &json!("ok")));
    assert_eq!(health["epoch"], session.grant.epoch);

    let cursors = json!({"cursors": {"person:h310101": 0}, "wait_ms": 25_000});
    let wake = stage
        .call(Method::POST, "/v1/wake")
        .bearer_auth(&session.grant.token)
        .json(&cursors);
    let waiting = tokio::spawn(send(wake));
    stage.running().announce_stop();
    let (status, text) = waiting.await.unwrap();
    assert_eq!(status, 200);
    let reply: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(reply["heads"], json!({}));
    assert_eq!(send(stage.call(Method::GET, "/healthz")).await.0, 503);

    let url = stage.url("/healthz");
    stage.gateway.take().unwrap().stop().await;
    assert!(
        stage.http.get(url).send().await.is_err(),
        "nobody listens any more"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_its_room_the_gateway_says_so_and_health_still_answers() {
    let stage = Stage::start_with(|config| {
        config.tuning.concurrent_strangers = 0;
    })
    .await;
    let (status, text) = send(stage.call(Method::GET, "/openapi.json")).await;
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (status, &*code(&text), &body["retryable"]),
        (503, "overloaded", &json!(true))
    );
    assert_eq!(send(stage.call(Method::GET, "/healthz")).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_finishes_its_request_is_sent_away() {
    let stage = Stage::start_with(|config| {
        config.tuning.request_timeout = std::time::Duration::from_millis(50);
    })
    .await;
    let mut stream = std::net::TcpStream::connect(stage.running().addr).unwrap();
    let head =
        "POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 10\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 503") && answer.contains("overloaded"),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_no_text_is_malformed() {
    let stage = Stage::start().await;
    let session = stage.sign_in(HANDLER).await;
    for (method, path) in [
        (Method::GET, "/v1/orders/%ff/proof"),
        (Method::POST, "/city/v1/hotline/%ff/orders"),
    ] {
        let (status, text) = send(stage.call(method, path).bearer_auth(&session.grant.token)).await;
        assert_eq!((status, &*code(&text)), (400, "malformed"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_gateway_is_told_what_is_taken() {
    let stage = Stage::start().await;
    let mut same_port = stage.config();
    same_port.listen = stage.running().addr;
    assert!(matches!(
        Gateway::start(same_port).await,
        Err(StartError::AddressInUse(_))
    ));
    assert!(matches!(
        Gateway::start(stage.config()).await,
        Err(StartError::DataDirBusy { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_that_cannot_be_made_and_an_origin_that_is_none_are_named() {
    let stage = Stage::start().await;
    let file = stage.data.path().join("file");
    std::fs::write(&file, "").unwrap();
    let mut config = stage.config();
    config.data_dir = file.join("below-a-file");
    assert!(matches!(
        Gateway::start(config).await,
        Err(StartError::DataDir { .. })
    ));
    let mut config = stage.config();
    config.data_dir = stage.data.path().join("second");
    config.allowed_origins = vec!["localhost:8700".to_owned()];
    assert!(matches!(
        Gateway::start(config).await,
        Err(StartError::BadOrigin(_))
    ));
    let mut config = stage.config();
    config.trusted_proxies = vec!["proxy.example".to_owned()];
    assert!(matches!(
        Gateway::start(config).await,
        Err(StartError::BadProxy(_))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_with_the_signing_key_is_for_its_owner_only() {
    let stage = Stage::start().await;
    stage.sign_in(HANDLER).await;
    let dir = stage.data.path().join("data");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_names_every_call_of_the_protocol() {
    let stage = Stage::start().await;
    let (status, text) = send(stage.call(Method::GET, "/openapi.json")).await;
    let served: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &served), (200, &openapi_document()));
    // The table of docs/protocol.md.
    for (path, method) in [
        ("/healthz", "get"),
        ("/v1/apps/{app}/login", "get"),
        ("/v1/sessions", "post"),
        ("/v1/sessions/current", "delete"),
        ("/v1/push", "post"),
        ("/v1/pull", "get"),
        ("/v1/wake", "post"),
        ("/v1/orders/{id}/proof", "get"),
        ("/v1/devices/{id}/revoke", "post"),
        ("/v1/devices", "get"),
        ("/v1/devices/invitations", "post"),
        ("/v1/devices/rotate", "post"),
        ("/v1/grant", "post"),
        ("/v1/trust", "get"),
        ("/city/v1/hotline/{platform}/orders", "post"),
    ] {
        assert!(served["paths"][path][method].is_object(), "{method} {path}");
    }
    for (path, item) in served["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let in_path = path.contains(&format!("{{{}}}", parameter["name"].as_str().unwrap()));
                assert_eq!(parameter["in"] == "path", in_path, "{method} {path}: {parameter}");
            }
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let described = answer["description"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty());
                assert!(described, "{method} {path} {status}");
            }
        }
    }
    let order = &served["components"]["schemas"]["WorkOrder"]["properties"];
    for (field, form, own) in [
        ("contact", "ContactForm", "contact_person"),
        ("reply", "ReplyForm", "satisfaction"),
        ("returned", "ReturnForm", "reason"),
    ] {
        let name = format!("Record_{form}");
        let text = order[field].to_string();
        assert!(text.contains(&name), "{field}: {text}");
        let filled_in = &served["components"]["schemas"][&name]["properties"]["form"];
        assert!(filled_in["properties"][own].is_object(), "{name}: {filled_in}");
    }
    for schema in [
        "Envelope",
        "Receipt",
        "PushReply",
        "PullReply",
        "WorkOrder",
        "ErrorBody",
        "OrderProof",
        "AccessGrant",
        "TrustInfo",
    ] {
        assert!(served["components"]["schemas"][schema].is_object(), "{schema}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_explains_itself() {
    let run = |args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_shenhai-gateway"))
            .args(args)
            .output()
            .unwrap()
    };
    let help = run(&["serve", "--help"]);
    assert!(help.status.success());
    let text = String::from_utf8(help.stdout).unwrap();
    for option in [
        "--listen",
        "--data",
        "--web",
        "--config",
        "--directory",
        "--allowed-origin",
        "Exit codes",
    ] {
        assert!(text.contains(option), "{option}");
    }
    let document: Value = serde_json::from_slice(&run(&["openapi"]).stdout).unwrap();
    assert_eq!(document, openapi_document());
    assert_eq!(run(&["serve"]).status.code(), Some(64));
    let missing = run(&[
        "serve",
        "--data",
        "/nonexistent/x",
        "--config",
        "/nonexistent/c",
        "--directory",
        "/nonexistent/d",
    ]);
    assert_eq!(missing.status.code(), Some(78));
    assert!(
        String::from_utf8(missing.stderr)
            .unwrap()
            .contains("cannot read /nonexistent/c")
    );
}

/// A running gateway that does not outlive its test, however that ends: whoever waits for the test's output
/// would wait for ever.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // Fails when it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_logs_json_serves_and_leaves_cleanly_when_asked_to() {
    let city = crate::city::City::start().await;
    let dir = tempfile::TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (config, directory) = (
        write("city.toml", &city.config()),
        write("directory.toml", &directory_text()),
    );
    let mut program = Program(
        Command::new(env!("CARGO_BIN_EXE_shenhai-gateway"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(dir.path().join("data"))
            .arg("--config")
            .arg(config)
            .arg("--directory")
            .arg(directory)
            .env_remove("RUST_LOG")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut log = BufReader::new(program.0.stderr.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&log.next().unwrap().unwrap()).unwrap();
    assert_eq!(first["fields"]["message"], "serving");
    let url = format!("http://{}/healthz", first["fields"]["addr"].as_str().unwrap());
    assert_eq!(client().get(url).send().await.unwrap().status(), 200);

    let told = Command::new("kill")
        .arg("-TERM")
        .arg(program.0.id().to_string())
        .status()
        .unwrap();
    assert!(told.success());
    let lines: Vec<Value> = log
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    assert_eq!(lines.last().unwrap()["fields"]["message"], "stopped");
    assert_eq!(program.0.wait().unwrap().code(), Some(0));
}
