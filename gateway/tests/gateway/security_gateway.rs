//! Behind the 安全认证网关: only what it authenticated gets in, and only as whom it authenticated.

use crate::stage::{Device, HANDLER, NOW, OTHER_HANDLER, Stage, code, send};
use base64ct::{Base64, Encoding};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use shenhai_city::identity_headers;
use shenhai_crypto::{
    Certificate, KeyRef, PublicKey, SecretKey, SoftwareProvider, Subject, Usage, Validity, issue, issue_root,
};
use shenhai_gateway::{Config, SecurityGatewayConfig};

const SECRET: &str = "between-the-two-gateways";
const DAY: i64 = 24 * 3600;
const SESSIONS: &str = "/v1/sessions";
const GRANT: &str = "/v1/grant";

/// Who certifies the security gateway's clients.
struct Authority {
    provider: SoftwareProvider,
    root: Certificate,
}

fn days(from: i64, to: i64) -> Validity {
    Validity {
        not_before: NOW / 1000 + from * DAY,
        not_after: NOW / 1000 + to * DAY,
    }
}

fn subject(name: &str) -> Subject {
    Subject {
        common_name: name.to_owned(),
        organization: None,
        unit: None,
    }
}

impl Authority {
    /// Two of them have the same name and other keys.
    fn new() -> Self {
        let mut provider = SoftwareProvider::new(UnwrapErr(SysRng));
        let key = KeyRef::new("authority");
        provider.add_signing_key(key.clone(), SecretKey::generate(&mut UnwrapErr(SysRng)));
        let root = issue_root(&provider, &key, &subject("市级样例 CA"), days(-10, 100)).unwrap();
        Self { provider, root }
    }

    fn certify(&self, name: &str, key: &PublicKey, usage: Usage, validity: Validity) -> Certificate {
        let by = KeyRef::new("authority");
        issue(
            &self.provider,
            &by,
            &self.root,
            &subject(name),
            key,
            usage,
            validity,
        )
        .unwrap()
    }

    fn of_device(&self, device: &Device) -> Certificate {
        self.certify("device", device.public_key(), Usage::Device, days(-1, 1))
    }

    fn of_person(&self, user: &str) -> Certificate {
        let key = SecretKey::generate(&mut UnwrapErr(SysRng));
        self.certify(user, key.public(), Usage::Person, days(-1, 1))
    }

    fn behind(&self, peer: &str) -> impl FnOnce(&mut Config) + use<> {
        let table = format!(
            "peers = [\"{peer}\"]\nsecret = \"{SECRET}\"\nauthorities = ['''\n{}''']",
            self.root.to_pem()
        );
        let table: SecurityGatewayConfig = toml::from_str(&table).unwrap();
        |config| config.city.security_gateway = Some(table)
    }
}

/// What the security gateway adds to a request of `certificate`'s holder.
fn headers(certificate: &Certificate, secret: &str, at: i64, method: &str, path: &str) -> HeaderMap {
    identity_headers(certificate, secret, at, method, path)
        .into_iter()
        .map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::from_str(&value).unwrap())
        })
        .collect()
}

fn good(certificate: &Certificate, path: &str) -> HeaderMap {
    headers(certificate, SECRET, NOW / 1000, "POST", path)
}

/// A person at work behind the security gateway.
struct Worker {
    device: Device,
    token: String,
}

fn signing_in(stage: &Stage, user: &str, device: &Device) -> RequestBuilder {
    let asked = device.session_request("hotline", &stage.city.code_for(user));
    stage.call(Method::POST, SESSIONS).json(&asked)
}

async fn sign_in(stage: &Stage, user: &str, authority: &Authority) -> Worker {
    let device = Device::new();
    let certificate = authority.of_device(&device);
    let request = signing_in(stage, user, &device).headers(good(&certificate, SESSIONS));
    let (status, text) = send(request).await;
    assert_eq!(status, 200, "{text}");
    let grant: Value = serde_json::from_str(&text).unwrap();
    let token = grant["token"].as_str().unwrap().to_owned();
    Worker { device, token }
}

impl Worker {
    fn renews(&self, stage: &Stage) -> RequestBuilder {
        stage.call(Method::POST, GRANT).bearer_auth(&self.token)
    }
}

/// Refused with 403, for this reason, and nothing came of it.
async fn refused(stage: &Stage, request: RequestBuilder, reason: &str) {
    let before = stage.state();
    let (status, text) = send(request).await;
    assert_eq!((status, code(&text).as_str()), (403, "forbidden"), "{text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["message"], reason);
    assert_eq!(body["retryable"], false);
    assert_eq!(stage.state(), before, "{reason}");
}

const PEER: &str = "not from the security gateway";
const MISSING: &str = "no identity of the security gateway";
const REPEATED: &str = "a header of the security gateway stands there twice";
const STALE: &str = "the identity was signed at another time";
const NOT_AUTHENTIC: &str = "the identity is not signed by the security gateway";
const CERTIFICATE: &str = "the identity's certificate does not read";
const UNTRUSTED: &str = "no known authority vouches for the identity's certificate";
const STRANGER: &str = "the security gateway authenticated somebody else";

#[tokio::test(flavor = "multi_thread")]
async fn with_its_own_or_its_users_certificate_a_device_signs_in_and_works() {
    let authority = Authority::new();
    let stage = Stage::start_with(authority.behind("127.0.0.1")).await;
    let worker = sign_in(&stage, HANDLER, &authority).await;
    for certificate in [authority.of_device(&worker.device), authority.of_person(HANDLER)] {
        let (status, text) = send(worker.renews(&stage).headers(good(&certificate, GRANT))).await;
        assert_eq!(status, 200, "{text}");
    }
    let device = Device::new();
    let person = authority.of_person(OTHER_HANDLER);
    let request = signing_in(&stage, OTHER_HANDLER, &device).headers(good(&person, SESSIONS));
    assert_eq!(send(request).await.0, 200);
    // The edges of the minute.
    for at in [NOW / 1000 - 60, NOW / 1000 + 60] {
        let own = authority.of_device(&worker.device);
        let request = worker
            .renews(&stage)
            .headers(headers(&own, SECRET, at, "POST", GRANT));
        assert_eq!(send(request).await.0, 200, "{at}");
    }
    // Pages and health are anybody's.
    assert_eq!(send(stage.call(Method::GET, "/healthz")).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_identity_nothing_under_v1_answers() {
    let authority = Authority::new();
    let stage = Stage::start_with(authority.behind("127.0.0.1")).await;
    let worker = sign_in(&stage, HANDLER, &authority).await;
    refused(&stage, worker.renews(&stage), MISSING).await;
    let device = Device::new();
    refused(&stage, signing_in(&stage, HANDLER, &device), MISSING).await;
    refused(&stage, stage.call(Method::GET, "/v1/trust"), MISSING).await;
    let whole = good(&authority.of_device(&worker.device), GRANT);
    for name in whole.keys() {
        let mut part = whole.clone();
        part.remove(name);
        refused(&stage, worker.renews(&stage).headers(part), MISSING).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_headers_from_another_address_count_for_nothing() {
    let authority = Authority::new();
    let stage = Stage::start_with(authority.behind("127.0.0.9")).await;
    let device = Device::new();
    let own = good(&authority.of_device(&device), SESSIONS);
    let request = signing_in(&stage, HANDLER, &device).headers(own.clone());
    refused(&stage, request, PEER).await;
    // What a request says of its own origin is not asked.
    let request = signing_in(&stage, HANDLER, &device)
        .headers(own)
        .header("X-Forwarded-For", "127.0.0.9")
        .header("Forwarded", "for=127.0.0.9");
    refused(&stage, request, PEER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_not_signed_for_this_request_at_this_time_are_refused() {
    let authority = Authority::new();
    let stage = Stage::start_with(authority.behind("127.0.0.1")).await;
    let worker = sign_in(&stage, HANDLER, &authority).await;
    let own = authority.of_device(&worker.device);
    let now = NOW / 1000;
    let renews = |headers: HeaderMap| worker.renews(&stage).headers(headers);
    for other in [
        headers(&own, "a guess", now, "POST", GRANT),
        headers(&own, "", now, "POST", GRANT),
        headers(&own, SECRET, now, "GET", GRANT),
        headers(&own, SECRET, now, "POST", SESSIONS),
    ] {
        refused(&stage, renews(other), NOT_AUTHENTIC).await;
    }
    // Another certificate under a signature that was made for one's own.
    let mut exchanged = good(&own, GRANT);
    let others = good(&authority.of_person(OTHER_HANDLER), GRANT);
    exchanged.insert("x-sag-cert", others["x-sag-cert"].clone());
    refused(&stage, renews(exchanged), NOT_AUTHENTIC).await;
    for name in ["x-sag-signature", "x-sag-time"] {
        let mut garbled = good(&own, GRANT);
        garbled.insert(name, HeaderValue::from_static("?"));
        refused(&stage, renews(garbled), NOT_AUTHENTIC).await;
    }
    for at in [now - 61, now + 61, 0, i64::MAX] {
        refused(&stage, renews(headers(&own, SECRET, at, "POST", GRANT)), STALE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_given_twice_is_refused_even_if_both_say_the_same() {
    let authority = Authority::new();
    let stage = Stage::start_with(authority.behind("127.0.0.1")).await;
    let worker = sign_in(&stage, HANDLER, &authority).await;
    let whole = good(&authority.of_device(&worker.device), GRANT);
    for (name, value) in &whole {
        let mut doubled = whole.clone();
        doubled.append(name, value.clone());
        refused(&stage, worker.renews(&stage).headers(doubled), REPEATED).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_not_used_under_anybody_elses_certificate() {
    let authority = Authority::new();
    let stage = Stage::start_with(authority.behind("127.0.0.1")).await;
    let worker = sign_in(&stage, HANDLER, &authority).await;
    let key = worker.device.public_key();
    for other in [
        authority.of_device(&Device::new()),
        authority.of_person(OTHER_HANDLER),
        authority.certify(HANDLER, key, Usage::Service, days(-1, 1)),
        authority.certify(HANDLER, key, Usage::Gateway, days(-1, 1)),
    ] {
        let request = worker.renews(&stage).headers(good(&other, GRANT));
        refused(&stage, request, STRANGER).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_in_under_anybody_elses_certificate() {
    let authority = Authority::new();
    let stage = Stage::start_with(authority.behind("127.0.0.1")).await;
    let device = Device::new();
    let asked = device.session_request("hotline", &stage.city.code_for(HANDLER));
    for other in [
        authority.of_device(&Device::new()),
        authority.certify(HANDLER, device.public_key(), Usage::Service, days(-1, 1)),
    ] {
        let request = stage.call(Method::POST, SESSIONS).json(&asked);
        refused(&stage, request.headers(good(&other, SESSIONS)), STRANGER).await;
    }
    // Neither spent the code.
    let own = good(&authority.of_device(&device), SESSIONS);
    let request = stage.call(Method::POST, SESSIONS).json(&asked).headers(own);
    assert_eq!(send(request).await.0, 200);
    let person = good(&authority.of_person(OTHER_HANDLER), SESSIONS);
    let request = signing_in(&stage, HANDLER, &Device::new()).headers(person);
    refused(&stage, request, STRANGER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_counts_only_under_a_configured_authority_and_in_its_time() {
    let authority = Authority::new();
    let stage = Stage::start_with(authority.behind("127.0.0.1")).await;
    let worker = sign_in(&stage, HANDLER, &authority).await;
    let key = worker.device.public_key();
    let of = |validity| authority.certify("device", key, Usage::Device, validity);
    for untrusted in [
        Authority::new().of_device(&worker.device),
        of(days(-5, -1)),
        of(days(1, 5)),
    ] {
        let request = worker.renews(&stage).headers(good(&untrusted, GRANT));
        refused(&stage, request, UNTRUSTED).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_does_not_read_or_is_another_than_named_is_refused() {
    let authority = Authority::new();
    let stage = Stage::start_with(authority.behind("127.0.0.1")).await;
    let worker = sign_in(&stage, HANDLER, &authority).await;
    let own = authority.of_device(&worker.device);
    let signed = |serial: &str, shown: &str| {
        let (now, subject) = (NOW / 1000, "ZGV2aWNl");
        let text = format!("{now}\nPOST\n{GRANT}\n{serial}\n{subject}\n{shown}");
        let tag = shenhai_crypto::hmac_sm3(SECRET.as_bytes(), text.as_bytes());
        worker
            .renews(&stage)
            .header("X-SAG-Time", now.to_string())
            .header("X-SAG-Cert-Serial", serial)
            .header("X-SAG-Cert-Subject", subject)
            .header("X-SAG-Cert", shown)
            .header("X-SAG-Signature", Base64::encode_string(&tag))
    };
    let (serial, shown) = (own.serial_hex(), own.to_base64());
    assert_eq!(send(signed(&serial, &shown)).await.0, 200);
    let another = authority.of_person(HANDLER).serial_hex();
    for (serial, shown) in [
        (&another, &shown),
        (&serial, &"AAAA".to_owned()),
        (&serial, &"?".to_owned()),
        (&serial, &"A".repeat(8 * 1024 + 4)),
    ] {
        refused(&stage, signed(serial, shown), CERTIFICATE).await;
    }
}
