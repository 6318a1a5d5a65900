//! A phone whose storage is full, for real: a small file system in memory, filled to the last byte.
//!
//! Mounting needs root, so this program is run by the suite `full-disk` and not with the others.

mod support;

use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use support::gateway::order;
use support::{World, contact_form};

const ID: &str = "12345-SH000001";

/// A mounted file system; let go of when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Self {
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(at)
            .status();
        assert!(mounted.expect("mount starts").success(), "root may mount");
        Self(at.to_owned())
    }

    fn fill(&self) {
        let mut file = std::fs::File::create(self.0.join("filler")).expect("a file");
        for piece in [65_536, 1] {
            while file.write_all(&vec![7; piece]).is_ok() {}
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.join("filler")).expect("removed");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the core of a test that failed may still hold files.
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .status();
    }
}

fn draft(text: &str) -> Value {
    json!({ "id": ID, "draft": { "kind": "reply", "form": { "handling": text } } })
}

#[test]
fn a_full_phone_says_so_keeps_what_was_written_and_goes_on_once_there_is_room() {
    let world = World::new();
    world.gateway(|gateway| gateway.put_order(order("wang", 1)));
    let directory = tempfile::tempdir().expect("a directory");
    let disk = SmallDisk::mount(directory.path());
    let core = world.open(directory.path());
    world.sign_in(&core, "wang");
    world.ok(&core, "draft.save", draft("写好的"));
    world.settle();

    disk.fill();
    let long = "长".repeat(400);
    for (method, params) in [
        ("draft.save", draft(&long)),
        ("orders.contact", json!({ "id": ID, "form": contact_form() })),
    ] {
        assert_eq!(world.code(&core, method, params), "storage_full", "{method}");
    }
    let detail = world.ok(&core, "orders.get", json!({ "id": ID }));
    assert_eq!(detail["summary"]["id"], ID, "what is there can be read");
    assert_eq!(world.ok(&core, "outbox.list", json!({}))["items"], json!([]));

    disk.empty();
    world.ok(&core, "draft.save", draft(&long));
    world.ok(
        &core,
        "orders.contact",
        json!({ "id": ID, "form": contact_form() }),
    );
    disk.fill();
    // Nobody is told that they are signed out while what they received is still there.
    assert_eq!(world.code(&core, "session.sign_out", json!({})), "storage_full");
    assert_eq!(world.ok(&core, "session.status", json!({}))["user"]["id"], "wang");
    disk.empty();
    world.ok(&core, "session.sign_out", json!({}));
    assert_eq!(world.ok(&core, "session.status", json!({}))["user"], json!(null));
    world.wait(core.close());
    let core = world.open(directory.path());
    assert_eq!(world.ok(&core, "session.status", json!({}))["user"], json!(null));
    world.sign_in(&core, "wang");
    world.settle();
    world.gateway(|gateway| assert_eq!(gateway.receipted(), 1, "the contact record arrived once"));
}
