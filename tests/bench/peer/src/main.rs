//! `shenhai-bench-peer`: SM4-CTR and SM4-GCM throughput and SM2 signature times of Botan, as one JSON object.
//!
//! Not our code under test. `cargo xtask bench crypto` runs it right after ours, on the same core, with the same
//! sizes, the same repetitions and a buffer that is reused, and puts the figures side by side.

use botan::{Cipher, CipherDirection, EcGroup, Privkey, RandomNumberGenerator, Signer, Verifier};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Bytes of one message: a page, a photo, a video's part.
const SIZES: [(&str, usize); 3] = [("4 KiB", 4 << 10), ("1 MiB", 1 << 20), ("16 MiB", 16 << 20)];
/// Each figure is the best of these: what the machine can do when nothing else disturbs it.
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(200);
/// GM/T 0009's default identity, and SM3.
const SM2: &str = "1234567812345678,SM3";

fn main() -> Result<(), botan::Error> {
    let mut figures = Vec::new();
    for (mode, name) in [("CTR(SM4)", "ctr"), ("SM4/GCM", "gcm")] {
        for (size, bytes) in SIZES {
            let speed = throughput(mode, bytes)?;
            figures.push(format!("\"{name} {size}\":{speed:.1}"));
        }
    }
    let (sign, verify) = signatures()?;
    figures.push(format!("\"sm2 sign\":{sign:.2}"));
    figures.push(format!("\"sm2 verify\":{verify:.2}"));
    println!("{{{}}}", figures.join(","));
    Ok(())
}

/// MB/s (10^6 bytes per second).
fn throughput(mode: &str, bytes: usize) -> Result<f64, botan::Error> {
    let mut cipher = Cipher::new(mode, CipherDirection::Encrypt)?;
    cipher.set_key(&[7; 16])?;
    let nonce = vec![0; cipher.default_nonce_length()];
    let message = vec![5; bytes];
    let mut sealed = vec![0; bytes + 64];
    let per_second = best(|| {
        cipher.start(&nonce)?;
        black_box(cipher.finish_into(black_box(&message), &mut sealed)?);
        Ok(())
    })?;
    Ok(per_second * bytes as f64 / 1e6)
}

/// Microseconds of one signature and of one verification of 512 bytes.
fn signatures() -> Result<(f64, f64), botan::Error> {
    let mut rng = RandomNumberGenerator::new_system()?;
    let key = Privkey::create_ec("SM2", &EcGroup::from_name("sm2p256v1")?, &mut rng)?;
    let message = [3; 512];
    let mut signer = Signer::new(&key, SM2)?;
    let sign = best(|| {
        signer.update(&message)?;
        black_box(signer.finish(&mut rng)?);
        Ok(())
    })?;
    signer.update(&message)?;
    let signature = signer.finish(&mut rng)?;
    let mut verifier = Verifier::new(&key.pubkey()?, SM2)?;
    let verify = best(|| {
        verifier.update(&message)?;
        assert!(verifier.finish(&signature)?, "its own signature");
        Ok(())
    })?;
    Ok((1e6 / sign, 1e6 / verify))
}

/// Runs per second, the best of some rounds.
fn best(mut run: impl FnMut() -> Result<(), botan::Error>) -> Result<f64, botan::Error> {
    run()?;
    let mut best: f64 = 0.0;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let mut runs = 0_u32;
        while began.elapsed() < ROUND {
            run()?;
            runs += 1;
        }
        best = best.max(f64::from(runs) / began.elapsed().as_secs_f64());
    }
    Ok(best)
}
