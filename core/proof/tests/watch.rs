//! Two heads of a log side by side: which pairs contradict each other, and which proof settles the others.

use shenhai_proof::{Beside, Fault, Head, MemoryLog, check_pair, compare, consistency, read_head, root};
use shenhai_protocol::{DataClass, HexHash, PROTOCOL_VERSION, SignedHead, TreeHead, UnixMillis};

fn log(leaves: &[&str]) -> MemoryLog {
    let mut log = MemoryLog::default();
    for leaf in leaves {
        log.append(leaf.as_bytes()).unwrap();
    }
    log
}

fn head_of(class: DataClass, epoch: &str, leaves: &[&str]) -> Head {
    let size = leaves.len() as u64;
    let head = TreeHead {
        v: PROTOCOL_VERSION,
        class,
        epoch: epoch.to_owned(),
        size,
        root: HexHash(root(&log(leaves), size).unwrap().to_hex()),
        at: UnixMillis(0),
    };
    let payload = serde_json::to_string(&head).unwrap();
    let sig = String::new();
    read_head(&SignedHead { payload, sig }).unwrap()
}

fn head(leaves: &[&str]) -> Head {
    head_of(DataClass::OrderClosing, "e1", leaves)
}

fn proof(leaves: &[&str], from: u64, to: u64) -> Vec<HexHash> {
    let path = consistency(&log(leaves), from, to).unwrap();
    path.iter().map(|hash| HexHash(hash.to_hex())).collect()
}

#[test]
fn heads_of_one_size_are_the_same_log_or_two() {
    assert_eq!(compare(&head(&["a", "b"]), &head(&["a", "b"])), Beside::Same);
    assert_eq!(compare(&head(&["a", "b"]), &head(&["a", "X"])), Beside::Forked);
    assert_eq!(compare(&head(&[]), &head(&[])), Beside::Same);
}

#[test]
fn heads_of_different_logs_say_nothing_about_each_other() {
    let kept = head(&["a"]);
    let other_epoch = head_of(DataClass::OrderClosing, "e2", &["X"]);
    let other_class = head_of(DataClass::Rating, "e1", &["X"]);
    assert_eq!(compare(&kept, &other_epoch), Beside::Other);
    assert_eq!(compare(&kept, &other_class), Beside::Other);
    assert_eq!(check_pair(&kept, &other_epoch, &[]), Err(Fault::OtherHead));
}

#[test]
fn heads_of_different_sizes_need_the_same_proof_whichever_was_kept() {
    let (small, large) = (head(&["a", "b", "c"]), head(&["a", "b", "c", "d", "e"]));
    let good = proof(&["a", "b", "c", "d", "e"], 3, 5);
    let other = proof(&["a", "X", "c", "d", "e"], 3, 5);
    for (kept, seen) in [(&small, &large), (&large, &small)] {
        assert_eq!(compare(kept, seen), Beside::Unproven { from: 3, to: 5 });
        assert_eq!(check_pair(kept, seen, &good), Ok(()));
        assert_eq!(check_pair(kept, seen, &other), Err(Fault::LogForked));
        assert_eq!(check_pair(kept, seen, &[]), Err(Fault::LogForked));
    }
    let rewritten = head(&["a", "X", "c", "d", "e"]);
    for path in [&good, &other] {
        assert_eq!(check_pair(&small, &rewritten, path), Err(Fault::LogForked));
    }
}
