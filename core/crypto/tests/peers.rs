//! Two more implementations agree: PyPI's `cryptography` and npm's `sm-crypto-v2`, each asked through its script in
//! `tests/peers`. Their absence is a failure that names the command, not a skip.

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use shenhai_crypto::{SealingKey, SecretKey, Signature, pbkdf2_hmac_sm3};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const INSTALL: &str = "install the peers with `cargo xtask setup`, or by hand as tests/peers/README.md says";

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers")
}

/// The answers of a peer, one for each question.
fn ask(program: &Path, installed: &str, script: &str, questions: &[Value]) -> Vec<Value> {
    assert!(
        peers().join(installed).exists(),
        "{installed} is missing: {INSTALL}"
    );
    let mut child = Command::new(program)
        .arg(peers().join(script))
        .current_dir(peers())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}: {INSTALL}", program.display()));
    let mut input = child.stdin.take().expect("a pipe");
    input
        .write_all(json!(questions).to_string().as_bytes())
        .expect("the peer reads");
    drop(input);
    let output = child.wait_with_output().expect("the peer ends");
    assert!(output.status.success(), "{script} failed, see above");
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).expect("a list of answers");
    assert_eq!(answers.len(), questions.len());
    answers
}

fn python(questions: &[Value]) -> Vec<Value> {
    let program = peers().join(".venv/bin/python");
    ask(&program, ".venv/bin/python", "pyca.py", questions)
}

fn node(questions: &[Value]) -> Vec<Value> {
    ask(
        Path::new("node"),
        "node_modules/sm-crypto-v2",
        "sm_crypto.mjs",
        questions,
    )
}

fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

fn unhex(value: &Value) -> Vec<u8> {
    base16ct::lower::decode_vec(value.as_str().expect("a text")).expect("hex")
}

/// Contents around the block and the chunk of GCM.
const LENGTHS: [usize; 7] = [0, 1, 15, 16, 17, 1000, 65_536];
const AAD: &[u8] = "orders/附件".as_bytes();

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| at.to_le_bytes()[0] ^ 0x5a).collect()
}

/// A blob of ours is `01 ‖ nonce ‖ cipher text and tag`: the question that opens it.
fn open_question(key: &SealingKey, sealed: &[u8], aad: &[u8]) -> Value {
    json!({
        "ask": "open", "key": hex(key.to_bytes().as_slice()), "nonce": hex(&sealed[1..13]),
        "aad": hex(aad), "text": hex(&sealed[13..]),
    })
}

fn peer_opens_ours(peer: fn(&[Value]) -> Vec<Value>) {
    let rng = &mut StdRng::seed_from_u64(1);
    let key = SealingKey::generate(rng);
    let sealed: Vec<_> = LENGTHS.map(|len| key.seal(&content(len), AAD, rng)).into();
    let mut questions: Vec<_> = sealed.iter().map(|blob| open_question(&key, blob, AAD)).collect();
    let mut changed = sealed[5].clone();
    changed[20] ^= 1;
    questions.push(open_question(&key, &changed, AAD));
    questions.push(open_question(&key, &sealed[5], b"elsewhere"));
    let answers = peer(&questions);
    for (answer, len) in answers.iter().zip(LENGTHS) {
        assert_eq!(unhex(answer), content(len), "{len} bytes");
    }
    assert_eq!(answers[7..], [Value::Null, Value::Null], "changed, and elsewhere");
}

fn we_open_the_peers(peer: fn(&[Value]) -> Vec<Value>) {
    let key = SealingKey::generate(&mut StdRng::seed_from_u64(2));
    let nonce = [7_u8; 12];
    let questions = LENGTHS.map(|len| {
        json!({
            "ask": "seal", "key": hex(key.to_bytes().as_slice()), "nonce": hex(&nonce),
            "aad": hex(AAD), "text": hex(&content(len)),
        })
    });
    for (answer, len) in peer(&questions).iter().zip(LENGTHS) {
        let blob = [&[1], &nonce[..], &unhex(answer)].concat();
        assert_eq!(key.open(&blob, AAD), Ok(content(len)), "{len} bytes");
        assert!(key.open(&blob, b"elsewhere").is_err());
    }
}

#[test]
fn cryptography_opens_our_sm4_gcm() {
    peer_opens_ours(python);
}

#[test]
fn we_open_the_sm4_gcm_of_cryptography() {
    we_open_the_peers(python);
}

#[test]
fn sm_crypto_opens_our_sm4_gcm() {
    peer_opens_ours(node);
}

#[test]
fn we_open_the_sm4_gcm_of_sm_crypto() {
    we_open_the_peers(node);
}

#[test]
fn cryptography_stretches_a_pin_to_the_same_key() {
    let cases = [
        ("274691", 1000_u32, 16_usize),
        ("口令", 1, 32),
        ("0000", 4096, 80),
    ];
    let questions = cases.map(|(password, iterations, length)| {
        json!({
            "ask": "pbkdf2", "password": hex(password.as_bytes()), "salt": hex(&[9; 16]),
            "iterations": iterations, "length": length,
        })
    });
    for (answer, (password, iterations, length)) in python(&questions).iter().zip(cases) {
        let mut ours = vec![0; length];
        pbkdf2_hmac_sm3(password.as_bytes(), &[9; 16], iterations, &mut ours);
        assert_eq!(unhex(answer), ours, "{password}");
    }
}

#[test]
fn sm_crypto_verifies_what_we_sign() {
    let rng = &mut StdRng::seed_from_u64(3);
    let key = SecretKey::generate(rng);
    let mut questions = Vec::new();
    for message in ["", "message digest", "{\"v\":1,\"note\":\"办结\"}"] {
        let signature = key.sign(message.as_bytes(), rng);
        for (der, text) in [(false, signature.to_hex()), (true, hex(&signature.to_der()))] {
            for message in [message.to_owned(), format!("{message}.")] {
                questions.push(json!({
                    "ask": "verify", "publicKey": key.public().to_hex(), "message": hex(message.as_bytes()),
                    "signature": text, "der": der,
                }));
            }
        }
    }
    let expected = [true, false].repeat(questions.len() / 2);
    assert_eq!(node(&questions), expected);
}

#[test]
fn we_verify_what_sm_crypto_signs() {
    let key = SecretKey::generate(&mut StdRng::seed_from_u64(4));
    let messages = ["message digest", "{\"v\":1,\"note\":\"退单\"}"];
    for der in [false, true] {
        let questions = messages.map(|message| {
            json!({
                "ask": "sign", "secretKey": hex(key.to_bytes().as_slice()), "publicKey": key.public().to_hex(),
                "message": hex(message.as_bytes()), "der": der,
            })
        });
        for (answer, message) in node(&questions).iter().zip(messages) {
            let signature = match der {
                true => Signature::from_der(&unhex(answer)).expect("DER"),
                false => Signature::from_hex(answer.as_str().expect("a text")).expect("128 digits"),
            };
            assert!(key.public().verify(message.as_bytes(), &signature).is_valid());
            assert!(!key.public().verify(b"another", &signature).is_valid());
        }
    }
}

#[test]
fn sm_crypto_decrypts_what_we_encrypt() {
    let rng = &mut StdRng::seed_from_u64(5);
    let (key, other) = (SecretKey::generate(rng), SecretKey::generate(rng));
    let secrets = [content(1), content(16), content(33), content(300)];
    let mut questions = Vec::new();
    for secret in &secrets {
        // Its C1 stands without the 04 of an uncompressed point.
        let plain = hex(&key.public().encrypt(secret, rng).expect("encrypts")[1..]);
        let der = hex(&key.public().encrypt_der(secret, rng).expect("encrypts"));
        for (text, asn1) in [(plain, false), (der, true)] {
            for key in [&key, &other] {
                let secret_key = hex(key.to_bytes().as_slice());
                questions
                    .push(json!({ "ask": "decrypt", "secretKey": secret_key, "text": text, "asn1": asn1 }));
            }
        }
    }
    for (answers, secret) in node(&questions).chunks(4).zip(&secrets) {
        let expected = Value::from(hex(secret));
        assert_eq!(
            answers,
            [&expected, &Value::Null, &expected, &Value::Null].map(Clone::clone)
        );
    }
}

#[test]
fn we_decrypt_what_sm_crypto_encrypts() {
    let key = SecretKey::generate(&mut StdRng::seed_from_u64(6));
    let secrets = [content(1), content(16), content(33), content(300)];
    for asn1 in [false, true] {
        let questions: Vec<_> = secrets
            .iter()
            .map(|secret| {
                json!({ "ask": "encrypt", "publicKey": key.public().to_hex(), "text": hex(secret), "asn1": asn1 })
            })
            .collect();
        for (answer, secret) in node(&questions).iter().zip(&secrets) {
            let opened = match asn1 {
                true => key.decrypt_der(&unhex(answer)),
                false => key.decrypt(&[&[4], &unhex(answer)[..]].concat()),
            };
            assert_eq!(
                opened.as_ref().map(|plain| plain.as_slice()),
                Ok(secret.as_slice())
            );
        }
    }
}
