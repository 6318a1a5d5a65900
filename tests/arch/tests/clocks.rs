//! Who may ask the machine for the time: clippy refuses everybody else, and this names the exceptions.

use shenhai_arch::{files, root};
use std::collections::BTreeSet;

/// The files that may ask.
const MAY_ASK: [&str; 4] = [
    "core/client/src/clocks.rs",
    "core/client/src/host/native.rs",
    "core/client/src/host/web.rs",
    "gateway/src/clock.rs",
];

/// What every room's lint refuses.
const REFUSED: [&str; 4] = [
    "std::time::SystemTime::now",
    "std::time::SystemTime::elapsed",
    "std::time::Instant::now",
    "std::time::Instant::elapsed",
];

#[test]
fn every_room_refuses_to_ask_the_machine_for_the_time() {
    for room in ["core", "bindings", "gateway"] {
        let path = root().join(room).join("clippy.toml");
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{room}/clippy.toml: {error}"));
        for method in REFUSED {
            assert!(
                text.contains(&format!("\"{method}\"")),
                "{room}/clippy.toml: {method}"
            );
        }
    }
}

#[test]
fn only_the_clocks_own_files_are_excepted() {
    // In two halves, so that no search for it finds this file.
    let excepted = ["clippy::disallowed", "_methods"].concat();
    let mut found = BTreeSet::new();
    for room in ["core", "bindings", "gateway"] {
        for (path, text) in files(&root().join(room)) {
            let own = path.strip_prefix(root()).expect("below the root");
            let in_src = own.components().any(|part| part.as_os_str() == "src");
            if in_src && text.contains(&excepted) {
                found.insert(own.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    assert_eq!(found, MAY_ASK.map(str::to_owned).into());
}
