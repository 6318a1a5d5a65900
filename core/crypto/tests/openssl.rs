//! Another implementation agrees: OpenSSL 3 verifies what we sign and signs what we verify.
//!
//! Needs the `openssl` command, version 3 (`cargo xtask test` installs it); its absence is a failure, not a skip.

use rand::SeedableRng;
use rand::rngs::StdRng;
use shenhai_crypto::{SecretKey, Signature, hmac_sm3, sm3, verify_hex};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// `SubjectPublicKeyInfo` of an SM2 key up to the point: id-ecPublicKey, curve 1.2.156.10197.1.301, BIT STRING.
const SPKI_HEAD: &str = "3059301306072a8648ce3d020106082a811ccf5501822d034200";
const WITH_DEFAULT_ID: [&str; 5] = ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"];

struct Bench {
    dir: PathBuf,
}

impl Bench {
    fn new(name: &str) -> Self {
        let version = Command::new("openssl").arg("version").output();
        assert!(
            version.is_ok_and(|output| output.stdout.starts_with(b"OpenSSL 3")),
            "this test needs OpenSSL 3; install it with the package manager"
        );
        let dir =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("openssl-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a directory below target");
        Self { dir }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.file(name);
        std::fs::write(&path, bytes).expect("a file below target");
        path
    }

    fn run<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Output {
        Command::new("openssl")
            .args(arguments)
            .current_dir(&self.dir)
            .output()
            .expect("openssl runs")
    }

    fn must<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn hex(text: &str) -> Vec<u8> {
    base16ct::lower::decode_vec(text).expect("hex")
}

/// `r‖s` as DER `SEQUENCE { INTEGER r, INTEGER s }`.
fn to_der(signature: &Signature) -> Vec<u8> {
    let bytes = hex(&signature.to_hex());
    let mut body = Vec::new();
    for number in bytes.chunks(32) {
        let digits: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign_byte = usize::from(digits[0] >= 0x80);
        body.extend([2, u8::try_from(digits.len() + sign_byte).expect("at most 33")]);
        body.extend(std::iter::repeat_n(0, sign_byte));
        body.extend(digits);
    }
    [vec![0x30, u8::try_from(body.len()).expect("at most 70")], body].concat()
}

/// The reverse of [`to_der`], as 128 hex digits.
fn from_der(der: &[u8]) -> String {
    assert_eq!((der[0], usize::from(der[1])), (0x30, der.len() - 2));
    let mut rest = &der[2..];
    let mut out = String::new();
    for _ in 0..2 {
        assert_eq!(rest[0], 2);
        let (number, after) = rest[2..].split_at(usize::from(rest[1]));
        let digits = base16ct::lower::encode_string(number);
        out.push_str(&format!("{:0>64}", digits.trim_start_matches("00")));
        rest = after;
    }
    assert!(rest.is_empty());
    out
}

#[test]
fn openssl_verifies_what_we_sign() {
    let bench = Bench::new("verify");
    let rng = &mut StdRng::seed_from_u64(20_261_123);
    for message in ["", "message digest", "{\"v\":1,\"note\":\"办结\"}"] {
        let key = SecretKey::generate(rng);
        bench.write("key.der", &hex(&format!("{SPKI_HEAD}{}", key.public().to_hex())));
        bench.write("message", message.as_bytes());
        bench.write("signature", &to_der(&key.sign(message.as_bytes(), rng)));
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
        let signature = from_der(&bench.must(arguments.into_iter().chain(WITH_DEFAULT_ID)));
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
