//! Every backend that this machine has against RustCrypto's `sm4`, which works by the standard's table.
//!
//! `SM4_BLOCKS` is how many random blocks each backend is given, 1,048,576 if not set.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use shenhai_sm4::cipher::consts::U127;
use shenhai_sm4::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use shenhai_sm4::{Backend, Batched, Sm4, backends};

type Block = shenhai_sm4::cipher::Block<Sm4>;

const SEED: u64 = 32907;
const BLOCKS: usize = 1 << 20;
/// Blocks under one key.
const BATCH: usize = 1024;
/// Blocks that the widest backend takes at a time.
const WIDEST: usize = 32;

fn blocks(rng: &mut StdRng, count: usize) -> Vec<Block> {
    let mut blocks = vec![Block::default(); count];
    for block in &mut blocks {
        rng.fill_bytes(&mut block.0);
    }
    blocks
}

fn key(rng: &mut StdRng) -> [u8; 16] {
    let mut key = [0; 16];
    rng.fill_bytes(&mut key);
    key
}

fn with(key: &[u8; 16], backend: Backend) -> Sm4 {
    Sm4::with_backend(&(*key).into(), backend).expect("a backend this machine has")
}

#[test]
fn every_backend_agrees_with_the_table_on_random_blocks() {
    let count = std::env::var("SM4_BLOCKS").map_or(BLOCKS, |text| text.parse().expect("a number of blocks"));
    for backend in backends() {
        let mut rng = StdRng::seed_from_u64(SEED);
        let mut done = 0;
        while done < count {
            let key = key(&mut rng);
            let (ours, table) = (with(&key, backend), sm4::Sm4::new(&key.into()));
            let plain = blocks(&mut rng, BATCH.min(count - done));
            let (mut expected, mut made) = (plain.clone(), plain.clone());
            table.encrypt_blocks(&mut expected);
            ours.encrypt_blocks(&mut made);
            assert!(
                made == expected,
                "{}: encryption under {key:02x?}",
                backend.name()
            );
            ours.decrypt_blocks(&mut made);
            assert!(made == plain, "{}: decryption under {key:02x?}", backend.name());
            done += plain.len();
        }
        report(&format!("{}: {done} blocks both ways", backend.name()));
    }
    let (has, lacks): (Vec<Backend>, Vec<Backend>) = Backend::ALL
        .into_iter()
        .partition(|backend| backend.is_available());
    report(&format!(
        "{} backends ran; {} not on this machine: {}",
        has.len(),
        lacks.len(),
        lacks.iter().map(|b| b.name()).collect::<Vec<_>>().join(", ")
    ));
    assert!(has.contains(&Backend::Portable) && has.len() + lacks.len() == Backend::ALL.len());
}

/// To the test's own output, also when it passes.
fn report(line: &str) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{line}").expect("standard error");
}

#[test]
fn every_length_around_the_lanes_is_right_in_place_and_apart() {
    for backend in backends() {
        let mut rng = StdRng::seed_from_u64(SEED);
        for length in 1..=3 * WIDEST + 1 {
            let key = key(&mut rng);
            let (ours, table) = (with(&key, backend), sm4::Sm4::new(&key.into()));
            let plain = blocks(&mut rng, length);
            let mut expected = plain.clone();
            table.encrypt_blocks(&mut expected);

            let mut apart = blocks(&mut rng, length);
            ours.encrypt_blocks_b2b(&plain, &mut apart)
                .expect("equal lengths");
            assert!(apart == expected, "{}: {length} blocks apart", backend.name());

            let mut back = blocks(&mut rng, length);
            ours.decrypt_blocks_b2b(&apart, &mut back).expect("equal lengths");
            assert!(back == plain, "{}: {length} blocks back", backend.name());

            for (block, expected) in plain.iter().zip(&expected) {
                let mut single = *block;
                ours.encrypt_block(&mut single);
                assert!(single == *expected, "{}: one block", backend.name());
                ours.decrypt_block(&mut single);
                assert!(single == *block, "{}: one block back", backend.name());
            }
        }
    }
}

#[test]
fn batches_of_a_fixed_number_give_the_same_blocks_at_every_length() {
    let mut rng = StdRng::seed_from_u64(SEED);
    for count in 0..=3 * 127 + 1 {
        let key = key(&mut rng);
        let plain = blocks(&mut rng, count);
        let (mut expected, mut made) = (plain.clone(), plain);
        sm4::Sm4::new(&key.into()).encrypt_blocks(&mut expected);
        Batched::<U127>::new(&key.into()).encrypt_blocks(&mut made);
        assert!(made == expected, "{count} blocks under {key:02x?}");
    }
}

#[test]
fn a_batch_writes_nothing_beyond_its_blocks() {
    for backend in backends() {
        let mut rng = StdRng::seed_from_u64(SEED);
        let ours = with(&key(&mut rng), backend);
        for length in 0..=WIDEST {
            let before = blocks(&mut rng, length + 2);
            let mut after = before.clone();
            ours.encrypt_blocks(&mut after[1..=length]);
            assert!(
                after[0] == before[0] && after[length + 1] == before[length + 1],
                "{}",
                backend.name()
            );
        }
    }
}

#[test]
fn a_backend_is_given_only_where_it_can_run() {
    for backend in Backend::ALL {
        let made = Sm4::with_backend(&[0; 16].into(), backend);
        assert_eq!(
            made.map(|sm4| sm4.backend()),
            backend.is_available().then_some(backend)
        );
    }
    assert_eq!(Some(Sm4::new(&[0; 16].into()).backend()), backends().next());
}

#[test]
fn a_key_is_not_printed() {
    let printed = format!("{:?}", Sm4::new(&[0xab; 16].into()));
    assert!(
        printed.starts_with("Sm4(") && printed.ends_with(", ..)"),
        "{printed}"
    );
}
