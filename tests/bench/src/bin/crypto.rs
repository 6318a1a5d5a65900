//! `shenhai-bench-crypto`: SM4-CTR and SM4-GCM throughput, ours and RustCrypto's table-based one, and SM2
//! signature times, as one JSON object.
//!
//! Not a test of correctness. `cargo xtask bench crypto` runs it beside `tests/bench/peer`, which measures the
//! same messages in the same way.

use aes_gcm::AesGcm;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, KeyInit};
use ctr::Ctr128BE;
use ctr::cipher::{BlockCipherEncrypt, BlockSizeUser, KeyIvInit, StreamCipher, consts::U16};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use serde_json::{Map, Value, json};
use shenhai_crypto::SecretKey;
use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// Bytes of one message: a page, a photo, a video's part.
const SIZES: [(&str, usize); 3] = [("4 KiB", 4 << 10), ("1 MiB", 1 << 20), ("16 MiB", 16 << 20)];
/// Each figure is the best of these: what the machine can do when nothing else disturbs it.
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(200);

fn main() -> Result<(), std::io::Error> {
    let mut figures = Map::new();
    modes::<shenhai_sm4::Sm4>("", &mut figures);
    modes::<sm4::Sm4>("table ", &mut figures);
    signatures(&mut figures);
    writeln!(std::io::stdout(), "{}", Value::Object(figures))
}

/// MB/s (10^6 bytes per second) of both modes over one block function.
fn modes<C>(prefix: &str, figures: &mut Map<String, Value>)
where
    C: BlockCipherEncrypt
        + BlockSizeUser<BlockSize = U16>
        + ctr::cipher::KeySizeUser<KeySize = U16>
        + KeyInit,
{
    for (size, bytes) in SIZES {
        let mut message = vec![5; bytes];
        let ctr = best(|| {
            Ctr128BE::<C>::new(&[7; 16].into(), &[0; 16].into()).apply_keystream(black_box(&mut message));
        });
        let gcm = AesGcm::<C, U12>::new(&[7; 16].into());
        let gcm = best(|| {
            let tag =
                gcm.encrypt_inout_detached(&[0; 12].into(), &[], black_box(message.as_mut_slice()).into());
            let _ = black_box(tag);
        });
        for (mode, per_second) in [("ctr", ctr), ("gcm", gcm)] {
            figures.insert(
                format!("{prefix}{mode} {size}"),
                json!(per_second * bytes as f64 / 1e6),
            );
        }
    }
}

/// Microseconds of one signature and of one verification of 512 bytes.
fn signatures(figures: &mut Map<String, Value>) {
    let mut rng = UnwrapErr(SysRng);
    let key = SecretKey::generate(&mut rng);
    let message = [3; 512];
    let signature = key.sign(&message, &mut rng);
    let sign = best(|| {
        black_box(key.sign(&message, &mut rng));
    });
    let verify = best(|| {
        assert!(
            key.public().verify(&message, &signature).is_valid(),
            "its own signature"
        );
    });
    figures.insert("sm2 sign".to_owned(), json!(1e6 / sign));
    figures.insert("sm2 verify".to_owned(), json!(1e6 / verify));
}

/// Runs per second, the best of some rounds.
fn best(mut run: impl FnMut()) -> f64 {
    run();
    let mut best: f64 = 0.0;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let mut runs = 0_u32;
        while began.elapsed() < ROUND {
            run();
            runs += 1;
        }
        best = best.max(f64::from(runs) / began.elapsed().as_secs_f64());
    }
    best
}
