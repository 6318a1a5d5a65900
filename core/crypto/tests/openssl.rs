//! Another implementation agrees: OpenSSL 3 verifies what we sign and signs what we verify, and the same with
//! encryption. Certificates: `openssl_certificates`.
//!
//! Needs the `openssl` command, version 3 (`cargo xtask test` installs it); its absence is a failure, not a skip.

use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_crypto::{PublicKey, SecretKey, Signature, hmac_sm3, sm3, verify_hex};
use support::Bench;

mod support;

/// `SubjectPublicKeyInfo` of an SM2 key up to the point: id-ecPublicKey, curve 1.2.156.10197.1.301, BIT STRING.
const SPKI_HEAD: &str = "3059301306072a8648ce3d020106082a811ccf5501822d034200";
const WITH_DEFAULT_ID: [&str; 5] = ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"];

fn hex(text: &str) -> Vec<u8> {
    base16ct::lower::decode_vec(text).expect("hex")
}

#[test]
fn openssl_verifies_what_we_sign() {
    let bench = Bench::new("verify");
    let rng = &mut StdRng::seed_from_u64(20_261_123);
    for message in ["", "message digest", "{\"v\":1,\"note\":\"办结\"}"] {
        let key = SecretKey::generate(rng);
        bench.write("key.der", &hex(&format!("{SPKI_HEAD}{}", key.public().to_hex())));
        bench.write("message", message.as_bytes());
        bench.write("signature", &key.sign(message.as_bytes(), rng).to_der());
        let arguments = [
            "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der",
        ];
        let files = ["-in", "message", "-sigfile", "signature"];
        bench.must(arguments.into_iter().chain(files).chain(WITH_DEFAULT_ID));

        bench.write("message", format!("{message}.").as_bytes());
        let output = bench.run(arguments.into_iter().chain(files).chain(WITH_DEFAULT_ID));
        assert!(
            !output.status.success(),
            "OpenSSL took a signature for another message"
        );
    }
}

#[test]
fn we_verify_what_openssl_signs() {
    let bench = Bench::new("sign");
    for message in ["message digest", "{\"v\":1,\"note\":\"退单\"}"] {
        bench.must(["genpkey", "-algorithm", "SM2", "-out", "key.pem"]);
        let spki = bench.must(["pkey", "-in", "key.pem", "-pubout", "-outform", "DER"]);
        let public = base16ct::lower::encode_string(&spki[spki.len() - 65..]);
        bench.write("message", message.as_bytes());
        let arguments = ["pkeyutl", "-sign", "-inkey", "key.pem", "-in", "message"];
        let der = bench.must(arguments.into_iter().chain(WITH_DEFAULT_ID));
        let signature = Signature::from_der(&der).expect("DER");
        assert_eq!(signature.to_der(), der);
        let signature = signature.to_hex();
        assert!(verify_hex(&public, message.as_bytes(), &signature).is_valid());
        assert!(!verify_hex(&public, format!("{message}.").as_bytes(), &signature).is_valid());
    }
}

#[test]
fn openssl_gives_the_same_digests_and_codes() {
    let bench = Bench::new("digest");
    for length in [0_usize, 1, 55, 56, 63, 64, 65, 1000] {
        let text: Vec<u8> = (0..length)
            .map(|i| u8::try_from(i % 251).expect("below 251"))
            .collect();
        bench.write("text", &text);
        let digest = bench.must(["dgst", "-sm3", "-r", "text"]);
        assert!(
            digest.starts_with(sm3(&text).to_hex().as_bytes()),
            "{length} bytes"
        );

        // OpenSSL refuses an empty key. 200 bytes are more than a block of SM3.
        let key = if text.is_empty() {
            b"k"
        } else {
            &text[..length.min(200)]
        };
        let option = format!("hexkey:{}", base16ct::lower::encode_string(key));
        let mac = bench.must(["mac", "-digest", "SM3", "-macopt", &option, "-in", "text", "HMAC"]);
        let ours = base16ct::upper::encode_string(&hmac_sm3(key, &text));
        assert_eq!(String::from_utf8_lossy(&mac).trim(), ours, "{length} bytes");
    }
}

#[test]
fn openssl_signs_under_the_identity_that_we_verify_under() {
    let bench = Bench::new("identity");
    let rng = &mut StdRng::seed_from_u64(7);
    let key = SecretKey::generate(rng);
    bench.write("key.der", &hex(&format!("{SPKI_HEAD}{}", key.public().to_hex())));
    bench.write("message", b"message digest");
    let signature = key.sign_with_id("ALICE123@YAHOO.COM", b"message digest", rng);
    bench.write("signature", &signature.expect("a short identity").to_der());
    let arguments = [
        "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der",
    ];
    let files = [
        "-in",
        "message",
        "-sigfile",
        "signature",
        "-rawin",
        "-digest",
        "sm3",
    ];
    let named = ["-pkeyopt", "distid:ALICE123@YAHOO.COM"];
    bench.must(arguments.into_iter().chain(files).chain(named));
    let wrong = bench.run(
        arguments
            .into_iter()
            .chain(files)
            .chain(["-pkeyopt", "distid:1234567812345678"]),
    );
    assert!(
        !wrong.status.success(),
        "OpenSSL took a signature under another identity"
    );
}

/// The secret key of a PEM file that OpenSSL made, from what OpenSSL prints of it.
fn secret_key_of(bench: &Bench, file: &str) -> SecretKey {
    let text = String::from_utf8(bench.must(["pkey", "-in", file, "-noout", "-text"])).expect("text");
    let digits: String = text
        .lines()
        .skip_while(|line| !line.starts_with("priv:"))
        .skip(1)
        .take_while(|line| line.starts_with(' '))
        .flat_map(|line| line.trim().chars().filter(|c| *c != ':'))
        .collect();
    // A leading zero byte is printed when the first bit is set, and none is when the number is short.
    let digits = format!("{:0>64}", digits.trim_start_matches("00"));
    SecretKey::from_bytes(&hex(&digits).try_into().expect("32 bytes")).expect("a key")
}

#[test]
fn we_decrypt_what_openssl_encrypts() {
    let bench = Bench::new("encrypt");
    bench.must(["genpkey", "-algorithm", "SM2", "-out", "key.pem"]);
    let key = secret_key_of(&bench, "key.pem");
    for secret in [&b"k"[..], b"a key of 16 byte", &[0x5a; 300]] {
        bench.write("secret", secret);
        let sealed = bench.must(["pkeyutl", "-encrypt", "-inkey", "key.pem", "-in", "secret"]);
        let opened = key.decrypt_der(&sealed).expect("encrypted for this key");
        assert_eq!(opened.as_slice(), secret);
    }
}

#[test]
fn openssl_decrypts_what_we_encrypt() {
    let bench = Bench::new("decrypt");
    let rng = &mut StdRng::seed_from_u64(8);
    bench.must(["genpkey", "-algorithm", "SM2", "-out", "key.pem"]);
    let spki = bench.must(["pkey", "-in", "key.pem", "-pubout", "-outform", "DER"]);
    let public = PublicKey::from_sec1(&spki[spki.len() - 65..]).expect("a key");
    for secret in [&b"k"[..], b"a key of 16 byte", &[0x5a; 300]] {
        bench.write("sealed", &public.encrypt_der(secret, rng).expect("encrypts"));
        let arguments = ["pkeyutl", "-decrypt", "-inkey", "key.pem", "-in", "sealed"];
        assert_eq!(bench.must(arguments), secret);
    }
}
