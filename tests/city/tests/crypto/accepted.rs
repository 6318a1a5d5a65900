//! The adapters against each emulated service and each fault, and what a third party (OpenSSL) makes of the emulators'
//! certificates and signatures.

use crate::stage::{Emulators, NOW, clock};
use serde_json::{Value, json};
use shenhai_city::CryptoService;
use shenhai_crypto::{
    Certificate, IndeterminateReason, InvalidReason, KeyRef, Provider, ProviderError, ProviderKind,
    Signature, Verdict, sm3,
};
use shenhai_gateway::{CityProvider, ConnectError, CryptoConfigError};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

const MESSAGE: &[u8] = "收据：工单已办结".as_bytes();

impl Emulators {
    async fn fault(&self, mode: &str, count: u32, delay_ms: u64) {
        let order = json!({"mode": mode, "count": count, "delay_ms": delay_ms});
        let url = format!("{}/admin/crypto-faults", self.city.url());
        let answer = client().post(url).json(&order).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{mode}");
    }

    async fn get(&self, path: &str) -> String {
        let answer = client().get(format!("{}{path}", self.city.url())).send().await;
        answer.expect("an answer").text().await.expect("text")
    }
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

fn receipt() -> KeyRef {
    KeyRef::new("receipt")
}

/// Run on a thread that may block, as the writer's does.
async fn away<T: Send + 'static>(
    provider: &Arc<CityProvider>,
    work: impl FnOnce(&CityProvider) -> T + Send + 'static,
) -> T {
    let provider = Arc::clone(provider);
    tokio::task::spawn_blocking(move || work(&provider))
        .await
        .expect("no panic")
}

async fn sign(provider: &Arc<CityProvider>) -> Result<Signature, ProviderError> {
    away(provider, |provider| provider.sign(&receipt(), MESSAGE)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_signs_and_checks_under_its_own_certificate() {
    let emulators = Emulators::start().await;
    for service in CryptoService::ALL {
        let provider = emulators.connect(service).await.expect("a connection");
        let origin = provider.origin();
        assert!(origin.emulated && origin.certified.is_none(), "{service:?}");
        assert_ne!(origin.kind, ProviderKind::Software);
        let certificate = provider.certificate(&receipt()).expect("shown").clone();
        assert_eq!(certificate.issuer_common_name(), "EMULATOR CA");
        let signature = sign(&provider).await.expect("a signature");
        assert!(certificate.public_key().verify(MESSAGE, &signature).is_valid());
        let key = certificate.public_key().clone();
        let verdicts = away(&provider, move |provider| {
            let stranger = shenhai_crypto::SecretKey::from_bytes(&[7; 32]).expect("a key");
            [
                provider.verify(&key, MESSAGE, &signature),
                provider.verify(&key, b"another text", &signature),
                provider.verify(stranger.public(), MESSAGE, &signature),
            ]
        });
        let unknown = Verdict::Indeterminate(IndeterminateReason::UnknownKey);
        let expected = [Verdict::Valid, Verdict::Invalid(InvalidReason::Mismatch), unknown];
        assert_eq!(verdicts.await, expected, "{service:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_json_service_seals_opens_wraps_digests_and_draws() {
    let emulators = Emulators::start().await;
    let provider = emulators
        .connect(CryptoService::Json)
        .await
        .expect("a connection");
    away(&provider, |provider| {
        let key = KeyRef::new("sealing");
        let sealed = provider.seal(&key, MESSAGE, b"row 1").expect("sealed");
        assert_eq!(provider.open(&key, &sealed, b"row 1").as_deref(), Ok(MESSAGE));
        assert_eq!(
            provider.open(&key, &sealed, b"row 2"),
            Err(ProviderError::NotAuthentic)
        );
        let wrapped = provider.wrap(&key, &[9; 16]).expect("wrapped");
        assert_eq!(
            provider.unwrap(&key, &wrapped).expect("unwrapped").as_slice(),
            [9; 16]
        );
        assert_eq!(
            provider.open(&key, &wrapped, b""),
            Err(ProviderError::NotAuthentic)
        );
        assert_eq!(provider.digest(MESSAGE), Ok(sm3(MESSAGE)));
        let mut drawn = [0; 48];
        provider.random(&mut drawn).expect("random bytes");
        assert_ne!(drawn, [0; 48]);
        assert_eq!(provider.sign(&key, MESSAGE), Err(ProviderError::WrongUse));
        assert_eq!(
            provider.seal(&receipt(), MESSAGE, b""),
            Err(ProviderError::WrongUse)
        );
        assert_eq!(
            provider.sign(&KeyRef::new("x"), MESSAGE),
            Err(ProviderError::UnknownKey)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_service_does_not_seal() {
    let emulators = Emulators::start().await;
    let mut config = emulators.config(CryptoService::SvsAsn1);
    config.keys.extend(emulators.config(CryptoService::Json).keys);
    let connected = tokio::task::spawn_blocking(move || CityProvider::connect(&config, clock()));
    let provider = Arc::new(connected.await.expect("no panic").expect("a connection"));
    let sealed = away(&provider, |provider| {
        provider.seal(&KeyRef::new("sealing"), MESSAGE, b"")
    });
    assert_eq!(sealed.await, Err(ProviderError::Unsupported));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_has_its_error_and_none_is_a_signature_or_valid() {
    let emulators = Emulators::start().await;
    let faults = [
        ("timeout", ProviderError::Timeout, IndeterminateReason::Timeout),
        (
            "error500",
            ProviderError::Unavailable,
            IndeterminateReason::Unavailable,
        ),
        ("garbage", ProviderError::Garbled, IndeterminateReason::Garbled),
        ("truncated", ProviderError::Garbled, IndeterminateReason::Garbled),
        ("refused", ProviderError::Refused, IndeterminateReason::Refused),
    ];
    for service in CryptoService::ALL {
        let provider = emulators.connect(service).await.expect("a connection");
        let good = sign(&provider).await.expect("a signature");
        let key = away(&provider, |provider| provider.public_key(&receipt()))
            .await
            .expect("a key");
        for (mode, error, reason) in faults {
            emulators.fault(mode, 1, 0).await;
            assert_eq!(sign(&provider).await, Err(error), "{service:?} {mode}");
            // In between a good call, so that the breaker stays closed.
            assert!(sign(&provider).await.is_ok(), "{service:?} after {mode}");
            emulators.fault(mode, 1, 0).await;
            let (key, good) = (key.clone(), good.clone());
            let verdict = away(&provider, move |provider| provider.verify(&key, MESSAGE, &good)).await;
            assert_eq!(verdict, Verdict::Indeterminate(reason), "{service:?} {mode}");
            assert!(!verdict.is_valid());
        }
        emulators.fault("wrong_signature", 1, 0).await;
        assert_eq!(sign(&provider).await, Err(ProviderError::Garbled), "{service:?}");
        emulators.fault("slow", 1, 50).await;
        assert!(sign(&provider).await.is_ok(), "{service:?}: slow, but in time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_with_another_certificate_is_not_connected_to() {
    let emulators = Emulators::start().await;
    for service in CryptoService::ALL {
        let shown = emulators.connect(service).await.expect("a connection");
        let key = shown.certificate(&receipt()).expect("shown").public_key().clone();
        let mut config = emulators.config(service);
        let place = config.keys.get_mut("receipt").expect("the key");
        place.fingerprint = Some(shenhai_crypto::sm3(&key.to_sec1()).to_hex());
        emulators.fault("wrong_certificate", 1, 0).await;
        let connecting = tokio::task::spawn_blocking(move || CityProvider::connect(&config, clock()));
        let refused = connecting.await.expect("no panic").err();
        assert_eq!(
            refused,
            Some(ConnectError::OtherKey("receipt".to_owned())),
            "{service:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_certified_by_another_authority_is_not_connected_to() {
    let (emulators, others) = (Emulators::start().await, Emulators::start().await);
    for service in CryptoService::ALL {
        let mut config = emulators.config(service);
        config.authorities = others.config(service).authorities;
        let unpinned = {
            let mut config = config.clone();
            config.authorities.clear();
            config
        };
        for (config, refusal) in [
            (config, ConnectError::Untrusted("receipt".to_owned())),
            (
                unpinned,
                ConnectError::Config(CryptoConfigError::Unpinned("receipt".to_owned())),
            ),
        ] {
            let connecting = tokio::task::spawn_blocking(move || CityProvider::connect(&config, clock()));
            let refused = connecting.await.expect("no panic").err();
            assert_eq!(refused, Some(refusal), "{service:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_service_holds_the_caller_for_three_timeouts_and_then_no_longer() {
    let emulators = Emulators::start().await;
    let provider = emulators
        .connect(CryptoService::SvsAsn1)
        .await
        .expect("a connection");
    emulators.fault("timeout", 100, 0).await;
    for _ in 0..3 {
        assert_eq!(sign(&provider).await, Err(ProviderError::Timeout));
    }
    let began = Instant::now();
    for _ in 0..50 {
        assert_eq!(sign(&provider).await, Err(ProviderError::Unavailable));
    }
    assert!(
        began.elapsed() < Duration::from_millis(400),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_reads_the_certificates_and_verifies_the_signatures() {
    let emulators = Emulators::start().await;
    let provider = emulators
        .connect(CryptoService::SvsAsn1)
        .await
        .expect("a connection");
    let signature = sign(&provider).await.expect("a signature");
    let certificate = provider.certificate(&receipt()).expect("shown").to_pem();
    let authority = emulators.get("/admin/crypto-authority").await;
    assert!(Certificate::from_pem(&authority).is_ok());
    let dir = tempfile::tempdir().expect("a directory");
    let files = [
        ("ca.pem", authority.as_bytes()),
        ("cert.pem", certificate.as_bytes()),
        ("message", MESSAGE),
        ("signature", &signature.to_der()),
    ];
    for (name, bytes) in files {
        std::fs::write(dir.path().join(name), bytes).expect("a file");
    }
    let subject = openssl(dir.path(), "x509 -in cert.pem -noout -subject -issuer -pubkey");
    assert!(
        subject.contains("EMULATOR receipt") && subject.contains("EMULATOR CA"),
        "{subject}"
    );
    let key = &subject[subject.find("-----BEGIN").expect("a key")..];
    std::fs::write(dir.path().join("key.pem"), key).expect("a file");
    let checked = openssl(
        dir.path(),
        "pkeyutl -verify -pubin -inkey key.pem -rawin -in message -sigfile signature -digest sm3 \
         -pkeyopt distid:1234567812345678",
    );
    assert!(checked.contains("Verified Successfully"), "{checked}");
    let parsed = openssl(dir.path(), "asn1parse -inform DER -in signature");
    assert_eq!(parsed.matches("INTEGER").count(), 2, "{parsed}");
    let chain = openssl(
        dir.path(),
        &format!("verify -attime {NOW} -vfyopt distid:1234567812345678 -CAfile ca.pem cert.pem"),
    );
    assert!(chain.contains("cert.pem: OK"), "{chain}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_service_wish_and_fault_and_the_mark() {
    let emulators = Emulators::start().await;
    let provider = emulators.connect(CryptoService::Sof).await.expect("a connection");
    emulators.fault("refused", 1, 0).await;
    assert_eq!(sign(&provider).await, Err(ProviderError::Refused));
    let log: Value = serde_json::from_str(&emulators.get("/admin/crypto-log").await).expect("JSON");
    let last = &log["requests"][0];
    assert_eq!(
        (
            last["service"].as_str(),
            last["wish"].as_str(),
            last["fault"].as_str(),
            last["provider"].as_str()
        ),
        (Some("sof"), Some("sign"), Some("refused"), Some("emulated"))
    );
    assert!(emulators.get("/").await.contains("密码服务请求（模拟）"));
}

fn openssl(dir: &Path, arguments: &str) -> String {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(dir)
        .output();
    let output = output.expect("this test needs the openssl command, version 3");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{arguments}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}
