//! The tree against the definitions of RFC 6962, its own examples, and trees worked out by hand.

use proptest::prelude::*;
use shenhai_crypto::{Digest32, sm3};
use shenhai_proof::{
    MemoryLog, PathError, ProveError, RangeError, consistency, empty_root, inclusion, leaf_hash, node_hash,
    root, verify_consistency, verify_inclusion,
};

/// MTH(D[n]) of RFC 6962 §2.1, word for word: recursive, over the leaves themselves.
fn mth(leaves: &[Vec<u8>]) -> Digest32 {
    match leaves.len() {
        0 => sm3(b""),
        1 => sm3(&[&[0_u8], &leaves[0][..]].concat()),
        n => {
            let k = largest_power_of_two_below(n);
            let (left, right) = (mth(&leaves[..k]), mth(&leaves[k..]));
            sm3(&[&[1_u8], &left.as_bytes()[..], &right.as_bytes()[..]].concat())
        }
    }
}

fn largest_power_of_two_below(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

/// PATH(m, D[n]) of §2.1.1.
fn path(m: usize, leaves: &[Vec<u8>]) -> Vec<Digest32> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = largest_power_of_two_below(leaves.len());
    let (mut way, beside) = if m < k {
        (path(m, &leaves[..k]), mth(&leaves[k..]))
    } else {
        (path(m - k, &leaves[k..]), mth(&leaves[..k]))
    };
    way.push(beside);
    way
}

/// SUBPROOF(m, D[n], b) of §2.1.2.
fn subproof(m: usize, leaves: &[Vec<u8>], b: bool) -> Vec<Digest32> {
    if m == leaves.len() {
        return if b { Vec::new() } else { vec![mth(leaves)] };
    }
    let k = largest_power_of_two_below(leaves.len());
    let (mut way, beside) = if m <= k {
        (subproof(m, &leaves[..k], b), mth(&leaves[k..]))
    } else {
        (subproof(m - k, &leaves[k..], false), mth(&leaves[..k]))
    };
    way.push(beside);
    way
}

fn leaves(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("receipt {n}").into_bytes()).collect()
}

fn log_of(leaves: &[Vec<u8>]) -> MemoryLog {
    let mut log = MemoryLog::default();
    for leaf in leaves {
        log.append(leaf).unwrap();
    }
    log
}

#[test]
fn the_empty_tree_and_one_of_two_leaves_are_what_a_calculator_gives() {
    // SM3 of the bytes as OpenSSL prints them:
    // printf '' | openssl dgst -sm3; for the leaves: printf '\x00a', printf '\x00b'; the node: 01 ‖ both.
    let hex = |hash: Digest32| hash.to_hex();
    assert_eq!(
        hex(empty_root()),
        "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"
    );
    assert_eq!(
        hex(leaf_hash(b"a")),
        "c688f41bcd570f9651ccb215058a545f66f52ab4eac2968896e1637af9443d8c"
    );
    assert_eq!(
        hex(leaf_hash(b"b")),
        "724af679db0196244526c0138b438a44458c320e7e610e75e13f3dec5f0ccbb9"
    );
    let log = log_of(&[b"a".to_vec(), b"b".to_vec()]);
    assert_eq!(
        hex(root(&log, 2).unwrap()),
        "2c537e31416ae684fd8a1552a3bcd5a452274e02a45d67c856405b3a1108ee90"
    );
}

#[test]
fn the_proofs_of_rfc_6962_section_2_1_3_have_the_shapes_printed_there() {
    // The RFC's tree of seven leaves d0…d6: a…f, j are the leaves' hashes, g=ab, h=cd, i=ef, k=gh, l=ij.
    let d = leaves(7);
    let log = log_of(&d);
    let [a, b, c, d3, e, f, j] = [0, 1, 2, 3, 4, 5, 6].map(|n: usize| leaf_hash(&d[n]));
    let (g, h, i) = (node_hash(&a, &b), node_hash(&c, &d3), node_hash(&e, &f));
    let (k, l) = (node_hash(&g, &h), node_hash(&i, &j));
    assert_eq!(root(&log, 7).unwrap(), node_hash(&k, &l));
    assert_eq!(
        inclusion(&log, 0, 7).unwrap(),
        [b, h, l],
        "the audit path for d0 is [b, h, l]"
    );
    assert_eq!(
        inclusion(&log, 3, 7).unwrap(),
        [c, g, l],
        "the audit path for d3 is [c, g, l]"
    );
    assert_eq!(
        inclusion(&log, 4, 7).unwrap(),
        [f, j, k],
        "the audit path for d4 is [f, j, k]"
    );
    assert_eq!(
        inclusion(&log, 6, 7).unwrap(),
        [i, k],
        "the audit path for d6 is [i, k]"
    );
    assert_eq!(
        consistency(&log, 3, 7).unwrap(),
        [c, d3, g, l],
        "PROOF(3, D[7]) = [c, d, g, l]"
    );
    assert_eq!(consistency(&log, 4, 7).unwrap(), [l], "PROOF(4, D[7]) = [l]");
    assert_eq!(
        consistency(&log, 6, 7).unwrap(),
        [i, j, k],
        "PROOF(6, D[7]) = [i, j, k]"
    );
}

#[test]
fn every_root_and_every_proof_up_to_seventy_leaves_is_the_definitions() {
    let all = leaves(70);
    let log = log_of(&all);
    for size in 0..=all.len() {
        let tree = &all[..size];
        let top = mth(tree);
        assert_eq!(root(&log, size as u64).unwrap(), top, "root of {size}");
        for (index, content) in tree.iter().enumerate() {
            let way = inclusion(&log, index as u64, size as u64).unwrap();
            assert_eq!(way, path(index, tree), "leaf {index} of {size}");
            let leaf = leaf_hash(content);
            verify_inclusion(&leaf, index as u64, size as u64, &way, &top).unwrap();
        }
        for from in 1..=size {
            let way = consistency(&log, from as u64, size as u64).unwrap();
            assert_eq!(way, subproof(from, tree, true), "{from} to {size}");
            verify_consistency(from as u64, size as u64, &mth(&all[..from]), &top, &way).unwrap();
        }
    }
}

#[test]
fn asking_for_a_leaf_beyond_the_tree_or_for_a_shrunken_one_is_an_error() {
    let log = log_of(&leaves(5));
    assert_eq!(
        inclusion(&log, 5, 5),
        Err(ProveError::Range(RangeError::NoSuchLeaf { index: 5, size: 5 }))
    );
    assert_eq!(
        consistency(&log, 5, 4),
        Err(ProveError::Range(RangeError::NotOlder { from: 5, to: 4 }))
    );
    let top = root(&log, 5).unwrap();
    assert_eq!(verify_consistency(5, 4, &top, &top, &[]), Err(PathError::Shrunk));
    assert_eq!(
        verify_inclusion(&top, 5, 5, &[], &top),
        Err(PathError::OutOfRange)
    );
    assert_eq!(
        verify_inclusion(&top, 0, u64::MAX, &[], &top),
        Err(PathError::TooShort)
    );
}

#[test]
fn equal_sizes_need_equal_roots_and_no_path() {
    let log = log_of(&leaves(3));
    let top = root(&log, 3).unwrap();
    assert_eq!(verify_consistency(3, 3, &top, &top, &[]), Ok(()));
    let forked = log_of(&[b"x".to_vec(), b"y".to_vec(), b"z".to_vec()]);
    let other = root(&forked, 3).unwrap();
    assert_eq!(
        verify_consistency(3, 3, &top, &other, &[]),
        Err(PathError::OtherOldRoot)
    );
    assert_eq!(
        verify_consistency(3, 3, &top, &top, &[other]),
        Err(PathError::TooLong)
    );
    assert_eq!(verify_consistency(0, 3, &empty_root(), &top, &[]), Ok(()));
}

#[test]
fn a_leaf_cannot_be_passed_off_as_a_node() {
    // The two prefixes: content made of two hashes does not hash like their parent.
    let (left, right) = (leaf_hash(b"a"), leaf_hash(b"b"));
    let content = [&left.as_bytes()[..], &right.as_bytes()[..]].concat();
    assert_ne!(leaf_hash(&content), node_hash(&left, &right));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_changed_path_proves_anything(
        size in 2_u64..200, at in any::<u64>(), hit in any::<prop::sample::Index>(), flip in 0_usize..32, from in any::<u64>(),
    ) {
        let all = leaves(usize::try_from(size).unwrap());
        let log = log_of(&all);
        let index = at % size;
        let top = root(&log, size).unwrap();
        let leaf = leaf_hash(&all[usize::try_from(index).unwrap()]);
        let way = inclusion(&log, index, size).unwrap();
        let changed = hit.index(way.len());
        let broken = flipped(&way, changed, flip);
        prop_assert_eq!(verify_inclusion(&leaf, index, size, &broken, &top), Err(PathError::OtherRoot));
        prop_assert!(verify_inclusion(&leaf, index, size, &way[1..], &top).is_err());
        prop_assert!(verify_inclusion(&leaf, (index + 1) % size, size, &way, &top).is_err());

        let from = 1 + from % (size - 1);
        let old = root(&log, from).unwrap();
        let proof = consistency(&log, from, size).unwrap();
        let broken = flipped(&proof, hit.index(proof.len()), flip);
        prop_assert!(verify_consistency(from, size, &old, &top, &broken).is_err());
        prop_assert!(verify_consistency(from, size, &old, &top, &proof[1..]).is_err());
        let longer = [&proof[..], &[top]].concat();
        prop_assert!(verify_consistency(from, size, &old, &top, &longer).is_err());
    }

    #[test]
    fn a_log_that_was_rewritten_is_not_consistent_with_its_past(size in 2_usize..100, at in any::<usize>(), from in any::<usize>()) {
        let honest = leaves(size);
        let mut rewritten = honest.clone();
        let from = 1 + from % (size - 1);
        rewritten[at % from] = b"another receipt".to_vec();
        let (log, other) = (log_of(&honest), log_of(&rewritten));
        let old = root(&log, from as u64).unwrap();
        let new = root(&other, size as u64).unwrap();
        let proof = consistency(&other, from as u64, size as u64).unwrap();
        prop_assert!(verify_consistency(from as u64, size as u64, &old, &new, &proof).is_err());
    }
}

fn flipped(path: &[Digest32], which: usize, byte: usize) -> Vec<Digest32> {
    let mut path = path.to_vec();
    let mut bytes = *path[which].as_bytes();
    bytes[byte] ^= 1;
    path[which] = Digest32::from_bytes(bytes);
    path
}
