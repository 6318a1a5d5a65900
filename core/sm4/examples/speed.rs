//! Measures SM4-GCM and SM4-CTR on every backend of this machine beside RustCrypto's `sm4`, on one core.
//!
//! `cargo run --release -p shenhai-sm4 --example speed`: megabytes a second, the best of many short
//! rounds, so that a busy machine shows its own speed and not its neighbours'.

#![allow(
    clippy::disallowed_methods,
    reason = "a measurement reads the machine's clock"
)]

use aes_gcm::AesGcm;
use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::consts::{U12, U16};
use ctr::Ctr32BE;
use shenhai_sm4::cipher::{
    BlockCipherEncrypt, BlockSizeUser, InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper,
};
use shenhai_sm4::{Sm4, backends};
use std::io::Write as _;
use std::time::{Duration, Instant};

const SIZES: [(&str, usize); 4] = [
    ("4 KiB - 32", 4096 - 32),
    ("4 KiB", 4096),
    ("1 MiB", 1 << 20),
    ("16 MiB", 16 << 20),
];
const ROUND: Duration = Duration::from_micros(1500);
const ROUNDS: usize = 80;

/// Megabytes a second of `run`, which works through `bytes`.
fn rate(bytes: usize, mut run: impl FnMut()) -> f64 {
    let mut best = 0.0_f64;
    for _ in 0..ROUNDS {
        let (start, mut times) = (Instant::now(), 0_u32);
        while start.elapsed() < ROUND {
            run();
            times += 1;
        }
        best = best.max(bytes as f64 * f64::from(times) / start.elapsed().as_secs_f64() / 1e6);
    }
    best
}

fn measure<C>(name: &str, cipher: C)
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + Clone,
{
    let mut out = std::io::stdout();
    let gcm = AesGcm::<C, U12>::from(cipher.clone());
    for (size, bytes) in SIZES {
        let mut buffer = vec![0_u8; bytes];
        let ctr = rate(bytes, || {
            let core = ctr::CtrCore::inner_iv_init(cipher.clone(), &[0; 16].into());
            let mut mode: Ctr32BE<C> = StreamCipherCoreWrapper::from_core(core);
            mode.apply_keystream(&mut buffer);
        });
        let sealing = rate(bytes, || {
            gcm.encrypt_inout_detached(&[0; 12].into(), b"", buffer.as_mut_slice().into())
                .expect("far below GCM's limit");
        });
        writeln!(
            out,
            "{name:22} {size:>10}  CTR {ctr:7.0} MB/s  GCM {sealing:7.0} MB/s"
        )
        .expect("standard output");
    }
}

fn main() {
    let key = [7; 16].into();
    measure("RustCrypto sm4", sm4::Sm4::new(&key));
    for backend in backends() {
        measure(
            backend.name(),
            Sm4::with_backend(&key, backend).expect("available"),
        );
    }
}
