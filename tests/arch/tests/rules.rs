//! The rules of docs/ARCHITECTURE.md that a machine can check.

use shenhai_arch::{Use, files, members, root};

/// Which of our crates a crate may link. A crate that is not listed may link none.
const ARROWS: &[(&str, &[&str])] = &[
    ("shenhai-protocol", &[]),
    ("shenhai-sm4", &[]),
    ("shenhai-crypto", &["shenhai-sm4"]),
    ("shenhai-proof", &["shenhai-protocol", "shenhai-crypto"]),
    (
        "shenhai-flow",
        &[
            "shenhai-protocol",
            "shenhai-crypto",
            "shenhai-forms",
            "shenhai-pack",
        ],
    ),
    (
        "shenhai-replay",
        &[
            "shenhai-protocol",
            "shenhai-crypto",
            "shenhai-flow",
            "shenhai-forms",
            "shenhai-pack",
        ],
    ),
    ("shenhai-index", &["shenhai-forms", "shenhai-pack"]),
    ("shenhai-forms", &[]),
    (
        "shenhai-pack",
        &[
            "shenhai-crypto",
            "shenhai-forms",
            // Only its tests, which hold the hotline's pack against the flow it replaces.
            "shenhai-flow",
            "shenhai-protocol",
        ],
    ),
    (
        "shenhai-view",
        &["shenhai-crypto", "shenhai-forms", "shenhai-pack", "shenhai-flow"],
    ),
    ("shenhai-folder", &["shenhai-pack"]),
    ("shenhai-sync", &["shenhai-protocol"]),
    (
        "shenhai-store",
        &[
            "shenhai-protocol",
            "shenhai-sync",
            "shenhai-crypto",
            "shenhai-vfs",
        ],
    ),
    ("shenhai-vfs", &["shenhai-crypto"]),
    (
        "shenhai-client",
        &[
            "shenhai-protocol",
            "shenhai-crypto",
            "shenhai-proof",
            "shenhai-flow",
            "shenhai-forms",
            "shenhai-pack",
            "shenhai-view",
            "shenhai-replay",
            "shenhai-sync",
            "shenhai-store",
            // Only its tests, which look at the database past the store.
            "shenhai-vfs",
        ],
    ),
    ("shenhai-types", &["shenhai-client"]),
    ("shenhai-web", &["shenhai-client"]),
    ("shenhai-uniffi", &["shenhai-client"]),
    ("shenhai-harmony", &["shenhai-client"]),
    (
        "shenhai-gateway",
        &[
            "shenhai-protocol",
            "shenhai-crypto",
            "shenhai-proof",
            "shenhai-flow",
            "shenhai-forms",
            "shenhai-pack",
            "shenhai-folder",
            "shenhai-replay",
            "shenhai-index",
            "shenhai-view",
        ],
    ),
    ("xtask", &[]),
    (
        "shenhai-pack-tool",
        &[
            "shenhai-crypto",
            "shenhai-flow",
            "shenhai-forms",
            "shenhai-pack",
            "shenhai-folder",
        ],
    ),
    ("shenhai-uniffi-bindgen", &[]),
    ("shenhai-wasm-bindgen", &[]),
];

/// What tests of any crate may use: what stands under tests/, and the block function, to know what its keys look like
/// in memory.
const TEST_PARTS: [&str; 4] = ["shenhai-city", "shenhai-scenario", "shenhai-sm4", "shenhai-vfs"];

/// Crates that decide and never act: whatever does I/O, keeps time or starts threads stays out of them.
const WITHOUT_IO: [&str; 8] = [
    "shenhai-protocol",
    "shenhai-proof",
    "shenhai-flow",
    "shenhai-forms",
    "shenhai-pack",
    "shenhai-replay",
    "shenhai-view",
    "shenhai-sync",
];
const DOES_IO: [&str; 9] = [
    "axum",
    "getrandom",
    "js-sys",
    "object_store",
    "reqwest",
    "rusqlite",
    "tokio",
    "ureq",
    "web-sys",
];

/// Of generated or foreign form, or a list of values, so their length says nothing.
const MAY_BE_LONG: [&str; 3] = ["Cargo.lock", "package-lock.json", "LICENSE"];

#[test]
fn no_arrow_between_crates_points_the_wrong_way() {
    let mut wrong = Vec::new();
    for member in members()
        .iter()
        .filter(|m| !m.dir.components().any(|c| c.as_os_str() == "tests"))
    {
        let allowed = ARROWS
            .iter()
            .find(|(name, _)| *name == member.name)
            .map_or(&[][..], |(_, uses)| *uses);
        for (used, how) in member
            .uses
            .iter()
            .filter(|(used, _)| used.starts_with("shenhai-"))
        {
            // Tests of a crate may also use what stands under tests/, such as the emulated city.
            let in_tests = *how == Use::Dev && TEST_PARTS.contains(&used.as_str());
            if !allowed.contains(&used.as_str()) && *used != member.name && !in_tests {
                wrong.push(format!("{} → {used}", member.name));
            }
        }
    }
    assert!(wrong.is_empty(), "docs/ARCHITECTURE.md does not allow: {wrong:?}");
}

#[test]
fn every_crate_has_its_place_in_the_table() {
    let unknown: Vec<_> = members()
        .into_iter()
        .filter(|m| !m.dir.components().any(|c| c.as_os_str() == "tests"))
        .filter(|m| ARROWS.iter().all(|(name, _)| *name != m.name))
        .map(|m| m.name)
        .collect();
    assert!(
        unknown.is_empty(),
        "say in ARROWS and in docs/ARCHITECTURE.md what these may use: {unknown:?}"
    );
}

#[test]
fn the_deciding_crates_do_no_io() {
    for member in members().iter().filter(|m| WITHOUT_IO.contains(&m.name.as_str())) {
        let doing: Vec<_> = member
            .uses
            .iter()
            .filter(|(used, how)| *how == Use::Linked && DOES_IO.contains(&used.as_str()))
            .collect();
        assert!(doing.is_empty(), "{} links {doing:?}", member.name);
    }
}

#[test]
fn a_binding_stays_thin() {
    for binding in ["web", "uniffi", "harmony"] {
        let sources = files(&root().join("bindings").join(binding).join("src"));
        let lines: usize = sources.iter().map(|(_, text)| text.lines().count()).sum();
        assert!(
            lines > 0 && lines <= 300,
            "bindings/{binding} has {lines} lines of Rust; more than 300 hides a rule"
        );
    }
}

#[test]
fn no_file_outgrows_eight_hundred_lines() {
    let long: Vec<_> = files(&root())
        .into_iter()
        .filter(|(path, _)| !MAY_BE_LONG.iter().any(|name| path.ends_with(name)))
        .filter(|(path, _)| !path.starts_with(root().join("tests/vectors")))
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines >= 800)
        .collect();
    assert!(long.is_empty(), "split by what a thing is: {long:?}");
}

#[test]
fn no_committed_file_names_a_machine_or_a_package_host() {
    // Written in two halves, so that this file passes its own test.
    let forbidden = [
        ("/ro", "ot/"),
        ("/ho", "me/"),
        ("/Us", "ers/"),
        ("/wo", "rk/main"),
        ("/wo", "rk/shared"),
        ("registry.np", "mjs.org"),
        ("static.cra", "tes.io"),
        ("index.cra", "tes.io"),
        ("repo.mav", "en.apache.org"),
        ("repo1.mav", "en.org"),
        ("deb.deb", "ian.org"),
        ("npmmir", "ror.com"),
    ]
    .map(|(a, b)| format!("{a}{b}"));
    let mut found = Vec::new();
    for (path, text) in files(&root()) {
        found.extend(
            forbidden
                .iter()
                .filter(|word| text.contains(*word))
                .map(|word| format!("{}: {word}", path.display())),
        );
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_crate_says_what_it_is() {
    for member in members() {
        let entry = ["src/lib.rs", "src/main.rs"]
            .map(|name| member.dir.join(name))
            .into_iter()
            .find_map(|path| std::fs::read_to_string(path).ok())
            .unwrap_or_default();
        assert!(
            entry.starts_with("//! "),
            "{} does not open with what it is",
            member.name
        );
        // An empty crate is a promise, not a part.
        assert!(entry.lines().count() > 5, "{} has no content", member.name);
    }
}
