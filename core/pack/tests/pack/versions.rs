//! Digests and the lock: what a version is, and that names keep their meaning.

use crate::support::{changed, errors, sample};
use shenhai_pack::{LOCK, Lock, PackFiles, Roots, Used, check};

/// What stands beside a pack after it was built.
fn lock_of(files: &PackFiles) -> String {
    let pack = check(files).pack.expect("a sound pack");
    Lock::of(files, &pack, None).to_string()
}

fn used(last: u32, meaning: &str) -> Used {
    let meaning = meaning.to_owned();
    Used { last, meaning }
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
    let meaning = |name: &str| (lock.names[name].last, lock.names[name].meaning.as_str());
    assert_eq!(meaning("kind.fault.fact.phone"), (3, "text phone"));
    assert_eq!(meaning("kind.fault.state.asking"), (3, "waiting"));
    assert_eq!(meaning("list.trades.water"), (3, "code"));
    // A fact that version 2 had as a number.
    lock.names
        .insert("kind.fault.fact.number".to_owned(), used(2, "int"));
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
            .insert("kind.fault.fact.colour_of_pipe".to_owned(), used(1, "text"));
        lock
    });
    let next = Lock::of(&sample(), &pack, before.as_ref());
    assert_eq!(next.names["kind.fault.fact.colour_of_pipe"], used(1, "text"));
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

/// Version 4 of the sample beside the lock of version 3: `asking` is now `asked`, `phone` is gone.
fn next_version(migration: &str) -> PackFiles {
    let mut files = after_the_sample(sample());
    let mut edit = |path: &str, changes: &[(&str, &str)]| {
        let text = files.remove(path).expect("a file of the sample");
        let mut text = String::from_utf8(text).expect("a text");
        for (from, to) in changes {
            assert!(text.contains(from), "{path} has no {from:?}");
            text = text.replace(from, to);
        }
        files.insert(path, text.into_bytes()).expect("a file of a pack");
    };
    edit("pack.toml", &[("version = 3", "version = 4")]);
    edit("law/states.csv", &[("fault,asking", "fault,asked")]);
    edit(
        "law/acts.csv",
        &[
            ("fault,ask,working,asking", "fault,ask,working,asked"),
            ("fault,answer,asking", "fault,answer,asked"),
        ],
    );
    edit("law/facts.csv", &[("fault,phone,text,,phone,,,电话\n", "")]);
    edit("law/effects.csv", &[("has(phone)", "has(number)")]);
    edit("law/forms/reported.csv", &[("phone,text,,phone,,电话\n", "")]);
    edit("examples/one.csv", &[(" phone = 110;", ""), ("; phone = *", "")]);
    edit("face/views.toml", &[(", \"phone\"", "")]);
    edit("face/texts.zh.csv", &[("state.asking", "state.asked")]);
    files
        .insert("law/migrate/3-4.toml", migration.as_bytes().to_vec())
        .expect("a file of a pack");
    files
}

#[test]
fn a_migration_says_of_every_name_that_is_gone_what_becomes_of_it() {
    let whole = "[kind.fault.state]\nasking = \"asked\"\n[kind.fault.fact]\nphone = \"\"\n";
    let files = next_version(whole);
    assert_eq!(errors(&files), Vec::<String>::new());
    let pack = check(&files).pack.expect("a sound pack");
    let [migration] = pack.law.migrations.as_slice() else {
        panic!("one migration");
    };
    assert_eq!((migration.from, migration.to), (3, 4));
    let fault = migration.kinds.values().next().expect("a kind");
    let states: Vec<_> = fault
        .states
        .iter()
        .map(|(old, new)| format!("{old} {new}"))
        .collect();
    assert_eq!(states, ["asking asked"]);
    let facts: Vec<_> = fault
        .facts
        .iter()
        .map(|(old, new)| (old.to_string(), new.clone()))
        .collect();
    assert_eq!(facts, [("phone".to_owned(), None)]);

    let at = "law/migrate/3-4.toml";
    for (text, expected) in [
        (
            "[kind.fault.fact]\nphone = \"\"\n".to_owned(),
            format!("E711 {at}"),
        ),
        (
            "[kind.fault.state]\nasking = \"asked\"\n".to_owned(),
            format!("E711 {at}"),
        ),
        (
            whole.replace("\"asked\"", "\"\""),
            format!("E501 {at} [kind.fault.state] 第2行 asking"),
        ),
        (whole.replace("\"asked\"", "\"elsewhere\""), format!("E504 {at}")),
        (whole.replace("\"\"", "\"total\""), format!("E712 {at}")),
        (
            whole.replace("kind.fault.fact", "kind.fault.facts"),
            format!("E116 {at} [kind.fault] 第3行 facts"),
        ),
        (whole.replace("kind.fault", "kind.mistake"), format!("E504 {at}")),
    ] {
        let found = errors(&next_version(&text));
        assert!(found.contains(&expected), "{text}: {found:?}");
    }
}

#[test]
fn a_migration_leads_from_an_earlier_version_to_one_that_is() {
    for (path, expected) in [
        ("law/migrate/3-3.toml", "E710 law/migrate/3-3.toml"),
        ("law/migrate/3-2.toml", "E710 law/migrate/3-2.toml"),
        ("law/migrate/3-4.toml", "E710 law/migrate/3-4.toml"),
        ("law/migrate/03-3.toml", "E102 law/migrate/03-3.toml"),
        ("law/migrate/three.toml", "E102 law/migrate/three.toml"),
    ] {
        let mut files = sample();
        files.insert(path, Vec::new()).expect("a file of a pack");
        assert_eq!(errors(&files), [expected]);
    }
}
