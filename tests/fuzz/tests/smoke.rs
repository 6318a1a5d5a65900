//! Every target over its seeds, over damaged seeds and over random bytes: what a longer run starts from.

use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};
use shenhai_client::rpc::Request;
use shenhai_fuzz::{TARGETS, Target, seeds};
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Most lengths a seed is cut to, and most places at which one of its bytes is changed.
const PLACES: usize = 256;

fn here(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn seeds_of(target: Target) -> Vec<Vec<u8>> {
    let seeds = seeds::of(target.name).expect("the seeds are in the repository");
    assert!(!seeds.is_empty(), "{} has no seed", target.name);
    seeds
}

/// Feed one input; a failure names the target and shows the input.
fn feed(target: Target, input: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_err() {
        panic!("{}: {}", target.name, input.escape_ascii());
    }
}

/// At most [`PLACES`] positions of `len`, evenly spread; all of them in a short seed.
fn places(len: usize) -> impl Iterator<Item = usize> {
    (0..len).step_by(len / PLACES + 1)
}

#[test]
fn every_target_takes_its_seeds() {
    for target in TARGETS.iter().copied() {
        for seed in seeds_of(target) {
            feed(target, &seed);
        }
    }
}

#[test]
fn the_generated_calls_are_calls_of_today() {
    let refused: Vec<_> = seeds::of("rpc_request")
        .expect("the seeds are in the repository")
        .into_iter()
        .filter(|seed| serde_json::from_slice::<Request>(seed).is_err())
        .collect();
    let odd = fs::read(here("corpus/rpc_request/out_of_range.json")).expect("the seed is in the repository");
    let odd_text = String::from_utf8_lossy(&odd);
    assert_eq!(refused.len(), 1, "only {odd_text} is none");
    assert_eq!(refused[0], odd);
}

#[test]
fn every_target_takes_a_cut_seed() {
    for target in TARGETS.iter().copied() {
        for seed in seeds_of(target) {
            for cut in places(seed.len()) {
                feed(target, &seed[..cut]);
            }
        }
    }
}

#[test]
fn every_target_takes_a_seed_with_one_other_byte() {
    for target in TARGETS.iter().copied() {
        for seed in seeds_of(target) {
            for (turn, at) in places(seed.len()).enumerate() {
                let mut changed = seed.clone();
                // A bit, the end of a text, a number's digit, and a byte that is never UTF-8.
                changed[at] = [changed[at] ^ 0x01, b'"', b'9', 0xff][turn % 4];
                feed(target, &changed);
            }
        }
    }
}

#[test]
fn every_target_takes_random_bytes() {
    for target in TARGETS.iter().copied() {
        let config = Config {
            cases: 256,
            failure_persistence: None,
            ..Config::default()
        };
        TestRunner::new(config)
            .run(&proptest::collection::vec(any::<u8>(), 0..512), |input| {
                (target.run)(&input);
                Ok(())
            })
            .unwrap_or_else(|failure| panic!("{}: {failure}", target.name));
    }
}

#[test]
fn every_target_has_its_wrapper_and_its_folder_of_seeds() {
    let names: Vec<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let listed: BTreeSet<_> = names.iter().cloned().collect();
    assert_eq!(
        names,
        listed.iter().cloned().collect::<Vec<_>>(),
        "in order, each once"
    );

    let entries = |folder: &str| -> BTreeSet<String> {
        fs::read_dir(here(folder))
            .expect("the folder is in the repository")
            .map(|entry| entry.expect("an entry can be read").path())
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .collect()
    };
    assert_eq!(entries("fuzz/fuzz_targets"), listed);
    assert_eq!(entries("corpus"), listed);

    let manifest: toml::Table = fs::read_to_string(here("fuzz/Cargo.toml"))
        .expect("the manifest is in the repository")
        .parse()
        .expect("a manifest is TOML");
    let bins: BTreeSet<_> = manifest["bin"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|bin| Some(bin["name"].as_str()?.to_owned()))
        .collect();
    assert_eq!(bins, listed);

    for target in TARGETS.iter().copied() {
        let wrapper = fs::read_to_string(here(&format!("fuzz/fuzz_targets/{}.rs", target.name)))
            .expect("a wrapper is text");
        assert!(
            wrapper.contains(&format!("::{}(data)", target.name)),
            "the wrapper {} calls another target",
            target.name
        );
    }
}
