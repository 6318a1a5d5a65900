//! What the targets start from: the golden JSON of the protocol, the files shipped with the product, and the
//! few odd inputs kept in `corpus`.
//!
//! No copies: whatever exists elsewhere in the repository is read from there. Called by the smoke tests and by
//! this crate's binary, which writes the seeds out for libFuzzer.

use crate::files::SECRET;
use crate::{database, language, packs, safekeeping};
use serde_json::{Value, json};
use shenhai_crypto::Signature;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The seeds of a target, the larger ones last.
///
/// # Errors
/// When a file of the repository cannot be read or is not of its form.
pub fn of(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let mut seeds = generated(target)?;
    seeds.extend(kept(target)?);
    seeds.sort_by_key(Vec::len);
    seeds.dedup();
    Ok(seeds)
}

fn generated(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let golden = Golden::read()?;
    Ok(match target {
        "answers" => golden.named(&[
            "session_grant",
            "login_target",
            "wake_reply",
            "order_proof",
            "people_list",
            "error_body",
        ]),
        "certificate" => certificates(),
        "chunked_file" => vec![vec![1; 8 + 29], vec![0; 64]],
        "case_bundle" => golden.named(&["case_bundle"]),
        "city_config" => city_files(),
        "container_answers" => container_answers(),
        "crypto_text" => signature_texts()?,
        "der_signature" => signatures_in_der()?,
        "directory" => repository_files(&["tests/scenario/directory.toml"])?,
        "enrolment_code" => vec![
            b"K7QM-3XW9".to_vec(),
            b"shenhai-enrol:2:K7QM3XW9:0123456789abcdef0123456789abcdef".to_vec(),
        ],
        "envelope" => golden.envelopes(),
        "expression" => language::expressions(),
        "flow_files" => repository_files(&[
            "core/flow/data/hotline-flow.toml",
            "core/flow/data/calendar.toml",
            "core/flow/data/deadlines.toml",
        ])?,
        "ingest_order" => vec![platform_order()],
        "key_texts" => vec![b"000102030405060708090a0b0c0d0e0f\n".to_vec(), b"00FFab".to_vec()],
        "pack_files" => packs::seeds(),
        "pin_record" => vec![safekeeping::record().to_bytes().to_vec(), b"274691".to_vec()],
        "pull_reply" => golden.pulls(),
        "push_reply" => golden.pushes(),
        "push_request" => vec![bytes(&json!({ "commands": golden.signed_commands() }))],
        "receipt" => golden.receipts(),
        "record_document" => repository_files(&["core/flow/tests/data/record.txt"])?,
        "rpc_request" => golden.calls(),
        "sm4_blocks" => vec![vec![0; 16 + 16 * 33], vec![0xa5; 16 + 16 * 7 + 3]],
        "sealed_database" => database::sound(),
        "sealed_blob" => vec![vec![1; 29], vec![0; 64]],
        "sm2_ciphertext" => ciphertexts()?,
        "service_answers" => service_answers(),
        "session_request" => golden.named(&["session_request"]),
        "submission" => vec![
            br#"{"parts": [{"code": "water", "price": "80.50"}, {"code": "power", "price": 3}]}"#.to_vec(),
            br#"{"number": "7", "trade": "water", "reported_at": "2026-07-22T10:00:00+08:00", "fixer": "li"}"#.to_vec(),
        ],
        "svs_respond" => svs_responds(),
        "trust_rules" => repository_files(&["gateway/data/trust.toml"])?,
        "value_text" => language::value_texts(),
        "wake_request" => golden.named(&["wake_request"]),
        _ => Vec::new(),
    })
}

/// `tests/vectors/protocol.json`.
struct Golden(Value);

impl Golden {
    fn read() -> io::Result<Self> {
        Ok(Self(vectors("protocol.json")?["types"].take()))
    }

    fn named(&self, names: &[&str]) -> Vec<Vec<u8>> {
        names.iter().map(|name| bytes(&self.0[*name])).collect()
    }

    /// The golden signature, over `payload` only by its form, with what the golden text names.
    fn signed(&self, payload: &Value) -> Value {
        let mut signed = self.0["signed_envelope"].clone();
        signed["payload"] = payload.to_string().into();
        signed
    }

    /// A receipt as its commit gave it.
    fn receipted(&self, payload: &Value) -> Value {
        let mut receipt = self.0["signed_receipt"].clone();
        receipt["payload"] = payload.to_string().into();
        receipt["commit"]["payload"] = self.0["commit"].to_string().into();
        receipt
    }

    /// The golden envelope for every act.
    fn payloads(&self) -> Vec<Value> {
        ["accept", "contact", "reply", "return", "reveal", "reassign"]
            .iter()
            .map(|act| {
                let mut envelope = self.0["envelope"].clone();
                envelope["act"] = (*act).into();
                envelope
            })
            .collect()
    }

    fn signed_commands(&self) -> Vec<Value> {
        self.payloads()
            .iter()
            .map(|payload| self.signed(payload))
            .collect()
    }

    fn envelopes(&self) -> Vec<Vec<u8>> {
        let payloads = self.payloads();
        payloads
            .iter()
            .chain(&self.signed_commands())
            .map(bytes)
            .collect()
    }

    fn receipts(&self) -> Vec<Vec<u8>> {
        ["receipt_accepted", "receipt_refused"]
            .iter()
            .map(|name| &self.0[*name])
            .flat_map(|payload| [bytes(payload), bytes(&self.receipted(payload))])
            .collect()
    }

    fn pulls(&self) -> Vec<Vec<u8>> {
        let mut full = self.0["pull_reply"].clone();
        full["changes"] = json!([self.0["change_upsert"], self.0["change_remove"]]);
        vec![
            bytes(&self.0["pull_reply"]),
            bytes(&full),
            bytes(&self.0["error_body"]),
        ]
    }

    fn pushes(&self) -> Vec<Vec<u8>> {
        let mut full = self.0["push_reply_complete"].clone();
        full["receipts"] = json!([self.receipted(&self.0["receipt_accepted"])]);
        let mut seeds = self.named(&["push_reply", "push_reply_complete", "error_body"]);
        seeds.push(bytes(&full));
        seeds
    }

    fn calls(&self) -> Vec<Vec<u8>> {
        let order = &self.0["work_order"]["id"];
        let submit = |form: &str| json!({ "id": order, "form": self.0[form] });
        let draft =
            |kind: &str, form: &str| json!({ "id": order, "draft": { "kind": kind, "form": self.0[form] } });
        [
            ("session.status", json!({})),
            ("session.begin", json!({ "redirect_uri": "http://localhost/" })),
            (
                "session.sign_in",
                json!({ "code": "c", "state": "s", "kept_state": null }),
            ),
            (
                "orders.list",
                json!({ "filter": "open", "search": "积水", "offset": 0, "limit": 50 }),
            ),
            ("orders.get", json!({ "id": order })),
            ("orders.contact", submit("contact_form")),
            ("orders.reply", submit("reply_form")),
            ("orders.return", submit("return_form")),
            (
                "orders.reassign",
                json!({ "id": order, "to": "h-310101-2", "reason": "休假" }),
            ),
            ("people.list", json!({})),
            ("draft.save", draft("contact", "contact_form_unreached")),
            ("form.check", draft("return", "return_form")),
            ("outbox.retry", json!({ "cmd_id": self.0["envelope"]["cmd_id"] })),
            ("network.hint", json!({ "online": true })),
        ]
        .map(|(method, params)| bytes(&json!({ "method": method, "params": params })))
        .into()
    }
}

/// The documented configuration, and one whose secrets lack their quotes.
fn city_files() -> Vec<Vec<u8>> {
    let good = format!(
        "[container]\ncorp_id = \"c\"\ncorp_secret = \"{SECRET}\"\napi_url = \"http://127.0.0.1:1\"\n\
         authorize_url = \"https://login.example/authorize\"\n\n[platforms.12345]\nsecret = \"{SECRET}\"\n\
         feedback_url = \"http://127.0.0.1:1/feedback\"\n"
    );
    let unquoted = good.replace(&format!("\"{SECRET}\""), SECRET);
    vec![good.into_bytes(), unquoted.into_bytes()]
}

/// The standard's keys and signatures: alone, and as key, signature and message.
fn signature_texts() -> io::Result<Vec<Vec<u8>>> {
    let cases = vectors("sm2.json")?["cases"].take();
    let text = |case: &Value, name: &str| case[name].as_str().unwrap_or_default().to_owned();
    Ok(cases
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|case| {
            let (key, signature) = (text(case, "public_key"), text(case, "signature"));
            let all = format!("{key}\n{signature}\n{}", text(case, "message"));
            [key, signature, all].map(String::into_bytes)
        })
        .collect())
}

fn signatures_in_der() -> io::Result<Vec<Vec<u8>>> {
    let cases = vectors("sm2.json")?["cases"].take();
    Ok(cases
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|case| Signature::from_hex(case["signature"].as_str()?).ok())
        .map(|signature| signature.to_der())
        .collect())
}

/// The standard's cipher text, in both forms.
fn ciphertexts() -> io::Result<Vec<Vec<u8>>> {
    let case = vectors("sm2.json")?["encryption"].take();
    let part = |name: &str| case[name].as_str().unwrap_or_default().to_owned();
    let (c1, c3, c2) = (part("c1"), part("c3"), part("c2"));
    let (x, y) = c1.split_at(c1.len() / 2);
    let forms = [
        format!("04{c1}{c3}{c2}"),
        format!("307c0220{x}022100{y}0420{c3}0413{c2}"),
    ];
    Ok(forms.iter().map(|form| unhex(form)).collect())
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .filter_map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok())
        .collect()
}

/// A root and a leaf, as DER, and the leaf as text.
fn certificates() -> Vec<Vec<u8>> {
    let [root, leaf] = safekeeping::certificates();
    vec![
        root.to_der().to_vec(),
        leaf.to_der().to_vec(),
        leaf.to_pem().into_bytes(),
        leaf.to_base64().into_bytes(),
    ]
}

fn kept(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::read_dir(folder)?
        .map(|entry| fs::read(entry?.path()))
        .collect()
}

fn repository_files(paths: &[&str]) -> io::Result<Vec<Vec<u8>>> {
    paths.iter().map(|path| fs::read(root().join(path))).collect()
}

fn vectors(name: &str) -> io::Result<Value> {
    Ok(serde_json::from_slice(&fs::read(
        root().join("tests/vectors").join(name),
    )?)?)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// A check that held and a signature, as `SVSRespond`: lengths and tags worked out by hand.
fn svs_responds() -> Vec<Vec<u8>> {
    let time = b"\x18\x0f20261124000000Z";
    let held = [
        b"\x30\x1c\x02\x01\x00\x02\x01\x04\xa4\x03\x02\x01\x00".as_slice(),
        time,
    ]
    .concat();
    let head =
        b"\x30\x26\x02\x01\x00\x02\x01\x03\xa3\x0d\x02\x01\x00\x04\x08\x30\x06\x02\x01\x05\x02\x01\x07";
    vec![held, [head.as_slice(), time].concat()]
}

/// The order of docs/city-interfaces.md.
fn platform_order() -> Vec<u8> {
    bytes(&json!({
        "orderNo": "SH20261123000017", "urgency": "普通", "appealType": "求助", "category": "排水/管道堵塞",
        "title": "路面积水", "content": "下雨后路口积水", "address": "某路 1 号", "areaCode": "310101",
        "lng": 121.48, "lat": 31.23, "coordType": "wgs84",
        "caller": {"name": "样例", "phone": "13800001234", "anonymous": false, "confidential": false},
        "acceptTime": "2026-11-20 09:12:33", "isReview": false, "supervised": false, "urgeCount": 0,
        "duplicateOrderNo": null
    }))
}

fn container_answers() -> Vec<Vec<u8>> {
    [
        json!({"errcode": 0, "errmsg": "ok", "access_token": "t", "expires_in": 3600}),
        json!({"errcode": 0, "errmsg": "ok", "UserId": "h310101"}),
        json!({"errcode": 40029, "errmsg": "invalid code"}),
        json!({"errcode": 42001, "errmsg": "token expired"}),
    ]
    .iter()
    .map(bytes)
    .collect()
}

fn service_answers() -> Vec<Vec<u8>> {
    [
        "respValue=0&signature=MAYCAQUCAQc%3D&provider=emulated",
        "respValue=67108876",
        r#"{"code":0,"message":"ok","data":{"signature":"MAYCAQUCAQc="}}"#,
        r#"{"code":0,"data":{"result":true}}"#,
        r#"{"code":"0","msg":"SUCCESS","data":"MAYCAQUCAQc="}"#,
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
