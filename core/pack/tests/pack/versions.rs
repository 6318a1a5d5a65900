//! Digests and the lock: what a version is, and that names keep their meaning.

use crate::support::{changed, errors, sample};
use shenhai_pack::{LOCK, Lock, PackFiles, Roots, check};

/// What stands beside a pack after it was built.
fn lock_of(files: &PackFiles) -> String {
    let pack = check(files).pack.expect("a sound pack");
    Lock::of(files, &pack, None).to_string()
}

/// `files` beside the lock of the sample.
fn after_the_sample(mut files: PackFiles) -> PackFiles {
    files
        .insert(LOCK, lock_of(&sample()).into_bytes())
        .expect("a lock is a file of a pack");
    files
}

#[test]
fn a_root_is_sm3_over_sorted_lines_of_path_and_sm3() {
    let mut files = PackFiles::new();
    for (path, bytes) in [
        ("pack.toml", &b"abc"[..]),
        ("law/states.csv", b""),
        ("law/forms/reply.xlsx", b"not covered"),
        ("face/views.toml", b"abc"),
        ("examples/a.csv", b"not covered"),
    ] {
        files.insert(path, bytes.to_vec()).expect("a file of a pack");
    }
    // SM3 of "abc" is GB/T 32905-2016 A.1; all four digests as `openssl dgst -sm3` prints them.
    let roots = Roots::of(&files);
    assert_eq!(
        roots.law.to_hex(),
        "1f6b28fe172c7caa61e79db906fbf27ce51e554a01a1c9c20f53e9fb9c129cf8"
    );
    assert_eq!(
        roots.face.to_hex(),
        "ccc6e2b00ec4439dc5d14dbe363e35e4eddf7d7a9f2e25a44e034fb01057d1c7"
    );
}

#[test]
fn a_changed_law_needs_a_higher_version_and_a_changed_face_does_not() {
    let law = (
        "law/acts.csv",
        "fault,begin,new,working,fixer@main",
        "fault,begin,new,working,chief@any",
    );
    let found = errors(&after_the_sample(changed(law.0, law.1, law.2)));
    assert_eq!(found, ["E701 pack.toml version"]);

    let mut raised = after_the_sample(changed(law.0, law.1, law.2));
    let manifest = raised.remove("pack.toml").expect("the manifest");
    let manifest = String::from_utf8(manifest)
        .expect("a text")
        .replace("version = 3", "version = 4");
    raised
        .insert("pack.toml", manifest.into_bytes())
        .expect("a file of a pack");
    assert_eq!(errors(&raised), Vec::<String>::new());

    let face = changed("face/texts.zh.csv", "在办", "未完");
    assert_eq!(errors(&after_the_sample(face)), Vec::<String>::new());
}

#[test]
fn a_version_below_the_lock_is_refused() {
    let found = errors(&after_the_sample(changed(
        "pack.toml",
        "version = 3",
        "version = 2",
    )));
    assert_eq!(found, ["E702 pack.toml version"]);
}

#[test]
fn a_code_is_retired_and_never_deleted() {
    let raise = |mut files: PackFiles| {
        files.remove("pack.toml");
        let manifest = crate::support::FILES[0].1.replace("version = 3", "version = 4");
        files
            .insert("pack.toml", manifest.into_bytes())
            .expect("a file of a pack");
        after_the_sample(files)
    };
    let deleted = changed("law/lists/trades.csv", "power,电,95.50\n", "");
    let found = errors(&raise(deleted));
    assert!(
        found.contains(&"E704 law/lists/trades.csv".to_owned()),
        "{found:?}"
    );
    let retired = changed(
        "law/lists/trades.csv",
        "code,label,hourly:decimal(2)\nwater,水,80.00\npower,电,95.50",
        "code,label,hourly:decimal(2),retired\nwater,水,80.00,\npower,电,95.50,yes",
    );
    assert_eq!(errors(&raise(retired)), Vec::<String>::new());
}

#[test]
fn a_name_that_was_used_keeps_its_meaning_even_after_it_was_given_up() {
    let mut lock = Lock::parse(&lock_of(&sample())).expect("a lock");
    assert_eq!(lock.names["kind.fault.fact.phone"], "text phone");
    assert_eq!(lock.names["kind.fault.state.asking"], "waiting");
    assert_eq!(lock.names["list.trades.water"], "code");
    // A fact that version 2 had as a number.
    lock.names
        .insert("kind.fault.fact.number".to_owned(), "int".to_owned());
    lock.version = 2;
    let mut files = sample();
    files
        .insert(LOCK, lock.to_string().into_bytes())
        .expect("a file of a pack");
    let found = check(&files).findings;
    let found: Vec<_> = found.iter().filter(|finding| finding.code == "E705").collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].text,
        "“kind.fault.fact.number”原来是 int，现在是 text：用过的名称不能改变含义，请另取新名"
    );
    // The next build keeps what the last one knew.
    let pack = check(&sample()).pack.expect("a sound pack");
    let before = Lock::parse(&lock_of(&sample())).map(|mut lock| {
        lock.names
            .insert("kind.fault.fact.colour_of_pipe".to_owned(), "text".to_owned());
        lock
    });
    let next = Lock::of(&sample(), &pack, before.as_ref());
    assert_eq!(next.names["kind.fault.fact.colour_of_pipe"], "text");
}

#[test]
fn a_lock_of_another_pack_or_of_nobody_is_named() {
    let other = lock_of(&sample()).replacen("pack repair", "pack removal", 1);
    let mut files = sample();
    files.insert(LOCK, other.into_bytes()).expect("a file of a pack");
    assert_eq!(errors(&files), ["E703 pack.lock"]);
    files.remove(LOCK);
    files
        .insert(LOCK, b"by hand\n".to_vec())
        .expect("a file of a pack");
    assert_eq!(errors(&files), ["E706 pack.lock"]);
}
