//! A statistical timing test by the method of dudect (Reparaz, Balasch, Verbauwhede, 2017): does one block take
//! as long for one fixed key or text as for random ones?
//!
//! `cargo run --release -p shenhai-sm4 --example timing`: about a second per line. Not a pass or fail of the
//! product's tests: a busy machine decides such a test. |t| of Welch's test below 4.5 says nothing was seen;
//! the table-based `sm4` crate stands last, as the control that should be seen.

#![allow(
    clippy::disallowed_methods,
    reason = "a measurement reads the machine's clock"
)]

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use shenhai_sm4::cipher::{BlockCipherEncrypt, BlockSizeUser, KeyInit, KeySizeUser, consts::U16};
use shenhai_sm4::{Backend, Sm4, backends};
use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

const BUDGET: Duration = Duration::from_millis(900);
/// Prepared before any clock is read, so that no measurement makes random numbers.
const BATCH: usize = 4096;
/// Slower measurements than this share of a batch are the machine's, not the cipher's.
const KEPT: f64 = 0.9;

/// Mean and variance as they come (Welford).
#[derive(Default, Clone, Copy)]
struct Class {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Class {
    fn add(&mut self, x: f64) {
        self.count += 1.0;
        let delta = x - self.mean;
        self.mean += delta / self.count;
        self.squares += delta * (x - self.mean);
    }

    fn variance_of_mean(&self) -> f64 {
        self.squares / (self.count - 1.0) / self.count
    }
}

/// Times `run` on inputs that are fixed or random by a coin; Welch's t and how many were kept.
fn welch(mut run: impl FnMut(&[u8; 16])) -> (f64, f64) {
    let mut rng = StdRng::seed_from_u64(2017);
    let mut classes = [Class::default(); 2];
    let start = Instant::now();
    while start.elapsed() < BUDGET {
        let inputs: Vec<(usize, [u8; 16])> = (0..BATCH)
            .map(|_| {
                let random = rng.random::<bool>();
                let mut input = [0; 16];
                rng.fill_bytes(&mut input);
                (usize::from(random), if random { input } else { [0; 16] })
            })
            .collect();
        let mut times: Vec<(usize, u128)> = inputs
            .iter()
            .map(|(class, input)| {
                let before = Instant::now();
                run(black_box(input));
                (*class, before.elapsed().as_nanos())
            })
            .collect();
        times.sort_unstable_by_key(|&(_, nanos)| nanos);
        times.truncate((BATCH as f64 * KEPT) as usize);
        for (class, nanos) in times {
            classes[class].add(nanos as f64);
        }
    }
    let [fixed, random] = classes;
    let spread = (fixed.variance_of_mean() + random.variance_of_mean()).sqrt();
    ((fixed.mean - random.mean) / spread, fixed.count + random.count)
}

fn report<C>(name: &str, make: impl Fn(&[u8; 16]) -> C)
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + KeySizeUser,
{
    let mut out = std::io::stdout();
    let mut line = |what: &str, (t, count): (f64, f64)| {
        writeln!(out, "{name:22} {what:12} |t| {:7.2}  of {count} blocks", t.abs()).expect("standard output");
    };
    let cipher = make(&[0x5a; 16]);
    line(
        "text",
        welch(|text| {
            let mut block = (*text).into();
            cipher.encrypt_block(&mut block);
            black_box(block);
        }),
    );
    line(
        "key",
        welch(|key| {
            let mut block = [0; 16].into();
            make(key).encrypt_block(&mut block);
            black_box(block);
        }),
    );
}

fn main() {
    for backend in backends() {
        let make = |key: &[u8; 16]| Sm4::with_backend(&(*key).into(), backend).expect("available");
        report(Backend::name(backend), make);
    }
    // A table's trace in the cache shows when the lines it reads are cold for random inputs only.
    report("control: table", |key| sm4::Sm4::new(&(*key).into()));
}
