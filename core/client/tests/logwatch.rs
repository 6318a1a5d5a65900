//! What a device makes of the heads of the gateway's log: it grows, it is restored, it is rewritten.

mod support;

use serde_json::json;
use shenhai_client::Core;
use shenhai_protocol::{ErrorCode, OrderState};
use std::sync::Arc;
use support::book::Book;
use support::gateway::{Fault, order};
use support::{World, contact_form};

const ID: &str = "12345-SH000001";

/// Signed in, and the log of these leaves seen.
fn seen(leaves: &[&str]) -> (Arc<World>, tempfile::TempDir, Core) {
    let world = World::new();
    world.gateway(|gateway| {
        gateway.put_order(order("wang", 1));
        gateway.book = Some(Book::of(leaves));
    });
    let directory = tempfile::tempdir().expect("a directory");
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    assert!(!forked(&world, &core));
    (world, directory, core)
}

fn forked(world: &World, core: &Core) -> bool {
    let status = world.ok(core, "session.status", json!({}));
    status["log_forked"].as_bool().expect("a flag")
}

/// The gateway's log is this one from now on, and the device pulls.
fn shows(world: &World, core: &Core, leaves: &[&str]) {
    world.gateway(|gateway| gateway.book = Some(Book::of(leaves)));
    pull(world, core);
}

/// The next head is of this log, and the device pulls.
fn shows_once(world: &World, core: &Core, epoch: &str, leaves: &[&str]) {
    world.gateway(|gateway| gateway.book.as_mut().expect("a log").show_once(epoch, leaves));
    pull(world, core);
}

fn pull(world: &World, core: &Core) {
    world.ok(core, "sync.now", json!({}));
    world.pass(1_000);
}

fn proofs_asked(world: &World) -> usize {
    world.gateway(|gateway| {
        gateway
            .requests
            .iter()
            .filter(|name| *name == "consistency")
            .count()
    })
}

#[test]
fn a_log_that_grows_is_followed_and_each_head_proved_once() {
    let (world, _directory, core) = seen(&["a", "b", "c"]);
    shows(&world, &core, &["a", "b", "c", "d", "e"]);
    assert_eq!(proofs_asked(&world), 1);
    pull(&world, &core);
    assert_eq!(proofs_asked(&world), 1, "a quiet log asks for nothing");
    shows(&world, &core, &["a", "b", "c", "d", "e", "f", "g"]);
    assert_eq!(proofs_asked(&world), 2);
    assert!(!forked(&world, &core));
    shows(&world, &core, &["a", "b", "c", "d", "X", "f", "g"]);
    assert!(
        forked(&world, &core),
        "the last head had taken the first one's place"
    );
}

#[test]
fn a_rewritten_log_is_shown_for_good_and_work_goes_on() {
    for rewritten in [&["a", "X", "c", "d"][..], &["a", "X", "c"], &["a", "b"], &[]] {
        let (world, directory, core) = seen(&["a", "b", "c"]);
        shows(&world, &core, rewritten);
        assert!(forked(&world, &core), "{rewritten:?}");
        world.ok(
            &core,
            "orders.contact",
            json!({ "id": ID, "form": contact_form() }),
        );
        pull(&world, &core);
        world.gateway(|gateway| assert_eq!(gateway.orders[ID].state, OrderState::Contacted));
        shows(&world, &core, &["a", "b", "c", "d"]);
        assert!(forked(&world, &core), "a later good head takes nothing back");
        world.wait(core.close());
        let core = world.open(directory.path());
        assert!(forked(&world, &core), "nor does a new start");
        world.ok(&core, "session.sign_out", json!({}));
        assert!(forked(&world, &core), "nor signing out");
    }
}

#[test]
fn an_older_head_that_comes_late_is_no_fork() {
    let (world, _directory, core) = seen(&["a", "b", "c"]);
    shows_once(&world, &core, "e1", &["a", "b"]);
    assert_eq!(proofs_asked(&world), 1);
    assert!(!forked(&world, &core));
    shows_once(&world, &core, "e1", &["a", "X"]);
    assert!(forked(&world, &core), "an older one of another log is");
}

#[test]
fn a_proof_that_cannot_be_had_accuses_nobody_and_is_asked_for_again() {
    let (world, _directory, core) = seen(&["a", "b", "c"]);
    world.gateway(|gateway| gateway.fail("consistency", &[Fault::Error500, Fault::Html, Fault::Truncated]));
    for times in 1..=3 {
        shows(&world, &core, &["a", "X", "c", "d"]);
        assert_eq!(proofs_asked(&world), times);
        assert!(!forked(&world, &core));
    }
    pull(&world, &core);
    assert!(forked(&world, &core), "the old head was kept until then");
}

#[test]
fn one_bad_answer_proves_nothing_and_the_next_good_one_is_believed() {
    let (world, _directory, core) = seen(&["a", "b", "c"]);
    world.gateway(|gateway| {
        let mut book = Book::of(&["a", "b", "c", "d", "e"]);
        book.spoil_proofs(2);
        gateway.book = Some(book);
    });
    for times in 1..=2 {
        pull(&world, &core);
        assert_eq!(proofs_asked(&world), times);
        assert!(!forked(&world, &core), "a path to nowhere bears no signature");
    }
    pull(&world, &core);
    assert_eq!(proofs_asked(&world), 3, "then it was proved");
    pull(&world, &core);
    assert_eq!(proofs_asked(&world), 3);
    assert!(!forked(&world, &core));
}

#[test]
fn a_lie_that_the_log_is_smaller_is_no_fork_until_it_is_signed() {
    let (world, _directory, core) = seen(&["a", "b", "c"]);
    world.gateway(|gateway| gateway.fail("consistency", &[Fault::Code(ErrorCode::NotFound)]));
    shows(&world, &core, &["a", "b", "c", "d"]);
    assert!(
        !forked(&world, &core),
        "its present head says that it has them all"
    );
    pull(&world, &core);
    shows(&world, &core, &["a", "b"]);
    assert!(forked(&world, &core));
}

#[test]
fn a_restored_backup_begins_another_log_even_between_a_head_and_its_proof() {
    let (world, _directory, core) = seen(&["a", "b", "c"]);
    world.gateway(|gateway| {
        gateway.epoch = "e2".to_owned();
        gateway.book = Some(Book::of(&["a", "X", "c", "d"]));
    });
    shows_once(&world, &core, "e1", &["a", "b", "c", "d"]);
    assert_eq!(proofs_asked(&world), 1);
    assert!(!forked(&world, &core), "the proof was of the new log");
    shows(&world, &core, &["a", "X"]);
    assert!(!forked(&world, &core));
    shows(&world, &core, &["a", "X", "c", "d"]);
    assert!(!forked(&world, &core), "it continues the new log");
    shows(&world, &core, &["a", "b", "c", "d"]);
    assert!(forked(&world, &core), "within the new epoch the same rule holds");
}
